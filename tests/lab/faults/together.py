"""Several scenarios at a time: each waits most of its time."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed

from tests.lab.faults.scenario import Outcome, Scenario, play

TOGETHER = 6
"""Scenarios at a time: as many as two cores play without being late."""


def outcomes(scenarios: Iterable[Scenario], together: int = TOGETHER) -> Iterator[Outcome]:
    """What came of each, as they end."""
    with ThreadPoolExecutor(together) as pool:
        for future in as_completed([pool.submit(play, scenario) for scenario in scenarios]):
            yield future.result()
