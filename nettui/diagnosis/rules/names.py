"""Rules on the names that the user listed: answered slowly, with a failure, or otherwise than the hosts file says."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from nettui.diagnosis.condition import Case, Condition, Rule, read_at
from nettui.diagnosis.thresholds import Limits
from nettui.model.finding import Severity
from nettui.model.watched import Probe, Probes

LAST = 3
"""Rounds over which slowness is judged: one slow answer is none."""
AGAIN = 2
"""Rounds in which a name must fail: one failure may be the zone's, and gone."""
STALE = 180.0
"""Seconds after which a round says nothing of now."""
HOLD = 0.8
"""A finding clears when the figure falls to this share of its threshold."""
FAILING = frozenset(("SERVFAIL", "REFUSED", "FORMERR", "NOTIMP"))
BLOCKED = frozenset(("0.0.0.0", "::"))
"""Addresses that blocklists give to a name that must not be reached."""


def rounds(case: Case) -> Sequence[Probes]:
    """The rounds that still count, oldest first, of servers that are configured now."""
    now = case.snapshot.taken_at
    return [each for each in case.history.probes if now - each.at <= STALE]


def slow(case: Case) -> Iterator[Condition]:
    """The median of the last answers, for each server; for names with limits of their own, for each of those."""
    apart = case.limits.special.get("name", {})
    waits: dict[tuple[str, str], list[float]] = {}
    last = rounds(case)[-LAST:]
    for probe in _configured(case, [probe for each in last for probe in each.probes]):
        if probe.rcode is not None and probe.seconds is not None:
            name = probe.name if probe.name in apart else ""
            waits.setdefault((probe.server, name), []).append(1000 * probe.seconds)
    for (server, name), found in waits.items():
        limits = case.limits_of(name=name or None, server=server)
        condition = _slow(server, name, found, limits, len(last)) if limits.enabled else None
        if condition is not None:
            yield condition


def _slow(server: str, name: str, waits: list[float], limits: Limits, seen: int) -> Condition | None:
    from statistics import median  # loads fractions and random, and most hosts have no names to look up

    value = median(waits)
    level, held = _graded(value, limits)
    if held is None:
        return None
    marks = {severity: mark for severity in Severity if (mark := getattr(limits, severity.value)) is not None}
    return Condition(
        subject=f"{name} at {server}" if name else server,
        level=level,
        held=held,
        single=seen >= LAST,
        value=value,
        marks=marks,
        facts={
            "server": server,
            "bare": server.partition("%")[0],
            "name": name or ".",
            "ms": f"{value:,.0f}",
            "what": f" for {name}" if name else "",
        },
        evidence=(
            f"{len(waits)} answers in the last {seen} rounds: {min(waits):,.0f} to {max(waits):,.0f} ms,"
            f" half of them above {value:,.0f} ms",
            ", ".join(f"{severity} above {mark:,.10g} ms" for severity, mark in marks.items()),
        ),
        trend=tuple(waits),
        target=name or server,
        limits=limits,
    )


def failing(case: Case) -> Iterator[Condition]:
    """Listed names that a server answers with a failure; one finding for the name where all servers do so."""
    last = rounds(case)[-AGAIN:]
    if len(last) < min(AGAIN, len(case.history.probes)):
        return
    now = _configured(case, last[-1].probes if last else ())
    before = {(p.name, p.server): p.rcode for each in last[:-1] for p in each.probes}
    for name, group in groupby(sorted(now, key=lambda probe: probe.name), key=lambda probe: probe.name):
        answered = [probe for probe in group if probe.rcode is not None]
        bad = [p for p in answered if p.rcode in FAILING and before.get((name, p.server), p.rcode) in FAILING]
        if bad and len(bad) == len(answered):
            limits = case.limits_of(name=name)
            if limits.enabled:
                yield _failing(name, bad, answered, name, limits)
            continue
        for probe in bad:
            limits = case.limits_of(server=probe.server, name=name)
            if limits.enabled:
                yield _failing(f"{name} at {probe.server}", [probe], answered, name, limits)


def _failing(subject: str, bad: Sequence[Probe], answered: Sequence[Probe], name: str, limits: Limits) -> Condition:
    level = Severity.CRITICAL if len(bad) == len(answered) else Severity.WARNING
    first = bad[0]
    return Condition(
        subject=subject,
        level=level,
        held=level,
        text="" if level is Severity.CRITICAL else "some",
        facts={"name": name, "server": first.server, "rcode": first.rcode or ""},
        evidence=tuple(f"{probe.server} answers {probe.rcode} for {name}" for probe in answered),
        target=name,
        limits=limits,
    )


def hosts_override(case: Case) -> Iterator[Condition]:
    """Names to which the hosts file gives another address than the servers do."""
    newest = rounds(case)[-1:]
    probes = _configured(case, newest[0].probes if newest else ())
    for name, group in groupby(sorted(probes, key=lambda probe: probe.name), key=lambda probe: probe.name):
        found = list(group)
        hosts = found[0].hosts
        served = tuple(sorted({address for probe in found for address in probe.addresses}))
        limits = case.limits_of(name=name)
        if hosts and served and limits.enabled and not set(hosts) <= set(served):
            yield _overridden(name, hosts, served, limits)


def _overridden(name: str, hosts: Sequence[str], served: Sequence[str], limits: Limits) -> Condition:
    return Condition(
        subject=name,
        level=Severity.NOTICE,
        held=Severity.NOTICE,
        text="blocked" if set(hosts) <= BLOCKED else "",
        facts={"name": name, "hosts": _listed(hosts), "served": _listed(served)},
        evidence=(f"hosts file: {name} is {_listed(hosts)}", f"DNS: {name} is {_listed(served)}"),
        target=name,
        limits=limits,
    )


def _configured(case: Case, probes: Iterable[Probe]) -> list[Probe]:
    """Answers of servers that are still asked."""
    config = case.snapshot.resolvers
    asked: Mapping[str, object] = dict.fromkeys(server.address for server in config.resolvers) if config else {}
    return [probe for probe in probes if probe.server in asked]


def _graded(value: float, limits: Limits) -> tuple[Severity | None, Severity | None]:
    """The gravity by this figure alone, and the gravity that an open finding keeps."""
    level = held = None
    for severity in Severity:
        mark = getattr(limits, severity.value)
        if mark is not None and value > mark:
            level = severity
        if mark is not None and value > HOLD * mark:
            held = severity
    return level, held


def _listed(addresses: Sequence[str]) -> str:
    more = f" and {len(addresses) - 3} more" if len(addresses) > 3 else ""
    return ", ".join(addresses[:3]) + more


RULES = (
    Rule(id="dns.failing", find=failing, needs=("resolvers", "probes"), at=read_at("probes")),
    Rule(id="dns.slow", find=slow, needs=("resolvers", "probes"), at=read_at("probes")),
    Rule(id="dns.hosts-override", find=hosts_override, needs=("resolvers", "probes"), at=read_at("probes")),
)
