"""What a notifier carries: the news of one round, and the ways of saying it."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from nettui.model.event import EventKind, FindingEvent
from nettui.model.finding import Finding, Severity
from nettui.model.text import clean

FOLDED = 10
"""More pieces of news than this in one round are one message to people."""

_WORDS = {
    EventKind.OPENED: "new",
    EventKind.GRAVER: "graver",
    EventKind.MILDER: "milder",
    EventKind.CLOSED: "over",
    EventKind.REMINDER: "still open",
}


class Message(Struct, frozen=True, kw_only=True):
    """One thing to deliver: one piece of news, or many that came at once."""

    host: str
    at: float
    """Unix time at which it was put together."""
    events: tuple[FindingEvent, ...]
    """At least one."""

    @property
    def severity(self) -> Severity:
        """The gravest of what it tells."""
        return max((event.finding.severity for event in self.events), key=lambda severity: severity.rank)

    @property
    def over(self) -> bool:
        """Whether all it tells of has ended."""
        return all(event.kind is EventKind.CLOSED for event in self.events)

    @property
    def headline(self) -> str:
        """One printable line: `web1: critical (new): 120 sockets of java in CLOSE_WAIT, ...`."""
        if len(self.events) == 1:
            return line(self.host, self.events[0])
        counts: dict[str, int] = {}
        for event in self.events:
            word = "over" if event.kind is EventKind.CLOSED else event.finding.severity.value
            counts[word] = counts.get(word, 0) + 1
        order = ("critical", "warning", "notice", "over")
        return clean(f"{self.host}: {len(self.events)} at once: "
                     + ", ".join(f"{counts[word]} {word}" for word in order if word in counts))  # fmt: skip


def line(host: str, event: FindingEvent) -> str:
    """One event in one printable line."""
    finding = event.finding
    return clean(f"{host}: {finding.severity.value} ({_WORDS[event.kind]}): {finding.title}", 500)


def text(message: Message) -> str:
    """The whole message for people to read: plain text, each finding with all that is known of it."""
    if len(message.events) == 1:
        return details(message.events[0])
    listed = [f"- {line(message.host, event)}" for event in message.events]
    return "\n".join([message.headline, "", *listed]) + "\n"


def details(event: FindingEvent) -> str:
    """One event in paragraphs; every text in it is one printable line, whatever the finding holds."""
    finding = event.finding
    head = [_said(finding.title), "", f"severity: {finding.severity.value}", f"subject: {_said(finding.subject)}",
            f"rule: {_said(finding.id)}", f"since: {when(finding.since)}"]  # fmt: skip
    if event.kind is EventKind.CLOSED:
        head.append(f"over: {when(event.at)}")
    if finding.left is not None and event.kind is not EventKind.CLOSED:
        head.append(f"left: {finding.left:.0f} s at the pace of now")
    paragraphs: list[tuple[str, tuple[str, ...]]] = [
        ("Evidence", finding.evidence), ("Cause", (finding.cause,)), ("Consequence", (finding.consequence,)),
        ("What helps now", finding.relief), ("Cure", (finding.cure,)), ("Follows from it", finding.follows),
    ]  # fmt: skip
    for title, lines in paragraphs:
        said = [_said(each) for each in lines if each]
        if said:
            head += ["", f"{title}:", *(f"  {each}" for each in said)]
    return "\n".join(head) + "\n"


def summary(finding: Finding) -> str:
    """Its evidence and cause in one line."""
    return clean("; ".join(each for each in (*finding.evidence, finding.cause) if each), 2_000)


def as_json(message: Message) -> bytes:
    """The message as one line of JSON: host, at, headline and its events, each as `record` has it."""
    return msgspec.json.encode(
        {"host": message.host, "at": message.at, "headline": message.headline,
         "events": [record(message.host, event) for event in message.events]}
    )  # fmt: skip


def record(host: str, event: FindingEvent) -> dict[str, Any]:
    """One event as data: Unix time and RFC 3339, host, kind, and the finding with every field."""
    return {"at": event.at, "time": when(event.at), "host": host, "kind": event.kind, "finding": event.finding}


def when(at: float) -> str:
    """A Unix time in RFC 3339, UTC, to the second; of a time beyond all calendars, its number."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{at:.0f}"


def _said(value: str) -> str:
    return clean(value, 2_000)
