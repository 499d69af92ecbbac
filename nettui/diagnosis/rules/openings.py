"""Rules on connections that do not come about: SYNs of this host, and SYN-ACKs of it, that nobody answers."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nettui.diagnosis.condition import ANY, HOST, Case, Condition, Rule, read_at
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
from nettui.diagnosis.rules.programs import connections, described, name_of, who
from nettui.diagnosis.rules.windows import Past, counted, pace, window
from nettui.diagnosis.thresholds import Limits
from nettui.model.census import Attempt, HalfOpen
from nettui.model.finding import Severity

TWICE = 2
"""SYNs sent again before a silence means something: 3 s have gone by (RFC 6298), one lost packet has not."""

MANY = 6
"""Destinations without an answer from which they are told as one."""

FEW_PORTS = 3
"""Ports at which so many destinations are asked when something on the way is wrong; one who dials asks at more."""

RESENT = 0.25
"""Share of half-open connections with a SYN-ACK sent again: on a busy, sound host it is next to nothing."""

NEARLY = 0.8
"""Share of the backlog from which the SYN queue is as good as full."""

OVERFLOWS = 1.0
"""SYNs per second that find the queue full, from which it is told (netdata: 1m_tcp_syn_queue_drops and _cookies)."""

CROWD = 20
"""Addresses from which half-open connections are a flood rather than a few clients behind a bad path."""


def syn_sent_stuck(case: Case) -> Iterator[Condition]:
    """Destinations that do not answer this host's SYNs."""
    census = case.snapshot.census
    stuck: dict[str, list[Attempt]] = {}
    for each in (census.attempts or ()) if census is not None else ():
        wanted = peer_limits(case, each.address, each.port, name_of(each.program)).enabled
        if each.retried and each.retries >= TWICE and wanted:
            stuck.setdefault(endpoint(each.address, each.port), []).append(each)
    if len(stuck) >= MANY:
        yield _many_silent(case, [each for found in stuck.values() for each in found])
        return
    past = Past(case, _RETRIED)
    for subject, found in stuck.items():
        yield _silent(case, past, subject, found)


def _silent(case: Case, past: Past, subject: str, found: Sequence[Attempt]) -> Condition:
    first = max(found, key=lambda each: each.retried)
    limits = peer_limits(case, first.address, first.port, name_of(first.program))
    retried, retries = sum(each.retried for each in found), max(each.retries for each in found)
    grade = graded(retried, limits)
    target = f"state:syn-sent and dst:{first.address} and dport:{first.port}"
    settings = case.snapshot.settings
    evidence = [
        f"{connections(retried)} to {subject} sent the SYN again without an answer, the most patient "
        f"{retries} times ({marks_said(limits)})",
        f"{sum(each.count for each in found):,} in SYN_SENT there in all",
    ]
    if settings is not None and settings.tcp_syn_retries is not None:
        evidence.append(f"net.ipv4.tcp_syn_retries = {settings.tcp_syn_retries}: then connect() fails, timed out")
    return Condition(
        subject=subject,
        level=grade.level,
        held=grade.held,
        value=retried,
        marks=marks(limits),
        facts={
            "connections": connections(retried), "peer": subject, "address": first.address,
            "dst": bracketed(first.address), "retries": str(retries), "who": who(first.program), "filter": target,
        },
        evidence=(*evidence, *described(case, first.program)),
        trend=past.trend((first.address, first.port)),
        target=target,
        limits=own(case, limits),
        covers=(("tcp.resets", HOST),),
    )


def _many_silent(case: Case, found: Sequence[Attempt]) -> Condition:
    """Something on the way, or a program that dials whoever may be there (a crawler, a peer-to-peer client)."""
    retried = sum(each.retried for each in found)
    ports = {each.port for each in found}
    programs = {who(each.program) for each in found}
    level = graded(retried, case.limits).level if len(ports) <= FEW_PORTS else Severity.NOTICE
    shown = ", ".join(endpoint(each.address, each.port) for each in found[:3])
    return Condition(
        subject=HOST,
        level=level,
        held=level,
        value=retried,
        marks=marks(case.limits),
        text="many",
        facts={
            "connections": connections(retried), "peers": f"{len(found):,}", "who": ", ".join(sorted(programs)[:3]),
            "filter": "state:syn-sent",
        },
        evidence=(
            f"{retried:,} connections to {len(found):,} destinations have sent their SYN again without an answer",
            f"among them {shown}; {len(ports)} different ports",
            f"opened by {', '.join(sorted(programs)[:3])}",
        ),
        target="state:syn-sent",
        covers=(("tcp.syn-sent-stuck", ANY), ("tcp.resets", HOST)),
    )


