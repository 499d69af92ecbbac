"""One socket: where it is, what it is doing, whose it is."""

from enum import StrEnum

from msgspec import Struct

from nettui.model.number import Count
from nettui.model.process import Owner, Unit
from nettui.model.tcp_info import TcpInfo

SocketKey = int | str
"""What a socket is known by for as long as it lives: the kernel's cookie, elsewhere a text made of its addresses."""


class Transport(StrEnum):
    """The kinds of sockets there are."""

    TCP = "tcp"
    UDP = "udp"
    RAW = "raw"
    UNIX = "unix"
    MPTCP = "mptcp"


UNCONN = "UNCONN"
"""The state of a socket without connection that is not TCP: bound, or not even that."""


class Timer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the kernel will do next of its own accord."""

    kind: str
    """retransmit, keepalive, time-wait, probe (of a closed window), delayed-ack."""
    expires: float
    """Seconds until it fires."""
    retries: Count = 0
    """How often it has fired in vain."""


class SocketMemory(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Bytes of kernel memory a socket holds, and may hold (SK_MEMINFO, linux/sock_diag.h)."""

    received: Count
    receive_limit: Count
    sent: Count
    send_limit: Count
    forward: Count
    queued: Count
    options: Count
    backlog: Count
    drops: Count | None = None
    """Packets thrown away for want of room."""


class Mptcp(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Multipath TCP (RFC 8684): of a subflow, or of the connection over all of them."""

    token: Count | None = None
    flags: tuple[str, ...] = ()
    subflows: Count | None = None


class Socket(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One socket. None: not told (of this kind, by this system, or not asked for)."""

    key: SocketKey
    transport: Transport
    family: str
    """inet, inet6 (also where an IPv4 peer speaks to an IPv6 socket; the addresses are then IPv4) or unix."""
    state: str
    """One of `nettui.model.tcp.STATES`, or UNCONN."""
    local: str
    """An address in the form of RFC 5952, `*` for any; of a unix socket its path (`@...` is abstract) or ``."""
    local_port: Count | None = None
    """None for none: unix, raw (there it is the protocol's number), or not bound."""
    peer: str = "*"
    peer_port: Count | None = None
    ifindex: Count | None = None
    """The interface it is bound to."""
    recv_q: Count | None = None
    """Bytes not read by the program yet. Of a listener: connections waiting to be accepted."""
    send_q: Count | None = None
    """Bytes not acknowledged yet. Of a listener: how many may wait."""
    uid: Count | None = None
    inode: Count = 0
    """0 for a socket that no program has open any more (TIME_WAIT, closing ones) or not yet."""
    timer: Timer | None = None
    cgroup: Count | None = None
    """The cgroup's id (cgroup v2)."""
    unit: Unit | None = None
    owners: tuple[Owner, ...] | None = None
    """None: not looked for, or not to be seen; empty: no program has it open."""
    mark: Count | None = None
    tos: Count | None = None
    shutdown: Count | None = None
    """Bit 0: will not receive, bit 1: will not send (shutdown(2))."""
    congestion: str | None = None
    """The congestion control's name."""
    info: TcpInfo | None = None
    memory: SocketMemory | None = None
    mptcp: Mptcp | None = None
    type: str | None = None
    """Of a unix socket: stream, dgram or seqpacket."""
    peer_inode: Count | None = None
    """Of a connected unix socket: the inode of the one it is connected to. `peer` is its path, `` if it has none."""

    @property
    def is_listener(self) -> bool:
        return self.state == "LISTEN"

    @property
    def local_endpoint(self) -> str:
        return endpoint(self.local, self.local_port)

    @property
    def peer_endpoint(self) -> str:
        return endpoint(self.peer, self.peer_port)


def endpoint(address: str, port: int | str | None) -> str:
    """`192.0.2.1:80`, `[2001:db8::1]:80`, `*:80`, or the address alone where there is no port."""
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class ClosedSocket(Struct, frozen=True, kw_only=True):
    """A socket that is no more, as it was last seen or as the kernel told of its end."""

    socket: Socket
    closed_at: float
    """Unix time in seconds: of the notification, or of the reading that first missed it."""
    told: bool
    """Whether the kernel told of its end; else it was found missing."""
    lived: float | None = None
    """Seconds; None where it was there before nettui looked."""
    lived_at_most: float | None = None
    """Seconds, where no reading ever saw it: it came and went since the one before."""
