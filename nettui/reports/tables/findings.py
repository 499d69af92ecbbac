"""Findings as a table, wrapped to the width there is, and one finding in full."""

import textwrap
from collections.abc import Hashable, Sequence

from nettui.model.finding import Finding
from nettui.reports.format import age
from nettui.reports.naming import MARKS
from nettui.reports.table import Cell, Column, ListRows

SHORT_COLUMNS = (
    Column("mark", "", 1),
    Column("title", "FINDING", 20, grow=1),
)

COLUMNS = (
    Column("mark", "", 1),
    Column("severity", "SEVERITY", 8, priority=3),
    Column("title", "FINDING", 30, grow=1),
    Column("since", "SINCE", 8, align="right"),
    Column("subject", "SUBJECT", 16, priority=2),
    Column("id", "RULE", 24, priority=4),
)

FIELDS = ("Seen", "Means", "If left", "Now", "Cure")
"""What a finding is told in, in this order."""


def short_rows(findings: Sequence[Finding], width: int) -> ListRows:
    """Each title wrapped to `width` cells, a row a line; the first line carries the mark. Then where there is more."""
    found: dict[Hashable, tuple[Cell, ...]] = {}
    for finding in findings:
        role = str(finding.severity)
        for number, line in enumerate(textwrap.wrap(finding.title, max(8, width))):
            mark = Cell(MARKS[role], role) if number == 0 else Cell("")
            found[finding.id, finding.subject, number] = (mark, Cell(line, role if number == 0 else ""))
    if found:
        found["more"] = (Cell(""), Cell("Enter tells why, and what to do", "dim"))
    return ListRows(found)


def rows(findings: Sequence[Finding], now: float) -> ListRows:
    """One row a finding; `now` in Unix time."""
    found: dict[Hashable, tuple[Cell, ...]] = {}
    for finding in findings:
        role = str(finding.severity)
        found[finding.id, finding.subject] = (
            Cell(MARKS[role], role),
            Cell(role, role, -finding.severity.rank),
            Cell(finding.title),
            Cell(age(max(0.0, now - finding.since)), "dim", finding.since),
            Cell(finding.subject),
            Cell(finding.id, "dim"),
        )
    return ListRows(found)


def find(findings: Sequence[Finding], key: Hashable) -> Finding | None:
    """The finding a row of either table belongs to."""
    if not isinstance(key, tuple):
        return None
    return next((f for f in findings if (f.id, f.subject) == key[:2]), None)


def paragraphs(finding: Finding) -> list[tuple[str, tuple[str, ...]]]:
    """The finding in full: heading and lines, in the order of `FIELDS`, empty ones left out."""
    texts = (finding.evidence, (finding.cause,), (finding.consequence,), finding.relief, (finding.cure,))
    return [(head, lines) for head, lines in zip(FIELDS, texts, strict=True) if any(lines)]
