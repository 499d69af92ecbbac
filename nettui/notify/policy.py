"""Which news one notifier is told: grave enough, once, and now and then again while it lasts. Pure: times are given."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from nettui.model.event import EventKind, FindingEvent
from nettui.model.finding import Finding, Severity

REMEMBERED = 10_000
"""Findings remembered as told; the one told of longest ago is forgotten first."""


class Wishes(Struct, frozen=True, kw_only=True):
    """What one notifier wants to hear of."""

    severity: Severity = Severity.WARNING
    """The mildest."""
    closed: bool = True
    """Also that it is over."""
    remind_every: float = 14_400.0
    """Seconds between two reminders of what is still open."""
    reminders: int = 3
    """Of one finding, at most; 0 for none."""
    rules: tuple[str, ...] = ()
    """Ids, or beginnings of ids that end with a dot: `tcp.`. Empty: all."""

    def want(self, finding: Finding) -> bool:
        """Whether news of it is wanted as it is now: grave enough, of a rule asked for, and nobody said they know."""
        return finding.severity.rank >= self.severity.rank and self.speak_of(finding)

    def speak_of(self, finding: Finding) -> bool:
        """The same, however mild it is by now."""
        if finding.acknowledged is not None:
            return False
        return not self.rules or any(
            finding.id == rule or (rule.endswith(".") and finding.id.startswith(rule)) for rule in self.rules
        )


class _Told(Struct):
    """What was said of one open finding."""

    rank: int
    """Of the gravest that was said; -1: nothing was, it was open before we came."""
    last: float
    """When something was said."""
    reminders: int = 0


class Policy:
    """What one notifier was told so far, and what it is to be told next."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self._told: dict[tuple[str, str], _Told] = {}

    def choose(self, events: Iterable[FindingEvent]) -> list[FindingEvent]:
        """Of the news of a round, what is to be told.

        Opened and graver are told at once, and only where it is graver than anything told of this finding so far, so
        one that wavers between two severities is told once. The end is told of whatever would have been told: also
        of what opened before this process began. Reminders are made here, by `remind`; others' are left out.
        """
        return [event for event in events if self._is_news(event)]

    def _is_news(self, event: FindingEvent) -> bool:
        finding = event.finding
        match event.kind:
            case EventKind.OPENED | EventKind.GRAVER:
                if not self.wishes.want(finding):
                    return False
                told = self._told.get(finding.key)
                if told is not None and finding.severity.rank <= told.rank:
                    return False
                self._remember(finding, _Told(finding.severity.rank, event.at))
                return True
            case EventKind.CLOSED:
                told = self._told.pop(finding.key, None)
                known = told is not None and told.rank >= 0
                return self.wishes.closed and (self.wishes.speak_of(finding) if known else self.wishes.want(finding))
            case _:
                return False

    def remind(self, findings: Sequence[Finding], at: float) -> list[FindingEvent]:
        """Reminders that are due, given all findings that are open at `at` (Unix time)."""
        due = []
        for finding in findings:
            if not self.wishes.want(finding):
                continue
            told = self._told.get(finding.key)
            if told is None:  # open since before this process: somebody was told then
                self._remember(finding, _Told(-1, at))
                continue
            told.last = min(told.last, at)  # the clock was set back
            if told.reminders < self.wishes.reminders and at - told.last >= self.wishes.remind_every:
                told.last = at
                told.reminders += 1
                due.append(FindingEvent(kind=EventKind.REMINDER, at=at, finding=finding))
        return due

    def _remember(self, finding: Finding, told: _Told) -> None:
        self._told.pop(finding.key, None)
        self._told[finding.key] = told
        if len(self._told) > REMEMBERED:
            del self._told[next(iter(self._told))]
