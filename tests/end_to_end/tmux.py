"""tmux as the terminal: a server of our own with one plain shell in it, which ends with the test."""

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from tests.end_to_end.terminal import PATIENCE, Condition, condition, named, required_program


class Tmux:
    """One window of a tmux that knows no configuration and shares nothing with the user's."""

    def __init__(self, *, size: tuple[int, int], env: Mapping[str, str], cwd: Path) -> None:
        self._program = required_program("tmux")
        self._socket = cwd / "tmux.socket"
        self._env = {**env, "ENV": "", "PS1": "$ "}
        columns, rows = map(str, size)
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", rows, "-c", str(cwd), "sh")

    def __enter__(self) -> "Tmux":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._tmux("kill-server")

    def screen(self) -> str:
        """What the window shows."""
        return self._tmux("capture-pane", "-p")

    def keys(self, *keys: str) -> None:
        """Type keys by tmux's names for them: `q`, `Escape`, `C-z`."""
        self._tmux("send-keys", *keys)

    def enter(self, line: str) -> None:
        """Type a line, and Enter."""
        self._tmux("send-keys", "-l", line)
        self.keys("Enter")

    def resize(self, columns: int, rows: int) -> None:
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def until(self, wanted: Condition, patience: float = PATIENCE) -> str:
        """Look until the window shows what is wanted; return what it shows."""
        holds, deadline = condition(wanted), time.monotonic() + patience
        while not holds(screen := self.screen()):
            if time.monotonic() > deadline:
                raise AssertionError(f"never in tmux after {patience:g} s: {named(wanted)}\n{screen}")
            time.sleep(0.05)
        return screen

    def _tmux(self, *words: str) -> str:
        """A command to the server, whose socket is in the test's own folder."""
        command = [self._program, "-S", str(self._socket), *words]
        return subprocess.run(command, env=self._env, capture_output=True, check=True, text=True, timeout=30).stdout
