"""The life cycle of one rule's findings: opened late, graver or milder with care, cleared low, told once."""

from collections.abc import Iterator

from nettui.diagnosis.condition import Case, Condition, Rule
from nettui.diagnosis.latch import Latch
from nettui.diagnosis.thresholds import Limits
from nettui.diagnosis.wording import finding
from nettui.model.finding import Finding, Severity

CLEARING = 30.0
"""Most seconds that a condition must stay away before its finding closes; less for one that opens quickly."""

GAP = 30.0
"""Seconds between two readings, beyond which what happened between them is not known; three times the last
interval, where that is longer."""

PATIENCE = 60.0
"""Seconds for which a part of a section that is not counted leaves all as it is; after that there is nothing there."""

_SEVERITIES = tuple(Severity)


class Life:
    """One subject: one latch for each severity, so that rising and falling are the same thing three times."""

    def __init__(self, condition: Condition) -> None:
        self.condition = condition
        """The last one seen."""
        self._latches = tuple(Latch() for _ in _SEVERITIES)
        self._told: tuple[Condition, Severity, float, Finding] | None = None

    @property
    def severity(self) -> Severity | None:
        """The gravest that has lasted; None while nothing is told."""
        for latch, severity in zip(reversed(self._latches), reversed(_SEVERITIES), strict=True):
            if latch.since is not None:
                return severity
        return None

    def finding(self, rule: str, severity: Severity) -> Finding:
        """What is told, put into words again only when there is something new to say."""
        known, since = self._told, self.since
        if known is not None and known[0] is self.condition and known[1:3] == (severity, since):
            return known[3]
        found = finding(rule, self.condition, severity, since)
        self._told = self.condition, severity, since, found
        return found

    @property
    def since(self) -> float:
        """Unix time at which it began, in whatever gravity."""
        return min(latch.since for latch in self._latches if latch.since is not None)

    @property
    def over(self) -> bool:
        return all(latch.idle for latch in self._latches)

    @property
    def fading(self) -> bool:
        """Open, though its condition is over: it closes soon."""
        return all(latch.fading for latch in self._latches if latch.since is not None)

    def feed(self, at: float, condition: Condition | None, limits: Limits) -> None:
        """Take this reading's condition; None: there is none any more."""
        level = held = -1
        began = None
        if condition is not None:
            level = -1 if condition.level is None else condition.level.rank
            held = -1 if condition.held is None else condition.held.rank
            began = condition.began
            self.condition = condition
        limits = self.condition.limits or limits
        for rank, latch in enumerate(self._latches):
            latch.feed(
                at, over=level >= rank, held=held >= rank, began=began,
                lasting=limits.lasting, clearing=min(2 * limits.lasting, CLEARING),
            )

    def interrupt(self) -> None:
        for latch in self._latches:
            latch.interrupt()


class Watch:
    """One rule at work."""

    def __init__(self, rule: Rule, limits: Limits) -> None:
        self.rule = rule
        self.limits = limits
        self._lives: dict[str, Life] = {}
        self._at: float | None = None
        self._step: float | None = None
        self._counted: float | None = None

    def look(self, case: Case) -> None:
        """Apply the rule to a reading, unless it is one that was seen already."""
        if self.rule.blind(case.snapshot):
            self._interrupt()
            return
        at = self.rule.at(case.snapshot)
        if not self.rule.uncounted(case.snapshot):
            self._counted = at
        elif self._counted is not None and at - self._counted < PATIENCE:
            return
        if self._at is not None:
            if at <= self._at:
                return
            self._pace(at - self._at)
        self._at = at
        found = {condition.subject: condition for condition in self.rule.find(case)}
        for subject in found.keys() - self._lives.keys():
            self._lives[subject] = Life(found[subject])
        for subject, life in list(self._lives.items()):
            life.feed(at, found.get(subject), self.limits)
            if life.over:
                del self._lives[subject]

    def open(self) -> Iterator[tuple[Severity, Life]]:
        """What is told now."""
        for life in self._lives.values():
            severity = life.severity
            if severity is not None:
                yield severity, life

    def _pace(self, step: float) -> None:
        if step > max(GAP, 3 * (self._step or 0.0)):
            self._interrupt()
        self._step = step

    def _interrupt(self) -> None:
        for life in self._lives.values():
            life.interrupt()
