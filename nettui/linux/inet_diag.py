"""Asking sock_diag(7) for IPv4 and IPv6 sockets: all of a protocol, or each by itself (linux/inet_diag.h)."""

from collections.abc import Callable, Sequence
from errno import EINVAL, EOPNOTSUPP
from socket import AF_INET, AF_INET6, IPPROTO_RAW, IPPROTO_TCP, IPPROTO_UDP
from struct import Struct as Layout
from typing import TypeVar

from msgspec.structs import replace

from nettui.linux.attributes import attribute, attribute_u32
from nettui.linux.inet_message import EVERYTHING, decode_inet, identity
from nettui.linux.netlink import SOCK_DIAG, NetlinkError, NetlinkSocket, Sink, messages
from nettui.linux.sock_diag import SOCK_DIAG_BY_FAMILY, TCPDIAG_GETSOCK
from nettui.linux.tcp_states import EVERY_STATE
from nettui.model.socket import Socket, SocketKey, Transport

_IPPROTO_MPTCP = 262  # linux/in.h; does not fit where a request names its protocol
_PROTOCOLS = {
    Transport.TCP: IPPROTO_TCP, Transport.UDP: IPPROTO_UDP, Transport.RAW: IPPROTO_RAW, Transport.MPTCP: 0,
}
_REQ_BYTECODE, _REQ_PROTOCOL = 1, 3  # INET_DIAG_REQ_*
_ANY_SOCKET = bytes(48)  # struct inet_diag_sockid
_BOTH_FAMILIES = Layout("=xxxB48sIxxxx")  # struct inet_diag_req: extensions, identity, states
_ONE_FAMILY = Layout("=BBBxI48s")  # struct inet_diag_req_v2: family, protocol, extensions, states, identity

FOUND_BY_ADDRESS = (Transport.TCP, Transport.UDP)
"""Whose sockets `InetDiag.find` finds."""

S = TypeVar("S", bound=Sink)


class InetDiag:
    """The sockets of the network namespace it is first used in."""

    def __init__(self) -> None:
        self._dumps, self._single = NetlinkSocket(SOCK_DIAG), NetlinkSocket(SOCK_DIAG)  # neither waits for the other
        self._by_family = False

    async def dump(
        self, transport: Transport, sink: Callable[[], S], states: int = EVERY_STATE, bytecode: bytes = b"",
        extensions: int = 0,
    ) -> list[S]:
        """Feed all sockets in the states of a mask for which a program lets them through to one sink, or several.

        TCP comes in one walk through the kernel's table, by the older request, TCPDIAG_GETSOCK, which names no family.
        The newer must name one, and a walk costs the same whether it finds anything or not. Raises NetlinkError
        (ENOENT where the kernel does not know of this protocol), NetlinkDecodeError or OSError.
        """
        ways = [False, True] if transport is Transport.TCP and not self._by_family else [True]
        for by_family in ways:
            try:
                found = await self._dump(transport, by_family, sink, states, bytecode, extensions)
            except NetlinkError as error:
                refused = error.errno in (EINVAL, EOPNOTSUPP)
                if not refused or (by_family and not bytecode):
                    raise
            else:
                self._by_family = self._by_family or (by_family and transport is Transport.TCP)
                return found
        # The kernel does not know one of the program's conditions: all sockets then, which is too many but not wrong.
        return await self.dump(transport, sink, states, b"", extensions)

    async def _dump(
        self, transport: Transport, by_family: bool, sink: Callable[[], S], states: int, bytecode: bytes,
        extensions: int,
    ) -> list[S]:
        program = attribute(_REQ_BYTECODE, bytecode) if bytecode else b""
        narrow = bool(bytecode) or states != EVERY_STATE  # the kernel may go through its whole table for one answer
        if not by_family:
            body = _BOTH_FAMILIES.pack(extensions, _ANY_SOCKET, states) + program
            return [await self._dumps.dump(TCPDIAG_GETSOCK, body, sink, narrow)]
        if transport is Transport.MPTCP:
            program += attribute_u32(_REQ_PROTOCOL, _IPPROTO_MPTCP)
        found = []
        for family in (AF_INET, AF_INET6):
            body = _ONE_FAMILY.pack(family, _PROTOCOLS[transport], extensions, states, _ANY_SOCKET) + program
            found.append(await self._dumps.dump(SOCK_DIAG_BY_FAMILY, body, sink, narrow))
        return found

    async def find(self, sockets: Sequence[Socket]) -> dict[SocketKey, Socket]:
        """These TCP and UDP sockets with all there is to know, as far as the kernel finds them by their addresses.

        That costs it microseconds for each. It does not find every one: of several that share a port and have no peer
        (SO_REUSEPORT, socket(7)) it takes any, and if that is another one it says that there is none. Raises as
        `dump` does, and ValueError for a socket that has no cookie.
        """
        answers = await self._single.ask_each(SOCK_DIAG_BY_FAMILY, [_request(socket) for socket in sockets])
        found: dict[SocketKey, Socket] = {}
        for socket, answer in zip(sockets, answers, strict=True):
            for kind, start, end in messages(answer or b""):
                if kind == SOCK_DIAG_BY_FAMILY:
                    found[socket.key] = decode_inet(socket.transport, answer or b"", start, end)
        return found

    def close(self) -> None:
        """Let the sockets go; the next request opens others."""
        self._dumps.close()
        self._single.close()


def _request(socket: Socket) -> bytes:
    """Of UDP the kernel wants both ends the other way round ("for historical reasons", net/ipv4/udp_diag.c)."""
    family = AF_INET if socket.family == "inet" else AF_INET6
    if socket.transport is Transport.UDP:
        socket = replace(
            socket, local=socket.peer, local_port=socket.peer_port, peer=socket.local, peer_port=socket.local_port
        )
    return _ONE_FAMILY.pack(family, _PROTOCOLS[socket.transport], EVERYTHING, EVERY_STATE, identity(socket))
