"""Rules on connections that do not get closed: FINs that nobody acknowledges, peers that do not close their side."""

from collections.abc import Iterator, Sequence

from nettui.diagnosis.condition import HOST, Case, Condition, Rule, read_at
from nettui.diagnosis.rules.grading import bracketed, graded, marks, marks_said, own
from nettui.diagnosis.rules.programs import described, who
from nettui.diagnosis.rules.tcp_counts import count_of
from nettui.diagnosis.rules.tcp_totals import explained
from nettui.diagnosis.rules.windows import Past, counted
from nettui.model.census import Census, Closing
from nettui.model.tcp import TcpState

UNACKNOWLEDGED = ("FIN_WAIT1", "CLOSING", "LAST_ACK")
"""States in which this side's FIN waits for its acknowledgement (RFC 9293 section 3.6)."""

NOTABLE = 0.05
"""Share of the host's connections that must be so before the path to all is blamed: clients of a public server
vanish all the time, and each is sent its FIN for a minute or two."""


def last_ack(case: Case) -> Iterator[Condition]:
    """Peers that do not acknowledge FINs, sent more than once; else the host, where it is many peers with few each."""
    peers = _by_peer(case.snapshot.census, UNACKNOWLEDGED)
    past = Past(case, _BY_PEER)
    named = False
    for address, found in peers.items():
        condition = _unacknowledged(case, past, address, found)
        if condition is not None:
            named = named or condition.level is not None
            yield condition
    everything = [each for found in peers.values() for each in found]
    if len(peers) > 1 and not named:
        whole = _of_the_path(case, everything, len(peers))
        if whole is not None:
            yield whole


def fin_wait2(case: Case) -> Iterator[Condition]:
    """Peers that acknowledge this side's FIN and do not close their own."""
    past = Past(case, _HALF_CLOSED)
    for address, found in _by_peer(case.snapshot.census, ("FIN_WAIT2",)).items():
        condition = _half_closed(case, past, address, found)
        if condition is not None:
            yield condition


def _half_closed(case: Case, past: Past, address: str, found: Sequence[Closing]) -> Condition | None:
    limits = case.limits_of(peer=address)
    count, orphans = sum(each.count for each in found), sum(each.orphans for each in found)
    grade = graded(count, limits)
    if grade.held is None or not limits.enabled:
        return None
    held = orphans * 2 < count
    program = max(found, key=lambda each: each.count).program
    target = f"state:fin-wait-2 and dst:{address}"
    evidence = [
        f"{count:,} in FIN_WAIT2 to {address} ({marks_said(limits)}), {orphans:,} held by no program any more"
    ]
    settings = case.snapshot.settings
    if settings is not None and settings.tcp_fin_timeout is not None:
        evidence.append(
            f"net.ipv4.tcp_fin_timeout = {settings.tcp_fin_timeout}: it ends those no program holds, and no others"
        )
    return Condition(
        subject=address,
        level=grade.level,
        held=grade.held,
        value=count,
        marks=marks(limits),
        text="held" if held else "",
        facts={
            "count": f"{count:,}", "address": address, "dst": bracketed(address), "who": who(program),
            "filter": target,
        },
        evidence=(*evidence, *described(case, program)),
        trend=past.trend(address),
        target=target,
        limits=own(case, limits),
        covers=() if held else (("tcp.orphans", HOST),),
    )


def _by_peer(census: Census | None, states: Sequence[str]) -> dict[str, list[Closing]]:
    peers: dict[str, list[Closing]] = {}
    for each in (census.closing or ()) if census is not None else ():
        if each.state in states:
            peers.setdefault(each.address, []).append(each)
    return peers


def _unacknowledged(case: Case, past: Past, address: str, found: Sequence[Closing]) -> Condition | None:
    limits = case.limits_of(peer=address)
    retried = sum(each.retried for each in found)
    grade = graded(retried, limits)
    if grade.held is None or not limits.enabled:
        return None
    target = f"state:fin-wait-1,closing,last-ack and dst:{address}"
    return Condition(
        subject=address,
        level=grade.level,
        held=grade.held,
        value=retried,
        marks=marks(limits),
        facts={"count": f"{retried:,}", "address": address, "dst": bracketed(address), "filter": target},
        evidence=(
            f"{retried:,} connections to {address} have sent their FIN more than once ({marks_said(limits)})",
            f"there are {_states(found)} to it, {sum(each.orphans for each in found):,} held by no program any more",
            *_orphan_retries(case),
        ),
        trend=past.trend(address),
        target=target,
        limits=own(case, limits),
        covers=(("tcp.orphans", HOST), *((("tcp.retransmit", HOST),) if explained(case, retried) else ())),
    )


def _of_the_path(case: Case, found: Sequence[Closing], peers: int) -> Condition | None:
    """Many peers with a few each: the path to all of them, not one of them."""
    retried = sum(each.retried for each in found)
    grade = graded(retried, case.limits)
    if grade.held is None or retried < NOTABLE * count_of(case, TcpState.ESTABLISHED):
        return None
    target = "state:fin-wait-1,closing,last-ack"
    return Condition(
        subject=HOST,
        level=grade.level,
        held=grade.held,
        value=retried,
        marks=marks(case.limits),
        text="many",
        facts={"count": f"{retried:,}", "peers": f"{peers:,}", "filter": target},
        evidence=(
            f"{retried:,} connections have sent their FIN more than once ({marks_said(case.limits)})",
            f"there are {_states(found)}, to {peers:,} peers, and to no single one enough to name it",
            *_orphan_retries(case),
        ),
        trend=Past(case, _ALL).trend(HOST),
        target=target,
        covers=(("tcp.orphans", HOST),),
    )


def _states(found: Sequence[Closing]) -> str:
    counts: dict[str, int] = {}
    for each in found:
        counts[each.state] = counts.get(each.state, 0) + each.count
    return ", ".join(f"{count:,} in {state}" for state, count in counts.items())


def _orphan_retries(case: Case) -> Iterator[str]:
    settings = case.snapshot.settings
    if settings is not None and settings.tcp_orphan_retries is not None:
        retries = settings.tcp_orphan_retries
        yield f"net.ipv4.tcp_orphan_retries = {retries}" + (" (0 means 8)" if retries == 0 else "")


_BY_PEER = counted("closing", lambda each: (each.address, each.retried) if each.state in UNACKNOWLEDGED else None)
_ALL = counted("closing", lambda each: (HOST, each.retried) if each.state in UNACKNOWLEDGED else None)
_HALF_CLOSED = counted("closing", lambda each: (each.address, each.count) if each.state == "FIN_WAIT2" else None)

RULES = (
    Rule(id="tcp.last-ack", find=last_ack, needs=("census",), at=read_at("census"), part="closing"),
    Rule(id="tcp.fin-wait2", find=fin_wait2, needs=("census",), at=read_at("census"), part="closing"),
)
