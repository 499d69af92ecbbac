"""Where connections go from the ephemeral ports: all from one address to one service share one range of them."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from ipaddress import ip_network
from typing import NamedTuple

from msgspec.structs import replace

from nettui.model.census import MOST, Destination
from nettui.model.socket_filter import AllOf, AnyOf, Filter, Is
from nettui.sockets.census.rows import CROWDED_STATES, ESTABLISHED, LISTEN, TIME_WAIT, Row, largest

NOTICEABLE = 0.05
"""Share of the ephemeral ports from which on a destination is told."""
SUSPICIOUS = 0.25
"""Share from which on an estimate is confirmed, and the program looked for."""

Place = tuple[str, str, int]
"""Source address, destination address, destination port."""


class Traffic(NamedTuple):
    """Connections from ephemeral ports by where they go."""

    standing: Counter[Place]
    """ESTABLISHED: only these are sampled on a busy host, with TIME_WAIT."""
    time_wait: Counter[Place]
    others: Counter[Place]
    """In any other state."""

    @classmethod
    def none(cls) -> "Traffic":
        return cls(Counter(), Counter(), Counter())

    def add(self, found: Iterable[Row], listened: Collection[int], ephemeral: range) -> None:
        """Count some sockets. What comes from a port that is listened on came the other way."""
        for row in found:
            if row.local_port in ephemeral and row.local_port not in listened and row.peer_port:
                if row.state == TIME_WAIT:
                    self.time_wait[row.local, row.peer, row.peer_port] += 1
                elif row.state == ESTABLISHED:
                    self.standing[row.local, row.peer, row.peer_port] += 1
                elif row.state != LISTEN:
                    self.others[row.local, row.peer, row.peer_port] += 1


def destinations(
    exact: Traffic, slices: Sequence[tuple[Traffic, int]], ports: int, noticeable: float = NOTICEABLE, most: int = MOST
) -> tuple[Destination, ...]:
    """Those that take a noticeable share of `ports`, the largest first.

    `slices`: of ESTABLISHED and TIME_WAIT, each with how many of the ports it saw; none: `exact` has those too.
    """
    seen = sum(count for _, count in slices)
    standing, time_wait = exact.standing, exact.time_wait
    if slices:
        standing, time_wait = Counter[Place](), Counter[Place]()
        for traffic, _ in slices:
            standing.update(traffic.standing)
            time_wait.update(traffic.time_wait)
    scale = ports / seen if seen else 1.0
    made = (
        Destination(
            source=place[0], address=place[1], port=place[2],
            live=round(standing[place] * scale) + exact.others[place], time_wait=round(time_wait[place] * scale),
            sampled=bool(slices),
        )
        for place in standing.keys() | time_wait.keys() | exact.others.keys()
    )
    chosen = (each for each in made if each.used and each.used >= noticeable * ports)
    return largest(sorted(chosen, key=place_of), lambda each: each.used, most)


def place_of(destination: Destination) -> Place:
    """What a destination is known by."""
    return destination.source, destination.address, destination.port


def wanted(place: Place, ephemeral: range) -> Filter:
    """What the kernel is to be asked for, to count what goes to one destination. Raises ValueError for no address."""
    source, address, port = place
    return AllOf((
        AnyOf(tuple(Is("state", "=", state) for state in CROWDED_STATES)),
        Is("src", "=", ip_network(source)), Is("dst", "=", ip_network(address)), Is("dport", "=", port),
        Is("sport", ">=", ephemeral.start), Is("sport", "<=", ephemeral.stop - 1),
    ))


def confirmed(estimate: Destination, counted: Traffic, others: int) -> Destination:
    """The same with what was counted in place of what was estimated; `others`: in none of the crowded states."""
    place = place_of(estimate)
    return replace(
        estimate, live=counted.standing[place] + others, time_wait=counted.time_wait[place], sampled=False
    )
