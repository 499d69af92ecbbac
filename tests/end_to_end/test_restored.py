"""Whatever ends nettui, the terminal is afterwards as it was before."""

import signal
import sys
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Start
from tests.end_to_end.terminal import Terminal

pytestmark = pytest.mark.terminal

OPEN = ("Search for commands", "Esc closes", "filter:")
"""What is on the screen while the palette, a window or a filter is open."""


def assert_restored(terminal: Terminal) -> None:
    """Nothing that nettui switched on is left on, and the first screen is on show again."""
    assert terminal.emulator.modes, "the program has switched something on"
    assert terminal.emulator.changed_modes() == set()
    assert terminal.emulator.keyboard_levels == 0
    assert terminal.attributes == terminal.before
    assert "TCP states" not in terminal.text


@pytest.mark.parametrize(
    ("key", "meanwhile"), [("q", "1"), ("q", "?"), ("ctrl+c", "1"), ("ctrl+c", "/"), ("ctrl+c", ":")]
)
def test_after_a_key(start: Start, key: str, meanwhile: str) -> None:
    """ctrl+c quits from everywhere; q closes a window that is open, so that is done first."""
    terminal = start()
    terminal.type(*meanwhile)
    terminal.settle()
    if key == "q" and meanwhile != "1":
        terminal.escape()
        terminal.until(lambda text: not any(sign in text for sign in OPEN))
    terminal.type(key)
    assert terminal.end() == 0
    assert_restored(terminal)
    assert terminal.text.strip() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_after_a_signal(start: Start, number: signal.Signals) -> None:
    terminal = start()
    terminal.signal(number)
    code = terminal.end()
    assert code in ((0, 130) if number == signal.SIGINT else (128 + number,))
    assert_restored(terminal)
    assert terminal.text.strip() == ""


def test_after_a_signal_before_the_first_picture(start: Start) -> None:
    terminal = start(live=False)
    terminal.until(lambda text: terminal.emulator.alternate)
    terminal.signal(signal.SIGTERM)
    assert terminal.end() in (128 + signal.SIGTERM, -signal.SIGTERM)
    assert_restored(terminal)


def test_it_ends_when_the_terminal_is_gone(start: Start) -> None:
    terminal = start()
    terminal.hang_up()
    terminal.signal(signal.SIGHUP)
    assert terminal.process.wait(20) != 0


@pytest.mark.parametrize("place", ["start", "data", "screen", "painting", "key"])
def test_after_a_crash(start: Start, tmp_path: Path, place: str) -> None:
    command = [sys.executable, "-m", "tests.end_to_end.crashing", place]
    terminal = start(command=command, live=False)
    if place in ("screen", "key"):
        terminal.until("live")
        terminal.type({"screen": "2", "key": "n"}[place])
    assert terminal.end() == 1
    if place != "start":
        assert_restored(terminal)
    said = " ".join(terminal.text.split())
    assert said.startswith("nettui: ended by a fault of its own (Fault: the hull")
    assert "Traceback" not in bytes(terminal.raw).decode(errors="replace")
    (report,) = tmp_path.glob("state/nettui/crash.txt")
    text = report.read_text()
    assert "in fail" in text
    assert "is breached" in text
    assert "password" not in text.replace('secret = "a password in a local variable"', "")
    assert "\x1b" not in text


@pytest.mark.parametrize("place", ["engine", "later data"])
def test_a_fault_while_reading_is_told_and_leaves_the_picture(start: Start, place: str) -> None:
    terminal = start(command=[sys.executable, "-m", "tests.end_to_end.crashing", place], live=False)
    terminal.until("reading has stopped")
    terminal.until("hull")
    assert "live" not in terminal.lines[0]
    if place == "later data":
        assert "● lo" in terminal.text, "what was known stays"
    terminal.type("q")
    terminal.end()
    assert_restored(terminal)
    assert "Traceback" not in terminal.text
