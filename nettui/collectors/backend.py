"""What the collectors ask of an operating system, and the choice of who answers."""

import sys
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import Protocol

from nettui.model.address import Address
from nettui.model.change import Subject
from nettui.model.link import Counters, Link
from nettui.model.neighbour import Neighbour
from nettui.model.process import Owners, Process, Unit
from nettui.model.route import Route, Rule
from nettui.model.socket import Socket, SocketKey
from nettui.model.socket_table import SocketRequest, SocketTable
from nettui.model.tcp import PortCounts, TcpCounts


class SocketBackend(Protocol):
    """How one operating system is asked about single sockets. Raises as `Backend` does."""

    async def table(self, request: SocketRequest) -> SocketTable: ...

    async def details(self, sockets: Sequence[Socket]) -> Mapping[SocketKey, Socket]:
        """The same sockets, read one by one, with everything there is to know; those that are gone are missing."""
        ...

    async def owners(self, inodes: Collection[int], thorough: bool = False) -> Owners:
        """Who has these sockets open. Unless `thorough`, processes that hold none so far may be overlooked."""
        ...

    async def process(self, pid: int) -> Process:
        """Raises ProcessLookupError when there is none (any more)."""
        ...

    def unit(self, cgroup: int) -> Unit | None:
        """What a cgroup id stands for."""
        ...

    def endings(self) -> AsyncGenerator[Sequence[Socket], None]:
        """Sockets as they end, as the system tells of it; OSError where it does not tell, or not this user."""
        ...

    async def destroy(self, socket: Socket) -> None:
        """Close it under its program, which will see ECONNABORTED. OSError, with a plain sentence, where that fails."""
        ...

    def close(self) -> None: ...


class Backend(Protocol):
    """One operating system. Methods return plain records; what cannot be done is raised as OSError or ValueError."""

    name: str

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


def open_backend(name: str = "auto") -> Backend:
    """The backend called `linux` or `portable`; `auto` takes the best for this system."""
    if _is_linux(name):
        from nettui.linux.host import LinuxHost

        return LinuxHost()
    from nettui.portable.host import PortableHost

    return PortableHost()


def open_sockets(name: str = "auto") -> SocketBackend:
    """What `open_backend(name).sockets()` gives, without loading the readers of anything else."""
    if _is_linux(name):
        from nettui.linux.sockets import LinuxSockets

        return LinuxSockets()
    return open_backend(name).sockets()


def _is_linux(name: str) -> bool:
    return name == "linux" or (name == "auto" and sys.platform == "linux")
