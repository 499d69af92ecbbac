"""Whether a count grows steadily: what tells a leak from a burst that drains, and from a busy hour.

Connections that pass through a state make its count swing; those that are never closed lift the floor on
which it swings. So only the lowest reading of each few seconds counts, and these floors must climb like
stairs. A crowd of connections that come and go at random can climb for a while too, but then its floors also
go down in between: a count that makes `travel` single steps up and down at random gets about sqrt(travel)
away from where it began. Only growth well beyond that is a leak.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

BLOCKS = 24
"""The window is cut into so many blocks, and must hold so many readings: with a long interval it is longer."""

STAIRS = 8
"""The blocks are looked at in so many groups; a group's floor must lie above the one before it in all but one."""

FALL = 0.1
"""Share of the growth by which a stair may lie under the one before it, and 2 at least."""

CERTAINTY = 4.0
"""How many times sqrt(travel) the growth must exceed; a pure leak, whose travel is its growth, shows from 17 on."""


class Growth(NamedTuple):
    """How a count moved over a window."""

    began: float
    """Unix time at which the window begins."""
    seconds: float
    rose: int
    """From the lowest reading of the first group to that of the last."""
    steady: bool
    """It climbed like stairs, and by more than chance."""
    standing: bool
    """It grew at all, and has not begun to drain."""


def growth(readings: Sequence[tuple[float, int]], seconds: float) -> Growth | None:
    """How the (Unix time, count) `readings`, oldest first, moved in the last `seconds`; None: too few to say."""
    if len(readings) < BLOCKS:
        return None
    end = readings[-1][0]
    begin = min(end - seconds, readings[-BLOCKS][0])
    block = (end - begin) / BLOCKS
    if block <= 0:
        return None
    floors = _floors(readings, begin, block)
    per_stair = BLOCKS // STAIRS
    groups = [[f for f in floors[i : i + per_stair] if f is not None] for i in range(0, BLOCKS, per_stair)]
    if any(len(group) < 2 for group in groups):
        return None
    stairs = [min(group) for group in groups]
    steps = [after - before for before, after in pairwise(stairs)]
    travel = sum(abs(after - before) for before, after in pairwise(f for f in floors if f is not None))
    rose = stairs[-1] - stairs[0]
    noise = max(2.0, FALL * rose)
    climbs = min(steps) >= -noise and sum(step > 0 for step in steps) >= STAIRS - 2
    return Growth(
        began=max(begin, readings[0][0]),
        seconds=end - begin,
        rose=rose,
        steady=climbs and rose > CERTAINTY * travel**0.5,
        standing=rose > 0 and steps[-1] >= -noise,
    )


def _floors(readings: Sequence[tuple[float, int]], begin: float, block: float) -> list[int | None]:
    """The lowest count in each block of `block` seconds; None for one without a reading."""
    floors: list[int | None] = [None] * BLOCKS
    for at, count in readings:
        if at >= begin:
            place = min(BLOCKS - 1, int((at - begin) / block))
            lowest = floors[place]
            floors[place] = count if lowest is None else min(lowest, count)
    return floors
