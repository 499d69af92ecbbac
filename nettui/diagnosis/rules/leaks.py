"""The rule on leaks: sockets in CLOSE_WAIT that become steadily more, by the program that holds them.

Where a census does not tell whose they are, the host's count is judged.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple

from nettui.diagnosis.condition import HOST, Case, Condition, Key, Rule, read_at
from nettui.diagnosis.rules.grading import bracketed, graded, marks, own
from nettui.diagnosis.rules.growth import BLOCKS, STAIRS, Growth, growth
from nettui.diagnosis.rules.programs import all_of, described, filter_of, identity, name_of, service_of, use_of, who
from nettui.diagnosis.rules.tcp_counts import FRESH, HALF, count_of, holders_now, host_evidence, host_trend, tcp_at
from nettui.diagnosis.rules.windows import sampled, trend
from nettui.diagnosis.thresholds import Limits
from nettui.model.census import MOST, Census, Holder, Program
from nettui.model.tcp import STATES, TcpState

LONGER = 2.5
"""A leak too slow to be told from chance in its window is looked for in one so many times as long."""

SMALLEST = 17
"""Growth that can be told from chance is never less (see `growth`)."""

JUDGED = 4
"""Programs looked at closely, those that grew most: where more leak at once the host's count tells."""

LOOKS = 8
"""Readings in which is looked who grew at all."""

MOSTLY = 0.8
"""Share of a program's sockets at one port from which it is that port's matter."""


Held = Mapping[Hashable, int]
"""How many sockets each program holds, by its identity."""


class Leak(NamedTuple):
    """A program whose count grows."""

    holder: Holder
    limits: Limits
    readings: Sequence[tuple[float, int]]
    growth: Growth


def leak_of_programs(case: Case) -> Iterator[Condition]:
    """Programs that hold ever more sockets in CLOSE_WAIT."""
    for leak in _leaks(case):
        if leak.limits.enabled:
            yield _program_condition(case, leak)


def leak_of_host(case: Case) -> Iterator[Condition]:
    """The host's count that grows, where no program is seen that explains most of it."""
    value = count_of(case, TcpState.CLOSE_WAIT)
    if not value:
        return
    place = STATES.index(TcpState.CLOSE_WAIT)
    found = _grown([(sample.at, sample.counts[place]) for sample in case.history.tcp], case.limits.lasting)
    if found is None or not found.standing:
        return
    if any(leak.growth.steady and leak.holder.count >= HALF * value for leak in _leaks(case)):
        return
    if _soon(case, value):
        return
    grade = graded(value, case.limits)
    holders = sorted(holders_now(case), key=lambda holder: -holder.count)[:3]
    yield Condition(
        subject=HOST,
        level=grade.level if found.steady else None,
        held=grade.held,
        began=found.began,
        single=False,
        value=value,
        marks=marks(case.limits),
        facts={"count": f"{value:,}", "filter": "state:close-wait", **_growth_facts(found)},
        evidence=(
            _growth_said(value, found),
            *(f"{who(holder.program)} holds {holder.count:,}" for holder in holders),
            *host_evidence(case, TcpState.CLOSE_WAIT),
        ),
        trend=host_trend(case, TcpState.CLOSE_WAIT),
        target="state:close-wait",
        covers=(("tcp.close-wait", HOST),),
    )


def _soon(case: Case, value: int) -> bool:
    """Whether one program holds most of them and has only not been looked at often enough to be judged."""
    biggest = max(holders_now(case), key=lambda holder: holder.count, default=None)
    if biggest is None or biggest.program.owner is None or biggest.count < HALF * value:
        return False
    held = _past(case)
    seen = sum(identity(biggest.program) in there for _, there in held)
    lasting = case.limits_of(process=name_of(biggest.program)).lasting
    return seen < BLOCKS or _grown(_series(held, biggest.program), lasting) is None


def _past(case: Case) -> list[tuple[float, Held]]:
    """(Unix time, how many each program held) of every census that tells, oldest first."""
    history = [census for census in case.history.census if census.holders is not None]
    return list(zip((census.at for census in history), case.memory.index.of(history, _held), strict=True))


def _leaks(case: Case) -> list[Leak]:
    """Programs with a growing count, of those that grew most since the window began."""
    history = [census for census in case.history.census if census.holders is not None]
    if not history or case.snapshot.taken_at - history[-1].at > FRESH:
        return []
    grown = []
    limits = {id(holder): case.limits_of(process=name_of(holder.program)) for holder in history[-1].holders or ()}
    held = _past(case)
    lowest = _lowest(held, LONGER * max((each.lasting for each in limits.values()), default=0.0))
    for holder in history[-1].holders or ():
        rose = holder.count - lowest.get(identity(holder.program), 0)
        if holder.program.label is not None and rose >= SMALLEST:
            grown.append((rose, holder))
    found = []
    for _, holder in sorted(grown, key=lambda each: -each[0])[:JUDGED]:
        own_limits = limits[id(holder)]
        readings = _series(held, holder.program)
        judged = _grown(readings, own_limits.lasting)
        if judged is not None and judged.standing:
            found.append(Leak(holder, own_limits, readings, judged))
    return found


