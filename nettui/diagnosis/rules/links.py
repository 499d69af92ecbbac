"""The rule on interfaces: one that worked, or that the way out leads through, and that cannot be used now."""

from collections.abc import Iterable, Iterator, Mapping

from nettui.diagnosis.condition import HOST, Case, Condition, Key, Rule
from nettui.diagnosis.ways import FAMILY_NAMES, described, other_way, subject_of
from nettui.model.finding import Severity
from nettui.model.link import Link
from nettui.model.neighbour import Gateway
from nettui.model.route import MAIN

CABLE_KINDS = frozenset(("ethernet", "wifi", "infiniband", "wwan", "ppp", "bond", "team", "vlan"))
"""Kinds whose going down is news in itself. All others (veth, bridges, tunnels, ...) come and go with
containers and sessions, and matter only when a default route leads through them."""


def down(case: Case) -> Iterator[Condition]:
    """Links that carried a default route or worked in this session and cannot be used now."""
    above = _standing_on(case.memory.down)
    for link in case.memory.down:
        burden = list(_burden(link, above))
        lost = [way for each in burden for way in case.memory.carried.get(each.ifindex, ())]
        level = _gravity(case, link, lost)
        if level is not None:
            yield _condition(case, link, level, lost, burden)


def _gravity(case: Case, link: Link, lost: list[Gateway]) -> Severity | None:
    if lost:
        saved = all(other_way(way.family, case.ways.gateways, case.snapshot) for way in lost)
        return Severity.WARNING if saved else Severity.CRITICAL
    # The portable backend takes anything with a hardware address for a card, docker0 too.
    if link.kind not in CABLE_KINDS or case.snapshot.backend == "portable":
        return None
    if link.ifindex in case.memory.up:
        return Severity.WARNING
    return Severity.NOTICE if link.admin_up and _configured(case, link) else None


def _configured(case: Case, link: Link) -> bool:
    """Somebody gave it an address, so it is not merely a port that nobody uses."""
    return any(a.ifindex == link.ifindex and a.scope == "global" for a in case.snapshot.addresses or ())


def _standing_on(links: Iterable[Link]) -> Mapping[int, list[Link]]:
    """By ifindex: which of `links` are made of it (bonds and bridges of their ports, VLANs of their parent)."""
    above: dict[int, list[Link]] = {}
    masters = {link.ifindex: link for link in links}
    for link in masters.values():
        if link.parent is not None and not link.peer_netns and link.kind != "veth":
            above.setdefault(link.parent, []).append(link)
        if link.master in masters:
            above.setdefault(link.ifindex, []).append(masters[link.master])
    return above


def _burden(link: Link, above: Mapping[int, list[Link]]) -> Iterator[Link]:
    """The link itself, and all that went down because they stand on it."""
    seen, waiting = {link.ifindex}, [link]
    while waiting:
        each = waiting.pop()
        yield each
        for upper in above.get(each.ifindex, ()):
            if upper.ifindex not in seen:
                seen.add(upper.ifindex)
                waiting.append(upper)


def _condition(case: Case, link: Link, level: Severity, lost: list[Gateway], burden: list[Link]) -> Condition:
    covers: list[Key] = [("link.down", each.name) for each in burden[1:]]
    if lost:
        covers.append(("route.no-default", HOST))
    for way in lost:
        covers.append(("route.no-default", FAMILY_NAMES[way.family]))
        covers.append(("route.gateway-unreachable", subject_of(way, case.snapshot)))
    own = next((way for way in lost if way.ifindex == link.ifindex and way.address and way.table == MAIN), None)
    ways = ", ".join(dict.fromkeys(described(way, case.snapshot) for way in lost))
    return Condition(
        subject=link.name,
        level=level,
        held=level,
        text="no-carrier" if link.admin_up else "set-down-default" if own else "set-down",
        facts={
            "link": link.name,
            "gateway": own.address or "" if own else "",
            "flag": "-6" if own and own.family == "inet6" else "-4",
            "why": _why(link),
            "and": f", and with it the default route {ways}" if lost else "",
        },
        evidence=tuple(_evidence(case, link, lost, burden)),
        covers=tuple(covers),
    )


def _why(link: Link) -> str:
    if not link.admin_up:
        return "it was set down"
    return {None: "not running", False: "no carrier", True: f"it is {link.state}"}[link.carrier]


def _evidence(case: Case, link: Link, lost: list[Gateway], burden: list[Link]) -> Iterator[str]:
    carrier = {None: "not known", True: "yes", False: "no"}[link.carrier]
    wanted = "up" if link.admin_up else "down"
    yield f"{link.name}: {link.kind}, state {link.state}, administratively {wanted}, carrier: {carrier}"
    if link.ifindex not in case.memory.up:
        yield "it has not been usable since nettui started"
    for upper in burden[1:]:
        yield f"{upper.name} ({upper.kind}) stands on it and is down too"
    for family in dict.fromkeys(way.family for way in lost):
        gone = ", ".join(described(way, case.snapshot) for way in lost if way.family == family)
        other = other_way(family, case.ways.gateways, case.snapshot)
        instead = f"another one: {described(other, case.snapshot)}" if other else "there is no other that works"
        yield f"{FAMILY_NAMES[family]} default route {gone}; {instead}"


RULES = (Rule(id="link.down", find=down, needs=("links",)),)
