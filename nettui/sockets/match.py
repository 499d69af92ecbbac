"""Which sockets of a table pass a filter, and what has to be looked up for that.

Two values, not three: a comparison with what is not known is false, so its opposite is true. `-process:java` is all
that is not known to be java's, which is what people expect of a minus sign.
"""

from typing import NamedTuple

from nettui.model.socket_filter import AllOf, AnyOf, Filter, Is, fields
from nettui.model.socket_table import SocketTable
from nettui.sockets.facts import Facts
from nettui.sockets.leaves import leaf
from nettui.sockets.sieve import Sieve, Slice, both, either, inverse


class Matcher:
    """One filter, applied to one table after another, each from its start to its end in slices."""

    def __init__(self, wanted: Filter) -> None:
        self._wanted = wanted
        self._current: tuple[SocketTable, Facts, Sieve] | None = None

    def places(self, table: SocketTable, facts: Facts, start: int, end: int) -> list[int]:
        """The places from `start` up to `end` that pass. A few thousand at a time cost some milliseconds."""
        rows = Slice(table, facts, start, end)
        kept = self._sieve(table, facts).keep(rows, range(end - start))
        return [start + place for place in kept]

    def _sieve(self, table: SocketTable, facts: Facts) -> Sieve:
        """What is remembered in a sieve is good for one table and what is known about it."""
        if self._current is None or self._current[0] is not table or self._current[1] is not facts:
            self._current = (table, facts, _sieve(self._wanted, facts, table.taken_at))
        return self._current[2]


def matcher(wanted: Filter) -> Matcher:
    """Ready to tell which sockets pass a filter."""
    return Matcher(wanted)


def _sieve(wanted: Filter, facts: Facts, now: float) -> Sieve:
    if isinstance(wanted, Is):
        return leaf(wanted, facts, now)
    if isinstance(wanted, AllOf):
        return both([_sieve(part, facts, now) for part in wanted.parts])
    if isinstance(wanted, AnyOf):
        return either([_sieve(part, facts, now) for part in wanted.parts])
    return inverse(_sieve(wanted.part, facts, now))


class Needs(NamedTuple):
    """What has to be known of every socket."""

    measures: bool
    """The columns `rtt`, `retrans` and `idle`."""
    cgroups: bool
    """The column `cgroup`, and the units."""
    owners: bool
    """Who has it open."""


def needs(wanted: Filter | None, sort: str = "state") -> Needs:
    """What has to be looked up to filter like this and to sort by this."""
    looked_at = fields(wanted) | {sort}
    return Needs(
        measures=not looked_at.isdisjoint(("rtt", "retrans", "idle")),
        cgroups=not looked_at.isdisjoint(("unit", "text")),
        owners=not looked_at.isdisjoint(("process", "pid", "text")),
    )
