"""What nettui costs while it runs, on a terminal of 120x40: bytes, CPU and memory against btop's, and the way from a
key to the screen with 80,000 sockets held.

    python -m benchmarks.terminal
"""

import argparse
import json
import math
import random
import shutil
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyte

from benchmarks import screen
from benchmarks.figures import Figure, Unmeasured, paired, single, table
from benchmarks.namespace import end_in_order, run_module
from benchmarks.program import Program, clean_environment
from benchmarks.startup import NETTUI
from benchmarks.swarm import Swarm, swarm

WARM_UP = 5.0
"""Seconds after the start that are not counted."""
BTOP = "btop"
BTOP_BARS: dict[int, tuple[float | None, float | None]] = {1000: (0.1, 1.0), 2000: (None, None)}
"""The bars of bytes and of CPU, by btop's interval in ms: nettui's own pace, and btop's default for information."""
KEYS = (b"j", b"k", b"\t", b"\x1b[Z")
"""Down and up in the pane that has the focus, to the next pane and back: each changes what is marked on the screen."""
GAPS = (0.15, 0.45)
"""Seconds between keys, at random, so that they meet the tick in all its phases."""
KEY_PATIENCE = 2.0
MARKS = frozenset("▌╭╮╰╯")
"""What shows cursor and focus, by its place and its colour; no news changes it."""


class Pace(NamedTuple):
    """How often and how long."""

    runs: int = 5
    seconds: float = 60.0
    """On a quiet host, of each run."""
    busy_seconds: float = 20.0
    """With the swarm, of each run: it has to end before the swarm's TIME_WAIT sockets do."""
    keys: int = 30
    """Of each run."""


THOROUGH = Pace()
QUICK = Pace(runs=1, seconds=15.0, busy_seconds=10.0, keys=20)


class Cost(NamedTuple):
    """Of one run, after the warm-up."""

    bytes_per_second: float
    cpu: float
    """Percent of one core."""
    memory: float
    """MB, at the end."""


def measure_quiet(pace: Pace = THOROUGH) -> list[Figure]:
    """nettui and btop in turn, on this host as it is. Raises Unmeasured where there is no btop."""
    if not shutil.which(BTOP):
        raise Unmeasured("btop is not installed (Debian: apt install btop)")
    ours: list[Cost] = []
    theirs: dict[int, list[Cost]] = {interval: [] for interval in BTOP_BARS}
    with clean_environment() as env:
        for _ in range(pace.runs):
            ours.append(_cost(NETTUI, env, pace.seconds))
            for interval, costs in theirs.items():
                _configure_btop(Path(env["XDG_CONFIG_HOME"]), interval)
                costs.append(_cost([BTOP], env, pace.seconds))
    figures = []
    for interval, (bytes_bar, cpu_bar) in BTOP_BARS.items():
        pairs = list(zip(ours, theirs[interval], strict=True))
        figures += [
            paired(f"bytes/s to the terminal / btop's each {interval} ms", bytes_bar, "B/s",
                   [(mine.bytes_per_second, other.bytes_per_second) for mine, other in pairs]),
            paired(f"CPU on a quiet host / btop's each {interval} ms", cpu_bar, "%",
                   [(mine.cpu, other.cpu) for mine, other in pairs]),
        ]
    return [*figures, single("memory on a quiet host", 60.0, "MB", [cost.memory for cost in ours])]


def measure_busy(pace: Pace = THOROUGH, **wanted: int) -> list[Figure]:
    """nettui beside a swarm, in a network namespace where one can be had.

    `wanted` are the fields of `benchmarks.swarm.Wanted`. Raises Unmeasured.
    """
    limit = 120.0 + pace.runs * (60.0 + WARM_UP + pace.busy_seconds + pace.keys * GAPS[1])
    told = run_module("benchmarks.terminal", {"pace": pace._asdict(), "wanted": wanted}, limit)
    return [Figure(**figure) for figure in told]


