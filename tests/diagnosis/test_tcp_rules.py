"""Counts of TCP states, as pages of numbers: one figure a second."""

import math
import random
from itertools import chain, repeat

import pytest

from nettui.diagnosis.thresholds import Thresholds
from tests.diagnosis.world import START, World, counts, ramp, server

COUNT, LEAK = "tcp.close-wait", "tcp.close-wait-leak"


@pytest.mark.parametrize(
    ("state", "value", "rule", "severity", "threshold"),
    [
        ("CLOSE_WAIT", 51, COUNT, "warning", 50),
        ("CLOSE_WAIT", 100, COUNT, "warning", 50),
        ("CLOSE_WAIT", 101, COUNT, "critical", 100),
        ("TIME_WAIT", 10_001, "tcp.time-wait", "warning", 10_000),
        ("TIME_WAIT", 15_001, "tcp.time-wait", "critical", 15_000),
    ],
)
def test_a_count_beyond_its_threshold(state: str, value: int, rule: str, severity: str, threshold: int) -> None:
    world = World()
    world.count(state, [value] * 10)
    found = world.finding(rule)
    assert (found.severity, found.value, found.threshold, found.subject) == (severity, value, threshold, "host")
    assert found.title.startswith(f"{value:,} connections in {state}, more than {threshold:,}: ")
    assert found.trend == (float(value),) * 10
    assert found.since == START
    assert found.screen == "sockets"


@pytest.mark.parametrize(
    ("state", "values"),
    [
        ("CLOSE_WAIT", [50] * 300),
        ("TIME_WAIT", [10_000] * 30),
        ("TIME_WAIT", ramp(0, 30, 300)),
        ("CLOSE_WAIT", [400] * 5 + [0] * 20),
        ("ESTABLISHED", [50_000] * 20),
        ("FIN_WAIT2", [20_000] * 20),
    ],
    ids=["at the mark", "at the mark (tw)", "growing, but TIME_WAIT", "a burst of 5 s", "established", "fin-wait-2"],
)
def test_counts_that_are_no_trouble(state: str, values: list[int]) -> None:
    world = World()
    world.count(state, values)
    assert world.told == []


LEAKS = {
    "one a second, from nothing": (ramp(0, 1, 130), "critical"),
    "one in five seconds": (ramp(0, 0.2, 124), "warning"),
    "one in ten seconds, seen in the longer window": (ramp(0, 0.1, 300), "warning"),
    "two a second on top of thousands": (ramp(4_000, 2, 130), "critical"),
    "among passing connections": ([n // 4 + 7 * (n % 5 == 0) for n in range(150)], "warning"),
    "among passing connections by chance": ([n // 2 + n * 7919 % 13 for n in range(125)], "critical"),
    "in bursts of eight": ([8 * (n // 12) for n in range(130)], "critical"),
}


@pytest.mark.parametrize(("values", "severity"), LEAKS.values(), ids=LEAKS.keys())
def test_a_leak_is_named_whatever_its_size(values: list[int], severity: str) -> None:
    world = World()
    world.count("CLOSE_WAIT", values)
    found = world.finding(LEAK)
    assert found.severity == severity
    assert found.value == values[-1]
    assert "more in " in found.title
    # It says all that the plain count would say, so that one is not told beside it.
    assert [f.id for f in world.findings] == [LEAK]


def crowd(rate: float, hold: float, seconds: int, seed: int) -> list[int]:
    """Connections that come at random, `rate` per second, and stay `hold` seconds on average: a busy but sound host."""
    source = random.Random(seed)
    there, values = round(rate * hold), []
    for _ in range(seconds):
        there -= sum(source.random() < 1 - math.exp(-1 / hold) for _ in range(there))
        there += sum(source.random() < rate / 20 for _ in range(20))
        values.append(there)
    return values


NO_LEAKS = {
    "steady": [30] * 400,
    "a burst that drains": [*ramp(0, 0.5, 90), *ramp(45, -1, 45), *[0] * 60],
    "a step": [0] * 100 + [40] * 200,
    "growth for a minute, then rest": [0] * 120 + ramp(0, 0.6, 60) + [36] * 200,
    "sawtooth of one minute": [n % 60 // 2 for n in range(400)],
    "growth with a relapse": [*ramp(0, 1, 45), *ramp(15, 1, 30), *[45] * 3, *[0] * 60],
    "draining": ramp(45, -0.1, 400),
    "passing connections, seconds long": crowd(2, 10, 1_800, seed=1),
    "a pool emptied by chance, a minute long": crowd(0.5, 60, 1_800, seed=2),
    "few and long": crowd(0.1, 300, 1_800, seed=3),
    "two more in two minutes": [5 + (n > 60) + (n > 90) for n in range(200)],
}


@pytest.mark.parametrize("values", NO_LEAKS.values(), ids=NO_LEAKS.keys())
def test_what_is_no_leak(values: list[int]) -> None:
    world = World()
    world.count("CLOSE_WAIT", values)
    assert LEAK not in {rule for _, rule, _, _ in world.told}


def test_a_leak_is_told_after_two_minutes_and_once() -> None:
    world = World()
    world.count("CLOSE_WAIT", ramp(0, 0.3, 600))
    assert [(rule, severity) for _, rule, _, severity in world.told] == [(LEAK, "warning"), (LEAK, "critical")]
    assert 119 <= world.told[0][0] <= 125
    assert world.finding(LEAK).since == pytest.approx(START, abs=2)


def test_a_leak_that_ends_closes_and_leaves_the_plain_count() -> None:
    world = World()
    world.count("CLOSE_WAIT", chain(ramp(0, 1, 150), repeat(149, 200)))
    assert world.names == [(COUNT, "host", "critical")]
    world.count("CLOSE_WAIT", [0] * 60)
    assert world.names == []


def test_a_leak_at_a_longer_interval_takes_enough_readings() -> None:
    world = World(interval=10.0)
    world.count("CLOSE_WAIT", ramp(0, 5, 20))
    assert LEAK not in {f.id for f in world.findings}
    world.count("CLOSE_WAIT", ramp(100, 5, 10))
    assert LEAK in {f.id for f in world.findings}


def test_readings_with_a_hole_prove_no_leak() -> None:
    world = World()
    world.count("CLOSE_WAIT", ramp(0, 0.2, 60))
    world.now += 90
    world.count("CLOSE_WAIT", ramp(30, 0.2, 60))
    assert world.told == []


def test_one_reading_shown_many_times_is_not_many() -> None:
    """The collector hangs after a burst: the same figure at the same `tcp_at` does not last."""
    world = World()
    history = world.history(server(tcp=counts(CLOSE_WAIT=400)))
    for _ in range(60):
        assert world.diagnosis.update(history) == ()


def test_settings_override_the_marks() -> None:
    settings = {COUNT: {"warning": 5, "critical": 1_000, "lasting": 0}, LEAK: {"enabled": False}}
    world = World(Thresholds.from_settings(settings))
    assert world.count("CLOSE_WAIT", [6])[0].title.startswith("6 connections in CLOSE_WAIT, more than 5:")
    world.count("CLOSE_WAIT", ramp(6, 1, 200))
    assert world.names == [(COUNT, "host", "warning")]
