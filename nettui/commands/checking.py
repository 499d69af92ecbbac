"""How `nettui check` looks: once, once in the light of earlier runs, or for some seconds."""

import time
from collections.abc import Iterable
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING

from nettui.config import Settings
from nettui.diagnosis.condition import Rule
from nettui.diagnosis.diagnose import Diagnosis, chosen
from nettui.diagnosis.thresholds import Thresholds
from nettui.engine.keeper import Keeper
from nettui.model.finding import Finding
from nettui.model.history import History
from nettui.model.snapshot import Snapshot
from nettui.reports.checked import Blind, Checked

if TYPE_CHECKING:
    from nettui.engine.reading import Reading

RATE_SPAN = 0.25
"""Seconds between two readings of counters, where rules that were asked for by name want a rate."""

_RATED = frozenset({"counters", "vitals"})
_BESIDE = {
    "tcp": ("census", "settings"),
    "census": ("tcp", "settings", "vitals"),
    "vitals": ("settings", "census"),
    "processes": ("census",),
    "counters": ("links",),
    "links": ("addresses", "routes", "neighbours"),
    "addresses": ("links", "routes", "leases"),
    "routes": ("links", "addresses", "neighbours", "rules"),
    "neighbours": ("links", "routes"),
    "resolvers": ("links", "routes", "rules", "probes"),
    "probes": ("resolvers", "routes"),
    "leases": ("links", "addresses"),
}
"""Sections that rules look at besides the one they need, to say more."""

_FIGURES = ("tcp.close-wait", "tcp.time-wait", "nat.conntrack-full", "host.descriptors")
"""Rules whose thresholds stand in the performance data."""

_ONE_READING = "One reading: growth and rates are seen with --for, or from run to run with --state."
_NO_CENSUS = "So many sockets were counted, not looked at one by one: --for, --state and --rule tell whose they are."


