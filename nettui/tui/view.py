"""A view: the body of one screen, its panes, and which of them has the floor where there is room for one only."""

from functools import cached_property
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.containers import Container

from nettui.model.history import Frame
from nettui.tui import export
from nettui.tui.pane import Pane
from nettui.tui.panes.follow import FollowPane
from nettui.tui.widgets.live_table import LiveTable

ROOM = (72, 16)
"""Columns and lines below which one pane takes the whole view."""


class View(Container):
    """Panes in a grid; zoomed, or on a small terminal, the current one alone."""

    NAME: ClassVar[str] = ""

    zoomed = False

    def on_mount(self) -> None:
        self.current = self.panes[0]
        self.current.add_class("-current")

    @cached_property
    def panes(self) -> list[Pane]:
        """In the order of Tab; a view never gets or loses one."""
        return list(self.query(Pane))

    def draw(self, frame: Frame) -> None:
        """Show a new Frame in every pane that can be seen."""
        for pane in self.panes:
            if pane.display:
                pane.draw(frame)
            else:
                pane.frame = frame

    async def export(self, head: str) -> Path:
        """Write all that is on show to a new file in the current folder; `head` goes before it. Raises OSError."""
        panes = [export.pane_text(pane) for pane in self.panes if pane.display]
        return await export.write(self.NAME.lower(), ["\n\n".join([head, *panes]).encode() + b"\n"], Path.cwd())

    def appear(self) -> None:
        """It is on show from now on. (Textual's own Show does not come to every view that has just been made.)"""

    async def seek(self, target: str) -> None:
        """Show what a finding speaks of; `target` as Finding has it, empty where the view itself is all there is."""

    async def vanish(self) -> None:
        """Another view is on show from now on."""

    def enter(self) -> None:
        """Give the keys to the current pane."""
        self.current.table.focus(scroll_visible=False)

    def step(self, by: int) -> None:
        """Move on to another pane."""
        panes = self.panes
        self._choose(panes[(panes.index(self.current) + by) % len(panes)])
        self.enter()

    def zoom(self) -> None:
        """Give the current pane the whole view, or take it back."""
        self.zoomed = not self.zoomed
        self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        pane = next((node for node in event.widget.ancestors_with_self if isinstance(node, Pane)), None)
        if pane is not None:
            self._choose(pane)

    def on_live_table_highlighted(self) -> None:
        """Another row is under a cursor: what follows it is drawn at once, not at the next tick."""
        for pane in self.panes:
            if isinstance(pane, FollowPane) and pane.frame is not None and pane.display:
                pane.draw(pane.frame)

    def _arrange(self) -> None:
        self.shape(*self.size)
        if not isinstance(self.screen.focused, LiveTable) or self.screen.focused.query_ancestor(Pane) is self.current:
            return
        self.call_after_refresh(self.enter)

    def shape(self, width: int, height: int) -> None:
        """Take the form for this size. Best before the first layout, which would be made and painted twice."""
        small = width < ROOM[0] or height < ROOM[1]
        self.set_class(self.zoomed or small, "-single")
        self.set_class(height >= 30, "-tall")

    def _choose(self, pane: Pane) -> None:
        if pane is self.current:
            return
        self.current.remove_class("-current")
        self.current = pane
        pane.add_class("-current")
        if pane.frame is not None:
            pane.draw(pane.frame)
