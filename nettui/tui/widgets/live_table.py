"""The one table of the interface: rows that change every second, under a cursor that stays with its row.

Whatever happens (new rows, a key, a scroll, a sort), the lines on the screen are made anew, compared with what is
there, and only the stretches that differ are painted again. Rows off the screen are never looked at, unless they
have to be sorted or searched.
"""

import textwrap
import time
from collections.abc import Callable, Hashable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from nettui.reports.table import Cell, Column, Rows
from nettui.tui.widgets.lines import Content, Grid, header
from nettui.tui.widgets.look import RowLook
from nettui.tui.widgets.marks import Changes
from nettui.tui.widgets.order import position
from nettui.tui.widgets.painted import PaintedView
from nettui.tui.widgets.plain import row_text, table_text
from nettui.tui.widgets.scrollbar import thumb, top_at
from nettui.tui.widgets.view import View

MARKS = {"": Cell(""), "new": Cell("+", "notice"), "gone": Cell("-", "dim")}
"""The mark before a row, by its state."""


class LiveTable(PaintedView, can_focus=True, inherit_bindings=False):
    """A live table. Give it `palette` and `glyphs`, then `show` rows as often as they come.

    Its height has to come from its container: the number of rows does not change it.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "LiveTable { overflow: hidden hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="table.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="table.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="table.page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="table.page_down"),
        Binding("home,g", "first", "First row", show=False, id="table.first"),
        Binding("end,G", "last", "Last row", show=False, id="table.last"),
        Binding("enter", "open", "open", id="table.open"),
        Binding("s", "next_sort", "Sort by the next column", show=False, id="table.sort"),
        Binding("S", "turn_sort", "Turn the sort", show=False, id="table.turn"),
    ]

    class Highlighted(Message):
        """The cursor has come to another row; `key` is None when there is none."""

        def __init__(self, table: "LiveTable", key: Hashable | None) -> None:
            super().__init__()
            self.table, self.key = table, key

        @property
        def control(self) -> "LiveTable":
            return self.table

    class Opened(Highlighted):
        """Enter, or a double click, on a row that is still there."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        id: str | None = None,
        show_header: bool = True,
        cursor: bool = True,
        empty: str = "Nothing here.",
        mark_changes: bool = True,
        given_order: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` (in seconds) times the marks of new and vanished rows and the hold of the order.

        With `given_order` rows come filtered and sorted; `sort_by` then only says what is wished.
        """
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._view = View(self._columns, clock, cursor=cursor, marks=mark_changes, given=given_order)
        self._gutter = cursor or mark_changes
        self._show_header, self._empty, self._clock = show_header, empty, clock
        self._header = 1 if show_header else 0
        self._known_grid: Grid | None = None
        self._told: Hashable | None = None
        self._timer: Timer | None = None

    # What is shown

    def show(self, rows: Rows, changes: Changes | None = None) -> None:
        """Shows `rows` from now on. Where nothing has changed, nothing is sent to the terminal.

        `changes` says what came and went, where the caller knows it.
        """
        self._view.show(rows, {seen.key: seen.cells for seen in self.on_screen() if seen.key is not None}, changes)
        self._changed()

    @property
    def columns(self) -> Sequence[Column]:
        return self._columns

    @columns.setter
    def columns(self, columns: Sequence[Column]) -> None:
        self._columns = self._view.order.columns = tuple(columns)
        self._known_grid = None
        self._rearrange()

    @property
    def empty(self) -> str:
        """What is said in place of rows."""
        return self._empty

    @empty.setter
    def empty(self, message: str) -> None:
        self._empty = message
        self.sync()

    @property
    def shown(self) -> int:
        """How many rows there are after the filter."""
        return len(self._view.order.keys)

    @property
    def total(self) -> int:
        """How many rows there are without the filter."""
        return len(self._view.order.source)

    def view_keys(self) -> Sequence[Hashable]:
        """The keys of the rows on the screen, from top to bottom."""
        return self._view.keys[self._view.top : self._view.top + self._view.page]

    def export_text(self) -> str:
        """All rows after filter and sort, with all columns, as plain text."""
        return table_text(self._view.order.rows, self._view.order.keys, self._columns)

    def row_text(self, key: Hashable) -> str:
        """One row as plain text; empty when it is gone."""
        gone = position(self._view.order.source, key, self._view.at) is None
        return "" if gone else row_text(self._view.order.rows, key)

    # Filter and sort

    @property
    def filter_text(self) -> str:
        """Rows are shown that hold this in any of their cells, whatever its case; empty for all."""
        return self._view.order.needle

    @filter_text.setter
    def filter_text(self, needle: str) -> None:
        if needle != self._view.order.needle:
            self._view.order.needle = needle
            self._rearrange()

    @property
    def sort_key(self) -> str | None:
        """The column sorted by; None for the order in which the rows come."""
        return self._view.order.sort

    @property
    def sort_reverse(self) -> bool:
        return self._view.order.reverse

    def sort_by(self, key: str | None, reverse: bool | None = None) -> None:
        """Sorts by that column. Without `reverse`, numbers (columns aligned right) start with the largest."""
        column = next((column for column in self._columns if column.key == key), None)
        order = self._view.order
        order.sort = column.key if column else None
        order.reverse = (column is not None and column.align == "right") if reverse is None else reverse
        self._rearrange()

    def turn_sort(self) -> None:
        """Sorts the other way round; the natural order has no other way."""
        if self.sort_key is not None:
            self.sort_by(self.sort_key, not self.sort_reverse)

    def next_sort(self) -> None:
        """Sorts by the next column on the screen, and after the last as the rows come."""
        keys = [None, *(self._columns[column.place].key for column in self.grid.placed)]
        self.sort_by(keys[(keys.index(self.sort_key) + 1) % len(keys)] if self.sort_key in keys else None)

    action_turn_sort = turn_sort
    action_next_sort = next_sort

    def _rearrange(self) -> None:
        self._view.rearrange()
        self._changed()

    # The cursor

    @property
    def cursor_key(self) -> Hashable | None:
        """The row under the cursor; None when there is none. Set it to go to a row that is shown."""
        return self._view.key

    @cursor_key.setter
    def cursor_key(self, key: Hashable) -> None:
        if (at := self._view.find(key)) is not None:
            self._go(at)

    def action_move(self, rows: int) -> None:
        self._go((self._view.at if self._view.cursor else self._view.top) + rows)

    def action_page(self, pages: int) -> None:
        self.action_move(pages * self._view.page)

    def action_first(self) -> None:
        self._go(0)

    def action_last(self) -> None:
        self._go(len(self._view.keys) - 1)

    def action_open(self) -> None:
        if self._view.key is not None and self._view.row(self._view.at).state != "gone":
            self.post_message(self.Opened(self, self._view.key))

    def _go(self, at: int) -> None:
        self._view.go(at)
        self._changed()

    # The mouse

    @property
    def allow_vertical_scroll(self) -> bool:
        return len(self._view.keys) > self._view.page

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        self._view.scroll(round(new_value))
        self.sync()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if self.allow_vertical_scroll and event.get_content_offset_capture(self).x >= self.grid.end:
            self.capture_mouse()
            self._drag(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is self:
            self._drag(event)

    def on_mouse_up(self) -> None:
        self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        x, y = event.get_content_offset_capture(self)
        line = y - self._header
        if not 0 <= x < self.grid.end or y < 0:
            return
        if line < 0:
            self._sort_at(x)
        elif event.chain == 2:
            self.action_open()
        elif self._view.cursor and line + self._view.top < len(self._view.keys):
            self._go(line + self._view.top)

    def _drag(self, event: events.MouseEvent) -> None:
        cell = event.get_content_offset_capture(self).y - self._header
        self.scroll_to(y=top_at(self._view.page, len(self._view.keys), cell), animate=False)

    def _sort_at(self, x: int) -> None:
        """Sorts by the column at cell `x`, and turns the sort when it is that one already."""
        for column in self.grid.placed:
            if column.x <= x < column.x + column.width:
                key = self._columns[column.place].key
                self.turn_sort() if key == self.sort_key else self.sort_by(key)

    # Painting

    def on_mount(self) -> None:
        self._changed()

    def on_resize(self) -> None:
        self._fill()
        self._changed()

    def render_lines(self, crop: Region) -> list[Strip]:
        self._fill()  # Textual paints a new size before it tells of it
        return super().render_lines(crop)

    def _fill(self) -> None:
        """Divides the height between header and rows: the only line of a tiny table is for a row."""
        height = self.size.height
        self._header = 1 if self._show_header and height != 1 else 0
        if self._view.page != (page := max(1, height - self._header)):
            self._view.resize(page)

    def _changed(self) -> None:
        """The view is another: scrolls to where it is, tells of the cursor, and paints what differs."""
        # Past Textual's setters, which would lay out or repaint the whole.
        self.set_reactive(Widget.virtual_size, Size(self.size.width, len(self._view.keys) + self._header))
        self.set_reactive(Widget.scroll_y, float(self._view.top))
        self.set_reactive(Widget.scroll_target_y, float(self._view.top))
        if not self.is_mounted:
            return
        if self._view.key != self._told:
            self._told = self._view.key
            self.post_message(self.Highlighted(self, self._told))
        self.sync()
        due = self._view.due()
        if due is not None and self._timer is None:  # no new rows may come before then
            self._timer = self.set_timer(max(0.1, due - self._clock()), self._look_again)

    def _look_again(self) -> None:
        self._timer = None
        self.show(self._view.order.rows)

    @property
    def grid(self) -> Grid:
        width = self.size.width
        if self._known_grid is None or self._known_grid.width != width:
            self._known_grid = Grid.of(self._columns, width, self._gutter)
        return self._known_grid

    def content(self, y: int) -> Content:
        line, count = y - self._header, len(self._view.keys)
        if line < 0:
            mark = self.glyphs.descending if self.sort_reverse else self.glyphs.ascending
            return header(self.grid, self.sort_key, mark)
        at = line + self._view.top
        if at >= count:
            return Content() if count else Content(message=self._message(line))
        row = self._view.row(at)
        # A cursor that nobody has moved is not worth a mark while the keys are elsewhere.
        chosen = self._view.cursor and at == self._view.at and (self.has_focus or self._view.anchored)
        role = "" if not chosen else "cursor" if self.has_focus else "cursor-blurred"
        return Content(
            row.key,
            row.cells,
            RowLook(role, row.state == "gone"),
            Cell(self.glyphs.cursor, "accent") if chosen else MARKS[row.state],
            thumb=line in thumb(self._view.page, count, self._view.top),
        )

    def _message(self, line: int) -> str:
        """A line of what is said in place of rows."""
        text = f"Nothing matches {self.filter_text}" if self.filter_text and self.total else self._empty
        lines = textwrap.wrap(text, max(1, self.grid.end - self.grid.start))
        return lines[line] if line < len(lines) else ""
