"""New rows and vanished rows, for the moment in which they are marked as such."""

from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from typing import NamedTuple, Protocol

from nettui.reports.table import Cell

SHOWN_FOR = 2.0
"""Seconds."""

MOST_ROWS = 10_000
"""Nothing is marked in a longer table: so much comes and goes there that it would say nothing, and cost much."""


class Changes(Protocol):
    """What came and went, where who makes the rows knows it."""

    @property
    def new(self) -> Set[Hashable]: ...

    @property
    def gone(self) -> Set[Hashable]: ...


class Ghost(NamedTuple):
    """A row that has vanished from the data: what it last said, and which living row it stood below."""

    cells: Sequence[Cell]
    below: Hashable | None
    until: float


class Marks:
    """Remembers what came and went. Only rows that were on the screen leave a ghost: no one saw the others go."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._new: dict[Hashable, float] = {}
        self._ghosts: dict[Hashable, Ghost] = {}
        self._known: Changes | None = None

    def is_new(self, key: Hashable) -> bool:
        return key in self._new

    def ghost(self, key: Hashable) -> Ghost | None:
        return self._ghosts.get(key)

    def due(self) -> float | None:
        """When the next mark ends, by the clock; None when there is none."""
        return min((*self._new.values(), *(ghost.until for ghost in self._ghosts.values())), default=None)

    def clear(self) -> None:
        self._new.clear()
        self._ghosts.clear()

    def note(
        self, before: Sequence[Hashable], after: Sequence[Hashable], on_screen: Mapping[Hashable, Sequence[Cell]],
        changes: Changes | None = None,
    ) -> None:
        """The data's keys went from `before` to `after` while the rows `on_screen` were there, from top to bottom.

        With `changes` nothing has to be found out. Without, when nothing is left of the old rows it is another
        table, and nothing in it is marked.
        """
        now = self._clock()
        self._new = {key: until for key, until in self._new.items() if until > now}
        self._ghosts = {key: ghost for key, ghost in self._ghosts.items() if ghost.until > now}
        if changes is not None:
            if changes is not self._known:  # else these rows are shown again, with more in them
                self._known = changes
                self._mark(changes.new, changes.gone, on_screen, now + SHOWN_FOR)
            return
        if after is before or after == before:
            return
        old, new = (set(before), set(after)) if len(after) <= MOST_ROWS >= len(before) else (set(), set())
        if old.isdisjoint(new):
            self.clear()
            return
        self._mark(new - old, old - new, on_screen, now + SHOWN_FOR)

    def _mark(
        self, new: Set[Hashable], gone: Set[Hashable], on_screen: Mapping[Hashable, Sequence[Cell]], until: float
    ) -> None:
        if len(new) <= MOST_ROWS:
            self._new.update(dict.fromkeys(new, until))
        for key in self._ghosts.keys() & new:
            del self._ghosts[key]
        below: Hashable | None = None
        for key, cells in on_screen.items():
            if key in gone:
                self._ghosts[key] = Ghost(cells, below, until)
            elif key not in self._ghosts:
                below = key

    def woven(self, keys: Sequence[Hashable]) -> Sequence[Hashable]:
        """`keys` with each ghost where it stood: below the living row that was above it."""
        if not self._ghosts:
            return keys
        below: dict[Hashable | None, list[Hashable]] = {}
        for key, ghost in self._ghosts.items():
            below.setdefault(ghost.below, []).append(key)
        order = [*below.pop(None, ()), *keys]
        places = [at for at, key in enumerate(order) if key in below]  # of 100,000: no more than this for each
        for at in reversed(places):
            order[at + 1 : at + 1] = below[order[at]]
        return order
