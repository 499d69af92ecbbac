"""Takes the datagrams of a sock_diag dump and keeps of each socket what a table needs; the rest is gone at once."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from struct import Struct as Layout
from typing import NamedTuple

from nettui.linux.inet_message import CGROUP_ID, FAMILIES, INFO, STATES
from nettui.linux.netlink import NetlinkDecodeError
from nettui.linux.socket_payloads import MESSAGE_SIZE, Splitter
from nettui.model.socket import Transport
from nettui.model.socket_table import SocketRequest
from nettui.model.tcp_info import TcpInfo

_KNOWN_FAMILIES = bytes(FAMILIES)
_FAMILY, _STATE = 0, 1  # where in struct inet_diag_msg they are
_LISTEN = 10
_PARTLY_MEANT = frozenset({_LISTEN, 2, 7})
"""States in which the times since data came or went mean nothing: with SYN_SENT and CLOSED. In LISTEN nothing does."""

_ATTRIBUTE = Layout("=HH")
_MEASURED = slice(44, 104)
"""What lies in struct tcp_info between the first and the last of the measures."""
_LAST_DATA_SENT, _LAST_DATA_RECV, _LAST_ACK_RECV, _RTT, _TOTAL_RETRANS = 0, 2, 3, 6, 14  # 32-bit numbers in that
_NOTHING = b"\xff" * (_MEASURED.stop - _MEASURED.start)
_NO_CGROUP = bytes(8)

UNKNOWN = 0xFFFFFFFF
"""A measure that there is not."""


class SocketSink:
    """The sockets of one dump."""

    def __init__(self, transport: Transport, request: SocketRequest) -> None:
        self.transport = transport
        self.packed = bytearray()
        """A struct inet_diag_msg for each socket."""
        self.cgroups = array("Q") if request.cgroups else None
        """Their ids, 0 where there is none."""
        self.measures = Measures() if request.measures else None
        self._states = bytes(STATES[transport])
        self._splitter = Splitter(whole=request.cgroups or request.measures)
        self._cgroup = _Finder(CGROUP_ID, slice(0, len(_NO_CGROUP)))
        self._info = _Finder(INFO, _MEASURED)

    def __len__(self) -> int:
        return len(self.packed) // MESSAGE_SIZE

    def feed(self, chunk: bytes) -> None:
        """Take one datagram. Raises NetlinkDecodeError, and has then kept nothing of it."""
        payloads = self._splitter.split(chunk)
        plain = self.cgroups is None and self.measures is None
        packed = b"".join(payloads if plain else [payload[:MESSAGE_SIZE] for payload in payloads])
        states = packed[_STATE::MESSAGE_SIZE]
        if packed[_FAMILY::MESSAGE_SIZE].translate(None, _KNOWN_FAMILIES):
            raise NetlinkDecodeError("a socket that is neither of IPv4 nor of IPv6")
        if states.translate(None, self._states):
            raise NetlinkDecodeError("a socket in a state that there is not")
        cgroups = self._cgroup.find(payloads, _NO_CGROUP) if self.cgroups is not None else []
        measures = self._measured(payloads, states) if self.measures is not None else []
        # Nothing is kept before all is known to be sound.
        self.packed += packed
        if self.cgroups is not None:
            self.cgroups.frombytes(b"".join(cgroups))
        if self.measures is not None:
            self.measures.add(measures)

    def _measured(self, payloads: list[bytes], states: bytes) -> list[bytes]:
        """What is kept of each tcp_info, without what means nothing in the socket's state."""
        if self.transport is not Transport.TCP:
            return [_NOTHING] * len(payloads)
        found = self._info.find(payloads, _NOTHING)
        for state in _PARTLY_MEANT & {*states}:
            meant = slice(len(_NOTHING) if state == _LISTEN else 4 * _RTT, None)
            found = [
                _NOTHING[: meant.start] + piece[meant] if code == state else piece
                for piece, code in zip(found, states, strict=True)
            ]
        return found


