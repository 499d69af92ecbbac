"""100,000 sockets read, filtered and traced to their owners, against ss: the table on the screen, a CSV of the
CLOSE_WAITs as a whole process, and every owner from nothing.

    python -m benchmarks.sockets
"""

import argparse
import asyncio
import json
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from benchmarks.figures import Figure, paired, single, table
from benchmarks.headless import sockets_on_screen
from benchmarks.namespace import end_in_order, run_module
from benchmarks.program import clean_environment
from benchmarks.startup import NETTUI
from benchmarks.swarm import Wanted, swarm
from nettui.linux.sockets import LinuxSockets
from nettui.model.socket_table import SocketRequest

ROUNDS = 9
SOCKETS = 100_000
STILL = 25.0
"""Seconds in which no socket may go while a round is measured."""
TABLE, CLOSE_WAITS, OWNERS = (
    ["ss", "-Htan"], ["ss", "-Htan", "state", "close-wait"], ["ss", "-Htanp"],
)


def measure(rounds: int = ROUNDS, sockets: int = SOCKETS) -> list[Figure]:
    """The figures, taken in a network namespace where one can be had. Raises Unmeasured."""
    told = run_module("benchmarks.sockets", {"rounds": rounds, "sockets": sockets}, 180.0 + 60.0 * rounds)
    return [Figure(**figure) for figure in told]


def measure_here(rounds: int, sockets: int) -> list[Figure]:
    """`measure`, in the network namespace this is called in."""
    wanted = Wanted.scaled(sockets)
    tables, lists, owners = [], [], []
    with swarm(**{name: getattr(wanted, name) for name in Wanted.__dataclass_fields__}) as held, \
            clean_environment() as env:
        for _ in range(rounds):
            held.refresh()
            lists.append((_whole([*NETTUI, "sockets", "state:close-wait", "--csv"], env), _whole(CLOSE_WAITS, env)))
            owners.append((asyncio.run(_seconds(_every_owner)), _whole(OWNERS, env)))
            if held.still_for() < STILL:
                held.refresh()
            tables.append((asyncio.run(sockets_on_screen(held.wanted.total)), _whole(TABLE, env)))
    named = f"{held.wanted.total:,}"
    beyond = [ours - theirs for ours, theirs in lists]
    return [
        paired(f"{named} sockets read, sorted, first page shown / ss -Htan", 0.75, "s", tables),
        paired("nettui sockets state:close-wait --csv / ss -Htan state close-wait", None, "s", lists),
        single("nettui sockets state:close-wait --csv, beyond what ss takes", 0.08, "s", beyond),
        paired(f"every owner of {named} sockets, cold / ss -Htanp", 0.25, "s", owners),
    ]


async def _every_owner() -> None:
    """From nothing: the table, then who has each of its sockets open."""
    sockets = LinuxSockets()
    try:
        read = await sockets.table(SocketRequest())
        wanted = {inode for inode in read.column("inode") if isinstance(inode, int) and inode}
        found = await sockets.owners(wanted, thorough=True)
    finally:
        sockets.close()
    missing = len(wanted) - len(found.by_inode)
    assert missing <= len(wanted) // 100, f"{missing} sockets without an owner"


async def _seconds(work: Callable[[], Awaitable[None]]) -> float:
    start = time.perf_counter()
    await work()
    return time.perf_counter() - start


def _whole(command: Sequence[str], env: Mapping[str, str]) -> float:
    """Seconds of a whole process, whose output somebody reads."""
    start = time.perf_counter()
    subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sockets", description=__doc__.partition("\n\n")[0])
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
