"""The one screen under all windows: the headline, a view, the keys."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen

from nettui.tui.view import View
from nettui.tui.widgets.status_line import StatusLine


class MainScreen(Screen[None]):
    """Headline, body, keys. Tab goes from pane to pane, not from widget to widget."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.next_pane(1)", "pane", key_display="Tab", id="app.next_pane"),
        Binding("shift+tab", "app.next_pane(-1)", "pane before", show=False, id="app.previous_pane"),
    ]

    def __init__(self, first: View) -> None:
        """`first` is there from the first picture on; other views come when they are asked for."""
        super().__init__()
        self._first = first

    def compose(self) -> ComposeResult:
        yield StatusLine("headline", "header")
        with Container(id="body"):
            yield self._first
        yield StatusLine("keys", "footer")
