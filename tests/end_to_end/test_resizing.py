"""The terminal changes its size, also to sizes at which nothing fits, and the picture is right again each time."""

import re

import pytest

from tests.end_to_end.conftest import Start
from tests.end_to_end.terminal import Terminal

pytestmark = pytest.mark.terminal

STORM = [
    (80, 24), (40, 12), (20, 5), (10, 3), (3, 2), (2, 1), (1, 1), (1, 40), (300, 1), (5, 60), (1, 2), (120, 2),
    (72, 16), (71, 15), (300, 100), (84, 30), (2, 2), (33, 7), (1, 1),
]  # fmt: skip


def frames(text: str) -> list[str]:
    """The picture without what the host changes: the frames' edges and titles, line by line."""
    return [re.sub(r"[^╭╮╰╯─│ ]", ".", line) if line[:1] in "╭╰" else line[:1] + line[-1:] for line in text.split("\n")]


def until_whole(terminal: Terminal, columns: int, rows: int, wanted: list[str] | None = None) -> list[str]:
    """Wait for the whole picture of this size: headline, frames with nothing torn, the keys; perhaps a certain one."""

    def whole(text: str) -> bool:
        lines = text.split("\n")
        edges = [line for line in lines[1:-1] if len(line) == columns and line[-1] in "╮│╯"]
        return (
            len(lines) == rows
            and lines[0].endswith("live")
            and lines[-1].endswith("q quit")
            and len(edges) == rows - 2
            and all(text.count(a) == text.count(b) for a, b in ("╭╮", "╰╯", "╭╰"))
            and wanted in (None, frames(text))
        )

    terminal.until(whole)
    return frames(terminal.text)


def test_a_storm_of_sizes(start: Start) -> None:
    terminal = start(size=(120, 40))
    before = until_whole(terminal, 120, 40)
    for size in STORM:
        terminal.resize(*size)
        terminal.settle(0.02)
        assert terminal.process.poll() is None, size
    terminal.resize(120, 40)
    until_whole(terminal, 120, 40, before)
    for size in STORM * 3:
        terminal.resize(*size)
    terminal.resize(80, 24)
    until_whole(terminal, 80, 24)
    terminal.type("q")
    assert terminal.end() == 0


@pytest.mark.parametrize("keys", ["3", "5", "?", ":"])
def test_down_to_one_cell_and_back(start: Start, keys: str) -> None:
    """On every screen, and with a window, the palette or a filter open."""
    terminal = start(size=(100, 30))
    terminal.type(keys)
    before = terminal.settle()
    for size in [(1, 1), (1, 30), (100, 1), (20, 6), (100, 30)]:
        terminal.resize(*size)
        terminal.settle(0.1)
    terminal.until(lambda text: frames(text) == frames(before))
    assert terminal.process.poll() is None
