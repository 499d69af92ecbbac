"""Readings over a window of time: how much a counter rose, in which direction a figure goes, how long it will last.

A counter's rise is judged over a window that is cut in parts. What is too much in every part has lasted for the
whole window and need not be waited for again; a burst fills one part and leaves the others quiet.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any, NamedTuple

from nettui.diagnosis.condition import Case
from nettui.model.census import Census
from nettui.model.vitals import Vitals

PARTS = 3
"""The window is cut into so many, and holds at least so many steps from one reading to the next."""

TREND = 120
"""Readings that the trend of one of the host's figures goes back."""

SAMPLES = 40
"""Readings that stand for all in the trend of a group, of which there may be many."""

FEWEST = 8
"""Readings in a minute that a pace can be taken from; where there are fewer, the last so many."""

RECENT = 60.0
"""Seconds over which it is taken, or more where readings are far apart."""

HORIZON = 7 * 86_400.0
"""Seconds beyond which nobody wants to know when something will run out."""

_at = attrgetter("at")


class Window(NamedTuple):
    """The last seconds of a counter."""

    began: float
    """Unix time of its first reading."""
    seconds: float
    parts: tuple[tuple[Vitals, ...], ...]
    """Each begins with the reading that ends the one before."""


def window(readings: Sequence[Vitals], seconds: float) -> Window | None:
    """The last `seconds`, or more where readings are far apart; None while there are too few."""
    if len(readings) <= PARTS:
        return None
    end = readings[-1].at
    begin = min(end - seconds, readings[-1 - PARTS].at)
    first = bisect_right(readings, begin, key=_at) - 1
    if first < 0:
        return None
    cuts = [first]
    for part in range(1, PARTS):
        ideal = bisect_right(readings, begin + (end - begin) * part / PARTS, key=_at) - 1
        cuts.append(min(max(ideal, cuts[-1] + 1), len(readings) - 1 - (PARTS - part)))
    cuts.append(len(readings) - 1)
    if any(before >= after for before, after in pairwise(cuts)):  # readings of one moment: a recording may hold any
        return None
    parts = tuple(tuple(readings[a : b + 1]) for a, b in pairwise(cuts))
    return Window(readings[first].at, end - readings[first].at, parts)


def rise(part: Sequence[Vitals], *counters: str) -> int | None:
    """By how much these counters rose together; None where one was not read. One that starts again adds nothing."""
    total = 0
    for counter in counters:
        before = None
        for reading in part:
            value = getattr(reading, counter)
            if value is None:
                return None
            if before is not None and value > before:
                total += value - before
            before = value
    return total


def whole(found: Window) -> tuple[Vitals, ...]:
    """All readings of a window."""
    return (*found.parts[0], *(reading for part in found.parts[1:] for reading in part[1:]))


def pace(found: Window, *counters: str) -> float | None:
    """How much these counters rose per second in the quietest part of a window; None where one was not read."""
    paces = []
    for part in found.parts:
        rose = rise(part, *counters)
        seconds = part[-1].at - part[0].at
        if rose is None or seconds <= 0:
            return None
        paces.append(rose / seconds)
    return min(paces)


def paces(readings: Sequence[Vitals], *counters: str) -> tuple[float, ...]:
    """The same from one reading to the next, as a trend; steps that were not read are left out."""
    found = []
    for pair in pairwise(readings[-TREND - 1 :]):
        rose, seconds = rise(pair, *counters), pair[1].at - pair[0].at
        if rose is not None and seconds > 0:
            found.append(rose / seconds)
    return tuple(found)


def sampled(readings: Sequence[Any]) -> Sequence[Any]:
    """SAMPLES of them or up to twice as many, evenly spaced, with the newest: enough for a trend."""
    step = max(1, len(readings) // SAMPLES)
    return readings[(len(readings) - 1) % step :: step] if step > 1 else readings


Counts = Mapping[Hashable, float]
"""The figures of the groups of one census, by what makes a group this one and not another."""


def counted(part: str, figure: Callable[[Any], tuple[Hashable, float] | None]) -> Callable[[Census], Counts | None]:
    """What counts the groups of one part of a census; None where it was not counted.

    `figure` gives what a group is called and its figure, None for one that does not matter; those of one name are
    added up.
    """

    def counts_of(census: Census) -> Counts | None:
        groups = getattr(census, part)
        if groups is None:
            return None
        counts: dict[Hashable, float] = {}
        for found in map(figure, groups):
            if found is not None:
                counts[found[0]] = counts.get(found[0], 0.0) + found[1]
        return counts

    return counts_of


class Past:
    """What groups of a census counted earlier. Nothing is looked up until the first of them is asked for."""

    def __init__(self, case: Case, counts_of: Callable[[Census], Counts | None]) -> None:
        """`counts_of`: see `counted`."""
        self._case, self._counts_of = case, counts_of
        self._counts: list[tuple[float, Counts]] | None = None

    def of(self, group: Hashable) -> list[tuple[float, float]]:
        """(Unix time, figure) of one group, oldest first. Where it was not there it counted 0."""
        return [(at, counts.get(group, 0.0)) for at, counts in self._readings()]

    def trend(self, group: Hashable) -> tuple[float, ...]:
        """The figures alone."""
        return tuple([counts.get(group, 0.0) for _, counts in self._readings()])

    def _readings(self) -> list[tuple[float, Counts]]:
        if self._counts is None:
            readings = sampled(self._case.history.census)
            each = self._case.memory.index.of(readings, self._counts_of)
            pairs = zip(readings, each, strict=True)
            self._counts = [(census.at, counts) for census, counts in pairs if counts is not None]
        return self._counts


def trend(series: Iterable[tuple[float, float]]) -> tuple[float, ...]:
    return tuple(float(value) for _, value in series)


def time_left(series: Sequence[tuple[float, float]], ceiling: float) -> float | None:
    """Seconds until a figure that grows reaches its ceiling, at its pace of the last minute (least squares).

    `series`: (Unix time, figure), oldest first. None where it does not grow, grows by less than it swings, would take
    longer than anybody plans for, or has not been read often enough, or for long enough, to say.
    """
    if not series:
        return None
    end, value = series[-1]
    if value >= ceiling:
        return 0.0
    recent = [(at - end, each) for at, each in series if end - at <= RECENT]
    if len(recent) < FEWEST:
        recent = [(at - end, each) for at, each in series[-FEWEST:]]
        if len(recent) < 3 or -recent[0][0] < RECENT:
            return None
    middle = sum(at for at, _ in recent) / len(recent)
    level = sum(each for _, each in recent) / len(recent)
    spread = sum((at - middle) ** 2 for at, _ in recent)
    common = sum((at - middle) * (each - level) for at, each in recent)
    swing = sum((each - level) ** 2 for _, each in recent)
    if spread <= 0 or common <= 0 or common**2 < 0.5 * spread * swing:
        return None
    left = (ceiling - value) * spread / common
    return left if left <= HORIZON else None
