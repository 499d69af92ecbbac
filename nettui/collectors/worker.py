"""A collector worker: one subject, read when due, with a time limit, a back-off and an error state of its own."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from nettui.model.snapshot import CollectorError
from nettui.model.text import clean

if TYPE_CHECKING:  # a command that reads once does without the event loop, which takes long to load
    import asyncio

Part = Mapping[str, Any]
"""New values for fields of the Snapshot, by field name."""

REST_LIMIT = 15.0
"""Seconds that a worker rests at most for a costly reading: what is never looked at is never found."""

BACK_OFF_LIMIT = 60.0
"""Seconds between attempts at most, however often a worker failed."""


class Worker:
    """Reads one subject. Never runs twice at once, and never lets an error out: it becomes `error`."""

    def __init__(
        self, name: str, read: Callable[[], Awaitable[Part]], *, every: float, limit: float = 5.0, share: float = 0.0
    ) -> None:
        """`every`: seconds between readings (0: each tick). `limit`: seconds a reading may take.

        `share`: after a reading it rests for this many times what that cost: 50 is a fiftieth of a core at most. Of two
        readings in a row the cheaper one counts: the first also loads code, and a host that is busy for a moment is to
        be looked at.
        """
        self.name = name
        self.every = every
        self.error: CollectorError | None = None
        self.part: Part = {}
        """What the newest successful reading found."""
        self._read = read
        self._limit = limit
        self._share = share
        self._rest = self._cost = 0.0
        self._ended: float | None = None
        self._failures = 0
        self._task: asyncio.Task[None] | None = None
        self._again: asyncio.Task[None] | None = None

    def due(self, now: float) -> bool:
        """Whether a reading should begin at `now` (the event loop's time). A quarter tick early is in time."""
        if self._task is not None:
            return False
        return self._ended is None or now >= self._ended + self._pause() - 0.25 * min(self.every, 1.0)

    def refresh(self) -> "asyncio.Task[None]":
        """Begin a reading, or join the one that is under way."""
        import asyncio

        if self._task is None:
            self._task = asyncio.create_task(self._attempt(), name=f"collector {self.name}")
            self._task.add_done_callback(self._finished)
        return self._task

    def renew(self) -> "asyncio.Task[None]":
        """Begin a reading that has seen everything up to now: not the one that is under way, the next."""
        if self._task is None:
            return self.refresh()
        if self._again is None:
            import asyncio

            self._again = asyncio.create_task(self._after(self._task), name=f"collector {self.name} again")
        return self._again

    async def once(self) -> None:
        """Read in this very task, without a time limit; where the reader waits for nothing, without an event loop."""
        try:
            self.part, self.error = await self._read(), None
        except Exception as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Somebody else found that it cannot be read."""
        self._failed(explained(error), error)

    async def stop(self) -> None:
        """Cancel what is under way or waits for it, and wait a second for it to let go."""
        tasks = [task for task in (self._again, self._task) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            import asyncio

            await asyncio.wait(tasks, timeout=1.0)

    async def _after(self, running: "asyncio.Task[None]") -> None:
        import asyncio

        try:
            await asyncio.wait([running])
        finally:
            self._again = None
        # A change told from here on may be too late for the reading that begins now, and gets another.
        await asyncio.wait([self.refresh()])

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._task = None

    async def _attempt(self) -> None:
        import asyncio

        began, spent = asyncio.get_running_loop().time(), time.process_time()
        try:
            async with asyncio.timeout(self._limit) as limit:
                part = await self._read()
        except Exception as error:  # also a fault of ours in one collector must not take the others' panes along
            late = isinstance(error, TimeoutError) and limit.expired()
            self._failed(f"no answer in {self._limit:g} s" if late else explained(error), error)
        else:
            self.part, self.error, self._failures = part, None, 0
        self._ended = asyncio.get_running_loop().time()
        self._tire(min(self._ended - began, time.process_time() - spent))

    def _tire(self, cost: float) -> None:
        """Rest for a reading that cost so many seconds of a core, with what this program's others did meanwhile."""
        self._rest = min(REST_LIMIT, self._share * min(cost, self._cost))
        self._cost = cost

    def _failed(self, message: str, error: Exception) -> None:
        remedy = getattr(error, "remedy", None)
        self.error = CollectorError(collector=self.name, message=clean(message), remedy=remedy)
        self._failures += 1

    def _pause(self) -> float:
        """Seconds between the end of a reading and the next: longer and longer while it fails."""
        if not self._failures:
            return max(self.every, self._rest)
        return min(BACK_OFF_LIMIT, max(self.every, 1.0) * 2.0 ** min(self._failures - 1, 6))


def explained(error: Exception) -> str:
    """An exception as one plain sentence: what the system or a reader of ours refused, or else a fault of ours."""
    if not isinstance(error, (OSError, ValueError)):
        return f"internal error in nettui: {type(error).__name__}: {error}"
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return f"{where}{error.strerror}"
    return str(error) or type(error).__name__
