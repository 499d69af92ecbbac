"""Figures that rules share, and how they are put into words."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nettui.diagnosis.rules.grading import marks
from nettui.diagnosis.rules.windows import TREND
from nettui.diagnosis.thresholds import Limits
from nettui.model.vitals import Vitals


class Move(NamedTuple):
    """How a counter moved."""

    rose: int
    seconds: float

    @property
    def rate(self) -> float:
        """Per second."""
        return self.rose / self.seconds


def share(part: float | None, whole: float | None) -> float | None:
    """Per cent; None where either is not known, or there is no whole."""
    return None if part is None or not whole else 100.0 * part / whole


def movement(readings: Sequence[Vitals], counter: str, seconds: float) -> Move | None:
    """How a counter of the Vitals moved in the last `seconds`, or at least since the reading before the last.

    A counter that went back began anew: only what came after counts. None: there are no two readings to compare.
    """
    if not readings:
        return None
    newest = readings[-1]
    later: int | None = getattr(newest, counter)
    rose, first = 0, newest.at
    for place in range(len(readings) - 2, -1, -1):
        earlier: int | None = getattr(readings[place], counter)
        if later is None or earlier is None or earlier > later or newest.at - first >= seconds:
            break
        rose, first, later = rose + later - earlier, readings[place].at, earlier
    return Move(rose, newest.at - first) if first < newest.at else None


def past(readings: Sequence[Vitals], figure: str, last: int = TREND) -> list[tuple[float, int]]:
    """(Unix time, figure) of the last readings that tell it, oldest first."""
    found = ((each.at, getattr(each, figure)) for each in readings[-last:])
    return [(at, value) for at, value in found if value is not None]


def listed(limits: Limits) -> str:
    """The thresholds in words: `warning above 75 % of the maximum, critical above 90`."""
    words = [f"{severity} above {mark:,.10g}" for severity, mark in marks(limits).items()]
    return ", ".join((f"{words[0]} {limits.unit}".rstrip(), *words[1:])) if words else "no threshold"


def grew(counts: Sequence[tuple[float, float]], seconds: float | None, end: str) -> Iterator[str]:
    """How a figure moved over its (Unix time, figure) readings, and when it reaches its `end` at this pace."""
    if len(counts) > 1:
        (began, first), (ended, last) = counts[0], counts[-1]
        ahead = "" if seconds is None else f"; at the present pace {end} in {span(seconds)}"
        yield f"{last - first:+,.0f} in {span(ended - began)}{ahead}"


def number(value: float) -> str:
    """A figure for people: three digits of a small one, all before the point of a large one."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def span(seconds: float) -> str:
    """A length of time for people, in two figures at most: `40 s`, `12 min`, `3.5 h`, `2 days`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6_000:
        return f"{seconds / 60:.0f} min"
    if seconds < 2 * 86_400:
        return f"{seconds / 3_600:.2g} h"
    return f"{seconds / 86_400:.2g} days" if seconds < 864_000 else f"{seconds / 86_400:,.0f} days"
