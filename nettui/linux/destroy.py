"""Closing a socket that is another program's: SOCK_DESTROY of sock_diag(7) (linux/sock_diag.h).

The kernel looks for the socket by its addresses, and closes what it finds only if that has the cookie too. So
nothing but the socket that was meant can be hit, whoever has its addresses by now.
"""

import asyncio
import errno
from collections.abc import Iterator
from socket import AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP
from struct import Struct as Layout

from msgspec.structs import replace

from nettui.linux.inet_message import identity
from nettui.linux.netlink import NLM_F_ACK, SOCK_DIAG, NetlinkError, NetlinkSocket
from nettui.model.socket import Socket, Transport

SOCK_DESTROY = 21
_REQUEST = Layout("=BBxxI")  # struct inet_diag_req_v2: family, protocol, states; then the socket's identity
_EVERY_STATE = 0xFFFFFFFF
_FAMILIES = {"inet": AF_INET, "inet6": AF_INET6}
_PROTOCOLS = {Transport.TCP: IPPROTO_TCP, Transport.UDP: IPPROTO_UDP}
_GUESSES = 512  # of 64 sockets on one port, one is then missed once in 3,000 times
_TURN = 64  # guesses after which others on the event loop get a turn: two milliseconds

_SENTENCES = {
    errno.EPERM: "closing sockets needs CAP_NET_ADMIN (run nettui as root)",
    errno.ENOENT: "it is gone already",
    errno.EOPNOTSUPP: "this kernel was built without CONFIG_INET_DIAG_DESTROY, so it closes no sockets",
    errno.EINVAL: "this kernel closes no sockets: that came with Linux 4.5",
}
_HIDDEN = "it is gone already, or it shares its port with others and the kernel finds only those"
_WAITING = "this kernel does not close sockets in TIME_WAIT; they go by themselves after a minute"


async def destroy(socket: Socket) -> None:
    """Close a TCP or UDP socket. Its program keeps the descriptor, and is told ECONNABORTED when it next uses it.

    Raises OSError with a plain sentence (EPERM, ENOENT, EOPNOTSUPP), or as `NetlinkSocket.ask` does. What happens, by
    tcp_abort in net/ipv4/tcp.c and udp_abort in net/ipv4/udp.c:

    - The peer of a connection gets a RST, unless both sides had closed it already.
    - A listener goes with the connections that it has not accepted; its program's accept(2) fails with EINVAL.
    - What is left in TIME_WAIT goes at once; older kernels refuse that.
    - A UDP socket loses its peer, and its port too unless the program chose it: then it goes on receiving there.
    """
    if socket.transport not in _PROTOCOLS:
        raise OSError(errno.EOPNOTSUPP, "only TCP and UDP sockets can be closed")
    if not isinstance(socket.key, int):
        raise OSError(errno.EOPNOTSUPP, "it is known by its addresses only, which another may have by now")
    head = _REQUEST.pack(_FAMILIES[socket.family], _PROTOCOLS[socket.transport], _EVERY_STATE)
    netlink = NetlinkSocket(SOCK_DIAG)
    try:
        for turn, guess in enumerate(whereabouts(socket)):
            if turn % _TURN == 0:
                await asyncio.sleep(0)  # before the first too: whoever closes thousands holds nobody up
            if await _destroyed(netlink, head + identity(guess)):
                return
    except NetlinkError as error:
        raise OSError(error.errno, _sentence(error, socket)) from error
    finally:
        netlink.close()
    raise OSError(errno.ENOENT, _HIDDEN if socket.peer == "*" else _SENTENCES[errno.ENOENT])


def whereabouts(socket: Socket) -> Iterator[Socket]:
    """What the kernel may have to be asked for so that it finds a socket.

    Several without a peer can share a port (SO_REUSEPORT, socket(7)). The kernel then takes one of them by a hash
    over both ends, so each peer that is made up leads to another one.
    """
    yield socket
    if socket.peer != "*":
        return
    if socket.family == "inet6" and socket.local == "*":
        yield replace(socket, local="0.0.0.0", peer="0.0.0.0")  # `*` may have been `::ffff:0.0.0.0`
    for port in range(1, _GUESSES):
        yield replace(socket, peer_port=port)


async def _destroyed(netlink: NetlinkSocket, body: bytes) -> bool:
    """Whether the kernel found the socket, and then closed it."""
    try:
        await netlink.ask(SOCK_DESTROY, body, NLM_F_ACK)
    except NetlinkError as error:
        if error.errno == errno.ENOENT:
            return False
        raise
    return True


def _sentence(error: NetlinkError, socket: Socket) -> str:
    if error.errno == errno.EOPNOTSUPP and socket.state == "TIME_WAIT":
        return _WAITING
    return _SENTENCES.get(error.errno or 0) or f"the kernel refuses to close it: {error.strerror}"