def syn_backlog(case: Case) -> Iterator[Condition]:
    """Ports whose SYN queue fills up, or overflows."""
    census = case.snapshot.census
    groups = (census.half_open or ()) if census is not None else ()
    overflow = _overflow(case)
    first = max(groups, key=lambda each: each.count, default=None)
    if overflow is not None and first is None:
        yield _overflowing(case, overflow)
    past = Past(case, _HALF_OPEN)
    for each in groups:
        mine = overflow if each is first else None
        condition = _filling(case, past, each, mine)
        if condition is not None:
            yield condition


class _Overflow(NamedTuple):
    """SYNs per second that found a queue full, all along since a time."""

    rate: float
    began: float


def _overflow(case: Case) -> _Overflow | None:
    found = window(case.history.vitals, case.limits.lasting)
    rate = pace(found, "req_q_full_do_cookies", "req_q_full_drop") if found is not None else None
    return None if found is None or rate is None or rate <= OVERFLOWS else _Overflow(rate, found.began)


def _filling(case: Case, past: Past, found: HalfOpen, overflow: _Overflow | None) -> Condition | None:
    limits = case.limits_of(port=found.port)
    full = found.backlog is not None and found.count >= max(1, NEARLY * found.backlog)
    stuck = found.retried >= RESENT * found.count
    grade = graded(found.count, limits) if stuck or full or overflow else Grade()
    if overflow is not None:
        grade = Grade(gravest(grade.level, Severity.WARNING), gravest(grade.held, Severity.WARNING))
    if grade.held is None or not limits.enabled:
        return None
    flood = found.peers >= CROWD or overflow is not None
    known = grade.level is Severity.WARNING  # graver than the overflow alone is what has yet to last
    target = f"state:syn-recv and sport:{found.port}"
    return Condition(
        subject=f":{found.port}",
        level=grade.level,
        held=grade.held,
        began=overflow.began if overflow is not None and known else None,
        value=found.count,
        marks=marks(limits),
        text="flood" if flood else "path",
        facts={
            "count": f"{found.count:,}", "port": str(found.port), "peers": f"{found.peers:,}", "filter": target,
            "who": who(found.program), "most": ", ".join(share.name for share in found.most),
            "retried": f"{found.retried:,}",
        },
        evidence=tuple(_evidence(case, found, limits, overflow)),
        trend=past.trend(found.port),
        target=target,
        limits=own(case, limits),
        covers=(("tcp.resets", HOST),),
    )


def _evidence(case: Case, found: HalfOpen, limits: Limits, overflow: _Overflow | None) -> Iterator[str]:
    yield (
        f"{found.count:,} connections to :{found.port} in SYN_RECV ({marks_said(limits)}), "
        f"{found.retried:,} of them with the SYN-ACK sent again, from {found.peers:,} addresses"
    )
    if found.most:
        yield f"most of them from {', '.join(f'{share.name} {share.count:,}' for share in found.most)}"
    if found.backlog is not None:
        yield f"the listener's backlog is {found.backlog:,}"
    if overflow is not None:
        yield f"{overflow.rate:,.3g} SYNs per second found the queue full (TCPReqQFullDoCookies, TCPReqQFullDrop)"
    yield from _settings(case)
    if found.program.label is not None:
        yield f"{found.program.label} listens there"


def _settings(case: Case) -> Iterator[str]:
    settings = case.snapshot.settings
    if settings is not None:
        for name in ("tcp_syncookies", "tcp_max_syn_backlog"):
            value = getattr(settings, name)
            if value is not None:
                yield f"net.ipv4.{name} = {value}"


def _overflowing(case: Case, overflow: _Overflow) -> Condition:
    """The counters tell of a full queue, and no census found which it is."""
    return Condition(
        subject=HOST,
        level=Severity.WARNING,
        held=Severity.WARNING,
        began=overflow.began,
        text="overflow",
        facts={"rate": f"{overflow.rate:,.3g}", "filter": "state:syn-recv"},
        evidence=(
            f"{overflow.rate:,.3g} SYNs per second found a SYN queue full, above {OVERFLOWS:g} per second all along "
            "(TCPReqQFullDoCookies, TCPReqQFullDrop)",
            *_settings(case),
        ),
        target="state:syn-recv",
    )


_RETRIED = counted("attempts", lambda other: ((other.address, other.port), other.retried))
_HALF_OPEN = counted("half_open", lambda other: (other.port, other.count))

RULES = (
    Rule(id="tcp.syn-sent-stuck", find=syn_sent_stuck, needs=("census",), at=read_at("census"), part="attempts"),
    Rule(id="tcp.syn-backlog", find=syn_backlog, needs=("census",), at=read_at("census"), part="half_open"),
)
