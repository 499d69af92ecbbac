"""The filter language: `state:close-wait and (port:8080 or rtt>200ms) -process:java`.

Terms stand side by side or are joined with `and`; `or` binds less, `not`, `-` and `!` bind most. Words that are no
comparison are searched for in what a row shows.
"""

from collections.abc import Mapping
from typing import NamedTuple, cast

from nettui.model.socket_filter import FIELDS, AllOf, AnyOf, Filter, Not, Operator
from nettui.model.text import clean
from nettui.sockets.filter_error import FilterError, did_you_mean, shown
from nettui.sockets.spelling import to_text
from nettui.sockets.tokens import Kind, Token, Word, tokens
from nettui.sockets.values import ORDERED, Services, is_port, read_value

__all__ = ["ALIASES", "FilterError", "parse", "to_text"]

ALIASES = {
    "protocol": "proto", "local": "src", "peer": "dst", "remote": "dst", "lport": "sport", "rport": "dport",
    "recv-q": "recvq", "send-q": "sendq", "comm": "process", "uid": "user", "dev": "iface", "interface": "iface",
    "container": "unit", "cgroup": "unit",
}
"""Fields by the names they have elsewhere."""

LENGTH = 10_000
"""Characters of a filter at its longest."""
TERMS = 500
"""Comparisons in a filter, those of saved filters counted each time."""
DEPTH = 40
"""Parentheses, `not`s and saved filters in one another."""

_NOTHING: Mapping[str, str] = {}
_NO_SERVICES: Services = {}


def parse(text: str, saved: Mapping[str, str] = _NOTHING, services: Services = _NO_SERVICES) -> Filter | None:
    """What a filter means; None for blank text, which lets everything through.

    `saved` are the texts that `@name` stands for, `services` the ports by name, in lower case. Raises FilterError.
    """
    return _Parser(text, _Names(saved, services), _Room(TERMS), ()).whole()


class _Names(NamedTuple):
    """What is known by name."""

    saved: Mapping[str, str]
    services: Services


class _Room:
    """How many more terms there may be, in a filter and all saved ones it refers to."""

    def __init__(self, terms: int) -> None:
        self._left = terms

    def take(self, token: Token) -> None:
        self._left -= max(1, len(token.words))
        if self._left < 0:
            raise FilterError(f"too long: a filter has at most {TERMS} terms", (token.start, token.end))


