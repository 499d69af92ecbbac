"""The sockets as a table, of which a row is made only where somebody looks at it."""

from array import array
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import overload

from nettui.model.numbers import place_of
from nettui.model.socket import Socket, SocketKey, Transport
from nettui.model.tcp_info import TcpInfo
from nettui.reports.format import UNKNOWN, age, scaled, thousands
from nettui.reports.naming import MARKS
from nettui.reports.sockets_naming import (
    BY_SERVICE,
    Naming,
    latency,
    local_end,
    owners_text,
    peer_end,
    protocol,
    timer_text,
)
from nettui.reports.table import Cell, Column
from nettui.sockets.facts import Facts
from nettui.sockets.frame import SocketFrame

COLUMNS = (
    Column("state", "STATE", 11, help="What the connection is doing; UNCONN: a socket that is not connected"),
    Column("proto", "PROTO", 5, priority=3, help="quic: UDP from or to port 443"),
    Column("local", "LOCAL", 17, grow=3, clip="middle", help="This side's address and port"),
    Column("peer", "PEER", 19, grow=3, clip="middle", help="The other side's address and port"),
    Column("process", "OWNER", 13, grow=2, priority=1, clip="middle", help="The program that has it open"),
    Column("user", "USER", 8, priority=9, help="Who made it"),
    Column("unit", "UNIT", 16, grow=2, priority=10, help="The systemd unit or container, by its cgroup"),
    Column("recvq", "RECV-Q", 6, priority=2, align="right",
           help="Bytes the program has not read; of a listener, connections that wait to be accepted"),
    Column("sendq", "SEND-Q", 6, priority=4, align="right",
           help="Bytes the peer has not acknowledged; of a listener, how many connections may wait"),
    Column("rtt", "RTT", 7, priority=6, align="right", help="Round-trip time, smoothed"),
    Column("retrans", "RETR", 5, priority=7, align="right", help="Segments sent again since it began"),
    Column("idle", "IDLE", 6, priority=5, align="right", help="Since data went either way"),
    Column("age", "AGE", 7, priority=11, align="right", help="Since it was first seen"),
    Column("timer", "TIMER", 17, grow=1, priority=8, help="What the kernel does next of its own accord, and when"),
    Column("iface", "DEV", 9, priority=12, help="The interface it is bound to"),
)
"""The keys are those of `nettui.sockets.frame.SORTS`."""

NEARLY_FULL = 0.8
"""Share of a listener's backlog from which its accept queue is worth a warning."""

_REMEMBERED = 4096  # places of keys given out one by one; a screen shows a hundred


class SocketKeys(Sequence[Hashable]):
    """The keys of a frame's sockets in its order, without a list of them. Remembers where those stand it gave out."""

    def __init__(self, frame: SocketFrame) -> None:
        self._keys, self._order = frame.table.keys(), frame.order
        self._places: dict[SocketKey, int] = {}

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, at: int) -> Hashable: ...

    @overload
    def __getitem__(self, at: slice) -> list[Hashable]: ...

    def __getitem__(self, at: int | slice) -> Hashable | list[Hashable]:
        if isinstance(at, slice):
            places = self._order[at]
            found = [self._keys[place] for place in places]
            self._remember(dict(zip(found, places, strict=True)))
            return list[Hashable](found)
        place = self._order[at]
        key = self._keys[place]
        self._remember({key: place})
        return key

    def __iter__(self) -> Iterator[Hashable]:
        return map(self._keys.__getitem__, self._order)

    def __contains__(self, key: object) -> bool:
        try:
            return self.place(key) in self._order
        except KeyError:
            return False

    def index(self, value: object, start: int = 0, stop: int | None = None) -> int:
        """Where a key stands in the order. Raises ValueError where it does not."""
        try:
            place = self.place(value)
        except KeyError:
            raise ValueError("no such socket") from None
        at = _index(self._order, place)
        if not start <= at < (len(self) if stop is None else stop):
            raise ValueError("not between these")
        return at

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SocketKeys):
            return NotImplemented
        return self._keys is other._keys and self._order is other._order

    def __hash__(self) -> int:
        return hash((id(self._keys), id(self._order)))

    def place(self, key: object) -> int:
        """Where a socket is in the frame's table. Raises KeyError where it is not there."""
        if isinstance(key, int | str):
            place = self._places.get(key)
            if place is not None:
                return place
            try:
                return _index(self._keys, key)
            except ValueError:
                pass
        raise KeyError(key)

    def _remember(self, places: dict[SocketKey, int]) -> None:
        if len(self._places) + len(places) > _REMEMBERED:
            self._places.clear()
        if len(places) <= _REMEMBERED:
            self._places.update(places)


def _index(items: Sequence[SocketKey] | Sequence[int], item: SocketKey) -> int:
    """Where an item stands. Raises ValueError where it does not."""
    if isinstance(items, array):
        return place_of(item if isinstance(item, int) else -1, items)
    return items.index(item)


class SocketRows:
    """A frame's sockets, in its order."""

    def __init__(self, frame: SocketFrame, naming: Naming = BY_SERVICE) -> None:
        self._frame = frame
        self._naming = naming
        self._keys = SocketKeys(frame)

    @property
    def keys(self) -> Sequence[Hashable]:
        return self._keys

    def socket(self, key: Hashable) -> Socket:
        """The socket of a row. Raises KeyError where it is not there (any more)."""
        return self._frame.socket(self._keys.place(key))

    def cells(self, key: Hashable) -> Sequence[Cell]:
        frame = self._frame
        return socket_cells(self.socket(key), frame.facts, frame.taken_at, self._naming)


