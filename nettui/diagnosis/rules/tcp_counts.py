"""Rules on the host's counts of TCP states: many in CLOSE_WAIT, many in TIME_WAIT."""

from collections.abc import Iterable, Iterator

from nettui.diagnosis.condition import HOST, Case, Condition, Rule, read_at
from nettui.diagnosis.rules.grading import endpoint, graded, marks, marks_said, own
from nettui.diagnosis.rules.programs import all_of, described, filter_of, name_of, who
from nettui.diagnosis.rules.windows import TREND
from nettui.diagnosis.thresholds import Limits
from nettui.model.census import Census, Destination, Holder
from nettui.model.snapshot import Snapshot
from nettui.model.tcp import TcpState

FRESH = 60.0
"""Seconds for which a census still says whose the sockets are that were counted since."""

NEARLY_ALL = 0.8
"""Share of the host's sockets from which one program is named for them all."""

HALF = 0.5


def tcp_at(snapshot: Snapshot) -> float:
    """When the counts were read: a reading that is shown twice is not two."""
    return snapshot.taken_at if snapshot.tcp_at is None else snapshot.tcp_at


def close_wait(case: Case) -> Iterator[Condition]:
    """Many sockets in CLOSE_WAIT on the host, those of programs with limits of their own not counted."""
    holders = holders_now(case)
    apart = [holder for holder in holders if own(case, limits_of(case, holder)) is not None]
    shown = sorted((holder for holder in holders if holder not in apart), key=lambda holder: -holder.count)
    evidence = [_held_by(holder) for holder in shown[:3]]
    evidence += [f"not counted here: {_held_by(holder)}, which has limits of its own" for holder in apart[:3]]
    if shown:
        evidence += described(case, shown[0].program)
    most = next((holder for holder in shown if holder.program.owner is not None), None)
    yield from _many(case, TcpState.CLOSE_WAIT, sum(holder.count for holder in apart), evidence, most)


def time_wait(case: Case) -> Iterator[Condition]:
    """Many sockets in TIME_WAIT on the host, those not counted whose destination is told of by itself."""
    apart = list(_exhausting(case))
    evidence = [
        f"not counted here: {each.time_wait:,} to {endpoint(each.address, each.port)}, "
        "which takes most of the ephemeral ports"
        for each in apart[:3]
    ]
    largest = sorted(_destinations(case), key=lambda each: -each.time_wait)[:3]
    evidence += [
        f"{each.time_wait:,} from {each.source} to {endpoint(each.address, each.port)}"
        for each in largest if each.time_wait and each not in apart
    ]
    settings = case.snapshot.settings
    if settings is not None and settings.tcp_tw_reuse is not None:
        evidence.append(f"net.ipv4.tcp_tw_reuse = {settings.tcp_tw_reuse}")
    yield from _many(case, TcpState.TIME_WAIT, sum(each.time_wait for each in apart), evidence)


def close_wait_of_programs(case: Case) -> Iterator[Condition]:
    """Many sockets in CLOSE_WAIT of one program that has limits of its own."""
    census = case.snapshot.census
    for holder in (census.holders or ()) if census is not None else ():
        limits = limits_of(case, holder)
        if limits is case.limits or not limits.enabled:
            continue
        grade = graded(holder.count, limits)
        if grade.held is not None:
            target = all_of("state:close-wait", filter_of(holder.program))
            yield Condition(
                subject=who(holder.program),
                level=grade.level,
                held=grade.held,
                value=holder.count,
                marks=marks(limits),
                text="program",
                facts={"count": f"{holder.count:,}", "who": who(holder.program), "filter": target},
                evidence=(
                    f"{_held_by(holder)} (limits of its own: {marks_said(limits)})",
                    *described(case, holder.program),
                ),
                target=target,
                limits=limits,
            )


def holders_now(case: Case) -> tuple[Holder, ...]:
    """Who holds the sockets in CLOSE_WAIT, by the newest census that tells and is not too old."""
    return next((c.holders for c in _fresh(case) if c.holders is not None), ())


def limits_of(case: Case, holder: Holder) -> Limits:
    return case.limits_of(process=name_of(holder.program))


def _held_by(holder: Holder) -> str:
    unread = f", {holder.unread:,} of them with bytes it never read" if holder.unread else ""
    return f"{who(holder.program)} holds {holder.count:,}{unread}"


def _destinations(case: Case) -> tuple[Destination, ...]:
    return next((c.destinations for c in _fresh(case) if c.destinations is not None), ())


def _exhausting(case: Case) -> Iterator[Destination]:
    """Destinations of which `tcp.port-exhaustion` tells, and that take at least half of the ports."""
    settings, limits = case.snapshot.settings, case.others.get("tcp.port-exhaustion")
    ports = settings.ephemeral_ports if settings is not None else None
    if not ports or limits is None or limits.warning is None:
        return
    share = max(HALF, limits.warning / 100)
    for each in _destinations(case):
        if each.used > share * ports and each.time_wait:
            yield each


def _fresh(case: Case) -> Iterator[Census]:
    now = case.snapshot.taken_at
    return (census for census in reversed(case.history.census[-20:]) if now - census.at <= FRESH)


def _many(
    case: Case, state: TcpState, apart: int, evidence: Iterable[str], most: Holder | None = None
) -> Iterator[Condition]:
    """`most`: the program that holds most of them, which is named where that is nearly all."""
    value = max(0, count_of(case, state) - apart)
    grade = graded(value, case.limits)
    if grade.held is None:
        return
    target = f"state:{state.lower().replace('_', '-')}"
    named = most if most is not None and most.count >= NEARLY_ALL * value else None
    yield Condition(
        subject=HOST,
        level=grade.level,
        held=grade.held,
        value=value,
        marks=marks(case.limits),
        text="" if named is None else "held",
        facts={
            "count": f"{value:,}", "filter": target,
            **({} if named is None else {"who": who(named.program), "held": f"{min(named.count, value):,}"}),
        },
        evidence=(f"{state} {value:,} now ({marks_said(case.limits)})", *evidence, *host_evidence(case, state)),
        trend=host_trend(case, state),
        target=target,
    )


def count_of(case: Case, state: TcpState) -> int:
    counts = case.snapshot.tcp
    return counts[state] if counts is not None else 0


def host_evidence(case: Case, state: TcpState) -> Iterator[str]:
    counts = case.snapshot.tcp
    if counts is not None and counts.total:
        established = counts[TcpState.ESTABLISHED]
        yield f"{counts.total:,} TCP sockets in all, {established:,} ESTABLISHED; counted by {counts.source}"
    earlier = host_trend(case, state)
    if len(earlier) > 1:
        yield f"between {min(earlier):,.0f} and {max(earlier):,.0f} over the last {len(earlier)} readings"


def host_trend(case: Case, state: TcpState) -> tuple[float, ...]:
    return tuple(map(float, case.history.series(state, TREND)))


RULES = (
    Rule(id="tcp.close-wait", find=close_wait, needs=("tcp",), at=tcp_at),
    Rule(id="tcp.close-wait", find=close_wait_of_programs, needs=("census",), at=read_at("census"), part="holders"),
    Rule(id="tcp.time-wait", find=time_wait, needs=("tcp",), at=tcp_at),
)
