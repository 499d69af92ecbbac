"""Where nettui keeps what is to outlive it."""

import os
from pathlib import Path


def state_folder() -> Path:
    """`NETTUI_STATE`, else where this system keeps the state of programs."""
    if chosen := os.environ.get("NETTUI_STATE"):
        return Path(chosen)
    from platformdirs import user_state_path

    return user_state_path("nettui", appauthor=False)
