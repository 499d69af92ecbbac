"""Where a table's columns stand in a given width, and how one text is fitted into one of them."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment

from nettui.model.text import LIMIT, clean
from nettui.reports.table import Column

GAP = 1
"""Empty cells between two columns."""


class Placed(NamedTuple):
    """A column that has found room: its place among the table's columns, and its cells on the screen."""

    place: int
    x: int
    width: int


def lay_out(columns: Sequence[Column], room: int, x: int = 0) -> tuple[Placed, ...]:
    """`columns` in `room` cells, from cell `x` on.

    While they do not fit, the one with the highest priority is dropped, the last of them first. Those with
    priority 0 stay: they shrink, the widest first, and leave from the right only when there is not even one cell
    for each. What is left over goes to the columns that grow.
    """
    kept = list(range(len(columns)))
    widths = [max(1, column.width) for column in columns]
    while _total(widths, kept) > room and (dropped := max((columns[i].priority, i) for i in kept))[0] > 0:
        kept.remove(dropped[1])
    while kept and _total([1] * len(columns), kept) > room:
        kept.pop()
    while (over := _total(widths, kept) - room) > 0:
        _shrink(widths, kept, over)
    _grow(columns, widths, kept, room - _total(widths, kept))
    placed = []
    for i in kept:
        placed.append(Placed(i, x, widths[i]))
        x += widths[i] + GAP
    return tuple(placed)


def _total(widths: Sequence[int], kept: Sequence[int]) -> int:
    return sum(widths[i] for i in kept) + GAP * max(0, len(kept) - 1)


def _shrink(widths: list[int], kept: Sequence[int], over: int) -> None:
    """Brings the widest columns down to the next width below theirs, or as far as `over` asks."""
    most = max(widths[i] for i in kept)
    widest = [i for i in kept if widths[i] == most]
    floor = max((widths[i] for i in kept if widths[i] < most), default=1)
    if over < len(widest):
        widest = widest[-over:]
    step = max(1, min(most - floor, over // len(widest)))
    for i in widest:
        widths[i] -= step


def _grow(columns: Sequence[Column], widths: list[int], kept: Sequence[int], spare: int) -> None:
    shares = sum(columns[i].grow for i in kept)
    seen = given = 0
    for i in kept if shares and spare > 0 else ():
        seen += columns[i].grow
        share = spare * seen // shares - given
        widths[i] += share
        given += share


def fit(text: str, width: int, ellipsis: str = "…", clip: Literal["end", "start", "middle"] = "end") -> str:
    """`text` cut to at most `width` cells: at its end or in its middle, marked with `ellipsis` if there is room for it,
    or at its start.

    What the boundary should have cleaned and did not is cleaned here: nothing that a terminal obeys gets through.
    """
    if clip == "start":
        text = text[-LIMIT:]
    if len(text) > LIMIT or not text.isprintable():
        text = clean(text)
    cells = len(text) if text.isascii() else cell_len(text)
    if cells <= width:
        return text
    if clip == "start":
        return Segment(text).split_cells(cells - width)[1].text
    room = width - cell_len(ellipsis)
    if clip == "middle" and room > 1:
        last = Segment(text).split_cells(cells - (room + 1) // 2)[1].text
        return set_cell_size(text, room // 2) + ellipsis + last
    return set_cell_size(text, room).rstrip() + ellipsis if room > 0 else set_cell_size(text, max(0, width))


def padding(text: str, width: int, align: Literal["left", "right"]) -> tuple[str, str]:
    """The spaces before and after a fitted `text` that make it `width` cells wide."""
    spare = " " * (width - (len(text) if text.isascii() else cell_len(text)))
    return (spare, "") if align == "right" else ("", spare)
