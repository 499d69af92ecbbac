"""The boundary where text from outside becomes safe to show in a terminal.

Interface names, aliases, DNS data, hosts files and process names are bytes that others chose. They
may hold escape sequences, bidirectional overrides, invalid UTF-8 or ten thousand characters. Here,
once, they become one printable line; nothing after this boundary has to think of it again.
"""

import re

LIMIT = 255
"""Longest text kept, in characters; what is cut is marked with an ellipsis."""

# What a terminal obeys (C0, DEL, C1), what reorders or hides neighbouring text (bidirectional
# controls, zero-width and invisible characters, tags), what breaks a line (U+2028, U+2029), and
# halves of surrogate pairs, which cannot be written out again.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_MARKS = re.compile("([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3})"
                    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")


def clean(value: str | bytes, limit: int = LIMIT) -> str:
    """`value` as one printable line of at most `limit` characters.

    Bytes are read as UTF-8; a byte that is not UTF-8 and a character that a terminal would obey or hide
    become a visible escape such as ``\\x1b`` or ``\\u202e``. Never raises.
    """
    text = value if isinstance(value, str) else value[: limit * 4 + 4].decode("utf-8", "backslashreplace")
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    text = _MARKS.sub(r"\1", _UNSAFE.sub(_escaped, text[: limit + 1]))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
