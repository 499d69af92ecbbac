"""The census of sockets: how they are read such that a busy host hardly notices, and whose owners are looked for.

Where there are few sockets, all are read at each reading. Where there are many, nearly all are ESTABLISHED or in
TIME_WAIT: the others are read one and all, of those two one slice now and then (`nettui.sockets.census.comb`).
"""

import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from nettui.collectors.socket_backend import SocketBackend
from nettui.collectors.socket_losses import SocketLosses
from nettui.collectors.socket_owners import OwnerBook
from nettui.collectors.worker import Part
from nettui.model.census import MOST, UNKNOWN, Census, Destination, Program
from nettui.model.process import Owner
from nettui.model.socket import Transport
from nettui.model.socket_filter import AllOf, AnyOf, Filter, Is
from nettui.model.socket_table import ListedTable, SocketRequest, SocketTable
from nettui.model.socket_totals import SocketTotals
from nettui.model.turns import breathe
from nettui.sockets.census import destinations as where
from nettui.sockets.census.look import Look, found, look, slice_of, suspects
from nettui.sockets.census.programs import Programs
from nettui.sockets.census.rows import CROWDED_STATES, ENDS, FEW_STATES, Row, rows
from nettui.sockets.census.standing import SILENT
from nettui.sockets.census.sweep import Sweep

WHOLE = 6_000
"""Up to so many TCP sockets all are looked at in each reading."""
SLICE = 12_000
"""On a host with more, in a slice."""
TURNS = 3
"""Once all slices have been looked at, one is looked at again in so many readings."""
CONFIRMED = 3
"""Estimates that are checked by counting in one reading: each costs the kernel a walk through all sockets."""
_WINDOW = 512  # sockets looked at before others on the event loop get a turn
_TCP = frozenset({Transport.TCP})

T = TypeVar("T")


class _Taken(NamedTuple):
    few: list[Row]
    crowd: list[Row] | None
    owners: dict[int, Owner | None]
    """Those that the records themselves tell."""


