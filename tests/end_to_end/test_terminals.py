"""Terminals that can do little, or that are none: nothing is sent that they cannot show."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Start
from tests.end_to_end.terminal import environment, nettui

pytestmark = pytest.mark.terminal

TRUE = re.compile(rb"\x1b\[[0-9;]*[34]8;2;")
INDEXED = re.compile(rb"\x1b\[[0-9;]*[34]8;5;")
ANY = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m")


def painted(start: Start, *arguments: str, env: dict[str, str | None], keys: str = "23t?") -> bytes:
    """All that nettui sends while its screens are visited, a theme later and with the help open."""
    terminal = start(*arguments, env=env, size=(80, 24))
    for key in keys:
        terminal.type(key)
        terminal.settle(0.1)
    terminal.type("ctrl+c")
    assert terminal.end() == 0
    return bytes(terminal.raw)


@pytest.mark.parametrize(
    ("env", "sent", "not_sent"),
    [
        ({}, [TRUE], []),
        ({"COLORTERM": None}, [INDEXED], [TRUE]),
        ({"COLORTERM": None, "TERM": "xterm"}, [ANY], [TRUE, INDEXED]),
        ({"COLORTERM": None, "TERM": "linux"}, [ANY], [TRUE, INDEXED]),
        ({"NO_COLOR": "1"}, [], [ANY]),
        ({"COLORTERM": None, "TERM": "dumb"}, [], [ANY]),
        ({"NO_COLOR": ""}, [TRUE], []),
    ],
    ids=["truecolor", "256", "16", "linux", "NO_COLOR", "dumb", "NO_COLOR-empty"],
)
def test_colours_are_those_that_the_terminal_has(
    start: Start, env: dict[str, str | None], sent: list[re.Pattern[bytes]], not_sent: list[re.Pattern[bytes]]
) -> None:
    raw = painted(start, env=env)
    for kind in sent:
        assert kind.search(raw)
    for kind in not_sent:
        assert not kind.search(raw), kind.search(raw)
    if env.get("TERM") in ("linux", "dumb"):
        assert raw.isascii()
    else:
        assert "●".encode() in raw


@pytest.mark.parametrize(
    ("arguments", "env"),
    [(["--ascii"], {}), ([], {"NETTUI_ASCII": "yes"}), ([], {"LC_ALL": "C", "LANG": "ko_KR.UTF-8"})],
    ids=["--ascii", "NETTUI_ASCII", "LC_ALL=C"],
)
def test_ascii_only(start: Start, arguments: list[str], env: dict[str, str | None]) -> None:
    raw = painted(start, *arguments, keys="2357t?:", env=env)
    assert raw.isascii(), {byte for byte in raw if byte > 127}
    assert b"TCP states" in raw


def test_no_mouse(start: Start) -> None:
    assert re.search(rb"\x1b\[\?100[0-6]h", painted(start, env={}, keys=""))
    assert not re.search(rb"\x1b\[\?100[0-36]h", painted(start, "--no-mouse", env={}, keys=""))


@pytest.mark.parametrize("away", ["stdin", "stdout", "stderr", "stdin stdout stderr"])
def test_without_a_terminal_it_gives_advice(start: Start, away: str, tmp_path: Path) -> None:
    """Whichever stream is redirected: exit 2 and a way out, instead of escape sequences in a file or a hang."""
    file = tmp_path / "redirected"
    with file.open("w+b") as stream:
        terminal = start(live=False, streams=dict.fromkeys(away.split(), stream))
        assert terminal.end() == 2
    said = file.read_bytes() + bytes(terminal.raw)
    assert said.count(b"\n") == 1
    assert b"nettui snapshot" in said
    assert b"\x1b" not in said


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_with_a_closed_stream(start: Start, closed: str) -> None:
    terminal = start(command=["sh", "-c", f'exec "$@" {closed}', "sh", *nettui()], live=False)
    assert terminal.end() == 2
    assert terminal.text.strip().count("\n") == 0
    assert "Traceback" not in terminal.text


def test_without_any_terminal_at_all(tmp_path: Path) -> None:
    """As from cron: no controlling terminal, everything a pipe or closed."""
    done = subprocess.run(
        nettui(), env=environment(tmp_path, TERM=None), stdin=subprocess.DEVNULL, capture_output=True,
        start_new_session=True, timeout=30, check=False,
    )
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1
