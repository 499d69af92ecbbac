"""TCP state counts on Linux: the cheapest exact way that works here, and why not a better one.

On a host with tens of thousands of connections nearly all are ESTABLISHED or in TIME_WAIT, and of these the kernel
keeps totals. So the tick dumps only the others by sock_diag and takes those two from /proc. Where that cannot be
had (a sandbox without netlink, a hidden /proc, totals that are not to be believed) all sockets are read, by
sock_diag or from /proc/net/tcp.
"""

import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from nettui.linux.procfs import PROC_NET, ProcfsError, ProcNet, Totals
from nettui.linux.reasons import PASSING, REST, in_words
from nettui.linux.sock_diag import StateTally, TcpDiag
from nettui.linux.tcp_states import (
    CLOSE_WAIT,
    ESTABLISHED,
    EVERY_STATE,
    NEW_SYN_RECV,
    STATE_NUMBERS,
    SYN_RECV,
    TIME_WAIT,
)
from nettui.model.tcp import STATES, PortCounts, TcpCounts, TcpState
from nettui.model.turns import breathe

_WITHOUT_TOTALS = EVERY_STATE & ~(1 << ESTABLISHED | 1 << TIME_WAIT)
_COMPARISONS = 3
_MANY = 20_000  # sockets that the kernel goes over in some milliseconds, which is worth a thread
_TURN = 2_000  # items after which others on the event loop get a turn: a millisecond or two

T = TypeVar("T")


class TcpCounter:
    """Counts the TCP sockets of the network namespace it is first used in."""

    def __init__(
        self, root: Path = PROC_NET, clock: Callable[[], float] = time.monotonic, brief: bool = False
    ) -> None:
        """`brief`: it is used once; then totals that bear each other out are believed without a dump."""
        self._diag = TcpDiag()
        self._proc = ProcNet(root)
        self._brief = brief
        self._believed = self._many = False
        self._for_counts = Ways(
            [
                Way("sock_diag+proc", self._by_totals, clock),
                Way("sock_diag", self._by_dump, clock),
                Way("procfs", self._by_tables, clock),
            ]
        )
        self._for_ports = Ways(
            [Way("sock_diag", self._ports_by_dump, clock), Way("procfs", self._ports_by_tables, clock)]
        )

    async def counts(self) -> TcpCounts:
        """How many sockets are in each state. Raises OSError where no way is left."""
        return named(*await self._for_counts.read())

    async def ports(self) -> tuple[PortCounts, ...]:
        """The states by local port, the most sockets first. Every socket is read. Raises OSError."""
        return (await self._for_ports.read())[0]

    def close(self) -> None:
        """Let go of the descriptors held."""
        self._diag.close()
        self._proc.close()

    async def _by_totals(self) -> Counter[int]:
        """The cheap way. It is believed when, at first, it has told the same as a dump."""
        believed, self._believed = self._believed, False
        found, totals = await self._read_totals()
        counts = with_totals(found, totals)
        if not (believed or (self._brief and agree(found, totals))):
            await self._compare(counts)
        self._believed = True
        return counts

    async def _by_dump(self) -> Counter[int]:
        return (await self._diag.states()).counts

    async def _by_tables(self) -> Counter[int]:
        counts: Counter[int] = Counter()
        async for state, _, count in unhurried(await self._proc.ports()):
            counts[state] += count
        return counts

    async def _ports_by_dump(self) -> tuple[PortCounts, ...]:
        return await by_port(await self._diag.ports())

    async def _ports_by_tables(self) -> tuple[PortCounts, ...]:
        return await by_port(await self._proc.ports())

    async def _read_totals(self) -> tuple[StateTally, Totals]:
        found = await self._diag.states(_WITHOUT_TOTALS, aside=self._many)
        totals = self._proc.totals()
        self._many = totals.hashed + totals.time_wait > _MANY
        return found, totals

    async def _compare(self, before: Counter[int]) -> None:
        """Raise ProcfsError if totals and sockets do not tell the same.

        While sockets come and go no two readings are alike; then the dump must lie between the totals read before
        and after it, or close to them.
        """
        for _ in range(_COMPARISONS):
            dump = (await self._diag.states()).counts
            after = with_totals(*await self._read_totals())
            wrong = [s for s in (ESTABLISHED, TIME_WAIT) if not _fits(before[s], dump[s], after[s])]
            if not wrong:
                return
            before = after
        raise ProcfsError(
            f"the totals in /proc are not those of this host's sockets:"
            f" {after[wrong[0]]} {STATE_NUMBERS[wrong[0]]} instead of {dump[wrong[0]]}"
        )


