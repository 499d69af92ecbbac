"""Findings: what is wrong, said with its evidence, cause, relief and cure."""

from enum import StrEnum

from msgspec import Struct


class Severity(StrEnum):
    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for notice, 1 for warning, 2 for critical."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is wrong on this host, and has lasted."""

    id: str
    """The rule's stable name, such as `tcp.close-wait`."""
    severity: Severity
    subject: str
    """What it is about: an interface, a gateway, a port, the host."""
    title: str
    """One sentence, with the figure and the threshold."""
    evidence: tuple[str, ...] = ()
    """Measurements, and the settings that bear on them."""
    cause: str = ""
    consequence: str = ""
    """What happens if it is left alone."""
    relief: tuple[str, ...] = ()
    """What helps now: commands for this host, filled in."""
    cure: str = ""
    since: float = 0.0
    """Unix time at which the condition began."""
    value: float | None = None
    threshold: float | None = None
    trend: tuple[float, ...] = ()
    """The measured value over time, oldest first, evenly spaced."""
    left: float | None = None
    """Seconds until what is running out has run out, at the pace of now; None: it does not, or is not known."""
    screen: str | None = None
    """The screen that shows its subject: interfaces, routes, sockets, dns."""
    target: str = ""
    """What to ask that screen: a filter of sockets, an interface, an address to find the way to, a name."""
    follows: tuple[str, ...] = ()
    """Titles of findings that only follow from this one, and are not told beside it."""
    acknowledged: float | None = None
    """Unix time at which somebody said that they know."""

    @property
    def key(self) -> tuple[str, str]:
        """What makes it this finding and not another while it is open: rule and subject."""
        return self.id, self.subject
