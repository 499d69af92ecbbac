"""What all panes share: a frame with a title, one live table, the filter, the sort, and an error state of their own."""

from collections.abc import Hashable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from nettui.model.history import Frame
from nettui.model.snapshot import CollectorError
from nettui.reports.paragraphs import Paragraph
from nettui.reports.table import Column
from nettui.tui.widgets.framed import Framed
from nettui.tui.widgets.line_input import LineInput
from nettui.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from nettui.tui.app import NettuiApp


class FilterInput(LineInput):
    """The line in which a filter is typed. Enter keeps it, Escape lifts it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "lift", "Lift the filter", show=False, id="filter.lift")]

    def __init__(self) -> None:
        super().__init__("filter: any text of a row")

    def action_lift(self) -> None:
        self.value = ""
        self.post_message(self.Submitted(self, ""))


class PaneTable(LiveTable):
    """The table of a pane, which says how it is sorted, and answers to keys that can do nothing now."""

    def sort_by(self, key: str | None, reverse: bool | None = None) -> None:
        super().sort_by(key, reverse)
        self.query_ancestor(Pane).relabel()

    def action_open(self) -> None:
        if self.cursor_key is None or not self.row_text(self.cursor_key):  # there is none, or it has vanished
            self.post_message(self.Opened(self, None))
        else:
            super().action_open()

    def action_turn_sort(self) -> None:
        if self.sort_key is None:
            self.query_ancestor(Pane).nettui.say("The rows are as they come: s sorts them, then S turns the order.")
        else:
            self.turn_sort()


class Pane(Framed):
    """One part of the picture. Subclasses say which collectors it hangs on, what its rows are and what Enter opens."""

    TITLE: ClassVar[str] = ""
    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    COLLECTORS: ClassVar[tuple[str, ...]] = ()
    HELP: ClassVar[str] = ""
    """What the pane shows, in a sentence or two."""
    EMPTY: ClassVar[str] = "none"
    MARK_CHANGES: ClassVar[bool] = False
    """Whether rows that come and go are marked for a moment: where a row is a thing of its own."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", key_display="/", id="pane.filter"),
        Binding("y", "copy", "copy the row", show=False, id="pane.copy"),
        Binding("z", "app.zoom", "zoom", show=False, id="pane.zoom"),
    ]

    @property
    def nettui(self) -> "NettuiApp":
        """The app, by its own type."""
        return cast("NettuiApp", self.app)

    def __init__(self, id: str, *, show_header: bool = True, table: LiveTable | None = None) -> None:
        """`table` is for rows that are not this pane's own kind."""
        super().__init__(id=id)
        self.table = table or PaneTable(
            self.COLUMNS, show_header=show_header, empty="reading ...", mark_changes=self.MARK_CHANGES
        )
        self.frame: Frame | None = None
        self._heading = self._subtitle = self._note = ""
        self._drawn: tuple[object, ...] | None = None

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.dress()
        self.heading(self.TITLE)

    def dress(self) -> None:
        """Take the app's colours and signs."""
        palette, glyphs = self.nettui.palette, self.nettui.glyphs
        self.dress_frame(palette, glyphs.frame, glyphs.ellipsis)
        self.table.palette, self.table.glyphs = palette, glyphs

    def draw(self, frame: Frame) -> None:
        """Show a new Frame, where anything that this pane shows of it is new."""
        self.frame = frame
        parts = (frame.snapshot.error(*self.COLLECTORS), *self.parts(frame))
        if parts != self._drawn:
            self._drawn = parts
            self.redraw()

    def redraw(self) -> None:
        """Make everything anew from the Frame there is."""
        frame = self.frame
        if frame is None:
            return
        error = frame.snapshot.error(*self.COLLECTORS)
        self.table.empty = self._said(error) if error else self.EMPTY
        self.fill(frame)
        self.subtitle(f"{self.nettui.glyphs.warning} {self._said(error)}" if error else self.note(frame))

    def parts(self, frame: Frame) -> tuple[object, ...]:
        """What of a Frame this pane shows."""
        raise NotImplementedError

    def fill(self, frame: Frame) -> None:
        """Give the table its rows."""
        raise NotImplementedError

    def note(self, frame: Frame) -> str:
        """A few words for the frame's lower edge."""
        return ""

    def detail(self) -> tuple[str, list[Paragraph]] | None:
        """Title and paragraphs of what is under the cursor; None where there is nothing more to say."""
        return None

    def detail_beside(self, width: int, height: int) -> tuple[str, list[Paragraph]] | None:
        """The detail as a pane of that size shows it beside this one."""
        return self.detail()

    def heading(self, text: str) -> None:
        """Set the words in the frame's upper edge."""
        self._heading = self.nettui.glyphs.shown(text)
        self.edges(self._heading, self._subtitle)

    def subtitle(self, text: str) -> None:
        """Set the words in the frame's lower edge; a filter and a sort in force go before them."""
        self._note = text
        self.relabel()

    def relabel(self) -> None:
        """Make the words of the lower edge anew."""
        table, text = self.table, self._note
        if table.filter_text:
            text = f"filter: {table.filter_text}"
        column = next((column for column in table.columns if column.key == table.sort_key), None)
        if column is not None:
            text = f"by {column.title or column.key}, {text}".rstrip(", ")
        self._subtitle = self.nettui.glyphs.shown(text)
        self.edges(self._heading, self._subtitle)

    async def action_filter(self) -> None:
        found = self.query(FilterInput)
        line = found.first() if found else FilterInput()
        if not found:
            await self.mount(line)
        line.value = self.table.filter_text
        line.focus()

    @on(Input.Changed)
    def _filter_typed(self, event: Input.Changed) -> None:
        if isinstance(event.input, FilterInput):
            event.stop()
            self.table.filter_text = event.value

    @on(Input.Submitted)
    def _filter_kept(self, event: Input.Submitted) -> None:
        if isinstance(event.input, FilterInput):
            event.stop()
            self.table.focus()
            event.input.remove()
            self.relabel()

    def action_copy(self) -> None:
        text = self.table.row_text(self.table.cursor_key)
        if not text:
            self.nettui.say("There is no row to copy here.")
            return
        self.nettui.copy_to_clipboard(text)
        self.nettui.say("Copied the row (through the terminal, OSC 52).")

    @on(LiveTable.Opened)
    def _opened(self, event: LiveTable.Opened) -> None:
        event.stop()
        self.open_row(event.key)

    def open_row(self, key: Hashable | None) -> None:
        """What Enter does; `key` is None where there is no row."""
        found = self.detail()
        if found is not None:
            self.nettui.open_detail(*found)
        else:
            self.nettui.say("There is nothing to open here.")

    @staticmethod
    def _said(error: CollectorError) -> str:
        return f"{error.message}. {error.remedy}" if error.remedy else error.message
