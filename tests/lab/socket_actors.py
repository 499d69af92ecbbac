"""Programs that hold sockets in a lab, each a process of its own with a name and a user of its own choice."""

import contextlib
import ctypes
import os
import pickle
import select
import signal
import socket
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from tests.lab_support import PATIENCE, Lab

IPPROTO_MPTCP = 262

PART = Callable[[], Iterator[Any]]
"""What an actor does: everything up to the first `yield` when it is started, and more each time it is told to go on.
What it yields, which must pickle, its director gets; its sockets stay open while it waits there."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NAME = 1, 4, 15  # linux/prctl.h


class Actor:
    """A process that plays its part, as its director sees it."""

    def __init__(self, pid: int, told: int, telling: int) -> None:
        self.pid = pid
        self.answer = self._heard(told)
        self._told, self._telling = told, telling

    def go_on(self) -> Any:
        """Let it play to its next `yield`, and give what it yields there."""
        os.write(self._telling, b"\n")
        self.answer = self._heard(self._told)
        return self.answer

    def _heard(self, told: int) -> Any:
        if not select.select([told], [], [], PATIENCE)[0]:
            raise AssertionError(f"no answer from an actor in {PATIENCE:g} s")
        size = int.from_bytes(os.read(told, 8))
        text = b""
        while len(text) < size and (piece := os.read(told, size - len(text))):
            text += piece
        fine, answer = pickle.loads(text) if text else (False, "it died")
        if not fine:
            raise AssertionError(f"an actor failed:\n{answer}")
        return answer


@contextlib.contextmanager
def actor(lab: Lab, part: PART, name: str | bytes = "actor", uid: int | None = None) -> Iterator[Actor]:
    """Have a process of this name, and with root's rights of this user, play a part in the lab until the block ends."""
    told, answering = os.pipe()
    waiting, telling = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads: the child only plays its part
        child = os.fork()
    if child == 0:
        _play(lab, part, os.fsencode(name), uid, answering, waiting)
    os.close(answering)
    os.close(waiting)
    try:
        yield Actor(child, told, telling)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(told)
        os.close(telling)


def fork_along() -> int:
    """fork(2) for an actor: the child ends when the actor does."""
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _end_with(parent)
    return child


def rename(name: bytes) -> None:
    """Call this process anything of up to 15 bytes."""
    ctypes.CDLL(None).prctl(_PR_SET_NAME, name, 0, 0, 0)


def until(what: Callable[[], Any], patience: float = PATIENCE / 2) -> Any:
    """The first true thing that `what` gives, or after `patience` seconds the last false one."""
    deadline = time.monotonic() + patience
    while not (found := what()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def connection(
    listener: socket.socket, remote: str, protocol: int = 0, local: str | None = None
) -> tuple[socket.socket, socket.socket]:
    """The end that asked, and the end that accepted."""
    client = socket.socket(listener.family, socket.SOCK_STREAM, protocol)
    if local is not None:
        client.bind((local, 0))
    client.connect((remote, listener.getsockname()[1]))
    return client, listener.accept()[0]


def _play(lab: Lab, part: PART, name: bytes, uid: int | None, answering: int, waiting: int) -> NoReturn:
    """The child's half: never returns into the test runner, and never outlives it."""
    director = os.getppid()
    try:
        _end_with(director)
        signal.setitimer(signal.ITIMER_REAL, 0)
        lab._enter()
        if uid is not None and os.geteuid() == 0 and not lab._user:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            _end_with(director)  # which another user begins anew
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)  # like any program: its user may look into it
        rename(name)
        for answer in part():
            _tell(answering, (True, answer))
            os.read(waiting, 1)
        signal.pause()
    except BaseException:
        _tell(answering, (False, traceback.format_exc()))
    finally:
        os._exit(0)


def _end_with(parent: int) -> None:
    """Be killed when the parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _tell(pipe: int, answer: tuple[bool, Any]) -> None:
    text = pickle.dumps(answer)
    with os.fdopen(os.dup(pipe), "wb") as writing:
        writing.write(len(text).to_bytes(8) + text)
