"""Taking turns on an event loop, for code that a short command runs without one.

Loading asyncio takes longer than reading ten thousand sockets. What only has to let others go on between two slices
of work, or to take turns with a neighbour that is not there, does without it: `finish` runs such a coroutine.
"""

import sys
import time
from collections import deque
from collections.abc import Coroutine, Generator
from types import TracebackType, coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from asyncio import Future

T = TypeVar("T")


UNUSED = 0.0002
"""Seconds that a turn of the event loop takes at most in which nobody else does anything."""

MOST_TURNS = 8
"""One after the other: what a key sets off goes through several hands before it is on the screen."""


@coroutine
def breathe() -> Generator[None, None, None]:
    """Let others on the event loop have a turn, and another as long as they make use of it."""
    for _ in range(MOST_TURNS):
        before = time.monotonic()
        yield
        if time.monotonic() - before < UNUSED:
            return


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nothing but its turn, of which it gets all. Returns its result."""
    try:
        while True:
            if work.send(None) is not None:
                raise RuntimeError("this coroutine waits for something: it needs an event loop")
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        work.close()


def on_loop() -> bool:
    """Whether an event loop runs this code: then there are others, and tasks can be made."""
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None


class Turn:
    """A lock that is had by one task at a time, in the order in which they came. `async with` it."""

    def __init__(self) -> None:
        self._taken = False
        self._waiting: deque[Future[None]] = deque()

    async def __aenter__(self) -> None:
        if self._taken:
            await self._called()
        self._taken = True

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._taken = self._call_next()

    async def _called(self) -> None:
        """Wait until it is handed over, still taken, by the one before."""
        from asyncio import CancelledError, get_running_loop

        place = get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except CancelledError:
            if place.done() and not place.cancelled():  # called and cancelled at once: the call goes to the next
                self._taken = self._call_next()
            raise

    def _call_next(self) -> bool:
        """Hand it over; False when nobody waits."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return True
        return False
