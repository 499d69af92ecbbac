"""The arithmetic that rules share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.diagnosis.rules.figures import listed, movement, number, past, share, span
from nettui.diagnosis.rules.grading import graded
from nettui.diagnosis.rules.windows import FEWEST, paces, time_left
from nettui.diagnosis.thresholds import Limits
from nettui.model.finding import Severity
from nettui.model.vitals import Vitals

LIMITS = Limits(notice=10, warning=50, critical=100, unit="things")


def counted(*counts: int | None, step: float = 1.0) -> list[Vitals]:
    return [Vitals(at=1_000 + step * place, softnet_dropped=count) for place, count in enumerate(counts)]


@pytest.mark.parametrize(("value", "level", "held"), [
    (8, None, None), (9, None, "notice"), (11, "notice", "notice"), (41, "notice", "warning"),
    (51, "warning", "warning"), (81, "warning", "critical"), (101, "critical", "critical"),
])
def test_a_figure_against_its_limits(value: float, level: str | None, held: str | None) -> None:
    assert graded(value, LIMITS) == (level and Severity(level), held and Severity(held))


def test_so_many_points_below() -> None:
    limits = Limits(warning=75, critical=90)
    assert [graded(value, limits, 5).held for value in (70, 70.1, 85, 85.1)] == [
        None, Severity.WARNING, Severity.WARNING, Severity.CRITICAL
    ]


@given(st.floats(0, 1e6), st.none() | st.floats(0, 100))
def test_what_is_held_is_never_less_than_the_level(value: float, points: float | None) -> None:
    level, held = graded(value, Limits(notice=0, warning=3, critical=2_000), points)
    assert level is None or (held is not None and held.rank >= level.rank)


def test_the_pace_of_a_counter() -> None:
    assert movement(counted(0, 10, 30, 60), "softnet_dropped", 2.0) == (50, 2.0)
    assert movement(counted(0, 10, 30, 60), "softnet_dropped", 0.5) == (30, 1.0)  # at least one step
    assert movement(counted(0, 10, 30, 60), "softnet_dropped", 60.0) == (60, 3.0)
    found = movement(counted(0, 10, 30, 60), "softnet_dropped", 60.0)
    assert found is not None and found.rate == 20


@pytest.mark.parametrize("counts", [(), (7,), (None, 7), (7, None), (1_000, 7)])
def test_no_pace_where_there_are_no_two_readings_of_one_counting(counts: tuple[int | None, ...]) -> None:
    assert movement(counted(*counts), "softnet_dropped", 10.0) is None


def test_a_counter_that_began_anew_counts_from_there() -> None:
    assert movement(counted(5_000, 5_100, 3, 9, 20), "softnet_dropped", 60.0) == (17, 2.0)
    assert paces(counted(5_000, 5_100, 3, 9, 20), "softnet_dropped") == (100, 0, 6, 11)


def test_readings_that_do_not_tell_are_left_out() -> None:
    assert past(counted(1, None, 3), "softnet_dropped") == [(1_000, 1), (1_002, 3)]
    assert share(None, 5) is share(5, None) is share(5, 0) is None and share(1, 4) == 25


@given(st.integers(FEWEST, 200), st.floats(0.01, 1_000), st.integers(0, 10_000))
def test_the_time_left_on_a_straight_line(count: int, per_second: float, begin: int) -> None:
    readings = [(1e9 + at, begin + per_second * at) for at in range(count)]
    last = readings[-1][1]
    assert time_left(readings, last + per_second * 1_000) == pytest.approx(1_000, rel=1e-3)


@pytest.mark.parametrize("values", [
    [], [1, 2], [5] * 50, list(range(50, 0, -1)), [10, 90] * 25, [0, 0, 0, 0, 100, 0, 0, 0, 0, 0],
])
def test_no_time_left_where_nothing_runs_out(values: list[float]) -> None:
    assert time_left([(1e9 + at, value) for at, value in enumerate(values)], 1_000) is None


def test_what_runs_out_in_years_is_not_told() -> None:
    assert time_left([(1e9 + at, at / 1_000) for at in range(60)], 1e6) is None


def test_in_words() -> None:
    assert listed(LIMITS) == "notice above 10 things, warning above 50, critical above 100"
    assert listed(Limits()) == "no threshold"
    spans = [span(seconds) for seconds in (40, 720, 12_600, 200_000, 31_536_000)]
    assert spans == ["40 s", "12 min", "3.5 h", "2.3 days", "365 days"]
    assert [number(value) for value in (0.123_4, 7.0, 12.34, 12_345.6)] == ["0.123", "7", "12.3", "12,346"]
