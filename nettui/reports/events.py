"""News of findings as lines: of text for a journal, of JSON for a program."""

import msgspec

from nettui.model.event import FindingEvent
from nettui.reports.findings_json import finding_document, moment

SCHEMA = "nettui.event/1"


def event_text(event: FindingEvent) -> str:
    """`2026-01-31T12:00:00.000+00:00 opened critical tcp.close-wait host: ...`."""
    finding = event.finding
    return f"{moment(event.at)} {event.kind} {finding.severity} {finding.id} {finding.subject}: {finding.title}"


def event_json(event: FindingEvent, host: str) -> bytes:
    """One document on one line."""
    return msgspec.json.encode({
        "schema": SCHEMA,
        "event": str(event.kind),
        "at": moment(event.at),
        "host": host,
        "finding": finding_document(event.finding),
    })
