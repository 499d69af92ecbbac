"""Rules on what interfaces move: packets that arrive broken, that are thrown away, and links that are full."""

from collections.abc import Iterator

from nettui.diagnosis.condition import Case, Condition, Rule
from nettui.diagnosis.rules.figures import listed, number
from nettui.diagnosis.rules.grading import HOLD, graded, marks
from nettui.model.finding import Severity
from nettui.model.link import Link, Rates
from nettui.model.snapshot import Snapshot

PORT_KINDS = frozenset(("ethernet", "wifi", "infiniband", "wwan", "ppp"))
"""What has a cable or a radio itself. Virtual links throw away what floods into them, and that is normal."""

ERRORS_SHARE = 0.1
"""Per cent of the packets: from there on TCP is slowed noticeably (Mathis et al. 1997). A few broken frames among
millions are what cables do."""

DROPS_SHARE = 2.0
"""Per cent of the packets, as in netdata's inbound_packets_dropped_ratio. Since Linux 2.6.37 frames of protocols
that nobody here speaks (LLDP, STP, foreign VLANs) count as dropped too; a network may be full of them."""

WIFI_DROPS_SHARE = 10.0
"""The same by radio, as in netdata's wifi_inbound_packets_dropped_ratio."""

GRAVER = 10
"""Critical takes so many times that share."""

LOWER = 5
"""Points below its threshold at which a link counts as full no longer."""

_TEAMS = frozenset(("bond", "team"))


def counters_at(snapshot: Snapshot) -> float:
    """When the counters were read."""
    return snapshot.taken_at if snapshot.counters_at is None else snapshot.counters_at


def errors(case: Case) -> Iterator[Condition]:
    """Cards that receive broken frames, or fail to send."""
    for ifindex, rates in case.history.rates.items():
        link = case.memory.links.get(ifindex) if rates.errors else None
        if link is not None and link.kind in PORT_KINDS:
            yield from _lossy(case, link, rates, rates.errors, ERRORS_SHARE)


def drops(case: Case) -> Iterator[Condition]:
    """Cards, and bonds in place of their ports, that throw away a good part of what they move."""
    for ifindex, rates in case.history.rates.items():
        link = case.memory.links.get(ifindex) if rates.drops else None
        if link is not None and _judged_for_drops(case, link):
            least = WIFI_DROPS_SHARE if link.kind == "wifi" else DROPS_SHARE
            yield from _lossy(case, link, rates, rates.drops, least)


def _judged_for_drops(case: Case, link: Link) -> bool:
    if case.snapshot.backend == "portable":  # it takes anything with a hardware address for a card
        return link.ifindex in case.memory.carried
    if link.kind not in PORT_KINDS:
        return link.kind in _TEAMS
    # A bond's spare port throws away all that is broadcast; the bond counts its ports together.
    master = case.memory.links.get(link.master) if link.master is not None else None
    return master is None or master.kind not in _TEAMS


def _lossy(case: Case, link: Link, rates: Rates, lost: float, least: float) -> Iterator[Condition]:
    limits = case.limits_of(interface=link.name)
    moved = rates.rx_packets + rates.tx_packets
    percent = 100 * lost / (moved + lost)
    level, held = graded(lost, limits)
    level, held = _capped(level, percent, least), _capped(held, percent, least * HOLD)
    if held is None or not limits.enabled:
        return
    yield Condition(
        subject=link.name,
        level=level,
        held=held,
        single=False,
        value=lost,
        marks=marks(limits),
        facts={"link": link.name, "rate": f"{number(lost)}", "percent": f"{percent:.3g}"},
        evidence=(
            f"{number(lost)} a second, {percent:.3g} % of {moved:,.0f} packets a second "
            f"({listed(limits)}; and {least:g} % of the packets)",
            *_totals(case, link),
            f"driver {link.driver or 'not known'}",
        ),
        target=link.name,
        limits=limits,
    )


def _capped(grade: Severity | None, percent: float, least: float) -> Severity | None:
    """No graver than this share of the packets allows."""
    if grade is None or percent < least:
        return None
    return Severity.WARNING if grade is Severity.CRITICAL and percent < GRAVER * least else grade


def _totals(case: Case, link: Link) -> Iterator[str]:
    for each in case.snapshot.counters or ():
        if each.ifindex == link.ifindex:
            yield (
                f"since it was made: errors {each.rx_errors:,} received, {each.tx_errors:,} sent; "
                f"dropped {each.rx_dropped:,} received, {each.tx_dropped:,} sent"
            )


def saturated(case: Case) -> Iterator[Condition]:
    """Cards that move nearly as much as their speed allows, in either direction. A radio's rate is no speed."""
    for link in case.memory.links.values():
        rates = case.history.rates.get(link.ifindex) if link.speed else None
        if rates is None or not link.speed or link.kind not in PORT_KINDS or link.kind == "wifi":
            continue
        way, most = max((("received", rates.rx_bytes), ("sent", rates.tx_bytes)), key=lambda each: each[1])
        percent = 100 * most * 8 / 1e6 / link.speed
        limits = case.limits_of(interface=link.name)
        level, held = graded(percent, limits, LOWER)
        if held is None or not limits.enabled:
            continue
        other = rates.tx_bytes if way == "received" else rates.rx_bytes
        yield Condition(
            subject=link.name,
            level=level,
            held=held,
            single=False,
            value=percent,
            marks=marks(limits),
            facts={"link": link.name, "percent": f"{percent:.0f}", "speed": f"{link.speed:,}", "way": way},
            evidence=(
                f"{number(most * 8 / 1e6)} Mbit/s {way}, {number(other * 8 / 1e6)} Mbit/s the other way; "
                f"speed {link.speed:,} Mbit/s, {link.duplex or 'unknown'} duplex ({listed(limits)})",
                f"{rates.rx_packets:,.0f} packets a second received, {rates.tx_packets:,.0f} sent",
            ),
            target=link.name,
            limits=limits,
        )


RULES = (
    Rule(id="link.errors", find=errors, needs=("links", "counters"), at=counters_at),
    Rule(id="link.drops", find=drops, needs=("links", "counters"), at=counters_at),
    Rule(id="link.saturated", find=saturated, needs=("links", "counters"), at=counters_at),
)
