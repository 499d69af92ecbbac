"""`nettui`, typed in a terminal: this host's real network is on the screen, at every size, also inside tmux."""

import re
import shlex
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Start
from tests.end_to_end.host import facts, gateways
from tests.end_to_end.terminal import environment, nettui
from tests.end_to_end.tmux import Tmux
from tests.lab_support import Lab

pytestmark = pytest.mark.terminal

SIZES = [(80, 24), (120, 40), (200, 50)]

SOCKETS = """
import socket, sys
listening = [socket.create_server(("127.0.0.1", 0), backlog=16) for _ in range(3)]
listening.append(socket.create_server(("::1", 0), family=socket.AF_INET6))
clients = [socket.create_connection(listening[0].getsockname()) for _ in range(5)]
accepted = [listening[0].accept()[0] for _ in clients]
for client in clients[:2]:
    client.close()
print("ready", flush=True)
sys.stdin.read()
"""
"""Opens four listening sockets and five connections, of which two are half closed, and holds them."""


FULL_TABLE = re.compile("NAME +STATE +ADDRESS")
"""The header of the Interfaces screen."""


def named_size(size: tuple[int, int]) -> str:
    return "x".join(map(str, size))


@pytest.mark.parametrize("size", SIZES, ids=named_size)
def test_the_dashboard_shows_what_ip_says(start: Start, size: tuple[int, int]) -> None:
    terminal = start(size=size)
    for fact in [*facts(), *gateways(), "LISTEN", "TCP states", "Routes", "DNS", "Findings"]:
        terminal.until(fact)
    terminal.until(lambda text: "q quit" in text.split("\n")[-1])


def test_a_tiny_terminal_shows_one_pane_at_a_time(start: Start) -> None:
    terminal = start(size=(40, 12))
    for fact in facts():
        terminal.until(fact)
    seen = [terminal.lines[1]]
    for _ in range(5):
        terminal.type("Tab")
        terminal.until(lambda text: text.splitlines()[1] != seen[-1])
        seen.append(terminal.lines[1])
        if "Routes" in seen[-1]:
            for gateway in gateways():
                terminal.until(gateway)
    titles = [re.sub("[^A-Za-z ]", "", line).strip() for line in seen]
    assert set(titles) == {"Interfaces", "TCP states", "Routes", "Findings", "DNS"}
    assert titles[0] == titles[5] == "Interfaces", "five steps lead back to the first"


@pytest.mark.lab
def test_the_tcp_counts_are_those_of_ss(start: Start, lab: Lab) -> None:
    holder = subprocess.Popen(
        lab.command("python3", "-c", SOCKETS), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        names = {"LISTEN": "LISTEN", "ESTAB": "ESTABLISHED", "FIN-WAIT-2": "FIN_WAIT2", "CLOSE-WAIT": "CLOSE_WAIT"}
        terminal = start(inside=lab)
        terminal.until("FIN_WAIT2  ")  # FIN_WAIT1 until the delayed acknowledgement
        states = Counter(line.split()[0] for line in lab.run("ss", "-Htan").splitlines())
        assert states == {"LISTEN": 4, "ESTAB": 6, "FIN-WAIT-2": 2, "CLOSE-WAIT": 2}
        for state, count in states.items():
            terminal.until(re.compile(rf"{names[state]} +{count}\b"))
        terminal.until("TCP 14")
    finally:
        holder.communicate("")


@pytest.mark.parametrize("size", SIZES[:2], ids=named_size)
def test_inside_tmux(tmp_path: Path, size: tuple[int, int]) -> None:
    with Tmux(size=size, env=environment(tmp_path, TERM=None, COLORTERM=None), cwd=tmp_path) as tmux:
        tmux.enter(shlex.join(nettui()))
        for fact in [*facts(), *gateways(), "LISTEN", "Findings", "q quit"]:
            tmux.until(fact)
        tmux.keys("2")
        tmux.until(FULL_TABLE)
        tmux.keys("Escape")
        tmux.until("TCP states")
        tmux.resize(100, 30)
        tmux.until(lambda screen: "TCP states" in screen and "q quit" in screen.splitlines()[29])
        tmux.keys("q")
        tmux.until(lambda screen: "q quit" not in screen)
        tmux.enter("echo code=$?")
        tmux.until("code=0")


def test_suspended_and_brought_back_by_the_shell(tmp_path: Path) -> None:
    with Tmux(size=(80, 24), env=environment(tmp_path, TERM=None, COLORTERM=None), cwd=tmp_path) as tmux:
        tmux.enter(shlex.join(nettui()))
        tmux.until("TCP states")
        tmux.keys("2")
        tmux.until(FULL_TABLE)
        tmux.keys("C-z")
        tmux.until("Stopped")
        assert "q quit" not in tmux.screen()
        tmux.enter("echo $((40 + 2))")
        tmux.until("\n42")
        tmux.enter("fg")
        tmux.until(FULL_TABLE)
        tmux.keys("1")
        tmux.until("TCP states")
        tmux.keys("q")
        tmux.until(lambda screen: "q quit" not in screen)
