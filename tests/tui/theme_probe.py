"""A small Textual app in a theme: what it writes to a real terminal tells which colours are sent. Run as a script."""

import os
import sys

from nettui.tui.terminal import Depth, colour_depth, prepare_environment

for name, value in prepare_environment(os.environ).items():
    if value is None:
        os.environ.pop(name)
    else:
        os.environ[name] = value

# After the environment is as it should be, and not before.
from textual.app import App, ComposeResult  # noqa: E402
from textual.binding import Binding  # noqa: E402
from textual.filter import LineFilter  # noqa: E402
from textual.strip import Segment, Strip  # noqa: E402
from textual.widget import Widget  # noqa: E402
from textual.widgets import Footer, Input, OptionList  # noqa: E402

from nettui.tui.terminal_filter import TerminalFilter  # noqa: E402
from nettui.tui.theme import WORDS, Palette, adapted, available, choose, to_textual  # noqa: E402


class Roles(Widget):
    """Every role by its own name, drawn by the line API; the second line lies under the cursor."""

    def render_line(self, y: int) -> Strip:
        palette: Palette = self.app.palette
        roles = (*WORDS, "header", "footer", "selection", "border", "border-focused", "cursor-blurred", "no such role")
        if y >= len(roles):
            return Strip.blank(self.size.width, self.rich_style)
        style = self.rich_style + palette.style(roles[y])
        return Strip([Segment(f"<{roles[y]}>", style + palette.style("cursor") if y == 1 else style)])


class Probe(App[None]):
    CSS = """
    Screen, Input, OptionList { background: $nettui-background; color: $nettui-text; }
    Roles { height: 1fr; border: round $nettui-border; }
    Input:focus { border: round $nettui-border-focused; }
    OptionList { height: 5; }
    """
    BINDINGS = [Binding("q", "quit", "Quit")]  # noqa: RUF012

    def __init__(self, name: str) -> None:
        depth = colour_depth(os.environ)
        super().__init__(ansi_color=True if depth is Depth.NONE else None)
        theme = adapted(available(None)[choose(name, depth)].load(), depth)
        self.palette = Palette(theme)
        self.register_theme(to_textual(theme))
        self.theme = theme.name
        self._filter = TerminalFilter(theme, depth)

    def get_line_filters(self) -> list[LineFilter]:
        return [*super().get_line_filters(), *([self._filter] if self._filter.enabled else [])]

    def compose(self) -> ComposeResult:
        yield Input("typed", select_on_focus=True)
        yield OptionList(*(f"option {number}" for number in range(20)))
        yield Roles()
        yield Footer()

    def on_mount(self) -> None:
        self.notify("a toast", severity="error", timeout=60)
        self.call_after_refresh(self.action_command_palette)


if __name__ == "__main__":
    app = Probe(sys.argv[1])
    app.run()
    sys.exit(app.return_code)
