"""Colours as themes write them, and what becomes of them on terminals that have fewer.

A colour is `#rrggbb`, or the name of one of the terminal's own sixteen, or `default`: what the terminal has anyway.
"""

import re
from collections.abc import Sequence
from typing import Annotated

from rich.color import Color as RichColor

from nettui.config.convert import Doc

_EIGHT = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
ANSI = _EIGHT + tuple(f"bright_{name}" for name in _EIGHT)
"""ECMA-48's eight colours and aixterm's bright ones, in the order of their numbers."""

_XTERM = (
    "000000", "cd0000", "00cd00", "cdcd00", "0000ee", "cd00cd", "00cdcd", "e5e5e5",
    "7f7f7f", "ff0000", "00ff00", "ffff00", "5c5cff", "ff00ff", "00ffff", "ffffff",
)  # fmt: skip
"""xterm's default values: what the sixteen are taken to look like where that matters. Terminals differ a little."""

_CUBE = (0, 95, 135, 175, 215, 255)
_GREYS = (0, *range(8, 239, 10), 255)
"""What xterm shows for each of the 26 greys that Rich knows."""
_HEX = re.compile("#[0-9a-fA-F]{6}")

Rgb = tuple[int, int, int]


def is_named(colour: str) -> bool:
    """Whether the terminal decides what the colour looks like."""
    return colour == "default" or colour in ANSI


def is_colour(text: str) -> bool:
    return is_named(text) or _HEX.fullmatch(text) is not None


Colour = Annotated[
    str, Doc(f'a colour: "#rrggbb", "default", or a name such as "{ANSI[1]}" or "{ANSI[9]}"', check=is_colour)
]


def rgb(colour: str) -> Rgb | None:
    """Red, green and blue from 0 to 255; None for `default`, which nobody knows."""
    if colour == "default":
        return None
    value = int(_XTERM[ANSI.index(colour)] if colour in ANSI else colour[1:], 16)
    return value >> 16, value >> 8 & 255, value & 255


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21; 1, the worst, where a colour is not known."""
    first, second = rgb(one), rgb(other)
    if first is None or second is None:
        return 1.0
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Rgb) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2, "relative luminance")."""
    red, green, blue = (v / 3294.6 if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def indexed(colour: str) -> str:
    """The colour that Rich shows as the nearest of xterm's 256 to this one.

    Left to itself, Rich rounds each channel of a dark tint to 0 or 95 and makes navy blue of slate. So greys are
    compared too, and what is returned is chosen by how Rich counts greys (25 steps from black to white).
    """
    value = rgb(colour)
    if value is None or is_named(colour):
        return colour
    tinted = tuple(min(_CUBE, key=lambda level: abs(level - channel)) for channel in value)
    grey = min(_GREYS, key=lambda level: _distance(value, (level, level, level)))
    if len(set(tinted)) == 1 or _distance(value, (grey, grey, grey)) <= _distance(value, tinted):
        tinted = (round(_GREYS.index(grey) * 10.2),) * 3
    return "#{:02x}{:02x}{:02x}".format(*tinted)


def _distance(one: Sequence[int], other: Sequence[int]) -> int:
    """Squared distance; the eye is keenest on green."""
    return 2 * (one[0] - other[0]) ** 2 + 4 * (one[1] - other[1]) ** 2 + 3 * (one[2] - other[2]) ** 2


def to_rich(colour: str) -> RichColor:
    """For a Rich style: named colours stay the terminal's own."""
    return RichColor.from_ansi(ANSI.index(colour)) if colour in ANSI else RichColor.parse(colour)


def to_css(colour: str) -> str:
    """For Textual's style sheets: named colours stay the terminal's own."""
    return f"ansi_{colour}" if is_named(colour) else colour
