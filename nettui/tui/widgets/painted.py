"""A view that remembers what it has painted, and paints again only what differs."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

from textual import events
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from nettui.tui.widgets.lines import Content, Grid, Line, differences, make_line, strip
from nettui.tui.widgets.look import GlyphSource, Look, PlainGlyphs, PlainStyles, StyleSource


class _Painted(NamedTuple):
    """A line, and all that it was made of."""

    look: Look
    grid: Grid
    content: Content
    line: Line


class PaintedView(ScrollView):
    """The base of a widget that says what each of its lines shows; call `sync` when that may have changed.

    A theme or a set of signs is put on by setting `palette` or `glyphs`.
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._palette: StyleSource = PlainStyles()
        self._glyphs: GlyphSource = PlainGlyphs()
        self._look: Look | None = None
        self._painted: dict[int, _Painted] = {}

    @property
    @abstractmethod
    def grid(self) -> Grid:
        """How the lines are divided; the same object for as long as that is the same."""

    @abstractmethod
    def content(self, y: int) -> Content:
        """What line `y`, counted from the top of the widget, shows now."""

    @property
    def palette(self) -> StyleSource:
        return self._palette

    @palette.setter
    def palette(self, palette: StyleSource) -> None:
        self._palette, self._look = palette, None
        self.refresh()

    @property
    def glyphs(self) -> GlyphSource:
        return self._glyphs

    @glyphs.setter
    def glyphs(self, glyphs: GlyphSource) -> None:
        self._glyphs, self._look = glyphs, None
        self.refresh()

    def sync(self) -> None:
        """Has painted again what differs from what is on the screen."""
        grid = self.grid
        dirty = [
            Region(x, y, width, 1)
            for y in range(self.size.height)
            if (old := self._painted.get(y)) is not None and (new := self._paint(y, grid)) is not old
            for x, width in differences(old.line, new.line)
        ]
        if dirty:
            self.refresh(*dirty)

    def on_show(self) -> None:
        """Out of hiding: what has changed meanwhile was painted nowhere."""
        self.refresh()

    def on_screen(self) -> Iterator[Content]:
        """What the lines showed when they were last painted, from top to bottom."""
        return (self._painted[y].content for y in range(self.size.height) if y in self._painted)

    def visible_text(self) -> str:
        """The lines on the screen as plain text."""
        grid = self.grid
        lines = (self._paint(y, grid).line for y in range(self.size.height))
        return "\n".join("".join(text for piece in line for text, _ in piece.runs).rstrip() for line in lines)

    def on_focus(self, event: events.Focus) -> None:
        self._focus(event, events.DescendantFocus(self), True)

    def on_blur(self, event: events.Blur) -> None:
        self._focus(event, events.DescendantBlur(self), False)

    def _focus(self, event: events.Event, told: events.Event, focused: bool) -> None:
        """What Textual does by default, but for its repainting everything."""
        event.prevent_default()
        self.has_focus = focused
        if self.parent is not None:
            self.parent.post_message(told)
        self.sync()

    def render_lines(self, crop: Region) -> list[Strip]:
        if self._look is not None and self._look.base != self.rich_style:
            self._look = None
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        painted = self._painted[y] = self._paint(y, self.grid)
        return strip(painted.line)

    def _paint(self, y: int, grid: Grid) -> _Painted:
        """Line `y` as it should be now: what is painted there already, where that is the same."""
        if self._look is None:
            self._look = Look(self.rich_style, self._palette, self._glyphs)
        look, content = self._look, self.content(y)
        old = self._painted.get(y)
        if old is not None and old.content == content and old.grid is grid and old.look is look:
            return old
        return _Painted(look, grid, content, make_line(content, grid, look))
