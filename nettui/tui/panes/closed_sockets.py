"""Sockets that ended lately: how long they lived and what they moved."""

from typing import ClassVar

from nettui.model.history import Frame
from nettui.reports.paragraphs import Paragraph
from nettui.reports.socket_details import socket_details, title
from nettui.reports.table import EMPTY, Column
from nettui.reports.tables import closed_sockets
from nettui.tui.pane import Pane


class ClosedSocketsPane(Pane):
    """One row for each, the last first."""

    TITLE = "Closed lately"
    COLUMNS: ClassVar[tuple[Column, ...]] = closed_sockets.COLUMNS
    HELP = (
        "Sockets that ended while you looked, with how long they lived and what they moved. Where the kernel tells of"
        " every end, also those that came and went between two readings."
    )
    EMPTY = "none since this screen was opened"

    def on_mount(self) -> None:
        super().on_mount()
        self.nettui.sockets.listeners.append(self.redraw)

    def on_unmount(self) -> None:
        self.nettui.sockets.listeners.remove(self.redraw)

    def draw(self, frame: Frame) -> None:
        """The sockets come by themselves, but not while this is hidden."""
        self.frame = frame
        self._fill()

    def redraw(self) -> None:
        if self.display:
            self._fill()

    def _fill(self) -> None:
        frame = self.nettui.sockets.frame
        self.table.empty = self.EMPTY
        self.table.show(closed_sockets.ClosedRows(frame.closed, frame.facts) if frame else EMPTY)
        note = f"{len(frame.closed):,}" if frame else ""
        self.subtitle(f"{note}, {frame.closed_note}" if frame and frame.closed_note else note)

    def detail(self) -> tuple[str, list[Paragraph]] | None:
        frame, key = self.nettui.sockets.frame, self.table.cursor_key
        found = next((c for c in frame.closed if closed_sockets.key_of(c) == key), None) if frame else None
        if frame is None or found is None:
            return None
        return f"{title(found.socket, frame)}, closed", socket_details(frame, found.socket)
