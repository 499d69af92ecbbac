"""What may come next in a filter that is being typed, and what each field is for."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from nettui.model.socket_filter import MEASURES
from nettui.sockets.language import ALIASES
from nettui.sockets.spelling import value_text
from nettui.sockets.tokens import Token, Word, tokens
from nettui.sockets.values import PROTOCOLS, STATE_GROUPS, STATES_BY_NAME, fold_state

SAVED = "@"
"""The key of the names of saved filters among what is known."""

MOST = 50
"""Options that are offered at once."""


class Completion(NamedTuple):
    """What the text from `start` to `end` may be replaced with."""

    start: int
    end: int
    options: tuple[str, ...]
    """The likeliest first."""


class FieldHelp(NamedTuple):
    """One line about a field."""

    words: str
    example: str


FIELD_HELP = {
    "state": FieldHelp("TCP state, or a group of them as in ss", "state:close-wait,time-wait"),
    "port": FieldHelp("port at either end: a number, a range, a service", "port:8000-8100"),
    "process": FieldHelp("name of a process that has it open, or a part of it", "process:java"),
    "dst": FieldHelp("address or network of the peer, with a port or without", "dst:10.0.3.0/24"),
    "src": FieldHelp("local address or network, with a port or without", "src:192.0.2.2:443"),
    "addr": FieldHelp("address or network of either end", "addr:2001:db8::/32"),
    "sport": FieldHelp("local port", "sport:https"),
    "dport": FieldHelp("port of the peer", "dport:5432"),
    "pid": FieldHelp("number of a process that has it open", "pid:4711"),
    "user": FieldHelp("whose it is: login name or number", "user:app"),
    "unit": FieldHelp("systemd unit or container, or a part of its name", "unit:nginx"),
    "proto": FieldHelp("tcp, udp, quic, unix, raw, mptcp, ipv4, ipv6, or both as in tcp6", "proto:udp"),
    "rtt": FieldHelp("smoothed round-trip time", "rtt>200ms"),
    "retrans": FieldHelp("segments sent again since it began", "retrans>0"),
    "recvq": FieldHelp("bytes not read yet; of a listener: connections not accepted yet", "recvq>0"),
    "sendq": FieldHelp("bytes not acknowledged yet; of a listener: its backlog", "sendq>10k"),
    "idle": FieldHelp("time without data in either direction", "idle>1h"),
    "age": FieldHelp("time since it was first seen", "age<10s"),
    "timer": FieldHelp("time until its timer fires", "timer<5s"),
    "iface": FieldHelp("interface it is bound to, or a part of its name", "iface:eth0"),
    "inode": FieldHelp("number of its inode, as in /proc/PID/fd", "inode:12345"),
    "text": FieldHelp("anything a row shows; the same without the field", "text:10.0.3."),
}
"""All fields, those that are looked for most first."""

_HUNTED = ("close-wait", "time-wait", "established", "listen", "syn-sent", "syn-recv")
_CHOICES: dict[str, Sequence[str]] = {
    "state": tuple(dict.fromkeys((*_HUNTED, *STATES_BY_NAME, *STATE_GROUPS))),
    "proto": tuple(PROTOCOLS),
    **{field: (FIELD_HELP[field].example[len(field) + 1:],) for field in MEASURES},
}
"""The values of fields whose values do not depend on what there is."""
_GUESSED = ("state", "proto", "process", "unit", "user")
"""Fields whose values people begin to type without the field."""
_SHARED = {"sport": "port", "dport": "port", "src": "addr", "dst": "addr"}


def complete(text: str, cursor: int, known: Mapping[str, Sequence[str]]) -> Completion | None:
    """What may stand where the cursor is; None where there is nothing to offer.

    `known` is what there is now, by field (`process`, `unit`, `user`, `iface`, `port`, `addr`, the likeliest first; for
    one end `sport`, `src` and so on, where that is better), and under SAVED the names of saved filters.
    """
    before = [token for token in tokens(text) if token.start < cursor]
    token = before[-1] if before else None
    if token is None or token.end < cursor or not token.words:  # after a space, a parenthesis, a minus sign
        joins = token is not None and token.kind in ("word", "saved", "comparison", ")")
        return _offer(text, cursor, cursor, _beginnings("", known, ("and", "or", "not") if joins else ("not",)))
    word = next((word for word in token.words if word.start <= cursor <= word.end), None)
    if word is None:
        return None
    typed = text[word.start + word.quoted:cursor]
    if token.kind == "comparison":
        return _offer(text, word.start, word.end, _values(token, word, typed, known))
    if token.kind == "saved":
        return _offer(text, word.start, word.end, _matching(typed, known.get(SAVED, ())))
    return None if word.quoted else _offer(text, word.start, word.end, _beginnings(typed, known, ("and", "or", "not")))


def _offer(text: str, start: int, end: int, options: Iterable[str]) -> Completion | None:
    there = text[start:end]
    found = tuple(islice(dict.fromkeys(option for option in options if option != there), MOST))
    return Completion(start, end, found) if found else None


def _beginnings(typed: str, known: Mapping[str, Sequence[str]], keywords: Sequence[str]) -> Iterator[str]:
    """Fields, then keywords, then whole terms that what was typed may be meant for."""
    begun = typed.lower()
    names = [name for name in FIELD_HELP if name.startswith(begun)]
    names += [field for alias, field in ALIASES.items() if begun and alias.startswith(begun)]
    yield from (FIELD_HELP[name].example[:len(name) + 1] for name in names)
    yield from (word for word in keywords if word.startswith(begun))
    if len(begun) > 1:
        for field in _GUESSED:
            values = _CHOICES.get(field) or known.get(field, ())
            yield from (f"{field}:{value_text(value)}" for value in values if value.lower().startswith(begun))


def _values(token: Token, word: Word, typed: str, known: Mapping[str, Sequence[str]]) -> Iterator[str]:
    field = ALIASES.get(token.field, token.field)
    choices = _CHOICES.get(field) or known.get(field) or known.get(_SHARED.get(field, ""), ())
    taken = {other.text.lower() for other in token.words if other is not word}
    fold = fold_state if field == "state" else str.lower
    return (value_text(value) for value in _matching(typed, choices, fold) if value not in taken)


def _matching(typed: str, choices: Sequence[str], fold: Callable[[str], str] = str.lower) -> Iterator[str]:
    """Those that begin with what was typed, then those that have it inside."""
    wanted = fold(typed)
    folded = [(fold(choice), choice) for choice in choices]
    yield from (choice for name, choice in folded if name.startswith(wanted))
    yield from (choice for name, choice in folded if wanted in name[1:])
