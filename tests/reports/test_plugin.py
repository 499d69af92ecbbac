"""The lines of a monitoring plug-in, and the findings as JSON, from whatever a host says."""

import json
import re
from typing import Any

import jsonschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nettui.model.finding import Finding, Severity
from nettui.model.history import Frame
from nettui.model.snapshot import CollectorError, Snapshot
from nettui.model.tcp import TcpCounts, TcpState
from nettui.model.vitals import Vitals
from nettui.reports.checked import Blind, Checked, Status
from nettui.reports.findings_json import SCHEMA_FILE, findings_json
from nettui.reports.plugin import performance_data, plugin_text
from tests.strategies import frames

SCHEMA = json.loads(SCHEMA_FILE.read_text())
VALID = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
FINDING = Finding(
    id="tcp.time-wait", severity=Severity.WARNING, subject="host", title="many | and more", evidence=("seen",),
    relief=("ss | awk '{print $NF}'",), follows=("another",), value=3.0, threshold=2.0, left=60.0, acknowledged=5.0,
)
EMPTY = Snapshot(taken_at=0.0, host="web-03")


def checked(*findings: Finding, snapshot: Snapshot = EMPTY, **more: Any) -> Checked:
    return Checked(snapshot=snapshot, findings=findings, rules=3, **more)


def of(severity: Severity) -> Finding:
    return Finding(id="tcp.close-wait", severity=severity, subject="host", title="t")


def test_the_status_is_that_of_the_gravest_and_notices_are_ok() -> None:
    assert checked().status is Status.OK
    assert checked(of(Severity.NOTICE)).status is Status.OK
    assert checked(of(Severity.WARNING), of(Severity.NOTICE)).status is Status.WARNING
    assert checked(of(Severity.CRITICAL), of(Severity.WARNING)).status is Status.CRITICAL
    assert checked(unseeing=True).status is Status.UNKNOWN
    assert checked(of(Severity.CRITICAL), unseeing=True).status is Status.CRITICAL, "the worse news"
    assert [int(status) for status in Status] == [0, 1, 2, 3]


def test_a_notice_is_told_although_it_is_ok() -> None:
    assert plugin_text(checked(of(Severity.NOTICE))).startswith("NETTUI OK - t (1 notice)\nNOTICE tcp.close-wait: t\n")


def test_the_bar_is_only_before_the_figures_but_people_can_copy_commands() -> None:
    counts = TcpCounts.of({TcpState.TIME_WAIT: 3}, "procfs")
    found = checked(FINDING, snapshot=Snapshot(taken_at=0.0, tcp=counts), marks={"tcp.time-wait": (2, None)})
    lines = plugin_text(found).splitlines()
    assert lines[0].startswith("NETTUI WARNING - many ¦ and more (1 warning) | listen=0;;;0 ")
    assert " time_wait=3;2;;0 " in lines[0] + " "
    assert not any("|" in line for line in lines[1:]) and "  Now     ss ¦ awk '{print $NF}'" in lines
    assert "  Follows another" in lines
    assert "  Now     ss | awk '{print $NF}'" in plugin_text(found, commands=True).splitlines()


def test_shares_are_told_against_their_maximum() -> None:
    vitals = Vitals(at=0.0, conntrack=900, conntrack_max=1000, descriptors=7)
    found = checked(snapshot=Snapshot(taken_at=0.0, vitals=vitals),
                    marks={"nat.conntrack-full": (75.0, 90.0), "host.descriptors": (80.0, 95.0)})  # fmt: skip
    assert list(performance_data(found)) == ["conntrack=900;750;900;0;1000", "descriptors=7;;;0"]


def test_what_could_not_be_read_is_named_with_the_rules_it_blinds() -> None:
    blind = Blind(collector="tcp", message="refused", remedy="be root", rules=("tcp.close-wait", "tcp.time-wait"))
    found = checked(errors=(blind,), unseeing=True, notes=("One reading.",))
    assert plugin_text(found).splitlines() == [
        "NETTUI UNKNOWN - tcp: refused",
        "Could not read tcp: refused; be root (not looked at: tcp.close-wait, tcp.time-wait)",
        "One reading.",
    ]


def test_a_title_that_is_a_book_is_cut_in_the_first_line() -> None:
    book = Finding(id="tcp.close-wait", severity=Severity.CRITICAL, subject="host", title="word " * 400)
    assert len(plugin_text(checked(book)).splitlines()[0]) < 330


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(frames(), st.text(max_size=40).filter(str.isprintable))
def test_whatever_a_host_says_the_forms_hold(frame: Frame, said: str) -> None:
    blind = Blind(collector="links", message=said)
    found = Checked(snapshot=frame.snapshot, findings=(*frame.findings, FINDING), rules=1, errors=(blind,))
    document = json.loads(findings_json(found))
    VALID.validate(document)
    first, *rest = plugin_text(found).split("\n")
    assert first.count("|") == bool(list(performance_data(found)))
    assert "|" not in "".join(rest)
    for word in first.partition(" | ")[2].split():
        assert re.fullmatch(r"[a-z0-9_]+=\d+(;\d*){0,4}", word), word


def test_the_schema_takes_no_key_more_and_none_less() -> None:
    error = CollectorError(collector="links", message="m")
    found = json.loads(findings_json(checked(FINDING, errors=(Blind(collector=error.collector, message="m"),))))
    VALID.validate(found)
    for inner in (found, found["findings"][0], found["errors"][0]):
        for key in list(inner):
            value = inner.pop(key)
            assert not VALID.is_valid(found), key
            inner[key] = value
        inner["unknown"] = 1
        assert not VALID.is_valid(found)
        del inner["unknown"]
