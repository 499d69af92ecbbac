"""Rules on routes that contradict each other: two default routes of one rank, and routes that lead nowhere."""

import socket
from collections import defaultdict
from collections.abc import Iterator

from nettui.diagnosis.condition import ANY, Case, Condition, Key, Rule
from nettui.diagnosis.rules.consequences import CUT_OFF, NO_DEFAULT
from nettui.diagnosis.ways import FAMILY_NAMES
from nettui.model.address import Family
from nettui.model.finding import Severity
from nettui.model.route import MAIN, Route, table_name

_LAST_RESORT = 0xFF000000
"""Metric from which on a route is what no other catches: older kernels keep `unreachable default` in IPv6 tables at
4294967295, and their documentation of VRFs advises one at 4278198272."""

_USUAL_METRIC: dict[Family, int] = {"inet": 0, "inet6": 1024}
"""What the kernel takes where none is given (`IP6_RT_PRIO_USER` for IPv6)."""


def duplicate_default(case: Case) -> Iterator[Condition]:
    """Default routes of one family, table and metric through different gateways, that are no multipath route.

    Routers that announce themselves (RFC 4861) may share a metric: the kernel balances among them and avoids those
    that do not answer.
    """
    ranks: dict[tuple[object, ...], list[Route]] = defaultdict(list)
    for route in case.ways.defaults:
        if not route.nexthops and route.protocol != "ra" and "dead" not in route.flags:
            rank = (route.family, route.table, _metric(route), route.tos, route.source_prefix)
            ranks[rank].append(route)
    told: set[str] = set()
    for routes in ranks.values():
        first, subject = routes[0], _subject(routes[0])
        if len({(route.gateway, route.ifindex) for route in routes}) > 1 and subject not in told:
            told.add(subject)
            yield _duplicate(case, subject, first, routes)


def _duplicate(case: Case, subject: str, first: Route, routes: list[Route]) -> Condition:
    other = next(each for each in routes if (each.gateway, each.ifindex) != (first.gateway, first.ifindex))
    return Condition(
        subject=subject,
        level=Severity.WARNING,
        held=Severity.WARNING,
        text="" if other.gateway else "on-link",
        facts={
            "family": FAMILY_NAMES[first.family],
            "flag": "-6" if first.family == "inet6" else "-4",
            "table": str(first.table),
            "metric": str(_metric(first)),
            "first": _way(case, first),
            "second": _way(case, other),
            "gateway": other.gateway or "",
            "link": case.snapshot.link_name(other.ifindex) or "",
        },
        evidence=tuple(f"{_told(case, route)}, made by {route.protocol}" for route in routes[:5]),
        target=first.destination,
    )


def _subject(route: Route) -> str:
    family = FAMILY_NAMES[route.family]
    return family if route.table == MAIN else f"{family}, table {table_name(route.table)}"


def _metric(route: Route) -> int:
    return _USUAL_METRIC[route.family] if route.metric is None else route.metric


def _way(case: Case, route: Route) -> str:
    name = case.snapshot.link_name(route.ifindex)
    return " ".join(filter(None, (route.gateway and f"via {route.gateway}", name and f"dev {name}")))


def _told(case: Case, route: Route) -> str:
    """As ip-route(8) writes it."""
    kind = "" if route.type == "unicast" else f"{route.type} "
    return " ".join(filter(None, (f"{kind}{route.cidr}", _way(case, route), f"metric {_metric(route):,}")))


def blackhole(case: Case) -> Iterator[Condition]:
    """Routes of table main that throw away everything, or what goes to a name server or gateway of this host.

    Those that gather up what a routing protocol or a firewall wants gone (summary routes, banned hosts) are as
    they should be, and so is a last resort below a default route.
    """
    if not case.ways.refusing:
        return
    elsewhere = {route.family for route in case.ways.defaults if route.table != MAIN}
    for family in FAMILY_NAMES:
        # Policy rules may lead past the table: where another one has a default route, main says little.
        if family not in elsewhere:
            yield from _of_default(case, family)
            yield from _of_needed(case, family)


def _counts(route: Route) -> bool:
    return _metric(route) < _LAST_RESORT and route.source_prefix is None and not route.tos


def _of_default(case: Case, family: Family) -> Iterator[Condition]:
    refusing = [
        route for routes in case.ways.refusing.get(0, {}).values() for route in routes
        if route.family == family and _counts(route)
    ]
    best = min(refusing, key=_metric, default=None)
    if best is None:
        return
    ways = [route for route in case.ways.defaults if route.family == family]
    # Where there is none, the two halves 0/1 and 128/1 may stand for it.
    overruled = min(map(_metric, ways)) <= _metric(best) if ways else family in case.ways.families
    if overruled:
        return
    usable = bool(ways) or family in case.memory.families
    level = Severity.CRITICAL if usable else Severity.WARNING
    yield Condition(
        subject=f"{best.destination}/0",
        level=level,
        held=level,
        text="default",
        facts=_facts(best),
        evidence=(
            f"{_told(case, best)}, made by {best.protocol}, in table main",
            *(f"it is preferred to {_told(case, way)}" for way in ways[:3]),
            *(("there is no other default route",) if not ways else ()),
        ),
        target=best.destination,
        covers=(*NO_DEFAULT, *CUT_OFF),
    )


