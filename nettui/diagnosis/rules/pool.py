"""The rule on connection pools: all connections of a program to one service in use, and never one more.

Seen at the sockets, and at the gauges that the user configured.
"""

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

from nettui.diagnosis.condition import Case, Condition, Rule, read_at
from nettui.diagnosis.rules.grading import (
    Grade,
    bracketed,
    endpoint,
    graded,
    gravest,
    marks,
    marks_said,
    own,
    peer_limits,
)
from nettui.diagnosis.rules.programs import all_of, described, filter_of, identity, name_of, who
from nettui.diagnosis.rules.windows import sampled, trend
from nettui.diagnosis.thresholds import Limits
from nettui.model.census import Census, Pool
from nettui.model.finding import Severity
from nettui.model.watched import Gauge

SMALLEST = 5
"""Connections from which a plateau is one: few that are all busy are chance."""

READINGS = 4
"""Of the window at least, however far apart."""

NEARLY_ALWAYS = 0.9
"""Share of the readings in which the pool must be as busy, and share of its height that it may lack for a moment."""

SPARE = 3
"""Readings less busy that do not yet mean anything, however few were looked at."""

BLOCKING = frozenset((1883, 4222, 5671, 5672, 6379, 6380, 8883, 9092, 9093, 26379, 61613, 61616))
"""Ports of brokers and caches whose clients may ask and wait for long without anything being amiss: BLPOP and XREAD
BLOCK of Redis, the fetch of Kafka, subscriptions. There it is a notice."""


class Plateau(NamedTuple):
    """A pool over the window."""

    pool: Pool
    began: float
    height: int
    busy: float
    """% in use, the median."""
    series: Sequence[tuple[float, float]]


def pools(case: Case) -> Iterator[Condition]:
    """Pools at their maximum with all connections in use, for as long as it must last."""
    census = case.snapshot.census
    if census is None:
        return
    past = _Past(case)
    worst: dict[str, Condition] = {}
    for pool in census.pools or ():
        limits = peer_limits(case, pool.address, pool.port, name_of(pool.program))
        if limits.enabled and pool.established >= SMALLEST:
            found = _plateau(past, pool, limits)
            if found is not None:
                condition = _pool_condition(case, found, limits)
                before = worst.get(condition.subject)
                if before is None or (before.value or 0) < (condition.value or 0):
                    worst[condition.subject] = condition
    yield from worst.values()


class _Past:
    """Earlier readings of pools, the newest first, each put in order when it is first looked at."""

    def __init__(self, case: Case) -> None:
        self._readings = [census for census in reversed(case.history.census) if census.pools is not None]
        self._index = case.memory.index

    def __iter__(self) -> Iterator[tuple[float, dict[Hashable, Pool]]]:
        for census in self._readings:
            yield census.at, self._index.of((census,), _by_key)[0]


def _by_key(census: Census) -> dict[Hashable, Pool]:
    return {_key(pool): pool for pool in census.pools or ()}


def _key(pool: Pool) -> Hashable:
    return pool.address, pool.port, identity(pool.program)


def _plateau(past: _Past, pool: Pool, limits: Limits) -> Plateau | None:
    """The pool over the last seconds, if it stayed at one height and at most a few readings were less busy."""
    key, mark = _key(pool), min(marks(limits).values(), default=100.0)
    seen: list[tuple[float, Pool]] = []
    idle = 0
    for at, groups in past:
        there = groups.get(key)
        if there is None:
            return None
        seen.append((at, there))
        idle += _busy(there) <= mark
        if idle > SPARE and idle > (1 - NEARLY_ALWAYS) * len(seen):
            return None
        if at <= seen[0][0] - limits.lasting and len(seen) >= READINGS:
            break
    else:
        return None
    if idle > (1 - NEARLY_ALWAYS) * len(seen) or not _flat([each.established for _, each in seen]):
        return None
    from statistics import median  # loads fractions and random, and there seldom is a plateau

    height = max(each.established for _, each in seen)
    series = [(at, float(each.waiting)) for at, each in reversed(seen)]
    return Plateau(pool, seen[-1][0], height, median(_busy(each) for _, each in seen), series)


def _busy(pool: Pool) -> float:
    return 100 * pool.waiting / pool.established


def _flat(counts: Sequence[int]) -> bool:
    """The same maximum in both halves, and never much less: it neither grew nor shrank."""
    half, height = len(counts) // 2, max(counts)
    return height == max(counts[:half]) == max(counts[half:]) and min(counts) >= NEARLY_ALWAYS * height


