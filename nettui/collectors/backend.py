"""What the collectors ask of an operating system, and the choice of who answers."""

from collections.abc import AsyncGenerator
from typing import Protocol

from nettui.collectors.socket_backend import SocketBackend, is_linux
from nettui.model.address import Address
from nettui.model.change import Subject
from nettui.model.link import Counters, Link
from nettui.model.neighbour import Neighbour
from nettui.model.route import Route, Rule
from nettui.model.tcp import PortCounts, TcpCounts
from nettui.model.vitals import KernelSettings, Vitals
from nettui.model.watched import Leases, Processes


class Backend(Protocol):
    """One operating system. Methods return plain records; what cannot be done is raised as OSError or ValueError."""

    name: str
    lacks: frozenset[str]
    """Sections of the Snapshot that it can never fill: they stay None, and that is no error."""

    async def links(self) -> tuple[Link, ...]: ...

    async def counters(self) -> tuple[Counters, ...]: ...

    async def addresses(self) -> tuple[Address, ...]: ...

    async def routes(self, limit: int) -> tuple[tuple[Route, ...], int]:
        """At most `limit` routes, defaults always among them, and how many there are in all."""
        ...

    async def rules(self) -> tuple[Rule, ...]: ...

    async def neighbours(self) -> tuple[Neighbour, ...]: ...

    async def tcp(self) -> TcpCounts: ...

    async def tcp_ports(self) -> tuple[PortCounts, ...]:
        """The states by local port, the most sockets first."""
        ...

    async def vitals(self) -> Vitals: ...

    async def settings(self) -> KernelSettings: ...

    async def processes(self) -> Processes:
        """Those closest to their limit of open descriptors. One task at a time may ask."""
        ...

    async def leases(self) -> Leases: ...

    async def route_to(self, destination: str) -> Route:
        """The route the kernel would take to an address."""
        ...

    def changes(self) -> AsyncGenerator[frozenset[Subject], None]:
        """Subjects that changed, as the system tells of them; ends at once where it tells nothing."""
        ...

    def sockets(self) -> SocketBackend:
        """The same each time; it costs nothing until it is asked."""
        ...

    def close(self) -> None: ...


def open_backend(name: str = "auto", brief: bool = False) -> Backend:
    """The backend called `linux` or `portable`; `auto` takes the best for this system. `brief`: to read once only."""
    if is_linux(name):
        from nettui.linux.host import LinuxHost

        return LinuxHost(brief)
    from nettui.portable.host import PortableHost

    return PortableHost()
