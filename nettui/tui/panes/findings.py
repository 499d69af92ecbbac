"""Findings: what is wrong, the gravest first."""

from typing import ClassVar

from nettui.model.finding import Finding
from nettui.model.history import Frame
from nettui.reports.paragraphs import Paragraph
from nettui.reports.table import Column
from nettui.reports.tables import findings
from nettui.tui.pane import Pane


class FindingsPane(Pane):
    """One row a finding."""

    TITLE = "Findings"
    COLUMNS: ClassVar[tuple[Column, ...]] = findings.COLUMNS
    HELP = "What is wrong on this host. Enter tells what was seen, what it means, what relieves it and what cures it."
    EMPTY = "Nothing is wrong, as far as nettui can see."

    def parts(self, frame: Frame) -> tuple[object, ...]:
        ages = [int(frame.snapshot.taken_at - finding.since) for finding in frame.findings]
        return frame.findings, ages

    def fill(self, frame: Frame) -> None:
        self.table.show(findings.rows(frame.findings, frame.snapshot.taken_at))

    def note(self, frame: Frame) -> str:
        return f"{len(frame.findings)} open" if frame.findings else ""

    def detail(self) -> tuple[str, list[Paragraph]] | None:
        found = self.current()
        return (found.title, findings.paragraphs(found)) if found else None

    def current(self) -> Finding | None:
        """The finding under the cursor."""
        return findings.find(self.frame.findings if self.frame else (), self.table.cursor_key)


class FindingsSummary(FindingsPane):
    """Each finding's sentence, wrapped to the pane."""

    COLUMNS: ClassVar[tuple[Column, ...]] = findings.SHORT_COLUMNS

    def on_resize(self) -> None:
        self.redraw()

    def parts(self, frame: Frame) -> tuple[object, ...]:
        return (frame.findings,)

    def fill(self, frame: Frame) -> None:
        self.table.show(findings.short_rows(frame.findings, self.size.width - 7))
