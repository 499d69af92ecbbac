"""What a table looks like: the styles and glyphs it asks others for, and the styles made of them."""

from typing import ClassVar, NamedTuple, Protocol

from rich.style import Style


class StyleSource(Protocol):
    """A palette: the style of a role (see `nettui.reports.table.Cell.role`), over the background it is drawn on."""

    def style(self, role: str) -> Style: ...


class GlyphSource(Protocol):
    """The signs a table draws, each one cell wide but for the ellipsis."""

    @property
    def cursor(self) -> str: ...

    @property
    def ellipsis(self) -> str: ...

    @property
    def ascending(self) -> str: ...

    @property
    def descending(self) -> str: ...


class PlainStyles:
    """Attributes only, no colour: right on any terminal, and what a table has until it is given a palette."""

    _STYLES: ClassVar[dict[str, Style]] = {
        "header": Style(bold=True),
        "dim": Style(dim=True),
        "border": Style(dim=True),
        "cursor": Style(reverse=True),
        "cursor-blurred": Style(bold=True),
        "critical": Style(bold=True),
    }

    def style(self, role: str) -> Style:
        return self._STYLES.get(role, Style.null())


class PlainGlyphs:
    """ASCII signs, until the table is given better ones."""

    cursor = ">"
    ellipsis = "~"
    ascending = "^"
    descending = "v"


class RowLook(NamedTuple):
    """How a whole row differs from the others."""

    role: str = ""
    """`cursor` and `cursor-blurred` lie over the cells' own roles."""
    gone: bool = False
    """The row has vanished from the data: struck through, for the moment it stays."""


PLAIN_ROW = RowLook()
GONE = Style(strike=True)
_UNADORNED = Style(strike=False, underline=False, overline=False)


class Look:
    """Complete styles, each with the background in it, so that any part of a line can be painted alone."""

    def __init__(self, base: Style, palette: StyleSource, glyphs: GlyphSource) -> None:
        self.base = base
        self.glyphs = glyphs
        self._palette = palette
        self._made: dict[tuple[str, RowLook], tuple[Style, Style]] = {}

    @property
    def thumb(self) -> Style:
        """Of the blank cells that are a scrollbar's thumb: it needs neither a sign nor colours."""
        return self.styles("border")[0] + Style(reverse=True)

    def styles(self, role: str, row: RowLook = PLAIN_ROW) -> tuple[Style, Style]:
        """Of a text with that role in such a row, and of the blanks beside it, which no line may run through."""
        made = self._made.get((role, row))
        if made is None:
            made = self._made[role, row] = self._make(role, row)
        return made

    def _make(self, role: str, row: RowLook) -> tuple[Style, Style]:
        style = self.base
        if row.gone:
            style = style + self._palette.style("dim") + GONE
        elif role:
            style += self._palette.style(role)
        if row.role:
            style += self._palette.style(row.role)
        adorned = style.strike or style.underline or style.overline
        return style, style + _UNADORNED if adorned else style