def states_of(sinks: Iterable[SocketSink]) -> Counter[int]:
    """How many sockets are in each state, by the kernel's number."""
    states = b"".join([sink.packed[_STATE::MESSAGE_SIZE] for sink in sinks])
    return Counter({number: count for number in frozenset(states) if (count := states.count(number))})


class Measures:
    """A few numbers of struct tcp_info, a column each; `UNKNOWN` for a socket that has none."""

    def __init__(self) -> None:
        self.last_data_sent, self.last_data_recv, self.last_ack_recv = array("I"), array("I"), array("I")
        """Milliseconds since."""
        self.rtt, self.total_retrans = array("I"), array("I")
        """Microseconds, 0 where it was not measured; segments."""

    def add(self, pieces: list[bytes]) -> None:
        """More sockets: of each what is `_MEASURED`."""
        words = memoryview(b"".join(pieces)).cast("I")
        places = (_LAST_DATA_SENT, _LAST_DATA_RECV, _LAST_ACK_RECV, _RTT, _TOTAL_RETRANS)
        for column, place in zip(self._columns(), places, strict=True):
            column.frombytes(words[place :: len(_NOTHING) // 4].tobytes())

    def extend(self, more: "Measures") -> None:
        """The sockets of another dump behind these."""
        for column, other in zip(self._columns(), more._columns(), strict=True):
            column.extend(other)

    def info(self, place: int) -> TcpInfo | None:
        """What is kept of one socket."""
        if self.total_retrans[place] == UNKNOWN:
            return None
        return TcpInfo(
            rtt=rtt(self.rtt[place]), total_retrans=self.total_retrans[place],
            last_data_sent=span(self.last_data_sent[place]), last_data_recv=span(self.last_data_recv[place]),
            last_ack_recv=span(self.last_ack_recv[place]),
        )

    def _columns(self) -> Iterator["array[int]"]:
        return iter((self.last_data_sent, self.last_data_recv, self.last_ack_recv, self.rtt, self.total_retrans))


def rtt(microseconds: int) -> float | None:
    """Seconds; 0 was not measured."""
    return None if microseconds in (0, UNKNOWN) else microseconds / 1e6


def span(milliseconds: int) -> float | None:
    """Seconds."""
    return None if milliseconds == UNKNOWN else milliseconds / 1e3


class _Place(NamedTuple):
    """Of an attribute in a payload: its header, where that is, and where the part is that is wanted."""

    header: bytes
    where: slice
    part: slice


_NOWHERE = _Place(b"", slice(0), slice(0))


class _Finder:
    """Finds one attribute, or a part of it, in the payloads of a dump.

    In messages of one length it is at one place, if it is in them, so it is sought only once for each length.
    """

    def __init__(self, kind: int, part: slice) -> None:
        self._kind = kind
        self._part = part
        self._known: dict[int, _Place] = {}

    def find(self, payloads: list[bytes], missing: bytes) -> list[bytes]:
        """The part of each; `missing` where there is none. Raises NetlinkDecodeError."""
        found, known = [], self._known
        for payload in payloads:
            header, where, part = known.get(len(payload)) or self._seek(payload)
            if payload[where] != header:
                part = self._seek(payload).part
            found.append(payload[part] or missing)
        return found

    def _seek(self, payload: bytes) -> _Place:
        place, start, end = _NOWHERE, MESSAGE_SIZE, len(payload)
        while end - start >= _ATTRIBUTE.size and place is _NOWHERE:
            length, kind = _ATTRIBUTE.unpack_from(payload, start)
            if not _ATTRIBUTE.size <= length <= end - start:
                raise NetlinkDecodeError(f"an attribute of {length} bytes in {end - start}")
            value = start + _ATTRIBUTE.size
            if kind == self._kind and value + self._part.stop <= start + length:
                part = slice(value + self._part.start, value + self._part.stop)
                place = _Place(payload[start:value], slice(start, value), part)
            start += (length + 3) & ~3
        self._known[end] = place
        return place
