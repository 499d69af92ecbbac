"""Spans of time and numbers as a filter has them: `200ms`, `1.5h`, `10k`."""

import re
from collections.abc import Iterable

SPANS = {"d": (86400, 1), "h": (3600, 1), "m": (60, 1), "s": (1, 1), "ms": (1, 1000), "us": (1, 1_000_000)}
"""Units of time, the longest first: what to multiply with and what to divide by, so that 200ms is exactly 0.2."""
SIZES = {"G": 10**9, "M": 10**6, "k": 1000}
"""Powers of 1000, as everywhere in nettui."""

_SPAN_NAMES = SPANS | {"min": SPANS["m"], "sec": SPANS["s"], "µs": SPANS["us"]}
_SIZE_NAMES = {
    "": 1,
    **{letter.lower() + tail: size for letter, size in SIZES.items() for tail in ("", "b")},
    **{letter + tail: 1024**power for power, letter in enumerate("kmg", 1) for tail in ("i", "ib")},
}
_NUMBER = re.compile(r"([0-9]{1,18}(?:\.[0-9]{0,24})?(?:e[+-]?[0-9]{1,3})?)([a-zµ]*)")
_LONGEST = 1e12
"""Seconds; no span in a record is longer."""
_LARGEST = 1 << 53
"""Up to here a float holds every whole number."""


class BadQuantity(ValueError):
    """It is none."""

    def __init__(self, unfinished: bool = False) -> None:
        super().__init__()
        self.unfinished = unfinished
        """Whether it may become one."""


def read_span(text: str, unit: str) -> float:
    """Seconds; `unit` is that of a bare number. Raises BadQuantity."""
    number, name = _split(text, _SPAN_NAMES)
    multiplier, divisor = _SPAN_NAMES[name or unit]
    seconds = number * multiplier / divisor
    if seconds >= _LONGEST:
        raise BadQuantity
    return seconds


def read_size(text: str) -> int:
    """A whole number, of bytes or of anything. Raises BadQuantity."""
    number, name = _split(text, _SIZE_NAMES)
    total = number * _SIZE_NAMES[name]
    if total >= _LARGEST or total != int(total):
        raise BadQuantity(unfinished=total < _LARGEST and not name)
    return int(total)


def span(seconds: float) -> str:
    """A short text that `read_span` reads as exactly this."""
    if not seconds:
        return "0s"
    for name, (multiplier, divisor) in SPANS.items():
        number = seconds * divisor / multiplier
        if number >= 1 and number == int(number) and number * multiplier / divisor == seconds:
            return f"{number:.0f}{name}"
    return f"{seconds!r}s"


def size(number: int) -> str:
    """`10k`, `1500`; `read_size` reads it."""
    for letter, unit in SIZES.items():
        if number and number % unit == 0:
            return f"{number // unit}{letter}"
    return str(number)


def _split(text: str, units: Iterable[str]) -> tuple[float, str]:
    found = _NUMBER.fullmatch(text.lower())
    if found is None:
        raise BadQuantity
    if found[2] and found[2] not in units:
        raise BadQuantity(unfinished=any(unit.startswith(found[2]) for unit in units))
    return float(found[1]), found[2]
