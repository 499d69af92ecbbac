"""What has changed between the findings of one Frame and the next: the news of those who have no screen."""

from collections.abc import Iterable, Iterator

from nettui.model.event import EventKind, FindingEvent
from nettui.model.finding import Finding


class News:
    """Remembers the open findings, and tells what becomes of them."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Finding] = {}

    def of(self, findings: Iterable[Finding], at: float) -> Iterator[FindingEvent]:
        """The events that lead from the findings before to these, at a Unix time; closed ones first."""
        now = {finding.key: finding for finding in findings}
        for key, finding in self._open.items():
            if key not in now:
                yield FindingEvent(kind=EventKind.CLOSED, at=at, finding=finding)
        for key, finding in now.items():
            before = self._open.get(key)
            if before is None:
                yield FindingEvent(kind=EventKind.OPENED, at=at, finding=finding)
            elif before.severity is not finding.severity:
                graver = finding.severity.rank > before.severity.rank
                yield FindingEvent(kind=EventKind.GRAVER if graver else EventKind.MILDER, at=at, finding=finding)
        self._open = now
