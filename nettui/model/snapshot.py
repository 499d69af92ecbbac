"""The Snapshot: one host's network at one moment, whole and immutable."""

from msgspec import Struct

from nettui.model.address import Address
from nettui.model.census import Census
from nettui.model.link import Counters, Link
from nettui.model.neighbour import Neighbour
from nettui.model.number import Count, UnixTime
from nettui.model.resolver import ResolverConfig
from nettui.model.route import Route, Rule
from nettui.model.socket import Socket
from nettui.model.tcp import TcpCounts
from nettui.model.vitals import KernelSettings, Vitals
from nettui.model.watched import Gauges, Leases, Probes, Processes


class CollectorError(Struct, frozen=True, kw_only=True):
    """A collector that could not do its work: why, and what would help."""

    collector: str
    """Its section of the Snapshot, or changes."""
    message: str
    remedy: str | None = None


class Snapshot(Struct, frozen=True, kw_only=True):
    """What the collectors know. A section that is None has not been read (yet, or at all: see `errors`)."""

    taken_at: UnixTime
    host: str = ""
    backend: str = ""
    """linux or portable."""
    links: tuple[Link, ...] | None = None
    counters: tuple[Counters, ...] | None = None
    counters_at: UnixTime | None = None
    """When `counters` were read: rates need it to the millisecond."""
    addresses: tuple[Address, ...] | None = None
    routes: tuple[Route, ...] | None = None
    routes_total: Count | None = None
    """How many routes the system has, where `routes` holds fewer."""
    rules: tuple[Rule, ...] | None = None
    neighbours: tuple[Neighbour, ...] | None = None
    tcp: TcpCounts | None = None
    tcp_at: UnixTime | None = None
    """When `tcp` was read."""
    resolvers: ResolverConfig | None = None
    vitals: Vitals | None = None
    settings: KernelSettings | None = None
    census: Census | None = None
    processes: Processes | None = None
    leases: Leases | None = None
    probes: Probes | None = None
    """Only of names that the user listed."""
    gauges: Gauges | None = None
    """Only those that the user configured."""
    sockets: tuple[Socket, ...] | None = None
    """Only in recordings that were asked to hold them: the live host's are asked for when they are looked at."""
    sockets_total: Count | None = None
    """How many sockets there were, where `sockets` holds fewer."""
    errors: tuple[CollectorError, ...] = ()

    def link(self, ifindex: int | None) -> Link | None:
        """The link with this index, or None."""
        return next((link for link in self.links or () if link.ifindex == ifindex), None)

    def link_name(self, ifindex: int | None) -> str | None:
        """The name of a link, `if7` for one that is gone, None for no link."""
        if ifindex is None:
            return None
        link = self.link(ifindex)
        return link.name if link else f"if{ifindex}"

    def error(self, *collectors: str) -> CollectorError | None:
        """The first standing error of these collectors."""
        return next((e for e in self.errors if e.collector in collectors), None)
