"""The ways out of this host: default routes and their gateways, worked out once for each new routing table."""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from nettui.model.address import Family
from nettui.model.neighbour import Gateway, Health, Neighbour, gateways
from nettui.model.route import LOCAL, MAIN, Route
from nettui.model.snapshot import Snapshot

_HALVES = {("inet", "0.0.0.0"), ("inet", "128.0.0.0"), ("inet6", "::"), ("inet6", "8000::")}
"""Two routes of prefix length 1 are a default route in disguise: how OpenVPN's def1 overrides the real one."""

_ROUTING_DAEMONS = frozenset(
    ("gated", "mrt", "zebra", "bird", "dnrouted", "xorp", "babel", "openr", "bgp", "isis", "ospf", "rip", "eigrp")
)
"""`RTPROT_*` of linux/rtnetlink.h for routes that a routing protocol made."""

REFUSING = frozenset(("blackhole", "unreachable", "prohibit"))
"""Types of routes that lead nowhere; the last two say so to the sender (ip-route(8))."""

FAMILY_NAMES: Mapping[Family, str] = {"inet": "IPv4", "inet6": "IPv6"}


class Ways(Struct, frozen=True, kw_only=True):
    """What the routing and neighbour tables say of the ways out."""

    families: frozenset[Family] = frozenset()
    """Families with a default route, in whichever table."""
    gateways: tuple[Gateway, ...] = ()
    """The preferred first."""
    specific: int = 0
    """Routes through a gateway that are not default routes."""
    defaults: tuple[Route, ...] = ()
    """The default routes themselves, of all tables."""
    refusing: Mapping[int, Mapping[str, tuple[Route, ...]]] = {}
    """Routes of table main that throw away what they catch (see REFUSING), by prefix length and destination: a
    firewall may have made thousands."""
    dynamic: bool = False
    """A routing protocol is at work here: such a host may well do without a default route."""


class WaysReader:
    """Reads Ways from Snapshots; a table that is the same object as last time is not walked again."""

    def __init__(self) -> None:
        self._routes: tuple[Route, ...] | None = None
        self._neighbours: tuple[Neighbour, ...] | None = None
        self._ways = Ways()

    def read(self, snapshot: Snapshot) -> Ways:
        """The ways out by this Snapshot."""
        routes, neighbours = snapshot.routes, snapshot.neighbours
        if routes is not self._routes:
            self._ways = _walked(routes or ())
        if routes is not self._routes or neighbours is not self._neighbours:
            self._ways = replace(self._ways, gateways=gateways(self._ways.defaults, neighbours))
        self._routes, self._neighbours = routes, neighbours
        return self._ways


def _walked(routes: Iterable[Route]) -> Ways:
    """All that is to be known of the routes alone."""
    defaults: list[Route] = []
    refusing: dict[int, dict[str, tuple[Route, ...]]] = {}
    halves: dict[tuple[Family, int], set[str]] = {}
    specific, dynamic = 0, False
    for route in routes:
        length = route.prefixlen
        if route.type in REFUSING and route.table == MAIN:
            same = refusing.setdefault(length, {})
            same[route.destination] = (*same.get(route.destination, ()), route)
        if length <= 1:
            if route.type != "unicast" or route.table == LOCAL:
                continue
            if length == 0:
                defaults.append(route)
            elif (route.family, route.destination) in _HALVES:
                halves.setdefault((route.family, route.table), set()).add(route.destination)
        elif route.gateway is not None or route.nexthops:
            specific += 1
        if route.protocol in _ROUTING_DAEMONS:
            dynamic = True
    families = {route.family for route in defaults} | {key[0] for key, found in halves.items() if len(found) == 2}
    return Ways(
        families=frozenset(families),
        specific=specific,
        defaults=tuple(defaults),
        refusing=refusing,
        dynamic=dynamic,
    )


def other_way(family: Family, candidates: Iterable[Gateway], snapshot: Snapshot) -> Gateway | None:
    """The first of these that nothing speaks against: its link is usable and its gateway not silent.

    IPv4 also counts as another way for IPv6, for programs fall back to it (RFC 8305); not the other way round.
    """
    for gateway in candidates:
        if gateway.family not in (family, "inet") or gateway.health is Health.SILENT:
            continue
        link = snapshot.link(gateway.ifindex)
        if link is not None and link.usable:
            return gateway
    return None


def subject_of(gateway: Gateway, snapshot: Snapshot) -> str:
    """What a finding about a gateway is about: its address, with the zone where it needs one (RFC 4007)."""
    address = gateway.address or "on link"
    link_local = gateway.address is None or address.startswith("fe80:")
    return f"{address}%{snapshot.link_name(gateway.ifindex)}" if link_local else address


def described(gateway: Gateway, snapshot: Snapshot) -> str:
    """A way out in the words of ip-route(8), such as `via 192.0.2.1 dev eth0`."""
    name = snapshot.link_name(gateway.ifindex)
    return " ".join(filter(None, (gateway.address and f"via {gateway.address}", name and f"dev {name}")))
