"""Sockets and groups of sockets as a table of plain text: cut to a terminal's width, or whole for a pipe."""

from collections.abc import Iterator, Sequence
from typing import Any

from nettui.reports.format import UNKNOWN, shortened
from nettui.reports.sockets_fields import FIELDS, SLICE, Column, Field, picked
from nettui.reports.tables.socket_groups import group_name
from nettui.sockets.frame import GROUP_STATES, SocketFrame

GAP = "  "

_ENOUGH = {"local": 18, "peer": 19, "process": 12, "unit": 12, "user": 8}
"""Columns that can be cut, and to how many characters before another is dropped for them."""
_LEAST = 8
"""Characters that such a column keeps at the very least."""


def sockets_text(frame: SocketFrame, fields: Sequence[str], width: int | None = None) -> Iterator[str]:
    """A line of titles and one for each socket, in pieces of whole lines; nothing where there is no socket.

    With `width`, columns that find no room are dropped and long texts cut in their middle. A piece may be empty.
    """
    if not frame.order:
        return
    made = picked(frame, [source for name in fields for source in _sources(FIELDS[name])])
    while True:
        try:
            next(made)
        except StopIteration as done:
            columns: dict[str, Column] = done.value
            break
        yield ""
    texts = {}
    for name in fields:
        texts[name] = list(_texts(frame, FIELDS[name], columns))
        yield ""
    yield from _table(fields, texts, width)


def groups_text(frame: SocketFrame, width: int | None = None) -> Iterator[str]:
    """A line for each group, with the states that any of them has."""
    if not frame.groups:
        return
    present = [at for at in range(len(GROUP_STATES)) if any(group.counts[at] for group in frame.groups)]
    names = [group_name(frame, group) for group in frame.groups]
    rows = [[f"{sum(group.counts):,}", *(f"{group.counts[at]:,}" for at in present)] for group in frame.groups]
    titles = ["TOTAL", *(str(GROUP_STATES[at]) for at in present)]
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    room = max(map(len, ["GROUP", *names]))
    if width is not None:
        room = max(_LEAST, min(room, width - sum(widths) - len(GAP) * len(widths)))
    for name, row in zip(["GROUP", *names], [titles, *rows], strict=True):
        numbers = GAP.join(text.rjust(cells) for text, cells in zip(row, widths, strict=True))
        yield f"{shortened(name, room).ljust(room)}{GAP}{numbers}"[:width] + "\n"


def _sources(field: Field) -> tuple[str, ...]:
    return field.text_sources or field.sources


def _texts(frame: SocketFrame, field: Field, columns: dict[str, Column]) -> Iterator[str]:
    make = field.texts or field.values
    made: Sequence[Any] = make(frame.facts, frame.taken_at, *[columns[source] for source in _sources(field)])
    return (UNKNOWN if value is None else str(value) for value in made)


def _table(fields: Sequence[str], texts: dict[str, list[str]], width: int | None) -> Iterator[str]:
    widths = {name: max(len(FIELDS[name].title), max(map(len, texts[name]))) for name in fields}
    shown = list(fields) if width is None else _fitted(fields, widths, width)
    yield _lines(shown, [[FIELDS[name].title] for name in shown], widths)
    for start in range(0, len(texts[shown[0]]), SLICE):
        yield _lines(shown, [texts[name][start : start + SLICE] for name in shown], widths)


def _fitted(fields: Sequence[str], widths: dict[str, int], width: int) -> list[str]:
    """The columns that have room, the long ones shrunk: at first those are dropped that are missed least."""
    shown = list(fields)

    def enough() -> int:
        return sum(min(widths[name], _ENOUGH.get(name, widths[name])) for name in shown) + len(GAP) * (len(shown) - 1)

    while enough() > width and (most := max(shown, key=lambda name: FIELDS[name].priority)) and FIELDS[most].priority:
        shown.remove(most)
    while sum(widths[name] for name in shown) + len(GAP) * (len(shown) - 1) > width:
        longest = max((name for name in shown if name in _ENOUGH), key=widths.__getitem__, default=None)
        if longest is None or widths[longest] <= _LEAST:
            break  # it is narrower than anything can be: lines wrap
        widths[longest] -= 1
    return shown


def _lines(shown: Sequence[str], columns: Sequence[Sequence[str]], widths: dict[str, int]) -> str:
    padded = []
    for name, column in zip(shown, columns, strict=True):
        cells = widths[name]
        fitted = [shortened(text, cells) for text in column] if name in _ENOUGH else column
        adjusted = str.rjust if FIELDS[name].align_right else str.ljust
        padded.append([adjusted(text, cells) for text in fitted])
    return "".join([GAP.join(row).rstrip() + "\n" for row in zip(*padded, strict=True)])
