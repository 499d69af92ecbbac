"""20,000 routes into records, against `ip -j route` to JSON to Python: in a network namespace of its own.

    python -m benchmarks.routes
"""

import asyncio
import json
import subprocess
import time
from collections.abc import Callable

from benchmarks.figures import Figure, Unmeasured, paired, table
from nettui.linux.host import LinuxHost
from tests.lab_support import Lab, Unavailable, open_lab

ROUTES = 20_000
PAIRS = 7
GATEWAYS = 5


def measure(routes: int = ROUTES, pairs: int = PAIRS) -> list[Figure]:
    """Theirs is the main IPv4 table alone; ours holds all tables of both families.

    Raises Unmeasured where no namespace can be made.
    """
    try:
        with open_lab() as lab:
            _fill(lab, routes)
            seconds = lab.call(lambda: _compare(routes, pairs), timeout=300)
    except Unavailable as error:
        raise Unmeasured(str(error)) from error
    return [paired(f"{routes:,} routes into records / ip -j route, json", 1.0, "s", seconds)]


def _fill(lab: Lab, routes: int) -> None:
    lab.ip(
        "link add name va type veth peer name vb", "link set vb up", "link set va up", "addr add 10.255.0.1/24 dev va"
    )
    lab.ip_batch(
        f"route add 10.{n >> 8}.{n & 255}.0/24 via 10.255.0.{2 + n % GATEWAYS} dev va proto static metric 100"
        for n in range(routes)
    )


def _compare(routes: int, pairs: int) -> list[tuple[float, float]]:
    """Seconds of ours and theirs, inside the namespace."""
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
            mine, other = [_timed(way, routes) for way in both[:: 1 if turn % 2 else -1]][:: 1 if turn % 2 else -1]
            pairs_of_seconds.append((mine, other))
    host.close()
    return pairs_of_seconds[1:]  # the first one warms up


def _timed(read: Callable[[], int], routes: int) -> float:
    """Seconds it took; what was read must be all that was put in (and the route of the link itself)."""
    start = time.perf_counter()
    found = read()
    seconds = time.perf_counter() - start
    if found != routes + 1:
        raise AssertionError(f"{found} routes were read instead of {routes + 1}")
    return seconds


if __name__ == "__main__":
    print(table(measure(), []))
