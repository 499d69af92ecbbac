"""Opened late, graver and milder with care, cleared low, told once; and what becomes of it when time is odd."""

from itertools import chain, cycle, islice, repeat

import pytest

from nettui.diagnosis.thresholds import Thresholds
from tests.diagnosis.world import LO, START, World, counts, link, neighbour, ramp, server

COUNT = "tcp.close-wait"
ONLY_COUNTS = Thresholds.from_settings({"tcp.close-wait-leak": {"enabled": False}})

STORIES = {
    "opens after it has lasted": ([60] * 6, [(5, "warning")]),
    "one reading too few": ([60] * 5, []),
    "an interruption begins it anew": ([60] * 5 + [50] + [60] * 5, []),
    "on and off": (list(islice(cycle([60, 60, 60, 30]), 200)), []),
    "swings about the mark": ([60] * 6 + list(islice(cycle([49, 41, 55, 45]), 200)), [(5, "warning")]),
    "clears at 80 % and not above": ([60] * 6 + [41] * 60, [(5, "warning")]),
    "clears when that has lasted": ([60] * 6 + [40] * 20, [(5, "warning"), (16, "closed")]),
    "a dip does not clear": ([60] * 6 + [0] * 9 + [60] * 20, [(5, "warning")]),
    "grave at once": ([200] * 6, [(5, "critical")]),
    "grave only for a moment": ([60] * 6 + [200] * 4 + [60] * 20, [(5, "warning")]),
    "becomes grave": ([60] * 6 + [101] * 6, [(5, "warning"), (11, "critical")]),
    "stays grave above 80": ([101] * 6 + [81] * 60, [(5, "critical")]),
    "falls back": ([101] * 6 + [80] * 20, [(5, "critical"), (16, "warning")]),
    "falls all the way": ([101] * 6 + [0] * 20, [(5, "critical"), (16, "closed")]),
    "twice": ([60] * 6 + [0] * 20 + [60] * 6, [(5, "warning"), (16, "closed"), (31, "warning")]),
}


@pytest.mark.parametrize(("values", "told"), STORIES.values(), ids=STORIES.keys())
def test_hysteresis(values: list[int], told: list[tuple[int, str]]) -> None:
    world = World(ONLY_COUNTS)
    world.count("CLOSE_WAIT", values)
    assert [(at, severity) for at, _, _, severity in world.told] == told


def test_since_is_when_it_began_and_stays_so() -> None:
    world = World(ONLY_COUNTS)
    world.count("CLOSE_WAIT", chain(repeat(10, 7), repeat(60, 10), repeat(200, 10), repeat(45, 20)))
    assert world.finding(COUNT).since == START + 7


def test_while_it_clears_the_figures_are_the_newest() -> None:
    world = World(ONLY_COUNTS)
    world.count("CLOSE_WAIT", chain(repeat(60, 10), [45]))
    found = world.finding(COUNT)
    assert found.title.startswith("45 connections in CLOSE_WAIT, down from more than 50: ")
    assert (found.value, found.threshold, found.trend[-2:]) == (45, 50, (60, 45))


def test_the_threshold_is_that_of_the_gravity_told() -> None:
    world = World(ONLY_COUNTS)
    world.count("CLOSE_WAIT", chain(repeat(101, 10), [90]))
    found = world.finding(COUNT)
    assert (found.severity, found.threshold) == ("critical", 100)
    assert "90 connections in CLOSE_WAIT, down from more than 100" in found.title


def test_seconds_count_and_not_snapshots() -> None:
    """Changes make many Snapshots in one second, of the same or of new readings."""
    world = World(ONLY_COUNTS, interval=0.1)
    world.count("CLOSE_WAIT", [60] * 50)
    assert world.told == []
    world.count("CLOSE_WAIT", [60] * 2)
    assert len(world.told) == 1


def test_two_readings_far_apart_are_not_enough() -> None:
    world = World(ONLY_COUNTS, interval=20.0)
    world.count("CLOSE_WAIT", [60] * 2)
    assert world.told == []
    world.count("CLOSE_WAIT", [60])
    assert [at for at, _, _, _ in world.told] == [40]


