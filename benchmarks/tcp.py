"""One tick of TCP state counts at 80,000 sockets, against what people use instead.

Every round times all three one after the other, so that what slows the machine slows them alike; a figure is the
median of the rounds' ratios.

    python -m benchmarks.tcp
"""

import asyncio
import re
import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Any

import psutil

from benchmarks.swarm import Wanted, swarm
from nettui.linux.tcp import TcpCounter
from nettui.model.tcp import STATES, TcpState

ROUNDS = 7
STILL = 30.0
"""Seconds a comparison of all the rounds needs, generously."""
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

    `wanted` are the fields of `benchmarks.swarm.Wanted`.
    """
    with swarm(**wanted) as held, asyncio.Runner() as runner:
        counter = TcpCounter()

        def tick() -> tuple[int, ...]:
            return runner.run(counter.counts()).counts

        tick()
        if held.still_for() < STILL:
            held.refresh()
        times = []
        equal = 0
        for _ in range(rounds):
            before, ours, cpu = *_timed(tick), time.process_time()
            tick()
            cpu = time.process_time() - cpu
            counted, by_ss = _timed(counted_by_ss)
            _, by_psutil = _timed(lambda: psutil.net_connections("tcp"))
            equal += before == counted == tick()
            times.append((ours, by_ss, by_psutil, cpu))
        counter.close()
    ours, by_ss, by_psutil, cpu = (statistics.median(column) for column in zip(*times, strict=True))
    against_ss = statistics.median(row[0] / row[1] for row in times)
    against_psutil = statistics.median(row[0] / row[2] for row in times)
    return {
        "tcp tick / ss -Htan | awk": {
            "value": against_ss, "bar": 0.12, "ok": against_ss <= 0.12, "seconds": ours, "against": by_ss,
        },
        "tcp tick / psutil.net_connections": {
            "value": against_psutil, "bar": 0.015, "ok": against_psutil <= 0.015, "seconds": ours, "against": by_psutil,
        },
        "tcp counts equal to ss's, share of rounds": {"value": equal / rounds, "bar": 1.0, "ok": equal == rounds},
        "tcp tick at 1/s, share of a core": {"value": cpu, "bar": 0.04, "ok": cpu <= 0.04},
    }


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What `work` returned, and the seconds it took."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def main() -> None:
    print(f"{Wanted().total:,} sockets, medians of {ROUNDS} rounds")
    for name, row in measure().items():
        times = f"   {1000 * row['seconds']:.1f} ms / {1000 * row['against']:.0f} ms" if "seconds" in row else ""
        print(f"{'ok  ' if row['ok'] else 'MISS'}  {name:<44} {row['value']:7.4f}  (bar {row['bar']:g}){times}")


if __name__ == "__main__":
    main()
