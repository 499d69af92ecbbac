"""In which order sockets are shown: 100,000 of them sorted, with turns for others on the event loop in between.

What they are sorted by becomes one float for each: those are made quickly from columns and compared fastest.
"""

from array import array
from collections.abc import Sequence
from math import inf
from socket import AF_INET, AF_INET6, inet_pton
from typing import NamedTuple

from nettui.model.socket import UNCONN, Transport
from nettui.model.socket_table import SocketTable
from nettui.model.tcp import STATES
from nettui.model.turns import breathe
from nettui.sockets.facts import Facts
from nettui.sockets.labels import labels
from nettui.sockets.windows import RUN, WINDOW, sorted_positions, windows

_COLUMNS = {
    "recvq": "recv_q", "sendq": "send_q", "rtt": "rtt", "retrans": "retrans", "idle": "idle", "timer": "timer",
}  # fmt: skip
_PORTS = 65536.0
_RANKS = {state: rank * _PORTS**2 for rank, state in enumerate((STATES[0], UNCONN, *STATES[1:]))}
_KINDS = {
    (transport, family): (3 * number + v6) * 16 * _PORTS**2
    for number, transport in enumerate(Transport)
    for v6, family in enumerate(("inet", "inet6", "unix"))
}


class Ordered(NamedTuple):
    """Sockets that have been sorted, and what by: where that is the same again, so is their order."""

    places: Sequence[int]
    """In the order asked for."""
    given: Sequence[int]
    values: "array[float]"
    """Eight bytes each, where a list of floats takes 32."""
    reverse: bool


async def ordered(
    table: SocketTable, places: Sequence[int], facts: Facts, sort: str, reverse: bool = False,
    before: Ordered | None = None,
) -> Ordered:  # fmt: skip
    """The sockets at `places` (ascending), sorted by one of SORTS (`nettui.sockets.frame`).

    Equal ones stay in the order of the table, and what is not known comes last, both in reverse too. `before`: the
    answer to the same question about an earlier table; it is returned when nothing that matters here has changed.
    """
    values = await sort_values(table, places, facts, sort, -inf if reverse else inf)
    kept = array("d")
    for start in range(0, len(values), RUN):
        kept.extend(values[start : start + RUN])
        await breathe()
    if before is not None and before.reverse == reverse and _same(before.values, kept) and before.given == places:
        return before
    await breathe()
    positions = await sorted_positions(values, reverse)
    all_of_them = isinstance(places, range) and places == range(len(places))
    found = array("I")
    for start in range(0, len(positions), RUN):
        some = positions[start : start + RUN]
        found.extend(some if all_of_them else [places[position] for position in some])
        await breathe()
    return Ordered(found, places, kept, reverse)


def _same(one: "array[float]", other: "array[float]") -> bool:
    return memoryview(one).cast("B") == memoryview(other).cast("B")


async def sort_values(
    table: SocketTable, places: Sequence[int], facts: Facts, sort: str, unknown: float
) -> list[float]:
    """For each of `places` a number that is the larger the later it comes; `unknown` for what is not known."""
    if sort == "state":
        return await _by_state(table, places)
    if sort == "proto":
        return await _by_protocol(table, places)
    if sort in ("local", "peer"):
        return await _by_address(table, places, sort, unknown)
    if sort == "age":
        return await _by_age(table, places, facts, unknown)
    if sort in _COLUMNS:
        return await _by_number(table, places, _COLUMNS[sort], unknown)
    return await _by_label(table, places, facts, sort, unknown)


async def _by_state(table: SocketTable, places: Sequence[int]) -> list[float]:
    """LISTEN, UNCONN, then as a connection lives and ends; each by local port, then by peer's."""
    values: list[float] = []
    async for _, (states, ports) in windows(table, places, "state", "ports"):
        values += [_RANKS[state] + both for state, both in zip(states, ports, strict=True)]
    return values


async def _by_protocol(table: SocketTable, places: Sequence[int]) -> list[float]:
    """Each protocol, IPv4 before IPv6, by state."""
    values = await _by_state(table, places)
    start = 0
    async for part, (transports, families) in windows(table, places, "transport", "family"):
        end = start + len(part)
        kinds = [_KINDS[kind] for kind in zip(transports, families, strict=True)]
        values[start:end] = map(float.__add__, kinds, values[start:end])
        start = end
    return values


async def _by_address(table: SocketTable, places: Sequence[int], end: str, unknown: float) -> list[float]:
    """By address and port as numbers: any, IPv4, IPv6, then paths. A socket without peer is one that is not known."""
    addresses: list[str] = []
    ports: list[int | None] = []
    distinct: set[str] = set()
    async for _, (some, their_ports) in windows(table, places, end, f"{end}_port"):
        addresses += some
        ports += their_ports
        distinct.update(some)
    numbers = await _numbers(list(distinct))
    for nothing in ("", "*") if end == "peer" else ("",):
        numbers[nothing] = unknown
    values: list[float] = []
    for start in range(0, len(addresses), RUN):
        some, their_ports = addresses[start : start + RUN], ports[start : start + RUN]
        values += [numbers[address] + (port or 0) for address, port in zip(some, their_ports, strict=True)]
        await breathe()
    return values


async def _numbers(addresses: list[str]) -> dict[str, float]:
    """A number for each, with room for a port. IPv4's is its own; others get theirs by rank, above all of IPv4."""
    found, others, texts = {"*": 0.0}, [], []
    for turn, address in enumerate(addresses, 1):
        try:
            found[address] = int.from_bytes(inet_pton(AF_INET, address)) * _PORTS
        except (OSError, ValueError):
            if address != "*":
                others.append(address)
                texts.append(_sortable(address))
        if turn % WINDOW == 0:
            await breathe()
    for rank, position in enumerate(await sorted_positions(texts)):
        found[others[position]] = (2.0**32 + rank) * _PORTS
    return found


def _sortable(address: str) -> str:
    """A text by which IPv6 addresses are in the order of their numbers, and before everything else."""
    bare, _, zone = address.partition("%")
    try:
        return f"6{inet_pton(AF_INET6, bare).decode('latin-1')}{zone}"
    except (OSError, ValueError):
        return f"7{address}"


async def _by_age(table: SocketTable, places: Sequence[int], facts: Facts, unknown: float) -> list[float]:
    """The youngest first."""
    keys, born = table.keys(), facts.born
    values: list[float] = []
    async for part, _ in windows(table, places):
        values += [-born[key] if key in born else unknown for key in [keys[place] for place in part]]
    return values


async def _by_number(table: SocketTable, places: Sequence[int], column: str, unknown: float) -> list[float]:
    values: list[float] = []
    async for _, (found,) in windows(table, places, column):
        values += [unknown if value is None else float(value) for value in found]
    return values


async def _by_label(table: SocketTable, places: Sequence[int], facts: Facts, by: str, unknown: float) -> list[float]:
    """By name, which few of many sockets have of their own."""
    wanted = labels(by, table, facts)
    keys: list[object] = []
    async for _, columns in windows(table, places, *wanted.columns):
        keys += wanted.keys(columns)
    distinct = list(set(keys))
    known = [key for key in distinct if wanted.is_known(key)]
    order = await sorted_positions([wanted.order(key) for key in known])
    ranks = dict.fromkeys(distinct, unknown) | {known[position]: float(rank) for rank, position in enumerate(order)}
    values: list[float] = []
    for start in range(0, len(keys), RUN):
        values += [ranks[key] for key in keys[start : start + RUN]]
        await breathe()
    return values
