"""News of findings: what opened, changed its gravity or closed between two Frames."""

from nettui.engine.news import News
from nettui.model.event import EventKind
from nettui.model.finding import Finding, Severity
from nettui.reports.events import event_text


def finding(subject: str = "host", severity: Severity = Severity.WARNING, title: str = "t") -> Finding:
    return Finding(id="tcp.close-wait", severity=severity, subject=subject, title=title)


def test_every_change_is_told_once_and_what_only_has_another_figure_is_none() -> None:
    news = News()
    frames = (
        [], [finding()], [finding(title="more")], [finding(severity=Severity.CRITICAL), finding("eth0")],
        [finding(severity=Severity.NOTICE)], [], [],
    )  # fmt: skip
    seen = [[(event.kind, event.finding.subject) for event in news.of(findings, 5.0)] for findings in frames]
    assert seen == [
        [], [(EventKind.OPENED, "host")], [], [(EventKind.GRAVER, "host"), (EventKind.OPENED, "eth0")],
        [(EventKind.CLOSED, "eth0"), (EventKind.MILDER, "host")], [(EventKind.CLOSED, "host")], [],
    ]  # fmt: skip


def test_a_line_says_when_what_and_of_whom() -> None:
    [event] = News().of([finding(title="60 sockets")], 0.5)
    assert event_text(event) == "1970-01-01T00:00:00.500+00:00 opened warning tcp.close-wait host: 60 sockets"
