"""Tables of /proc/net with a line of hexadecimal numbers for each processor: softnet_stat and those in stat/.

A table of which one line makes no sense tells nothing: a sum without it would be wrong.
"""

import re
from typing import NamedTuple

from nettui.linux.procfs import ProcfsError
from nettui.model.text import clean

_ROW = re.compile(rb"[0-9a-f]{8,16}(?: +[0-9a-f]{8,16})*")


class Softnet(NamedTuple):
    """Columns 1 to 3 of softnet_stat, all processors together (net/core/net-procfs.c). Each wraps at 2**32."""

    processed: int
    dropped: int
    squeezed: int


class NeighbourTable(NamedTuple):
    """What stat/arp_cache and stat/ndisc_cache tell of a table that all network namespaces share."""

    entries: int
    overflows: int | None
    """`table_fulls`, of all processors; None before Linux 4.0, which does not count them."""


def softnet(text: bytes) -> Softnet:
    """Raises ProcfsError."""
    rows = _rows("softnet_stat", text)
    if len(rows[0]) < len(Softnet._fields):
        raise ProcfsError(f"softnet_stat has {len(rows[0])} columns")
    return Softnet(*(sum(row[place] for row in rows) for place in range(len(Softnet._fields))))


def neighbour_table(text: bytes) -> NeighbourTable:
    """Raises ProcfsError. Every line repeats how many entries there are; the other columns are one processor's."""
    heading, _, lines = text.partition(b"\n")
    names = heading.split()
    rows = _rows("the neighbour table's statistics", lines)
    if b"entries" not in names or len(names) != len(rows[0]):
        raise ProcfsError(f"the neighbour table's statistics have an odd heading: {clean(heading, 60)}")
    fulls = names.index(b"table_fulls") if b"table_fulls" in names else None
    return NeighbourTable(
        rows[0][names.index(b"entries")], None if fulls is None else sum(row[fulls] for row in rows)
    )


def _rows(what: str, text: bytes) -> list[list[int]]:
    """At least one row, all of the same length."""
    *lines, rest = text.split(b"\n")
    if rest or not lines:
        raise ProcfsError(f"{what}: the end is missing")
    for line in lines:
        if not _ROW.fullmatch(line.rstrip()):
            raise ProcfsError(f"{what}: a line of no numbers: {clean(line, 60)}")
    rows = [[int(word, 16) for word in line.split()] for line in lines]
    if len({len(row) for row in rows}) > 1:
        raise ProcfsError(f"{what}: lines of different length")
    return rows
