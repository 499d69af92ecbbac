"""What is said of any finding: lines stay lines, times and figures beyond all sense are survived."""

import json

from hypothesis import given
from hypothesis import strategies as st

from nettui.model.event import EventKind, FindingEvent
from nettui.model.finding import Finding, Severity
from nettui.notify.command import environment
from nettui.notify.journal import entry
from nettui.notify.mail import letter
from nettui.notify.message import Message, as_json, text, when
from nettui.notify.syslog import LONGEST, datagram
from nettui.notify.templates import BODIES
from tests.notify.making import event, message

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_texts = st.lists(_text, max_size=3).map(tuple)
_figures = st.none() | st.floats(allow_nan=False, allow_infinity=False)
_findings = st.builds(
    Finding, id=_text, severity=st.sampled_from(Severity), subject=_text, title=_text, evidence=_texts, cause=_text,
    relief=_texts, cure=_text, follows=_texts, value=_figures, left=_figures, since=st.floats(0, 1e11),
)  # fmt: skip
_events = st.builds(FindingEvent, kind=st.sampled_from(EventKind), at=st.floats(0, 1e11), finding=_findings)
_messages = st.builds(
    Message, host=_text, at=st.floats(0, 4e9), events=st.lists(_events, min_size=1, max_size=12).map(tuple)
)


@given(said=_messages)
def test_any_finding_is_said_in_bounded_printable_lines(said: Message) -> None:
    assert said.headline.isprintable()
    assert all(line.isprintable() for line in text(said).split("\n"))
    assert all(value.isprintable() for value in environment(said).values())
    assert len(datagram(said, 3)) <= LONGEST
    mail = letter(said, "a@example.net", ("b@example.net",))
    assert mail.as_bytes().partition(b"\n\n")[0].count(b"\nFrom: ") <= 1
    assert set(mail.keys()) <= {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding",
    }  # fmt: skip
    for body in BODIES.values():
        json.loads(body(said))
    assert as_json(said).count(b"\n") == 0
    assert all(entry(said.host, each).startswith(b"MESSAGE=") for each in said.events)


def test_a_page_for_people_has_all_that_is_known() -> None:
    shown = text(message(event("closed", at=4_600.0, consequence="ports run out", follows=("x is slow",))))
    assert shown.splitlines() == [
        "java leaves 60 sockets in CLOSE_WAIT", "", "severity: warning", "subject: java", "rule: tcp.close-wait-leak",
        "since: 1970-01-01T00:16:40Z", "over: 1970-01-01T01:16:40Z", "", "Evidence:", "  60 sockets", "  limit 50", "",
        "Cause:", "  the program does not close", "", "Consequence:", "  ports run out", "", "What helps now:",
        "  restart it", "", "Cure:", "  close it", "", "Follows from it:", "  x is slow",
    ]  # fmt: skip


def test_a_time_beyond_all_calendars_is_a_number() -> None:
    assert [when(at) for at in (0.0, 1e300)] == ["1970-01-01T00:00:00Z", f"{1e300:.0f}"]