def busy_here(pace: Pace, wanted: Mapping[str, int]) -> list[Figure]:
    """`measure_busy`, in the network namespace this is called in."""
    costs: list[Cost] = []
    answers: list[float] = []
    with swarm(**wanted) as held, clean_environment() as env:
        for run in range(pace.runs):
            held.refresh()
            cost, waits = _busy_run(held, env, pace, run)
            costs.append(cost)
            answers += waits
    named = f"{held.wanted.total:,} sockets"
    slowest = percentile(answers, 99)
    return [
        single(f"CPU, {named}, share of a core", 4.0, "%", [cost.cpu for cost in costs]),
        Figure(f"key to screen, {named}, 99th percentile", slowest, 0.05, "s", slowest, None, len(answers)),
        single(f"key to screen, {named}, median", None, "s", answers),
        single(f"memory, {named}", 80.0, "MB", [cost.memory for cost in costs]),
    ]


def _cost(command: Sequence[str], env: Mapping[str, str], seconds: float) -> Cost:
    with Program(command, env) as program:
        warm_up(program)
        return steady(program, seconds)


def _busy_run(held: Swarm, env: Mapping[str, str], pace: Pace, seed: int) -> tuple[Cost, list[float]]:
    """One nettui beside the swarm: what it costs when left alone, and how long it takes to answer each key."""
    if held.still_for() < WARM_UP + pace.busy_seconds + pace.keys * statistics.mean(GAPS):
        raise Unmeasured("the swarm does not stand long enough for so many seconds and keys")
    with Program(NETTUI, env) as program:
        warm_up(program)
        cost = steady(program, pace.busy_seconds)
        _check_counts(program, held)
        return cost, answers(program, pace.keys, random.Random(seed))


def warm_up(program: Program) -> None:
    if not program.listen(WARM_UP):
        said = b"".join(chunk.data for chunk in program.chunks)[-300:]
        raise Unmeasured(f"the program ended at once, with {said!r}")


def _check_counts(program: Program, held: Swarm) -> None:
    """What was measured must have seen the swarm."""
    *_, (_, shown) = screen.replay(program.chunks)
    counted = screen.pane(shown, "TCP states")
    if f"{held.wanted.established:,}" not in counted:
        raise AssertionError(f"nettui does not show the {held.wanted.established} connections:\n{counted}")


def steady(program: Program, seconds: float) -> Cost:
    said, used, start = len(program.chunks), program.cpu(), time.perf_counter()
    if not program.listen(seconds):
        raise Unmeasured("the program ended by itself")
    span = time.perf_counter() - start
    told = sum(len(chunk.data) for chunk in program.chunks[said:])
    return Cost(told / span, 100 * (program.cpu() - used) / span, program.memory())


def answers(program: Program, keys: int, chance: random.Random) -> list[float]:
    """Seconds from each key until the screen shows what it did; endless where it never does."""
    pressed = []
    for number in range(keys):
        program.listen(chance.uniform(*GAPS))
        pressed.append(program.type(KEYS[number % len(KEYS)]))
    program.listen(KEY_PATIENCE)
    changes = _changes(program)
    return [
        next((change - press for change in changes if press < change < following), math.inf)
        for press, following in zip(pressed, [*pressed[1:], math.inf], strict=True)
    ]


def _changes(program: Program) -> list[float]:
    """When cursor or focus moved on the screen."""
    changes: list[float] = []
    before = None
    for moment, shown in screen.replay(program.chunks):
        now = _marks(shown)
        if now != before:
            changes.append(moment)
        before = now
    return changes


def _marks(shown: pyte.Screen) -> list[tuple[int, int, str]]:
    return [(line, column, cell.fg) for line in range(shown.lines) for column, cell in shown.buffer[line].items()
            if cell.data in MARKS]


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that so many percent of them do not exceed (nearest rank)."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


def _configure_btop(config: Path, interval: int) -> None:
    """Everything as btop comes, but its pace."""
    folder = config / "btop"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "btop.conf").write_text(f"update_ms = {interval}\n", encoding="ascii")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.terminal", description=__doc__.partition("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="one short run of each")
    parser.add_argument("--here", type=json.loads, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        end_in_order()
        here: dict[str, Any] = arguments.here
        print(json.dumps([vars(figure) for figure in busy_here(Pace(**here["pace"]), here["wanted"])]))
        return
    pace = QUICK if arguments.quick else THOROUGH
    print(table([*measure_quiet(pace), *measure_busy(pace)], []))


if __name__ == "__main__":
    main()
