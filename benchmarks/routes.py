"""20,000 routes into records, against `ip -j route` to JSON to Python: in a network namespace of its own.

    python -m benchmarks.routes
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from nettui.linux.host import LinuxHost
from tests.lab_support import Lab, Unavailable, open_lab

ROUTES = 20_000
PAIRS = 7
GATEWAYS = 5


def measure(routes: int = ROUTES, pairs: int = PAIRS) -> dict[str, Any]:
    """Medians over paired runs, in seconds, and the median of the pairs' ratios (ours to theirs).

    Theirs is the main IPv4 table alone; ours holds all tables of both families. Raises
    `tests.lab_support.Unavailable` where no namespace can be made.
    """
    with open_lab() as lab:
        _fill(lab, routes)
        return lab.call(lambda: _compare(routes, pairs), timeout=300)


def _fill(lab: Lab, routes: int) -> None:
    lab.ip(
        "link add name va type veth peer name vb", "link set vb up", "link set va up", "addr add 10.255.0.1/24 dev va"
    )
    lab.ip_batch(
        f"route add 10.{n >> 8}.{n & 255}.0/24 via 10.255.0.{2 + n % GATEWAYS} dev va proto static metric 100"
        for n in range(routes)
    )


def _compare(routes: int, pairs: int) -> dict[str, Any]:
    """Inside the namespace."""
    host = LinuxHost()

    async def ours() -> int:
        return sum(route.table == 254 and route.family == "inet" for route in (await host.routes(1 << 24))[0])

    def theirs() -> int:
        return len(json.loads(subprocess.run(["ip", "-j", "route"], capture_output=True, check=True).stdout))

    pairs_of_seconds = []
    with asyncio.Runner() as runner:
        for turn in range(pairs + 1):
            both = [lambda: runner.run(ours()), theirs]
            # Who goes first alternates, so that neither always finds the caches warm.
            seconds = [_timed(way, routes) for way in both[:: 1 if turn % 2 else -1]][:: 1 if turn % 2 else -1]
            pairs_of_seconds.append(seconds)
    host.close()
    measured = pairs_of_seconds[1:]  # the first one warms up
    return {
        "routes": routes,
        "pairs": len(measured),
        "ours": statistics.median(mine for mine, _ in measured),
        "theirs": statistics.median(other for _, other in measured),
        "ratio": statistics.median(mine / other for mine, other in measured),
    }


def _timed(read: Callable[[], int], routes: int) -> float:
    """Seconds it took; what was read must be all that was put in (and the route of the link itself)."""
    start = time.perf_counter()
    found = read()
    seconds = time.perf_counter() - start
    if found != routes + 1:
        raise AssertionError(f"{found} routes were read instead of {routes + 1}")
    return seconds


def main() -> int:
    """Print the figures; exit status 2 where no namespace can be made."""
    try:
        figures = measure()
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{figures['routes']:,} routes, medians of {figures['pairs']} pairs")
    print(f"  ip -j route | json.loads  {figures['theirs'] * 1e3:7.1f} ms")
    print(f"  nettui, into records      {figures['ours'] * 1e3:7.1f} ms")
    print(f"  ratio                     {figures['ratio']:7.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
