"""The one screen under all windows: the headline, a view, the keys."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from nettui.tui.view import View
from nettui.tui.widgets.spans import QuietScreen
from nettui.tui.widgets.status_line import StatusLine


class MainScreen(QuietScreen[None], inherit_bindings=False):
    """Headline, body, keys. Tab goes from pane to pane, not from widget to widget."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.next_pane(1)", "pane", key_display="Tab", id="app.next_pane"),
        Binding("shift+tab", "app.next_pane(-1)", "pane before", show=False, id="app.previous_pane"),
    ]

    def __init__(self, first: View, ready: Callable[[], Awaitable[None]]) -> None:
        """`first` is there from the first picture on, others come when they are asked for; `ready` is awaited
        when all of it stands, before it is painted."""
        super().__init__()
        self.headline = StatusLine("headline", "header")
        self.keys = StatusLine("keys", "footer")
        self._first = first
        self._ready = ready

    async def on_mount(self) -> None:
        await self._ready()

    def compose(self) -> ComposeResult:
        yield self.headline
        with Container(id="body"):
            yield self._first
        yield self.keys
