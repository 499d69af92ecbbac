"""Questions to psutil and netifaces: slow ones hold up nobody, and their many exceptions become one.

Both libraries block. With tens of thousands of sockets psutil takes seconds, so every question is put in a daemon
thread: the event loop goes on, and quitting does not wait, as it would for asyncio's executor, which joins its threads.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, TypeVar

import psutil

from nettui.model.text import clean

T = TypeVar("T")


class Unreadable(OSError):
    """What this system, or the libraries we ask it through, will not tell. Says so in one plain sentence."""

    def __init__(self, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.remedy = remedy


class Shared(Generic[T]):
    """One question. It is never asked twice at once: who asks while it is under way gets the answer to that."""

    def __init__(self, subject: str, ask: Callable[[], T]) -> None:
        """`subject`: what it is about, in the plural, for "... cannot be read"."""
        self._subject = subject
        self._ask = ask
        self._lock = threading.Lock()
        self._under_way: Future[T] | None = None

    async def answer(self) -> T:
        """The answer. Raises Unreadable. To cancel this leaves the question and the others who wait for it alone."""
        with self._lock:
            waiting = self._under_way
            if waiting is None:
                waiting = self._begin()
        return await asyncio.wrap_future(waiting)

    def _begin(self) -> Future[T]:
        waiting: Future[T] = Future()
        waiting.set_running_or_notify_cancel()  # from here on nobody's cancellation reaches it
        thread = threading.Thread(target=self._work, args=(waiting,), name=self._subject, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            raise Unreadable(f"{self._subject} cannot be read: this system lets nettui start no thread") from error
        self._under_way = waiting
        return waiting

    def _work(self, waiting: "Future[T]") -> None:
        try:
            with plainly(self._subject):
                answer = self._ask()
        except BaseException as error:
            self._end()
            waiting.set_exception(error)
        else:
            self._end()
            waiting.set_result(answer)

    def _end(self) -> None:
        with self._lock:
            self._under_way = None


@contextmanager
def plainly(subject: str) -> Iterator[None]:
    """Whatever psutil and netifaces raise becomes Unreadable, with a sentence about `subject` (in the plural)."""
    try:
        yield
    except Unreadable:
        raise
    except psutil.AccessDenied as error:
        who, how = ("administrators", "as administrator") if psutil.WINDOWS else ("root", "as root")
        raise Unreadable(f"this system shows {subject} only to {who}", f"run nettui {how}") from error
    except Exception as error:  # RuntimeError, ValueError, AssertionError, ...: psutil lets them all out
        reason = error.strerror if isinstance(error, OSError) else None
        raise Unreadable(f"{subject} cannot be read: {clean(reason or str(error) or type(error).__name__)}") from error
