"""Interfaces: the dashboard's short list, which grows into the full one where there is room."""

from typing import ClassVar

from nettui.model.history import Frame
from nettui.reports.details import link_details
from nettui.reports.format import rate_unit
from nettui.reports.paragraphs import Paragraph
from nettui.reports.table import Column
from nettui.reports.tables import interfaces
from nettui.tui.pane import Pane


class InterfacesPane(Pane):
    """Every interface with its addresses and what it moves."""

    TITLE = "Interfaces"
    COLUMNS: ClassVar[tuple[Column, ...]] = interfaces.COLUMNS
    COLLECTORS = ("links", "addresses", "counters")
    HELP = (
        "Every network interface with its state, addresses, MAC and what it receives (RX) and sends (TX) per second."
        " Enter shows all that is known of one."
    )
    EMPTY = "no interfaces"
    MARK_CHANGES = True

    def parts(self, frame: Frame) -> tuple[object, ...]:
        snapshot = frame.snapshot
        return snapshot.links, snapshot.addresses, snapshot.routes, frame.history.rates

    def fill(self, frame: Frame) -> None:
        self.table.show(interfaces.rows(frame, self.nettui.units))

    def note(self, frame: Frame) -> str:
        return f"{len(frame.snapshot.links or ())} in all, {rate_unit(self.nettui.units)}"

    def seek(self, name: str) -> None:
        """Put the cursor on an interface."""
        links = self.frame.snapshot.links if self.frame else None
        ifindex = next((link.ifindex for link in links or () if link.name == name), None)
        if ifindex is not None:
            self.table.cursor_key = ifindex

    def detail(self) -> tuple[str, list[Paragraph]] | None:
        ifindex = interfaces.ifindex_of(self.table.cursor_key)
        link = self.frame.snapshot.link(ifindex) if self.frame else None
        if self.frame is None or link is None:
            return None
        return link.name, link_details(self.frame, link, self.nettui.units)


class InterfacesSummary(InterfacesPane):
    """The interfaces that matter, with what fits."""

    COLUMNS: ClassVar[tuple[Column, ...]] = interfaces.DASHBOARD_COLUMNS
    WIDE = 84
    """Cells from which the full table is shown."""

    _hidden = 0

    def on_resize(self) -> None:
        columns = interfaces.COLUMNS if self._is_wide() else interfaces.DASHBOARD_COLUMNS
        if self.table.columns is not columns:
            self.redraw()
            self.table.columns = columns  # after the rows: it clears the marks, and no row is new by being shown

    def fill(self, frame: Frame) -> None:
        self._hidden = 0
        if self._is_wide():
            super().fill(frame)
        else:
            rows, self._hidden = interfaces.dashboard_rows(frame, self.nettui.units)
            self.table.show(rows)

    def note(self, frame: Frame) -> str:
        count = len(frame.snapshot.links or ())
        unit = rate_unit(self.nettui.units)
        return f"{count}, {self._hidden} hidden, {unit}" if self._hidden else super().note(frame)

    def _is_wide(self) -> bool:
        return self.size.width >= self.WIDE
