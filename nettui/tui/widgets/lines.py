"""One line of a table: from what it is to show, to pieces that can be compared, to a strip for Textual."""

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nettui.reports.table import Cell, Column
from nettui.tui.widgets.columns import GAP, Placed, fit, lay_out, padding
from nettui.tui.widgets.look import PLAIN_ROW, Look, RowLook

ROOM_FOR_BAR = 8
"""A table narrower than this has no scrollbar: its cells are worth more."""

NO_CELL = Cell("")


class Grid(NamedTuple):
    """How every line of a table is divided: the marks' cell, the columns, the scrollbar's cell."""

    columns: Sequence[Column]
    placed: tuple[Placed, ...]
    start: int
    """First cell after the marks."""
    end: int
    """First cell after the columns."""
    width: int

    @classmethod
    def of(cls, columns: Sequence[Column], width: int, marks: bool) -> "Grid":
        start = 1 if marks and width else 0
        end = width - 1 if width >= ROOM_FOR_BAR else width
        return cls(columns, lay_out(columns, end - start, start), start, end, width)


class Content(NamedTuple):
    """What a line shows, before it is cut and coloured."""

    key: Hashable | None = None
    cells: Sequence[Cell] = ()
    row: RowLook = PLAIN_ROW
    mark: Cell = NO_CELL
    """Before the row, one cell wide."""
    message: str = ""
    """Dim text across the columns."""
    thumb: bool = False


class Piece(NamedTuple):
    """A stretch of a line that is painted again as a whole: one cell of the table, one mark."""

    x: int
    width: int
    runs: tuple[tuple[str, Style], ...]


Line = tuple[Piece, ...]


def make_line(content: Content, grid: Grid, look: Look) -> Line:
    row, columns = content.row, (grid.start, grid.end)
    pieces = []
    if grid.start:
        pieces.append(_cell(content.mark, (0, 1), look, RowLook(row.role)))
    if content.message:
        pieces.append(_cell(Cell(content.message, "dim"), columns, look, row))
    else:
        pieces += _cells(content.cells, grid, look, row)
    if grid.end < grid.width:
        pieces.append(Piece(grid.end, 1, ((" ", look.thumb if content.thumb else look.base),)))
    return tuple(pieces)


def _cells(cells: Sequence[Cell], grid: Grid, look: Look, row: RowLook) -> Iterable[Piece]:
    """A row's cells, side by side. Missing cells are blank, those too many are left out.

    Each piece takes the gap after it. A text too long for its column runs on over empty cells.
    """
    x, rest = grid.start, list(grid.placed)
    while rest:
        index, _, width = rest.pop(0)
        cell, column = _at(cells, index), grid.columns[index]
        if column.align == "left" and column.clip == "end":
            wanted = cell_len(cell.text) if len(cell.text) * 2 > width else 0
            while wanted > width and rest and not _at(cells, rest[0].place).text:
                width = rest[0].x + rest.pop(0).width - x
            if wanted > width and not rest:
                width = grid.end - x
        end = min(x + width + GAP, grid.end)
        yield _cell(cell, (x, end), look, row, column, width)
        x = end
    if x < grid.end:
        yield _cell(NO_CELL, (x, grid.end), look, row)


def _at(cells: Sequence[Cell], index: int) -> Cell:
    return cells[index] if index < len(cells) else NO_CELL


def _cell(
    cell: Cell, span: tuple[int, int], look: Look, row: RowLook, column: Column | None = None, width: int | None = None
) -> Piece:
    """A cell whose text has `width` of the cells in `span`, or all of them."""
    x, end = span
    width = end - x if width is None else width
    text = fit(cell.text, width, look.glyphs.ellipsis, column.clip if column else "end")
    before, after = padding(text, width, column.align if column else "left")
    after += " " * (end - x - width)
    style, space = look.styles(cell.role, row)
    runs = ((before, space), (text, style), (after, space))
    return Piece(x, end - x, tuple(run for run in runs if run[0]))


def header(grid: Grid, sort: str | None, mark: str) -> Content:
    """The columns' titles, `mark` after the title of the one that is sorted by."""
    cells = [Cell(column.title) for column in grid.columns]
    for index, _, width in grid.placed:
        if grid.columns[index].key == sort:
            room = width - cell_len(mark)
            cells[index] = Cell(fit(cells[index].text, room, "") + mark if room > 0 else mark)
    return Content(cells=cells, row=RowLook("header"))


def differences(old: Line, new: Line) -> Iterable[tuple[int, int]]:
    """The stretches of the line to paint again, as first cell and width; neighbouring pieces go together."""
    there = set(old)
    start = end = -1
    for piece in new:
        if piece in there:
            continue
        if piece.x != end:
            if end > start:
                yield start, end - start
            start = piece.x
        end = piece.x + piece.width
    if end > start:
        yield start, end - start


def strip(line: Line) -> Strip:
    """The line as Textual paints it, neighbours of one style joined."""
    segments: list[Segment] = []
    for piece in line:
        for text, style in piece.runs:
            if segments and segments[-1].style == style:
                segments[-1] = Segment(segments[-1].text + text, style)
            else:
                segments.append(Segment(text, style))
    return Strip(segments, sum(piece.width for piece in line))