def named(numbers: Mapping[int, int], source: str, note: str | None = None) -> TcpCounts:
    """Counts by the kernel's numbers of the states as counts by state."""
    found: Counter[TcpState] = Counter()
    for number, count in numbers.items():
        found[STATE_NUMBERS[number]] += count
    return TcpCounts.of(found, source, note)


def _fits(before: int, between: int, after: int) -> bool:
    low, high = sorted((before, after))
    slack = 0 if low == high else 8 + high // 50
    return low - slack <= between <= high + slack


def with_totals(found: StateTally, totals: Totals) -> Counter[int]:
    """`found`, a dump without ESTABLISHED and TIME_WAIT, with these two added from the kernel's totals.

    CurrEstab holds the sockets in CLOSE_WAIT too, as RFC 4022 has it, but on Linux only since 6.10 and in what was
    patched like it. So which it is here is seen from a third total, all sockets in the kernel's tables: what is
    left of it without the dumped ones is about ESTABLISHED (exactly, but for what changes while this is read).
    """
    counts = Counter(found.counts)
    counts[TIME_WAIT] = max(0, totals.time_wait - found.fin_wait2_minisocks)
    counts[ESTABLISHED] = max(0, _nearer(found, totals)[0])
    return counts


def agree(found: StateTally, totals: Totals) -> bool:
    """Whether the totals and what was dumped are of the same sockets, by the third total: to a fiftieth, for sockets
    come and go between two readings; of a few exactly. Files of another namespace do not come out even."""
    established, about = _nearer(found, totals)
    return abs(established - about) <= max(0, about) // 50 and totals.time_wait >= found.fin_wait2_minisocks


def _nearer(found: StateTally, totals: Totals) -> tuple[int, int]:
    """The number of sockets in ESTABLISHED by `CurrEstab`, and about the same by the total of all sockets."""
    counts = found.counts
    outside = counts[SYN_RECV] + counts[NEW_SYN_RECV] + found.fin_wait2_minisocks  # held elsewhere, see `Totals.hashed`
    about = totals.hashed - (counts.total() - outside)
    either = (totals.established - counts[CLOSE_WAIT], totals.established)
    return min(either, key=lambda number: abs(number - about)), about


async def by_port(sockets: Iterable[tuple[int, int, int]]) -> tuple[PortCounts, ...]:
    """Sockets, given as (the kernel's number of the state, local port, how many), by port; the most sockets first."""
    places = {number: STATES.index(state) for number, state in STATE_NUMBERS.items()}
    counts: defaultdict[int, list[int]] = defaultdict(lambda: [0] * len(STATES))
    totals: Counter[int] = Counter()
    async for state, port, count in unhurried(sockets):
        counts[port][places[state]] += count
        totals[port] += count
    # Sorted twice by keys that cost nothing: among ports with as many sockets the order of the numbers stays.
    ports = sorted(sorted(totals), key=totals.__getitem__, reverse=True)
    return tuple([PortCounts(port=port, counts=tuple(counts[port])) async for port in unhurried(ports)])


async def unhurried(items: Iterable[T]) -> AsyncIterator[T]:
    """`items`, with turns for others on the event loop between them."""
    for turn, item in enumerate(items, 1):
        yield item
        if turn % _TURN == 0:
            await breathe()


class Way(Generic[T]):
    """One way to read something. After it failed it rests, so that a refusal costs nothing on each tick."""

    def __init__(self, source: str, read: Callable[[], Awaitable[T]], clock: Callable[[], float]) -> None:
        self.source = source
        self.failure = ""
        self._read = read
        self._clock = clock
        self._rests_until = float("-inf")

    async def read(self) -> T | None:
        """What was read, or None: then `failure` says why."""
        if self._clock() < self._rests_until:
            return None
        try:
            return await self._read()
        except (OSError, ValueError) as error:
            self.failure = in_words(error)
            if not (isinstance(error, OSError) and error.errno in PASSING):
                self._rests_until = self._clock() + REST
        return None


class Ways(Generic[T]):
    """Several ways to read the same, the best first."""

    def __init__(self, ways: Iterable[Way[T]]) -> None:
        self._ways = tuple(ways)

    async def read(self) -> tuple[T, str, str | None]:
        """What was read, how, and why not in the best way. Raises OSError when no way is left."""
        failures: dict[str, None] = {}
        for way in self._ways:
            found = await way.read()
            if found is not None:
                return found, way.source, next(iter(failures), None)
            failures[way.failure] = None
        raise OSError(f"TCP sockets cannot be counted: {'; '.join(failures)}")
