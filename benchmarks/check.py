"""`nettui check` as a whole process on a host with 80,000 sockets, against what people put into cron instead.

    python -m benchmarks.check
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence

from benchmarks.figures import Figure, paired, table
from benchmarks.namespace import end_in_order, run_module
from benchmarks.program import clean_environment
from benchmarks.swarm import swarm
from benchmarks.tcp import SS, STILL

ROUNDS = 9
NETTUI = [sys.executable, "-c", "import sys; from nettui.cli import main; sys.exit(main())", "check"]
"""What the installed command does, of this checkout."""
CRITICAL = 2
"""The exit code: the swarm holds thousands of CLOSE_WAIT."""


def measure(rounds: int = ROUNDS, **wanted: int) -> list[Figure]:
    """The figure, taken in a network namespace of its own; `wanted` as in `benchmarks.tcp`. Raises Unmeasured."""
    return [Figure(**figure) for figure in run_module("benchmarks.check", {"rounds": rounds, **wanted}, 300.0)]


def measure_here(rounds: int, **wanted: int) -> list[Figure]:
    """`measure`, in the network namespace this is called in. Who goes first alternates."""
    pairs = []
    with swarm(**wanted) as held, clean_environment() as env:
        _seconds(NETTUI, env, CRITICAL)  # compiles what is not compiled yet
        for turn in range(rounds):
            if held.still_for() < STILL:
                held.refresh()
            if turn % 2:
                ours = _seconds(NETTUI, env, CRITICAL)
                theirs = _seconds(["sh", "-c", SS], env, 0)
            else:
                theirs = _seconds(["sh", "-c", SS], env, 0)
                ours = _seconds(NETTUI, env, CRITICAL)
            pairs.append((ours, theirs))
    return [paired("nettui check, whole process / ss -Htan | awk", 0.5, "s", pairs)]


def _seconds(command: Sequence[str], env: dict[str, str], expected: int) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
    taken = time.perf_counter() - start
    if done.returncode != expected:
        said = done.stderr.decode(errors="replace")[-300:]
        raise AssertionError(f"{command[0]} ended with {done.returncode}: {said}")
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.check", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--here", type=json.loads, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        end_in_order()
        print(json.dumps([vars(figure) for figure in measure_here(**arguments.here)]))
        return
    print(table(measure(arguments.rounds), []))


if __name__ == "__main__":
    main()