class CensusReader:
    """Reads the census section of a Snapshot."""

    def __init__(
        self,
        backend: SocketBackend,
        totals: Callable[[], SocketTotals] = SocketTotals,
        owners: bool = True,
        *,
        whole: int = WHOLE,
        slice_size: int = SLICE,
        noticeable: float = where.NOTICEABLE,
        silent: float = SILENT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`totals` say what is worth looking at. Without `owners` programs are known by user and unit only.

        `noticeable`: share of the ephemeral ports from which on a destination is told. `silent`: seconds without data
        from which on a connection is.
        """
        self._backend = backend
        self._totals = totals
        self._owners = OwnerBook(backend, clock) if owners else None
        self._losses = SocketLosses(backend, clock)
        self._sweep = Sweep(slice_size, whole)
        self._noticeable, self._silent = noticeable, silent
        self._goers: dict[where.Place, Program] = {}
        """Whose the connections to suspicious destinations are, as was last seen."""
        self._gone: tuple[Destination, ...] | None = None
        """The destinations as they were when the last slice was looked at."""
        self._readings = 0
        self._size = 0
        """TCP sockets, as of when all of them had been looked at."""

    async def read(self) -> Part:
        """One census. Raises OSError or ValueError only where the TCP sockets cannot be read at all."""
        at, totals = time.time(), self._totals()
        self._sweep.prepare(totals.tcp or self._size, totals.ephemeral)
        taken = await self._take()
        drops = await _or(self._losses.listeners(totals.listen_drops), {})
        losers = await _or(self._losses.udp(totals.udp_lost), None)
        seen = await look(taken.few, taken.crowd, totals.ephemeral, self._silent, drops)
        programs, hidden = await self._known(seen, taken.owners, [each.socket.inode for each in losers or ()])
        if taken.crowd is not None:
            self._sweep.add(await slice_of(seen, programs, at))
            self._gone = await self._destinations(seen, programs)
        groups = await found(seen, programs)
        if self._sweep.is_complete:
            self._size = len(seen.few) + self._sweep.size
        stands = self._sweep.standing()
        return {"census": Census(
            at=at,
            sockets=self._size if self._sweep.is_whole else totals.tcp or self._size,
            holders=groups.holders, listeners=groups.listeners, attempts=groups.attempts, half_open=groups.half_open,
            closing=groups.closing, pools=stands.pools, silent=stands.silent, swept_at=stands.since,
            unanswered=None if groups.unanswered is None else self._sweep.unanswered(groups.unanswered),
            destinations=self._gone,
            udp=None if losers is None else tuple(told for each in losers if (told := each.told(programs)))[:MOST],
            hidden=hidden,
        )}  # fmt: skip

    async def _take(self) -> _Taken:
        """The sockets of this reading."""
        owners: dict[int, Owner | None] = {}
        if self._sweep.is_whole:
            everything = await self._rows(SocketRequest(transports=_TCP, measures=True, cgroups=True), owners)
            crowd = [row for row in everything if row.state in CROWDED_STATES]
            return _Taken([row for row in everything if row.state in FEW_STATES], crowd, owners)
        told = await self._rows(SocketRequest(transports=_TCP, wanted=_in(FEW_STATES), cgroups=True), owners)
        few = [row for row in told if row.state in FEW_STATES]
        self._readings += 1
        turn = self._readings % TURNS == 0 or not self._sweep.is_complete
        return _Taken(few, await _or(self._slice(owners), None) if turn else None, owners)

    async def _slice(self, owners: dict[int, Owner | None]) -> list[Row]:
        """The next slice of the crowd."""
        comb, number = self._sweep.comb, self._sweep.next
        wanted = AllOf((_in(CROWDED_STATES), comb.wanted(number)))
        told = await self._rows(SocketRequest(transports=_TCP, wanted=wanted, measures=True, cgroups=True), owners)
        await breathe()
        return [
            row for row in told
            if row.state in CROWDED_STATES and comb.slice_of(row.local_port, row.peer_port) == number
        ]

    async def _rows(self, request: SocketRequest, owners: dict[int, Owner | None]) -> list[Row]:
        """What a table holds; `owners` takes up those that the records tell."""
        table, found = await self._backend.table(request), list[Row]()
        for start in range(0, len(table), _WINDOW):
            found += _with_owners(table, start, rows(table, start, start + _WINDOW), owners)
            await breathe()
        return found

    async def _known(
        self, seen: Look, told: Mapping[int, Owner | None], more: Collection[int]
    ) -> tuple[Programs, str | None]:
        """Whose the sockets are, as far as that matters, and why some are not known."""
        programs = Programs(told, self._backend.unit, seen.listeners)
        if self._owners is None:
            return programs, None
        asked = [*await suspects(seen, programs, self._sweep.comb.slices), *more]
        asked = [inode for inode in asked if inode > 0]
        await self._owners.learn(asked)
        owners = self._owners.owners
        known = Programs({**told, **{inode: owners.get(inode) for inode in asked}}, self._backend.unit, seen.listeners)
        return known, self._owners.hidden(asked)

    async def _destinations(self, seen: Look, programs: Programs) -> tuple[Destination, ...]:
        """Those that take a noticeable share of the ephemeral ports; what is estimated to be much is counted."""
        exact, ports = where.Traffic.none(), len(seen.ephemeral)
        exact.add(seen.few, seen.listeners, seen.ephemeral)
        await breathe()
        recent = self._sweep.recent
        if self._sweep.is_whole:
            newest = recent[-1][0]
            exact = where.Traffic(newest.standing, newest.time_wait, exact.others)
        made = where.destinations(exact, () if self._sweep.is_whole else recent, ports, self._noticeable)
        left, finished = CONFIRMED, []
        for each in made:
            if each.used >= where.SUSPICIOUS * ports:
                if each.sampled and left:
                    left -= 1
                    each = await _or(self._counted(each, seen, exact.others[where.place_of(each)]), each)
                each = await self._attributed(each, seen, programs)
            finished.append(each)
        self._goers = {where.place_of(each): each.program for each in finished}
        return tuple(finished)

    async def _counted(self, estimate: Destination, seen: Look, others: int) -> Destination:
        wanted = where.wanted(where.place_of(estimate), seen.ephemeral)
        table = await self._backend.table(SocketRequest(transports=_TCP, wanted=wanted))
        traffic = where.Traffic.none()
        for start in range(0, len(table), _WINDOW):
            traffic.add(rows(table, start, start + _WINDOW, ENDS), seen.listeners, seen.ephemeral)
            await breathe()
        return where.confirmed(estimate, traffic, others)

    async def _attributed(self, destination: Destination, seen: Look, programs: Programs) -> Destination:
        """The same with the program of most of its connections that stand, as far as they were looked at."""
        place = where.place_of(destination)
        live = [
            row for row in (*seen.few, *(seen.crowd or ()))
            if row.inode and (row.local, row.peer, row.peer_port) == place
        ]
        await breathe()
        found, known = programs.of_most(live), self._goers.get(place, UNKNOWN)
        return replace(destination, program=known if found.owner is None and known.owner is not None else found)


def _in(states: Collection[str]) -> Filter:
    return AnyOf(tuple(Is("state", "=", state) for state in states))


def _with_owners(
    table: SocketTable, start: int, window: Sequence[Row], owners: dict[int, Owner | None]
) -> Sequence[Row]:
    """The same rows; where the records themselves tell their owners, with an inode made up (below 0) for each."""
    if not isinstance(table, ListedTable):
        return window
    made = []
    for place, row in enumerate(window, start):
        if told := table.socket(place).owners:
            row = row._replace(inode=-1 - len(owners))
            owners[row.inode] = replace(told[0], fd=None)
        made.append(row)
    return made


async def _or(reading: Awaitable[T], otherwise: T) -> T:
    """What one part of a census is, or what it is where that part cannot be read."""
    try:
        return await reading
    except (OSError, ValueError):
        return otherwise
