"""Findings, events and messages for the tests of this room."""

import time
from collections.abc import Callable

from nettui.model.event import EventKind, FindingEvent
from nettui.model.finding import Finding, Severity
from nettui.notify.message import Message

HOSTILE = "a\n\x1b]0;x\x07\u202e$(touch x);`id`'\"\0\r\nBcc: evil@example.net\udcff" + "é" * 3_000
"""What `clean` never lets in; a notifier has to stand it all the same."""


def finding(subject: str = "java", **more: object) -> Finding:
    """A leak of sockets, a warning unless told otherwise."""
    fields: dict[str, object] = {
        "id": "tcp.close-wait-leak", "severity": Severity.WARNING, "subject": subject,
        "title": f"{subject} leaves 60 sockets in CLOSE_WAIT", "evidence": ("60 sockets", "limit 50"),
        "cause": "the program does not close", "relief": ("restart it",), "cure": "close it", "since": 1_000.0, **more,
    }  # fmt: skip
    return Finding(**fields)  # type: ignore[arg-type]  # fields by name


def event(kind: str = "opened", at: float = 1_000.0, **more: object) -> FindingEvent:
    """News of such a finding."""
    return FindingEvent(kind=EventKind(kind), at=at, finding=finding(**more))  # type: ignore[arg-type]  # by name


def message(*events: FindingEvent) -> Message:
    """A message of now."""
    return Message(host="web1", at=time.time(), events=events or (event(),))


def eventually(true: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait until it is so."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "not within the time"
        time.sleep(0.01)
