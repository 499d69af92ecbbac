"""The last step before the wire: no colour and no sign goes out that the terminal cannot show.

The styles and glyphs that nettui chooses are right already. Textual's own widgets bring literal colours, signs, and
in themes of named colours the terminal's default ones, which on a light terminal are black on a theme's black.
"""

from functools import lru_cache

from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from nettui.tui.colours import to_rich
from nettui.tui.glyphs import to_ascii
from nettui.tui.terminal import Depth
from nettui.tui.theme_file import Theme

NO_STYLE = Style.null()


class TerminalFilter(LineFilter):
    """What `App.get_line_filters` adds to Textual's own, for one theme on one terminal, if it is `enabled`."""

    def __init__(self, theme: Theme, depth: Depth, ascii_only: bool = False) -> None:
        self._depth = Depth.SIXTEEN if theme.named and depth is not Depth.NONE else depth
        super().__init__(enabled=ascii_only or self._depth in (Depth.SIXTEEN, Depth.NONE))
        self._base = Style(color=to_rich(theme.roles.text), bgcolor=to_rich(theme.roles.background))
        self._ascii_only = ascii_only

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments as they can be shown, each as wide as before; `background` does not matter."""
        depth, base, ascii_only = self._depth, self._base, self._ascii_only
        return [
            Segment(to_ascii(text) if ascii_only else text, limited(style or NO_STYLE, depth, base), control)
            for text, style, control in segments
        ]


@lru_cache(4096)
def limited(style: Style, depth: Depth, base: Style) -> Style:
    """The style without any colour, or with the terminal's sixteen only and those of `base` for its default ones.

    Where there are more than sixteen, Rich does what there is to do.
    """
    if depth is Depth.NONE:
        return style.without_color
    if depth is not Depth.SIXTEEN:
        return style
    return style + Style(color=_named(style.color, base.color), bgcolor=_named(style.bgcolor, base.bgcolor))


def _named(color: RichColor | None, instead: RichColor | None) -> RichColor | None:
    return instead if color is None or color.is_default else color.downgrade(ColorSystem.STANDARD)
