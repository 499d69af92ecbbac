"""The sockets of a recording, for as far as it holds them: they answer like those of a live host."""

import errno
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence

from nettui.engine.source import Unavailable
from nettui.model.process import Owners, Process, Unit
from nettui.model.snapshot import Snapshot
from nettui.model.socket import Socket, SocketKey
from nettui.model.socket_table import ListedTable, SocketRequest, SocketTable


class RecordedSockets:
    """Answers from the Snapshot on show. Records come whole, with owners and TcpInfo as they were written."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        """Raises Unavailable where the recording holds no sockets."""
        if snapshot().sockets is None:
            raise Unavailable("this recording holds no sockets: nettui record --sockets takes them down")
        self._snapshot = snapshot

    async def table(self, request: SocketRequest) -> SocketTable:
        snapshot = self._snapshot()
        chosen = [socket for socket in snapshot.sockets or () if socket.transport in request.transports]
        total, held = snapshot.sockets_total, len(snapshot.sockets or ())
        note = f"the recording holds {held:,} of {total:,}" if total is not None and total > held else None
        return ListedTable(chosen, snapshot.taken_at, note)

    async def details(self, sockets: Sequence[Socket]) -> Mapping[SocketKey, Socket]:
        return {socket.key: socket for socket in sockets}

    async def owners(self, inodes: Collection[int], thorough: bool = False) -> Owners:
        return Owners({})

    async def process(self, pid: int) -> Process:
        raise ProcessLookupError(errno.ESRCH, "a recording holds nothing else of processes")

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
