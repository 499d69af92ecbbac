"""Only the changed cells go to the terminal: two habits of Textual 8.2.8 that cost bytes, and their cure.

It cuts a partial repaint on the right but not on the left: a change in the last column sends the whole line from the
widget's left edge on, some 300 bytes in place of 60. `SpanPainting`, put before `App` among an app's bases, has both
ends cut. And it paints the whole screen again when the focus moves, some 15 kB at 120x40; a `QuietScreen` leaves it to
the widgets that have lost and got it.
"""

from typing import TYPE_CHECKING, TypeVar

from rich.console import Console, RenderableType
from rich.control import Control
from textual._compositor import ChopsUpdate
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

T = TypeVar("T")

if TYPE_CHECKING:
    from textual.app import App

    _Base = App[object]
else:
    _Base = object


class SpanUpdate(ChopsUpdate):
    """A partial repaint that writes its spans and nothing beside them."""

    def render_segments(self, console: Console) -> str:
        parts = []
        for y, x1, x2 in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is not None and x < x2 and end > x1:
                    left, right = max(x, x1), min(end, x2)
                    parts.append(Control.move_to(left, y).segment.text)
                    parts.append(strip.crop(left - x, right - x).render(console))
        return "".join(parts)


class SpanPainting(_Base):
    """Mixed into the app: every partial repaint of every screen is sent as a `SpanUpdate`."""

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if isinstance(renderable, ChopsUpdate):
            renderable = SpanUpdate(renderable.chops, renderable.spans, renderable.chop_ends)
        super()._display(screen, renderable)


class QuietScreen(Screen[T]):
    """A screen that is not painted again as a whole when the focus moves."""

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
