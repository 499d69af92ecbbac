"""All figures in one table: `python -m benchmarks`, `--quick` for fewer runs, `--only NAME` for some, `--json`.

Exit code 0 where every bar is reached, 1 where one is missed or could not be measured, 130 after ctrl+c.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmarks.figures import Figure, Unmeasured, table
from benchmarks.namespace import end_in_order

Measure = Callable[[bool], list[Figure]]
"""Takes whether to be quick; may raise Unmeasured."""


class Room(NamedTuple):
    """Figures that are measured together."""

    measure: Measure
    about: str


def _tcp(quick: bool) -> list[Figure]:
    from benchmarks import tcp

    return tcp.measure(3 if quick else tcp.ROUNDS)


def _routes(quick: bool) -> list[Figure]:
    from benchmarks import routes

    return routes.measure(pairs=3 if quick else routes.PAIRS)


def _startup(quick: bool) -> list[Figure]:
    from benchmarks import startup

    return startup.measure(3 if quick else startup.PAIRS)


def _version(quick: bool) -> list[Figure]:
    from benchmarks import startup

    return startup.measure_version(5 if quick else 2 * startup.PAIRS)


def _sockets(quick: bool) -> list[Figure]:
    from benchmarks import sockets

    return sockets.measure(3 if quick else sockets.ROUNDS)


def _socket_screen(quick: bool) -> list[Figure]:
    from benchmarks import socket_screen, terminal

    return socket_screen.measure(terminal.QUICK if quick else terminal.THOROUGH)


def _check(quick: bool) -> list[Figure]:
    from benchmarks import check

    return check.measure(3 if quick else check.ROUNDS)


def _diagnosis(quick: bool) -> list[Figure]:
    from benchmarks import diagnosis

    return diagnosis.measure(21 if quick else diagnosis.UPDATES)


def _quiet(quick: bool) -> list[Figure]:
    from benchmarks import terminal

    return terminal.measure_quiet(terminal.QUICK if quick else terminal.Pace())


def _busy(quick: bool) -> list[Figure]:
    from benchmarks import terminal

    return terminal.measure_busy(terminal.QUICK if quick else terminal.Pace())


ROOMS = {
    "startup": Room(_startup, "exec to four panes of data, against a bare Textual app"),
    "version": Room(_version, "the shortest command"),
    "tcp": Room(_tcp, "one tick of state counts at 80,000 sockets, against ss and psutil"),
    "routes": Room(_routes, "20,000 routes into records, against ip -j"),
    "busy": Room(_busy, "CPU, memory and answers to keys with 80,000 sockets held"),
    "sockets": Room(_sockets, "100,000 sockets read, filtered and traced to their owners, against ss"),
    "screen": Room(_socket_screen, "the Sockets screen refreshing with 100,000 sockets"),
    "check": Room(_check, "nettui check with 80,000 sockets, against ss | awk"),
    "diagnosis": Room(_diagnosis, "all rules on one Snapshot of a host with 80,000 sockets"),
    "quiet": Room(_quiet, "bytes, CPU and memory on a quiet host, against btop"),
}


def measure(
    names: Sequence[str], quick: bool, tell: Callable[[str], object]
) -> tuple[list[Figure], list[tuple[str, str]]]:
    """The figures of these rooms, and (room, reason) for those that could not be had; `tell` hears of progress."""
    figures: list[Figure] = []
    unmeasured: list[tuple[str, str]] = []
    for name in names:
        tell(f"{name}: {ROOMS[name].about}")
        try:
            figures += ROOMS[name].measure(quick)
        except (Unmeasured, OSError, AssertionError, subprocess.SubprocessError, ImportError) as error:
            unmeasured.append((name, str(error) or type(error).__name__))
    return figures, unmeasured


def conditions() -> dict[str, object]:
    """Under what the figures were taken, as far as it matters to them."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)),
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="nettui's figures as ratios, each with its bar.",
        epilog="\n".join(f"  {name:<9} {room.about}" for name, room in ROOMS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", action="append", choices=ROOMS, metavar="NAME", help="this one; may be repeated")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs: a first idea, no proof")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args(words)
    end_in_order()
    before = conditions()
    try:
        figures, unmeasured = measure(arguments.only or list(ROOMS), arguments.quick,
                                      lambda line: print(line, file=sys.stderr, flush=True))
    except KeyboardInterrupt:
        return 130
    if arguments.json:
        print(as_json(before, figures, unmeasured))
    else:
        print(f"Python {before['python']}, {before['system']}, {before['cores']} cores, "
              f"load average {before['load']} at the start, {conditions()['load']} at the end\n")
        print(table(figures, unmeasured))
    return 1 if unmeasured or any(figure.ok is False for figure in figures) else 0


def as_json(before: dict[str, object], figures: Sequence[Figure], unmeasured: Sequence[tuple[str, str]]) -> str:
    """The same for programs."""
    return json.dumps({
        "schema": "nettui.benchmarks/1",
        "conditions": before,
        "figures": [figure.as_json() for figure in figures],
        "unmeasured": [{"name": name, "reason": reason} for name, reason in unmeasured],
    }, indent=2)


if __name__ == "__main__":
    sys.exit(main())
