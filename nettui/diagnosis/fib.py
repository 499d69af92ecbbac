"""Where packets to an address would go, by the routing tables and rules of a Snapshot: ip-rule(8), ip-route(8).

Answers only what the records tell for certain of a packet that a program here sends with no mark and no source
chosen; where a rule cannot be judged, there is no answer. The kernel is not asked.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import ip_address, ip_network

from msgspec import Struct

from nettui.model.address import Family
from nettui.model.route import DEFAULT, LOCAL, MAIN, Route, Rule
from nettui.model.snapshot import Snapshot

_REFUSING = frozenset(("blackhole", "unreachable", "prohibit"))
_UDP, _DNS = 17, 53
WIDE = 1
"""Prefix lengths up to which a route is a default route, or half of one (OpenVPN's def1)."""
_Cover = dict[int, list[Route]]


class Way(Struct, frozen=True, kw_only=True):
    """What becomes of the packets."""

    route: Route | None = None
    """The route that decides; None: there is none, or a rule decides."""
    refused: str | None = None
    """`no route`, or the type of the route or rule that refuses them: blackhole, unreachable, prohibit."""

    @property
    def local(self) -> bool:
        """Whether they stay on this host."""
        return self.route is not None and self.route.type == "local"

    @property
    def ifindexes(self) -> frozenset[int]:
        """The links they may leave by."""
        if self.route is None:
            return frozenset()
        ways = (self.route.ifindex, *(hop.ifindex for hop in self.route.nexthops))
        return frozenset(ifindex for ifindex in ways if ifindex is not None)


def way(snapshot: Snapshot, address: str, longest: int | None = None) -> Way | None:
    """The way to `address` (no zone); None where that cannot be told.

    `longest`, at most `WIDE`: routes of longer prefixes are looked past, to see where packets to nowhere in
    particular go.
    """
    if snapshot.routes is None:
        return None
    family: Family = "inet6" if ":" in address else "inet"
    rules = [rule for rule in snapshot.rules or () if rule.family == family]
    try:
        found = _walk(rules or _usual(family), _covering(snapshot, address, longest), address)
        return None if found.refused == "no route" and _hidden(snapshot, address) else found
    except (_Unclear, ValueError):  # a recording may hold anything in the place of an address
        return None


class _Unclear(Exception):
    """A rule that looks at what is not known of a packet."""


_last: tuple[tuple[Route, ...], frozenset[str], tuple[Route, ...]] = ((), frozenset(), ())


def _relevant(routes: tuple[Route, ...], addresses: frozenset[str]) -> tuple[Route, ...]:
    """The routes whose network holds one of these addresses, and the widest ones. A table may be huge, and most
    Snapshots share it with the one before: it is walked once."""
    global _last
    if _last[0] is not routes or not addresses <= _last[1]:
        wanted = {network for address in addresses for network in _networks(address)}
        found = [r for r in routes if r.prefixlen <= WIDE or (r.destination, r.prefixlen) in wanted]
        _last = (routes, addresses, tuple(found))
    return _last[2]


@lru_cache(maxsize=64)
def _networks(address: str) -> frozenset[tuple[str, int]]:
    """Every network that holds an address."""
    value = ip_address(address)
    lengths = range(value.max_prefixlen + 1)
    return frozenset((str(ip_network((value, length), strict=False).network_address), length) for length in lengths)


def _covering(snapshot: Snapshot, address: str, longest: int | None) -> _Cover:
    """The routes that hold the address, by table, the one that decides first."""
    servers = snapshot.resolvers.resolvers if snapshot.resolvers and longest is None else ()
    addresses = frozenset(server.address for server in servers if "%" not in server.address)
    routes = _relevant(snapshot.routes or (), addresses if longest is not None else addresses | {address})
    networks = _networks(address)
    found: _Cover = {}
    for route in routes:
        if longest is not None and route.prefixlen > longest:
            continue
        if (route.destination, route.prefixlen) in networks and not route.tos and "dead" not in route.flags:
            found.setdefault(route.table, []).append(route)
    for each in found.values():
        each.sort(key=lambda route: (-route.prefixlen, route.metric or 0))
    return found


def _usual(family: Family) -> list[Rule]:
    """The rules of a host on which nobody made others."""
    tables = ((0, LOCAL), (32766, MAIN), (32767, DEFAULT))
    return [Rule(family=family, priority=priority, table=table) for priority, table in tables]


def _walk(rules: Iterable[Rule], cover: _Cover, address: str) -> Way:
    floor = 0
    for rule in sorted(rules, key=lambda rule: rule.priority):
        if rule.priority < floor or not _applies(rule, address):
            continue
        if rule.action in _REFUSING:
            return Way(refused=rule.action)
        if rule.action == "goto":
            floor = rule.goto or floor
        elif rule.action == "lookup":
            route = _decides(cover.get(rule.table or 0, ()), rule.suppress_prefixlength)
            if route is not None:
                return Way(route=route, refused=route.type if route.type in _REFUSING else None)
    return Way(refused="no route")


def _decides(routes: Iterable[Route], suppress: int | None) -> Route | None:
    """The first route of a table, unless it is to be looked past: then the next table is asked."""
    best = next(iter(routes), None)
    if best is None or best.type == "throw" or (suppress is not None and best.prefixlen <= suppress):
        return None
    if best.source_prefix is not None:
        raise _Unclear
    return best


def _applies(rule: Rule, address: str) -> bool:
    """Whether a rule is for a packet of a program here, unmarked, from no address yet, by UDP to port 53."""
    if rule.uid_range is not None or rule.tos:
        raise _Unclear
    matches = all(_matches(rule, address))
    return matches != rule.inverted


def _matches(rule: Rule, address: str) -> Iterator[bool]:
    yield rule.source is None or rule.source.endswith("/0")
    yield rule.destination is None or ip_address(address) in ip_network(rule.destination, strict=False)
    yield rule.iif in (None, "lo")
    yield rule.oif is None
    yield not rule.fwmark
    yield not rule.l3mdev
    yield rule.ip_protocol in (None, _UDP)
    yield rule.destination_ports is None or rule.destination_ports[0] <= _DNS <= rule.destination_ports[1]
    yield rule.source_ports is None


def _hidden(snapshot: Snapshot, address: str) -> bool:
    """Whether a route may be there that was not read: of a table too large, or of a system that tells only some."""
    if snapshot.routes_total is not None and snapshot.routes_total > len(snapshot.routes or ()):
        return True
    value = ip_address(address)
    return snapshot.backend == "portable" or any(
        value in ip_network(f"{own.address}/{own.prefixlen}", strict=False) for own in snapshot.addresses or ()
    )
