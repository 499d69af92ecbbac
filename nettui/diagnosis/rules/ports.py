"""The rule on ephemeral ports: how many of them the connections to one destination take."""

from collections.abc import Iterator

from nettui.diagnosis.condition import HOST, Case, Condition, Key, Rule, read_at
from nettui.diagnosis.rules.grading import bracketed, endpoint, graded, marks, marks_said, own, peer_limits
from nettui.diagnosis.rules.programs import described, filter_of, name_of, who
from nettui.diagnosis.rules.tcp_counts import HALF, count_of
from nettui.diagnosis.rules.windows import Past, counted, time_left, trend
from nettui.diagnosis.thresholds import Limits
from nettui.model.census import Destination
from nettui.model.tcp import TcpState
from nettui.model.vitals import KernelSettings


def port_exhaustion(case: Case) -> Iterator[Condition]:
    """Destinations toward which the ephemeral ports run out: they are shared by all connections from one source."""
    census, settings = case.snapshot.census, case.snapshot.settings
    ports = settings.ephemeral_ports if settings is not None else None
    if census is None or settings is None or not ports:
        return
    fullest: dict[str, Destination] = {}
    for each in census.destinations or ():
        subject = endpoint(each.address, each.port)
        if subject not in fullest or fullest[subject].used < each.used:
            fullest[subject] = each
    past = Past(case, _USED)
    for each in fullest.values():
        condition = _condition(case, past, settings, ports, each)
        if condition is not None:
            yield condition


def _condition(
    case: Case, past: Past, settings: KernelSettings, ports: int, found: Destination
) -> Condition | None:
    subject = endpoint(found.address, found.port)
    limits = peer_limits(case, found.address, found.port, name_of(found.program))
    share = 100 * found.used / ports
    grade = graded(share, limits)
    if grade.held is None or not limits.enabled:
        return None
    used = past.of(_same(found))
    left = time_left(used, ports)
    resting = found.time_wait > found.live
    toward = f"dst:{found.address} and dport:{found.port}"
    target = f"{toward} and state:time-wait" if resting else toward
    covers: tuple[Key, ...] = ()
    if found.time_wait and found.time_wait >= HALF * count_of(case, TcpState.TIME_WAIT):
        covers = (("tcp.time-wait", HOST),)
    return Condition(
        subject=subject,
        level=grade.level,
        held=grade.held,
        value=share,
        marks=marks(limits),
        text="time-wait" if resting else "live",
        facts={
            "peer": subject, "source": found.source, "share": f"{share:.0f}", "used": f"{found.used:,}",
            "ports": f"{ports:,}", "resting": f"{found.time_wait:,}", "live": f"{found.live:,}",
            "who": who(found.program), "filter": target, "soon": _soon(left),
            "toward": toward, "dst": bracketed(found.address), "port": str(found.port),
        },
        evidence=tuple(_evidence(case, settings, found, limits, ports, left)),
        trend=trend([(at, 100 * each / ports) for at, each in used]),
        left=left,
        target=target,
        limits=own(case, limits),
        covers=covers,
    )


def _same(found: Destination) -> tuple[str, str, int]:
    return found.source, found.address, found.port


def _soon(left: float | None) -> str:
    if not left:
        return ""
    return f"; at this pace none is left in {left:,.0f} s" if left < 600 else f"; none is left in {left / 60:,.0f} min"


def _evidence(
    case: Case, settings: KernelSettings, found: Destination, limits: Limits, ports: int, left: float | None
) -> Iterator[str]:
    about = "about " if found.sampled else ""
    yield (
        f"{about}{found.used:,} of {ports:,} ephemeral ports taken from {found.source} to "
        f"{endpoint(found.address, found.port)} ({100 * found.used / ports:.1f} %; {marks_said(limits)})"
    )
    yield f"{about}{found.time_wait:,} of them in TIME_WAIT, {about}{found.live:,} live"
    reserved = f", {settings.ports_reserved:,} of them reserved" if settings.ports_reserved else ""
    yield f"net.ipv4.ip_local_port_range = {settings.port_first} {settings.port_last}{reserved}"
    if settings.tcp_tw_reuse is not None:
        meaning = {0: "off", 1: "on", 2: "on for loopback only"}.get(settings.tcp_tw_reuse, "")
        yield f"net.ipv4.tcp_tw_reuse = {settings.tcp_tw_reuse}" + (f" ({meaning})" if meaning else "")
    if filter_of(found.program):
        yield f"most of the live ones belong to {who(found.program)}"
        yield from described(case, found.program)
    if left:
        yield f"at the pace of the last minute none is left in {left:,.0f} s"


_USED = counted("destinations", lambda other: (_same(other), other.used))

RULES = (
    Rule(
        id="tcp.port-exhaustion", find=port_exhaustion, needs=("census", "settings"), at=read_at("census"),
        part="destinations",
    ),
)
