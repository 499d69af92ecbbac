"""The themes at hand, each read only when it is put on."""

from collections.abc import Mapping
from typing import NamedTuple

from textual.theme import Theme as TextualTheme

from nettui.config import ConfigError
from nettui.tui.glyphs import ASCII, Glyphs
from nettui.tui.terminal import Depth
from nettui.tui.terminal_filter import TerminalFilter
from nettui.tui.theme import Palette, ThemeFile, adapted, choose, to_textual


class Clothes(NamedTuple):
    """One theme in every form it is needed in."""

    textual: TextualTheme
    palette: Palette
    """For the widgets that draw themselves."""
    filter: TerminalFilter
    """The last step before the wire."""


class Wardrobe:
    """Which theme is worn, and which comes next; and the signs that go with all of them."""

    def __init__(self, files: Mapping[str, ThemeFile], setting: str, depth: Depth, glyphs: Glyphs) -> None:
        """`setting` is a theme's name or `auto`; `depth` what the terminal can show."""
        self._files = dict(sorted(files.items()))
        self.depth = depth
        self.glyphs = glyphs
        self.name = choose(setting, depth)

    def wear(self) -> Clothes:
        """The chosen theme. Raises ConfigError."""
        theme = adapted(self._files[self.name].load(), self.depth)
        return Clothes(to_textual(theme), Palette(theme), TerminalFilter(theme, self.depth, self.glyphs is ASCII))

    def next(self) -> Clothes:
        """The next theme that can be read, by name."""
        names = list(self._files)
        for _ in names:
            self.name = names[(names.index(self.name) + 1) % len(names)]
            try:
                return self.wear()
            except ConfigError:
                continue
        raise ConfigError("no theme can be read")
