"""Which figure of a program's answer is wanted: a path into JSON, or a metric of the Prometheus text format."""

import re

from msgspec import Struct

from nettui.model.text import clean

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|$)', re.DOTALL)
_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|([^."\\{}\s]+)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Selector(Struct, frozen=True, kw_only=True):
    """One figure. Which of the two readings holds is decided by what the program answers."""

    text: str
    """As it was written, made safe."""
    path: tuple[str, ...] = ()
    """Keys and indices from the top of a JSON document; empty: it names a metric only."""
    metric: str | None = None
    """The name of a metric; None: it is a path only."""
    labels: tuple[tuple[str, str], ...] = ()
    """Labels that the metric's sample must have, whatever others it has."""


def parse_selector(text: str) -> Selector:
    """`measurements.0.value`, `"dotted.key".size`, `name` or `name{label="value",...}`.

    Raises ValueError for anything else.
    """
    name, brace, rest = text.partition("{")
    if brace and _METRIC.fullmatch(name.strip()):
        return Selector(text=clean(text), metric=name.strip(), labels=_labels(rest.rstrip()))
    metric = text if _METRIC.fullmatch(text) else None
    return Selector(text=clean(text), path=_path(text), metric=metric)


def unescaped(text: str) -> str:
    r"""A label's value without its escapes: `\\`, `\"` and `\n` (Prometheus text format 0.0.4)."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], text) if "\\" in text else text


def _labels(rest: str) -> tuple[tuple[str, str], ...]:
    if not rest.endswith("}"):
        raise ValueError("the labels do not end with }")
    inside, place, found = rest[:-1], 0, []
    while inside[place:].strip():
        label = _LABEL.match(inside, place)
        if label is None:
            raise ValueError('a label is written name="value"')
        found.append((label[1], unescaped(label[2])))
        place = label.end()
    return tuple(found)


def _path(text: str) -> tuple[str, ...]:
    parts, place = [], 0
    while True:
        part = _PART.match(text, place)
        if part is None:
            raise ValueError("a path is keys and indices with dots between them")
        parts.append(part[2] if part[1] is None else unescaped(part[1]))
        place = part.end()
        if place == len(text):
            return tuple(parts)
        if text[place] != ".":
            raise ValueError("a path is keys and indices with dots between them")
        place += 1
