"""The rules on interfaces that worked, or that the way out leads through, and that cannot be used now.

Of the two one speaks: `link.no-carrier` of a link that is wanted up and has no signal, `link.down` of every other.
"""

from collections.abc import Iterable, Iterator, Mapping

from nettui.diagnosis.condition import ANY, HOST, Case, Condition, Key, Rule
from nettui.diagnosis.rules.consequences import CUT_OFF
from nettui.diagnosis.ways import FAMILY_NAMES, described, other_way, subject_of
from nettui.model.finding import Severity
from nettui.model.link import Link
from nettui.model.neighbour import Gateway
from nettui.model.route import MAIN

CABLE_KINDS = frozenset(("ethernet", "wifi", "infiniband", "wwan", "ppp", "bond", "team", "vlan"))
"""Kinds whose going down is news in itself. All others (veth, bridges, tunnels, ...) come and go with
containers and sessions, and matter only when a default route leads through them."""

_OWN = ("link.down", "link.no-carrier")
_ALSO = ("link.no-address", "link.self-assigned", "link.errors", "link.drops", "dhcp.lease-expiring",
         "dhcp.lease-expired")
"""What else may be told of a link that is down, and only follows."""


def down(case: Case) -> Iterator[Condition]:
    """Links that carried a default route or worked in this session and are set down, or not operational."""
    return _unusable(case, without_signal=False)


def no_carrier(case: Case) -> Iterator[Condition]:
    """The same, where somebody wants the link up and its cable, or whatever it has instead, brings no signal."""
    return _unusable(case, without_signal=True)


def _unusable(case: Case, *, without_signal: bool) -> Iterator[Condition]:
    if not case.memory.down:
        return
    above = _standing_on(case.memory.down)
    for link in case.memory.down:
        limits = case.limits_of(interface=link.name)
        if _without_signal(link) is not without_signal or not limits.enabled:
            continue
        burden = list(_burden(link, above))
        lost = [way for each in burden for way in case.memory.carried.get(each.ifindex, ())]
        level = _gravity(case, link, lost)
        if level is not None:
            yield _condition(case, link, level, lost, burden)


def _without_signal(link: Link) -> bool:
    return link.admin_up and link.carrier is False


def _gravity(case: Case, link: Link, lost: list[Gateway]) -> Severity | None:
    if lost:
        return Severity.WARNING if _saved(case, lost) else Severity.CRITICAL
    # The portable backend takes anything with a hardware address for a card, docker0 too.
    if link.kind not in CABLE_KINDS or case.snapshot.backend == "portable":
        return None
    if link.ifindex in case.memory.up:
        return Severity.WARNING
    return Severity.NOTICE if link.admin_up and _configured(case, link) else None


def _saved(case: Case, lost: list[Gateway]) -> bool:
    """Every default route that was lost has another beside it that works."""
    return all(other_way(way.family, case.ways.gateways, case.snapshot) for way in lost)


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


def _covers(case: Case, lost: list[Gateway], burden: list[Link]) -> Iterator[Key]:
    for each in burden:
        # Of the link itself too: what was told before it went from one kind of trouble to the other.
        yield from ((rule, each.name) for rule in (*_OWN, *_ALSO))
    if not lost:
        return
    yield "route.no-default", HOST
    for way in lost:
        yield "route.no-default", FAMILY_NAMES[way.family]
        yield "route.gateway-unreachable", subject_of(way, case.snapshot)
    if _saved(case, lost):
        yield "dns.unreachable", ANY
    else:
        yield from CUT_OFF


def _condition(case: Case, link: Link, level: Severity, lost: list[Gateway], burden: list[Link]) -> Condition:
    own = next((way for way in lost if way.ifindex == link.ifindex and way.address and way.table == MAIN), None)
    ways = ", ".join(dict.fromkeys(described(way, case.snapshot) for way in lost))
    return Condition(
        subject=link.name,
        level=level,
        held=level,
        text=_text(link, own),
        facts={
            "link": link.name,
            "gateway": own.address or "" if own else "",
            "flag": "-6" if own and own.family == "inet6" else "-4",
            "why": _why(link),
            "and": f", and with it the default route {ways}" if lost else "",
        },
        evidence=tuple(_evidence(case, link, lost, burden)),
        target=link.name,
        limits=case.limits_of(interface=link.name),
        covers=tuple(_covers(case, lost, burden)),
    )


def _text(link: Link, own: Gateway | None) -> str:
    """Which of the rule's texts fits."""
    if _without_signal(link):
        return ""
    if link.admin_up:
        return "not-operational"
    return "set-down-default" if own else "set-down"


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


RULES = (
    Rule(id="link.down", find=down, needs=("links",)),
    Rule(id="link.no-carrier", find=no_carrier, needs=("links",)),
)
