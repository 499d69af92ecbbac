"""Rules on the ways out: whether there is a default route, and whether its gateway answers."""

from collections.abc import Iterable, Iterator, Mapping

from nettui.diagnosis.condition import ANY, HOST, Case, Condition, Rule
from nettui.diagnosis.rules.consequences import CUT_OFF
from nettui.diagnosis.ways import FAMILY_NAMES, described, other_way, subject_of
from nettui.model.address import Address, Family
from nettui.model.finding import Severity
from nettui.model.link import Link
from nettui.model.neighbour import Gateway, Health, Neighbour, NeighbourState
from nettui.model.route import MAIN
from nettui.model.snapshot import Snapshot

FRESH = 300.0
"""Seconds for which a gateway's failure to answer counts; an entry that failed earlier and has not been asked
since says nothing of now."""

_INWARD_KINDS = frozenset(
    ("loopback", "dummy", "ifb", "bridge", "tun", "tap", "wireguard", "vxlan", "geneve", "gre", "gretap", "ip6gre",
     "ip6tnl", "ipip", "sit", "vrf", "vcan", "nlmon", "xfrm", "vti")
)
"""Kinds that lead to containers, tunnels or nowhere: an address there does not ask for a default route. A
bridge with a real port is another matter."""
_VIRTUAL_PORTS = frozenset(("veth", "tun", "tap", "vxlan", "geneve", "dummy"))


def no_default(case: Case) -> Iterator[Condition]:
    """No default route in any table, on a host that has a network to be reached through."""
    had, have = case.memory.families, case.ways.families
    if not have:
        networks = _networks(case.snapshot)
        if had or (networks and not case.ways.dynamic):
            yield _without_any(case, networks)
    for family in sorted(had - have) if have else ():
        networks = [a for a in _networks(case.snapshot) if a.family == family]
        if networks:
            yield _without_one(family, networks, case)


def _without_any(case: Case, networks: list[Address]) -> Condition:
    if case.memory.families:
        level, story = Severity.CRITICAL, "there was one earlier in this session"
    elif case.ways.specific:
        level, story = Severity.NOTICE, "routes through a gateway to some networks; perhaps this is meant to be so"
    else:
        level, story = Severity.WARNING, "there has been none since nettui started"
    former = next((case.memory.former[f] for f in FAMILY_NAMES if f in case.memory.former), None)
    return Condition(
        subject=HOST,
        level=level,
        held=level,
        text=_restorable(former, case.snapshot),
        facts={
            "family": "",
            "only": "only the networks in its routing tables" if case.ways.specific else "only connected networks",
            **_facts(former, case.snapshot),
        },
        evidence=(
            "no default route in any routing table, neither IPv4 nor IPv6",
            story,
            *_addressed(networks, case.snapshot),
        ),
        covers=(*(("route.no-default", name) for name in FAMILY_NAMES.values()), *CUT_OFF),
    )


def _without_one(family: Family, networks: list[Address], case: Case) -> Condition:
    name = FAMILY_NAMES[family]
    other = "IPv6" if family == "inet" else "IPv4"
    former = case.memory.former.get(family)
    # Programs fall back from IPv6 to IPv4 (RFC 8305), and much of the world has only IPv4.
    level = Severity.CRITICAL if family == "inet" else Severity.WARNING
    return Condition(
        subject=name,
        level=level,
        held=level,
        text=_restorable(former, case.snapshot),
        facts={
            "family": f"{name} ",
            "only": f"by {name} only the networks in its routing tables",
            **_facts(former, case.snapshot),
        },
        evidence=(
            f"no {name} default route in any routing table; there was one earlier in this session",
            f"{other} still has one",
            *_addressed(networks, case.snapshot),
        ),
        covers=(("dns.unreachable", ANY), ("tcp.syn-sent-stuck", ANY)) if family == "inet" else (),
    )


def _restorable(former: Gateway | None, snapshot: Snapshot) -> str:
    """Whether the route that was there could be put back by one command."""
    link = snapshot.link(former.ifindex) if former else None
    return "lost" if former and former.address and former.table == MAIN and link and link.usable else ""


def _facts(gateway: Gateway | None, snapshot: Snapshot) -> dict[str, str]:
    """What commands about a gateway need."""
    if gateway is None:
        return {}
    return {
        "gateway": gateway.address or "",
        "link": snapshot.link_name(gateway.ifindex) or "",
        "flag": "-6" if gateway.family == "inet6" else "-4",
    }


