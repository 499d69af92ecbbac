"""Makes the pictures of the README from recordings: `python -m screenshots.make [FOLDER]`."""

import asyncio
import sys
from pathlib import Path
from unittest import mock

from tests.replayed import NAMES, prepare, replay_app, settled
from tests.tui.app_support import answered

HERE = Path(__file__).parent
FILTERED = ("slash", *"recvq>0", "enter")
SHOTS = {
    # name: recording, size, theme, seconds into the recording, keys pressed before the picture is taken
    "dashboard": ("web-03.jsonl.gz", (120, 40), "dusk", 170, ()),
    "dashboard-80x24": ("web-03.jsonl.gz", (80, 24), "dusk", 170, ()),
    "interfaces": ("web-03.jsonl.gz", (120, 40), "dusk", 170, ("2",)),
    "routes": ("web-03.jsonl.gz", (120, 40), "dusk", 170, ("3",)),
    "sockets": ("web-03.jsonl.gz", (120, 40), "dusk", 165, ("4", *FILTERED, *"jjj", *["full_stop"] * 5)),
    "sockets-by-port": ("web-03.jsonl.gz", (120, 40), "dusk", 170, ("4", "p", "down", "enter")),
    "findings": ("web-03.jsonl.gz", (120, 40), "dusk", 170, ("7",)),
    "light": ("build-7.jsonl", (120, 40), "paper", 60, ()),
}


async def picture(recording: str, size: tuple[int, int], theme: str, seconds: float, keys: tuple[str, ...]) -> str:
    """One screen as SVG."""
    app = replay_app(recording, seconds, theme=theme)
    async with app.run_test(size=size) as pilot:
        for key in keys:
            await pilot.press(key)
            if app.view.NAME == "Sockets":
                await answered(pilot)
        await settled(pilot)
        return str(app.export_screenshot(title="nettui"))


def make(folder: Path) -> None:
    """Write every picture into `folder`."""
    prepare()
    # Names as on the host shown; and rows go to their places at once, not when the cursor has rested by the clock.
    with (
        mock.patch.multiple("nettui.engine.socket_facts", **NAMES),
        mock.patch("nettui.tui.panes.sockets.HOLD", 0.01),
    ):
        for name, shot in SHOTS.items():
            (folder / f"{name}.svg").write_text(asyncio.run(picture(*shot)), encoding="utf-8")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
