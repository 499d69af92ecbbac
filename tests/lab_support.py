"""Network namespaces of our own to test in: made in milliseconds, gone with the process that holds them.

A namespace lives as long as one `cat` that waits on a pipe of ours, so it also goes when the tests are
killed. Root gets a plain network namespace, everybody else one inside a user namespace of their own.
Where neither can be had the test is skipped with the reason; with CI set it fails instead.

    from tests.lab_support import lab          # the fixture, in a conftest.py

    @pytest.mark.lab
    def test_something(lab: Lab) -> None:
        lab.ip("link add va type veth peer name vb")
        assert lab.call(lambda: asyncio.run(read_links()))   # runs inside, in a forked child
"""

import contextlib
import ctypes
import json
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import pytest

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PATIENCE = 60.0
"""Seconds that any one command or call inside a namespace may take."""

Result = TypeVar("Result")


class Unavailable(Exception):
    """This host does not let us make a network namespace."""


class Lab:
    """One network namespace. `lo` is up, nothing else is there."""

    def __init__(self, holder: subprocess.Popen[bytes], *, user: bool) -> None:
        self._holder = holder
        self._user = user

    @property
    def pid(self) -> int:
        """A process in the namespace, as `ip link set DEV netns PID` wants it."""
        return self._holder.pid

    @property
    def path(self) -> str:
        """The namespace as a file, for setns(2)."""
        return f"/proc/{self.pid}/ns/net"

    def command(self, *argv: str) -> list[str]:
        """`argv` as a command that runs inside, for subprocess or a pty."""
        user = ["-U", "--preserve-credentials"] if self._user else []
        return ["nsenter", "-t", str(self.pid), *user, "-n", "--", *argv]

    def run(self, *argv: str, stdin: str | None = None, check: bool = True) -> str:
        """Run a command inside and return what it printed."""
        done = subprocess.run(
            self.command(*argv), input=stdin, capture_output=True, timeout=PATIENCE, check=False,
            encoding="utf-8", errors="surrogateescape",
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(argv)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def ip(self, *lines: str) -> str:
        """Run `ip` inside, once for each line: `lab.ip("link set lo up", "addr add ...")`. No quoting."""
        return "".join(self.run("ip", *line.split()) for line in lines)

    def allows(self, line: str) -> bool:
        """Run one `ip` command that this kernel may not know (a kind of link it was built without)."""
        return subprocess.run(
            self.command("ip", *line.split()), capture_output=True, timeout=PATIENCE, check=False
        ).returncode == 0

    def ip_json(self, line: str) -> list[dict[str, Any]]:
        """What `ip -j` says inside; bytes that are not UTF-8 come as surrogates, as file names do."""
        return json.loads(self.run("ip", "-j", *line.split()) or "[]", strict=False)

    def ip_batch(self, lines: Iterable[str], *options: str) -> None:
        """Thousands of `ip` commands in one process (with `options` such as `-6`); the first that fails is an error."""
        self.run("ip", *options, "-batch", "-", stdin="\n".join(lines) + "\n")

    def sysctl(self, name: str, value: int | str) -> None:
        """Set one of net.* inside; `name` with slashes, below net/."""
        self.run("tee", f"/proc/sys/net/{name}", stdin=f"{value}\n")

    def call(self, function: Callable[[], Result], timeout: float = PATIENCE) -> Result:
        """Run `function` inside, in a forked child, and return its result (which must pickle).

        Works as root and without. An exception in the child is an AssertionError here, with the child's traceback.
        """
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads: the child only calls `function`
            child = os.fork()
        if child == 0:
            os.close(reading)
            _answer(self, function, writing)
        os.close(writing)
        ok, result = _reply(child, reading, timeout)
        if not ok:
            raise AssertionError(f"inside the namespace:\n{result}")
        return result

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Put this thread inside for a while: sockets opened here belong to the namespace for good. Root only."""
        if self._user:
            _refuse("entering a network namespace from a running thread needs root")
        home_path = Path(f"/proc/self/task/{threading.get_native_id()}/ns/net")
        with home_path.open("rb") as home, Path(self.path).open("rb") as there:
            _setns(there.fileno(), CLONE_NEWNET)
            try:
                yield
            finally:
                _setns(home.fileno(), CLONE_NEWNET)

    def close(self) -> None:
        """Let the namespace go."""
        for pipe in (self._holder.stdin, self._holder.stdout):
            if pipe:
                pipe.close()
        try:
            self._holder.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._holder.kill()
            self._holder.wait()

    def _enter(self) -> None:
        """Put this whole (single-threaded) process inside."""
        kinds = [("user", CLONE_NEWUSER)] * self._user + [("net", CLONE_NEWNET)]
        # Both are opened before the first is entered: afterwards the way there may be closed.
        found = [(os.open(f"/proc/{self.pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC), flag) for name, flag in kinds]
        for descriptor, flag in found:
            _setns(descriptor, flag)
            os.close(descriptor)


@contextlib.contextmanager
def open_lab(beside: Lab | None = None) -> Iterator[Lab]:
    """A new namespace. `beside` another one, links can be moved between the two (also without root)."""
    lab = _make(beside)
    try:
        lab.ip("link set lo up")
        yield lab
    finally:
        lab.close()


@contextlib.contextmanager
def required_lab(beside: Lab | None = None) -> Iterator[Lab]:
    """`open_lab`, where a host that allows none skips the test, or fails it when CI is set."""
    with contextlib.ExitStack() as stack:
        try:
            lab = stack.enter_context(open_lab(beside))
        except Unavailable as error:
            _refuse(str(error))
        yield lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    """One namespace for this test."""
    with required_lab() as made:
        yield made


def _refuse(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"a lab test cannot run: {reason}", pytrace=False)
    pytest.skip(reason)


def _make(beside: Lab | None) -> Lab:
    if beside is not None:
        return Lab(_hold(beside.command("unshare", "-n", "cat")), user=beside._user)
    reasons = []
    for user in (False, True) if os.geteuid() == 0 else (True,):
        try:
            return Lab(_hold(["unshare", "-Urn" if user else "-n", "cat"]), user=user)
        except Unavailable as error:
            reasons.append(str(error))
    raise Unavailable("no network namespace can be made: " + "; ".join(reasons))


def _hold(argv: list[str]) -> subprocess.Popen[bytes]:
    """Start the `cat` that holds a namespace; when it echoes, it is inside (every command here ends in exec)."""
    try:
        holder = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise Unavailable(f"{argv[0]}: {error.strerror}") from error
    assert holder.stdin and holder.stdout and holder.stderr
    with contextlib.suppress(BrokenPipeError):
        holder.stdin.write(b"\n")
        holder.stdin.flush()
    ready = select.select([holder.stdout], [], [], 10)[0] and holder.stdout.readline() == b"\n"
    if not ready:
        holder.kill()
        reason = holder.communicate()[1].decode(errors="replace").strip()
        raise Unavailable(reason or "unshare did not answer in 10 s")
    holder.stderr.close()
    return holder


def _answer(lab: Lab, function: Callable[[], Any], pipe: int) -> NoReturn:
    """The child's half of `Lab.call`: never returns into the test runner."""
    try:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        lab._enter()
        reply = pickle.dumps((True, function()))
    except BaseException:
        reply = pickle.dumps((False, traceback.format_exc()))
    try:
        with open(pipe, "wb") as writing:
            writing.write(reply)
        sys.stdout.flush()
    finally:
        os._exit(0)


def _reply(child: int, pipe: int, timeout: float) -> tuple[bool, Any]:
    """The parent's half: what the child sent before it ended, or before its time was up."""
    chunks, deadline = [], time.monotonic() + timeout
    try:
        while select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            chunk = os.read(pipe, 1 << 20)
            if not chunk:
                break
            chunks.append(chunk)
        else:
            os.kill(child, signal.SIGKILL)
            return False, f"no answer in {timeout:g} s"
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.close(pipe)
        _, status = os.waitpid(child, 0)
    if not chunks:
        return False, f"the child died (wait status {status})"
    return pickle.loads(b"".join(chunks))


def _setns(descriptor: int, kind: int) -> None:
    if sys.version_info >= (3, 12):
        os.setns(descriptor, kind)
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, kind):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
