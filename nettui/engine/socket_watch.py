"""The sockets, asked again and again: each reading filtered, sorted, grouped, and compared with the one before.

Nothing here makes a record of every socket, and nothing holds the event loop for long, however many there are: tables
are gone through in slices of `SLICE`, and what costs more (who owns a socket, what TCP knows of it) is asked for the
sockets that somebody looks at, or for all only where filter, order or groups need it.
"""

import asyncio
import time
from array import array
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing

from msgspec.structs import replace

from nettui.collectors.backend import SocketBackend
from nettui.collectors.worker import explained
from nettui.engine.socket_changes import Changes
from nettui.engine.socket_facts import FactFinder
from nettui.model.process import Process
from nettui.model.socket import Socket, SocketKey, Transport
from nettui.model.socket_filter import ADDRESSES, PORTS, Filter, fields
from nettui.model.socket_table import SocketRequest, SocketTable
from nettui.model.text import clean
from nettui.sockets.facts import Facts
from nettui.sockets.frame import Group, SocketFrame, SocketQuery
from nettui.sockets.group import grouped
from nettui.sockets.match import matcher, needs
from nettui.sockets.order import Ordered, ordered

SLICE = 2048
"""Sockets looked at before others on the event loop get a turn."""

SHARE = 7.0
"""A reading that took t seconds of CPU begins at most every SHARE * t: a seventh of a core, however many there are."""

ASKED = frozenset({"state", "proto", "inode", *PORTS, *ADDRESSES})
"""Fields of a filter that the system can be asked for, so that it tells of fewer sockets."""

LASTING = frozenset({"state", "proto", "local", "peer"})
LASTING_GROUPS = ("state", "port", "peer", "network")
"""Orders and groups in which a socket has its place until its state is another."""

LOCAL = frozenset({Transport.TCP, Transport.UDP, Transport.UNIX})
"""By what the programs of a host speak to each other."""

MEASURED = frozenset({"rtt", "retrans", "idle"})
"""Orders for which TCP must be asked about every socket."""


