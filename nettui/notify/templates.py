"""The shapes of what a webhook sends: our own JSON, Slack's, and Alertmanager's."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from nettui.model.event import EventKind, FindingEvent
from nettui.model.finding import Finding
from nettui.notify.message import Message, as_json, details, line, summary

Template = Literal["json", "slack", "alertmanager"]

ALERTS = "/api/v2/alerts"
"""Where Alertmanager takes alerts, below its own address."""

_MARKS = {"critical": ":red_circle:", "warning": ":large_orange_circle:", "notice": ":large_blue_circle:"}
_SLACK_LIMIT = 3_000


def slack(message: Message) -> bytes:
    """A message of Slack's incoming webhooks, which Mattermost and Rocket.Chat read too."""
    if len(message.events) == 1:
        event = message.events[0]
        mark = ":white_check_mark:" if message.over else _MARKS[event.finding.severity.value]
        body = f"{mark} *{_escaped(line(message.host, event))}*\n```{_fenced(details(event))}```"
    else:
        listed = "\n".join(f"• {_escaped(line(message.host, event))}" for event in message.events)
        body = f"*{_escaped(message.headline)}*\n{listed[:_SLACK_LIMIT]}"
    return msgspec.json.encode({"text": body})


def _escaped(text: str) -> str:
    """The three characters that Slack gives a meaning, so that no text can call `<!channel>` or forge a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fenced(text: str) -> str:
    return _escaped(text[:_SLACK_LIMIT].replace("```", "'''"))


def alerts(host: str, events: Iterable[FindingEvent]) -> bytes:
    """Alerts for `POST /api/v2/alerts`; without endsAt Alertmanager ends them when they are not sent again."""
    return msgspec.json.encode([alert(host, e.finding, e.at if e.kind is EventKind.CLOSED else None) for e in events])


def alert(host: str, finding: Finding, ends_at: float | None = None) -> dict[str, Any]:
    """One alert; its labels are its identity."""
    found: dict[str, Any] = {
        "labels": {
            "alertname": finding.id, "severity": finding.severity.value, "instance": host, "subject": finding.subject,
        },
        "annotations": {"summary": finding.title, "description": summary(finding) or finding.title},
        "startsAt": _rfc3339(finding.since),
    }  # fmt: skip
    if ends_at is not None:
        found["endsAt"] = _rfc3339(max(ends_at, finding.since))  # an end before the start is refused
    return found


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


BODIES: dict[str, Callable[[Message], bytes]] = {
    "json": as_json,
    "slack": slack,
    "alertmanager": lambda message: alerts(message.host, message.events),
}
