"""Rules on file descriptors: of one process against its limit, and of the whole host."""

from collections.abc import Iterator, Mapping, Set

from nettui.diagnosis.condition import HOST, Case, Condition, Rule, read_at
from nettui.diagnosis.rules.figures import grew, listed, past, share
from nettui.diagnosis.rules.grading import Grade, graded, marks
from nettui.diagnosis.rules.windows import TREND, time_left
from nettui.diagnosis.thresholds import Limits
from nettui.model.watched import Processes, ProcessUse

SANDBOX = 32
"""A limit below this was set by a program to lock itself in (sshd, dhcpcd), not to give it room."""


def of_process(case: Case) -> Iterator[Condition]:
    """Processes that have nearly as many descriptors open as they may."""
    near = list(_near(case))
    past_of = _counts(case, {_key(use) for use, *_ in near})
    for use, limits, (level, held) in near:
        percent = 100 * use.descriptors / use.limit
        counts = past_of[_key(use)]
        seconds = time_left(counts, use.limit)
        yield Condition(
            subject=use.label,
            level=level,
            held=held,
            value=percent,
            marks=marks(limits),
            facts={
                "process": use.label, "pid": str(use.pid), "count": f"{use.descriptors:,}", "limit": f"{use.limit:,}",
                "percent": f"{percent:.0f}", "doubled": str(2 * use.limit),
            },
            evidence=(
                f"{use.descriptors:,} of {use.limit:,} descriptors (RLIMIT_NOFILE, soft): {percent:.3g} % "
                f"({listed(limits)})",
                *grew(counts, seconds, "the limit is reached"),
                *((f"it runs in {use.unit.name}",) if use.unit else ()),
            ),
            trend=tuple(float(count) for _, count in counts),
            left=seconds,
            target=f"pid:{use.pid}",
            limits=limits,
        )


def _near(case: Case) -> Iterator[tuple[ProcessUse, Limits, Grade]]:
    """The processes that are near their limit, or that were and are not far from it yet."""
    found = case.snapshot.processes
    for use in found.used if found else ():
        # More than allowed: the limit was lowered below what it already held, which is a sandbox too.
        if SANDBOX <= use.limit >= use.descriptors:
            limits = case.limits_of(process=use.name)
            grade = graded(100 * use.descriptors / use.limit, limits)
            if grade.held is not None and limits.enabled:
                yield use, limits, grade


def _key(use: ProcessUse) -> tuple[int, float | None]:
    """The same number may have been another process before."""
    return use.pid, use.started_at


def _counts(
    case: Case, wanted: Set[tuple[int, float | None]]
) -> Mapping[tuple[int, float | None], list[tuple[float, int]]]:
    """(Unix time, descriptors) of these processes over time, oldest first."""
    readings = case.history.processes[-TREND:] if wanted else ()
    counts = case.memory.index.of(readings, _open)
    return {
        key: [(reading.at, each[key]) for reading, each in zip(readings, counts, strict=True) if key in each]
        for key in wanted
    }


def _open(reading: Processes) -> dict[tuple[int, float | None], int]:
    return {_key(each): each.descriptors for each in reading.used}


def of_host(case: Case) -> Iterator[Condition]:
    """The host's open file descriptions against what its kernel allows."""
    vitals = case.snapshot.vitals
    percent = share(vitals.descriptors, vitals.descriptors_max) if vitals else None
    if vitals is None or percent is None or vitals.descriptors_max is None:
        return
    level, held = graded(percent, case.limits)
    if held is None:
        return
    counts = past(case.history.vitals, "descriptors")
    seconds = time_left(counts, vitals.descriptors_max)
    yield Condition(
        subject=HOST,
        level=level,
        held=held,
        value=percent,
        marks=marks(case.limits),
        facts={
            "count": f"{vitals.descriptors:,}", "limit": f"{vitals.descriptors_max:,}", "percent": f"{percent:.0f}",
            "doubled": str(2 * vitals.descriptors_max),
        },
        evidence=(
            f"{vitals.descriptors:,} open of {vitals.descriptors_max:,} (fs.file-max): {percent:.3g} % "
            f"({listed(case.limits)})",
            *grew(counts, seconds, "the limit is reached"),
            *_largest(case),
        ),
        trend=tuple(float(count) for _, count in counts),
        left=seconds,
    )


def _largest(case: Case) -> Iterator[str]:
    """Who has most of them open, of those that are near their own limit."""
    found = case.snapshot.processes
    most = sorted(found.used if found else (), key=lambda use: -use.descriptors)[:3]
    if most:
        yield f"of those near their own limit: {', '.join(f'{use.label} {use.descriptors:,}' for use in most)}"


RULES = (
    Rule(id="process.descriptors", find=of_process, needs=("processes",), at=read_at("processes")),
    Rule(id="host.descriptors", find=of_host, needs=("vitals",), at=read_at("vitals")),
)