class _Parser:
    """Recursive descent, one method for each level of the grammar."""

    def __init__(self, text: str, names: _Names, room: _Room, within: tuple[str, ...], depth: int = 0) -> None:
        if len(text) > LENGTH:
            raise FilterError(f"too long: a filter has at most {LENGTH:,} characters", (LENGTH, len(text)))
        self._text = text
        self._names = names
        self._room = room
        self._within = within
        """The saved filters that this one is part of."""
        self._depth = depth
        self._tokens = tokens(text)
        self._place = 0

    def whole(self) -> Filter | None:
        if not self._tokens:
            return None
        found = self._any_of()
        if (token := self._next()) is not None:
            raise FilterError("no ( before this )", (token.start, token.end))
        return found

    def _any_of(self) -> Filter:
        parts = [self._all_of()]
        while self._accept("or"):
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all_of(self) -> Filter:
        parts = [self._one()]
        while self._accept("and") or self._kind() not in (None, "or", ")"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self) -> Filter:
        token = self._next()
        if token is None or token.kind in ("and", "or", ")"):
            raise self._nothing_here(token)
        if token.kind in ("(", "not"):
            self._deeper(token)
            found = self._parentheses(token) if token.kind == "(" else Not(self._one())
            self._depth -= 1
            return found
        self._room.take(token)
        if token.kind == "saved":
            return self._saved(token)
        return self._comparison(token) if token.kind == "comparison" else self._free_text(token.words[0])

    def _parentheses(self, opening: Token) -> Filter:
        found = self._any_of()
        if not self._accept(")"):
            raise FilterError("no closing )", (opening.start, opening.end), unfinished=True)
        return found

    def _saved(self, token: Token) -> Filter:
        name, where = token.words[0].text, (token.start, token.end)
        if name not in self._names.saved:
            raise self._no_such(token, name)
        chain = (*self._within, name)
        if name in self._within:
            around = clean(" → ".join(f"@{each}" for each in chain))
            raise FilterError(f"a saved filter refers to itself: {around}", where)
        self._deeper(token)
        try:
            found = _Parser(self._names.saved[name], self._names, self._room, chain, self._depth).whole()
        except FilterError as error:
            raise FilterError(f"@{clean(name, 40)}: {error.message}", where) from None
        if found is None:
            raise FilterError(f"the saved filter @{clean(name, 40)} is empty", where)
        self._depth -= 1
        return found

    def _no_such(self, token: Token, name: str) -> FilterError:
        saved = self._names.saved
        message = f"no saved filter is called {shown(name)}{did_you_mean(name, saved)}"
        unfinished = self._is_last(token) and any(known.startswith(name) for known in saved)
        return FilterError(
            message if name else "expected the name of a saved filter after @", (token.start, token.end), unfinished
        )

    def _comparison(self, token: Token) -> Filter:
        field = ALIASES.get(token.field, token.field)
        after = token.start + len(token.field)
        if field not in FIELDS:
            hint = did_you_mean(field, FIELDS) or "; in quotes it is searched for as text"
            raise FilterError(f"unknown field {shown(field)}{hint}", (token.start, after))
        negated = token.operator == "!="
        operator = cast(Operator, "=" if negated else token.operator)
        if operator != "=" and field not in ORDERED:
            raise FilterError(f"{field}: expected a colon, not {operator}", (after, token.words[0].start))
        if operator != "=" and len(token.words) > 1:
            raise FilterError(f"{field}: expected one value after {operator}", (token.words[1].start, token.end))
        parts = [self._value(field, operator, word) for word in token.words]
        found = parts[0] if len(parts) == 1 else AnyOf(tuple(parts))
        return Not(found) if negated else found

    def _free_text(self, word: Word) -> Filter:
        """`:8080` is what people type for a port."""
        if not word.quoted and word.text.startswith(":") and is_port(word.text[1:], self._names.services):
            return self._value("port", "=", Word(word.text[1:], word.start + 1, word.end))
        return self._value("text", "=", word)

    def _value(self, field: str, operator: Operator, word: Word) -> Filter:
        if not word.closed:
            raise FilterError("no closing quote", (word.start, word.end), unfinished=True)
        try:
            return read_value(field, operator, word, self._names.services)
        except FilterError as error:
            raise FilterError(error.message, error.position, error.unfinished and self._is_last(word)) from None

    def _is_last(self, piece: Token | Word) -> bool:
        """Whether it is what is being typed: it ends the text (something is still missing: but for spaces)."""
        empty = isinstance(piece, Word) and not piece.text
        return piece.end == len(self._text) or (empty and not self._text[piece.end:].strip())

    def _nothing_here(self, found: Token | None) -> FilterError:
        """Where a term should be there is the end of the text, or something that joins terms."""
        if found is None:
            last = self._tokens[-1]
            typed = shown(self._text[last.start:last.end])
            return FilterError(f"expected something to look for after {typed}", (last.start, last.end), unfinished=True)
        typed = shown(self._text[found.start:found.end])
        return FilterError(f"expected something to look for before {typed}", (found.start, found.end))

    def _deeper(self, token: Token) -> None:
        self._depth += 1
        if self._depth > DEPTH:
            message = f"too deep: at most {DEPTH} parentheses, nots and saved filters in one another"
            raise FilterError(message, (token.start, token.end))

    def _kind(self) -> Kind | None:
        return self._tokens[self._place].kind if self._place < len(self._tokens) else None

    def _accept(self, kind: Kind) -> bool:
        if self._kind() != kind:
            return False
        self._place += 1
        return True

    def _next(self) -> Token | None:
        if self._place >= len(self._tokens):
            return None
        self._place += 1
        return self._tokens[self._place - 1]
