"""Rules on the name servers this host asks: whether there are any, can be reached, and by which way.

Without listed names nothing is ever sent: the routing and neighbour tables tell what they can. With them, an answer
proves more than any table.
"""

from collections.abc import Iterator, Sequence

from nettui.diagnosis.condition import HOST, Case, Condition, Rule
from nettui.diagnosis.fib import WIDE, Way, way
from nettui.diagnosis.rules.names import rounds
from nettui.model.address import Address
from nettui.model.finding import Severity
from nettui.model.link import Link
from nettui.model.neighbour import NeighbourState
from nettui.model.resolver import Resolver
from nettui.model.snapshot import Snapshot

ASKED = 3
"""Servers that the C library asks (MAXNS in resolv.h); further ones do not matter."""
FRESH = 300.0
"""Seconds for which a failure in the neighbour table counts."""
SILENT_ROUNDS = 2
"""Rounds without any answer before a server counts as unreachable: a single packet may get lost."""

TUNNELS = frozenset(("wireguard", "tun", "tap", "ipip", "sit", "gre", "ip6tnl", "ip6gre", "vti", "vti6", "xfrm"))
_INSIDE = frozenset(("loopback", "dummy", "veth", "ifb"))
_VIRTUAL_PORTS = frozenset(("veth", "tun", "tap", "vxlan", "dummy"))
_ANYWHERE = ("64.0.0.0", "192.0.0.0", "6000::", "c000::")
"""An address in each half of IPv4 and IPv6: where packets to nowhere in particular go, if only /0 and /1 count."""


def servers(snapshot: Snapshot) -> tuple[Resolver, ...]:
    """Those that are asked."""
    return snapshot.resolvers.resolvers[:ASKED] if snapshot.resolvers else ()


def no_resolver(case: Case) -> Iterator[Condition]:
    """No name server configured, on a host with a network."""
    snapshot = case.snapshot
    config = snapshot.resolvers
    if config is None or config.resolvers:
        return
    networks = _networks(snapshot)
    if not networks:
        return
    level = Severity.CRITICAL if case.ways.families else Severity.WARNING
    listed = [f"{a.address}/{a.prefixlen} on {snapshot.link_name(a.ifindex)}" for a in networks[:3]]
    yield Condition(
        subject=HOST,
        level=level,
        held=level,
        evidence=(*config.warnings[-2:], f"this host has {', '.join(listed)}"),
    )


def _networks(snapshot: Snapshot) -> list[Address]:
    """Addresses that lead somewhere: a host with nothing but lo, such as a container cut off on purpose, has none."""
    links = {link.ifindex for link in snapshot.links or () if link.kind != "loopback" and link.usable}
    return [a for a in snapshot.addresses or () if a.ifindex in links and a.scope == "global"]


def unreachable(case: Case) -> Iterator[Condition]:
    """Servers that answer no listed name, or that no packet can come to by the tables, on a host with a network."""
    asked = servers(case.snapshot) if _networks(case.snapshot) else ()
    addresses = tuple(dict.fromkeys(server.address for server in asked))
    failed = {address: found for address in addresses if (found := _failure(case, address)) is not None}
    if len(failed) < len(addresses):
        # Where this host has no IPv6 at all, a server there costs nothing: the next one is asked at once.
        failed = {a: f for a, f in failed.items() if not (f.why == "no route" and _foreign(case.snapshot, a))}
    whole = len(failed) == len(addresses)
    level = Severity.CRITICAL if whole else Severity.WARNING
    others = [address for address in addresses if address not in failed]
    for address, found in failed.items():
        first = whole and address == addresses[0]
        yield Condition(
            subject=address,
            level=level,
            held=level,
            began=found.began,
            text="all" if whole else "",
            facts={"server": address, "why": found.why, "name": found.name, "bare": address.partition("%")[0]},
            evidence=(
                *found.evidence,
                f"asked too: {', '.join(others)}" if others else _alone(addresses),
            ),
            target=address,
            covers=(
                *((("dns.unreachable", other) for other in addresses if other != address) if first else ()),
                ("dns.slow", address),
                ("dns.failing", address),
            ),
        )


class _Failure:
    """Why one server cannot be reached."""

    def __init__(self, why: str, evidence: Sequence[str], name: str = ".", began: float | None = None) -> None:
        self.why, self.evidence, self.name, self.began = why, evidence, name, began


def _failure(case: Case, address: str) -> _Failure | None:
    heard = [[p for p in each.probes if p.server == address] for each in rounds(case)]
    heard = [probes for probes in heard if probes]
    if heard and any(probe.rcode is not None for probe in heard[-1]):
        return None
    by_table = _passive(case.snapshot, address)
    silent = 0
    while silent < len(heard) and all(probe.rcode is None for probe in heard[-1 - silent]):
        silent += 1
    if by_table is None and silent < min(SILENT_ROUNDS, len(case.history.probes)):
        return None
    if not silent:
        return by_table
    last = heard[-1][0]
    why = by_table.why if by_table else last.error or "no answer"
    names = ", ".join(sorted({probe.name for probe in heard[-1]})[:3])
    asked = f"asked {len(heard[-1])} names in the last round ({names}): {last.error or 'no answer'}"
    began = rounds(case)[-silent].at if silent > 1 else None
    return _Failure(why, (asked, *(by_table.evidence if by_table else ())), last.name, began)


