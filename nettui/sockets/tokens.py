"""The text of a filter cut into tokens. Nothing is wrong here yet: the parser complains, completion makes do."""

import re
from typing import Literal, NamedTuple

Kind = Literal["and", "or", "not", "(", ")", "word", "saved", "comparison"]

KEYWORDS: dict[str, Kind] = {"and": "and", "&&": "and", "or": "or", "||": "or", "not": "not"}


class Word(NamedTuple):
    """A value, a name or free text."""

    text: str
    """What is meant: without quotes and their escapes."""
    start: int
    end: int
    quoted: bool = False
    closed: bool = True
    """Whether a quoted one has its second quote."""


class Token(NamedTuple):
    """What the parser takes in one piece, and where it stands in the text."""

    kind: Kind
    start: int
    end: int
    words: tuple[Word, ...] = ()
    """The values of a comparison (an empty one where none was typed), the name of a saved filter, or free text."""
    field: str = ""
    """Of a comparison, in lower case; there may be no such field."""
    operator: str = ""
    """Of a comparison: `=`, `!=`, `>`, `>=`, `<` or `<=`."""


PLAIN = re.compile(r'[^\s()",<>=!][^\s(),]*')
"""A value that needs no quotes."""

_SPACE = re.compile(r"\s*")
_BARE = re.compile(r"[^\s()]*")
_VALUE = re.compile(r'(?!")[^\s(),]*')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.?)*)("?)', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_COMMA = re.compile(r",\s*")
_FIELD = re.compile(r"([A-Za-z][A-Za-z_-]*)(?:\s*:?([<>]=?|[=!]?=)\s*|:)")
_IPV6 = re.compile(r"[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?![^\s()])")
"""`abcd:ef::1` is no comparison; no field has only letters that are digits."""


def tokens(text: str) -> list[Token]:
    """All of `text`, spaces left out."""
    found: list[Token] = []
    place = _space(text, 0)
    while place < len(text):
        found.append(_token(text, place))
        place = _space(text, found[-1].end)
    return found


def quote(text: str) -> str:
    """`text` as a quoted word."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _token(text: str, start: int) -> Token:
    first = text[start]
    if first in "()":
        return Token("(" if first == "(" else ")", start, start + 1)
    if first in "-!":
        return Token("not", start, start + 1)
    if first == '"':
        quoted = _quoted(text, start)
        return Token("word", start, quoted.end, (quoted,))
    if first == "@":
        name = _bare(text, start + 1)
        return Token("saved", start, name.end, (name,))
    field = None if _IPV6.match(text, start) else _FIELD.match(text, start)
    if field:
        values = _values(text, field.end())
        operator = (field[2] or "=").replace("==", "=")
        return Token("comparison", start, values[-1].end, values, field[1].lower(), operator)
    word = _bare(text, start)
    return Token(KEYWORDS.get(word.text.lower(), "word"), start, word.end, (word,))


def _values(text: str, start: int) -> tuple[Word, ...]:
    values = [_value(text, start)]
    while comma := _COMMA.match(text, values[-1].end):
        values.append(_value(text, comma.end()))
    return tuple(values)


def _value(text: str, start: int) -> Word:
    bare = _VALUE.match(text, start)
    return Word(bare[0], start, bare.end()) if bare else _quoted(text, start)


def _bare(text: str, start: int) -> Word:
    found = _BARE.match(text, start)
    end = found.end() if found else start
    return Word(text[start:end], start, end)


def _quoted(text: str, start: int) -> Word:
    found = _QUOTED.match(text, start)
    inside, last, end = (found[1], found[2], found.end()) if found else ("", "", start)
    return Word(_ESCAPE.sub(r"\1", inside), start, end, quoted=True, closed=bool(last))


def _space(text: str, start: int) -> int:
    found = _SPACE.match(text, start)
    return found.end() if found else start
