"""The sockets, asked again and again: each reading compared with the one before, and what somebody looks at known well.

What costs more (who owns a socket, what TCP knows of it) is asked for the sockets on the screen.
"""

import asyncio
import time
from array import array
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing

from msgspec.structs import replace

from nettui.collectors.socket_backend import SocketBackend
from nettui.collectors.worker import explained
from nettui.engine.heap import give_large_pieces_back, undisturbed
from nettui.engine.socket_changes import Changes
from nettui.engine.socket_reader import ASKED, SLICE, SocketReader, needs_owners, request_for
from nettui.model.socket import Socket, SocketKey
from nettui.model.socket_filter import fields
from nettui.model.socket_table import SocketRequest, SocketTable
from nettui.model.text import clean
from nettui.model.turns import breathe
from nettui.sockets.facts import Facts
from nettui.sockets.frame import Group, SocketFrame, SocketQuery
from nettui.sockets.group import grouped

SHARE = 10.0
"""A reading that took t seconds of CPU begins at most every SHARE * t: a tenth of a core, however many there are."""

LASTING = frozenset({"state", "proto", "local", "peer"})
LASTING_GROUPS = ("state", "port", "peer", "network")
"""Orders and groups in which a socket has its place until its state is another."""


class SocketWatch(SocketReader):
    """Answers one query again and again, for somebody who looks."""

    def __init__(
        self, backend: SocketBackend, links: Callable[[], Mapping[int, str]] = dict, interval: float = 1.0
    ) -> None:
        super().__init__(backend, links)
        self.interval = interval
        """Seconds between two readings."""
        self.frame: SocketFrame | None = None
        self.error = ""
        """Why the newest reading failed; empty where it did not."""
        self._changes = Changes(time.time)
        self._query = SocketQuery()
        self._table: SocketTable | None = None
        self._request: SocketRequest | None = None
        self._looked_at: tuple[SocketKey, ...] = ()
        self._held, self._in_order = False, True
        self._stirred, self._looked = asyncio.Event(), asyncio.Event()
        self._publish: Callable[[], None] = lambda: None
        self._deaf: str | None = "ended sockets are not listened for"
        self._search: asyncio.Task[None] | None = None

    async def run(self, publish: Callable[[], None]) -> None:
        """Read until cancelled; `publish` is called whenever `frame` or `error` is another."""
        give_large_pieces_back()
        self._publish = publish
        self._changes.forget()
        beside = [
            asyncio.create_task(self._listen(), name="ended sockets"),
            asyncio.create_task(self._look(), name="sockets on the screen"),
        ]
        try:
            while True:
                began, used = time.monotonic(), time.thread_time()
                await self._guarded(self._renew)
                spent = time.thread_time() - used
                await self._rest(began + max(self.interval, SHARE * spent))
        finally:
            tasks = [*beside, *([self._search] if self._search else [])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def read(self, query: SocketQuery, owners: bool = False) -> SocketFrame:
        """A reading beside those that are shown, of which it changes nothing. Raises as SocketReader's."""
        return await SocketReader(self._backend, facts=self._facts).read(query, owners)

    @property
    def query(self) -> SocketQuery:
        return self._query

    @query.setter
    def query(self, query: SocketQuery) -> None:
        if query != self._query:
            self._query = query
            self._held = False
            self._stirred.set()

    def hold(self, held: bool) -> None:
        """While held, sockets keep their places: those that went are taken out, and nothing is sorted or added."""
        if self._held and not held:
            self._stirred.set()
        self._held = held

    def refresh(self) -> None:
        """Read again now."""
        self._request = None
        self._stirred.set()

    def look_at(self, keys: Sequence[SocketKey]) -> None:
        """These are on the screen: find out all about them, now and at each reading from now on."""
        self._looked_at = tuple(keys)
        self._looked.set()

    # One reading

    async def _renew(self) -> None:
        """Read, compare, arrange, look closely at what is on the screen."""
        query = self._query
        request = request_for(query)
        with undisturbed():
            table = await self._take(request)
            await self._changes.note(request, table)
            self._table, self._request = table, request
            await breathe()
            details = await self._details(table, self._looked_at)
            answer = await self._answer(table, query)
            await breathe()
        await breathe()  # to show it is work for others, who do not take turns
        self._show(self._marked(answer, details))
        self._seek_owners()

    async def _rearrange(self) -> None:
        """The newest table in another order, or with more known about it."""
        frame, table = self.frame, self._table
        if table is not None:
            details = frame.details if frame is not None and frame.table is table else {}
            with undisturbed():
                answer = await self._answer(table, self._query)
                await breathe()
            await breathe()
            self._show(self._marked(answer, details))
            self._seek_owners()

    async def _guarded(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except Exception as error:  # also a fault of ours must be told, and the next reading be made
            self.error = clean(explained(error))
            self._publish()

    async def _rest(self, until: float) -> None:
        """Wait for the next reading; another order is made of what is there, another question is asked at once."""
        while (left := until - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(left):  # before Python 3.12 wait_for loses a cancellation at its end
                    await self._stirred.wait()
            except TimeoutError:
                return
            self._stirred.clear()
            if request_for(self._query) != self._request:
                return
            await self._guarded(self._rearrange)

    async def _arranged(
        self, table: SocketTable, query: SocketQuery, facts: Facts
    ) -> tuple[Sequence[int], Sequence[Group]]:
        """As long as nothing that matters has changed, what was arranged stays; and held rows keep their places."""
        before = self.frame if self.frame is not None and self.frame.query == query else None
        if before is not None and self._in_order and is_lasting(query) and table.same_as(before.table):
            return before.order, before.groups
        self._in_order = before is None or not self._held
        if before is None or not self._held:
            return await super()._arranged(table, query, facts)
        places = await _kept(before, table)
        return places, await grouped(table, places, facts, query.group) if query.group else ()

    def _marked(self, frame: SocketFrame, details: Mapping[SocketKey, Socket]) -> SocketFrame:
        """With what was found out beside the reading."""
        changes = self._changes
        return replace(
            frame, details=details, new=changes.new, gone=changes.gone, closed=tuple(changes.closed),
            closed_note=self._deaf,
        )

    def _known(self) -> Facts:
        return self._facts.facts(self._changes.born, self._changes.since)

    def _show(self, frame: SocketFrame) -> None:
        self.frame, self.error = frame, ""
        self._publish()

    async def _details(self, table: SocketTable, keys: Collection[SocketKey]) -> Mapping[SocketKey, Socket]:
        """What there is to know of some sockets. A TIME_WAIT has nothing behind it."""
        if not keys:
            return {}
        sockets = [table.socket(place) for place in await _places(table, keys)]
        return await self._backend.details([socket for socket in sockets if socket.state != "TIME_WAIT"])

    # Owners

    def _seek_owners(self) -> None:
        """Look for the owners of what is on the screen, or of all where the query needs them, beside all else."""
        frame = self.frame
        if frame is None or (self._search is not None and not self._search.done()) or not self._facts.rested:
            return
        everybody = needs_owners(frame.query)
        inodes = frame.table.column("inode") if everybody else [s.inode for s in frame.details.values()]
        self._search = asyncio.create_task(self._guarded(lambda: self._find(inodes, everybody)), name="owners")

    async def _look(self) -> None:
        """Find out about sockets as they come on the screen."""
        while True:
            await self._looked.wait()
            self._looked.clear()
            await self._guarded(self._look_closer)

    async def _look_closer(self) -> None:
        if (frame := self.frame) is None:
            return
        missing = [key for key in self._looked_at if key not in frame.details]
        found = await self._details(frame.table, missing)
        if found and self.frame is frame:
            self._show(replace(frame, details={**frame.details, **found}))
        self._seek_owners()

    async def _find(self, inodes: Sequence[object], thorough: bool) -> None:
        wanted = await self._facts.unknown(inodes)
        if not wanted:
            return
        with undisturbed():
            await self._facts.find_owners(wanted, thorough)
        if thorough:
            self._stirred.set()
        elif self.frame is not None:
            self._show(replace(self.frame, facts=self._known()))

    # Ends

    async def _listen(self) -> None:
        """Hear of ended sockets, also of those that come and go between two readings."""
        try:
            async with aclosing(self._backend.endings()) as endings:
                self._changes.told, self._deaf = True, None
                async for sockets in endings:
                    self._changes.hear(sockets)
        except (OSError, ValueError) as error:
            self._deaf = clean(explained(error))
        finally:
            self._changes.told = False


def is_lasting(query: SocketQuery) -> bool:
    """Whether the answer is the same for as long as there are the same sockets in the same states."""
    return fields(query.wanted) <= ASKED and query.sort in LASTING and query.group in (None, *LASTING_GROUPS)


async def _places(table: SocketTable, keys: Collection[SocketKey]) -> list[int]:
    """Where some sockets are in a table; those it does not have are left out."""
    wanted, found, every = frozenset(keys), list[int](), table.keys()
    for start in range(0, len(every), SLICE):
        some = every[start : start + SLICE]
        if not wanted.isdisjoint(some):
            found += [start + at for at, key in enumerate(some) if key in wanted]
        if start % (8 * SLICE) == 0:
            await asyncio.sleep(0)
    return found


async def _kept(before: SocketFrame, table: SocketTable) -> Sequence[int]:
    """The sockets of a frame where they are in a newer table, in the order they had."""
    old, newer = before.table.keys(), table.keys()
    where: dict[SocketKey, int] = {}
    for start in range(0, len(table), SLICE):
        where.update(zip(newer[start : start + SLICE], range(start, len(table)), strict=False))
        await breathe()
    kept = array("I")
    for start in range(0, len(before.order), SLICE):
        await asyncio.sleep(0)
        places = [where.get(old[place]) for place in before.order[start : start + SLICE]]
        kept.extend([place for place in places if place is not None])
    return kept
