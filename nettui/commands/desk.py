"""What several commands need: the desk that keeps the findings of the live host on disk."""

import os
from pathlib import Path

from nettui.ledger.desk import Desk
from nettui.ledger.store import Store


def open_desk() -> Desk:
    """A desk on the file of this user. Nothing is opened before there is something to keep."""
    return Desk(Store(state_folder))


def state_folder() -> Path:
    """`NETTUI_STATE`, else where this system keeps the state of programs."""
    if chosen := os.environ.get("NETTUI_STATE"):
        return Path(chosen)
    from platformdirs import user_state_path

    return user_state_path("nettui", appauthor=False)