class SocketWatch:
    """Answers one query, once or again and again."""

    def __init__(
        self, backend: SocketBackend, links: Callable[[], Mapping[int, str]] = dict, interval: float = 1.0
    ) -> None:
        self.interval = interval
        """Seconds between two readings."""
        self.frame: SocketFrame | None = None
        self.error = ""
        """Why the newest reading failed; empty where it did not."""
        self._backend = backend
        self._facts = FactFinder(backend, links)
        self._changes = Changes(time.time)
        self._query = SocketQuery()
        self._table: SocketTable | None = None
        self._request: SocketRequest | None = None
        self._sorted: Ordered | None = None
        self._looked_at: tuple[SocketKey, ...] = ()
        self._held, self._in_order = False, True
        self._stirred, self._looked = asyncio.Event(), asyncio.Event()
        self._publish: Callable[[], None] = lambda: None
        self._deaf: str | None = "ended sockets are not listened for"
        self._search: asyncio.Task[None] | None = None

    async def read(self, query: SocketQuery, owners: bool = False) -> SocketFrame:
        """Read once, and wait for all that the query needs; with `owners` for those of every socket that passes.

        Raises OSError or ValueError where the sockets cannot be read.
        """
        table = await self._take(request_for(query))
        if needs_owners(query):
            await self._facts.find_owners(await self._facts.unknown(table.column("inode")), thorough=True)
        frame = await self._arrange(table, query)
        if owners:
            inodes = await _chosen(table.column("inode"), frame.order)
            await self._facts.find_owners(await self._facts.unknown(inodes), thorough=True)
        return replace(frame, facts=self._known())

    async def run(self, publish: Callable[[], None]) -> None:
        """Read until cancelled; `publish` is called whenever `frame` or `error` is another."""
        self._publish = publish
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

    async def process(self, pid: int) -> Process:
        """All about a process. Raises ProcessLookupError, or OSError."""
        process = await self._backend.process(pid)
        if process.user is None and process.uid is not None:
            process = replace(process, user=self._known().user(process.uid))
        return process

    async def destroy(self, socket: Socket) -> None:
        """Close a socket under its program. Raises OSError with a plain sentence."""
        await self._backend.destroy(socket)

    async def everything(self) -> SocketFrame:
        """All sockets with all their owners, whatever the query: for the map of services. Raises as `read` does."""
        return await self.read(SocketQuery(transports=LOCAL), owners=True)

    # One reading

    async def _renew(self) -> None:
        """Read, compare, arrange, look closely at what is on the screen."""
        query = self._query
        request = request_for(query)
        table = await self._take(request)
        self._changes.note(request, table)
        self._table, self._request = table, request
        details = await self._details(table, self._looked_at)
        frame = await self._arrange(table, query)
        self._show(replace(frame, details=details))
        self._seek_owners()

    async def _rearrange(self) -> None:
        """The newest table in another order, or with more known about it."""
        frame, table = self.frame, self._table
        if table is not None:
            details = frame.details if frame is not None and frame.table is table else {}
            self._show(replace(await self._arrange(table, self._query), details=details))
            self._seek_owners()

    async def _guarded(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except (OSError, ValueError) as error:
            self.error = clean(explained(error))
            self._publish()

    async def _rest(self, until: float) -> None:
        """Wait for the next reading; another order is made of what is there, another question is asked at once."""
        while (left := until - time.monotonic()) > 0:
            try:
                await asyncio.wait_for(self._stirred.wait(), left)
            except TimeoutError:
                return
            self._stirred.clear()
            if request_for(self._query) != self._request:
                return
            await self._guarded(self._rearrange)

    async def _take(self, request: SocketRequest) -> SocketTable:
        table = await self._backend.table(request)
        if request.cgroups:
            self._facts.find_units(table)
        return table

    async def _arrange(self, table: SocketTable, query: SocketQuery) -> SocketFrame:
        facts = self._known()
        before = self.frame
        groups: Sequence[Group] | None = None
        if before is not None and before.query != query:
            before = None
        if before is not None and self._in_order and is_lasting(query) and table.same_as(before.table):
            places, groups = before.order, before.groups
        elif before is not None and self._held:
            places, self._in_order = await _kept(before, table), False
        else:
            passing = await _passing(table, query.wanted, facts)
            self._sorted = await ordered(table, passing, facts, query.sort, query.reverse, self._sorted)
            places, self._in_order = self._sorted.places, True
        return SocketFrame(
            query=query, table=table, order=places, facts=facts, new=self._changes.new, gone=self._changes.gone,
            groups=tuple(await _grouped(table, places, facts, query.group) if groups is None else groups),
            closed=tuple(self._changes.closed), closed_note=self._deaf,
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


def request_for(query: SocketQuery) -> SocketRequest:
    """What has to be read for a query."""
    looks_at = fields(query.wanted)
    need = needs(query.wanted)
    chosen = {query.sort, query.group, *query.also}
    return SocketRequest(
        transports=query.transports,
        wanted=query.wanted if looks_at & ASKED else None,
        measures=need.measures or bool(chosen & MEASURED),
        cgroups=need.cgroups or "unit" in chosen,
    )


def needs_owners(query: SocketQuery) -> bool:
    """Whether a query cannot be answered without knowing the owner of every socket."""
    return needs(query.wanted).owners or "process" in (query.sort, query.group)


def is_lasting(query: SocketQuery) -> bool:
    """Whether the answer is the same for as long as there are the same sockets in the same states."""
    return fields(query.wanted) <= ASKED and query.sort in LASTING and query.group in (None, *LASTING_GROUPS)


async def _grouped(table: SocketTable, places: Sequence[int], facts: Facts, group: str | None) -> Sequence[Group]:
    return await grouped(table, places, facts, group) if group else ()


async def _passing(table: SocketTable, wanted: Filter | None, facts: Facts) -> Sequence[int]:
    """The places of the sockets that a filter lets through."""
    if wanted is None:
        return range(len(table))
    passing, test = array("I"), matcher(wanted)
    for start in range(0, len(table), SLICE):
        passing.extend(test.places(table, facts, start, min(start + SLICE, len(table))))
        await asyncio.sleep(0)
    return passing


async def _chosen(column: Sequence[object], places: Sequence[int]) -> list[object]:
    """The values at some places of a column."""
    found: list[object] = []
    for start in range(0, len(places), SLICE):
        found += [column[place] for place in places[start : start + SLICE]]
        await asyncio.sleep(0)
    return found


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
    old = before.table.keys()
    where = dict(zip(table.keys(), range(len(table)), strict=True))
    kept = array("I")
    for start in range(0, len(before.order), SLICE):
        await asyncio.sleep(0)
        places = [where.get(old[place]) for place in before.order[start : start + SLICE]]
        kept.extend([place for place in places if place is not None])
    return kept
