"""A collector worker: one subject, read when due, with a time limit, a back-off and an error state of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nettui.model.snapshot import CollectorError
from nettui.model.text import clean

Part = Mapping[str, Any]
"""New values for fields of the Snapshot, by field name."""

BACK_OFF_LIMIT = 60.0
"""Seconds between attempts at most, however often a worker failed."""


class Worker:
    """Reads one subject. Never runs twice at once, and never lets an error out: it becomes `error`."""

    def __init__(self, name: str, read: Callable[[], Awaitable[Part]], *, every: float, limit: float = 5.0) -> None:
        """`every`: seconds between readings (0: each tick). `limit`: seconds a reading may take."""
        self.name = name
        self.every = every
        self.error: CollectorError | None = None
        self.part: Part = {}
        """What the newest successful reading found."""
        self._read = read
        self._limit = limit
        self._due = 0.0
        self._failures = 0
        self._task: asyncio.Task[None] | None = None

    def due(self, now: float) -> bool:
        """Whether a reading should begin at `now` (the event loop's time). A quarter tick early is in time."""
        return self._task is None and now >= self._due - 0.25 * min(self.every, 1.0)

    def refresh(self) -> asyncio.Task[None]:
        """Begin a reading, or join the one that is under way."""
        if self._task is None:
            self._task = asyncio.create_task(self._attempt(), name=f"collector {self.name}")
            self._task.add_done_callback(self._finished)
        return self._task

    def renew(self) -> asyncio.Task[None]:
        """Begin a reading that has seen everything up to now: not the one that is under way, the next."""
        running = self._task
        if running is None:
            return self.refresh()

        async def next_one() -> None:
            await asyncio.wait([running])
            await self.refresh()

        return asyncio.create_task(next_one(), name=f"collector {self.name} again")

    async def stop(self) -> None:
        """Cancel the reading under way, if any, and wait until it has let go."""
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.wait([task], timeout=1.0)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._task = None

    async def _attempt(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._limit):
                part = await self._read()
        except TimeoutError:
            self._failed(loop.time(), f"no answer in {self._limit:g} s")
        except (OSError, ValueError) as error:
            self._failed(loop.time(), explained(error), getattr(error, "remedy", None))
        except Exception as error:  # a fault of ours in one collector must not take the others' panes along
            self._failed(loop.time(), f"internal error in nettui: {type(error).__name__}: {error}")
        else:
            self.part, self.error, self._failures = part, None, 0
            self._due = loop.time() + self.every

    def _failed(self, now: float, message: str, remedy: str | None = None) -> None:
        self.error = CollectorError(collector=self.name, message=clean(message), remedy=remedy)
        self._failures += 1
        self._due = now + min(BACK_OFF_LIMIT, max(self.every, 1.0) * 2 ** min(self._failures - 1, 6))


def explained(error: Exception) -> str:
    """An exception as one plain sentence."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return f"{where}{error.strerror}"
    return str(error) or type(error).__name__
