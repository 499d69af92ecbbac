"""What rules make of past readings, made once for each reading and not again at every later one."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

R = TypeVar("R")
T = TypeVar("T")

ENOUGH = 1_000
"""Readings remembered for each function; a history has fewer, and what left it long ago goes."""


class Index:
    """Remembers what functions made of readings. They must be pure: what is remembered is what would be made now."""

    def __init__(self) -> None:
        self._made: dict[Callable[[Any], Any], dict[int, tuple[Any, Any]]] = {}
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
        while len(made) > ENOUGH:
            del made[next(iter(made))]
        return found
