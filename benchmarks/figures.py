"""What a benchmark finds: figures, each with the bar it has to reach, and the table they are printed in."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


class Unmeasured(Exception):
    """Something could not be measured on this host: why, and what would help."""


@dataclass(frozen=True)
class Figure:
    """One figure. Smaller is better, always."""

    name: str
    value: float
    """A ratio (ours to theirs), or where there is nothing to compare with, `ours` itself."""
    bar: float | None
    """The value must not exceed it; None: told for information."""
    unit: str
    """Of `ours` and `theirs`: s, B/s, %, MB, or nothing for a plain count."""
    ours: float
    theirs: float | None = None
    runs: int = 1

    @property
    def ok(self) -> bool | None:
        """Whether the bar is reached; None without one."""
        return None if self.bar is None else self.value <= self.bar

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"ok": self.ok}


def paired(name: str, bar: float | None, unit: str, pairs: Iterable[tuple[float, float]]) -> Figure:
    """Medians of paired runs, (ours, theirs): the value is the median of the pairs' ratios.

    What slows the machine for a while slows both of a pair, so this is steadier than the ratio of two medians.
    """
    ours, theirs = zip(*pairs, strict=True)
    ratio = statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
    return Figure(name, ratio, bar, unit, statistics.median(ours), statistics.median(theirs), len(ours))


def single(name: str, bar: float | None, unit: str, values: Sequence[float]) -> Figure:
    """The median of several runs of something that is compared with nothing."""
    value = statistics.median(values)
    return Figure(name, value, bar, unit, value, None, len(values))


def table(figures: Sequence[Figure], unmeasured: Sequence[tuple[str, str]]) -> str:
    """All figures, one a line, and below them what could not be measured and why."""
    titles = ("", "figure", "value", "bar", "nettui", "against", "runs")
    rows = [titles, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(titles))]
    lines = ["  ".join(_align(cell, width, at > 1) for at, (cell, width) in enumerate(zip(row, widths, strict=True)))
             for row in rows]
    lines += [f"not measured: {name}: {reason}" for name, reason in unmeasured]
    return "\n".join(line.rstrip() for line in lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    verdict = {True: "ok", False: "MISS", None: ""}[figure.ok]
    own = figure.theirs is None
    value, bar = (shown(number, figure.unit if own else "") if number is not None else ""
                  for number in (figure.value, figure.bar))
    ours = "" if own else shown(figure.ours, figure.unit)
    theirs = "" if figure.theirs is None else shown(figure.theirs, figure.unit)
    return verdict, figure.name, value, bar, ours, theirs, str(figure.runs)


def shown(number: float, unit: str) -> str:
    """Three digits; parts of a second in milliseconds."""
    if unit == "s":
        number, unit = number * 1000, "ms"
    digits = f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
    return f"{digits} {unit}".rstrip()


def _align(cell: str, width: int, right: bool) -> str:
    return cell.rjust(width) if right else cell.ljust(width)
