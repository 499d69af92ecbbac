"""One tick of TCP state counts at 80,000 sockets, against what people use instead.

Every round times all three one after the other, so that what slows the machine slows them alike; a figure is the
median of the rounds' ratios.

    python -m benchmarks.tcp
"""

import argparse
import asyncio
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.swarm import Wanted, swarm
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


def measure(rounds: int = ROUNDS, **wanted: int) -> dict[str, dict[str, Any]]:
    """The figures by name, each with its `value`, its `bar`, whether it is reached (`ok`), and the times behind it.

    Where one can be had, this happens in a network namespace of its own, in which nobody else's sockets come and go.
    `wanted` are the fields of `benchmarks.swarm.Wanted`.
    """
    task = json.dumps({"rounds": rounds, **wanted})
    command = [sys.executable, "-m", "benchmarks.tcp", "--here", task]
    for unshare in (["unshare", "-n"], ["unshare", "-Urn"]):
        if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0:
            command = [*unshare, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command]
            break
    home = Path(__file__).parent.parent
    return json.loads(subprocess.run(command, cwd=home, stdout=subprocess.PIPE, text=True, check=True).stdout)


def measure_here(rounds: int, **wanted: int) -> dict[str, dict[str, Any]]:
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
    ours, by_ss, by_psutil, cpu = (statistics.median(column) for column in zip(*times, strict=True))
    against_ss = statistics.median(row[0] / row[1] for row in times)
    against_psutil = statistics.median(row[0] / row[2] for row in times)
    return {
        "tcp tick / ss -Htan | awk": _figure(against_ss, 0.12, seconds=ours, against=by_ss),
        "tcp tick / psutil.net_connections": _figure(against_psutil, 0.015, seconds=ours, against=by_psutil),
        "rounds in which the counts differ from ss's": _figure(rounds - equal, 0),
        "tcp tick at 1/s, share of a core": _figure(cpu, 0.04),
    }


def _figure(value: float, bar: float, **times: float) -> dict[str, Any]:
    return {"value": value, "bar": bar, "ok": value <= bar, **times}


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
        print(json.dumps(measure_here(**arguments.here)))
        return
    print(f"{Wanted().total:,} sockets, medians of {arguments.rounds} rounds")
    for name, row in measure(arguments.rounds).items():
        times = f"   {1000 * row['seconds']:.1f} ms / {1000 * row['against']:.0f} ms" if "seconds" in row else ""
        print(f"{'ok  ' if row['ok'] else 'MISS'}  {name:<46} {row['value']:7.4f}  (bar {row['bar']:g}){times}")


if __name__ == "__main__":
    main()
