"""One line of the screen made of cells: the headline above, the keys below. Painted again only where it changed."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from nettui.reports.table import Cell
from nettui.tui.widgets.columns import fit
from nettui.tui.widgets.lines import Line, Piece, differences, strip
from nettui.tui.widgets.look import GlyphSource, Look, PlainGlyphs, PlainStyles, StyleSource

GAP = 2
"""Empty cells between two cells of a line."""


class StatusLine(Widget):
    """Cells from the left, and cells against the right edge; where the room is short the left ones give way."""

    DEFAULT_CSS = "StatusLine { height: 1; width: 1fr; }"

    def __init__(self, id: str, role: str) -> None:
        super().__init__(id=id)
        self._role = role
        self._left: Sequence[Cell] = ()
        self._right: Sequence[Cell] = ()
        self._line: Line = ()
        self._palette: StyleSource = PlainStyles()
        self._glyphs: GlyphSource = PlainGlyphs()

    def dress(self, palette: StyleSource, glyphs: GlyphSource) -> None:
        """Take other colours and signs."""
        self._palette, self._glyphs = palette, glyphs
        self._line = ()
        self._paint()

    def show(self, left: Sequence[Cell], right: Sequence[Cell] = ()) -> None:
        """Show these cells from now on."""
        self._left, self._right = left, right
        self._paint()

    def render_line(self, y: int) -> Strip:
        if not self._line:
            self._line = self._made()
        return strip(self._line)

    def on_resize(self) -> None:
        self._line = self._made()
        self.refresh()

    def _paint(self) -> None:
        before, self._line = self._line, self._made()
        for x, width in differences(before, self._line):
            self.refresh(Region(x, 0, width, 1))

    def _made(self) -> Line:
        look = Look(self.visual_style.rich_style + self._palette.style(self._role), self._palette, self._glyphs)
        width = self.size.width
        right = self._fitted(self._right, width - 1)
        start = width - 1 - sum(cell_len(cell.text) + GAP for cell in right) + (GAP if right else 0)
        pieces: list[Piece] = []
        x = self._lay(pieces, self._fitted(self._left, start - 1 - GAP), 1, look)
        if right:
            x = self._space(pieces, x, max(x, start), look)
            x = self._lay(pieces, right, x, look)
        self._space(pieces, x, width, look)
        return tuple(pieces)

    def _fitted(self, cells: Sequence[Cell], room: int) -> list[Cell]:
        """The cells that have room, whole; only the first is cut rather than left out."""
        found: list[Cell] = []
        for cell in cells:
            text = fit(cell.text, room, self._glyphs.ellipsis)
            if room <= 0 or (found and text != cell.text):
                break
            found.append(Cell(text, cell.role))
            room -= cell_len(text) + GAP
        return found

    def _lay(self, pieces: list[Piece], cells: Sequence[Cell], x: int, look: Look) -> int:
        x = self._space(pieces, x - 1, x, look) if not pieces else x
        for number, cell in enumerate(cells):
            if number:
                x = self._space(pieces, x, x + GAP, look)
            width = cell_len(cell.text)
            pieces.append(Piece(x, width, ((cell.text, look.styles(cell.role)[0]),)))
            x += width
        return x

    @staticmethod
    def _space(pieces: list[Piece], x: int, end: int, look: Look) -> int:
        if end > x:
            pieces.append(Piece(x, end - x, ((" " * (end - x), look.styles("")[1]),)))
        return max(x, end)
