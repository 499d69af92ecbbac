"""Whose sockets are: remembered from reading to reading, and searched for in the background where that takes longer."""

import time
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from nettui.collectors.socket_backend import SocketBackend
from nettui.model.process import Owner, Owners
from nettui.model.text import clean
from nettui.model.turns import on_loop

if TYPE_CHECKING:
    import asyncio

MOST = 5_000
"""Inodes that one search is for."""
PATIENCE = 0.2
"""Seconds a reading waits for a search; what it finds later the next one has."""
STANDS = 60.0
"""Seconds for which an answer is taken to be still true: a descriptor can be handed on, a process can end."""
REST = 5
"""After a search there is none for this many times as long as it took."""


class OwnerBook:
    """The owners of some sockets, by inode."""

    def __init__(self, backend: SocketBackend, clock: Callable[[], float] = time.monotonic) -> None:
        self._backend = backend
        self._clock = clock
        self._owners: dict[int, Owner | None] = {}
        self._until: dict[int, float] = {}
        self._search: asyncio.Task[None] | None = None
        self._rests_until = float("-inf")
        self._hidden: str | None = None

    @property
    def owners(self) -> Mapping[int, Owner | None]:
        """Without descriptors, so that the sockets of one process have equal ones. None: looked for in vain."""
        return self._owners

    def hidden(self, inodes: Collection[int]) -> str | None:
        """Why some of these have no owner, where that is known."""
        return self._hidden if any(self._owners.get(inode) is None for inode in inodes) else None

    async def learn(self, inodes: Collection[int]) -> None:
        """See to it that the owners of these are known, at the latest when this is called again and again."""
        now = self._clock()
        if self._search is None and now >= self._rests_until:
            wanted = {inode for inode in inodes if self._until.get(inode, now) <= now}
            if wanted and not on_loop():
                await self._find(sorted(wanted, reverse=True)[:MOST])
            elif wanted:
                import asyncio

                self._search = asyncio.create_task(self._find(sorted(wanted, reverse=True)[:MOST]), name="owners")
        if (search := self._search) is not None:
            import asyncio

            await asyncio.wait([search], timeout=PATIENCE)
            if search.done() and not search.cancelled():
                search.result()  # a fault of ours is not to be lost

    async def _find(self, inodes: Collection[int]) -> None:
        began = self._clock()
        try:
            found = await self._backend.owners(inodes)
        except (OSError, ValueError) as error:
            found = Owners({}, clean(str(error)))
        finally:
            self._search = None
        ended = self._clock()
        self._forget(ended)
        for inode in inodes:
            owners = found.by_inode.get(inode)
            self._owners[inode] = replace(owners[0], fd=None) if owners else None
            self._until[inode] = ended + STANDS
        self._hidden = found.hidden
        self._rests_until = ended + REST * (ended - began)

    def _forget(self, now: float) -> None:
        """Sockets that nobody has asked about for long, most of them gone."""
        for inode in [inode for inode, until in self._until.items() if until + STANDS < now]:
            del self._until[inode], self._owners[inode]
