"""A hundred thousand sockets in the kernel's own bytes: 72 for each, and a record only for one that is looked at."""

import sys
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, chain
from struct import Struct as Layout

from msgspec.structs import replace

from nettui.linux.inet_message import (
    FAMILIES,
    NO_COOKIES,
    STATES,
    TIMERS,
    UNKNOWN_TIMER,
    address,
    decode_inet,
    owner,
    seconds_left,
)
from nettui.linux.socket_payloads import MESSAGE_SIZE
from nettui.linux.socket_sink import UNKNOWN, SocketSink, rtt, span
from nettui.model.socket import Socket, SocketKey, Transport
from nettui.model.socket_table import SocketTable

_TRANSPORTS = tuple(Transport)
_STATES = tuple(STATES[transport] for transport in _TRANSPORTS)

_FAMILY, _STATE, _TIMER, _RETRIES = range(4)
"""Where in struct inet_diag_msg these bytes are."""
_LOCAL_PORT, _PEER_PORT = 2, 3
"""Which of its 16-bit numbers these are."""
_PORTS = 1
_IFINDEX, _COOKIE_LOW, _COOKIE_HIGH, _EXPIRES, _RECV_Q, _SEND_Q, _UID, _INODE = range(10, 18)
"""Which of its 32-bit numbers these are."""
_HALVES, _WORDS = MESSAGE_SIZE // 2, MESSAGE_SIZE // 4
_COOKIES_FROM, _COOKIE, _LONG_WORDS = 4, 5, MESSAGE_SIZE // 8
"""From the fourth byte on the messages are 64-bit numbers: which of them is the cookie, and of how many."""
_LOCAL, _PEER = Layout("=B7x16s48x"), Layout("=B23x16s32x")
"""Its family and an address."""

Column = Sequence[object]


