"""Rules on tables and queues of the kernel that fill up: connection tracking, neighbours, the receive backlog."""

from collections.abc import Iterator
from typing import NamedTuple

from nettui.diagnosis.condition import ANY, HOST, Case, Condition, Key, Rule, read_at
from nettui.diagnosis.rules.figures import grew, listed, movement, number, past, share, span
from nettui.diagnosis.rules.grading import graded, marks
from nettui.diagnosis.rules.windows import paces, time_left
from nettui.model.finding import Severity

CONNTRACK_LOWER = 5
"""Points below its threshold at which the table of connections counts as full no longer."""

FULL = 98
"""Per cent from which on a table turns packets away: it never stands at its maximum for long."""

OVERFLOW = 10.0
"""Seconds for which an entry that found no room counts."""

_CONNTRACK_FULL: tuple[Key, ...] = tuple(
    (rule, ANY)
    for rule in ("tcp.syn-sent-stuck", "tcp.retransmit", "tcp.zombie", "dns.unreachable", "dns.slow")
)


def conntrack_full(case: Case) -> Iterator[Condition]:
    """The table of tracked connections against its maximum."""
    vitals = case.snapshot.vitals
    percent = share(vitals.conntrack, vitals.conntrack_max) if vitals else None
    if vitals is None or percent is None or vitals.conntrack_max is None:
        return
    level, held = graded(percent, case.limits, CONNTRACK_LOWER)
    if held is None:
        return
    counts = past(case.history.vitals, "conntrack")
    seconds = time_left(counts, vitals.conntrack_max)
    yield Condition(
        subject=HOST,
        level=level,
        held=held,
        value=percent,
        marks=marks(case.limits),
        facts={
            "count": f"{vitals.conntrack:,}", "limit": f"{vitals.conntrack_max:,}", "percent": f"{percent:.0f}",
            "doubled": str(2 * vitals.conntrack_max),
        },
        evidence=(
            f"{vitals.conntrack:,} connections tracked of {vitals.conntrack_max:,} "
            f"(net.netfilter.nf_conntrack_max): {percent:.3g} % ({listed(case.limits)})",
            *grew(counts, seconds, "it is full"),
        ),
        trend=tuple(float(count) for _, count in counts),
        left=seconds,
        covers=_CONNTRACK_FULL if percent >= FULL else (),
    )


class Table(NamedTuple):
    """One neighbour table."""

    name: str
    version: str
    figure: str
    """Its entries in the Vitals."""
    limit: str
    """Its limit in the KernelSettings."""

    @property
    def sysctl(self) -> str:
        return f"net.ipv{self.version}.neigh.default.gc_thresh3"


TABLES = (Table("IPv4", "4", "neighbours4", "gc_thresh3"), Table("IPv6", "6", "neighbours6", "gc_thresh3_v6"))


def neighbours_full(case: Case) -> Iterator[Condition]:
    """The neighbour tables against their limits; and entries that found no room, wherever the limit is not told."""
    overflows = movement(case.history.vitals, "neighbour_overflows", OVERFLOW)
    lost = overflows.rose if overflows else 0
    found = [condition for table in TABLES if (condition := _table(case, table, lost))]
    yield from found
    if lost and not any(condition.level for condition in found):
        yield _overflowing(case, lost)


def _table(case: Case, table: Table, lost: int) -> Condition | None:
    count: int | None = getattr(case.snapshot.vitals, table.figure)
    limit: int | None = getattr(case.snapshot.settings, table.limit, None)
    percent = share(count, limit)
    if percent is None or limit is None:
        return None
    level, held = graded(percent, case.limits)
    if held is None:
        return None
    counts = past(case.history.vitals, table.figure)
    seconds = time_left(counts, limit)
    return Condition(
        subject=table.name,
        level=level,
        held=held,
        value=percent,
        marks=marks(case.limits),
        facts={
            "family": table.name, "version": table.version, "flag": f"-{table.version}",
            "count": f"{count:,}", "limit": f"{limit:,}", "percent": f"{percent:.0f}",
            "doubled": str(2 * limit), "doubled_again": str(4 * limit),
        },
        evidence=(
            f"{count:,} entries of {limit:,} ({table.sysctl}), all network namespaces together: {percent:.3g} % "
            f"({listed(case.limits)})",
            *grew(counts, seconds, "it is full"),
            *((f"{lost:,} entries found no room in the last seconds (table_fulls)",) if lost else ()),
        ),
        trend=tuple(float(each) for _, each in counts),
        left=seconds,
        covers=(("neighbour.table-full", HOST), *((("route.gateway-unreachable", ANY),) if percent >= FULL else ())),
    )


def _overflowing(case: Case, lost: int) -> Condition:
    vitals = case.snapshot.vitals
    known = (vitals.neighbours4, vitals.neighbours6) if vitals else (None, None)
    counts = [f"{name} {count:,}" for name, count in zip(("IPv4", "IPv6"), known, strict=True) if count is not None]
    return Condition(
        subject=HOST,
        level=Severity.CRITICAL,
        held=Severity.CRITICAL,
        single=False,
        text="overflowing",
        facts={"lost": f"{lost:,}"},
        evidence=(
            f"{lost:,} entries found no room in the last {OVERFLOW:.0f} s (table_fulls); none ever should",
            f"entries now: {', '.join(counts) or 'not known'}; the limit is net.ipv4.neigh.default.gc_thresh3 (and "
            "net.ipv6...) of the host's first network namespace",
        ),
        trend=paces(case.history.vitals, "neighbour_overflows"),
        covers=(("route.gateway-unreachable", ANY),),
    )


def softnet_drops(case: Case) -> Iterator[Condition]:
    """Packets thrown away because a processor's backlog was full, for as long as half of what it must last:
    one burst alone is never told."""
    dropped = movement(case.history.vitals, "softnet_dropped", case.limits.lasting / 2)
    if dropped is None or not dropped.rose:
        return
    level, held = graded(dropped.rate, case.limits)
    if held is None:
        return
    settings = case.snapshot.settings
    backlog = settings.netdev_max_backlog if settings else None
    yield Condition(
        subject=HOST,
        level=level,
        held=held,
        single=False,
        value=dropped.rate,
        marks=marks(case.limits),
        facts={"rate": f"{number(dropped.rate)}", "doubled": str(2 * (backlog or 1000))},
        evidence=(
            f"{dropped.rose:,} packets in {span(dropped.seconds)} ({listed(case.limits)})",
            *_received(case),
            f"net.core.netdev_max_backlog = {'not known' if backlog is None else format(backlog, ',')}",
        ),
        trend=paces(case.history.vitals, "softnet_dropped"),
        covers=(("link.drops", ANY),),
    )


def _received(case: Case) -> Iterator[str]:
    for counter, words in (
        ("softnet_processed", "packets processed"), ("softnet_squeezed", "rounds that ended for want of budget")
    ):
        moved = movement(case.history.vitals, counter, case.limits.lasting / 2)
        if moved is not None:
            yield f"{words}: {number(moved.rate)} a second"


RULES = (
    Rule(id="nat.conntrack-full", find=conntrack_full, needs=("vitals",), at=read_at("vitals")),
    Rule(id="neighbour.table-full", find=neighbours_full, needs=("vitals",), at=read_at("vitals")),
    Rule(id="softnet.drops", find=softnet_drops, needs=("vitals",), at=read_at("vitals")),
)
