"""The rule on UDP: datagrams thrown away because a socket's buffer is full. Whose it is, the census may know."""

from collections.abc import Iterator
from typing import NamedTuple

from nettui.diagnosis.condition import HOST, Case, Condition, Rule, read_at
from nettui.diagnosis.rules.figures import listed, movement, number, span
from nettui.diagnosis.rules.grading import graded, marks
from nettui.diagnosis.rules.windows import paces
from nettui.diagnosis.thresholds import Limits
from nettui.model.census import MOST, UdpLoss

RECENT = 60.0
"""Seconds for which a census still says which sockets lose datagrams."""


USUAL = 212_992
"""Bytes of net.core.rmem_max where nobody has changed it."""


class Losing(NamedTuple):
    """The sockets of one port, and how much they lose."""

    socket: UdpLoss
    """The one that has lost most."""
    rose: int
    seconds: float

    @property
    def rate(self) -> float:
        """Datagrams per second."""
        return self.rose / self.seconds


def buffer_errors(case: Case) -> Iterator[Condition]:
    """Datagrams lost for want of buffer, for as long as half of what it must last: one burst alone is never told."""
    losing = list(_ports(case))
    background = (*_flow(case), *_settings(case)) if losing else ()
    trend = paces(case.history.vitals, "udp_rcvbuf_errors") if losing else ()
    named = [condition for each in losing if (condition := _of_port(case, each, background, trend))]
    yield from named
    if any(condition.level for condition in named):
        return
    excused = sum(each.rate for each in losing if _limits(case, each) is not case.limits)
    received = _of_host(case, "udp_rcvbuf_errors", "", excused)
    sent = None if received else _of_host(case, "udp_sndbuf_errors", "sending", 0.0)
    yield from filter(None, (received, sent))


def _of_host(case: Case, counter: str, text: str, excused: float) -> Condition | None:
    """What all sockets lose, less what is lost by those that have limits of their own."""
    moved = movement(case.history.vitals, counter, case.limits.lasting / 2)
    if moved is None or not moved.rose:
        return None
    rate = max(0.0, moved.rate - excused)
    level, held = graded(rate, case.limits)
    if held is None:
        return None
    return Condition(
        subject=HOST,
        level=level,
        held=held,
        single=False,
        value=rate,
        marks=marks(case.limits),
        text=text,
        facts={"rate": f"{number(rate)}", "doubled": str(2 * (_rmem_max(case) or USUAL))},
        evidence=(
            f"{moved.rose:,} datagrams in {span(moved.seconds)} ({listed(case.limits)})",
            *_flow(case),
            *_settings(case),
        ),
        trend=paces(case.history.vitals, counter),
        target="proto:udp",
    )


def _of_port(
    case: Case, losing: Losing, background: tuple[str, ...], trend: tuple[float, ...]
) -> Condition | None:
    socket, limits = losing.socket, _limits(case, losing)
    level, held = graded(losing.rate, limits)
    if held is None or not limits.enabled:
        return None
    label = socket.program.label
    room = f" of {socket.limit:,} (SO_RCVBUF)" if socket.limit is not None else ""
    return Condition(
        subject=f":{socket.port}",
        level=level,
        held=held,
        single=False,
        value=losing.rate,
        marks=marks(limits),
        text="port",
        facts={
            "rate": f"{number(losing.rate)}", "port": str(socket.port), "who": f"{label} on " if label else "",
            "doubled": str(2 * max(_rmem_max(case) or USUAL, socket.limit or 0)),
        },
        evidence=(
            f"{losing.rose:,} datagrams in {span(losing.seconds)}, {socket.drops:,} since the socket was opened "
            f"({listed(limits)})",
            f"{socket.address}:{socket.port}: {socket.queued:,} bytes{room} wait to be read",
            *background,
        ),
        trend=trend,
        target=f"proto:udp sport:{socket.port}",
        limits=limits,
        covers=(("udp.buffer-errors", HOST),),
    )


def _limits(case: Case, losing: Losing) -> Limits:
    owner = losing.socket.program.owner
    return case.limits_of(port=losing.socket.port, process=owner.name if owner else None)


def _ports(case: Case) -> Iterator[Losing]:
    """Ports whose sockets lost datagrams between the last two countings of them."""
    counted = [census for census in case.history.census[-8:] if census.udp is not None]
    if len(counted) < 2 or case.snapshot.taken_at - counted[-1].at > RECENT:
        return
    before, after = counted[-2:]
    known, now = _by_port(before.udp or ()), _by_port(after.udp or ())
    # Only the largest are listed: of a port that was not among them no earlier figure is known.
    whole = len(before.udp or ()) < MOST
    for port, sockets in now.items():
        if whole or port in known:
            rose = sum(each.drops for each in sockets) - sum(each.drops for each in known.get(port, ()))
            if rose > 0:
                yield Losing(max(sockets, key=lambda each: each.drops), rose, after.at - before.at)


def _by_port(sockets: tuple[UdpLoss, ...]) -> dict[int, list[UdpLoss]]:
    """Several sockets may share one port (SO_REUSEPORT, several addresses)."""
    found: dict[int, list[UdpLoss]] = {}
    for each in sockets:
        found.setdefault(each.port, []).append(each)
    return found


def _rmem_max(case: Case) -> int | None:
    return case.snapshot.settings.rmem_max if case.snapshot.settings else None


def _flow(case: Case) -> Iterator[str]:
    moved = movement(case.history.vitals, "udp_in_datagrams", case.limits.lasting / 2)
    if moved is not None:
        yield f"{number(moved.rate)} datagrams a second reach programs on this host"


def _settings(case: Case) -> Iterator[str]:
    settings = case.snapshot.settings
    known = [
        f"net.core.{name} = {value:,} bytes"
        for name, value in (
            ("rmem_default", settings and settings.rmem_default), ("rmem_max", settings and settings.rmem_max)
        ) if value is not None
    ]
    if known:
        yield ", ".join(known)


RULES = (Rule(id="udp.buffer-errors", find=buffer_errors, needs=("vitals",), at=read_at("vitals")),)
