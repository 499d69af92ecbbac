"""Windows over the screen: one thing in full, the help, the states by port. Escape closes them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input

from nettui.model.tcp import PortCounts
from nettui.reports.paragraphs import Paragraph, as_text, rows
from nettui.reports.tables import tcp
from nettui.tui.widgets.framed import Framed
from nettui.tui.widgets.line_input import LineInput
from nettui.tui.widgets.live_table import LiveTable
from nettui.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from nettui.tui.app import NettuiApp

T = TypeVar("T")


class Window(ModalScreen[T], inherit_bindings=False):
    """What both kinds have: a frame in the app's colours."""

    @property
    def nettui(self) -> "NettuiApp":
        """The app, by its own type."""
        return cast("NettuiApp", self.app)

    def on_mount(self) -> None:
        glyphs = self.nettui.glyphs
        self.query_one(Framed).dress_frame(self.nettui.palette, glyphs.frame, glyphs.ellipsis)


class Sheet(Window[None], inherit_bindings=False):
    """A frame with a title and a table in it."""

    DEFAULT_CSS = """
    Sheet { align: center middle; }
    Sheet > Framed { width: 90%; max-width: 110; height: auto; max-height: 90%; }
    Sheet > Framed > LiveTable { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "close", id="sheet.close"),
        Binding("y", "copy", "copy", id="sheet.copy"),
    ]

    def __init__(self, title: str, table: LiveTable) -> None:
        super().__init__()
        self.heading = title
        self.table = table

    def compose(self) -> ComposeResult:
        shown = self.nettui.glyphs.shown
        yield Framed(self.table, upper=shown(self.heading), lower="Esc closes")

    def on_mount(self) -> None:
        super().on_mount()
        self.table.palette, self.table.glyphs = self.nettui.palette, self.nettui.glyphs
        self.table.focus()

    def text(self) -> str:
        """All of it, as plain text."""
        return self.table.export_text()

    def action_copy(self) -> None:
        self.nettui.copy_to_clipboard(self.text())
        self.nettui.say("Copied (through the terminal, OSC 52).")


class DetailSheet(Sheet):
    """Headed paragraphs, wrapped to the window."""

    def __init__(self, title: str, paragraphs: Sequence[Paragraph]) -> None:
        super().__init__(title, Prose())
        self._paragraphs = paragraphs

    def on_mount(self) -> None:
        super().on_mount()
        self._wrap()

    def on_resize(self) -> None:
        self._wrap()

    def text(self) -> str:
        return as_text(self.heading, self._paragraphs)

    def _wrap(self) -> None:
        made = rows(self._paragraphs, min(110, self.size.width * 9 // 10) - 5)
        self.table.styles.height = max(1, len(made.keys))
        self.table.show(made)


class PortsSheet(Sheet):
    """The TCP states by local port, as they were when asked for."""

    DEFAULT_CSS = "PortsSheet > Framed { max-width: 130; }"

    def __init__(self, ports: Sequence[PortCounts], numeric: bool) -> None:
        table = LiveTable(tcp.PORT_COLUMNS, empty="no TCP sockets")
        super().__init__("TCP states by local port", table)
        self._rows = tcp.port_rows(ports, numeric)

    def on_mount(self) -> None:
        super().on_mount()
        self.table.styles.height = len(self._rows.keys) + 1
        self.table.show(self._rows)


class Prompt(Window[str | None], inherit_bindings=False):
    """One line to type; Enter takes it, Escape does not."""

    DEFAULT_CSS = """
    Prompt { align: center middle; }
    Prompt > Framed { width: 60; max-width: 95%; height: 3; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "give up", id="prompt.leave")]

    def __init__(self, title: str, placeholder: str) -> None:
        super().__init__()
        self._title = title
        self._line = LineInput(placeholder)

    def compose(self) -> ComposeResult:
        yield Framed(self._line, upper=self._title)

    @on(Input.Submitted)
    def _taken(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value.strip() or None)
