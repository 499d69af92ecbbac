"""Closing many sockets, one by one: which went, which did not, and why."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from nettui.model.socket import Socket
from nettui.model.text import clean

PARALLEL = 4
"""Sockets being closed at once: more would save no time, for it is the kernel's, and hold others up."""


class Closing:
    """Sockets that are to be closed, and how far that has come."""

    def __init__(self, sockets: Sequence[Socket], destroy: Callable[[Socket], Awaitable[None]]) -> None:
        """`destroy` closes one, or raises OSError or ValueError with a plain sentence."""
        self.total = len(sockets)
        self.tried = 0
        """How many have been closed, or could not be."""
        self.closed: list[Socket] = []
        self.kept: dict[str, list[Socket]] = {}
        """Those that could not be closed, by the reason."""
        self.forbidden = False
        """Whether this user may not: then the rest is not tried."""
        self.begun = self.stopped = False
        self._left = iter(sockets)
        self._destroy = destroy

    @property
    def untried(self) -> int:
        return self.total - self.tried

    async def run(self) -> None:
        """Close them all; returns when that is done, or, after `stop`, when what was under way is."""
        self.begun = True
        async with asyncio.TaskGroup() as group:
            for _ in range(min(PARALLEL, self.total)):
                group.create_task(self._work())

    def stop(self) -> None:
        """Begin with no more of them."""
        self.stopped = True

    async def _work(self) -> None:
        while not self.stopped and (socket := next(self._left, None)) is not None:
            try:
                await self._destroy(socket)
            except (OSError, ValueError) as error:
                self.kept.setdefault(_reason(error), []).append(socket)
                if isinstance(error, PermissionError):
                    self.forbidden = self.stopped = True
            else:
                self.closed.append(socket)
            self.tried += 1
            await asyncio.sleep(0)  # closing one need not have waited for anything


def _reason(error: OSError | ValueError) -> str:
    told = error.strerror if isinstance(error, OSError) else None
    return clean(told or str(error) or type(error).__name__, 200)
