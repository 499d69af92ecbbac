"""Neighbours on the link (ARP and Neighbour Discovery), and the gateways among them."""

from enum import StrEnum

from msgspec import Struct

from nettui.model.address import Family
from nettui.model.number import Count, Span
from nettui.model.route import LOCAL, MAIN, Route


class NeighbourState(StrEnum):
    """`NUD_*` of linux/neighbour.h (RFC 4861 section 7.3.2)."""

    NONE = "NONE"
    INCOMPLETE = "INCOMPLETE"
    REACHABLE = "REACHABLE"
    STALE = "STALE"
    DELAY = "DELAY"
    PROBE = "PROBE"
    FAILED = "FAILED"
    NOARP = "NOARP"
    PERMANENT = "PERMANENT"


class Neighbour(Struct, frozen=True, kw_only=True, gc=False):
    """One entry of the neighbour table (`struct ndmsg`)."""

    ifindex: Count
    family: Family
    address: str
    mac: str | None = None
    state: NeighbourState = NeighbourState.NONE
    flags: tuple[str, ...] = ()
    """router, proxy, extern_learn, ..."""
    confirmed: Span | None = None
    """Seconds since it last proved to be there."""
    used: Span | None = None
    """Seconds since it was last used."""
    updated: Span | None = None
    """Seconds since its entry last changed."""
    probes: Count | None = None


class Health(StrEnum):
    """What the neighbour table says of a gateway, without asking it anything."""

    OK = "ok"
    """It answered lately, or is being asked again and has not failed."""
    IDLE = "idle"
    """It answered once and nobody has needed it since (STALE)."""
    SILENT = "silent"
    """Asked, and no answer (INCOMPLETE, FAILED)."""
    UNKNOWN = "unknown"
    """Not in the table: nobody has spoken to it, or there is no table to read."""


_HEALTH = {
    NeighbourState.REACHABLE: Health.OK,
    NeighbourState.PERMANENT: Health.OK,
    NeighbourState.NOARP: Health.OK,
    NeighbourState.DELAY: Health.OK,
    NeighbourState.PROBE: Health.OK,
    NeighbourState.STALE: Health.IDLE,
    NeighbourState.INCOMPLETE: Health.SILENT,
    NeighbourState.FAILED: Health.SILENT,
    NeighbourState.NONE: Health.UNKNOWN,
}


class Gateway(Struct, frozen=True, kw_only=True, gc=False):
    """A way out: the gateway of a default route, with what the neighbour table knows of it."""

    family: Family
    address: str | None
    """None: the default route leaves by the link itself (point-to-point)."""
    ifindex: Count | None
    metric: Count | None
    table: Count
    mac: str | None = None
    state: NeighbourState | None = None
    health: Health = Health.UNKNOWN
    confirmed: Span | None = None
    """Seconds since it last proved to be there."""


def gateways(routes: tuple[Route, ...] | None, neighbours: tuple[Neighbour, ...] | None) -> tuple[Gateway, ...]:
    """The gateways of all default routes, the preferred first: table main, IPv4, lowest metric."""
    known = {(n.ifindex, n.address): n for n in neighbours or ()}
    found: dict[tuple[object, ...], Gateway] = {}
    for route in _defaults(routes or ()):
        ways = [(n.gateway, n.ifindex) for n in route.nexthops] or [(route.gateway, route.ifindex)]
        for address, ifindex in ways:
            neighbour = known.get((ifindex, address)) if ifindex is not None and address else None
            found.setdefault((route.table, address, ifindex), Gateway(
                family=route.family,
                address=address,
                ifindex=ifindex,
                metric=route.metric,
                table=route.table,
                mac=neighbour.mac if neighbour else None,
                state=neighbour.state if neighbour else None,
                health=_HEALTH[neighbour.state] if neighbour else Health.UNKNOWN,
                confirmed=neighbour.confirmed if neighbour else None,
            ))
    return tuple(sorted(found.values(), key=lambda g: (g.table != MAIN, g.table, g.family, g.metric or 0)))


_last: tuple[tuple[Route, ...], tuple[Route, ...]] = ((), ())


def _defaults(routes: tuple[Route, ...]) -> tuple[Route, ...]:
    """Default routes. Several readers ask of the same Snapshot, whose table may be huge: the last answer is kept."""
    global _last
    if _last[0] is not routes:
        wanted = [r for r in routes if not r.prefixlen and r.type == "unicast" and r.table != LOCAL]
        _last = (routes, tuple(wanted))
    return _last[1]
