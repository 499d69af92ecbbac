"""The rows a table has on its screen, and the cursor that stays with its row while they come and go."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Literal, NamedTuple

from nettui.reports.table import Cell, Column, Rows
from nettui.tui.widgets.marks import Changes, Marks
from nettui.tui.widgets.order import GivenOrder, RowOrder, position


class Row(NamedTuple):
    """A row to draw."""

    key: Hashable
    cells: Sequence[Cell]
    state: Literal["", "new", "gone"] = ""


class View:
    """Rows in order, vanished ones still among them, seen through a window of `page` rows from row `top` on.

    The cursor is at row `at`, whose key is `key`. Until it is moved it is on the first row, whichever that is; from
    then on it stays with its row, and goes to the nearest only when that one has vanished.
    """

    def __init__(
        self, columns: Sequence[Column], clock: Callable[[], float], *, cursor: bool, marks: bool, given: bool = False
    ) -> None:
        """`given`: the rows come filtered and sorted."""
        self.order = GivenOrder(columns, clock) if given else RowOrder(columns, clock)
        self.keys: Sequence[Hashable] = ()
        self.key: Hashable | None = None
        self.at = 0
        self.top = 0
        self.page = 1
        self.cursor = cursor
        self._marks = Marks(clock) if marks else None
        self.anchored = False

    def show(
        self, rows: Rows, on_screen: Mapping[Hashable, Sequence[Cell]], changes: Changes | None = None
    ) -> None:
        """New rows; `on_screen` are the rows now seen, from top to bottom, as they are drawn."""
        if self._marks:
            self._marks.note(self.order.source, rows.keys, on_screen, changes)
        self.order.update(rows)
        self._follow()

    def rearrange(self) -> None:
        """Filter, sort or columns are others."""
        if self._marks:
            self._marks.clear()
        self.order.arrange()
        self._follow()

    def resize(self, page: int) -> None:
        self.page = page
        self.scroll(self.top)
        if self.anchored:
            self._reveal()

    def go(self, at: int) -> None:
        """Moves the cursor to row `at` or the nearest there is; without a cursor, scrolls there."""
        if not self.cursor:
            self.scroll(at)
        elif self.keys:
            self.anchored = True
            self.order.hold()
            self._put(at)
            self._reveal()

    def scroll(self, top: int) -> None:
        self.top = max(0, min(top, len(self.keys) - self.page))

    def find(self, key: Hashable) -> int | None:
        """Where the row is; None when it is not shown."""
        return position(self.keys, key, self.at)

    def row(self, at: int) -> Row:
        key = self.keys[at]
        ghost = self._marks.ghost(key) if self._marks else None
        if ghost:
            return Row(key, ghost.cells, "gone")
        new = self._marks is not None and self._marks.is_new(key)
        return Row(key, tuple(self.order.rows.cells(key)), "new" if new else "")

    def due(self) -> float | None:
        """When a mark ends or the order is free again, by the clock; None when nothing is pending."""
        ends = (self.order.due(), self._marks.due() if self._marks else None)
        return min((end for end in ends if end is not None), default=None)

    def _follow(self) -> None:
        """The order is new: the cursor goes where its row is, and the window with it, to keep it in sight."""
        line = self.at - self.top
        self.keys = self._marks.woven(self.order.keys) if self._marks else self.order.keys
        at = self.find(self.key) if self.anchored else 0
        self._put(self.at if at is None else at)
        seen = self.anchored and 0 <= line < self.page
        stays = not self.top and self.at < self.page
        self.scroll(self.at - line if seen and not stays else self.top)

    def _put(self, at: int) -> None:
        self.at = max(0, min(at, len(self.keys) - 1))
        self.key = self.keys[self.at] if self.keys and self.cursor else None

    def _reveal(self) -> None:
        self.scroll(min(self.at, max(self.top, self.at - self.page + 1)))