def socket_cells(socket: Socket, facts: Facts, now: float, naming: Naming = BY_SERVICE) -> tuple[Cell, ...]:
    """One socket in `COLUMNS`; `now` is the Unix time in seconds of the reading.

    A cell is empty where there is nothing to know (nobody has a round trip to a listener), `--` where it is not known.
    """
    return (
        state_cell(socket.state),
        Cell(protocol(socket.transport, socket.local_port, socket.peer_port)),
        Cell(local_end(socket, facts, naming)),
        _peer(socket, facts, naming),
        owner_cell(socket, facts),
        _text(facts.user(socket.uid)),
        _unit(socket, facts),
        *_queues(socket),
        *_measures(socket),
        _age(socket, facts, now),
        _timer(socket),
        _device(socket, facts),
    )


def state_cell(state: str) -> Cell:
    """A state in its colour."""
    return Cell(state, "dim" if state == "UNCONN" else f"state.{state}")


def owner_cell(socket: Socket, facts: Facts) -> Cell:
    """Who has a socket open; where that may not be seen, whose it is; `--` where it is nobody's or not known."""
    owners = facts.owners_of(socket)
    if owners:
        return Cell(owners_text(owners), "notice" if owners[0].elsewhere else "")
    user = facts.user(socket.uid)
    if owners is not None and facts.owners_note and socket.inode and user:
        return Cell(f"user {user}", "dim")
    return _UNKNOWN


_UNKNOWN, _NOTHING = Cell(UNKNOWN, "dim"), Cell("")


def _text(text: str | None) -> Cell:
    return _UNKNOWN if text is None else Cell(text)


def _peer(socket: Socket, facts: Facts, naming: Naming) -> Cell:
    text = peer_end(socket, facts, naming)
    if socket.transport is Transport.UNIX and text == "*":
        return Cell("", "dim")
    return Cell(text, "dim" if text == "*" else "")


def _unit(socket: Socket, facts: Facts) -> Cell:
    unit = facts.unit_of(socket)
    return _UNKNOWN if unit is None else Cell(unit.name, "accent" if unit.container else "")


def _queues(socket: Socket) -> tuple[Cell, Cell]:
    """Of a listener the accept queue, with a sign where it is nearly or quite full, and the backlog."""
    waiting, room = socket.recv_q, socket.send_q
    if not socket.is_listener:
        return _number(waiting, scaled, "notice"), _number(room, scaled)
    role = queue_role(waiting, room)
    mark = f"{MARKS[role]} " if role else ""
    queue = _UNKNOWN if waiting is None else Cell(f"{mark}{_few(waiting)}", role or "dim", waiting)
    return queue, _number(room, _few, "dim")


def queue_role(waiting: int | None, backlog: int | None) -> str:
    """`critical` where more wait than may (the kernel turns clients away), `warning` where nearly, else ``."""
    if not waiting or backlog is None or waiting < NEARLY_FULL * backlog:
        return ""
    return "critical" if waiting > backlog else "warning"


def _few(number: float) -> str:
    return f"{number:.0f}" if number < 10_000 else scaled(number)


def _measures(socket: Socket) -> tuple[Cell, Cell, Cell]:
    """Round-trip time, segments sent again, idle time: what only a connection of TCP has while it lasts."""
    info = socket.info
    if socket.transport not in (Transport.TCP, Transport.MPTCP) or socket.state in ("LISTEN", "TIME_WAIT"):
        return _NOTHING, _NOTHING, _NOTHING
    if info is None:
        return _UNKNOWN, _UNKNOWN, _UNKNOWN
    return _number(info.rtt, latency), _retrans(info), _number(info.idle, age)


def _retrans(info: TcpInfo) -> Cell:
    if info.total_retrans is None:
        return _UNKNOWN
    return Cell(thousands(info.total_retrans), _loud(info.total_retrans, info.retransmits), info.total_retrans)


def _loud(total: int, in_vain: int | None) -> str:
    if in_vain:
        return "warning"
    return "notice" if total else "dim"


def _age(socket: Socket, facts: Facts, now: float) -> Cell:
    known = facts.age(socket.key, now)
    if known is not None:
        return Cell(age(known), "", known)
    if facts.watching_since is None or now <= facts.watching_since:
        return _UNKNOWN
    least = now - facts.watching_since
    return Cell(f">{age(least)}", "dim", least)


def _timer(socket: Socket) -> Cell:
    timer = socket.timer
    if timer is None:
        return _NOTHING
    role = "warning" if timer.retries and timer.kind != "keepalive" else ""
    return Cell(timer_text(timer.kind, timer.expires, timer.retries), role, timer.expires)


def _device(socket: Socket, facts: Facts) -> Cell:
    if not socket.ifindex:
        return Cell("")
    return Cell(facts.links.get(socket.ifindex, f"if{socket.ifindex}"))


def _number(value: float | None, shown: Callable[[float], str], role: str = "") -> Cell:
    return _UNKNOWN if value is None else Cell(shown(value), role if value else "dim", value)
