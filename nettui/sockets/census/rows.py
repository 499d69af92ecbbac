"""What a census looks at of one TCP socket: a row of a table's columns, cheaper than a record."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from heapq import nsmallest
from typing import Any, NamedTuple, TypeVar

from nettui.model.census import MOST, Share
from nettui.model.socket_table import SocketTable

LISTEN, SYN_SENT, SYN_RECV, ESTABLISHED, TIME_WAIT, CLOSE_WAIT = (
    "LISTEN", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "TIME_WAIT", "CLOSE_WAIT",
)
FIN_WAIT1, FIN_WAIT2, CLOSING, LAST_ACK = "FIN_WAIT1", "FIN_WAIT2", "CLOSING", "LAST_ACK"
FEW_STATES = (LISTEN, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, LAST_ACK, CLOSING)
"""The states that are looked at one and all, on any host."""
CROWDED_STATES = (ESTABLISHED, TIME_WAIT)
"""The states that nearly all sockets of a busy host are in."""


ENDS = ("state", "local", "local_port", "peer", "peer_port")
"""Of a row what tells where a connection goes."""


class Row(NamedTuple):
    """One socket, by columns of its table. None: not known."""

    state: str
    local: str
    local_port: int | None = None
    peer: str = "*"
    peer_port: int | None = None
    recv_q: int | None = None
    send_q: int | None = None
    uid: int | None = None
    inode: int = 0
    cgroup: int | None = None
    timer_kind: str | None = None
    retries: int | None = None
    sent_ago: float | None = None
    received_ago: float | None = None
    acknowledged_ago: float | None = None

    @property
    def sent_again(self) -> int:
        """How often the same was sent again without an answer."""
        return self.retries or 0


K = TypeVar("K", bound=Hashable)
G = TypeVar("G")
V = TypeVar("V", int, str)


def rows(table: SocketTable, start: int = 0, end: int | None = None, names: Sequence[str] = Row._fields) -> list[Row]:
    """The sockets of a part of a table: about a millisecond for five hundred.

    `names`: the fields that are needed, in the order of Row, from its first on.
    """
    return list(map(Row, *(table.column(name, start, end) for name in names)))


def by(key: Callable[[Row], K], chosen: Iterable[Row]) -> dict[K, list[Row]]:
    """Rows in groups of one key, in the order in which the keys came."""
    groups: dict[K, list[Row]] = {}
    for row in chosen:
        groups.setdefault(key(row), []).append(row)
    return groups


def shares(names: Iterable[str], most: int = 3) -> tuple[Share, ...]:
    """The commonest names with their counts; of equally common ones those first in the alphabet."""
    return tuple(Share(name=name, count=count) for name, count in _commonest(names, most))


def port_shares(ports: Iterable[int | None], most: int = 3) -> tuple[Share, ...]:
    """The commonest ports, as `:8080`; of equally common ones the lowest."""
    known = (port for port in ports if port)
    return tuple(Share(name=f":{port}", count=count) for port, count in _commonest(known, most))


def _commonest(values: Iterable[V], most: int) -> list[tuple[V, int]]:
    return nsmallest(most, Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))


def only(values: Iterable[G | None]) -> G | None:
    """The one value that all have; None where they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def largest(groups: Iterable[G], size: Callable[[G], Any], most: int = MOST) -> tuple[G, ...]:
    """The largest groups, the largest first; equally large ones stay in their order."""
    return tuple(sorted(groups, key=size, reverse=True)[:most])


def listening(chosen: Iterable[Row]) -> dict[int, Row]:
    """One listener for each port that is listened on: of several the one that most may wait at."""
    found: dict[int, Row] = {}
    for row in chosen:
        if row.state == LISTEN and row.local_port:
            known = found.get(row.local_port)
            if known is None or (row.send_q or 0) > (known.send_q or 0):
                found[row.local_port] = row
    return found


def service(row: Row, listened: Collection[int]) -> tuple[bool, int | None]:
    """The port that stays the same from connection to connection, and whether it is ours."""
    ours = row.local_port in listened
    return ours, row.local_port if ours else row.peer_port