def _networks(snapshot: Snapshot) -> list[Address]:
    """Addresses that lead out of this host: global ones, in use, on a link that works and is not a bridge to
    containers, a tunnel or the like."""
    links = {link.ifindex: link for link in snapshot.links or ()}
    found = []
    for address in snapshot.addresses or ():
        link = links.get(address.ifindex)
        if link and link.usable and address.scope == "global" and _outward(link, links) and _in_use(address):
            found.append(address)
    return found


def _outward(link: Link, links: Mapping[int, Link]) -> bool:
    if link.kind == "bridge":
        return any(port.master == link.ifindex and port.kind not in _VIRTUAL_PORTS for port in links.values())
    return link.kind not in _INWARD_KINDS


def _in_use(address: Address) -> bool:
    """For new connections, that is; and not one that a host gives itself when no DHCP server answers."""
    unused = {"tentative", "dadfailed", "deprecated"}.intersection(address.flags)
    return not unused and not address.address.startswith("169.254.")


def _addressed(networks: Iterable[Address], snapshot: Snapshot) -> Iterator[str]:
    listed = [f"{a.address}/{a.prefixlen} on {snapshot.link_name(a.ifindex)}" for a in networks]
    if listed:
        more = f" and {len(listed) - 3:,} more" if len(listed) > 3 else ""
        yield f"this host has {', '.join(listed[:3])}{more}"


def gateway_unreachable(case: Case) -> Iterator[Condition]:
    """Gateways of default routes that were asked for their hardware address and did not answer."""
    subjects: set[str] = set()
    for gateway in case.ways.gateways:
        link = case.snapshot.link(gateway.ifindex)
        # A gateway behind a link that is down is that link's finding.
        if gateway.address is None or link is None or not link.usable:
            continue
        subject = subject_of(gateway, case.snapshot)
        if gateway.health in (Health.SILENT, Health.UNKNOWN) and subject not in subjects:
            subjects.add(subject)
            yield _silent(case, gateway, subject)


def _silent(case: Case, gateway: Gateway, subject: str) -> Condition:
    """Nothing proves an answer: what was told of it stays, and where it failed lately there is something to tell."""
    others = [g for g in case.ways.gateways if (g.address, g.ifindex) != (gateway.address, gateway.ifindex)]
    other = other_way(gateway.family, others, case.snapshot)
    grave = Severity.WARNING if other else Severity.CRITICAL
    entry = _entry(case.snapshot, gateway)
    failed = gateway.state is NeighbourState.FAILED
    age = entry.updated if entry else None
    fresh = gateway.health is Health.SILENT and (age is None or age <= FRESH)
    return Condition(
        subject=subject,
        level=grave if fresh else None,
        held=grave,
        # INCOMPLETE is being asked at this moment: that alone is no failure yet, however old the entry is.
        began=case.snapshot.taken_at - age if failed and fresh and age is not None else None,
        single=failed,
        text="another" if other else "",
        facts={
            **_facts(gateway, case.snapshot),
            "other": described(other, case.snapshot) if other else "",
        },
        evidence=tuple(_gateway_evidence(case.snapshot, gateway, entry, other)),
        target=gateway.address or "",
        covers=() if other else CUT_OFF,
    )


def _entry(snapshot: Snapshot, gateway: Gateway) -> Neighbour | None:
    return next(
        (n for n in snapshot.neighbours or () if n.address == gateway.address and n.ifindex == gateway.ifindex), None
    )


def _gateway_evidence(
    snapshot: Snapshot, gateway: Gateway, entry: Neighbour | None, other: Gateway | None
) -> Iterator[str]:
    name = f"{gateway.address} on {snapshot.link_name(gateway.ifindex)}"
    yield f"{name} is {gateway.state} in the neighbour table" if entry else f"{name} is not in the neighbour table now"
    if entry and entry.updated is not None and gateway.state is NeighbourState.FAILED:
        yield f"it failed to answer {entry.updated:,.0f} s ago"
    metric = "" if gateway.metric is None else f", metric {gateway.metric:,}"
    yield f"{FAMILY_NAMES[gateway.family]} default route {described(gateway, snapshot)}, table {gateway.table}{metric}"
    if other:
        # IPv6 does, among routers of one metric (RFC 4861 section 6.3.6).
        stays = "; the kernel does not move to it because a gateway is silent" if gateway.family == "inet" else ""
        yield f"another default route: {described(other, snapshot)}{stays}"


RULES = (
    Rule(id="route.no-default", find=no_default, needs=("links", "addresses", "routes")),
    Rule(id="route.gateway-unreachable", find=gateway_unreachable, needs=("links", "routes", "neighbours")),
)
