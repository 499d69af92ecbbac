"""One IPv4 or IPv6 socket as sock_diag(7) tells of it: struct inet_diag_msg and its attributes (linux/inet_diag.h)."""

from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from struct import Struct as Layout

from nettui.linux.attributes import Attributes, attributes, fixed, number, text
from nettui.linux.mptcp_info import decode_connection, decode_subflow
from nettui.linux.netlink import NetlinkDecodeError
from nettui.linux.tcp_info import decode_memory, decode_tcp_info
from nettui.linux.tcp_states import STATE_NUMBERS
from nettui.model.socket import UNCONN, Mptcp, Socket, SocketKey, Timer, Transport, endpoint
from nettui.model.tcp import TcpState

MESSAGE = Layout("=BBBB2s2s16s16s8I")
"""struct inet_diag_msg: family, state, timer, retransmits; struct inet_diag_sockid, which is ports, addresses,
interface and the two halves of the cookie; when the timer fires, receive and send queue, uid, inode."""
_IDENTITY = Layout("!HH16s16s")  # ports and addresses: what of struct inet_diag_sockid is in network order
_IDENTITY_TAIL = Layout("=III")

INFO, CONG, TOS, TCLASS, SKMEMINFO, SHUTDOWN, MARK, ULP_INFO, CGROUP_ID = 2, 4, 5, 6, 7, 8, 15, 19, 21
"""Attributes, INET_DIAG_*."""
EVERYTHING = sum(1 << (kind - 1) for kind in (INFO, CONG, TOS, TCLASS, SKMEMINFO, SHUTDOWN))
"""The extensions to ask for where all that there is to know of a socket is wanted."""
_ULP_MPTCP = 3  # INET_ULP_INFO_MPTCP

FAMILIES: dict[int, str] = {AF_INET: "inet", AF_INET6: "inet6"}
_MAPPED = bytes(10) + b"\xff\xff"  # what an IPv4 address in an IPv6 one begins with (RFC 4291, section 2.5.5.2)

_TCP_STATES: dict[int, str] = {code: str(state) for code, state in STATE_NUMBERS.items()}
_OTHER_STATES = _TCP_STATES | {code: UNCONN for code, state in STATE_NUMBERS.items() if state is TcpState.CLOSED}
STATES = {kind: _TCP_STATES if kind in (Transport.TCP, Transport.MPTCP) else _OTHER_STATES for kind in Transport}
"""What the kernel's numbers stand for, for sockets of each kind."""

TIMERS, UNKNOWN_TIMER = {1: "retransmit", 2: "keepalive", 3: "time-wait", 4: "probe"}, "unknown"
"""What net/ipv4/inet_diag.c sets where a timer is pending, and any other number."""
NO_COOKIES = (0, 0xFFFFFFFFFFFFFFFF)
"""What kernels write where they have none; the last is INET_DIAG_NOCOOKIE twice."""


def decode_inet(transport: Transport, chunk: bytes, start: int, end: int) -> Socket:
    """The record of the message whose payload is `chunk[start:end]`. Raises NetlinkDecodeError."""
    (
        family, code, timer, retries, local_port, peer_port, local, peer, ifindex, low, high, expires, recv_q, send_q,
        uid, inode,
    ) = fixed(MESSAGE, chunk, start, end)
    if family not in FAMILIES or code not in STATES[transport]:
        raise NetlinkDecodeError(f"a socket of family {family} in state {code}")
    found = attributes(chunk, start + MESSAGE.size, end)
    here, there = address(family, local), address(family, peer)
    ports = port(local_port), port(peer_port)
    info = found.get(INFO)
    return Socket(
        key=key(low | high << 32, transport, endpoint(here, ports[0]), endpoint(there, ports[1])),
        transport=transport,
        family=FAMILIES[family],
        state=STATES[transport][code],
        local=here,
        local_port=ports[0],
        peer=there,
        peer_port=ports[1],
        ifindex=ifindex or None,
        recv_q=recv_q,
        send_q=send_q,
        uid=owner(uid, inode),
        inode=inode,
        timer=Timer(kind=TIMERS.get(timer, UNKNOWN_TIMER), expires=seconds_left(expires), retries=retries)
        if timer else None,
        cgroup=number(found.get(CGROUP_ID)),
        mark=number(found.get(MARK)),
        tos=_tos(family, peer, found),
        shutdown=number(found.get(SHUTDOWN)),
        congestion=text(found.get(CONG)),
        info=decode_tcp_info(info) if info is not None and transport is Transport.TCP else None,
        memory=decode_memory(found[SKMEMINFO]) if SKMEMINFO in found else None,
        mptcp=_mptcp(transport, found),
    )


def identity(socket: Socket) -> bytes:
    """A socket's struct inet_diag_sockid, to ask for it by. Raises ValueError for one without addresses or cookie."""
    if not isinstance(socket.key, int) or socket.family not in FAMILIES.values():
        raise ValueError("a socket that has no cookie cannot be asked for")
    return _IDENTITY.pack(
        socket.local_port or 0, socket.peer_port or 0, _packed(socket, socket.local), _packed(socket, socket.peer)
    ) + _IDENTITY_TAIL.pack(socket.ifindex or 0, socket.key & 0xFFFFFFFF, socket.key >> 32)


def address(family: int, packed: bytes) -> str:
    """An address out of the 16 bytes for it: one that is mapped comes as IPv4, that of any as `*`."""
    if family == AF_INET:
        packed = packed[:4]
    elif packed.startswith(_MAPPED):
        return inet_ntop(AF_INET, packed[12:])  # also 0.0.0.0, which is not any address, but any of IPv4
    if not any(packed):
        return "*"
    return inet_ntop(AF_INET if len(packed) == 4 else AF_INET6, packed)


def port(packed: bytes) -> int | None:
    """A port in network order; None where there is none."""
    return int.from_bytes(packed) or None


def key(cookie: int, transport: Transport, local: str, peer: str) -> SocketKey:
    """What a socket is known by: its cookie, or its ends where the kernel gives none."""
    return f"{transport} {local} {peer}" if cookie in NO_COOKIES else cookie


def owner(uid: int, inode: int) -> int | None:
    """Whose a socket is: 0 for one that no program has open is what the kernel writes where it does not know."""
    return uid if uid or inode else None


def seconds_left(expires: int) -> float:
    """Until a timer fires, from the kernel's milliseconds, which before Linux 5.7 could be a little less than none."""
    return 0.0 if expires >> 31 else expires / 1000


def _packed(socket: Socket, text: str) -> bytes:
    if text == "*":
        return bytes(16)
    if ":" in text:
        return inet_pton(AF_INET6, text)
    packed = inet_pton(AF_INET, text)
    return packed + bytes(12) if socket.family == "inet" else _MAPPED + packed


def _tos(family: int, peer: bytes, found: Attributes) -> int | None:
    """What is put into the header of its packets: type of service of IPv4, or traffic class of IPv6."""
    return number(found.get(TCLASS if family == AF_INET6 and not peer.startswith(_MAPPED) else TOS))


def _mptcp(transport: Transport, found: Attributes) -> Mptcp | None:
    if transport is Transport.MPTCP:
        return decode_connection(found[INFO]) if INFO in found else None
    subflow = attributes(found[ULP_INFO]).get(_ULP_MPTCP) if ULP_INFO in found else None
    return None if subflow is None else decode_subflow(attributes(subflow))
