"""Unix sockets by sock_diag(7): unix_diag messages to `Socket` records (linux/unix_diag.h, unix(7))."""

from socket import AF_UNIX, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM
from struct import Struct as Layout

from msgspec.structs import replace

from nettui.linux.attributes import attributes, fixed, number
from nettui.linux.inet_message import STATES
from nettui.linux.netlink import SOCK_DIAG, NetlinkDecodeError, NetlinkSocket
from nettui.linux.rtnetlink import Records
from nettui.linux.sock_diag import SOCK_DIAG_BY_FAMILY
from nettui.linux.tcp_info import decode_memory
from nettui.model.socket import Socket, Transport
from nettui.model.text import clean
from nettui.model.turns import breathe

_REQUEST = Layout("=BBxxIIIII")  # struct unix_diag_req: family, protocol, states, inode, what to show, cookie
_MESSAGE = Layout("=BBBxIII")  # struct unix_diag_msg: family, type, state, inode, cookie
_QUEUES = Layout("=II")  # struct unix_diag_rqlen
_NAME, _PEER, _RQLEN, _MEMINFO, _SHUTDOWN, _UID = 0, 2, 4, 5, 6, 7
_SHOW = 0x01 | 0x04 | 0x10 | 0x20 | 0x40  # UDIAG_SHOW_: NAME, PEER, RQLEN, MEMINFO, UID
_STATES = STATES[Transport.UNIX]
_TURN = 1_000  # sockets after which others on the event loop get a turn: a millisecond or two

TYPES: dict[int, str] = {SOCK_STREAM: "stream", SOCK_DGRAM: "dgram", SOCK_SEQPACKET: "seqpacket"}
"""Unix sockets have one of these."""


async def unix_sockets() -> list[Socket]:
    """All unix sockets of the network namespace of the thread that asks.

    Raises NetlinkError, NetlinkDecodeError, or OSError where no netlink socket can be had.
    """
    netlink = NetlinkSocket(SOCK_DIAG)
    try:
        request = _REQUEST.pack(AF_UNIX, 0, 0xFFFFFFFF, 0, _SHOW, 0, 0)
        sink = await netlink.dump(SOCK_DIAG_BY_FAMILY, request, lambda: Records(SOCK_DIAG_BY_FAMILY, decode_unix))
    finally:
        netlink.close()
    return await _with_peers(sink.found)


def decode_unix(chunk: bytes, start: int, end: int) -> Socket:
    """The record of one unix_diag message, with the inode of its peer but not yet with its peer's path."""
    _, kind, code, inode, low, high = fixed(_MESSAGE, chunk, start, end)
    found = attributes(chunk, start + _MESSAGE.size, end)
    if code not in _STATES or kind not in TYPES:
        raise NetlinkDecodeError(f"a unix socket of type {kind} in state {code}")
    peer_inode = number(found.get(_PEER))
    recv_q, send_q = fixed(_QUEUES, found[_RQLEN]) if _RQLEN in found else (None, None)
    return Socket(
        key=low | high << 32,
        transport=Transport.UNIX,
        family="unix",
        type=TYPES[kind],
        state=_STATES[code],
        local=path(found.get(_NAME, b"")),
        peer="*" if peer_inode is None else "",
        peer_inode=peer_inode or None,  # 0: not accepted yet
        recv_q=recv_q,
        send_q=send_q,
        uid=number(found.get(_UID)),
        inode=inode,
        shutdown=number(found.get(_SHUTDOWN)),
        memory=decode_memory(found[_MEMINFO]) if _MEMINFO in found else None,
    )


def path(name: bytes) -> str:
    """What a socket is bound to (sun_path): a path, or `@` and an abstract name, in which NUL bytes are `@` too."""
    return clean(name.replace(b"\0", b"@") if name[:1] == b"\0" else name.partition(b"\0")[0])


async def _with_peers(sockets: list[Socket]) -> list[Socket]:
    """The same sockets, with the paths of those they are connected to."""
    paths = {socket.inode: socket.local for socket in sockets if socket.local and socket.inode}
    found: list[Socket] = []
    for start in range(0, len(sockets), _TURN):
        for socket in sockets[start : start + _TURN]:
            peer = paths.get(socket.peer_inode or 0)
            found.append(replace(socket, peer=peer) if peer else socket)
        await breathe()
    return found
