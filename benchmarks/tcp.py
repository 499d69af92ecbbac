"""One tick of TCP state counts at 80,000 sockets, against what people use instead.

Every round times all three one after the other, so that what slows the machine slows them alike; a figure is the
median of the rounds' ratios.

    python -m benchmarks.tcp
"""

import argparse
import asyncio
import json
import re
import subprocess
import time
from collections.abc import Callable
from typing import Any

import psutil

from benchmarks.figures import Figure, paired, single, table
from benchmarks.namespace import end_in_order, run_module
from benchmarks.swarm import swarm
from nettui.linux.tcp import TcpCounter
from nettui.model.tcp import STATES, TcpState

ROUNDS = 7
STILL = 15.0
"""Seconds that one round needs, generously."""
SS = "ss -Htan | awk '{n[$1]++} END {for (s in n) print s, n[s]}'"
SS_STATES = {
    "ESTAB": TcpState.ESTABLISHED, "SYN-SENT": TcpState.SYN_SENT, "SYN-RECV": TcpState.SYN_RECV,
    "FIN-WAIT-1": TcpState.FIN_WAIT1, "FIN-WAIT-2": TcpState.FIN_WAIT2, "TIME-WAIT": TcpState.TIME_WAIT,
    "CLOSE-WAIT": TcpState.CLOSE_WAIT, "LAST-ACK": TcpState.LAST_ACK, "LISTEN": TcpState.LISTEN,
    "CLOSING": TcpState.CLOSING, "UNCONN": TcpState.CLOSED,
}


def counted_by_ss() -> tuple[int, ...]:
    """What `ss | awk` counts, in the order of STATES."""
    printed = subprocess.run(["sh", "-c", SS], capture_output=True, text=True, check=True).stdout
    found = {SS_STATES[name]: int(count) for name, count in re.findall(r"(\S+) (\d+)", printed)}
    return tuple(found.get(state, 0) for state in STATES)


def measure(rounds: int = ROUNDS, **wanted: int) -> list[Figure]:
    """The figures, taken in a network namespace where one can be had, so that nobody else's sockets come and go.

    `wanted` are the fields of `benchmarks.swarm.Wanted`. Raises Unmeasured.
    """
    told = run_module("benchmarks.tcp", {"rounds": rounds, **wanted}, 120.0 + 60.0 * rounds)
    return [Figure(**figure) for figure in told]


def measure_here(rounds: int, **wanted: int) -> list[Figure]:
    """`measure`, in the network namespace this is called in."""
    times = []
    equal = 0
    with swarm(**wanted) as held, asyncio.Runner() as runner:
        counter = TcpCounter()

        def tick() -> tuple[int, ...]:
            return runner.run(counter.counts()).counts

        tick()
        for _ in range(rounds):
            if held.still_for() < STILL:
                held.refresh()
            before, ours = _timed(tick)
            counted, by_ss = _timed(counted_by_ss)
            equal += before == counted == tick()
            _, by_psutil = _timed(lambda: psutil.net_connections("tcp"))
            started = time.process_time()
            tick()
            times.append((ours, by_ss, by_psutil, time.process_time() - started))
        counter.close()
    differing = float(rounds - equal)
    return [
        paired("tick of TCP counts / ss -Htan | awk", 0.12, "s", [(ours, by_ss) for ours, by_ss, _, _ in times]),
        paired("tick of TCP counts / psutil.net_connections", 0.015, "s",
               [(ours, by_psutil) for ours, _, by_psutil, _ in times]),
        Figure("rounds in which the counts differ from ss's", differing, 0.0, "", differing, None, rounds),
        single("ticks of TCP counts, share of a core", 4.0, "%", [100 * cpu for _, _, _, cpu in times]),
    ]


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What `work` returned, and the seconds it took."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tcp", description=__doc__.partition("\n")[0])
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
