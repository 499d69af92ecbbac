"""Runs a program on a pseudo terminal and watches the screen it paints, as a user with a keyboard would.

    with Terminal(nettui("--interval", "2"), size=(80, 24), env=environment(tmp_path), cwd=tmp_path) as terminal:
        terminal.until("TCP states")
        terminal.type("q")
        assert terminal.end() == 0

Nothing waits for a fixed time: `until` reads until the screen is as wanted, or fails and shows the screen.
"""

import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

import nettui as package
from tests.end_to_end.emulator import Emulator

PATIENCE = 20.0
"""Seconds that anything may take before the test fails; nothing on an idle machine takes one."""

SOURCE = Path(package.__file__).parent.parent
KEYS = {
    "Enter": "\r", "Esc": "\x1b", "Tab": "\t", "Shift+Tab": "\x1b[Z", "Space": " ", "Up": "\x1b[A", "Down": "\x1b[B",
    "Backspace": "\x7f", "ctrl+c": "\x03", "ctrl+z": "\x1a", "ctrl+t": "\x14", "ctrl+o": "\x0f", "ctrl+u": "\x15",
}  # fmt: skip

Condition = str | re.Pattern[str] | Callable[[str], Any]


def nettui(*arguments: str) -> list[str]:
    """The command that runs the nettui that these tests import."""
    return [sys.executable, "-m", "nettui", *arguments]


def environment(home: Path, **changes: str | None) -> dict[str, str]:
    """An environment without anything of this user's: an empty home, a good terminal, UTF-8. None takes one away."""
    found: dict[str, str | None] = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        **{f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "STATE", "DATA", "CACHE")},
        "PYTHONPATH": str(SOURCE),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LC_ALL": "C.UTF-8",
        **changes,
    }
    return {name: value for name, value in found.items() if value is not None}


class Terminal:
    """One program on one terminal. The program's whole process group is killed when the context ends."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        size: tuple[int, int] = (120, 40),
        streams: Mapping[str, Any] | None = None,
        limits: Callable[[], object] = lambda: None,
    ) -> None:
        """`size` is columns and lines; `streams` redirects stdin, stdout or stderr away from the terminal, as
        subprocess takes them; `limits` runs in the child before the program (setrlimit)."""
        self._master, self._slave = pty.openpty()
        self.raw = bytearray()
        """All that was written to the terminal."""
        self.emulator = Emulator(*size)
        self._set_size(*size)
        self.before = termios.tcgetattr(self._slave)

        def enter() -> None:
            fcntl.ioctl(self._slave, termios.TIOCSCTTY, 0)
            limits()

        self.process = subprocess.Popen(
            command,
            **{"stdin": self._slave, "stdout": self._slave, "stderr": self._slave, **(streams or {})},
            env=dict(env), cwd=cwd, start_new_session=True, preexec_fn=enter, pass_fds=(self._slave,),
        )

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Kill what is left of the program, and let the terminal go."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        os.close(self._slave)
        self.hang_up()

    def hang_up(self) -> None:
        """Close the terminal's other end, as a lost connection does: the kernel sends SIGHUP, writes fail."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    # What is seen

    @property
    def lines(self) -> list[str]:
        return self.emulator.lines

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def attributes(self) -> list[Any]:
        """The line discipline's settings (termios), to be compared with `before`."""
        return termios.tcgetattr(self._slave)

    def until(self, wanted: Condition, patience: float = PATIENCE) -> str:
        """Read until the screen holds a text, matches a pattern, or satisfies a function; return the screen."""
        holds = condition(wanted)
        deadline = time.monotonic() + patience
        while not holds(self.text):
            gone = self.process.poll() is not None
            if not self._read(0.05) and (gone or time.monotonic() > deadline):
                if holds(self.text):
                    break
                state = f"exit {self.process.returncode}" if gone else f"after {patience:g} s"
                raise AssertionError(f"never on the screen ({state}): {named(wanted)}\n{self.framed()}")
        return self.text

    def settle(self, seconds: float = 0.3) -> str:
        """Read until nothing has been written for so long, ten times as long at most; return the screen."""
        deadline = time.monotonic() + 10 * seconds
        while self._read(seconds) and time.monotonic() < deadline:
            pass
        return self.text

    def framed(self) -> str:
        """The screen, for the message of a test that failed."""
        return "\n".join(f"|{line}" for line in self.lines)

    # What is done

    def type(self, *keys: str) -> None:
        """Type keys by their names in KEYS, or text as it is."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def escape(self) -> None:
        """Type Esc, and wait as long as it takes a program to know that no sequence follows it."""
        self.type("Esc")
        self.settle(0.2)

    def resize(self, columns: int, rows: int) -> None:
        """Another size; the kernel tells the foreground processes (SIGWINCH)."""
        self.emulator.resize(columns, rows)
        self._set_size(columns, rows)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGWINCH)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def state(self) -> str:
        """The program's state as ps(1) shows it: R, S, T, Z."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]

    def end(self, patience: float = PATIENCE) -> int:
        """Read until the program has ended; return its exit code."""
        deadline = time.monotonic() + patience
        while self.process.poll() is None:
            self._read(0.05)
            if time.monotonic() > deadline:
                raise AssertionError(f"still running after {patience:g} s\n{self.framed()}")
        while self._read(0):
            pass
        return self.process.returncode

    def _read(self, seconds: float) -> bool:
        """Take what the program writes within so long; whether there was anything."""
        data = b""
        while self._master >= 0 and select.select([self._master], [], [], 0 if data else seconds)[0]:
            data += os.read(self._master, 1 << 16)  # the kernel gives 4 kB at once
            if len(data) > 1 << 18:
                break
        self.raw += data
        self.emulator.feed(data)
        return data != b""

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def condition(wanted: Condition) -> Callable[[str], Any]:
    """A function of the screen's text that says whether `wanted` holds."""
    if isinstance(wanted, str):
        return lambda text: wanted in text
    if isinstance(wanted, re.Pattern):
        return lambda text: wanted.search(text)
    return wanted


def named(wanted: Condition) -> str:
    """`wanted` as the message of a failed test calls it."""
    if isinstance(wanted, str):
        return wanted
    return wanted.pattern if isinstance(wanted, re.Pattern) else wanted.__name__


def required_program(name: str) -> str:
    """Where a program is that a test cannot do without; without it the test fails in CI and is skipped elsewhere."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None and os.environ.get("CI"):
        pytest.fail(f"{name} is not installed", pytrace=False)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found
