"""What is asked of the sockets, and the answer: one picture of them, filtered, sorted and grouped."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Protocol, overload

from msgspec import Struct

from nettui.model.socket import UNCONN, ClosedSocket, Socket, SocketKey, Transport
from nettui.model.socket_filter import Filter
from nettui.model.socket_table import SocketTable
from nettui.model.tcp import STATES
from nettui.sockets.facts import Facts

SORTS = (
    "state", "proto", "local", "peer", "recvq", "sendq", "process", "user", "unit", "iface", "rtt", "retrans", "idle",
    "age", "timer",
)
"""What sockets can be sorted by. What is not known comes last, in reverse too."""

GROUPS = ("state", "port", "peer", "network", "process", "user", "unit")
"""What they can be grouped by: `port` is the local one, `network` the peer's /24 or /64."""

GROUP_STATES: tuple[str, ...] = (*STATES, UNCONN)
"""The order of the counts of a group."""


class SocketQuery(Struct, frozen=True, kw_only=True):
    """Which sockets, in which order."""

    wanted: Filter | None = None
    transports: frozenset[Transport] = frozenset({Transport.TCP, Transport.UDP})
    sort: str = "state"
    """One of SORTS."""
    reverse: bool = False
    group: str | None = None
    """One of GROUPS; None: each socket for itself."""
    also: frozenset[str] = frozenset()
    """Of SORTS: what else has to be known of every socket, to be written of every socket."""


class Places(Protocol):
    """Some sockets by their places in a table."""

    def __len__(self) -> int: ...

    @overload
    def __getitem__(self, at: int) -> int: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[int]: ...

    def __iter__(self) -> Iterator[int]: ...


class Group(Struct, frozen=True, gc=False):
    """The sockets that have something in common. There may be 80,000 groups: the garbage collector passes them by."""

    key: Hashable
    """By which it is known from reading to reading."""
    name: str
    """`8080`, `10.0.3.0/24`, `java[4711]`, or `--` for those of which it is not known."""
    counts: tuple[int, ...]
    """How many in each of GROUP_STATES."""
    places: Places
    """Its sockets, in the order asked for."""


class SocketFrame(Struct, frozen=True, kw_only=True, eq=False):
    """The answer to a query at one moment. Two are never compared but by identity: they may hold 100,000 sockets."""

    query: SocketQuery
    table: SocketTable
    order: Sequence[int]
    """Places in `table` of the sockets that pass the filter, sorted."""
    groups: tuple[Group, ...] = ()
    """Where the query asks for groups: the largest first."""
    facts: Facts = Facts()
    new: frozenset[SocketKey] = frozenset()
    gone: frozenset[SocketKey] = frozenset()
    """What this reading has more and less than the one before, before the filter."""
    closed: tuple[ClosedSocket, ...] = ()
    """Those that ended lately, the last first."""
    closed_note: str | None = None
    """Why short-lived ones may be missing in `closed`, where they may."""
    details: Mapping[SocketKey, Socket] = {}
    """Of the sockets that were looked at closely: with their TcpInfo."""

    @property
    def taken_at(self) -> float:
        return self.table.taken_at

    def socket(self, place: int) -> Socket:
        """One socket, with all that is known of it but what `facts` holds."""
        known = self.details.get(self.table.keys()[place])
        return known if known is not None else self.table.socket(place)
