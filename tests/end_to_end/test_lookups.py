"""Names typed on the DNS screen, asked of name servers on loopback: one that answers, one that is silent."""

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.dns.nameserver import answering, in_thread
from tests.end_to_end.conftest import Start
from tests.end_to_end.terminal import Terminal

pytestmark = pytest.mark.terminal

LOOKUP_TIMEOUT = 60
"""Seconds that nettui is told to wait for a server; whatever must not wait for it has a sixth of that."""


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A name server that takes every question and answers none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(20)
        yield server


def ask(terminal: Terminal, line: str) -> None:
    """Go to the DNS screen, type a line and Enter."""
    terminal.type("5")
    terminal.until("Resolvers")
    terminal.type("i")
    terminal.settle(0.15)
    terminal.type(line, "Enter")


def ask_in_vain(start: Start, configure: Callable[[str], Path], silent: socket.socket) -> Terminal:
    """A lookup that the silent server has surely received and that goes on for LOOKUP_TIMEOUT."""
    configure(f"[dns]\ntimeout = {LOOKUP_TIMEOUT}\n")
    terminal = start()
    ask(terminal, f"www.example.net A @127.0.0.1#{silent.getsockname()[1]}")
    terminal.until("asking www.example.net")
    silent.recv(512)
    return terminal


def test_an_answer_is_shown_with_its_server(start: Start) -> None:
    with in_thread(answering("www.example.net. 300 A 192.0.2.80", "www.example.net. 300 A 192.0.2.81")) as server:
        terminal = start()
        ask(terminal, f"www.example.net A @127.0.0.1#{server.port}")
        terminal.until("192.0.2.80")
        terminal.until("192.0.2.81")
        terminal.until(f"127.0.0.1#{server.port}")
        assert ("www.example.net", "A", "udp") in server.asked


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_quitting_does_not_wait_for_a_lookup(
    start: Start, configure: Callable[[str], Path], silent: socket.socket, key: str
) -> None:
    terminal = ask_in_vain(start, configure, silent)
    if key == "q":  # typed in the line it would be a letter: leave that first, which leaves the lookup alone
        terminal.type("Tab")
        terminal.until(lambda text: "q quit" in text.split("\n")[-1])
        assert "asking www.example.net" in terminal.text
    terminal.type(key)
    assert terminal.end(patience=LOOKUP_TIMEOUT / 6) == 0
    assert terminal.emulator.changed_modes() == set()


def test_escape_gives_a_lookup_up(start: Start, configure: Callable[[str], Path], silent: socket.socket) -> None:
    terminal = ask_in_vain(start, configure, silent)
    terminal.escape()
    terminal.until("given up", patience=LOOKUP_TIMEOUT / 6)
    terminal.until(lambda text: "asking" not in text)
    terminal.escape()
    terminal.type("q")
    assert terminal.end(patience=LOOKUP_TIMEOUT / 6) == 0


def test_silence_is_told_in_plain_words(
    start: Start, configure: Callable[[str], Path], silent: socket.socket
) -> None:
    configure("[dns]\ntimeout = 0.3\n")
    terminal = start()
    ask(terminal, f"www.example.net A @127.0.0.1#{silent.getsockname()[1]}")
    terminal.until(re.compile("no answer"))
