"""What happens to findings over time: the news that is written down and told to others."""

from enum import StrEnum

from msgspec import Struct

from nettui.model.finding import Finding
from nettui.model.number import UnixTime


class EventKind(StrEnum):
    """What happened."""

    OPENED = "opened"
    GRAVER = "graver"
    MILDER = "milder"
    CLOSED = "closed"
    REMINDER = "reminder"
    """Nothing: it is still open, and somebody may have forgotten it."""


class FindingEvent(Struct, frozen=True, kw_only=True):
    """One piece of news about one finding."""

    kind: EventKind
    at: UnixTime
    finding: Finding
    """As it is now; of a closed one, as it was last."""


class PastFinding(Struct, frozen=True, kw_only=True):
    """A finding as it is kept, open or closed."""

    finding: Finding
    """As it was last, in the gravest it was."""
    opened_at: UnixTime
    """When it was told, which is later than `finding.since`."""
    closed_at: UnixTime | None = None
    """None: it is open, or nettui ended before it did."""
    known_until: UnixTime | None = None
    """The newest reading that still showed it."""


class Silence(Struct, frozen=True, kw_only=True):
    """What nobody wants to hear of for a time."""

    rule: str
    subject: str | None = None
    """None: whatever the rule tells of."""
    until: UnixTime | None = None
    """None: for good, until it is taken back."""

    def covers(self, finding: Finding, at: float) -> bool:
        """Whether it speaks of this finding at this time."""
        return (
            self.rule == finding.id
            and self.subject in (None, finding.subject)
            and (self.until is None or at < self.until)
        )
