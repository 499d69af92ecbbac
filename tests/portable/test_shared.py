"""Blocking questions: asked once at a time, off the event loop, in nobody's way at the end."""

import asyncio
import errno
import subprocess
import sys
import threading

import psutil
import pytest

from nettui.portable.shared import Shared, Unreadable, plainly


class Slow:
    """A question that blocks until it is let go, and counts how often it is asked, also at the same time."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked = 0
        self.at_once: list[int] = []
        self._running = 0

    def __call__(self) -> int:
        self.asked += 1
        self._running += 1
        self.at_once.append(self._running)
        assert self.go.wait(30)
        self._running -= 1
        return self.asked


async def test_the_event_loop_goes_on_and_all_who_ask_meanwhile_share_one_answer() -> None:
    slow = Slow()
    question = Shared("sockets", slow)
    asking = [asyncio.create_task(question.answer()) for _ in range(5)]
    await asyncio.sleep(0)  # had the question blocked the loop, nobody could let it go
    assert not any(task.done() for task in asking)
    slow.go.set()
    assert await asyncio.gather(*asking) == [1] * 5
    assert await question.answer() == 2
    assert slow.at_once == [1, 1]


async def test_who_gives_up_leaves_the_others_alone() -> None:
    slow = Slow()
    question = Shared("sockets", slow)
    impatient, patient = (asyncio.create_task(question.answer()) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    late = asyncio.create_task(question.answer())
    await asyncio.sleep(0)
    slow.go.set()
    assert await asyncio.gather(patient, late) == [1, 1]


def test_an_event_loop_that_ended_meanwhile_does_no_harm() -> None:
    slow = Slow()
    question = Shared("sockets", slow)

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(question.answer(), 0.01)

    async def wait() -> int:
        asking = asyncio.create_task(question.answer())
        await asyncio.sleep(0)
        slow.go.set()
        return await asking

    asyncio.run(give_up())
    assert asyncio.run(wait()) == 1


def test_quitting_does_not_wait_for_an_answer() -> None:
    script = (
        "import asyncio, threading, sys\n"
        "from nettui.portable.shared import Shared\n"
        "never = threading.Event()\n"
        "async def main():\n"
        "    asking = asyncio.create_task(Shared('sockets', never.wait).answer())\n"
        "    await asyncio.sleep(0)\n"
        "    sys.exit(7)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "")


async def test_no_thread_to_be_had_is_an_error_that_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    question = Shared("sockets", lambda: 1)
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refuse)
        with pytest.raises(Unreadable, match="lets nettui start no thread"):
            await question.answer()
    assert await question.answer() == 1


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (psutil.AccessDenied(1, "launchd"), "this system shows sockets only to root"),
        (psutil.NoSuchProcess(1), "sockets cannot be read: process no longer exists (pid=1)"),
        (OSError(errno.EMFILE, "Too many open files", "/proc/net/tcp"), "sockets cannot be read: Too many open files"),
        (RuntimeError("malformed \x1b[2J line"), "sockets cannot be read: malformed \\x1b[2J line"),
        (NotImplementedError(), "sockets cannot be read: NotImplementedError"),
        (AssertionError("x"), "sockets cannot be read: x"),
        (Unreadable("nobody knows"), "nobody knows"),
    ],
)
async def test_every_failure_becomes_one_plain_sentence(error: Exception, sentence: str) -> None:
    def fail() -> None:
        raise error

    question = Shared("sockets", fail)
    for _ in range(2):
        with pytest.raises(Unreadable) as caught:
            await question.answer()
        assert str(caught.value) == sentence
        assert caught.value.strerror is None  # what an OSError is shown by, where it has one


def test_what_root_would_see_comes_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    for windows, remedy in ((False, "run nettui as root"), (True, "run nettui as administrator")):
        monkeypatch.setattr(psutil, "WINDOWS", windows)
        with pytest.raises(Unreadable) as caught, plainly("sockets"):
            raise psutil.AccessDenied(1)
        assert caught.value.remedy == remedy