def _pool_condition(case: Case, found: Plateau, limits: Limits) -> Condition:
    pool, peer = found.pool, endpoint(found.pool.address, found.pool.port)
    label, role = who(pool.program), pool.role or "service"
    level = graded(found.busy, limits).level
    blocking = not pool.role or pool.port in BLOCKING
    if blocking and level is not None:
        level = Severity.NOTICE
    target = all_of("state:established", f"dst:{pool.address}", f"dport:{pool.port}", filter_of(pool.program))
    evidence = [
        f"{label} has {found.height} connections to {role} {peer}, no more and no fewer for {_seconds(found):.0f} s",
        f"{pool.waiting} of them are in use now; {found.busy:.0f} % over that time ({marks_said(limits)})",
    ]
    if pool.longest is not None:
        evidence.append(f"the one that waits longest does so for {pool.longest:,.3g} s")
    return Condition(
        subject=f"{label} to {peer}",
        level=level,
        held=level,
        began=found.began,
        single=False,
        value=found.busy,
        marks=marks(limits) if not blocking else {Severity.NOTICE: min(marks(limits).values(), default=100.0)},
        text="blocking" if blocking else "",
        facts={
            "who": label, "count": str(found.height), "role": role, "peer": peer, "share": f"{found.busy:.0f}",
            "seconds": f"{_seconds(found):.0f}", "filter": target, "address": pool.address, "port": str(pool.port),
            "dst": bracketed(pool.address),
        },
        evidence=(*evidence, *described(case, pool.program)),
        trend=trend(found.series),
        target=target,
        limits=own(case, limits),
    )


def _seconds(found: Plateau) -> float:
    return found.series[-1][0] - found.began


def gauges(case: Case) -> Iterator[Condition]:
    """Gauges at their maximum, with somebody waiting, or that cannot be read."""
    for gauge in case.snapshot.gauges.gauges if case.snapshot.gauges is not None else ():
        limits = case.limits_of(gauge=gauge.name)
        if not limits.enabled:
            continue
        if gauge.error is not None:
            yield _unreadable(gauge)
            continue
        condition = _gauge_condition(case, gauge, limits)
        if condition is not None:
            yield condition


def _gauge_condition(case: Case, gauge: Gauge, limits: Limits) -> Condition | None:
    share = None
    if gauge.value is not None and gauge.maximum:
        share = 100 * gauge.value / gauge.maximum
    grade = graded(share, limits) if share is not None else Grade()
    queue = gauge.waiting is not None and gauge.waiting > 0
    if queue:
        grade = Grade(gravest(grade.level, Severity.WARNING), gravest(grade.held, Severity.WARNING))
    if grade.held is None:
        return None
    said = "?" if gauge.value is None else f"{gauge.value:,.10g}"
    most = "?" if gauge.maximum is None else f"{gauge.maximum:,.10g}"
    evidence = [f"{gauge.name}: {said} of {most} in use ({marks_said(limits)})"]
    if gauge.waiting is not None:
        evidence.append(f"{gauge.waiting:,.10g} wait for one")
    return Condition(
        subject=gauge.name,
        level=grade.level,
        held=grade.held,
        value=gauge.waiting if queue else share,
        marks={Severity.WARNING: 0.0} if queue else marks(limits),
        text="gauge-waiting" if queue else "gauge",
        facts={
            "name": gauge.name, "used": said, "most": most, "share": f"{share or 0:.0f}",
            "waiting": f"{gauge.waiting or 0:,.10g}",
        },
        evidence=tuple(evidence),
        trend=_gauge_trend(case, gauge.name),
        limits=own(case, limits),
    )


def _gauge_trend(case: Case, name: str) -> tuple[float, ...]:
    found = []
    for reading in sampled(case.history.gauges):
        value = next((each.value for each in reading.gauges if each.name == name), None)
        if value is not None:
            found.append(value)
    return tuple(found)


def _unreadable(gauge: Gauge) -> Condition:
    """A fault of the configuration or of the program that should tell: worth knowing, nothing that hurts."""
    return Condition(
        subject=gauge.name,
        level=Severity.NOTICE,
        held=Severity.NOTICE,
        text="gauge-unread",
        facts={"name": gauge.name, "why": gauge.error or ""},
        evidence=(f"{gauge.name}: {gauge.error}",),
    )


RULES = (
    Rule(id="pool.exhausted", find=pools, needs=("census",), at=read_at("census"), part="pools"),
    Rule(id="pool.exhausted", find=gauges, needs=("gauges",), at=read_at("gauges")),
)