def _passive(snapshot: Snapshot, server: str) -> _Failure | None:
    """What routing and neighbour tables say against a server."""
    address, _, zone = server.partition("%")
    if zone or address.lower().startswith("fe80:"):
        ifindexes = frozenset(link.ifindex for link in snapshot.links or () if zone in (link.name, str(link.ifindex)))
        return _unheard(snapshot, address, ifindexes)
    found = way(snapshot, address)
    if found is None or found.local:
        return None
    if found.refused == "no route":
        return _Failure("no route", ("no route of any table leads there",))
    if found.refused is not None:
        by = f"route {found.route.cidr}, table {found.route.table}" if found.route else "policy rule"
        return _Failure(f"{found.refused} {'route' if found.route else 'rule'}", (f"{found.refused} {by} covers it",))
    route = found.route
    if route is None or route.gateway is not None or route.nexthops:
        return None
    return _unheard(snapshot, address, found.ifindexes)


def _unheard(snapshot: Snapshot, address: str, ifindexes: frozenset[int]) -> _Failure | None:
    """The server is on the link itself and did not answer for its hardware address."""
    for entry in snapshot.neighbours or ():
        if entry.address == address and entry.ifindex in ifindexes and entry.state is NeighbourState.FAILED:
            if entry.updated is not None and entry.updated > FRESH:
                continue
            name = snapshot.link_name(entry.ifindex)
            began = None if entry.updated is None else snapshot.taken_at - entry.updated
            return _Failure(
                f"silent on {name}", (f"{address} on {name} is FAILED in the neighbour table",), began=began
            )
    return None


def _foreign(snapshot: Snapshot, server: str) -> bool:
    """Whether a server is of a family in which this host has no address."""
    family = "inet6" if ":" in server else "inet"
    return not any(a.family == family and a.scope == "global" for a in snapshot.addresses or ())


def _alone(addresses: Sequence[str]) -> str:
    if len(addresses) == 1:
        return "there is no other server"
    return f"none of the {len(addresses)} servers can be reached: {', '.join(addresses)}"


def leak(case: Case) -> Iterator[Condition]:
    """A tunnel carries everything, and the questions for names go beside it."""
    snapshot = case.snapshot
    links = {link.ifindex: link for link in snapshot.links or ()}
    tunnels = _carrying(snapshot, links)
    if not tunnels:
        return
    for address in dict.fromkeys(server.address for server in servers(snapshot)):
        if "%" in address:
            continue
        found = way(snapshot, address)
        if found is None or found.local or found.refused is not None or not found.ifindexes:
            continue
        outside = [links[index] for index in sorted(found.ifindexes) if index in links and _outside(index, links)]
        if not outside or len(outside) < len(found.ifindexes):
            continue
        yield _leaking(address, found, outside[0], tunnels)


def _leaking(address: str, found: Way, link: Link, tunnels: Sequence[Link]) -> Condition:
    cidr = found.route.cidr if found.route else ""
    return Condition(
        subject=address,
        level=Severity.WARNING,
        held=Severity.WARNING,
        facts={"server": address, "link": link.name, "tunnel": tunnels[0].name},
        evidence=(
            f"{', '.join(f'{t.name} ({t.kind})' for t in tunnels)} carries the default route",
            f"the route to {address} is {cidr} through {link.name} ({link.kind})",
        ),
        target=address,
    )


def _carrying(snapshot: Snapshot, links: dict[int, Link]) -> list[Link]:
    """Usable tunnels that packets to nowhere in particular leave by, in one family at least."""
    if not any(link.usable and (link.kind in TUNNELS or link.kind == "ppp") for link in links.values()):
        return []
    ways = [way(snapshot, address, longest=WIDE) for address in _ANYWHERE]
    carrying: dict[int, Link] = {}
    for first, second in ((0, 1), (2, 3)):
        low, high = ways[first], ways[second]
        if low is None or high is None or low.refused or high.refused:
            continue
        for index in low.ifindexes & high.ifindexes:
            link = links.get(index)
            if link is not None and link.usable and _is_tunnel(link, snapshot):
                carrying[index] = link
    return list(carrying.values())


def _is_tunnel(link: Link, snapshot: Snapshot) -> bool:
    """PPP is a tunnel where another link has a default route too; else it is how this host is connected (PPPoE)."""
    if link.kind != "ppp":
        return link.kind in TUNNELS
    return any(r.is_default and r.type == "unicast" and r.ifindex != link.ifindex for r in snapshot.routes or ())


def _outside(ifindex: int, links: dict[int, Link]) -> bool:
    """Whether a link leads out of this host, and not through a tunnel."""
    link = links[ifindex]
    if link.kind == "veth":  # with its other end elsewhere and no bridge around it, it is a container's card
        return link.peer_netns and link.master is None
    if link.kind == "bridge":
        return any(port.master == ifindex and port.kind not in _VIRTUAL_PORTS for port in links.values())
    return link.kind not in _INSIDE and link.kind not in TUNNELS and link.kind != "ppp"


RULES = (
    Rule(id="dns.no-resolver", find=no_resolver, needs=("resolvers", "links", "addresses")),
    Rule(id="dns.unreachable", find=unreachable, needs=("resolvers", "links", "addresses")),
    Rule(id="dns.leak", find=leak, needs=("resolvers", "links", "routes")),
)