class PackedTable:
    """Sockets of one or several dumps; a `SocketTable`. What the sinks hold becomes part of it."""

    def __init__(self, sinks: Sequence[SocketSink], taken_at: float, note: str | None = None) -> None:
        self.taken_at = taken_at
        self.note = note
        self._transports = _runs(sinks)
        packed, cgroups, measures = bytearray(), None, None
        for number, sink in enumerate(sinks):
            if number == 0:  # nearly always the one that holds nearly all
                packed, cgroups, measures = sink.packed, sink.cgroups, sink.measures
                continue
            packed += sink.packed
            if cgroups is not None and sink.cgroups is not None:
                cgroups.extend(sink.cgroups)
            if measures is not None and sink.measures is not None:
                measures.extend(sink.measures)
        self._bytes = memoryview(packed).toreadonly()
        self._halves, self._numbers = self._bytes.cast("H"), self._bytes.cast("I")
        self._cgroups, self._measures = cgroups, measures
        self._keys: Sequence[SocketKey] | None = None

    def __len__(self) -> int:
        return len(self._transports)

    def keys(self) -> Sequence[SocketKey]:
        """Of all sockets: their cookies."""
        if self._keys is None:
            self._keys = self._cookies()
        return self._keys

    def same_as(self, other: SocketTable) -> bool:
        """Whether another table holds the same sockets at the same places in the same states."""
        return (
            isinstance(other, PackedTable)
            and self._bytes[_STATE::MESSAGE_SIZE] == other._bytes[_STATE::MESSAGE_SIZE]
            and self._numbers[_COOKIE_LOW::_WORDS] == other._numbers[_COOKIE_LOW::_WORDS]
            and self._numbers[_COOKIE_HIGH::_WORDS] == other._numbers[_COOKIE_HIGH::_WORDS]
        )

    def socket(self, place: int) -> Socket:
        """The record of one socket."""
        place = range(len(self))[place]
        start = place * MESSAGE_SIZE
        message = bytes(self._bytes[start : start + MESSAGE_SIZE])
        found = decode_inet(_TRANSPORTS[self._transports[place]], message, 0, MESSAGE_SIZE)
        cgroup = self._cgroups[place] or None if self._cgroups is not None else None
        info = self._measures.info(place) if self._measures is not None else None
        return found if cgroup is None and info is None else replace(found, cgroup=cgroup, info=info)

    def column(self, name: str, start: int = 0, end: int | None = None) -> Column:
        """One field of many sockets."""
        start, end, _ = slice(start, end).indices(len(self))
        return _COLUMNS[name](self, start, max(start, end))

    def octets(self, place: int, start: int, end: int) -> bytes:
        """One byte of many messages."""
        return self._bytes[start * MESSAGE_SIZE + place : end * MESSAGE_SIZE : MESSAGE_SIZE].tobytes()

    def words(self, place: int, start: int, end: int) -> list[int]:
        """One 32-bit number of many messages."""
        return self._numbers[start * _WORDS + place : end * _WORDS : _WORDS].tolist()

    def ports(self, place: int, start: int, end: int) -> Column:
        """One port of many messages, which is in network order."""
        ports = array("H", self._halves[start * _HALVES + place : end * _HALVES : _HALVES].tobytes())
        if sys.byteorder == "little":
            ports.byteswap()
        return [port or None for port in ports]

    def both_ports(self, start: int, end: int) -> Column:
        """The local port and the peer's as one number each: they stand side by side, in network order."""
        ports = array("I", self._numbers[start * _WORDS + _PORTS : end * _WORDS : _WORDS].tobytes())
        if sys.byteorder == "little":
            ports.byteswap()
        return ports.tolist()

    def addresses(self, layout: Layout, start: int, end: int) -> Column:
        """One address of many messages."""
        known = _Addresses()
        return [known[pair] for pair in layout.iter_unpack(self._bytes[start * MESSAGE_SIZE : end * MESSAGE_SIZE])]

    def transports(self, start: int, end: int) -> bytes:
        """Of many sockets the places in `_TRANSPORTS`."""
        return self._transports[start:end]

    def cgroups(self, start: int, end: int) -> Column:
        """Their ids, as far as they were asked for."""
        if self._cgroups is None:
            return [None] * (end - start)
        return [cgroup or None for cgroup in self._cgroups[start:end]]

    def rtts(self, start: int, end: int) -> Column:
        """Seconds, as far as they were asked for."""
        if self._measures is None:
            return [None] * (end - start)
        return [rtt(microseconds) for microseconds in self._measures.rtt[start:end]]

    def retransmits(self, start: int, end: int) -> Column:
        """Since the connection began, as far as they were asked for."""
        if self._measures is None:
            return [None] * (end - start)
        return [None if number == UNKNOWN else number for number in self._measures.total_retrans[start:end]]

    def idle_spans(self, start: int, end: int) -> Column:
        """Seconds without data in either direction, as far as they were asked for."""
        if self._measures is None:
            return [None] * (end - start)
        sent, received = self._measures.last_data_sent[start:end], self._measures.last_data_recv[start:end]
        return [span(one if one < other else other) for one, other in zip(sent, received, strict=True)]

    def sent_spans(self, start: int, end: int) -> Column:
        """Seconds since data went, as far as they were asked for."""
        return self._spans(self._measures.last_data_sent if self._measures is not None else None, start, end)

    def received_spans(self, start: int, end: int) -> Column:
        """Seconds since data came, as far as they were asked for."""
        return self._spans(self._measures.last_data_recv if self._measures is not None else None, start, end)

    def acknowledged_spans(self, start: int, end: int) -> Column:
        """Seconds since anything was acknowledged, as far as they were asked for."""
        return self._spans(self._measures.last_ack_recv if self._measures is not None else None, start, end)

    def _spans(self, milliseconds: "array[int] | None", start: int, end: int) -> Column:
        if milliseconds is None:
            return [None] * (end - start)
        return [span(number) for number in milliseconds[start:end]]

    def _cookies(self) -> Sequence[SocketKey]:
        """Numbers side by side, of which Python makes an object only where one is looked at."""
        cookies = self._numbered()
        packed = cookies.tobytes()
        if not any(none.to_bytes(8) in packed for none in NO_COOKIES):  # alike in either order of bytes
            return cookies
        return [self.socket(place).key if key in NO_COOKIES else key for place, key in enumerate(cookies)]

    def _numbered(self) -> "array[int]":
        if sys.byteorder == "little" and len(self):  # the lower half comes first, as in a number of 64 bits
            numbers = self._bytes[_COOKIES_FROM : _COOKIES_FROM - 8].cast("Q")
            return array("Q", numbers[_COOKIE::_LONG_WORDS].tobytes())
        lows, highs = (self.words(place, 0, len(self)) for place in (_COOKIE_LOW, _COOKIE_HIGH))
        return array("Q", [low | high << 32 for low, high in zip(lows, highs, strict=True)])


