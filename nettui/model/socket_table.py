"""Many sockets at one moment, of which a record is made only where one is looked at."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Protocol

from msgspec import Struct

from nettui.model.socket import Socket, SocketKey, Transport
from nettui.model.socket_filter import Filter


class SocketRequest(Struct, frozen=True, kw_only=True):
    """What is asked of the system. It may answer with more than `wanted`, never with less."""

    transports: frozenset[Transport] = frozenset({Transport.TCP, Transport.UDP})
    wanted: Filter | None = None
    measures: bool = False
    """Whether the columns `rtt`, `retrans`, `idle`, `sent_ago` and `received_ago` are needed: they cost several times
    the rest."""
    cgroups: bool = False
    """Whether the column `cgroup` is needed."""


COLUMNS = (
    "key", "transport", "family", "state", "local", "local_port", "peer", "peer_port", "ports", "ifindex", "recv_q",
    "send_q", "uid", "inode", "timer", "timer_kind", "retries", "cgroup", "rtt", "retrans", "idle", "sent_ago",
    "received_ago", "acknowledged_ago",
)
"""What `SocketTable.column` knows. Values are those of the Socket's field of that name, None where it is not known.
But `timer` is the seconds until it fires, `timer_kind` and `retries` are its other fields; `ports` is
local_port * 65,536 + peer_port, with 0 for none; `rtt`, `retrans` (total_retrans), `idle`, `sent_ago` (last_data_sent)
`received_ago` (last_data_recv) and `acknowledged_ago` (last_ack_recv) are from its TcpInfo."""


class SocketTable(Protocol):
    """Sockets by their place, 0 to len() - 1, in the order the system told them. Never changes."""

    taken_at: float
    """Unix time in seconds."""
    note: str | None
    """Why this is not all there is to know, where it is not (a fallback, a kind that could not be read)."""

    def __len__(self) -> int: ...

    def keys(self) -> Sequence[SocketKey]:
        """Of all sockets. The same object each time."""
        ...

    def same_as(self, other: "SocketTable") -> bool:
        """Whether another table holds the same sockets at the same places in the same states. Costs next to nothing."""
        ...

    def socket(self, place: int) -> Socket:
        """The record of one socket; without what the request did not ask for."""
        ...

    def column(self, name: str, start: int = 0, end: int | None = None) -> Sequence[object]:
        """One field of the sockets from place `start` up to `end`, of which a few thousand cost a millisecond."""
        ...


class ListedTable:
    """A table of records that are all made already: right for some thousands."""

    def __init__(self, sockets: Sequence[Socket], taken_at: float, note: str | None = None) -> None:
        self.taken_at = taken_at
        self.note = note
        self._sockets = tuple(sockets)
        self._keys = tuple(socket.key for socket in self._sockets)
        self._states = [socket.state for socket in self._sockets]

    def __len__(self) -> int:
        return len(self._sockets)

    def keys(self) -> Sequence[SocketKey]:
        return self._keys

    def same_as(self, other: SocketTable) -> bool:
        return isinstance(other, ListedTable) and self._keys == other._keys and self._states == other._states

    def socket(self, place: int) -> Socket:
        return self._sockets[place]

    def column(self, name: str, start: int = 0, end: int | None = None) -> Sequence[object]:
        value = _MEASURES.get(name) or attrgetter(name)
        return [value(socket) for socket in self._sockets[start:end]]


_MEASURES: dict[str, Callable[[Any], object]] = {
    "ports": lambda socket: (socket.local_port or 0) << 16 | (socket.peer_port or 0),
    "timer": lambda socket: socket.timer and socket.timer.expires,
    "timer_kind": lambda socket: socket.timer and socket.timer.kind,
    "retries": lambda socket: socket.timer and socket.timer.retries,
    "rtt": lambda socket: socket.info and socket.info.rtt,
    "retrans": lambda socket: socket.info and socket.info.total_retrans,
    "idle": lambda socket: socket.info and socket.info.idle,
    "sent_ago": lambda socket: socket.info and socket.info.last_data_sent,
    "received_ago": lambda socket: socket.info and socket.info.last_data_recv,
    "acknowledged_ago": lambda socket: socket.info and socket.info.last_ack_recv,
}
