"""TCP sockets by sock_diag(7): how many in each state, and by local port (linux/inet_diag.h, linux/sock_diag.h).

Only a few bytes of each message are looked at: no extension is asked for, and no record is made for a socket.
"""

from collections import Counter
from collections.abc import Iterator
from errno import EINVAL, EOPNOTSUPP
from functools import partial
from socket import AF_INET, AF_INET6, IPPROTO_TCP
from struct import Struct as Layout
from typing import NamedTuple

from nettui.linux.netlink import NLMSG_DONE, SOCK_DIAG, NetlinkDecodeError, NetlinkError, NetlinkSocket
from nettui.linux.tcp_states import EVERY_STATE, FIN_WAIT2, STATE_NUMBERS

TCPDIAG_GETSOCK, SOCK_DIAG_BY_FAMILY = 18, 20
"""Message types: a request's, and those of the sockets that answer it."""

_TIMER_TIME_WAIT = 3
_ANY_SOCKET = bytes(48)  # struct inet_diag_sockid: ports, addresses, interface, cookie
_REQUEST = Layout("=BBBB48sII")  # struct inet_diag_req: family, two lengths, extensions, id, states, hash table
_REQUEST_V2 = Layout("=BBBBI48s")  # struct inet_diag_req_v2: family, protocol, extensions, padding, states, id

_HEADER = Layout("=IH")  # of struct nlmsghdr: length, type
_SMALLEST = 16 + 72  # the header and struct inet_diag_msg
_STATE = 16 + 1  # where in a message the state is, then one byte each of timer and retransmits, then the local port
_STATE_TIMER, _STATE_TO_PORT = 2, 5  # how many bytes that is


class StateCounts(NamedTuple):
    """Sockets by state."""

    counts: Counter[int]
    """By the kernel's number."""
    fin_wait2_minisocks: int = 0
    """Those in FIN_WAIT2 that are held as time-wait minisocks: no program has them open any more."""


class Tally:
    """Counts the sockets of a dump by the `width` bytes of their messages that begin with the state."""

    def __init__(self, width: int) -> None:
        self.counts: Counter[bytes] = Counter()
        self._width = width

    def feed(self, chunk: bytes) -> None:
        """Take one datagram. Raises NetlinkDecodeError, and has then counted nothing of it."""
        starts = socket_messages(chunk)
        width = self._width
        self.counts.update([chunk[start + _STATE : start + _STATE + width] for start in starts])


class TcpDiag:
    """Dumps of the TCP sockets of the network namespace it is first used in."""

    def __init__(self) -> None:
        self._socket = NetlinkSocket(SOCK_DIAG)
        self._by_family = False

    async def states(self, mask: int = EVERY_STATE) -> StateCounts:
        """Count the sockets in the states of `mask`. Raises NetlinkError, NetlinkDecodeError or OSError."""
        counts: Counter[int] = Counter()
        minisocks = 0
        for (state, timer), count in (await self._dump(mask, _STATE_TIMER)).items():
            counts[known(state)] += count
            minisocks += count * ((state, timer) == (FIN_WAIT2, _TIMER_TIME_WAIT))
        return StateCounts(counts, minisocks)

    async def ports(self) -> Iterator[tuple[int, int, int]]:
        """All sockets, as (the kernel's number of the state, local port, how many), some of them in several parts.

        Raises as `states` does, NetlinkDecodeError also while it is iterated.
        """
        counts = await self._dump(EVERY_STATE, _STATE_TO_PORT)
        return ((known(state), high << 8 | low, count) for (state, _, _, high, low), count in counts.items())

    def close(self) -> None:
        """Let the socket go; the next dump opens another."""
        self._socket.close()

    async def _dump(self, mask: int, width: int) -> Counter[bytes]:
        """Dump IPv4 and IPv6.

        The older request, TCPDIAG_GETSOCK, names no family and gets both in one walk through the kernel's table. The
        newer must name one, and a walk costs the same whether it finds anything or not.
        """
        sink = partial(Tally, width)
        if not self._by_family:
            try:
                request = _REQUEST.pack(0, 0, 0, 0, _ANY_SOCKET, mask, 0)
                return (await self._socket.dump(TCPDIAG_GETSOCK, request, sink)).counts
            except NetlinkError as error:
                if error.errno not in (EINVAL, EOPNOTSUPP):
                    raise
                self._by_family = True
        found: Counter[bytes] = Counter()
        for family in (AF_INET, AF_INET6):
            request = _REQUEST_V2.pack(family, IPPROTO_TCP, 0, 0, mask, _ANY_SOCKET)
            found += (await self._socket.dump(SOCK_DIAG_BY_FAMILY, request, sink)).counts
        return found


def socket_messages(chunk: bytes) -> list[int]:
    """Where the messages about sockets begin in a datagram. Raises NetlinkDecodeError.

    A loop of its own, and not `netlink.messages`, because it runs for every socket of the host.
    """
    starts, start, size, unpack = [], 0, len(chunk), _HEADER.unpack_from
    while size - start >= 16:
        length, kind = unpack(chunk, start)
        if kind in (TCPDIAG_GETSOCK, SOCK_DIAG_BY_FAMILY):
            if length < _SMALLEST:
                raise NetlinkDecodeError(f"a socket in {length} bytes")
            starts.append(start)
        elif kind == NLMSG_DONE:
            return starts
        elif length < 16:
            raise NetlinkDecodeError(f"a message of {length} bytes")
        start += (length + 3) & ~3
    if start != size:
        raise NetlinkDecodeError(f"the last message does not end where its datagram does, after {size} bytes")
    return starts


def known(state: int) -> int:
    """`state`, if it is the number of one. Raises NetlinkDecodeError."""
    if state not in STATE_NUMBERS:
        raise NetlinkDecodeError(f"a socket in TCP state {state}, which is none of those asked for")
    return state
