"""The sockets of a recording, for as far as it holds them: they answer like those of a live host."""

import errno
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence

from nettui.model.process import Owners, Process, Unit
from nettui.model.snapshot import Snapshot
from nettui.model.socket import Socket, SocketKey
from nettui.model.socket_table import ListedTable, SocketRequest, SocketTable


class RecordedSockets:
    """Answers from the Snapshot on show. Records come whole, with owners and TcpInfo as they were written."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot

    async def table(self, request: SocketRequest) -> SocketTable:
        snapshot = self._snapshot()
        held = snapshot.sockets
        if held is None:
            why = "no sockets were recorded at this moment: nettui record --sockets takes them down"
            raise OSError(errno.ENODATA, why)
        chosen = [socket for socket in held if socket.transport in request.transports]
        total = snapshot.sockets_total
        note = f"the recording holds {len(held):,}" if total is not None and total > len(held) else None
        return ListedTable(chosen, snapshot.taken_at, note)

    async def details(self, sockets: Sequence[Socket]) -> Mapping[SocketKey, Socket]:
        return {socket.key: socket for socket in sockets}

    async def owners(self, inodes: Collection[int], thorough: bool = False) -> Owners:
        return Owners({})

    async def process(self, pid: int) -> Process:
        raise OSError(errno.EOPNOTSUPP, "a recording tells no more of a process than its name")

    def unit(self, cgroup: int) -> Unit | None:
        return None

    async def endings(self) -> AsyncGenerator[Sequence[Socket], None]:
        unheard: tuple[Sequence[Socket], ...] = ()
        for sockets in unheard:
            yield sockets
        raise OSError(errno.EOPNOTSUPP, "a recording tells of ended sockets by what is missing in the next reading")

    async def destroy(self, socket: Socket) -> None:
        raise OSError(errno.EOPNOTSUPP, "this is a recording")

    def close(self) -> None:
        """Nothing is held."""
