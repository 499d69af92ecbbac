"""What is on the screen, as a file beside the user."""

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from nettui.tui.pane import Pane

TURN = 0.003
"""Seconds of writing before others on the event loop get a turn."""


def pane_text(pane: Pane) -> str:
    """A pane's title and all of its rows, also those that are scrolled out of sight."""
    return f"{pane.TITLE}\n{pane.table.export_text()}"


async def write(name: str, pieces: Iterable[bytes], folder: Path, suffix: str = ".txt") -> Path:
    """Write the pieces to a new file in `folder`, never over one that is there; raises OSError.

    Many pieces take turns with all else. What could not be written whole is not left behind.
    """
    path, file = _new(folder / f"nettui-{name}-{time.strftime('%Y%m%d-%H%M%S')}", suffix)
    try:
        with file:
            began = time.monotonic()
            for piece in pieces:
                file.write(piece)
                if time.monotonic() - began > TURN:
                    await asyncio.sleep(0)
                    began = time.monotonic()
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _new(stem: Path, suffix: str) -> tuple[Path, IO[bytes]]:
    for number in range(100):
        path = stem.with_name(f"{stem.name}{f'-{number}' if number else ''}{suffix}")
        try:
            return path, path.open("xb")
        except FileExistsError:
            continue
    raise FileExistsError(f"{stem.name}{suffix} and ninety-nine more are there already")