def _facts(route: Route) -> dict[str, str]:
    metric = "" if route.metric is None else str(route.metric)
    return {
        "type": route.type,
        "route": route.cidr,
        "family": FAMILY_NAMES[route.family],
        "flag": "-6" if route.family == "inet6" else "-4",
        "metric": metric or str(_metric(route)),
    }


def _of_needed(case: Case, family: Family) -> Iterator[Condition]:
    """What the host needs, and the route that is the most specific for it leads nowhere."""
    caught: dict[str, tuple[Route, list[tuple[str, str]]]] = {}
    for address, role in _needed(case, family):
        route = _caught(case, _number(address), family)
        if route is not None:
            caught.setdefault(f"{route.destination}/{route.prefixlen}", (route, []))[1].append((address, role))
    resolvers = case.snapshot.resolvers.resolvers if case.snapshot.resolvers else ()
    for subject, (route, found) in caught.items():
        inside = {address for address, role in found if role == "name server"}
        level = Severity.CRITICAL if inside >= {each.address for each in resolvers} and inside else Severity.WARNING
        yield Condition(
            subject=subject,
            level=level,
            held=level,
            facts={**_facts(route), "needed": ", ".join(f"{role} {address}" for address, role in found[:3])},
            evidence=(
                f"{_told(case, route)}, made by {route.protocol}, in table main",
                *(f"{role} {address} is inside, and no route is more specific" for address, role in found[:5]),
            ),
            target=found[0][0],
            covers=tuple(_cut(found)),
        )


def _needed(case: Case, family: Family) -> Iterator[tuple[str, str]]:
    """Addresses that this host talks to if it talks at all, and what they are to it."""
    resolvers = case.snapshot.resolvers.resolvers if case.snapshot.resolvers else ()
    for address, role in (
        *((each.address, "name server") for each in resolvers),
        *((each.address, "gateway") for each in case.ways.gateways),
    ):
        if address and _number(address) and (":" in address) == (family == "inet6") and not _near(address):
            yield address, role


def _near(address: str) -> bool:
    """This host itself, or what is only found on the link."""
    return address.startswith(("127.", "fe80:")) or address == "::1"


def _cut(found: list[tuple[str, str]]) -> Iterator[Key]:
    for address, role in found:
        if role == "name server":
            yield from ((rule, address) for rule in ("dns.unreachable", "dns.failing", "dns.slow"))
        else:
            yield "route.gateway-unreachable", address
    yield "tcp.syn-sent-stuck", ANY


def _number(address: str) -> int:
    """An address as a number; 0 for what is none."""
    try:
        packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address.partition("%")[0])
    except (OSError, ValueError):
        return 0
    return int.from_bytes(packed)


def _network(number: int, length: int, family: Family) -> str:
    """The network of so long a prefix that an address is in, as routes have it."""
    bits, kind = (128, socket.AF_INET6) if family == "inet6" else (32, socket.AF_INET)
    rest = bits - length
    return socket.inet_ntop(kind, (number >> rest << rest).to_bytes(bits // 8))


def _caught(case: Case, number: int, family: Family) -> Route | None:
    """The route to nowhere that catches an address; None: there is none, or one that leads somewhere is heard first."""
    longest = 128 if family == "inet6" else 32
    for length in sorted((each for each in case.ways.refusing if 0 < each <= longest), reverse=True):
        found = case.ways.refusing[length].get(_network(number, length, family), ())
        route = min(filter(_counts, found), key=_metric, default=None)
        if route is not None:
            inside = {(each, _network(number, each, family)) for each in range(length, longest + 1)}
            return None if _overruled(case, route, inside) else route
    return None


def _overruled(case: Case, route: Route, inside: set[tuple[int, str]]) -> bool:
    """Whether a route to one of these networks leads somewhere, and is heard before this one."""
    return any(
        (each.prefixlen, each.destination) in inside and each.type == "unicast" and each.table == MAIN
        and (each.prefixlen > route.prefixlen or _metric(each) <= _metric(route))
        for each in case.snapshot.routes or ()
    )


RULES = (
    Rule(id="route.duplicate-default", find=duplicate_default, needs=("links", "routes")),
    Rule(id="route.blackhole", find=blackhole, needs=("routes",)),
)
