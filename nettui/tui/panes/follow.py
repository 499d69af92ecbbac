"""The detail of the row under another pane's cursor, kept up to date beside it."""

from typing import ClassVar

from nettui.model.history import Frame
from nettui.reports import paragraphs
from nettui.reports.table import Column
from nettui.tui.pane import Pane
from nettui.tui.widgets.prose import Prose


class FollowPane(Pane):
    """Shows what Enter on the other pane would open."""

    TITLE = "Detail"
    COLUMNS: ClassVar[tuple[Column, ...]] = paragraphs.COLUMNS
    HELP = "All that is known of the row under the cursor of the pane above."
    EMPTY = ""

    def __init__(self, id: str, leader: Pane) -> None:
        super().__init__(id=id, table=Prose())
        self._leader = leader

    def on_resize(self) -> None:
        self.redraw()

    def parts(self, frame: Frame) -> tuple[object, ...]:
        return self._leader.table.cursor_key, *self._leader.parts(frame)

    def fill(self, frame: Frame) -> None:
        width, height = self.size.width - 3, self.size.height
        title, found = self._leader.detail_beside(width, height) or (self.TITLE, [])
        self.heading(title)
        self.table.show(paragraphs.rows(found, width))
