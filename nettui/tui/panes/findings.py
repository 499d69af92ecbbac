"""Findings: what is wrong, the gravest first; what is silenced; what was wrong before."""

from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from nettui.engine.desk import Keeping
from nettui.model.event import PastFinding
from nettui.model.finding import Finding
from nettui.model.history import Frame
from nettui.reports.paragraphs import Paragraph
from nettui.reports.table import Column
from nettui.reports.tables import findings
from nettui.tui.panes.finding_acts import FindingActs

OPEN, SILENCED, PAST = "open", "silenced", "history"
LISTS = (OPEN, PAST, SILENCED)
"""What `v` goes through."""
PAST_SHOWN = 500
"""Past findings that are read at most."""


class FindingsPane(FindingActs):
    """One row a finding."""

    TITLE = "Findings"
    COLUMNS: ClassVar[tuple[Column, ...]] = findings.COLUMNS
    HELP = (
        "What is wrong on this host. Enter tells what was seen, what it means, what relieves it and what cures it;"
        " o goes to what it speaks of; a says that you know of it; x silences it for a time; v shows what was before,"
        " and what is silenced."
    )
    EMPTY = "Nothing is wrong, as far as nettui can see."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("v", "next_list", "history", id="findings.lists")]

    def __init__(self, id: str, *, show_header: bool = True) -> None:
        super().__init__(id=id, show_header=show_header)
        self._list = OPEN
        self._past: Sequence[PastFinding] = ()

    def parts(self, frame: Frame) -> tuple[object, ...]:
        ages = [int(frame.snapshot.taken_at - finding.since) for finding in self._listed(frame)]
        return self._list, self._listed(frame), ages, frame.problems, self._past, len(frame.findings)

    def fill(self, frame: Frame) -> None:
        now = frame.snapshot.taken_at
        self.table.empty = {OPEN: self.EMPTY, PAST: "Nothing was wrong.", SILENCED: "Nothing is silenced."}[self._list]
        if self._list == PAST:
            self.table.show(findings.past_rows(self._past, now))
        else:
            self.table.show(findings.rows(self._listed(frame), now))

    def note(self, frame: Frame) -> str:
        if frame.problems:
            more = f" (and {len(frame.problems) - 1} more)" if len(frame.problems) > 1 else ""
            return f"{self.nettui.glyphs.warning} {frame.problems[0]}{more}"
        silenced = f", {len(frame.silenced)} silenced" if frame.silenced else ""
        return f"{len(frame.findings)} open{silenced}" if frame.findings or silenced else ""

    def detail(self) -> tuple[str, list[Paragraph]] | None:
        if self._list == PAST:
            past = findings.find_past(self._past, self.table.cursor_key)
            return (past.finding.title, findings.past_paragraphs(past)) if past else None
        found = self.current()
        if found is None or self.frame is None:
            return None
        return found.title, findings.paragraphs(found, self.frame.snapshot.taken_at, self.nettui.glyphs.sparks)

    def current(self) -> Finding | None:
        """The finding under the cursor."""
        if self._list == PAST:
            past = findings.find_past(self._past, self.table.cursor_key)
            return past.finding if past else None
        return findings.find(self._listed(self.frame) if self.frame else (), self.table.cursor_key)

    async def action_next_list(self) -> None:
        """Those that are open, those that were, those that are silenced."""
        desk = self.nettui.engine.desk
        self._list = LISTS[(LISTS.index(self._list) + 1) % len(LISTS)]
        if self._list == PAST and isinstance(desk, Keeping):
            self._past = await desk.past(PAST_SHOWN)
        columns = findings.PAST_COLUMNS if self._list == PAST else self.COLUMNS
        if self.table.columns is not columns:
            self.table.columns = columns
        self.heading(self.TITLE if self._list == OPEN else f"{self.TITLE}: {self._list}")
        self.redraw()

    def _listed(self, frame: Frame) -> Sequence[Finding]:
        return frame.silenced if self._list == SILENCED else frame.findings


class FindingsSummary(FindingsPane):
    """Each finding's sentence, wrapped to the pane."""

    COLUMNS: ClassVar[tuple[Column, ...]] = findings.SHORT_COLUMNS

    def on_resize(self) -> None:
        self.redraw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "next_list"

    def parts(self, frame: Frame) -> tuple[object, ...]:
        return frame.findings, frame.problems, len(frame.silenced)

    def fill(self, frame: Frame) -> None:
        self.table.show(findings.short_rows(frame.findings, self.size.width - 7))

    def open_row(self, key: Hashable | None) -> None:
        """The line below the findings opens the first of them."""
        first = self.frame.findings[0] if key == "more" and self.frame and self.frame.findings else None
        if first is not None and self.frame is not None:
            now, sparks = self.frame.snapshot.taken_at, self.nettui.glyphs.sparks
            self.nettui.open_detail(first.title, findings.paragraphs(first, now, sparks))
        else:
            super().open_row(key)
