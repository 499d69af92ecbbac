"""The window that asks for how long a finding is to be silent."""

from collections.abc import Hashable
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from nettui.model.finding import Finding
from nettui.reports.table import Cell, Column, ListRows
from nettui.tui.screens.sheets import Window
from nettui.tui.widgets.framed import Framed
from nettui.tui.widgets.live_table import LiveTable

HOUR, DAY = 3_600.0, 86_400.0
COLUMNS = (Column("what", "", 40, grow=1),)


class Choice(NamedTuple):
    """What was chosen."""

    this_only: bool
    """Else everything that its rule tells of."""
    seconds: float | None
    """None: until it is taken back."""


CHOICES = tuple(Choice(this, seconds) for this in (True, False) for seconds in (HOUR, DAY, None))
_SPANS = {HOUR: "for an hour", DAY: "for a day", None: "until it is taken back"}


class SilenceSheet(Window[Choice | None], inherit_bindings=False):
    """A line for each choice; Enter takes the one under the cursor."""

    DEFAULT_CSS = """
    SilenceSheet { align: center middle; }
    SilenceSheet > Framed { width: 64; max-width: 95%; height: 8; }
    SilenceSheet > Framed > LiveTable { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", "give up", id="silence.leave")]

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self._finding = finding
        self._table = LiveTable(COLUMNS, show_header=False)

    def compose(self) -> ComposeResult:
        shown = self.nettui.glyphs.shown
        yield Framed(self._table, upper=shown(f"Silence {self._finding.id}"), lower="Enter silences  Esc gives up")

    def on_mount(self) -> None:
        super().on_mount()
        self._table.palette, self._table.glyphs = self.nettui.palette, self.nettui.glyphs
        rows: dict[Hashable, tuple[Cell, ...]] = {choice: (Cell(self._words(choice)),) for choice in CHOICES}
        self._table.show(ListRows(rows))
        self._table.focus()

    @on(LiveTable.Opened)
    def _taken(self, event: LiveTable.Opened) -> None:
        event.stop()
        if isinstance(event.key, Choice):
            self.dismiss(event.key)

    def _words(self, choice: Choice) -> str:
        what = self._finding.subject if choice.this_only else f"everything that {self._finding.id} tells of"
        return f"{what}, {_SPANS[choice.seconds]}"
