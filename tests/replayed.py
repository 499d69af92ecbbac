"""The app on a recording, held at one moment, for pictures and tests: no clock, no animation, nothing of this host."""

import os
import time
from pathlib import Path
from typing import Any

from tests.recordings.sockets import SERVICES, USERS

RECORDINGS = Path(__file__).parent / "recordings"


def prepare() -> None:
    """The surroundings that every picture is taken in. Before Textual is imported: it reads them then."""
    for name in [n for n in os.environ if n.startswith(("TEXTUAL_", "NETTUI_"))]:
        del os.environ[name]
    os.environ.update(TZ="UTC", TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_ANIMATIONS="none")
    os.environ.pop("NO_COLOR", None)
    time.tzset()


NAMES: dict[str, Any] = {"services": lambda: SERVICES, "user_names": lambda: USERS}
"""In place of what `nettui.engine.socket_facts` asks this host for: what ports and users are called on web-03."""


def replay_app(recording: str | Path, seconds: float = 0.0, **more: Any) -> Any:
    """A NettuiApp that shows the recording as it was after so many seconds, and holds it there."""
    from nettui.engine.recording import Recording
    from nettui.engine.replay import Replay

    replay = Replay(Recording(RECORDINGS / recording))
    replay.playing = False
    replay.seek(seconds)
    return app_of(replay, **more)


def app_of(source: Any, *, ascii_only: bool = False, **settings: Any) -> Any:
    """A NettuiApp on any source, on a terminal with all colours."""
    from nettui.config import Settings
    from nettui.diagnosis.diagnose import Diagnosis
    from nettui.engine.engine import Engine
    from nettui.ledger.desk import Desk
    from nettui.tui.app import NettuiApp
    from nettui.tui.glyphs import ASCII, UNICODE
    from nettui.tui.terminal import Depth
    from nettui.tui.theme import available
    from nettui.tui.wardrobe import Wardrobe

    chosen = Settings(**settings)
    wardrobe = Wardrobe(available(None), chosen.theme, Depth.TRUE, ASCII if ascii_only else UNICODE)
    return NettuiApp(Engine(source, Diagnosis(), Desk()), chosen, wardrobe)


async def settled(pilot: Any) -> None:
    """Wait until nothing is left to be laid out or painted."""
    for _ in range(3):
        await pilot.pause()
