"""The rule on zombies: connections that stand though their peer is gone, or may be."""

from collections.abc import Iterable, Iterator

from nettui.diagnosis.condition import HOST, Case, Condition, Key, Rule, read_at
from nettui.diagnosis.rules.grading import bracketed, endpoint, graded, marks, own, peer_limits
from nettui.diagnosis.rules.programs import all_of, connections, described, filter_of, name_of, who
from nettui.diagnosis.rules.tcp_counts import count_of
from nettui.diagnosis.rules.tcp_totals import explained
from nettui.diagnosis.rules.windows import Past, counted
from nettui.model.census import Silent, Unanswered
from nettui.model.finding import Severity
from nettui.model.tcp import TcpState

RETRIES = 4
"""Times that the same was sent in vain before the peer is taken for gone: 6 s at the shortest timeout (RFC 6298)."""

PROBES = 2
"""Keepalive probes in vain: they are 75 s apart (tcp(7), tcp_keepalive_intvl), and a peer that is there answers."""

MACHINE = 10
"""Connections of one client from which it is a machine that is gone, not one of many clients who left."""

NOTABLE = 0.005
"""Share of the host's connections that it must have, too: behind one address may be a whole telephone network."""

FEW = 0.05
"""Share of the host's connections that one client must have before its leaving is worth a notice: on a public
server somebody is always just gone."""


def zombie(case: Case) -> Iterator[Condition]:
    """Peers that no longer answer, each once; and programs with connections silent for long without keepalive."""
    census = case.snapshot.census
    if census is None:
        return
    peers: dict[str, list[Unanswered]] = {}
    for each in census.unanswered or ():
        if _in_vain(each):
            peers.setdefault(each.address, []).append(each)
    past = Past(case, _IN_VAIN)
    for address, found in peers.items():
        condition = _gone(case, past, address, found)
        if condition is not None:
            yield condition
    yield from _silent(case, census.silent or ())


def _in_vain(found: Unanswered) -> bool:
    """Often enough that the peer must be gone, on connections that stand: those being closed are another matter."""
    standing = found.state in ("ESTABLISHED", "CLOSE_WAIT")
    return standing and found.retries >= (PROBES if found.kind == "keepalive" else RETRIES)


def _gone(case: Case, past: Past, address: str, found: list[Unanswered]) -> Condition | None:
    most = max(found, key=lambda each: each.count)
    limits = peer_limits(case, address, most.port, name_of(most.program))
    if limits is case.limits and most.local_port is not None:
        limits = case.limits_of(port=most.local_port)
    count = sum(each.count for each in found)
    level = _gravity(case, found, count)
    if level is None or not limits.enabled:
        return None
    ports = {each.port for each in found}
    peer = endpoint(address, next(iter(ports)) if len(ports) == 1 else None)
    target = f"dst:{address}"
    kinds = sorted({each.kind for each in found})
    return Condition(
        subject=address,
        level=level,
        held=level,
        value=count,
        text="gone",
        facts={
            "connections": connections(count), "peer": peer, "address": address, "dst": bracketed(address),
            "who": who(most.program), "filter": target, "retries": str(max(each.retries for each in found)),
        },
        evidence=tuple(_evidence(case, found, kinds)),
        trend=past.trend(address),
        target=target,
        limits=own(case, limits),
        covers=tuple(_consequences(case, address, found, count)),
    )


def _gravity(case: Case, found: list[Unanswered], count: int) -> Severity | None:
    """A service this host depends on, or a machine with many connections: a warning. One client of many: nothing."""
    everybody = count_of(case, TcpState.ESTABLISHED)
    if not all(_of_client(case, each) for each in found) or count >= max(MACHINE, NOTABLE * everybody):
        return Severity.WARNING
    return Severity.NOTICE if count >= FEW * everybody else None


