"""What the terminal can show in colour, told from the environment, and how Textual is made to keep to it.

Textual asks Rich, and Rich knows too little: it takes a terminal without colour (`TERM=dumb`) for one with all of
them, `NO_COLOR` for shades of grey, and the names `alacritty` or `foot`, which is all that ssh passes on, for 16
colours. Nothing here imports Textual: it reads these variables once, while it is being imported.
"""

import sys
from collections.abc import Mapping
from enum import StrEnum


class Depth(StrEnum):
    """How many colours; the value is Rich's name for it, where it has one."""

    NONE = "none"
    SIXTEEN = "standard"
    INDEXED = "256"
    """The xterm palette of 256: what most terminals are known to have when they are reached by ssh."""
    TRUE = "truecolor"


# DEC's terminals had no colour, and a serial console (getty's default is vt220) promises none.
_WITHOUT = ("", "dumb", "unknown", "vt100", "vt102", "vt220", "vt320", "xterm-mono")
_WITH_ALL = ("alacritty", "contour", "foot", "ghostty", "kitty", "rio", "wezterm")


def colour_depth(environ: Mapping[str, str], platform: str = sys.platform) -> Depth:
    """How many colours this terminal shows, or is to show: `NO_COLOR` (no-color.org) and Textual's override hold."""
    term = environ.get("TERM", "").strip().lower()
    if environ.get("NO_COLOR"):
        return Depth.NONE
    asked = environ.get("TEXTUAL_COLOR_SYSTEM", "")
    if asked in (Depth.SIXTEEN, Depth.INDEXED, Depth.TRUE):
        return Depth(asked)
    if platform == "win32" and not term:
        return Depth.TRUE
    if term in _WITHOUT or term.endswith("-m"):
        return Depth.NONE
    if term.partition("-")[0] == "linux" or term.endswith("-16color"):
        return Depth.SIXTEEN  # the console takes 24-bit colours and shows the nearest of its 16
    indexed = term.endswith("256color")
    if "STY" in environ or term == "screen" or term.startswith("screen."):
        # GNU screen misreads 24-bit colours, and COLORTERM is inherited from the terminal around it.
        return Depth.INDEXED if indexed else Depth.SIXTEEN
    known = term.removeprefix("xterm-").partition("-")[0] in _WITH_ALL or term.endswith("-direct")
    if known or environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return Depth.TRUE
    return Depth.INDEXED if indexed else Depth.SIXTEEN


def prepare_environment(environ: Mapping[str, str], platform: str = sys.platform) -> dict[str, str | None]:
    """The variables to set (None: to remove) before Textual is imported, so that it shows what `colour_depth` says."""
    depth = colour_depth(environ, platform)
    changes: dict[str, str | None] = {
        "TEXTUAL_COLOR_SYSTEM": (Depth.SIXTEEN if depth is Depth.NONE else depth).value,
        "TEXTUAL_ANIMATIONS": "none",
        # Textual takes an empty NO_COLOR for a set one; no-color.org does not.
        "NO_COLOR": "1" if depth is Depth.NONE else None,
    }
    return {name: value for name, value in changes.items() if environ.get(name) != value}
