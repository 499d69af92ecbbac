"""The signs the screen is drawn with: one set in Unicode, one in ASCII for what cannot show the other.

No braille, no degree sign, nothing of doubtful width: what is here survives tmux, and takes one cell each.
"""

import locale
import unicodedata
from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct
from rich.cells import split_graphemes


class Glyphs(Struct, frozen=True, kw_only=True):
    """One set. Every sign is one cell wide, but for `bar`, which is a ramp of one-cell signs."""

    ok: str
    notice: str
    warning: str
    critical: str
    down: str
    """What comes in, received."""
    up: str
    """What goes out, sent."""
    arrow: str
    """From one thing to another, left to right."""
    sparks: str
    """A ramp from the lowest value to the highest."""
    ellipsis: str
    bullet: str
    cursor: str
    """At the left of the row that is chosen."""
    descending: str
    ascending: str
    prompt: str
    times: str
    rule: str
    """A stroke of a horizontal line."""
    frame: str
    """Strokes of a frame: upper left, horizontal, upper right, vertical, lower left, lower right."""

    def shown(self, text: str) -> str:
        """`text` as this set can show it: with ASCII stand-ins in the ASCII set."""
        return to_ascii(text) if self.frame.isascii() else text


UNICODE = Glyphs(
    ok="●", notice="◆", warning="▲", critical="✖", down="↓", up="↑", arrow="→", sparks="▁▂▃▄▅▆▇█", ellipsis="…",
    bullet="·", cursor="▌", descending="▼", ascending="▲", prompt="›", times="×", rule="─", frame="╭─╮│╰╯",
)  # fmt: skip
ASCII = Glyphs(
    ok="*", notice="i", warning="!", critical="X", down="v", up="^", arrow=">", sparks="_.-:=+*#", ellipsis="~",
    bullet="-", cursor=">", descending="v", ascending="^", prompt=">", times="x", rule="-", frame="+-+|++",
)  # fmt: skip


def choose(ascii_only: bool | Literal["auto"], environ: Mapping[str, str], encoding: str | None = None) -> Glyphs:
    """The set to draw with; `auto` takes ASCII where the terminal or the locale cannot be trusted with more.

    `encoding` is the locale's own (by default that of this process). A locale that says UTF-8 by its name is believed
    even where the C library does not have it: ssh brings the client's, and it is the client that shows the screen.
    """
    if ascii_only != "auto":
        return ASCII if ascii_only else UNICODE
    if environ.get("TERM", "").partition("-")[0].lower() in ("linux", "dumb"):
        return ASCII
    name = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return UNICODE if _is_utf8(name) or _is_utf8(encoding or locale.getencoding()) else ASCII


def _is_utf8(name: str) -> bool:
    return "utf8" in name.lower().replace("-", "")


def to_ascii(text: str) -> str:
    """`text` in ASCII, with as many cells: known signs by their likes, letters without accents, `?` for the rest."""
    if text.isascii():
        return text
    return "".join(_stand_in(text[start:end]).ljust(width)[:width] for start, end, width in split_graphemes(text)[0])


def _known_signs() -> dict[str, str]:
    """What each sign of ours and of common text becomes; the first meaning of a sign of ours counts."""
    found: dict[str, str] = {}
    for ours, theirs in zip(msgspec.structs.astuple(UNICODE), msgspec.structs.astuple(ASCII), strict=True):
        if not ours.isascii():
            for sign, stand_in in zip(ours, theirs, strict=True):
                found.setdefault(sign, stand_in)
    alike = {
        "-": "─━═╌╍┄┅┈┉╴╶╸╺‐‑‒–—―−•∙", "|": "│┃║╎╏┆┇┊┋╵╷╹╻▏▕", ">": "▶▸❯»⇒≥", "<": "◀◂❮«‹⇐←≤", "=": "↔⇔≡", "~": "≈∼",
        "'": "‘’‚′", '"': "“”„″", "x": "✗✘✕", "X": "❌", "v": "✓✔▾⇓", "^": "▴⇑", "o": "○◯◇◦", "#": "■□▪▫",
        "u": "µ", "+": "±",
    }  # fmt: skip
    for stand_in, signs in alike.items():
        for sign in signs:
            found.setdefault(sign, stand_in)
    for code in range(0x2500, 0x25A0):  # the rest of the box drawings are corners and crossings; then come blocks
        found.setdefault(chr(code), "+" if code < 0x2580 else "#")
    return found


_SIGNS = _known_signs()


def _stand_in(cluster: str) -> str:
    sign = cluster[0]
    if sign.isascii():
        return sign
    if sign in _SIGNS:
        return _SIGNS[sign]
    letters = [c for c in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(c)]
    return letters[0] if len(letters) == 1 and letters[0].isascii() else "??"
