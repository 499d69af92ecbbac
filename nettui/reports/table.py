"""A table as data: columns, rows by key, and what each cell means, but no colour and no place on a screen.

The live table widget draws it, the text report prints it. Cells are asked for by key, one row at a time, so
a source of a hundred thousand rows need not make more of them than are shown.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
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
    clip: Literal["end", "start", "middle"] = "end"
    """Where a text that is too long is cut: at its end or (an address with its port) in its middle, with an ellipsis,
    or (of a history the oldest) at its start."""
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

    def __init__(
        self, rows: Mapping[Hashable, Sequence[Cell]], group: Callable[[Hashable], Hashable] | None = None
    ) -> None:
        """`group` names the thing that a row, by its key, is about: a filter finds all rows of a thing or none."""
        self._rows = rows
        self.group = group
        self.keys: Sequence[Hashable] = tuple(rows)

    def cells(self, key: Hashable) -> Sequence[Cell]:
        return self._rows[key]


EMPTY = ListRows({})
MISSING = Cell("--")


def arranged(rows: Rows, columns: Sequence[Column], needle: str, sort: str | None, reverse: bool) -> list[Hashable]:
    """Keys of the rows that hold `needle` in any cell (any case), sorted by the column `sort`, else as they come.

    Numbers come before text, and what is not known (`--`, NaN) last, in reverse too. Equal rows stay as they come.
    """
    wanted = needle.casefold()
    keys = _matching(rows, wanted) if wanted else list(rows.keys)
    place = next((i for i, column in enumerate(columns) if column.key == sort), None)
    return keys if place is None else _sorted(rows, keys, place, reverse)


def _matching(rows: Rows, wanted: str) -> list[Hashable]:
    found = [key for key in rows.keys if _holds(rows.cells(key), wanted)]
    group = rows.group if isinstance(rows, ListRows) else None
    if group is None:
        return found
    things = {group(key) for key in found}
    return [key for key in rows.keys if group(key) in things]


def _holds(cells: Sequence[Cell], wanted: str) -> bool:
    # All texts at once: a separator that no clean text holds keeps a match from running over from cell to cell.
    return wanted in "\n".join([cell.text for cell in cells]).casefold()


def _sorted(rows: Rows, keys: Sequence[Hashable], place: int, reverse: bool) -> list[Hashable]:
    # In kinds, so that each is compared as what it is: with a hundred thousand rows a common key costs too much.
    numbers: list[tuple[float, Hashable]] = []
    texts: list[tuple[str, Hashable]] = []
    unknown: list[Hashable] = []
    for key in keys:
        cells = rows.cells(key)
        text, _, value = cells[place] if place < len(cells) else MISSING
        if value is None:
            value = text
        if value == "--" or value != value:  # only NaN differs from itself
            unknown.append(key)
        elif isinstance(value, (int, float)):
            numbers.append((value, key))
        else:
            texts.append((str(value).casefold(), key))
    first = itemgetter(0)
    numbers.sort(key=first, reverse=reverse)
    texts.sort(key=first, reverse=reverse)
    known = [*texts, *numbers] if reverse else [*numbers, *texts]
    return [key for _, key in known] + unknown
