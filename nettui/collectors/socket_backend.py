"""What is asked of an operating system about single sockets, and the choice of who answers."""

import sys
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from nettui.model.process import Owners, Process, Unit
from nettui.model.socket import Socket, SocketKey

if TYPE_CHECKING:  # who only counts sockets does without tables of them
    from nettui.model.socket_table import SocketRequest, SocketTable


class SocketBackend(Protocol):
    """How one operating system is asked about single sockets. Raises as `Backend` does."""

    async def table(self, request: "SocketRequest") -> "SocketTable": ...

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


def open_sockets(name: str = "auto") -> SocketBackend:
    """What `open_backend(name).sockets()` gives, without loading the readers of anything else."""
    if is_linux(name):
        from nettui.linux.sockets import LinuxSockets

        return LinuxSockets()
    from nettui.portable.sockets import PortableSockets

    return PortableSockets()


def is_linux(name: str) -> bool:
    """Whether the backend of this name is Linux's own."""
    return name == "linux" or (name == "auto" and sys.platform == "linux")
