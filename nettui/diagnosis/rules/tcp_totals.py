"""Rules on the totals of TCP that the kernel keeps: segments sent again, resets, orphans, memory."""

from collections.abc import Iterator

from nettui.diagnosis.condition import HOST, Case, Condition, Rule, read_at
from nettui.diagnosis.rules.grading import Grade, graded, gravest, least, marks, marks_said
from nettui.diagnosis.rules.tcp_counts import HALF
from nettui.diagnosis.rules.windows import TREND, Window, pace, paces, rise, time_left, whole, window
from nettui.model.finding import Severity
from nettui.model.vitals import KernelSettings, Vitals

SEGMENTS = 20.0
"""Segments per second sent in each part of the window, below which a share of them says nothing."""

AGAIN = 1.0
"""Of them sent again per second, at least."""

EXPLAINED = 15.0
"""Seconds over which is looked who sent again."""

FASTEST = 1 / 3
"""Retransmissions per second of a connection that has sent the same four times: its timeout has doubled to 3 s."""

ABORTED = 0.2
"""Share of the connections opened that are refused or reset, below which it is the everyday: clients that go away
reset, and a busy server has many of them."""


def retransmit(case: Case) -> Iterator[Condition]:
    """A large share of the segments had to be sent again, in every part of the window."""
    found = window(case.history.vitals, case.limits.lasting)
    if found is None:
        return
    shares = [_resent_share(part) for part in found.parts]
    known = [share for share in shares if share is not None]
    if len(known) < len(shares):
        return
    grade = least(graded(share, case.limits) for share in known)
    share = _resent_share(whole(found))
    if grade.held is None or share is None:
        return
    resent = _resent(whole(found)) or 0
    sent = rise(whole(found), "tcp_out_segs") or 0
    yield Condition(
        subject=HOST,
        level=grade.level,
        held=grade.held,
        began=found.began,
        single=False,
        value=share,
        marks=marks(case.limits),
        facts={"share": f"{share:.3g}", "seconds": f"{found.seconds:.0f}", "filter": "retrans>0"},
        evidence=(
            f"{resent:,} segments sent again, {sent:,} others sent in {found.seconds:.0f} s; SYNs not counted "
            f"({marks_said(case.limits)})",
            f"in parts of that time: {', '.join(f'{each:.3g} %' for each in known)}",
            *_timeouts(found),
        ),
        trend=paces(case.history.vitals, "tcp_retrans_segs"),
        target="retrans>0",
        covers=(("tcp.last-ack", HOST),),
    )


def explained(case: Case, count: int) -> bool:
    """Whether so many connections that send in vain account for most of what is sent again on this host."""
    found = window(case.history.vitals, EXPLAINED)
    resent = rise(whole(found), "tcp_retrans_segs") if found is not None else None
    return found is not None and resent is not None and count * FASTEST * found.seconds >= HALF * resent


def _resent(part: tuple[Vitals, ...]) -> int | None:
    """Segments sent again that carry data or a FIN: SYNs in vain are the matter of other rules."""
    again, opening = rise(part, "tcp_retrans_segs"), rise(part, "syn_retrans")
    return None if again is None else max(0, again - (opening or 0))


def _resent_share(part: tuple[Vitals, ...]) -> float | None:
    """In % of all segments sent; OutSegs does not count those that were sent again (RFC 4022). None: not known.

    So few that their share says nothing are none.
    """
    again, sent = _resent(part), rise(part, "tcp_out_segs")
    seconds = part[-1].at - part[0].at
    if again is None or sent is None or seconds <= 0:
        return None
    if again + sent < SEGMENTS * seconds or again < AGAIN * seconds:
        return 0.0
    return 100 * again / (again + sent)


def _timeouts(found: Window) -> Iterator[str]:
    rate = pace(found, "tcp_timeouts")
    if rate:
        yield f"at least {rate:,.3g} timeouts per second (TCPTimeouts): these are what programs feel"


def resets(case: Case) -> Iterator[Condition]:
    """Connections refused or reset, many and a large share of those opened, in every part of the window."""
    found = window(case.history.vitals, case.limits.lasting)
    if found is None:
        return
    rates = [_aborted(part) for part in found.parts]
    known = [rate for rate in rates if rate is not None]
    if len(known) < len(rates):
        return
    grade = least(graded(rate, case.limits) for rate in known)
    if grade.held is None:
        return
    refused = rise(whole(found), "tcp_attempt_fails") or 0
    reset = rise(whole(found), "tcp_estab_resets") or 0
    opened = rise(whole(found), "tcp_active_opens", "tcp_passive_opens") or 0
    rate = (refused + reset) / found.seconds
    yield Condition(
        subject=HOST,
        level=grade.level,
        held=grade.held,
        began=found.began,
        single=False,
        value=rate,
        marks=marks(case.limits),
        text="refused" if refused >= reset else "",
        facts={"rate": f"{rate:,.3g}", "refused": f"{refused:,}", "reset": f"{reset:,}", "filter": "state:syn-sent"},
        evidence=(
            f"in {found.seconds:.0f} s {refused:,} connections refused or given up before they stood (AttemptFails), "
            f"{reset:,} reset while they stood (EstabResets); {opened:,} opened ({marks_said(case.limits)})",
            *_sent_resets(found),
        ),
        trend=paces(case.history.vitals, "tcp_attempt_fails", "tcp_estab_resets"),
    )


