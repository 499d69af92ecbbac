"""The sockets that have something in common, and how many of them are in each state."""

from array import array
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from msgspec import Struct

from nettui.model.socket_table import SocketTable
from nettui.model.turns import breathe
from nettui.sockets.facts import Facts
from nettui.sockets.frame import GROUP_STATES, Group
from nettui.sockets.labels import Labels, labels
from nettui.sockets.windows import WINDOW, ascending, sorted_positions, windows

_WIDTH = len(GROUP_STATES)
_PLACE = {state: place for place, state in enumerate(GROUP_STATES)}


async def grouped(table: SocketTable, places: Sequence[int], facts: Facts, by: str) -> tuple[Group, ...]:
    """The sockets at `places` by one of GROUPS (`nettui.sockets.frame`), the largest group first, then by name.

    Within a group they stay in the order of `places`. A socket that several processes have open counts for the one
    with the lowest pid. Those of which it is not known are together as `--`, with the key None; those that no process
    has open are a group of their own.
    """
    wanted = labels(by, table, facts)
    numbers = _Numbers()
    of_place = [0] * len(table)
    counted: Counter[int] = Counter()
    in_table = await ascending(places, len(table))
    async for part, (states, *columns) in windows(table, in_table, "state", *wanted.columns):
        found = [numbers[key] for key in wanted.keys(columns)]
        counted.update([number * _WIDTH + _PLACE[state] for number, state in zip(found, states, strict=True)])
        for place, number in zip(part, found, strict=True):
            of_place[place] = number
    members = await _members(places, of_place, len(numbers))
    counts = await _counts(counted, len(numbers))
    return await _largest_first(list(numbers), wanted, counts, members)


class _Numbers(dict[Hashable, int]):
    """0, 1, 2 ... for what is new, the same number again for the same."""

    def __missing__(self, key: Hashable) -> int:
        self[key] = number = len(self)
        return number


class Members(Struct, frozen=True, gc=False):
    """The places of one group: a part of the places of all, which stand one group behind the other."""

    every: Sequence[int]
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def __getitem__(self, at: Any) -> Any:
        """One, or with a slice several."""
        return self.every[self.start : self.end][at]

    def __iter__(self) -> Iterator[int]:
        return iter(self.every[self.start : self.end])


async def _members(places: Sequence[int], of_place: list[int], size: int) -> list[Members]:
    """The places of each group."""
    sizes = [0] * size
    for start in range(0, len(places), WINDOW):
        for place in places[start : start + WINDOW]:
            sizes[of_place[place]] += 1
        await breathe()
    free = list(accumulate(sizes, initial=0))
    members: list[Members] = []
    every = array("I", bytes(4 * len(places)))
    for number in range(size):
        members.append(Members(every, free[number], free[number + 1]))
        if number % WINDOW == 0:
            await breathe()
    for start in range(0, len(places), WINDOW):
        for place in places[start : start + WINDOW]:
            number = of_place[place]
            every[free[number]] = place
            free[number] += 1
        await breathe()
    return members


async def _counts(counted: Counter[int], size: int) -> list[tuple[int, ...]]:
    """The counts of each group by state. Groups of one socket may be many, and share theirs."""
    table = array("I", [0]) * (_WIDTH * size)
    for turn, (place, count) in enumerate(counted.items(), 1):
        table[place] = count
        if turn % WINDOW == 0:
            await breathe()
    same: dict[tuple[int, ...], tuple[int, ...]] = {}
    counts: list[tuple[int, ...]] = []
    for turn in range(1, size + 1):
        row = tuple(table[(turn - 1) * _WIDTH : turn * _WIDTH])
        counts.append(same.setdefault(row, row))
        if turn % WINDOW == 0:
            await breathe()
    return counts


async def _largest_first(
    keys: list[Hashable], wanted: Labels, counts: list[tuple[int, ...]], members: list[Members]
) -> tuple[Group, ...]:
    names: list[str] = []
    for start in range(0, len(keys), WINDOW):
        names += [wanted.order(key) for key in keys[start : start + WINDOW]]
        await breathe()
    by_name = await sorted_positions(names)
    by_size = await sorted_positions([-len(members[number]) for number in by_name])
    groups: list[Group] = []
    for turn, position in enumerate(by_size, 1):
        number = by_name[position]
        key = keys[number]
        groups.append(Group(key, wanted.name(key), counts[number], members[number]))
        if turn % WINDOW == 0:
            await breathe()
    return tuple(groups)
