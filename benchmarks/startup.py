"""From exec to a screen with real data in all four panes, against an empty Textual app's first picture.

Both run on a terminal of 120x40, in turn; what they say is only taken down while they run, and played back through a
terminal emulator afterwards to find the moment. And the least there is: `nettui --version` against `python -c pass`.

    python -m benchmarks.startup
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyte

from benchmarks import screen
from benchmarks.figures import Figure, Unmeasured, paired, table
from benchmarks.namespace import HOME
from benchmarks.program import Program, clean_environment

PAIRS = 9
SETTLED = 0.3
"""Seconds of silence after which a first picture is complete."""
PATIENCE = 20.0
"""Seconds that a start may take at all."""
NETTUI = [sys.executable, "-c", "import sys; from nettui.cli import main; sys.exit(main())"]
"""What the installed command does, of this checkout."""
BARE = [sys.executable, str(HOME / "benchmarks" / "bare.py")]


def measure(pairs: int = PAIRS) -> list[Figure]:
    """Exec to real data. Raises Unmeasured where this host has nothing to show."""
    shows_data = real_data()
    with clean_environment() as env:
        return [paired(
            "exec to four panes of data / bare Textual app", 1.6, "s",
            _in_turn(lambda: _seconds(NETTUI, shows_data, env), lambda: _seconds(BARE, screen.painted, env), pairs),
        )]


def measure_version(pairs: int = 2 * PAIRS) -> list[Figure]:
    """The shortest command, which imports next to nothing."""
    with clean_environment() as env:
        return [paired(
            "nettui --version / python -c pass", 4.0, "s",
            _in_turn(lambda: _whole_run([*NETTUI, "--version"], env),
                     lambda: _whole_run([sys.executable, "-c", "pass"], env), pairs),
        )]


def real_data() -> Callable[[pyte.Screen], bool]:
    """Says of a screen whether every pane of the dashboard shows something true of this host, as `ip` knows it."""
    addresses = {f"{address['local']}/{address['prefixlen']}"
                 for link in _ip("addr") for address in link["addr_info"] if link["ifname"] != "lo"}
    routes = {route.get("gateway") or route["dst"] for family in ("-4", "-6") for route in _ip(family, "route")}
    if not addresses or not routes:
        raise Unmeasured("this host has no address or no route beside loopback's, so there is nothing to wait for")
    servers = set(re.findall(r"(?m)^\s*nameserver\s+(\S+)", _read("/etc/resolv.conf"))) or {"resolver"}

    def all_four(shown: pyte.Screen) -> bool:
        return (
            any(address in screen.pane(shown, "Interfaces") for address in addresses)
            and any(route in screen.pane(shown, "Routes") for route in routes)
            and re.search(r"[A-Z_]+[12]? +[\d,]+", screen.pane(shown, "TCP states")) is not None
            and any(server in screen.pane(shown, "DNS") for server in servers)
        )

    return all_four


def _in_turn(ours: Callable[[], float], theirs: Callable[[], float], pairs: int) -> list[tuple[float, float]]:
    """Paired runs after one that warms up; who goes first alternates."""
    measured = []
    for turn in range(pairs + 1):
        if turn % 2:
            mine = ours()
            measured.append((mine, theirs()))
        else:
            other = theirs()
            measured.append((ours(), other))
    return measured[1:]


def _seconds(command: Sequence[str], ready: Callable[[pyte.Screen], bool], env: Mapping[str, str]) -> float:
    """From exec until the screen is `ready`."""
    with Program(command, env) as program:
        while time.perf_counter() < program.started + PATIENCE:
            told = len(program.chunks)
            if not program.take(SETTLED) or (told == len(program.chunks) and _is(program, ready)):
                break
    moment = screen.first(program.chunks, ready)
    if moment is None:
        said = b"".join(chunk.data for chunk in program.chunks)[-300:]
        raise Unmeasured(f"{command[0]} ... never painted the screen that was waited for; it ended with {said!r}")
    return moment - program.started


def _is(program: Program, ready: Callable[[pyte.Screen], bool]) -> bool:
    return screen.first(program.chunks, ready) is not None


def _whole_run(command: Sequence[str], env: Mapping[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=True, timeout=PATIENCE)
    return time.perf_counter() - start


def _ip(*words: str) -> list[dict[str, Any]]:
    said = subprocess.run(["ip", "-j", *words], capture_output=True, text=True, check=True).stdout
    found: list[dict[str, Any]] = json.loads(said or "[]")
    return found


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


if __name__ == "__main__":
    print(table([*measure(), *measure_version()], []))