def _aborted(part: tuple[Vitals, ...]) -> float | None:
    """Connections refused or reset per second; too small a share of those opened is none. None: not known."""
    aborted = rise(part, "tcp_attempt_fails", "tcp_estab_resets")
    opened = rise(part, "tcp_active_opens", "tcp_passive_opens")
    seconds = part[-1].at - part[0].at
    if aborted is None or opened is None or seconds <= 0:
        return None
    return aborted / seconds if aborted >= ABORTED * (aborted + opened) else 0.0


def _sent_resets(found: Window) -> Iterator[str]:
    rose = rise(whole(found), "tcp_out_rsts")
    if rose is not None:
        yield f"{rose / found.seconds:,.3g} resets per second were sent by this host itself (OutRsts)"


def orphans(case: Case) -> Iterator[Condition]:
    """Many connections that no program holds any more, against what the kernel allows."""
    vitals, settings = case.snapshot.vitals, case.snapshot.settings
    if vitals is None or settings is None or vitals.tcp_orphans is None or not settings.tcp_max_orphans:
        return
    most = settings.tcp_max_orphans
    share = 100 * vitals.tcp_orphans / most
    grade = graded(share, case.limits)
    if grade.held is None:
        return
    series = [(each.at, float(each.tcp_orphans)) for each in case.history.vitals if each.tcp_orphans is not None]
    yield Condition(
        subject=HOST,
        level=grade.level,
        held=grade.held,
        value=share,
        marks=marks(case.limits),
        facts={
            "count": f"{vitals.tcp_orphans:,}", "most": f"{most:,}", "share": f"{share:.0f}",
            "filter": "state:fin-wait-1,fin-wait-2,closing,last-ack",
        },
        evidence=(
            f"{vitals.tcp_orphans:,} connections no program holds any more ({marks_said(case.limits)})",
            f"net.ipv4.tcp_max_orphans = {most:,}: an orphan that sends in vain counts twice or four times, so the "
            "kernel may begin to reset at a quarter of it",
            *(() if settings.tcp_orphan_retries is None
              else (f"net.ipv4.tcp_orphan_retries = {settings.tcp_orphan_retries}",)),
        ),
        trend=tuple(value for _, value in series[-TREND:]),
        left=time_left(series, most),
        target="state:fin-wait-1,fin-wait-2,closing,last-ack",
    )


def memory(case: Case) -> Iterator[Condition]:
    """TCP as a whole near, under or beyond memory pressure."""
    vitals, settings = case.snapshot.vitals, case.snapshot.settings
    if vitals is None or settings is None or vitals.tcp_memory is None or len(settings.tcp_mem) != 3:
        return
    pressure, most = settings.tcp_mem[1], settings.tcp_mem[2]
    if not pressure:
        return
    share = 100 * vitals.tcp_memory / pressure
    grade = graded(share, case.limits)
    refusing = vitals.tcp_memory >= most
    if refusing:
        grade = Grade(gravest(grade.level, Severity.CRITICAL), gravest(grade.held, Severity.CRITICAL))
    if grade.held is None:
        return
    series = [(each.at, float(each.tcp_memory)) for each in case.history.vitals if each.tcp_memory is not None]
    yield Condition(
        subject=HOST,
        level=grade.level,
        held=grade.held,
        value=share,
        marks=marks(case.limits),
        text="refusing" if refusing else "pressure" if share > 100 else "",
        facts={"share": f"{share:.0f}", "pages": f"{vitals.tcp_memory:,}", "filter": "recvq>64k or sendq>64k"},
        evidence=tuple(_memory_evidence(case, vitals, settings)),
        trend=tuple(value for _, value in series[-TREND:]),
        left=time_left(series, most),
        target="recvq>64k or sendq>64k",
    )


def _memory_evidence(case: Case, vitals: Vitals, settings: KernelSettings) -> Iterator[str]:
    low, pressure, most = settings.tcp_mem
    yield f"TCP holds {vitals.tcp_memory:,} pages of memory ({marks_said(case.limits)} of the pressure mark)"
    yield f"net.ipv4.tcp_mem = {low} {pressure} {most}: pressed above the second, refusing above the third, in pages"
    past = case.history.vitals[-TREND:]
    aborted = rise(past, "tcp_abort_on_memory")
    if aborted:
        yield f"{aborted:,} connections ended for want of memory in the last readings (TCPAbortOnMemory)"
    pressed = rise(past, "tcp_memory_pressures")
    if pressed:
        yield f"came under pressure {pressed:,} times in the last readings (TCPMemoryPressures)"


RULES = (
    Rule(id="tcp.retransmit", find=retransmit, needs=("vitals",), at=read_at("vitals")),
    Rule(id="tcp.resets", find=resets, needs=("vitals",), at=read_at("vitals")),
    Rule(id="tcp.orphans", find=orphans, needs=("vitals", "settings"), at=read_at("vitals")),
    Rule(id="tcp.memory", find=memory, needs=("vitals", "settings"), at=read_at("vitals")),
)
