"""Rules on the counts of TCP states. They know the host's counts, not whose sockets these are."""

from collections.abc import Iterator

from nettui.diagnosis.condition import HOST, Case, Condition, Rule
from nettui.diagnosis.rules.growth import growth
from nettui.diagnosis.thresholds import Limits
from nettui.model.finding import Severity
from nettui.model.snapshot import Snapshot
from nettui.model.tcp import STATES, TcpState

HOLD = 0.8
"""A finding clears when the figure falls to this share of its threshold."""

TREND = 120
"""Ticks that a finding's trend goes back."""

LONGER = 2.5
"""A leak too slow to be told from chance in its window is looked for in one so many times as long."""


def read_at(snapshot: Snapshot) -> float:
    """When the counts were read: a reading that is shown twice is not two."""
    return snapshot.taken_at if snapshot.tcp_at is None else snapshot.tcp_at


def close_wait(case: Case) -> Iterator[Condition]:
    """Many sockets in CLOSE_WAIT on the host."""
    yield from _many(case, TcpState.CLOSE_WAIT)


def time_wait(case: Case) -> Iterator[Condition]:
    """Many sockets in TIME_WAIT on the host."""
    yield from _many(case, TcpState.TIME_WAIT)


def close_wait_leak(case: Case) -> Iterator[Condition]:
    """Sockets in CLOSE_WAIT that become steadily more: each is one that is never closed, however few they are."""
    value = _count(case, TcpState.CLOSE_WAIT)
    if not value:
        return
    place = STATES.index(TcpState.CLOSE_WAIT)
    readings = [(sample.at, sample.counts[place]) for sample in case.history.tcp]
    found = growth(readings, case.limits.lasting)
    if found is None or not found.standing:
        return
    if not found.steady:
        longer = growth(readings, LONGER * case.limits.lasting)
        found = longer if longer is not None and longer.steady else found
    level, held = _graded(value, case.limits)
    minutes = found.seconds / 60
    yield Condition(
        subject=HOST,
        level=level if found.steady else None,
        held=held,
        began=found.began,
        single=False,
        value=value,
        marks=_marks(case.limits),
        facts={"count": f"{value:,}", "rose": f"{found.rose:,}", "minutes": f"{minutes:.3g}"},
        evidence=(
            f"CLOSE_WAIT {value:,} now, {found.rose:+,} in {minutes:.3g} min ({found.rose / minutes:+,.3g} per minute)",
            *_host_evidence(case, TcpState.CLOSE_WAIT),
        ),
        trend=_trend(case, TcpState.CLOSE_WAIT),
        covers=(("tcp.close-wait", HOST),),
    )


def _many(case: Case, state: TcpState) -> Iterator[Condition]:
    value = _count(case, state)
    level, held = _graded(value, case.limits)
    if held is None:
        return
    marks = _marks(case.limits)
    listed = ", ".join(f"{severity} above {mark:,.10g}" for severity, mark in marks.items())
    yield Condition(
        subject=HOST,
        level=level,
        held=held,
        value=value,
        marks=marks,
        facts={"count": f"{value:,}"},
        evidence=(f"{state} {value:,} now ({listed})", *_host_evidence(case, state)),
        trend=_trend(case, state),
    )


def _count(case: Case, state: TcpState) -> int:
    counts = case.snapshot.tcp
    return counts[state] if counts is not None else 0


def _graded(value: int, limits: Limits) -> tuple[Severity | None, Severity | None]:
    """How grave a figure is, and which gravity it would keep from falling."""
    level = held = None
    for severity, mark in _marks(limits).items():
        level = severity if value > mark else level
        held = severity if value > HOLD * mark else held
    return level, held


def _marks(limits: Limits) -> dict[Severity, float]:
    """The thresholds there are, the mildest first."""
    marks = {Severity.WARNING: limits.warning, Severity.CRITICAL: limits.critical}
    return {severity: mark for severity, mark in marks.items() if mark is not None}


def _host_evidence(case: Case, state: TcpState) -> Iterator[str]:
    counts = case.snapshot.tcp
    if counts is not None and counts.total:
        established = counts[TcpState.ESTABLISHED]
        yield f"{counts.total:,} TCP sockets in all, {established:,} ESTABLISHED; counted by {counts.source}"
    earlier = _trend(case, state)
    if len(earlier) > 1:
        yield f"between {min(earlier):,.0f} and {max(earlier):,.0f} over the last {len(earlier)} readings"


def _trend(case: Case, state: TcpState) -> tuple[float, ...]:
    return tuple(map(float, case.history.series(state, TREND)))


RULES = (
    Rule(id="tcp.close-wait-leak", find=close_wait_leak, needs=("tcp",), at=read_at),
    Rule(id="tcp.close-wait", find=close_wait, needs=("tcp",), at=read_at),
    Rule(id="tcp.time-wait", find=time_wait, needs=("tcp",), at=read_at),
)