class JoinedTable:
    """The sockets of several tables, one behind the other; a `SocketTable`."""

    def __init__(self, tables: Sequence[SocketTable], taken_at: float, note: str | None = None) -> None:
        self.taken_at = taken_at
        self.note = note
        self._tables = tuple(tables)
        self._starts = tuple(accumulate((len(table) for table in tables), initial=0))
        self._keys: list[SocketKey] | None = None

    def __len__(self) -> int:
        return self._starts[-1]

    def keys(self) -> Sequence[SocketKey]:
        """Of all sockets."""
        if self._keys is None:
            self._keys = list(chain.from_iterable(table.keys() for table in self._tables))
        return self._keys

    def same_as(self, other: SocketTable) -> bool:
        """Whether another table holds the same sockets at the same places in the same states."""
        return (
            isinstance(other, JoinedTable)
            and len(self._tables) == len(other._tables)
            and all(mine.same_as(theirs) for mine, theirs in zip(self._tables, other._tables, strict=True))
        )

    def socket(self, place: int) -> Socket:
        """The record of one socket."""
        place = range(len(self))[place]
        number = bisect_right(self._starts, place) - 1
        return self._tables[number].socket(place - self._starts[number])

    def column(self, name: str, start: int = 0, end: int | None = None) -> Column:
        """One field of many sockets."""
        start, end, _ = slice(start, end).indices(len(self))
        found: list[object] = []
        for table, first in zip(self._tables, self._starts, strict=False):
            here, there = max(0, start - first), min(len(table), end - first)
            if here < there:
                found += table.column(name, here, there)
        return found


class _Addresses(dict[tuple[int, bytes], str]):
    """The texts of addresses, by family and 16 bytes, each made once."""

    def __missing__(self, pair: tuple[int, bytes]) -> str:
        self[pair] = text = address(*pair)
        return text


def _runs(sinks: Sequence[SocketSink]) -> bytes:
    """For each socket the place of its transport in `_TRANSPORTS`."""
    return b"".join(bytes([_TRANSPORTS.index(sink.transport)]) * len(sink) for sink in sinks)


def _states(table: PackedTable, start: int, end: int) -> Column:
    pairs = zip(table.transports(start, end), table.octets(_STATE, start, end), strict=True)
    return [_STATES[kind][code] for kind, code in pairs]


def _timers(table: PackedTable, start: int, end: int) -> Column:
    pairs = zip(table.octets(_TIMER, start, end), table.words(_EXPIRES, start, end), strict=True)
    return [seconds_left(expires) if kind else None for kind, expires in pairs]


def _timer_kinds(table: PackedTable, start: int, end: int) -> Column:
    return [TIMERS.get(kind, UNKNOWN_TIMER) if kind else None for kind in table.octets(_TIMER, start, end)]


def _retries(table: PackedTable, start: int, end: int) -> Column:
    pairs = zip(table.octets(_TIMER, start, end), table.octets(_RETRIES, start, end), strict=True)
    return [retries if kind else None for kind, retries in pairs]


def _uids(table: PackedTable, start: int, end: int) -> Column:
    pairs = zip(table.words(_UID, start, end), table.words(_INODE, start, end), strict=True)
    return [owner(uid, inode) for uid, inode in pairs]


_COLUMNS: dict[str, Callable[[PackedTable, int, int], Column]] = {
    "key": lambda table, start, end: [*table.keys()[start:end]],
    "transport": lambda table, start, end: [_TRANSPORTS[code] for code in table.transports(start, end)],
    "family": lambda table, start, end: [FAMILIES[code] for code in table.octets(_FAMILY, start, end)],
    "state": _states,
    "local": lambda table, start, end: table.addresses(_LOCAL, start, end),
    "local_port": lambda table, start, end: table.ports(_LOCAL_PORT, start, end),
    "peer": lambda table, start, end: table.addresses(_PEER, start, end),
    "peer_port": lambda table, start, end: table.ports(_PEER_PORT, start, end),
    "ports": PackedTable.both_ports,
    "ifindex": lambda table, start, end: [number or None for number in table.words(_IFINDEX, start, end)],
    "recv_q": lambda table, start, end: table.words(_RECV_Q, start, end),
    "send_q": lambda table, start, end: table.words(_SEND_Q, start, end),
    "uid": _uids,
    "inode": lambda table, start, end: table.words(_INODE, start, end),
    "timer": _timers,
    "timer_kind": _timer_kinds,
    "retries": _retries,
    "cgroup": PackedTable.cgroups,
    "rtt": PackedTable.rtts,
    "retrans": PackedTable.retransmits,
    "idle": PackedTable.idle_spans,
    "sent_ago": PackedTable.sent_spans,
    "received_ago": PackedTable.received_spans,
    "acknowledged_ago": PackedTable.acknowledged_spans,
}
