"""The command line, as a program: exit codes, one line for what is wrong, and manners in a pipe."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nettui import __version__
from nettui.cli import COMMANDS

ROOT = Path(__file__).parent.parent


def run(*words: str, **more: object) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NETTUI_CONFIG": os.devnull, **more.pop("env", {})}  # type: ignore[dict-item]
    return subprocess.run(  # type: ignore[call-overload, no-any-return]  # options passed through
        [sys.executable, "-m", "nettui", *words], text=True, timeout=60, env=environment,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **more},
    )


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version_exactly(option: str) -> None:
    ran = run(option)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"nettui {__version__}\n", "")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_explains_itself(command: str) -> None:
    ran = run(*command.split(), "--help")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith(f"usage: nettui {command}".rstrip())
    if not command:
        assert all(f"  {name} " in ran.stdout and meaning in ran.stdout for name, meaning in COMMANDS.items())


@pytest.mark.parametrize("words", [("--bogus",), ("snapshot", "--bogus"), ("record",), ("bogus",), ("dns", "--bogus"),
                                   ("notify",), ("watch", "--bogus"), ("explain", "a", "b"),
                                   ("watch", "--json", "--quiet")])
def test_a_wrong_command_line_is_told_and_exits_2(words: tuple[str, ...]) -> None:
    ran = run(*words)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "error:" in ran.stderr and "Traceback" not in ran.stderr


@pytest.mark.parametrize("command", [(), ("snapshot",), ("record", "/nonexistent/r"), ("watch",),
                                     ("explain", "link.down"), ("notify", "--test")])
def test_a_wrong_setting_is_one_line_and_exits_2(command: tuple[str, ...], tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("interval = 'often'\n")
    ran = run(*command, env={"NETTUI_CONFIG": str(config)})
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert str(config) in ran.stderr and "interval" in ran.stderr and "0.2 to 60" in ran.stderr


def test_without_a_terminal_the_screen_is_declined_with_advice() -> None:
    ran = run()
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "nettui snapshot" in ran.stderr


def closed_pipe() -> int:
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize("line", ["snapshot", "snapshot --schema", "config --print", "--help", "--version"])
def test_a_reader_that_has_gone_is_no_error(line: str) -> None:
    pipe = closed_pipe()
    ran = run(*line.split(), stdout=pipe)
    os.close(pipe)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_an_output_that_is_full_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        ran = run("snapshot", stdout=full)
    assert ran.returncode == 1
    assert ran.stderr == "nettui: the output could not be written: No space left on device\n"


def test_closed_streams_are_survived() -> None:
    command = f'"{sys.executable}" -m nettui snapshot >&- 2>&- <&-'
    assert subprocess.run(command, shell=True, cwd=ROOT, timeout=60).returncode == 0


def test_ctrl_c_is_130_and_quiet() -> None:
    code = (
        "import os, signal, sys; import nettui.commands.snapshot as command;"
        "from nettui.cli import main;"
        "command._report = lambda *_: os.kill(os.getpid(), signal.SIGINT);"
        "sys.exit(main(['snapshot']))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )
    assert (ran.returncode, ran.stderr) == (130, "")


def test_a_fault_of_ours_is_one_line_and_a_file(tmp_path: Path) -> None:
    code = (
        "import sys; import nettui.commands.snapshot as command; from nettui.cli import main\n"
        "def broken(*_):\n"
        "    secret = 'hunter2'\n"
        "    raise RuntimeError('odd \\x1b[2J')\n"
        "command.run = broken\n"
        "sys.exit(main(['snapshot']))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
    )
    path = tmp_path / "nettui" / "crash.txt"
    assert (ran.returncode, ran.stdout) == (1, "")
    what = "ended by a fault of its own (RuntimeError: odd \\x1b[2J)"
    assert ran.stderr == f"nettui: {what}; please report it with {path}\n"
    assert "RuntimeError" in path.read_text() and "hunter2" not in path.read_text()
