"""What rules make of past readings, made once for each reading and not again at every later one."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

KEPT = 330.0
"""Seconds for which a reading is remembered: a little longer than a history goes back."""


class Reading(Protocol):
    """What was read at one time."""

    @property
    def at(self) -> float:
        """Unix time."""
        ...


R = TypeVar("R", bound=Reading)
T = TypeVar("T")


class Index:
    """Remembers what functions made of readings. They must be pure: what is remembered is what would be made now."""

    def __init__(self) -> None:
        self._made: dict[Callable[..., object], dict[int, tuple[Reading, Any]]] = {}
        """By function and the reading's identity; the reading is held, so that no other one gets its identity."""

    def of(self, readings: Sequence[R], make: Callable[[R], T]) -> list[T]:
        """What `make`, a function of a module that lives as long as this does, gives for each of these readings."""
        made = self._made.setdefault(make, {})
        found = []
        for reading in readings:
            known = made.get(id(reading))
            if known is None:
                known = made[id(reading)] = (reading, make(reading))
            found.append(known[1])
        if readings:
            _forget(made, readings[-1].at)
        return found


def _forget(made: dict[int, tuple[Reading, Any]], now: float) -> None:
    """Let go of the readings that came first, as far as they are of another time, also by a clock that was put back."""
    while made and abs(now - next(iter(made.values()))[0].at) > KEPT:
        del made[next(iter(made))]
