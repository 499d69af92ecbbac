"""What the Sockets screen costs while it refreshes each second with 100,000 sockets: CPU, memory, the way from a key
to the screen, and the longest time its event loop is held. And a soak: its memory over an hour of coming and going.

    python -m benchmarks.socket_screen [--soak MINUTES]
"""

import argparse
import asyncio
import json
import random
import sys
import time
from contextlib import AbstractContextManager
from statistics import mean

from benchmarks.figures import Figure, Unmeasured, single, table
from benchmarks.headless import longest_hold, open_sockets
from benchmarks.namespace import end_in_order, run_module
from benchmarks.program import Program, clean_environment
from benchmarks.sockets import SOCKETS
from benchmarks.startup import NETTUI
from benchmarks.swarm import Swarm, Wanted, swarm
from benchmarks.terminal import QUICK, THOROUGH, Pace, answers, percentile, steady, warm_up

PAGES = ("j", "k", "G", "g", "pagedown", "s", "S", "s", "s", "p", "p", "b", "b", "slash")
"""Keys pressed while the loop is watched: the cursor, every kind of order, groups."""
TYPED = "state:close-wait recvq>0"
WARM_UP_MINUTES = 10
"""Of a soak, before memory is compared."""


def measure(pace: Pace = THOROUGH, sockets: int = SOCKETS) -> list[Figure]:
    """The figures, in a network namespace where one can be had. Raises Unmeasured."""
    limit = 300.0 + pace.runs * (120.0 + pace.busy_seconds)
    told = run_module("benchmarks.socket_screen", {"pace": pace._asdict(), "sockets": sockets}, limit)
    return [Figure(**figure) for figure in told]


def soak(minutes: int, sockets: int = SOCKETS) -> list[Figure]:
    """Memory over so many minutes, with a third of the sockets coming and going each minute. Raises Unmeasured."""
    task = {"minutes": minutes, "sockets": sockets}
    told = run_module("benchmarks.socket_screen", task, 60.0 * minutes + 300.0, aloud=True)
    return [Figure(**figure) for figure in told]


def measure_here(pace: Pace, sockets: int) -> list[Figure]:
    """`measure`, in the network namespace this is called in."""
    costs, waits, holds = [], list[float](), list[float]()
    with _crowd(sockets) as held, clean_environment() as env:
        for run in range(pace.runs):
            held.refresh()
            with Program(NETTUI, env) as program:
                warm_up(program)
                program.type(b"4")
                warm_up(program)
                costs.append(steady(program, pace.busy_seconds))
                waits += answers(program, pace.keys, random.Random(run))
            held.refresh()
            holds.append(asyncio.run(_longest_hold(run)))
    named = f"{held.wanted.total:,} sockets on the screen"
    slowest = percentile(waits, 99)
    return [
        single(f"CPU, {named}, share of a core", 15.0, "%", [cost.cpu for cost in costs]),
        Figure(f"key to screen, {named}, 99th percentile", slowest, 0.05, "s", slowest, None, len(waits)),
        single(f"key to screen, {named}, median", None, "s", waits),
        Figure("the longest time the event loop is held", max(holds), 0.02, "s", max(holds), None, len(holds)),
        single(f"memory, {named}", 140.0, "MB", [cost.memory for cost in costs]),
    ]


def soak_here(minutes: int, sockets: int) -> list[Figure]:
    """`soak`, in the network namespace this is called in."""
    seen: list[float] = []
    with _crowd(sockets) as held, clean_environment() as env, Program(NETTUI, env) as program:
        warm_up(program)
        program.type(b"4")
        for minute in range(minutes):
            end = time.monotonic() + 60.0
            held.refresh()
            if not program.listen(end - time.monotonic()):
                raise Unmeasured(f"the program ended by itself after {minute} minutes")
            program.chunks.clear()
            seen.append(program.memory())
            print(f"minute {minute + 1}: {seen[-1]:.0f} MB", file=sys.stderr, flush=True)
    skipped = max(1, min(WARM_UP_MINUTES, minutes // 3))
    # It swings by some 10 MB from minute to minute, with what happens to come and go: only means can be compared.
    growth = mean(seen[-skipped:]) - mean(seen[skipped : 2 * skipped])
    named = f"{held.wanted.total:,} sockets on the screen for {minutes} min"
    return [
        Figure(f"memory, {named}, at its most", max(seen), 140.0, "MB", max(seen), None, len(seen)),
        Figure(f"memory, {named}, mean at the end against after {skipped} min", growth, 3.0, "MB", growth, None,
               len(seen)),
    ]


async def _longest_hold(seed: int) -> float:
    """Seconds, while it refreshes and somebody presses keys."""
    chance = random.Random(seed)
    async with open_sockets() as (_, pilot):
        await asyncio.sleep(3.0)
        with longest_hold() as held:
            for key in (*PAGES, *TYPED, "enter", "escape"):
                await pilot.press(key if len(key) > 1 else _named(key))
                await asyncio.sleep(chance.uniform(0.1, 0.7))
        return max(held)


def _named(character: str) -> str:
    return {":": "colon", "-": "minus", ">": "greater_than_sign", " ": "space"}.get(character, character)


def _crowd(sockets: int) -> AbstractContextManager[Swarm]:
    wanted = Wanted.scaled(sockets)
    return swarm(**{name: getattr(wanted, name) for name in Wanted.__dataclass_fields__})


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.socket_screen", description=__doc__.partition("\n\n")[0]
    )
    parser.add_argument("--quick", action="store_true", help="one short run")
    parser.add_argument("--soak", type=int, metavar="MINUTES", help="only memory, over so long")
    parser.add_argument("--here", type=json.loads, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        end_in_order()
        here = arguments.here
        pace = Pace(**here["pace"]) if "pace" in here else None
        found = measure_here(pace, here["sockets"]) if pace else soak_here(**here)
        print(json.dumps([vars(figure) for figure in found]))
        return
    print(table(soak(arguments.soak) if arguments.soak else measure(QUICK if arguments.quick else THOROUGH), []))


if __name__ == "__main__":
    main()
