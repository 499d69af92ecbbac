"""What a check found, as data: the plug-in's lines and the JSON document are made of it."""

from collections.abc import Mapping
from enum import IntEnum

from msgspec import Struct

from nettui.model.finding import Finding, Severity
from nettui.model.snapshot import Snapshot


class Status(IntEnum):
    """The exit codes of the Monitoring Plugins Development Guidelines."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


class Blind(Struct, frozen=True, kw_only=True):
    """A section that could not be read, and the rules that could therefore see nothing."""

    collector: str
    message: str
    remedy: str | None = None
    rules: tuple[str, ...] = ()


class Checked(Struct, frozen=True, kw_only=True):
    """The outcome of one check."""

    snapshot: Snapshot
    """The newest."""
    findings: tuple[Finding, ...]
    """The gravest first."""
    rules: int
    """How many rules were applied, those that saw nothing included."""
    errors: tuple[Blind, ...] = ()
    unseeing: bool = False
    """None of the rules could see anything."""
    notes: tuple[str, ...] = ()
    """What this way of looking cannot see, a sentence each."""
    marks: Mapping[str, tuple[float | None, float | None]] = {}
    """Warning and critical by rule, of those rules whose figures are told as performance data."""

    @property
    def status(self) -> Status:
        """As grave as the gravest finding; a notice is no reason to call anybody."""
        gravest = max((finding.severity.rank for finding in self.findings), default=0)
        if gravest == 0 and self.unseeing:
            return Status.UNKNOWN
        return Status(gravest)

    @property
    def tally(self) -> str:
        """`1 critical, 2 warning`; empty where nothing was found."""
        counts = ((severity, sum(f.severity is severity for f in self.findings)) for severity in reversed(Severity))
        return ", ".join(f"{count} {severity}" for severity, count in counts if count)
