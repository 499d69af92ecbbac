"""Themes as files: found, read, checked, and cut down to what the terminal can show."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Struct

from nettui.config.convert import ConfigError, Doc, build
from nettui.config.files import read_toml, theme_files
from nettui.model.text import clean
from nettui.tui.colours import Colour, indexed, is_named
from nettui.tui.terminal import Depth

R = TypeVar("R", bound=Struct)

DEFAULT, SIXTEEN = "dusk", "sixteen"


class Pair(Struct, frozen=True, kw_only=True):
    """Something with a background of its own."""

    text: Colour
    background: Colour


class Roles(Struct, frozen=True, kw_only=True, rename="kebab"):
    """Colours by what they are for."""

    background: Colour
    surface: Colour
    """Behind panes."""
    panel: Colour
    """Behind what is raised: inputs, dialogues, the chosen row of a pane that is not in focus."""
    border: Colour
    border_focused: Colour
    text: Colour
    dim: Colour
    accent: Colour
    ok: Colour
    notice: Colour
    warning: Colour
    critical: Colour
    sparkline: Colour
    cursor: Pair
    selection: Pair
    header: Pair
    footer: Pair


class States(Struct, frozen=True, kw_only=True):
    """One colour for each of the TCP states."""

    LISTEN: Colour
    SYN_SENT: Colour
    SYN_RECV: Colour
    ESTABLISHED: Colour
    FIN_WAIT1: Colour
    FIN_WAIT2: Colour
    TIME_WAIT: Colour
    CLOSE_WAIT: Colour
    LAST_ACK: Colour
    CLOSING: Colour
    CLOSED: Colour


class Body(Struct, frozen=True, kw_only=True):
    """What stands in a theme's file."""

    description: Annotated[str, Doc("one line", check=str.isprintable)]
    dark: Annotated[bool, Doc("true or false")]
    roles: Roles
    states: States


class Theme(Body, frozen=True, kw_only=True):
    """A theme; its name is its file's."""

    name: str

    def colours(self) -> dict[str, str]:
        """Every colour by its key: `text`, `cursor.background`, `state.CLOSE_WAIT`, ..."""
        found: dict[str, str] = {}
        for key, value in msgspec.to_builtins(self.roles).items():
            found |= {f"{key}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {key: value}
        return found | {f"state.{key}": value for key, value in msgspec.to_builtins(self.states).items()}

    @property
    def named(self) -> bool:
        """Whether it is made of the terminal's own colours."""
        return is_named(self.roles.text)

    @property
    def coloured(self) -> bool:
        """Whether there is any colour in it but the terminal's default."""
        return set(self.colours().values()) != {"default"}


class ThemeFile(Struct, frozen=True):
    """A theme that has not been read yet."""

    name: str
    path: Path

    def load(self) -> Theme:
        """The theme; ConfigError, one line, for a file that is not one."""
        where = str(self.path)
        if re.fullmatch(r"[A-Za-z0-9_-]{1,40}", self.name) is None:  # it becomes a class name in style sheets
            raise ConfigError(f"{clean(where)}: expected a name of letters, digits, - and _ before .toml")
        body = build(Body, read_toml(self.path), where)
        theme = Theme(name=self.name, **{key: getattr(body, key) for key in Body.__struct_fields__})
        if len({is_named(colour) for colour in theme.colours().values()}) > 1:
            raise ConfigError(f'{clean(where)}: expected all colours as "#rrggbb" or all by name, got some of each')
        return theme


def available(config_dir: Path | None) -> dict[str, ThemeFile]:
    """Every theme by name, unread: the shipped ones, and over them the user's own in `config_dir`/themes."""
    return {name: ThemeFile(name, path) for name, path in theme_files(config_dir).items()}


def load_all(files: Mapping[str, ThemeFile]) -> tuple[dict[str, Theme], list[str]]:
    """Every theme that can be read, by name, and a sentence for each that cannot."""
    themes: dict[str, Theme] = {}
    errors: list[str] = []
    for name, file in sorted(files.items()):
        try:
            themes[name] = file.load()
        except ConfigError as error:
            errors.append(str(error))
    return themes, errors


def choose(setting: str, depth: Depth) -> str:
    """The name of the theme to use; `auto` takes the one made for a terminal of 16 colours where it is one."""
    if setting != "auto":
        return setting
    return SIXTEEN if depth is Depth.SIXTEEN else DEFAULT


def adapted(theme: Theme, depth: Depth) -> Theme:
    """The theme as this terminal can show it. Without colour all is the terminal's default, told by attributes."""
    if depth is Depth.NONE:
        return _mapped(theme, lambda _: "default")
    return _mapped(theme, indexed) if depth is Depth.INDEXED else theme


def _mapped(theme: Theme, change: Callable[[str], str]) -> Theme:
    """The theme with every colour changed."""
    roles, states = _changed(theme.roles, change), _changed(theme.states, change)
    return msgspec.structs.replace(theme, roles=roles, states=states)


def _changed(record: R, change: Callable[[str], str]) -> R:
    values = {
        name: _changed(value, change) if isinstance(value, Struct) else change(value)
        for name, value in msgspec.structs.asdict(record).items()
    }
    return type(record)(**values)
