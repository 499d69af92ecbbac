"""Numbers, rates and times as people read them: at most one decimal, thousands separators, stable widths."""

import time
from collections.abc import Sequence
from typing import Literal

Units = Literal["bits", "bytes"]

UNKNOWN = "--"
"""What stands where nothing was measured."""

BLOCKS = "▁▂▃▄▅▆▇█"
"""What a sparkline is drawn with, from the lowest value to the highest."""

_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def thousands(value: int | None) -> str:
    """12,345, or `--`."""
    return UNKNOWN if value is None else f"{value:,}"


def scaled(value: float | None) -> str:
    """At most five characters: 0, 312, 3.1k, 84.1M, 100G; powers of 1000."""
    if value is None:
        return UNKNOWN
    for size, letter in _STEPS:
        if value >= size * 0.9995:
            number = value / size
            return f"{number:.0f}{letter}" if number >= 99.95 else f"{number:.1f}{letter}"
    return f"{value:.0f}"


def rate(bytes_per_second: float | None, units: Units = "bits") -> str:
    """A rate in bit/s or byte/s, without the unit: the column's title says it."""
    if bytes_per_second is None:
        return UNKNOWN
    return scaled(bytes_per_second * 8 if units == "bits" else bytes_per_second)


def rate_unit(units: Units) -> str:
    return "bit/s" if units == "bits" else "byte/s"


def size(count: int | None) -> str:
    """Bytes: 312 B, 3.1 kB, 84.1 MB; powers of 1000."""
    if count is None:
        return UNKNOWN
    text = scaled(float(count))
    return f"{text[:-1]} {text[-1]}B" if text[-1].isalpha() else f"{text} B"


def age(seconds: float | None) -> str:
    """A span of time in its largest unit: 2 s, 14 min, 3 h, 5 d."""
    if seconds is None:
        return UNKNOWN
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def elapsed(seconds: float | None) -> str:
    """A short time measured: 0.4 ms, 14 ms, 1.2 s."""
    if seconds is None:
        return UNKNOWN
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.001 else f"{seconds * 1000:.1f} ms"


def clock(at: float) -> str:
    """Local date and time to the second, ISO 8601 with a space."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def change(by: int) -> str:
    """+12, -3, +1.6k, -16k, or nothing for no change; at most five characters."""
    if by == 0:
        return ""
    text = scaled(abs(by))
    if len(text) > 4:  # the sign needs the room of the decimal
        text = f"{float(text[:-1]):.0f}{text[-1]}"
    return f"{'+' if by > 0 else '-'}{text}"


def shortened(text: str, width: int) -> str:
    """At most `width` characters, cut in the middle: an address keeps its port, a process its number."""
    if len(text) <= width:
        return text
    last = width // 2
    return text[: width - last - 1] + "…" + text[len(text) - last :]


def sparkline(values: Sequence[float], blocks: str = BLOCKS) -> str:
    """One character a value. The whole height is the span of the values, but at least a fifth of the largest, so that a
    change of a few in a hundred does not look like a mountain; what does not change is a line in the middle."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = max(high - low, high * 0.2)
    if span <= 0:
        return blocks[0] * len(values)
    foot = (high + low - span) / 2
    steps = (int((value - foot) / span * len(blocks) + 1e-9) for value in values)
    return "".join(blocks[max(0, min(step, len(blocks) - 1))] for step in steps)
