"""What the end-to-end tests share: a way to start nettui on a terminal that is gone after the test, and namespaces."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.terminal import Terminal, environment, nettui
from tests.lab_support import lab

__all__ = ["lab"]

Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `nettui ARGUMENTS` at 120x40 in an empty home, which is also the current folder, and kills it in the end.

    `size` and `env` (changes of the environment) may be others; `inside` a Lab it runs in that namespace, `command`
    is run instead of nettui, and `live=False` does not wait for the first picture.
    """
    with contextlib.ExitStack() as stack:

        def start(
            *arguments: str,
            size: tuple[int, int] = (120, 40),
            env: dict[str, str | None] | None = None,
            inside: Any = None,
            command: Sequence[str] = (),
            live: bool = True,
            **more: Any,
        ) -> Terminal:
            words = list(command) or nettui(*arguments)
            if inside is not None:
                words = inside.command(*words)
            variables = environment(tmp_path, **(env or {}))
            terminal = stack.enter_context(Terminal(words, env=variables, cwd=tmp_path, size=size, **more))
            if live:
                terminal.until("live")
            return terminal

        yield start


@pytest.fixture
def configure(tmp_path: Path) -> Callable[[str], Path]:
    """Writes the config file of the nettui that `start` starts."""

    def configure(text: str) -> Path:
        path = tmp_path / "config" / "nettui" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return configure
