"""Sieves: what lets some sockets of a table through. They work on columns, a slice of some thousand rows at a time.

A sieve is given the places that are still in question and returns those that pass, so that what is costly to look at
is only looked at where something cheaper has not decided yet.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress
from typing import Any, NamedTuple

from nettui.model.socket_table import ListedTable, SocketTable
from nettui.sockets.facts import Facts

Places = Sequence[int]
"""Rows of a slice, counted from its start, in ascending order."""


class Slice:
    """Some sockets that stand side by side in a table, and what is known about them."""

    def __init__(self, table: SocketTable, facts: Facts, start: int, end: int) -> None:
        self._table = table
        self._facts = facts
        self._bounds = (start, end)
        self._read: dict[str, Sequence[Any]] = {}

    def column(self, name: str, places: Places) -> Iterable[Any]:
        """One field of the sockets at `places`: one of COLUMNS, or `owners` or `unit`."""
        if name not in self._read:
            self._read[name] = self._looked_up(name)
        values = self._read[name]
        return values if len(places) == len(values) else map(values.__getitem__, places)

    def _looked_up(self, name: str) -> Sequence[Any]:
        if name == "owners":
            return self._with_own(name, self._facts.owners, "inode")
        if name == "unit":
            return self._with_own(name, self._facts.units, "cgroup")
        return self._table.column(name, *self._bounds)

    def _with_own(self, name: str, known: Mapping[Any, Any], by: str) -> Sequence[Any]:
        """What is known by another column, unless the records of a table bring it along."""
        found = [known.get(value) for value in self._table.column(by, *self._bounds)]
        if not isinstance(self._table, ListedTable):
            return found
        own = self._table.column(name, *self._bounds)
        return [mine if mine is not None else other for mine, other in zip(own, found, strict=True)]


class Sieve(NamedTuple):
    """What lets some rows through."""

    cost: int
    """What comes first among several: the cheaper one."""
    keep: Callable[[Slice, Places], Places]
    """Those of the places that pass."""


def tested(test: Callable[[Any], object], *columns: str, cost: int = 1) -> Sieve:
    """Lets through where `test` says so of the value in a column, or of a tuple of values in several."""
    if len(columns) == 1:
        (column,) = columns
        return Sieve(cost, lambda rows, places: list(compress(places, map(test, rows.column(column, places)))))

    def keep(rows: Slice, places: Places) -> Places:
        return list(compress(places, map(test, zip(*(rows.column(name, places) for name in columns), strict=True))))

    return Sieve(cost, keep)


def both(sieves: Iterable[Sieve]) -> Sieve:
    """Lets through what passes every one of the sieves."""
    ordered = sorted(sieves, key=lambda sieve: sieve.cost)

    def keep(rows: Slice, places: Places) -> Places:
        for sieve in ordered:
            if not places:
                break
            places = sieve.keep(rows, places)
        return places

    return Sieve(max((sieve.cost for sieve in ordered), default=0), keep)


def either(sieves: Iterable[Sieve]) -> Sieve:
    """Lets through what passes at least one of the sieves."""
    ordered = sorted(sieves, key=lambda sieve: sieve.cost)

    def keep(rows: Slice, places: Places) -> Places:
        passed: list[int] = []
        for sieve in ordered:
            if not places:
                break
            found = sieve.keep(rows, places)
            passed += found
            places = _without(places, found)
        return sorted(passed)

    return Sieve(max((sieve.cost for sieve in ordered), default=0), keep)


def inverse(sieve: Sieve) -> Sieve:
    """Lets through what the sieve does not."""
    return Sieve(sieve.cost, lambda rows, places: _without(places, sieve.keep(rows, places)))


def _without(places: Places, some: Places) -> Places:
    if not some:
        return places
    taken = frozenset(some)
    return [place for place in places if place not in taken]


class _Memory(dict[Any, object]):
    def __init__(self, test: Callable[[Any], object]) -> None:
        self._test = test

    def __missing__(self, value: Any) -> object:
        answer = self[value] = self._test(value)
        return answer


def remembered(test: Callable[[Any], object]) -> Callable[[Any], object]:
    """The same test, made once for each value: right where values are few or the test is costly."""
    return _Memory(test).__getitem__