def test_a_gap_proves_nothing_and_closes_nothing() -> None:
    world = World(ONLY_COUNTS)
    world.count("CLOSE_WAIT", [60] * 4)
    world.now += 3_600
    world.count("CLOSE_WAIT", [60] * 5)
    assert world.told == []
    world.count("CLOSE_WAIT", [60])
    assert len(world.told) == 1
    world.count("CLOSE_WAIT", [0] * 5)
    world.now += 3_600
    world.count("CLOSE_WAIT", [0] * 5)
    assert world.names == [(COUNT, "host", "warning")]
    world.count("CLOSE_WAIT", [0] * 10)
    assert world.names == []


@pytest.mark.parametrize("minutes", [1, 10])
def test_a_slow_interval_is_not_a_gap(minutes: int) -> None:
    world = World(ONLY_COUNTS, interval=60.0 * minutes)
    world.count("CLOSE_WAIT", [60] * 6)
    assert [what for _, _, _, what in world.told] == ["warning"]


def test_time_that_goes_back_is_another_past() -> None:
    world = World(ONLY_COUNTS)
    world.count("CLOSE_WAIT", [60] * 10)
    world.now -= 8
    world.count("CLOSE_WAIT", [60])
    assert world.names == []
    world.count("CLOSE_WAIT", [60] * 5)
    assert world.finding(COUNT).since == START + 2


def test_a_clock_put_right_by_less_than_a_second_changes_nothing() -> None:
    world = World(ONLY_COUNTS)
    world.count("CLOSE_WAIT", [60] * 10)
    world.now -= 1.9
    world.count("CLOSE_WAIT", [60] * 10)
    assert [what for _, _, _, what in world.told] == ["warning"]


def test_reset_forgets() -> None:
    world = World(ONLY_COUNTS)
    world.stay(10, **server(tcp=counts(CLOSE_WAIT=60)))
    world.diagnosis.reset()
    world.stay(10, **server(routes=(), tcp=counts(CLOSE_WAIT=60)))
    # A session that never saw a default route does not say that one was lost.
    assert world.names == [("route.no-default", "host", "warning"), (COUNT, "host", "warning")]


def test_what_cannot_be_read_any_more_is_neither_better_nor_worse() -> None:
    world = World(ONLY_COUNTS)
    world.count("CLOSE_WAIT", [60] * 10)
    world.stay(60, **server(tcp=None))
    assert world.names == [(COUNT, "host", "warning")]
    world.stay(12, **server())
    assert world.names == []


def test_the_gravest_first() -> None:
    world = World(ONLY_COUNTS)
    world.stay(10, **server())
    world.stay(10, **server(routes=(), tcp=counts(CLOSE_WAIT=60, TIME_WAIT=20_000)))
    assert world.names == [
        ("route.no-default", "host", "critical"),
        ("tcp.time-wait", "host", "critical"),
        (COUNT, "host", "warning"),
    ]


def test_a_leak_less_grave_than_the_count_does_not_hide_it() -> None:
    world = World(Thresholds.from_settings({"tcp.close-wait-leak": {"critical": 1_000_000}}))
    world.count("CLOSE_WAIT", ramp(101, 1, 140))
    assert world.names == [(COUNT, "host", "critical"), ("tcp.close-wait-leak", "host", "warning")]


def test_what_followed_from_a_cause_is_not_told_when_both_are_over() -> None:
    """The silent gateway takes longer to close than the cable that was its cause: nothing is wrong any more then."""
    world = World()
    world.stay(30, **server())
    pulled = server(links=(LO, link(2, "eth0", carrier=False)))
    # First the gateway is silent on a link that works, and then its cause is seen: the cable.
    world.stay(20, **server(neighbours=(neighbour(2, "192.0.2.1", "FAILED"),)))
    assert world.names == [("route.gateway-unreachable", "192.0.2.1", "critical")]
    world.stay(7, **pulled | {"neighbours": (neighbour(2, "192.0.2.1", "FAILED"),)})
    assert world.names == [("link.no-carrier", "eth0", "critical")]
    told = len(world.told)
    world.stay(60, **server())
    assert [what for _, _, _, what in world.told[told:]] == ["closed"]
