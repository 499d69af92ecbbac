"""The rule on accept queues: a program that accepts more slowly than its clients connect."""

from collections.abc import Iterator
from typing import NamedTuple

from nettui.diagnosis.condition import HOST, Case, Condition, Key, Rule, read_at
from nettui.diagnosis.rules.grading import Grade, endpoint, graded, gravest, marks, marks_said, own
from nettui.diagnosis.rules.programs import described, name_of, service_of, who
from nettui.diagnosis.rules.tcp_counts import HALF, count_of
from nettui.diagnosis.rules.windows import Past, counted, pace, window
from nettui.diagnosis.thresholds import Limits
from nettui.model.census import Listener
from nettui.model.finding import Severity
from nettui.model.tcp import TcpState

SOME = 1.0
"""Connections per second that find the queue full, from which it is a warning (netdata: accept_queue_overflows)."""

MANY = 5.0
"""And critical (the same)."""

LATELY = 5.0
"""Seconds of drops looked at, or more where readings are far apart."""


class Overflow(NamedTuple):
    """Connections per second that found some accept queue full, all along since a time."""

    rate: float
    began: float

    @property
    def grade(self) -> Severity | None:
        return Severity.CRITICAL if self.rate > MANY else Severity.WARNING if self.rate > SOME else None


def accept_queue(case: Case) -> Iterator[Condition]:
    """Listeners whose accept queue is full, nearly full, or overflows."""
    census = case.snapshot.census
    ports: dict[int, Listener] = {}
    for each in (census.listeners or ()) if census is not None else ():
        if each.port not in ports or share(each) > share(ports[each.port]):
            ports[each.port] = each
    overflow = _overflow(case)
    dropping = _dropping(case, ports) if overflow is not None else None
    if overflow is not None and dropping is None and not any(full(each) for each in ports.values()):
        yield _nobodys(overflow)
    past = Past(case, _SHARES)
    for port, each in ports.items():
        mine = overflow if full(each) or port == dropping else None
        condition = _condition(case, past, each, mine)
        if condition is not None:
            yield condition


def share(listener: Listener) -> float:
    """Waiting connections in % of the backlog. The kernel takes one more than that: above 100 it takes no other.

    A backlog of 0 holds one, and is full with it, as one of 1 is with two: both are 200 %.
    """
    return 100.0 * listener.waiting / listener.backlog if listener.backlog else 200.0 * listener.waiting


def full(listener: Listener) -> bool:
    """sk_acceptq_is_full of net/sock.h."""
    return listener.waiting > listener.backlog


def _overflow(case: Case) -> Overflow | None:
    found = window(case.history.vitals, case.limits.lasting)
    rate = pace(found, "listen_overflows") if found is not None else None
    return None if found is None or rate is None or rate <= SOME else Overflow(rate, found.began)


def _dropping(case: Case, ports: dict[int, Listener]) -> int | None:
    """The port whose listener threw most away lately; None where the kernel does not tell."""
    past = [(census.at, census.listeners) for census in case.history.census if census.listeners is not None]
    if len(past) < 2:
        return None
    end = past[-1][0]
    earlier = next((groups for at, groups in reversed(past[:-1]) if end - at >= LATELY), past[0][1])
    before = {(each.address, each.port): each.drops or 0 for each in earlier}
    fallen: dict[int, int] = {}
    for each in past[-1][1]:
        if each.drops is not None:
            more = each.drops - before.get((each.address, each.port), 0)
            fallen[each.port] = fallen.get(each.port, 0) + max(0, more)
    most = max(fallen, key=lambda port: fallen[port], default=None)
    return most if most is not None and fallen[most] > 0 and most in ports else None


def _condition(case: Case, past: Past, found: Listener, overflow: Overflow | None) -> Condition | None:
    limits = case.limits_of(port=found.port, process=name_of(found.program))
    value = share(found)
    grade = graded(value, limits)
    if overflow is not None:
        grade = Grade(gravest(grade.level, overflow.grade), gravest(grade.held, overflow.grade))
    if grade.held is None or not limits.enabled:
        return None
    alone = overflow is not None and graded(value, limits).level is None
    service = service_of(found.program)
    target = f"sport:{found.port}"
    return Condition(
        subject=f":{found.port}",
        level=grade.level,
        held=grade.held,
        began=overflow.began if alone and overflow is not None else None,
        value=None if alone else value,
        marks=marks(limits),
        text="overflow" if alone else "full" if full(found) else "",
        facts={
            "port": str(found.port), "who": who(found.program), "waiting": f"{found.waiting:,}",
            "backlog": f"{found.backlog:,}", "share": f"{value:.0f}", "filter": target, "unit": service or "",
            "rate": f"{overflow.rate:,.3g}" if overflow is not None else "",
            "listener": f"sport = :{found.port}",
        },
        evidence=tuple(_evidence(case, found, limits, overflow)),
        trend=past.trend((found.address, found.port)),
        target=target,
        limits=own(case, limits),
        covers=tuple(_consequences(case, found)),
    )


def _consequences(case: Case, found: Listener) -> Iterator[Key]:
    """Handshakes that cannot be finished, and clients that hung up before anybody accepted them."""
    yield "tcp.syn-backlog", f":{found.port}"
    yield "tcp.resets", HOST
    own = {address.address for address in case.snapshot.addresses or ()}
    for each in (case.snapshot.census.attempts or ()) if case.snapshot.census is not None else ():
        if each.port == found.port and (each.address in own or each.address.startswith("127.")):
            yield "tcp.syn-sent-stuck", endpoint(each.address, each.port)
    if found.waiting >= HALF * count_of(case, TcpState.CLOSE_WAIT):
        yield "tcp.close-wait", HOST
        yield "tcp.close-wait-leak", HOST


def _evidence(case: Case, found: Listener, limits: Limits, overflow: Overflow | None) -> Iterator[str]:
    yield (
        f"{found.waiting:,} connections wait for accept() at {endpoint(found.address, found.port)}, its backlog is "
        f"{found.backlog:,} and the kernel takes one more ({marks_said(limits)})"
    )
    if found.drops:
        yield f"{found.drops:,} SYNs and connections thrown away since it listens"
    if overflow is not None:
        yield (
            f"{overflow.rate:,.3g} connections per second find the queue full (ListenOverflows; warning above "
            f"{SOME:g}, critical above {MANY:g})"
        )
    settings = case.snapshot.settings
    if settings is not None and settings.somaxconn is not None:
        yield f"net.core.somaxconn = {settings.somaxconn:,}: no backlog is larger, whatever listen() asks for"
    yield from described(case, found.program)


def _nobodys(overflow: Overflow) -> Condition:
    """The counter rises, and no listener is seen to be the one."""
    return Condition(
        subject=HOST,
        level=overflow.grade,
        held=overflow.grade,
        began=overflow.began,
        text="host",
        facts={"rate": f"{overflow.rate:,.3g}", "filter": "state:listen"},
        evidence=(
            f"{overflow.rate:,.3g} connections per second find an accept queue full (ListenOverflows; warning above "
            f"{SOME:g}, critical above {MANY:g})",
            "no listener has a full queue at the moment it is looked at, and none is known to throw connections away",
        ),
        target="state:listen",
        covers=(("tcp.resets", HOST),),
    )


_SHARES = counted("listeners", lambda other: ((other.address, other.port), share(other)))

RULES = (
    Rule(id="tcp.accept-queue", find=accept_queue, needs=("census",), at=read_at("census"), part="listeners"),
)
