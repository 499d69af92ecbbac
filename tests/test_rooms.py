"""The rooms and what goes between them: the import contracts, and what each command really imports."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def test_contracts_of_the_rooms_hold() -> None:
    found = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout


def imported(*arguments: str) -> set[str]:
    """Top-level packages and our rooms that are loaded after a command ran."""
    code = (
        "import sys, json\n"
        "from nettui.cli import main\n"
        "main(sys.argv[1:])\n"
        "sys.stdout.flush()\n"
        "sys.stderr.write(json.dumps(sorted(sys.modules)))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    modules = json.loads(ran.stderr.splitlines()[-1])
    return {m for m in modules if m.startswith("nettui.")} | {m.partition(".")[0] for m in modules}


HEAVY = {"textual", "rich", "psutil", "netifaces", "dns", "platformdirs", "hypothesis", "pyroute2"}


def test_version_imports_nothing_else() -> None:
    loaded = imported("--version")
    assert not loaded & (HEAVY | {"argparse", "msgspec", "asyncio"})
    assert {m for m in loaded if m.startswith("nettui.")} == {"nettui.cli"}


@pytest.mark.parametrize(
    ("command", "never"),
    [
        (["snapshot", "--schema"], HEAVY | {"asyncio"}),
        (["snapshot", "--backend", "linux", "--json"], HEAVY - {"platformdirs"} | {"nettui.portable"}),
        (["snapshot", "--backend", "portable", "--json"], {"textual", "rich", "dns", "nettui.linux.netlink"}),
        (["check"], HEAVY | {"asyncio", "inspect", "nettui.portable", "nettui.engine.live"}),
        (["check", "--schema"], HEAVY | {"asyncio"}),
        (["check", "--rule", "link.down"], HEAVY | {"asyncio", "nettui.linux.tcp", "nettui.linux.sockets"}),
        (["explain", "close-wait"], HEAVY | {"asyncio", "nettui.linux.netlink"}),
        (["watch", "--help"], {"textual", "rich", "psutil", "dns"}),
        (["config", "--print"], HEAVY | {"asyncio"}),
        (["dns", "--schema"], HEAVY | {"asyncio"}),
        (["snapshot", "--json"], {"nettui.notify", "smtplib", "http.client", "nettui.commands.notifiers"}),
        (["notify", "--test"], HEAVY - {"platformdirs"} | {"asyncio", "smtplib", "nettui.notify.webhook"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_imports_only_what_it_needs(command: list[str], never: set[str]) -> None:
    assert not imported(*command) & never


def test_the_screen_imports_no_reader_it_does_not_use() -> None:
    code = (
        "import sys\n"
        "import nettui.commands.dashboard, nettui.tui.app, nettui.linux.host\n"
        "print(*[m for m in ('psutil', 'netifaces', 'dns', 'pyroute2', 'nettui.portable') if m in sys.modules])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ran.stdout.split() == []
