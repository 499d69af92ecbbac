"""The themes at hand, each read only when it is put on."""

from collections.abc import Mapping

from textual.theme import Theme as TextualTheme

from nettui.config import ConfigError
from nettui.tui.terminal import Depth
from nettui.tui.theme import Palette, ThemeFile, adapted, choose, to_textual


class Wardrobe:
    """Which theme is worn, and which comes next."""

    def __init__(self, files: Mapping[str, ThemeFile], setting: str, depth: Depth) -> None:
        """`setting` is a theme's name or `auto`; `depth` what the terminal can show."""
        self._files = dict(sorted(files.items()))
        self._depth = depth
        self.name = choose(setting, depth)

    def wear(self) -> tuple[TextualTheme, Palette]:
        """The chosen theme for Textual and for the widgets that draw themselves. Raises ConfigError."""
        theme = adapted(self._files[self.name].load(), self._depth)
        return to_textual(theme), Palette(theme)

    def next(self) -> tuple[TextualTheme, Palette]:
        """The next theme that can be read, by name."""
        names = list(self._files)
        for _ in names:
            self.name = names[(names.index(self.name) + 1) % len(names)]
            try:
                return self.wear()
            except ConfigError:
                continue
        raise ConfigError("no theme can be read")
