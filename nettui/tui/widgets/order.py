"""Which rows of a table are shown and in what order: filter, sort, and the patience not to re-sort under the cursor."""

from collections.abc import Callable, Hashable, Sequence

from nettui.reports.table import EMPTY, Column, Rows, arranged

HOLD = 2.0
"""Seconds for which rows keep their places after the cursor has moved."""

MOST_PATCHED = 10_000
"""A longer table that is neither filtered nor sorted is not held: it would have to be gone through row by row."""

REST = 10.0
"""A sort that took t seconds is not done again for REST * t: a huge table costs no more than a tenth of a core."""


class RowOrder:
    """The keys to show, kept up to date as rows, filter and sort change.

    Without filter and sort they are the source's own keys, and no cell is looked at.
    """

    def __init__(self, columns: Sequence[Column], clock: Callable[[], float]) -> None:
        self.keys: Sequence[Hashable] = ()
        self.rows: Rows = EMPTY
        self.needle = ""
        self.sort: str | None = None
        self.reverse = False
        self.columns = columns
        self._clock = clock
        self.source: Sequence[Hashable] = ()
        self._patched = False
        self._held_until = float("-inf")

    def update(self, rows: Rows) -> None:
        """Takes new rows, or the same again once `due` has come."""
        if rows is self.rows and not self._patched:
            return
        before, self.rows, self.source = self.source, rows, rows.keys
        lazy = not self.needle and self.sort is None and len(self.source) > MOST_PATCHED
        if lazy or self._clock() >= self._held_until:
            self.arrange()
        else:
            self._patch(before)

    def arrange(self) -> None:
        """Filters and sorts now, whatever holds the order."""
        self._held_until = float("-inf")
        self._patched = False
        if not self.needle and self.sort is None:
            self.keys = self.source
            return
        begun = self._clock()
        self.keys = arranged(self.rows, self.columns, self.needle, self.sort, self.reverse)
        ended = self._clock()
        self._held_until = ended + REST * (ended - begun)

    def hold(self) -> None:
        """The cursor has moved: rows keep their places for `HOLD` seconds."""
        self._held_until = max(self._held_until, self._clock() + HOLD)

    def due(self) -> float | None:
        """When the hold ends, by the clock; None when nothing is held."""
        return self._held_until if self._held_until > self._clock() else None

    def _patch(self, before: Sequence[Hashable]) -> None:
        """Takes out the rows that are gone and appends the new ones that pass the filter; the others stay put."""
        self._patched = True
        if self.source is before or self.source == before:
            return
        known, alive = set(before), set(self.source)
        kept = [key for key in self.keys if key in alive]
        added = _Some(self.rows, [key for key in self.source if key not in known])
        self.keys = kept + arranged(added, self.columns, self.needle, None, False)


class GivenOrder(RowOrder):
    """The order of rows that come filtered and sorted: what is chosen here is a wish to whoever makes them."""

    def update(self, rows: Rows) -> None:
        self.rows, self.source = rows, rows.keys
        self.keys = self.source

    def arrange(self) -> None:
        self.keys = self.source


class _Some:
    """Some of the rows of another source."""

    def __init__(self, rows: Rows, keys: Sequence[Hashable]) -> None:
        self.keys = keys
        self.cells = rows.cells


def position(keys: Sequence[Hashable], key: Hashable, near: int) -> int | None:
    """Where `key` stands in `keys`; looked for at `near` first, where it mostly still is."""
    if 0 <= near < len(keys) and keys[near] == key:
        return near
    try:
        return keys.index(key)
    except ValueError:
        return None
