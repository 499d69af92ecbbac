"""How 100,000 sockets are gone through without holding up anybody: a window of the table at a time, sorting in runs.

A few thousand values cost a millisecond; after each such piece of work others on the event loop get a turn.
"""

from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Sequence
from typing import Any

from nettui.model.socket_table import SocketTable
from nettui.model.turns import breathe

WINDOW = 1024
"""Places of a table that are looked at in one go."""
RUN = 4096
"""Values that are sorted in one go."""
_SPARSE = 16  # of so many places fewer than one is wanted: they are read one by one


async def windows(
    table: SocketTable, places: Sequence[int], *names: str
) -> AsyncIterator[tuple[Sequence[int], list[Sequence[Any]]]]:
    """(some of `places`, their values of each column named), in the order of `places`, which must be ascending."""
    start, total = 0, len(places)
    while start < total:
        end = bisect_left(places, places[start] + WINDOW, start, total)
        part = places[start:end]
        yield part, [_values(table, name, part) for name in names]
        await breathe()
        start = end


def _values(table: SocketTable, name: str, places: Sequence[int]) -> Sequence[Any]:
    first, last = places[0], places[-1]
    span = last - first + 1
    if span > len(places) * _SPARSE:
        return [table.column(name, place, place + 1)[0] for place in places]
    column = table.column(name, first, last + 1)
    return column if span == len(places) else [column[place - first] for place in places]


async def ascending(places: Sequence[int], size: int) -> Sequence[int]:
    """`places` of a table of that size in the order of the table, whatever order they are in."""
    if len(places) == size:
        return range(size)
    wanted = bytearray(size)
    for start in range(0, len(places), RUN):
        for place in places[start : start + RUN]:
            wanted[place] = 1
        await breathe()
    found: list[int] = []
    for start in range(0, size, RUN):
        found += [place for place, is_wanted in enumerate(wanted[start : start + RUN], start) if is_wanted]
        await breathe()
    return found


async def sorted_positions(values: Sequence[Any], reverse: bool = False) -> list[int]:
    """The positions of `values` from the smallest to the largest; equal ones stay in their order, in reverse too.

    Floats and short texts, all of one kind, are compared fastest.
    """
    key = values.__getitem__
    # Reversed before and after: so equal ones end up as they were.
    positions = range(len(values) - 1, -1, -1) if reverse else range(len(values))
    runs = []
    for start in range(0, len(positions), RUN):
        runs.append(sorted(positions[start : start + RUN], key=key))
        await breathe()
    found = await _merged(runs, values) if len(runs) > 1 else [position for run in runs for position in run]
    if reverse:
        found.reverse()
    return found


async def _merged(runs: list[list[int]], values: Sequence[Any]) -> list[int]:
    """Sorted runs as one: cut at the same values into parts that are each merged in one go (a sample sort)."""
    key = values.__getitem__
    sample = sorted([values[position] for run in runs for position in run[:: RUN // 32]])
    splitters = sorted({sample[len(sample) * number // len(runs)] for number in range(1, len(runs))})
    cuts = []
    for run in runs:
        around = [find(run, value, key=key) for value in splitters for find in (bisect_left, bisect_right)]
        cuts.append([0, *around, len(run)])
    await breathe()
    found: list[int] = []
    for number in range(2 * len(splitters) + 1):
        part: list[int] = []
        for run, cut in zip(runs, cuts, strict=True):
            part += run[cut[number] : cut[number + 1]]
        if number % 2 == 0:  # the others are all equal to a splitter
            part.sort(key=key)
        found += part
        await breathe()
    return found
