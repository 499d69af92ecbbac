"""A host with its sockets as a crowd: the world of tests/diagnosis/world.py with a census, vitals and settings."""

from collections.abc import Callable
from typing import Any

from nettui.diagnosis.thresholds import Thresholds
from nettui.model.census import Census, Holder, Program, Share
from nettui.model.finding import Finding
from nettui.model.process import Owner, Unit
from nettui.model.vitals import KernelSettings, Vitals
from nettui.model.watched import Processes, ProcessUse
from nettui.sockets.language import parse
from tests.diagnosis.world import World, counts, server

SHOP = Unit(name="shop.service", path="/system.slice/shop.service")

USUAL = KernelSettings(
    at=0, port_first=32_768, port_last=60_999, tcp_tw_reuse=2, tcp_fin_timeout=60, tcp_keepalive_time=7_200,
    tcp_keepalive_intvl=75, tcp_keepalive_probes=9, tcp_retries2=15, tcp_syn_retries=6, tcp_syncookies=1,
    tcp_max_syn_backlog=1_024, tcp_max_orphans=65_536, tcp_orphan_retries=0, tcp_mem=(90_000, 120_000, 180_000),
    somaxconn=4_096,
)
"""What a Linux host comes with: 28,232 ephemeral ports."""


def program(name: str = "java", pid: int = 4711, unit: Unit | None = SHOP, uid: int = 1_000) -> Program:
    return Program(owner=Owner(pid=pid, name=name), uid=uid, unit=unit)


def shares(**found: int) -> tuple[Share, ...]:
    """`port_8080=5` is `:8080` with five."""
    return tuple(Share(name=name.replace("port_", ":"), count=count) for name, count in found.items())


def holder(count: int, whose: Program | None = None, **more: Any) -> Holder:
    return Holder(program=whose or program(), count=count, **more)


def descriptors(used: int, limit: int = 1_024, name: str = "java", pid: int = 4711) -> Processes:
    return Processes(at=0, used=(ProcessUse(pid=pid, name=name, descriptors=used, limit=limit),), seen=1)


class Host(World):
    """A server with the usual settings."""

    def __init__(self, settings: dict[str, Any] | None = None, *, interval: float = 1.0) -> None:
        super().__init__(Thresholds.from_settings(settings or {}), interval=interval)

    def crowd(self, seconds: float, *, states: dict[str, int] | None = None, **parts: Any) -> tuple[Finding, ...]:
        """A census with these parts for so many seconds; parts may be functions of the reading's number."""
        return self.run(seconds, lambda n: self.sections(n, states, parts))

    def sections(self, n: int, states: dict[str, int] | None, parts: dict[str, Any]) -> dict[str, Any]:
        found = {name: part(n) if callable(part) else part for name, part in parts.items()}
        own = {name: found.pop(name) for name in ("vitals", "settings", "processes", "gauges") if name in found}
        seen = {state: each(n) if callable(each) else each for state, each in (states or {}).items()}
        return {"tcp": counts(**seen), "settings": USUAL, "census": Census(at=0, sockets=100, **found), **own}

    def run(self, seconds: float, sections: Callable[[int], dict[str, Any]]) -> tuple[Finding, ...]:
        for n in range(round(seconds / self.interval)):
            self.tick(**server(**sections(n)))
            for found in self.findings:
                _is_whole(found)
        return self.findings

    def totals(self, seconds: float, **rates: float) -> tuple[Finding, ...]:
        """Counters that rise by so much a second from where they are, for so many seconds."""
        return self.run(seconds, lambda _: {"settings": USUAL, "vitals": self._risen(rates)})

    def _risen(self, rates: dict[str, float]) -> Vitals:
        known: dict[str, float] = getattr(self, "_totals", {})
        for name in ESSENTIAL:
            known[name] = known.get(name, 1_000_000.0) + rates.get(name, 0.0) * self.interval
        self._totals = known
        return Vitals(at=0, **{name: int(value) for name, value in known.items()})

    def restart_counters(self) -> None:
        """The counters begin at nothing again."""
        self._totals = dict.fromkeys(ESSENTIAL, 0.0)


ESSENTIAL = (
    "tcp_in_segs", "tcp_out_segs", "tcp_retrans_segs", "syn_retrans", "tcp_active_opens", "tcp_passive_opens",
    "tcp_attempt_fails", "tcp_estab_resets", "tcp_out_rsts", "tcp_timeouts", "listen_overflows",
    "req_q_full_do_cookies", "req_q_full_drop",
)


def _is_whole(found: Finding) -> None:
    """It says all it has to, and what it would ask of the Sockets screen is a filter that this understands."""
    assert found.evidence and found.cause and found.cure and found.relief
    for words in (found.title, *found.evidence, *found.relief):
        assert "None" not in words and "{" not in words.replace("{print", ""), words
    if found.target:
        parse(found.target)
