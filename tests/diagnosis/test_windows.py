"""The arithmetic of counters over time."""

from itertools import pairwise

import pytest

from nettui.diagnosis.rules.windows import FEWEST, SAMPLES, pace, rise, sampled, time_left, whole, window
from nettui.model.vitals import Vitals


def read(*values: tuple[float, int | None]) -> tuple[Vitals, ...]:
    return tuple(Vitals(at=at, listen_overflows=value) for at, value in values)


def every_second(*values: int) -> tuple[Vitals, ...]:
    return read(*((float(at), value) for at, value in enumerate(values)))


def test_a_rise_is_the_sum_of_its_steps() -> None:
    assert rise(every_second(5, 7, 7, 12), "listen_overflows") == 7
    assert rise(every_second(5), "listen_overflows") == 0


def test_a_counter_that_begins_again_adds_nothing_at_that_step() -> None:
    assert rise(every_second(1_000, 1_010, 3, 8), "listen_overflows") == 15


def test_a_reading_that_does_not_tell_makes_it_unknown() -> None:
    assert rise(read((0, 1), (1, None), (2, 9)), "listen_overflows") is None


def test_the_quietest_part_is_the_pace() -> None:
    steady = window(every_second(*range(0, 310, 10)), 15)
    assert steady is not None and pace(steady, "listen_overflows") == 10
    assert (steady.began, steady.seconds) == (15, 15)
    burst = window(every_second(*([0] * 20), 900, 900, 900, 900), 15)
    assert burst is not None and pace(burst, "listen_overflows") == 0


def test_the_parts_are_the_whole() -> None:
    found = window(every_second(*range(40)), 15)
    assert found is not None
    assert [each.listen_overflows for each in whole(found)] == list(range(24, 40))
    assert [len(part) for part in found.parts] == [6, 6, 6]


@pytest.mark.parametrize("step", [0.5, 1.0, 7.0, 60.0])
def test_readings_far_apart_make_it_longer(step: float) -> None:
    found = window(read(*((step * n, n) for n in range(50))), 15)
    assert found is not None and found.seconds >= 15 and found.seconds < 15 + 3 * step
    assert all(len(part) >= 2 for part in found.parts)
    assert pace(found, "listen_overflows") == pytest.approx(1 / step)


@pytest.mark.parametrize("readings", [(), every_second(1), every_second(1, 2, 3), every_second(*range(10))])
def test_too_little_to_say(readings: tuple[Vitals, ...]) -> None:
    assert window(readings, 15) is None


def test_time_left_at_an_even_pace() -> None:
    assert time_left([(float(n), 100.0 + 2 * n) for n in range(20)], 338) == pytest.approx(100)


def test_time_left_by_readings_that_are_far_apart() -> None:
    assert time_left([(300.0 * n, 100.0 + 2 * n) for n in range(3)], 124) == pytest.approx(3_000)


def test_time_left_among_noise() -> None:
    series = [(float(n), 100.0 + 2 * n + 5 * (-1) ** n) for n in range(60)]
    assert time_left(series, 1_000) == pytest.approx(390, rel=0.05)


@pytest.mark.parametrize(
    "series",
    [
        [],
        [(float(n), 100.0) for n in range(30)],
        [(float(n), 100.0 - n) for n in range(30)],
        [(float(n), 100.0 + 50 * (n % 2)) for n in range(30)],
        [(0.0, 1.0), (1.0, 2.0)],
        [(float(n), 2.0 * n) for n in range(FEWEST - 1)],
        [(0.0, 1.0), (300.0, 2.0)],
        [(float(n), 100.0 + n / 1e6) for n in range(30)],
    ],
    ids=[
        "nothing", "flat", "falling", "swinging", "two readings", "some seconds", "two far apart",
        "in a thousand years",
    ],
)
def test_no_end_in_sight(series: list[tuple[float, float]]) -> None:
    assert time_left(series, 1_000) is None


def test_what_is_full_has_no_time_left() -> None:
    assert time_left([(0.0, 1_000.0)], 1_000) == 0


@pytest.mark.parametrize("count", [0, 1, SAMPLES, SAMPLES + 1, 300, 1_000])
def test_samples_are_evenly_spaced_and_end_with_the_newest(count: int) -> None:
    found = list(sampled(range(count)))
    assert found[-1:] == list(range(count))[-1:]
    assert len(found) <= 2 * SAMPLES
    assert len({after - before for before, after in pairwise(found)}) <= 1
