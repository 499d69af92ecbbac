"""Findings as a table, wrapped to the width there is, and one finding in full; those that are past."""

import textwrap
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from nettui.model.finding import Finding
from nettui.reports.format import BLOCKS, age, clock, scaled, sparkline
from nettui.reports.naming import MARKS
from nettui.reports.paragraphs import Paragraph
from nettui.reports.table import Cell, Column, ListRows

if TYPE_CHECKING:
    from nettui.model.event import PastFinding

SHORT_COLUMNS = (
    Column("mark", "", 1),
    Column("title", "FINDING", 20, grow=1),
)

COLUMNS = (
    Column("mark", "", 1),
    Column("severity", "SEVERITY", 8, priority=3),
    Column("title", "FINDING", 44, grow=1),
    Column("since", "SINCE", 8, align="right"),
    Column("subject", "SUBJECT", 16, priority=2),
    Column("id", "RULE", 24, priority=4),
)

PAST_COLUMNS = (
    Column("mark", "", 1),
    Column("title", "FINDING", 30, grow=1),
    Column("opened", "OPENED", 19),
    Column("lasted", "LASTED", 8, align="right", priority=1),
    Column("subject", "SUBJECT", 16, priority=3),
    Column("id", "RULE", 24, priority=4),
)

KNOWN = "known: "
"""Before the title of a finding that somebody has acknowledged."""

CHART = 40
"""Characters of a trend at most."""


def short_rows(findings: Sequence[Finding], width: int) -> ListRows:
    """Each title wrapped to `width` cells, a row a line; the first line carries the mark. Then where there is more."""
    found: dict[Hashable, tuple[Cell, ...]] = {}
    for finding in findings:
        role = _role(finding)
        for number, line in enumerate(textwrap.wrap(title(finding), max(8, width))):
            mark = Cell(MARKS[finding.severity], role) if number == 0 else Cell("")
            found[finding.id, finding.subject, number] = (mark, Cell(line, role if number == 0 else ""))
    if found:
        found["more"] = (Cell(""), Cell("Enter tells why, and what to do", "dim"))
    return ListRows(found)


def rows(findings: Sequence[Finding], now: float) -> ListRows:
    """One row a finding; `now` in Unix time."""
    found: dict[Hashable, tuple[Cell, ...]] = {}
    for finding in findings:
        role = _role(finding)
        found[finding.key] = (
            Cell(MARKS[finding.severity], role),
            Cell(str(finding.severity), role, -finding.severity.rank),
            Cell(title(finding), "dim" if finding.acknowledged is not None else ""),
            Cell(age(max(0.0, now - finding.since)), "dim", finding.since),
            Cell(finding.subject),
            Cell(finding.id, "dim"),
        )
    return ListRows(found)


def past_rows(past: "Sequence[PastFinding]", now: float) -> ListRows:
    """One row a finding that was, or still is; `now` in Unix time."""
    found: dict[Hashable, tuple[Cell, ...]] = {}
    for each in past:
        finding, end = each.finding, each.closed_at
        lasted = age(max(0.0, (now if end is None else end) - finding.since))
        found[(*finding.key, each.opened_at)] = (
            Cell(MARKS[finding.severity], str(finding.severity)),
            Cell(finding.title, "dim" if end is not None else ""),
            Cell(clock(each.opened_at), "dim", each.opened_at),
            Cell(lasted if end is not None else "open", "dim"),
            Cell(finding.subject),
            Cell(finding.id, "dim"),
        )
    return ListRows(found)


def title(finding: Finding) -> str:
    """Its sentence, marked where somebody has said that they know."""
    return f"{KNOWN if finding.acknowledged is not None else ''}{finding.title}"


def find(findings: Sequence[Finding], key: Hashable) -> Finding | None:
    """The finding a row of either table belongs to."""
    if not isinstance(key, tuple):
        return None
    return next((f for f in findings if f.key == key[:2]), None)


def find_past(past: "Sequence[PastFinding]", key: Hashable) -> "PastFinding | None":
    """The past finding a row belongs to."""
    return next((each for each in past if (*each.finding.key, each.opened_at) == key), None)


def paragraphs(finding: Finding, now: float | None = None, blocks: str = BLOCKS) -> list[Paragraph]:
    """The finding in full: heading and lines, empty ones left out. `now` in Unix time; `blocks` draw the trend."""
    parts: list[Paragraph] = [
        ("Seen", finding.evidence),
        ("Trend", _trend(finding, blocks)),
        ("Since", () if now is None else (f"{clock(finding.since)}, {age(max(0.0, now - finding.since))} ago",)),
        ("Means", (finding.cause,)),
        ("If left", (*_left(finding), finding.consequence)),
        ("Follows", finding.follows),
        ("Now", finding.relief),
        ("Cure", (finding.cure,)),
        ("Known", () if finding.acknowledged is None else (f"since {clock(finding.acknowledged)}",)),
        ("Rule", (f"nettui explain {finding.id}",)),
    ]
    return [(head, tuple(filter(None, lines))) for head, lines in parts if any(lines)]


def past_paragraphs(past: "PastFinding") -> list[Paragraph]:
    """A past finding in full: when it was, then what it said."""
    end = "it is still open" if past.closed_at is None else f"closed {clock(past.closed_at)}"
    return [("When", (f"opened {clock(past.opened_at)}, {end}",)), *paragraphs(past.finding)]


def _role(finding: Finding) -> str:
    """What somebody knows of is not to draw their eye any more."""
    return str(finding.severity) if finding.acknowledged is None else "dim"


def _trend(finding: Finding, blocks: str) -> tuple[str, ...]:
    values = finding.trend
    if len(values) < 2:
        return ()
    step = max(1, -(-len(values) // CHART))
    drawn = sparkline([max(values[at : at + step]) for at in range(0, len(values), step)], blocks)
    return (f"{drawn}  {scaled(values[-1])} now, {scaled(min(values))} to {scaled(max(values))}",)


def _left(finding: Finding) -> tuple[str, ...]:
    return () if finding.left is None else (f"At this pace it runs out in {age(finding.left)}.",)
