"""What was made of past readings is made once, and is not kept for ever."""

import gc
import weakref

from nettui.diagnosis.index import KEPT, Index


class Reading:
    """Read at some time; can be watched as it goes."""

    def __init__(self, at: float) -> None:
        self.at = at


def test_it_is_made_once() -> None:
    index, made = Index(), list[float]()

    def make(reading: Reading) -> float:
        made.append(reading.at)
        return 2 * reading.at

    readings = [Reading(at) for at in range(5)]
    assert index.of(readings[:3], make) == [0, 2, 4]
    assert index.of(readings, make) == [0, 2, 4, 6, 8]
    assert made == [0, 1, 2, 3, 4]


def test_readings_that_left_the_history_are_let_go_also_where_the_clock_was_put_back() -> None:
    for step in (10.0, -10.0):
        index, seen = Index(), list[weakref.ref[Reading]]()
        for number in range(1_000):
            reading = Reading(1e9 + step * number)
            seen.append(weakref.ref(reading))
            index.of([reading], _at)
        del reading
        gc.collect()
        alive = sum(each() is not None for each in seen)
        assert 0 < alive <= KEPT / 10 + 1


def _at(reading: Reading) -> float:
    return reading.at
