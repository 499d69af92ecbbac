"""A table as data: columns, rows by key, and what each cell means, but no colour and no place on a screen.

The live table widget draws it, the text report prints it. Cells are asked for by key, one row at a time, so
a source of a hundred thousand rows need not make more of them than are shown.
"""

from collections.abc import Hashable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Literal, NamedTuple, Protocol

from msgspec import Struct


class Cell(NamedTuple):
    """One field: its text, the role that colours it, and what it sorts by.

    A text too long for its column runs on over the cells to its right that are empty, as in a spreadsheet.
    """

    text: str
    role: str = ""
    """"", dim, accent, ok, notice, warning, critical, or a TCP state's name such as `state.CLOSE_WAIT`."""
    sort: Any = None
    """Sorts by this instead of by the text, where it is not None."""


class Column(Struct, frozen=True):
    """One column. Its width never depends on the rows, so nothing jumps when they change."""

    key: str
    title: str
    width: int
    """Cells on the screen."""
    grow: int = 0
    """Share of the room left over, in proportion to the other columns' shares."""
    priority: int = 0
    """When the room is short, the highest number is dropped first; 0 is never dropped."""
    align: Literal["left", "right"] = "left"
    clip: Literal["end", "start"] = "end"
    """Where a text that is too long is cut: at its end, with an ellipsis, or (of a history the oldest) at its start."""
    help: str = ""
    """What it means, in one line, for the help."""


class Rows(Protocol):
    """Rows of a table, in their natural order."""

    @property
    def keys(self) -> Sequence[Hashable]: ...

    def cells(self, key: Hashable) -> Sequence[Cell]:
        """One cell for each column of the table."""
        ...


class ListRows:
    """Rows that are all made already: right for anything up to some thousand rows."""

    def __init__(self, rows: Mapping[Hashable, Sequence[Cell]]) -> None:
        self._rows = rows
        self.keys: Sequence[Hashable] = tuple(rows)

    def cells(self, key: Hashable) -> Sequence[Cell]:
        return self._rows[key]


EMPTY = ListRows({})
UNKNOWN = (2, "")
"""What `sort_value` gives for `--`."""


def sort_value(cell: Cell) -> tuple[int, Any]:
    """A key that sorts numbers before text and never compares the two; `--` (not known) and NaN come last."""
    value = cell.text if cell.sort is None else cell.sort
    if isinstance(value, (int, float)):
        return (0, value) if value == value else UNKNOWN
    return UNKNOWN if value == "--" else (1, str(value).casefold())


def arranged(rows: Rows, columns: Sequence[Column], needle: str, sort: str | None, reverse: bool) -> list[Hashable]:
    """Keys of the rows that hold `needle` in any cell (any case), sorted by the column `sort`, else as they come.

    Equal rows stay as they come; what is not known comes last, in reverse too.
    """
    wanted = needle.casefold()
    keys = [k for k in rows.keys if not wanted or any(wanted in c.text.casefold() for c in rows.cells(k))]
    place = next((i for i, column in enumerate(columns) if column.key == sort), None)
    if place is None:
        return keys
    ranked = [(sort_value(cells[place]) if len(cells := rows.cells(k)) > place else UNKNOWN, k) for k in keys]
    known = [pair for pair in ranked if pair[0] != UNKNOWN]
    known.sort(key=itemgetter(0), reverse=reverse)
    return [k for _, k in known] + [k for value, k in ranked if value == UNKNOWN]
