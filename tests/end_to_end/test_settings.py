"""What the user sets: on the command line, in the environment and in the file; and what is said of a mistake."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Start
from tests.end_to_end.terminal import environment, nettui

pytestmark = pytest.mark.terminal

Configure = Callable[[str], Path]


@pytest.mark.parametrize(
    ("arguments", "env", "config", "names"),
    [
        (["--theme", "nosuch"], {}, "", ["--theme", "dusk", "nosuch"]),
        (["--interval", "0"], {}, "", ["--interval", "0.2 to 60"]),
        (["--interval", "soon"], {}, "", ["--interval", "0.2 to 60", "soon"]),
        (["--backend", "windows"], {}, "", ["--backend", "portable", "windows"]),
        ([], {"NETTUI_INTERVAL": "1e9"}, "", ["NETTUI_INTERVAL", "0.2 to 60"]),
        ([], {"NETTUI_THEME": "\x1b[31mred"}, "", ["NETTUI_THEME", "dusk"]),
        ([], {}, "interval = 'often'", ["config.toml", "interval", "0.2 to 60", "often"]),
        ([], {}, "intervall = 2", ["config.toml", "intervall", "no such key"]),
        ([], {}, "[dns]\ntimeout = -1", ["config.toml", "dns.timeout", "0.1 to 60"]),
        ([], {}, "theme = ", ["config.toml", "line 1"]),
        ([], {}, "[keys]\n'app.quitt' = 'x'", ["config.toml", "app.quitt", "app.quit,"]),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(
    start: Start, configure: Configure, arguments: list[str], env: dict[str, str | None], config: str, names: list[str]
) -> None:
    configure(config)
    terminal = start(*arguments, env=env, live=False, size=(200, 24))
    assert terminal.end() == 2
    said = bytes(terminal.raw).decode()
    assert said.count("\r\n") == 1
    assert said.startswith("nettui: ")
    assert "\x1b" not in said, "not even the screen was touched"
    for name in names:
        assert name in said


def test_the_command_line_beats_the_environment_beats_the_file(start: Start, configure: Configure) -> None:
    configure("interval = 5")
    start().until("every 5 s")
    start(env={"NETTUI_INTERVAL": "2"}).until("every 2 s")
    start("--interval", "0.5", env={"NETTUI_INTERVAL": "2"}).until("every 0.5 s")


def test_keys_can_be_bound_anew(start: Start, configure: Configure) -> None:
    configure("[keys]\n'app.quit' = 'x'\n'app.pause' = 'p,ctrl+p'\n")
    terminal = start()
    terminal.type("q", "Space")
    terminal.settle()
    terminal.type("p")
    terminal.until("paused")
    terminal.until(lambda text: text.splitlines()[-1].endswith("x quit"))
    terminal.type("x")
    assert terminal.end() == 0


def test_a_theme_of_ones_own(start: Start, configure: Configure) -> None:
    themes = configure("theme = 'mine'").parent / "themes"
    themes.mkdir()
    shipped = (Path(__file__).parents[2] / "themes" / "dusk.toml").read_text()
    own, changed = re.subn(r'(?m)^(text\s*=\s*)"#\w{6}"', r'\1"#fefcfa"', shipped)
    assert changed
    (themes / "mine.toml").write_text(own)
    terminal = start()
    assert "fefcfa" in terminal.emulator.colours


def test_the_printed_config_is_accepted(tmp_path: Path, start: Start, configure: Configure) -> None:
    command = nettui("config", "--print")
    configure(subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, check=True).stdout)
    start()
