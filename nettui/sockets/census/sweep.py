"""What the slices of a sweep over all connections have found, together; until all were looked at, what the last had."""

from collections import deque
from collections.abc import Hashable, Mapping
from typing import NamedTuple

from nettui.model.census import Pool, Silent, Unanswered
from nettui.sockets.census.comb import Comb, slices_for
from nettui.sockets.census.destinations import Traffic
from nettui.sockets.census.ending import merged_unanswered
from nettui.sockets.census.standing import merged_pools, merged_silences

RECENT = 4
"""Slices from which the traffic is estimated: more would be steadier, and later."""


class Slice(NamedTuple):
    """What one slice holds."""

    at: float
    """Unix time in seconds."""
    size: int
    traffic: Traffic
    pools: Mapping[Hashable, Pool] | None
    """None: the system does not tell when data went and came."""
    silences: Mapping[Hashable, Silent] | None
    unanswered: Mapping[Hashable, Unanswered] | None
    """None: the system does not tell what is sent again."""


class Standing(NamedTuple):
    """What all connections that stand are like."""

    pools: tuple[Pool, ...] | None = None
    silent: tuple[Silent, ...] | None = None
    since: float | None = None
    """When the oldest part was looked at."""


class Sweep:
    """Goes round: each slice replaces the one that was found in its place before."""

    def __init__(self, most: int, whole: int) -> None:
        """`most`: sockets in a slice; up to `whole` all are looked at each time."""
        self.comb = Comb(1)
        self.next = 0
        """Which slice is to be looked at."""
        self._most, self._whole = most, whole
        self._found: dict[int, Slice] = {}
        self._recent: deque[tuple[Traffic, int]] = deque(maxlen=RECENT)
        self._before = Standing()

    @property
    def is_whole(self) -> bool:
        """Whether one slice has all."""
        return self.comb.slices == 1

    @property
    def is_complete(self) -> bool:
        """Whether every slice was looked at."""
        return len(self._found) == self.comb.slices

    @property
    def size(self) -> int:
        """How many sockets there are in the slices that were looked at."""
        return sum(each.size for each in self._found.values())

    @property
    def recent(self) -> tuple[tuple[Traffic, int], ...]:
        """The traffic of the newest slices, each with how many ephemeral ports it saw."""
        return tuple(self._recent)

    def prepare(self, sockets: int, ephemeral: range) -> None:
        """Cut such that a slice of so many sockets is of the size that was wished for."""
        slices = 1 if sockets <= self._whole else max(2, slices_for(sockets, self._most, self.comb.slices))
        if (slices, ephemeral) != self.comb:
            self._before = self.standing()
            self.comb, self.next = Comb(slices, ephemeral), 0
            self._found.clear()
            self._recent.clear()

    def add(self, found: Slice) -> None:
        """What was found in the slice that was the next."""
        self._found[self.next] = found
        self._recent.append((found.traffic, self.comb.ports(self.next)))
        self.next = (self.next + 1) % self.comb.slices

    def standing(self) -> Standing:
        """All slices together."""
        slices = self._found.values()
        if not self.is_complete:
            return self._before
        since = min(each.at for each in slices)
        pools = [each.pools for each in slices if each.pools is not None]
        silences = [each.silences for each in slices if each.silences is not None]
        if len(pools) < len(slices) or len(silences) < len(slices):  # where there is nothing, nothing is missing
            return Standing(since=since)
        return Standing(merged_pools(pools), merged_silences(silences), since)

    def unanswered(self, others: Mapping[Hashable, Unanswered]) -> tuple[Unanswered, ...]:
        """Those of all slices looked at so far, and others."""
        return merged_unanswered([others, *(each.unanswered or {} for each in self._found.values())])