def _of_client(case: Case, found: Unanswered) -> bool:
    """Whether the peer connected to us: its ports differ or are ephemeral, and ours is one and is not."""
    settings = case.snapshot.settings
    first = settings.port_first if settings is not None and settings.port_first is not None else 32_768
    ours, its = found.local_port, found.port
    return ours is not None and ours < first and (its is None or its >= 1_024) and (its is None or its > ours)


def _consequences(case: Case, address: str, found: list[Unanswered], count: int) -> Iterator[Key]:
    yield "tcp.last-ack", address
    for each in found:
        if each.port is not None:
            yield "tcp.syn-sent-stuck", endpoint(address, each.port)
            yield "pool.exhausted", f"{who(each.program)} to {endpoint(address, each.port)}"
    if explained(case, count):
        yield "tcp.retransmit", HOST


def _evidence(case: Case, found: list[Unanswered], kinds: list[str]) -> Iterator[str]:
    for each in found[:4]:
        what = {"keepalive": "keepalive probes", "probe": "probes of a closed window"}.get(each.kind, "retransmissions")
        yield (
            f"{each.count:,} in {each.state} to {endpoint(each.address, each.port)}: up to {each.retries} {what} "
            f"without an answer" + (f", {each.queued:,} bytes not acknowledged" if each.queued else "")
        )
    settings = case.snapshot.settings
    if settings is not None:
        if "keepalive" in kinds and settings.tcp_keepalive_probes is not None:
            yield (
                f"net.ipv4.tcp_keepalive_probes = {settings.tcp_keepalive_probes}, net.ipv4.tcp_keepalive_intvl = "
                f"{settings.tcp_keepalive_intvl}: after so many, so many seconds apart, the kernel gives up"
            )
        if kinds != ["keepalive"] and settings.tcp_retries2 is not None:
            yield f"net.ipv4.tcp_retries2 = {settings.tcp_retries2}: after about so many the kernel gives up"
    yield from described(case, found[0].program)


def _silent(case: Case, groups: Iterable[Silent]) -> Iterator[Condition]:
    worst: dict[str, Silent] = {}
    for each in groups:
        subject = each.program.label or (f":{each.local_port}" if each.local_port else HOST)
        if subject not in worst or worst[subject].longest < each.longest:
            worst[subject] = each
    for subject, found in worst.items():
        limits = case.limits_of(process=name_of(found.program), port=found.local_port)
        grade = graded(found.longest, limits)
        if grade.level is None or not limits.enabled:
            continue
        threshold = marks(limits)[grade.level]
        hours = f"{found.longest / 3600:,.3g}"
        ports = (found.local_port and f"sport:{found.local_port}", found.port and f"dport:{found.port}")
        target = all_of("state:established", filter_of(found.program), *(p or "" for p in ports),
                        f"idle>{int(threshold)}s")
        yield Condition(
            subject=subject,
            level=grade.level,
            held=grade.level,
            value=found.longest,
            marks=marks(limits),
            text="silent",
            facts={
                "connections": connections(found.count), "who": who(found.program), "hours": hours, "filter": target,
                "mark": f"{threshold / 3600:,.3g}",
            },
            evidence=tuple(_silence(case, found, threshold)),
            target=target,
            limits=own(case, limits),
        )


def _silence(case: Case, found: Silent, threshold: float) -> Iterator[str]:
    yield (
        f"{connections(found.count)} of {who(found.program)} in ESTABLISHED without keepalive, the most silent for "
        f"{found.longest:,.0f} s (told above {threshold:,.0f} s)"
    )
    settings = case.snapshot.settings
    if settings is not None and settings.tcp_keepalive_time is not None:
        yield (
            f"net.ipv4.tcp_keepalive_time = {settings.tcp_keepalive_time}: it works only for sockets whose program "
            "turned keepalive on"
        )
    yield from described(case, found.program)


_IN_VAIN = counted("unanswered", lambda other: (other.address, other.count) if _in_vain(other) else None)

RULES = (Rule(id="tcp.zombie", find=zombie, needs=("census",), at=read_at("census"), part="unanswered"),)
