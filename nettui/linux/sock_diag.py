"""TCP sockets by sock_diag(7): how many in each state, and by local port (linux/inet_diag.h, linux/sock_diag.h).

Only a few bytes of each message are looked at: no extension is asked for, and no record is made for a socket. Where
the messages of a datagram all have one length, as on the tick they mostly have, a column of them is one slice.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from errno import EINVAL, EOPNOTSUPP
from itertools import chain
from socket import AF_INET, AF_INET6, IPPROTO_TCP
from struct import Struct as Layout
from typing import TypeVar

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
_STATE, _TIMER, _PORT = 16 + 1, 16 + 2, 16 + 4  # where in a message they are


class StateTally:
    """Counts the sockets of a dump by state."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        """By the kernel's number."""
        self.fin_wait2_minisocks = 0
        """Those in FIN_WAIT2 that are held as time-wait minisocks: no program has them open any more."""

    def feed(self, chunk: bytes) -> None:
        """Take one datagram. Raises NetlinkDecodeError, and has then counted nothing of it."""
        if length := common_length(chunk):
            states, timers = chunk[_STATE::length], chunk[_TIMER::length]
        else:
            starts = socket_messages(chunk)
            states, timers = bytes([chunk[s + _STATE] for s in starts]), bytes([chunk[s + _TIMER] for s in starts])
        present = {known(state) for state in set(states)}
        for state in present:
            self.counts[state] += states.count(state)
        if FIN_WAIT2 in present and _TIMER_TIME_WAIT in timers:
            self.fin_wait2_minisocks += list(zip(states, timers, strict=True)).count((FIN_WAIT2, _TIMER_TIME_WAIT))


class PortTally:
    """Counts the sockets of a dump by state and local port."""

    def __init__(self) -> None:
        self._counts: Counter[bytes] = Counter()  # by what is between state and port, both included

    def feed(self, chunk: bytes) -> None:
        """Take one datagram. Raises NetlinkDecodeError, and has then counted nothing of it."""
        self._counts.update([chunk[start + _STATE : start + _PORT + 2] for start in socket_messages(chunk)])

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """(The kernel's number of the state, port, how many), some of them in several parts.

        Raises NetlinkDecodeError.
        """
        for (state, _, _, high, low), count in self._counts.items():
            yield known(state), high << 8 | low, count


S = TypeVar("S", StateTally, PortTally)


class TcpDiag:
    """Dumps of the TCP sockets of the network namespace it is first used in."""

    def __init__(self) -> None:
        self._socket = NetlinkSocket(SOCK_DIAG)
        self._by_family = False

    async def states(self, mask: int = EVERY_STATE, aside: bool = False) -> StateTally:
        """Count the sockets in the states of `mask`; `aside`: few among many (`NetlinkSocket.dump`).

        Raises NetlinkError, NetlinkDecodeError or OSError.
        """
        found, *others = await self._dump(mask, StateTally, aside)
        for other in others:
            found.counts.update(other.counts)
            found.fin_wait2_minisocks += other.fin_wait2_minisocks
        return found

    async def ports(self) -> Iterator[tuple[int, int, int]]:
        """All sockets, as (the kernel's number of the state, local port, how many), some of them in several parts.

        Raises as `states` does, NetlinkDecodeError also while it is iterated.
        """
        return chain.from_iterable(await self._dump(EVERY_STATE, PortTally))

    def close(self) -> None:
        """Let the socket go; the next dump opens another."""
        self._socket.close()

    async def _dump(self, mask: int, sink: Callable[[], S], aside: bool = False) -> list[S]:
        """Dump IPv4 and IPv6, into one sink or one each.

        The older request, TCPDIAG_GETSOCK, names no family and gets both in one walk through the kernel's table. The
        newer must name one, and a walk costs the same whether it finds anything or not.
        """
        if not self._by_family:
            try:
                request = _REQUEST.pack(0, 0, 0, 0, _ANY_SOCKET, mask, 0)
                return [await self._socket.dump(TCPDIAG_GETSOCK, request, sink, aside)]
            except NetlinkError as error:
                if error.errno not in (EINVAL, EOPNOTSUPP):
                    raise
                self._by_family = True
        requests = [_REQUEST_V2.pack(family, IPPROTO_TCP, 0, 0, mask, _ANY_SOCKET) for family in (AF_INET, AF_INET6)]
        return [await self._socket.dump(SOCK_DIAG_BY_FAMILY, request, sink, aside) for request in requests]


def common_length(chunk: bytes) -> int:
    """The length of each message of a datagram in which all are about sockets and equally long, else 0.

    When wherever the next message would then begin there is a header like the first, no walk is needed.
    """
    if len(chunk) < _SMALLEST:
        return 0
    length, kind = _HEADER.unpack_from(chunk)
    if length < _SMALLEST or length % 4 or len(chunk) % length or kind not in (TCPDIAG_GETSOCK, SOCK_DIAG_BY_FAMILY):
        return 0
    number = len(chunk) // length
    alike = all(chunk[place::length] == chunk[place : place + 1] * number for place in range(_HEADER.size))
    return int(length) if alike else 0


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
