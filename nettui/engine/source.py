"""Where Snapshots come from: the live host or a recording. Screens and reports cannot tell them apart."""

from collections.abc import Callable, Sequence
from typing import Protocol

from nettui.collectors.socket_backend import SocketBackend
from nettui.model.route import Route
from nettui.model.snapshot import Snapshot
from nettui.model.tcp import PortCounts

Publish = Callable[[Sequence[Snapshot], bool], None]
"""Takes new Snapshots, oldest first, and whether they begin a history anew (a recording was wound)."""


class Unavailable(Exception):
    """A question this source cannot answer, in one sentence for the user."""


class Source(Protocol):
    """A source of Snapshots and of answers to single questions."""

    interval: float
    """Seconds between readings."""

    async def run(self, publish: Publish) -> None:
        """Publish Snapshots until cancelled."""
        ...

    async def refresh(self) -> None:
        """Read everything now."""
        ...

    async def tcp_ports(self) -> tuple[PortCounts, ...]:
        """The TCP states by local port; raises `Unavailable`."""
        ...

    async def route_to(self, destination: str) -> Route:
        """The way the system would take to an address; raises `Unavailable`."""
        ...

    def sockets(self) -> SocketBackend:
        """Who is asked about single sockets; what cannot be answered is said then."""
        ...
