"""What the sockets of a host are like as a crowd: where they go, who holds them, which of them are stuck.

A census is taken of all sockets, but it holds groups, the largest of each kind, never the sockets themselves.
Owners are looked up only for what may be alarming. A group never has a count of zero.
"""

from msgspec import Struct

from nettui.model.number import Count, Port, Span, UnixTime
from nettui.model.process import Owner, Unit

MOST = 32
"""Groups of each kind at most, the largest (for listeners: the fullest) first."""


class Program(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Whose sockets they are, as far as that can be seen."""

    owner: Owner | None = None
    """None: nobody's any more, or not to be seen by this user."""
    uid: Count | None = None
    unit: Unit | None = None

    @property
    def label(self) -> str | None:
        """`java[4711]`; else the unit; else `uid 33`; None where nothing is known."""
        if self.owner is not None:
            return self.owner.label
        if self.unit is not None:
            return self.unit.name
        return None if self.uid is None else f"uid {self.uid}"


UNKNOWN = Program()


class Share(Struct, frozen=True, kw_only=True, gc=False):
    """How many of a group belong to one port or address."""

    name: str
    """`:8080`, `192.0.2.7`."""
    count: Count


class Holder(Struct, frozen=True, kw_only=True, gc=False):
    """The CLOSE_WAIT sockets of one program."""

    program: Program
    count: Count
    local: tuple[Share, ...] = ()
    """Their local ports, most sockets first, three at most."""
    peers: tuple[Share, ...] = ()
    """Their peers' addresses, likewise."""
    remote: tuple[Share, ...] = ()
    """Their peers' ports, likewise: tells a client that leaks (few) from a server that does (many)."""
    unread: Count = 0
    """How many have bytes (besides the end of file, which counts one) that the program never read."""


class Destination(Struct, frozen=True, kw_only=True, gc=False):
    """Connections from one source address to one destination address and port: they share one range of ports."""

    source: str
    address: str
    port: Port
    live: Count
    """Sockets in any other state than TIME_WAIT."""
    time_wait: Count
    sampled: bool = False
    """Both numbers are estimates from a sample of ports."""
    program: Program = UNKNOWN
    """Of most of the live ones."""

    @property
    def used(self) -> int:
        """Ephemeral ports taken toward it."""
        return self.live + self.time_wait


class Listener(Struct, frozen=True, kw_only=True, gc=False):
    """A listening TCP socket whose accept queue is not empty, or that has thrown connections away."""

    address: str
    port: Port
    waiting: Count
    """Connections that wait for accept(2)."""
    backlog: Count
    """How many may: the kernel takes one more."""
    drops: Count | None = None
    """SYNs and connections thrown away since it listens (SK_MEMINFO_DROPS); None: not asked for, not told."""
    program: Program = UNKNOWN


class Attempt(Struct, frozen=True, kw_only=True, gc=False):
    """Connections being opened (SYN_SENT) to one destination."""

    address: str
    port: Port
    count: Count
    retried: Count
    """How many of them have sent their SYN more than once."""
    retries: Count
    """The most often any of them has sent it again."""
    program: Program = UNKNOWN


class HalfOpen(Struct, frozen=True, kw_only=True, gc=False):
    """Connections in SYN_RECV at one local port: the SYN-ACK is out, the client's ACK has not come."""

    port: Port
    count: Count
    retried: Count
    """How many SYN-ACKs were sent again."""
    peers: Count
    """How many different addresses they come from."""
    most: tuple[Share, ...] = ()
    """The addresses with most of them, three at most."""
    backlog: Count | None = None
    """The listener's."""
    program: Program = UNKNOWN


class Unanswered(Struct, frozen=True, kw_only=True, gc=False):
    """Connections to one peer that send again and again and hear nothing: data, a FIN, a probe."""

    state: str
    """ESTABLISHED, CLOSE_WAIT, FIN_WAIT1, LAST_ACK or CLOSING."""
    address: str
    """The peer's."""
    port: Port | None
    """The peer's, where all have the same one; None: they differ (they are clients of ours)."""
    local_port: Port | None
    """Ours, where all have the same one."""
    count: Count
    retries: Count
    """The most often any of them has sent the same again without an answer."""
    kind: str
    """What is sent again: retransmit (data or FIN), keepalive, probe (of a closed window)."""
    queued: Count = 0
    """Bytes not acknowledged, all together."""
    program: Program = UNKNOWN


class Silent(Struct, frozen=True, kw_only=True, gc=False):
    """ESTABLISHED connections of one program without keepalive, through which nothing has come for long."""

    program: Program
    local_port: Port | None
    """Where all have the same one: then they are clients of a service here."""
    port: Port | None
    """The peer's, where all have the same one."""
    count: Count
    longest: Span
    """Seconds since data came or went on the most silent of them."""


class Pool(Struct, frozen=True, kw_only=True, gc=False):
    """The connections of one program to one database, cache or broker (or any one service, where there are many)."""

    program: Program
    address: str
    port: Port
    role: str
    """`PostgreSQL`, `cache`, ... by the port; empty where it is none that is known."""
    established: Count
    waiting: Count
    """How many are in use this very moment: they have sent last and wait for an answer, or it has only just come."""
    longest: Span | None = None
    """Seconds for which the one that waits longest does so."""


class Closing(Struct, frozen=True, kw_only=True, gc=False):
    """Connections in one state of closing toward one peer address."""

    state: str
    """FIN_WAIT1, FIN_WAIT2, CLOSING or LAST_ACK."""
    address: str
    port: Port | None
    local_port: Port | None
    count: Count
    retried: Count = 0
    """How many have sent their FIN more than once."""
    orphans: Count = 0
    """How many no program holds any more."""
    program: Program = UNKNOWN


class UdpLoss(Struct, frozen=True, kw_only=True, gc=False):
    """A UDP socket that has lost datagrams for want of room in its buffer."""

    address: str
    port: Port
    drops: Count
    """Since it was opened."""
    queued: Count
    """Bytes that wait to be read."""
    limit: Count | None = None
    """Bytes that may (SO_RCVBUF)."""
    program: Program = UNKNOWN


class Census(Struct, frozen=True, kw_only=True):
    """One counting. None: that part was not counted this time (it was not needed, or could not be read)."""

    at: UnixTime
    sockets: Count
    """TCP sockets on the host."""
    holders: tuple[Holder, ...] | None = None
    """All CLOSE_WAIT sockets; those whose owner cannot be seen are together in groups by uid and unit."""
    destinations: tuple[Destination, ...] | None = None
    """Those that take a noticeable share of the ephemeral ports."""
    listeners: tuple[Listener, ...] | None = None
    attempts: tuple[Attempt, ...] | None = None
    half_open: tuple[HalfOpen, ...] | None = None
    unanswered: tuple[Unanswered, ...] | None = None
    silent: tuple[Silent, ...] | None = None
    pools: tuple[Pool, ...] | None = None
    closing: tuple[Closing, ...] | None = None
    udp: tuple[UdpLoss, ...] | None = None
    swept_at: UnixTime | None = None
    """When the oldest of what `unanswered`, `silent` and `pools` tell of connections that stand was looked at: `at`
    itself, or earlier where there are so many that each reading looks at a part of them. None: not at all yet."""
    hidden: str | None = None
    """Why some owners could not be found, and what would help."""
