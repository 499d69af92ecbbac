"""The course of a connection in small charts: one line for each of RTT, congestion window and throughput."""

from collections.abc import Callable, Sequence

from nettui.reports.format import BLOCKS, UNKNOWN, Units, rate, rate_unit, sparkline, thousands
from nettui.reports.sockets_naming import latency
from nettui.sockets.readings import Reading, throughput

WIDTH = 30
"""Characters of a chart: as many of the newest readings are drawn."""


def charts(
    readings: Sequence[Reading], units: Units = "bits", blocks: str = BLOCKS, width: int = WIDTH
) -> tuple[str, ...]:
    """`rtt   ▁▂▄█▂  now 1.2 ms, 0.9 ms to 4.8 ms`; a line for each of what was told at least twice.

    The newest value is at the right. `blocks` are the characters to draw with, from the lowest to the highest.
    """
    rates, unit = throughput(readings), rate_unit(units)
    drawn = (
        ("rtt", [reading.rtt for reading in readings], latency),
        ("cwnd", [reading.cwnd for reading in readings], lambda value: thousands(int(value))),
        ("out", [each.sent for each in rates], lambda value: f"{rate(value, units)} {unit}"),
        ("in", [each.received for each in rates], lambda value: f"{rate(value, units)} {unit}"),
    )
    lines = (chart(name, values, shown, blocks, width) for name, values, shown in drawn)
    return tuple(line for line in lines if line)


def chart(
    name: str, values: Sequence[float | None], shown: Callable[[float], str], blocks: str = BLOCKS, width: int = WIDTH
) -> str:
    """One line; empty where fewer than two values are known. A gap stands where one is not."""
    newest = values[-width:]
    known = [value for value in newest if value is not None]
    if len(known) < 2:
        return ""
    drawn = iter(sparkline(known, blocks))
    marks = "".join(" " if value is None else next(drawn) for value in newest)
    now = shown(newest[-1]) if newest[-1] is not None else UNKNOWN
    low, high = shown(min(known)), shown(max(known))
    course = f", {low} to {high}" if low != high else ""
    return f"{name:<5} {marks:>{width}}  now {now}{course}"
