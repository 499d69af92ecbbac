"""Every key, typed on a real terminal, does what the help says of it."""

import base64
import re
import signal
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Start
from tests.end_to_end.terminal import Terminal

pytestmark = pytest.mark.terminal

DASHBOARD = ("Interfaces", "TCP states", "Routes", "Findings", "DNS")


def titles(terminal: Terminal) -> set[str]:
    """The titles in the upper edges of the frames on the screen."""
    return set(re.findall(r"╭─ (.+?) ─", terminal.text))


def until_titles(terminal: Terminal, *wanted: str) -> None:
    terminal.until(lambda text: titles(terminal) >= set(wanted))


def filter_by(terminal: Terminal, text: str) -> None:
    """Filter the pane at hand by `text`, which is added to the filter that it has."""
    terminal.type("/")
    terminal.settle()
    terminal.type(text)
    terminal.settle()
    terminal.type("Enter")
    terminal.until("filter: ")
    terminal.settle()


def test_screens_by_number(start: Start) -> None:
    terminal = start()
    until_titles(terminal, *DASHBOARD)
    for key, wanted in {
        "2": ("Interfaces",), "3": ("Routes", "Neighbours", "Rules"), "4": ("Sockets",),
        "5": ("DNS", "Asked", "Resolvers"),
        "7": ("Findings",), "1": DASHBOARD,
    }.items():  # fmt: skip
        terminal.type(key)
        until_titles(terminal, *wanted)
        if key != "1":
            terminal.until(lambda text: not titles(terminal) >= set(DASHBOARD))
    terminal.type("6")
    terminal.until("no such screen")


def test_zoom_and_escape_never_leave_the_program(start: Start) -> None:
    terminal = start()
    until_titles(terminal, *DASHBOARD)
    terminal.type("z")
    terminal.until(lambda text: titles(terminal) == {"Interfaces"})
    terminal.escape()
    until_titles(terminal, *DASHBOARD)
    terminal.type("3")
    until_titles(terminal, "Neighbours")
    for _ in range(4):
        terminal.escape()
    until_titles(terminal, *DASHBOARD)
    assert terminal.process.poll() is None


def test_enter_opens_the_detail_and_escape_closes_it(start: Start) -> None:
    terminal = start()
    terminal.type("2")
    terminal.until("ADDRESS")
    filter_by(terminal, "loopback")
    terminal.type("Enter")
    terminal.until("Esc closes")
    terminal.until(re.compile(r"╭─ lo ─"))
    terminal.until("127.0.0.1/8")
    terminal.escape()
    terminal.until(lambda text: "Esc closes" not in text)


def test_the_help_lists_the_keys(start: Start) -> None:
    terminal = start(size=(120, 50))
    terminal.type("?")
    terminal.until(re.compile("╭─ Help ─"))
    for key, meaning in {
        "Space": "pause", "/": "filter", "z": "zoom", "t": "next theme", "n": "names or numbers", "e": "export",
        "y": "copy", ":": "command palette", r"\^z": "suspend", r"q( \^c)?": "quit", "r": "read everything now",
    }.items():  # fmt: skip
        terminal.type("Home")
        for _ in range(60):
            if re.search(rf"(^|[ │▌]){key} .*{meaning}", terminal.text, re.MULTILINE):
                break
            terminal.type("Down")
            terminal.settle(0.05)
        else:
            raise AssertionError(f"not in the help: {key} {meaning}\n{terminal.framed()}")
    terminal.type("q")
    terminal.until(lambda text: "Help" not in titles(terminal))
    assert terminal.process.poll() is None, "q closes a window; only outside of one it quits"


def test_filter_on_and_off(start: Start) -> None:
    terminal = start()
    terminal.type("3")
    terminal.until("127.0.0.0/8")
    filter_by(terminal, "127.255")
    terminal.until(lambda text: "127.255.255.255" in text and "127.0.0.0/8" not in text)
    filter_by(terminal, " no such route")
    terminal.until("Nothing matches")
    terminal.type("/")
    terminal.settle()
    terminal.escape()
    terminal.until("127.0.0.0/8")


def test_text_that_comes_in_one_burst_keeps_its_order(start: Start) -> None:
    """A slow ssh connection delivers several keys at once, and some of them correct what came before."""
    terminal = start()
    terminal.type("5")
    until_titles(terminal, "Resolvers")
    terminal.type("i")
    terminal.settle()
    terminal.type("hox\x7fst.example")
    terminal.until("host.example")


def test_keys_that_come_in_one_burst_go_where_they_belong(start: Start) -> None:
    """What follows `/` is the filter, and what follows Enter is a command, also where they come together."""
    terminal = start()
    terminal.type("3")
    terminal.until("127.0.0.0/8")
    terminal.type("/127.255\ry")
    terminal.until("OSC 52")
    assert "127.255.255.255" in terminal.text
    assert "127.0.0.0/8" not in terminal.text


def test_pause_interval_names_and_theme(start: Start) -> None:
    terminal = start()
    terminal.type("Space")
    terminal.until("paused")
    terminal.type("Space")
    terminal.until(lambda text: "live" in text and "paused" not in text)
    terminal.type("+")
    terminal.until("every 2 s")
    terminal.type("-", "-")
    terminal.until("every 0.5 s")
    terminal.type("n")
    terminal.until("Numbers")
    before = terminal.emulator.colours
    terminal.type("t")
    terminal.until(re.compile(r"Theme \w+"))
    assert terminal.emulator.colours - before, "another theme has other colours"


def test_copy_goes_through_the_terminal(start: Start) -> None:
    terminal = start()
    terminal.type("3")
    terminal.until("127.0.0.0/8")
    filter_by(terminal, "127.0.0.0")
    terminal.type("y")
    terminal.until("OSC 52")
    (sent,) = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)(?:\x07|\x1b\\)", bytes(terminal.raw))
    copied = base64.b64decode(sent, validate=True).decode()
    assert copied.startswith("127.0.0.0/8")
    assert "local" in copied


def test_export_writes_what_the_screen_shows(start: Start, tmp_path: Path) -> None:
    terminal = start()
    terminal.type("3")
    terminal.until("127.0.0.0/8")
    terminal.type("e")
    terminal.until("Exported to")
    (file,) = tmp_path.glob("nettui-routes-*.txt")
    text = file.read_text()
    for line in ("Routes", "Neighbours", "127.0.0.0/8", "127.255.255.255"):
        assert line in text
    assert "\x1b" not in text


def test_the_palette_runs_a_command(start: Start) -> None:
    terminal = start()
    terminal.type(":")
    terminal.until("Search for commands")
    terminal.type("screen routes")
    terminal.until(re.compile(r"  Screen \w+"))
    terminal.type("Enter")
    until_titles(terminal, "Neighbours")


def test_suspended_and_continued(start: Start) -> None:
    terminal = start()
    until_titles(terminal, *DASHBOARD)
    before = terminal.settle()
    terminal.type("ctrl+z")
    terminal.until(lambda text: terminal.state() == "T")
    terminal.settle()
    assert terminal.emulator.changed_modes() == set(), "while it sleeps the terminal is the shell's"
    assert terminal.attributes == terminal.before
    terminal.signal(signal.SIGCONT)
    until_titles(terminal, *DASHBOARD)
    terminal.until(lambda text: [line[:30] for line in text.splitlines()[:24]] == [
        line[:30] for line in before.splitlines()[:24]
    ])
    terminal.type("q")
    assert terminal.end() == 0
