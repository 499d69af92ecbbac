"""What several commands need: the engine of the live host, put together from the settings."""

import socket
from collections.abc import Collection

from nettui.collectors.backend import open_backend
from nettui.config import Settings
from nettui.engine.live import LiveSource


def live_source(settings: Settings, sockets: bool = False, only: Collection[str] = ()) -> LiveSource:
    """The live host as a source of Snapshots, which hold the sockets too if that is wanted, or `only` some sections."""
    return LiveSource(open_backend(settings.backend), socket.gethostname(), settings.interval, sockets, only)
