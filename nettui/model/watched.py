"""What is watched beside the network's own tables: descriptors of processes, leases, names, gauges."""

from msgspec import Struct

from nettui.model.number import Count, Port, Span, UnixTime
from nettui.model.process import Unit


class ProcessUse(Struct, frozen=True, kw_only=True, gc=False):
    """How close one process is to its descriptor limit."""

    pid: Count
    name: str
    descriptors: Count
    limit: Count
    """RLIMIT_NOFILE, the soft one."""
    uid: Count | None = None
    unit: Unit | None = None
    started_at: UnixTime | None = None

    @property
    def label(self) -> str:
        """`java[4711]`."""
        return f"{self.name}[{self.pid}]"


class Processes(Struct, frozen=True, kw_only=True):
    """The processes that use most of their descriptors."""

    at: UnixTime
    used: tuple[ProcessUse, ...] = ()
    """The largest share of the limit first, 32 at most."""
    seen: Count = 0
    """Processes that could be looked into."""
    hidden: Count = 0
    """Processes that could not."""
    unlisted: bool = False
    """Whether there may be more that this user does not even see (/proc is mounted with hidepid)."""


class Lease(Struct, frozen=True, kw_only=True, gc=False):
    """One address lent by a DHCP server (RFC 2131, RFC 8415)."""

    interface: str
    address: str
    """RFC 5952 text, no prefix."""
    server: str | None = None
    seconds: Span | None = None
    """For how long it was lent."""
    expires_at: UnixTime | None = None
    """None: for ever, or not known."""
    source: str = ""
    """Where this was read: a file's name, or `kernel` for an address with a lifetime."""


class Leases(Struct, frozen=True, kw_only=True):
    """All that are known."""

    at: UnixTime
    leases: tuple[Lease, ...] = ()


class Probe(Struct, frozen=True, kw_only=True, gc=False):
    """One question asked of one server: a name that the user listed."""

    name: str
    server: str
    port: Port = 53
    rcode: str | None = None
    """NOERROR, NXDOMAIN, SERVFAIL, ...; None: no answer came."""
    seconds: Span | None = None
    """Until the answer."""
    error: str | None = None
    """Why none came: `no answer in 2 s`, `connection refused`, `no route`."""
    addresses: tuple[str, ...] = ()
    """Sorted, A and AAAA together."""
    hosts: tuple[str, ...] = ()
    """What the hosts file says of the name, sorted; it is heard before any server."""


class Probes(Struct, frozen=True, kw_only=True):
    """One round: every listed name at every server of the system."""

    at: UnixTime
    probes: tuple[Probe, ...] = ()


class Gauge(Struct, frozen=True, kw_only=True, gc=False):
    """A figure and its maximum that a program tells over HTTP."""

    name: str
    """As the configuration calls it."""
    value: float | None = None
    maximum: float | None = None
    waiting: float | None = None
    """How many wait for one, where that is told."""
    error: str | None = None


class Gauges(Struct, frozen=True, kw_only=True):
    """One round."""

    at: UnixTime
    gauges: tuple[Gauge, ...] = ()
