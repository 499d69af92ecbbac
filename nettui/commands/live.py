"""What several commands need: the engine of the live host, put together from the settings."""

import socket

from nettui.collectors.backend import open_backend
from nettui.config import Settings
from nettui.engine.live import LiveSource


def live_source(settings: Settings) -> LiveSource:
    """The live host as a source of Snapshots."""
    return LiveSource(open_backend(settings.backend), socket.gethostname(), settings.interval)