def _lowest(history: Sequence[tuple[float, Held]], seconds: float) -> dict[Hashable, int]:
    """The least that each program held in a few readings spread over the window: cheap, and shows who grew.

    A program that is not in it held none at some time.
    """
    within = [held for at, held in history if at >= history[-1][0] - seconds]
    if len(within) < BLOCKS:  # readings far apart: `growth` looks as far back
        within = [held for _, held in history[-BLOCKS:]]
    some = within[:: max(1, len(within) // LOOKS)]
    lowest: dict[Hashable, int] = {}
    for number, there in enumerate(some):
        if not number:
            lowest = dict(there)
            continue
        full = len(there) >= MOST  # then who is not listed may still hold some
        lowest = {
            program: min(count, there.get(program, count)) for program, count in lowest.items()
            if full or program in there
        }
    return lowest


def _series(history: Sequence[tuple[float, Held]], program: Program) -> list[tuple[float, int]]:
    """(Unix time, sockets) of one program; readings in which it may have been too small to be listed are left out."""
    found, wanted = [], identity(program)
    for at, held in history:
        count = held.get(wanted)
        if count is not None or len(held) < MOST:
            found.append((at, count or 0))
    return found


def _held(census: Census) -> Held:
    return {identity(holder.program): holder.count for holder in census.holders or ()}


def _grown(readings: Sequence[tuple[float, int]], seconds: float) -> Growth | None:
    """How the count grew, in the longer window where it cannot be told from chance in the shorter."""
    found = growth(readings, seconds)
    if found is None or not found.standing or found.steady:
        return found
    longer = growth(readings, LONGER * seconds)
    return longer if longer is not None and longer.steady else found


def _program_condition(case: Case, leak: Leak) -> Condition:
    holder, limits, found = leak.holder, leak.limits, leak.growth
    program, label = holder.program, who(holder.program)
    grade = graded(holder.count, limits)
    service, side = service_of(program), _side(holder)
    target = all_of("state:close-wait", filter_of(program))
    use = use_of(case, program)
    left = None
    if use is not None and found.steady and found.rose > 0:
        left = max(0.0, 60 * (use.limit - use.descriptors) / _per_minute(found))
    covers: list[Key] = [("tcp.close-wait", label), ("process.descriptors", label)]
    if holder.count >= HALF * count_of(case, TcpState.CLOSE_WAIT):
        covers += [("tcp.close-wait", HOST), ("tcp.close-wait-leak", HOST)]
    return Condition(
        subject=label,
        level=grade.level if found.steady else None,
        held=grade.held,
        began=found.began,
        single=False,
        value=holder.count,
        marks=marks(limits),
        text="-".join(filter(None, (side, "service" if service else ""))) or "program",
        facts={
            "count": f"{holder.count:,}", "who": label, "filter": target, "unit": service or "",
            "where": _where(holder, side), "pid": str(program.owner.pid) if program.owner else "",
            **_growth_facts(found),
        },
        evidence=tuple(_evidence(case, leak, left)),
        trend=trend(sampled(leak.readings)),
        left=left,
        target=target,
        limits=own(case, limits),
        covers=tuple(covers),
    )


def _side(holder: Holder) -> str:
    """Whether it leaks connections that others made to it, or that it made itself: ephemeral ports are spread."""
    if holder.local and holder.local[0].count >= MOSTLY * holder.count:
        return "server"
    if holder.remote and sum(share.count for share in holder.remote) >= MOSTLY * holder.count:
        return "client"
    return ""


def _where(holder: Holder, side: str) -> str:
    if side == "server":
        return f" on {holder.local[0].name}"
    if side == "client":
        peer = holder.peers[0] if holder.peers else None
        whole = peer is not None and peer.count >= MOSTLY * holder.count
        return f" to {bracketed(peer.name) if peer is not None and whole else 'port '}{holder.remote[0].name}"
    return ""


def _growth_facts(found: Growth) -> dict[str, str]:
    return {"rose": f"{found.rose:,}", "minutes": f"{found.seconds / 60:.3g}"}


def _growth_said(count: int, found: Growth) -> str:
    minutes = found.seconds / 60
    return f"CLOSE_WAIT {count:,} now, {found.rose:+,} in {minutes:.3g} min ({_per_minute(found):+,.3g} per minute)"


def _per_minute(found: Growth) -> float:
    """Its pace: from the floor of the first stair to that of the last is one stair less than the window."""
    return 60 * found.rose / (found.seconds * (STAIRS - 1) / STAIRS)


def _evidence(case: Case, leak: Leak, left: float | None) -> Iterator[str]:
    holder = leak.holder
    yield _growth_said(holder.count, leak.growth)
    for what, shares in (("local ports", holder.local), ("peers", holder.peers), ("their ports", holder.remote)):
        if shares and shares[0].count > 1:  # ports of clients are all different, and tell nothing
            yield f"{what}: {', '.join(f'{share.name} {share.count:,}' for share in shares)}"
    if holder.unread:
        yield f"{holder.unread:,} of them hold bytes that it never read"
    yield from described(case, holder.program)
    if left is not None:
        yield f"at this pace its descriptors are used up in {left / 60:,.0f} min"
    total = count_of(case, TcpState.CLOSE_WAIT)
    if total:
        yield f"CLOSE_WAIT on the whole host: {total:,}"


RULES = (
    Rule(id="tcp.close-wait-leak", find=leak_of_programs, needs=("census",), at=read_at("census"), part="holders"),
    Rule(id="tcp.close-wait-leak", find=leak_of_host, needs=("tcp",), at=tcp_at),
)
