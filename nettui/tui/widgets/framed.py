"""A container in a frame with words in its upper and lower edge, bright while the keys are inside.

It draws the frame itself: of a CSS border Textual 8.2.8 repaints the whole widget, with all that is in it, for one
word or one colour, and restyles every child when the focus comes or goes. Here only the frame's own cells are sent.
"""

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.containers import Vertical
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from nettui.tui.widgets.columns import fit
from nettui.tui.widgets.look import PlainStyles, StyleSource

PLAIN = "+-+|++"
"""Strokes: upper left, horizontal, upper right, vertical, lower left, lower right."""


class Framed(Vertical):
    """Set the words with `edges`, the colours and signs with `dress_frame`."""

    DEFAULT_CSS = "Framed { padding: 1; }"

    def __init__(self, *children: Widget, id: str | None = None, upper: str = "", lower: str = "") -> None:
        super().__init__(*children, id=id)
        self._upper, self._lower = upper, lower
        self._lit = False
        self._palette: StyleSource = PlainStyles()
        self._strokes = PLAIN
        self._ellipsis = "~"

    def dress_frame(self, palette: StyleSource, strokes: str, ellipsis: str) -> None:
        """Take other colours and signs."""
        self._palette, self._strokes, self._ellipsis = palette, strokes, ellipsis
        self._repaint(upper=True, lower=True, sides=True)

    def edges(self, upper: str, lower: str) -> None:
        """The words in the edges; nothing is painted where they are the same as before."""
        changed = upper != self._upper, lower != self._lower
        self._upper, self._lower = upper, lower
        self._repaint(*changed)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self._light()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        self._light()

    def _light(self) -> None:
        focused = self.screen.focused
        lit = focused is not None and self in focused.ancestors
        if lit != self._lit:
            self._lit = lit
            self._repaint(upper=True, lower=True, sides=True)

    def _repaint(self, upper: bool, lower: bool, sides: bool = False) -> None:
        """Regions are counted from the content's corner, which is one cell inside."""
        width, height = self.outer_size
        if upper:
            self.refresh(Region(-1, -1, width, 1))
        if lower:
            self.refresh(Region(-1, height - 2, width, 1))
        if sides:
            self.refresh(Region(-1, 0, 1, height - 2), Region(width - 2, 0, 1, height - 2))

    def render_lines(self, crop: Region) -> list[Strip]:
        filters, background, base = self.get_line_filters(), self.background_colors[1], self.rich_style
        last = self.outer_size.height - 1
        made: dict[int, Strip] = {}  # all lines between the edges are alike
        strips = []
        for y in crop.line_range:
            kind = 1 if 0 < y < last else y
            if kind not in made:
                strip = self._line(y, base)
                for line_filter in filters:
                    strip = strip.apply_filter(line_filter, background)
                made[kind] = strip.crop(crop.x, crop.right)
            strips.append(made[kind])
        return strips

    def _line(self, y: int, base: Style) -> Strip:
        width, height = self.outer_size
        left, flat, right, side, low_left, low_right = tuple(self._strokes)
        stroke = base + self._palette.style("border-focused" if self._lit else "border")
        if 0 < y < height - 1:
            inside = Segment(" " * max(0, width - 2), base)
            return Strip([Segment(side, stroke), inside, Segment(side, stroke)], max(2, width))
        if y == 0:
            words = base + self._palette.style("text") + Style(bold=self._lit)
            return self._edge(self._upper, words, stroke, (left, flat, right), width, at_end=False)
        return self._edge(self._lower, base + self._palette.style("dim"), stroke, (low_left, flat, low_right), width,
                          at_end=True)

    def _edge(
        self, text: str, words: Style, stroke: Style, signs: tuple[str, str, str], width: int, *, at_end: bool
    ) -> Strip:
        left, flat, right = signs
        shown = fit(text, max(0, width - 6), self._ellipsis)
        label = f" {shown} " if shown else ""
        rest = max(0, width - 3 - cell_len(label))
        before, after = (flat * rest, flat) if at_end else (flat, flat * rest)
        segments = [Segment(left + before, stroke), Segment(label, words), Segment(after + right, stroke)]
        return Strip([segment for segment in segments if segment.text], max(2, 3 + rest + cell_len(label)))