class Check:
    """One check, with the rules that were asked for, by default all."""

    def __init__(
        self, settings: Settings, thresholds: Thresholds, only: tuple[str, ...], begun: "Reading | None" = None
    ) -> None:
        """`begun`: a reading of this host, of which some is under way already."""
        self._begun = begun
        self._settings = settings
        self._thresholds = thresholds
        self._only = only
        self.rules: tuple[Rule, ...] = tuple(chosen(thresholds, only))
        self._sections = needed(self.rules)
        self._notes: list[str] = []

    def once(self) -> Checked:
        """One reading by itself."""
        self._notes.append(_ONE_READING)
        return self._judged(self._read(rated=bool(self._only)), Keeper())

    def with_past(self, state: Path) -> Checked:
        """One reading after those in a state file, which then gets this one too. Raises StateError."""
        from nettui.engine.check_state import SPAN, open_state

        with open_state(state) as kept:
            past = kept.past(time.time())
            readings = self._read(rated=False, census=True)
            checked = self._judged(readings, Keeper(SPAN), past)
            kept.replace((*past, *readings))
        return checked

    def over(self, seconds: float) -> Checked:
        """What is open after so many seconds of watching."""
        import asyncio

        return asyncio.run(self._watch(seconds))

    def _judged(self, readings: Iterable[Snapshot], keeper: Keeper, past: Iterable[Snapshot] = ()) -> Checked:
        """What has lasted through all readings, and what the newest shows by itself."""
        diagnosis = Diagnosis(self._thresholds, self._only)
        for snapshot in past:
            diagnosis.update(keeper.add(snapshot))
        histories = [keeper.add(snapshot) for snapshot in readings]
        return self._checked(histories[-1], diagnosis.update(histories[-1], at_once=True))

    def _read(self, rated: bool, census: bool = False) -> list[Snapshot]:
        """The newest readings. `rated`: twice where a rule wants a rate. `census`: of however many sockets."""
        from nettui.collectors.backend import open_backend
        from nettui.collectors.socket_backend import is_linux
        from nettui.engine.reading import NEEDS_LOOP, Reading, are_few
        from nettui.model.turns import finish

        asked = NEEDS_LOOP & self._sections if self._only else frozenset()
        if asked or not is_linux(self._settings.backend):
            return self._read_in_loop(rated)
        reading = self._begun or Reading(open_backend(self._settings.backend, brief=True), gethostname())
        reading.narrow(self._sections)
        try:
            found = [finish(reading.read())]
            if "census" in self._sections:
                if census or self._only or are_few(found[0].tcp):
                    found = [finish(reading.census())]
                else:
                    self._notes.append(_NO_CENSUS)
            if rated and _RATED & needs(self.rules):
                time.sleep(RATE_SPAN)
                found.append(finish(reading.read(*_RATED)))
        finally:
            reading.close()
        return found

    def _read_in_loop(self, rated: bool) -> list[Snapshot]:
        """The same, where a reader waits for others: psutil in its thread, a server, a program's gauge."""
        import asyncio

        from nettui.commands.live import live_source

        async def read() -> list[Snapshot]:
            source = live_source(self._settings, only=self._sections)
            try:
                found = [await source.once()]
                if rated and _RATED & needs(self.rules):
                    await asyncio.sleep(RATE_SPAN)
                    found.append(await source.once(*(_RATED & self._sections)))
                return found
            finally:
                source.close()

        return asyncio.run(read())

    async def _watch(self, seconds: float) -> Checked:
        import asyncio
        from contextlib import suppress

        from nettui.commands.live import live_source
        from nettui.engine.engine import Engine

        engine = Engine(live_source(self._settings, only=self._sections), Diagnosis(self._thresholds, self._only))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await engine.run()
        frame = engine.frame
        if frame is None:  # so short a time that not even the first reading was made
            return self._judged(await asyncio.to_thread(self._read, False), Keeper())
        return self._checked(frame.history, frame.findings)

    def _checked(self, history: History, findings: tuple[Finding, ...]) -> Checked:
        snapshot = history.snapshot
        blind = [rule for rule in self.rules if rule.blind(snapshot)]
        limits = {rule: self._thresholds[rule] for rule in _FIGURES if self._thresholds[rule].enabled}
        return Checked(
            snapshot=snapshot, findings=findings, rules=len({rule.id for rule in self.rules}), notes=tuple(self._notes),
            errors=tuple(errors(snapshot, blind, explicit=bool(self._only))), unseeing=len(blind) == len(self.rules),
            marks={rule: (limit.warning, limit.critical) for rule, limit in limits.items()},
        )


def needs(rules: Iterable[Rule]) -> frozenset[str]:
    """The sections without which some of these rules are blind."""
    return frozenset(section for rule in rules for section in rule.needs)


def needed(rules: Iterable[Rule]) -> frozenset[str]:
    """All the sections that these rules look at."""
    least = needs(rules)
    return least.union(*(_BESIDE.get(section, ()) for section in least))


def errors(snapshot: Snapshot, blind: Iterable[Rule], explicit: bool) -> Iterable[Blind]:
    """The collectors that failed; and for rules that were asked for by name, also sections that nobody reads here."""
    blind = tuple(blind)
    for error in snapshot.errors:
        rules = _ids(blind, error.collector)
        yield Blind(collector=error.collector, message=error.message, remedy=error.remedy, rules=rules)
    failed = {error.collector for error in snapshot.errors}
    absent = {section for rule in blind for section in rule.needs if getattr(snapshot, section) is None} - failed
    for section in sorted(absent) if explicit else ():
        message = _ABSENT.get(section, "nothing is read of this here")
        yield Blind(collector=section, message=message, rules=_ids(blind, section))


def _ids(rules: Iterable[Rule], section: str) -> tuple[str, ...]:
    """Of those that need this section; a rule may look at several, each by itself."""
    return tuple(dict.fromkeys(rule.id for rule in rules if section in rule.needs))


_ABSENT = {
    "probes": "no name is configured that may be looked up",
    "gauges": "no gauge is configured",
    "census": "the sockets were not looked at one by one",
}
