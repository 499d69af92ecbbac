"""The sockets, asked once: read, filtered, sorted and grouped.

Nothing here makes a record of every socket, and nothing holds an event loop for long, however many there are: tables
are gone through in slices of `SLICE`, and what costs more (who owns a socket, what TCP knows of it) is asked for all
only where filter, order or groups need it.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from nettui.engine.socket_facts import FactFinder
from nettui.model.process import Process
from nettui.model.socket import Socket, Transport
from nettui.model.socket_filter import ADDRESSES, PORTS, Filter, fields
from nettui.model.socket_table import SocketRequest, SocketTable
from nettui.model.turns import breathe
from nettui.sockets.facts import Facts
from nettui.sockets.frame import Group, SocketFrame, SocketQuery
from nettui.sockets.group import grouped
from nettui.sockets.match import matcher, needs
from nettui.sockets.order import Ordered, ordered

if TYPE_CHECKING:
    from nettui.collectors.socket_backend import SocketBackend

SLICE = 1024
"""Sockets looked at before others on the event loop get a turn."""

ASKED = frozenset({"state", "proto", "inode", *PORTS, *ADDRESSES})
"""Fields of a filter that the system can be asked for, so that it tells of fewer sockets."""

LOCAL = frozenset({Transport.TCP, Transport.UDP, Transport.UNIX})
"""By what the programs of a host speak to each other."""

MEASURED = frozenset({"rtt", "retrans", "idle"})
"""Orders for which TCP must be asked about every socket."""


class SocketReader:
    """Answers queries, each by a reading of its own."""

    def __init__(
        self, backend: "SocketBackend", links: Callable[[], Mapping[int, str]] = dict, facts: FactFinder | None = None
    ) -> None:
        """`links` gives the names of the interfaces, by ifindex; `facts` are those of another reader, to be shared."""
        self._backend = backend
        self._facts = facts or FactFinder(backend, links)
        self._sorted: Ordered | None = None

    async def read(self, query: SocketQuery, owners: bool = False) -> SocketFrame:
        """Read once, and wait for all that the query needs; with `owners` for those of every socket that passes.

        Raises OSError or ValueError where the sockets cannot be read.
        """
        table = await self._take(request_for(query))
        if needs_owners(query):
            await self._facts.find_owners(await self._facts.unknown(table.column("inode"), anew=True), thorough=True)
        frame = await self._answer(table, query)
        if owners:
            inodes = await _chosen(table.column("inode"), frame.order)
            await self._facts.find_owners(await self._facts.unknown(inodes, anew=True), thorough=True)
        return replace(frame, facts=self._known())

    async def everything(self) -> SocketFrame:
        """All sockets with all their owners: for the map of services. Raises as `read` does."""
        return await self.read(SocketQuery(transports=LOCAL), owners=True)

    async def process(self, pid: int) -> Process:
        """All about a process. Raises ProcessLookupError, or OSError."""
        process = await self._backend.process(pid)
        if process.user is None and process.uid is not None:
            process = replace(process, user=self._known().user(process.uid))
        return process

    async def destroy(self, socket: Socket) -> None:
        """Close a socket under its program. Raises OSError with a plain sentence."""
        await self._backend.destroy(socket)

    def _known(self) -> Facts:
        """What is known by now."""
        return self._facts.facts({}, None)

    async def _take(self, request: SocketRequest) -> SocketTable:
        table = await self._backend.table(request)
        if request.cgroups:
            self._facts.find_units(table)
        return table

    async def _answer(self, table: SocketTable, query: SocketQuery) -> SocketFrame:
        facts = self._known()
        places, groups = await self._arranged(table, query, facts)
        return SocketFrame(query=query, table=table, order=places, groups=tuple(groups), facts=facts)

    async def _arranged(
        self, table: SocketTable, query: SocketQuery, facts: Facts
    ) -> tuple[Sequence[int], Sequence[Group]]:
        """The places of the sockets that pass, sorted, and their groups."""
        passing = await _passing(table, query.wanted, facts)
        self._sorted = await ordered(table, passing, facts, query.sort, query.reverse, self._sorted)
        places = self._sorted.places
        return places, await grouped(table, places, facts, query.group) if query.group else ()


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


async def _passing(table: SocketTable, wanted: Filter | None, facts: Facts) -> Sequence[int]:
    """The places of the sockets that a filter lets through."""
    if wanted is None:
        return range(len(table))
    passing, test = array("I"), matcher(wanted)
    for start in range(0, len(table), SLICE):
        passing.extend(test.places(table, facts, start, min(start + SLICE, len(table))))
        await breathe()
    return passing


async def _chosen(column: Sequence[object], places: Sequence[int]) -> list[object]:
    """The values at some places of a column."""
    found: list[object] = []
    for start in range(0, len(places), SLICE):
        found += [column[place] for place in places[start : start + SLICE]]
        await breathe()
    return found
