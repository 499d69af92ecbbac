"""What a program said, played back through a terminal emulator: what its screen looked like, and since when."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile

import pyte

from benchmarks.program import SIZE, Chunk


def replay(chunks: Iterable[Chunk], size: tuple[int, int] = SIZE) -> Iterator[tuple[float, pyte.Screen]]:
    """After every chunk: when it came, and the screen (always the same object) as it then was."""
    screen = pyte.Screen(*size)
    stream = pyte.ByteStream(screen)
    for time, data in chunks:
        stream.feed(data)
        yield time, screen


def first(chunks: Iterable[Chunk], holds: Callable[[pyte.Screen], bool], size: tuple[int, int] = SIZE) -> float | None:
    """When the screen was first as wanted; None if it never was."""
    return next((time for time, screen in replay(chunks, size) if holds(screen)), None)


def painted(screen: pyte.Screen) -> bool:
    """Whether every line has a background that is not the terminal's own."""
    return all(
        any(screen.buffer[line][column].bg != "default" for column in range(screen.columns))
        for line in range(screen.lines)
    )


def pane(screen: pyte.Screen, title: str) -> str:
    """The text inside the frame that has `title` on its top edge; empty while there is none."""
    lines = screen.display
    for top, line in enumerate(lines):
        edge = re.search(rf"╭[─ ]*{re.escape(title)} [^╭]*?╮", line)
        if edge:
            frame = [below[edge.start() : edge.end()] for below in lines[top + 1 :]]
            return "\n".join(row[1:-1] for row in takewhile(lambda row: not row.startswith("╰"), frame))
    return ""
