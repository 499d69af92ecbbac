"""What is on the screen, as a text file beside the user."""

import time
from pathlib import Path

from nettui.tui.pane import Pane


def pane_text(pane: Pane) -> str:
    """A pane's title and all of its rows, also those that are scrolled out of sight."""
    return f"{pane.TITLE}\n{pane.table.export_text()}"


def write(name: str, text: str, folder: Path) -> Path:
    """Write `text` to a new file in `folder`, never over one that is there; raises OSError."""
    stem = f"nettui-{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    for number in range(100):
        path = folder / f"{stem}{f'-{number}' if number else ''}.txt"
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            continue
        return path
    raise FileExistsError(f"{stem}.txt and ninety-nine more are there already")
