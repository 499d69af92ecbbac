"""The boundary where text from outside becomes safe to show in a terminal.

Interface names, aliases, DNS data, hosts files and process names are bytes that others chose. They
may hold escape sequences, bidirectional overrides, invalid UTF-8 or ten thousand characters. Here,
once, they become one printable line; nothing after this boundary has to think of it again.
"""

import re

LIMIT = 255
"""Longest text kept, in characters; what is cut is marked with an ellipsis."""

MARKS = 3
"""Combining marks kept on one character; no language stacks more, and a hundred would cover the lines above."""

# What terminals obey (C0, C1), what reorders text (bidirectional controls), breaks lines (U+2028) or has no
# agreed width (unassigned, private use) is not printable by its category, and neither are halves of surrogate
# pairs. Left are those that count as letters or marks and cannot be seen: Default_Ignorable_Code_Point, UAX #44.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# Vowels and finals of Hangul that join the syllable before them take no room of their own: like marks.
_JOINING = re.compile("[\u1161-\u11ff\ud7b0-\ud7fb]")


def clean(value: str | bytes, limit: int = LIMIT) -> str:
    """`value` as one printable line of at most `limit` (1 or more) characters.

    Bytes are read as UTF-8; a byte that is not UTF-8 (in a str: its surrogate, PEP 383) and a character that a
    terminal would obey or hide become a visible escape such as ``\\x1b`` or ``\\u202e``, and every kind of
    space a plain one. Never raises.
    """
    text = value if isinstance(value, str) else value[: limit * 4 + 4].decode("utf-8", "surrogateescape")
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    cut = len(text) > limit
    text = _visible(text[: limit + 1])
    return text[: limit - 1] + "…" if cut or len(text) > limit else text


def _visible(text: str) -> str:
    from unicodedata import category  # not needed, so not loaded, on hosts that speak ASCII

    shown: list[str] = []
    marks = 0
    for char in text:
        kind = category(char)
        if kind == "Zs":
            char = " "
        elif not char.isprintable() or _INVISIBLE.match(char):
            char = _escaped(char)
        elif kind[0] == "M" or _JOINING.match(char):
            if marks == MARKS:
                continue
            if shown:
                shown.append(char)
                marks += 1
                continue
            char = _escaped(char)  # nothing of ours for it to sit on
        shown.append(char)
        marks = 0
    return "".join(shown)


def _escaped(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8
        code -= 0xDC00
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
