"""Sockets for a recording: as many as it is good for, whole, those that tell most first."""

from collections.abc import Sequence

from msgspec.structs import replace

from nettui.collectors.socket_backend import SocketBackend
from nettui.collectors.worker import Part
from nettui.model.socket import Socket
from nettui.model.socket_table import SocketRequest, SocketTable

MOST = 1_000
"""Sockets that one Snapshot holds."""

_LAST = {"TIME_WAIT": 2, "ESTABLISHED": 1}
"""Where not all can be held: the states there are most of, and that say least, come last."""


class SocketReader:
    """Reads the sockets section of a Snapshot."""

    def __init__(self, backend: SocketBackend) -> None:
        self._backend = backend

    async def read(self) -> Part:
        """At most `MOST` sockets with their owners, units and TcpInfo. Raises OSError or ValueError."""
        table = await self._backend.table(SocketRequest(cgroups=True))
        chosen = [table.socket(place) for place in first(table, MOST)]
        details = await self._backend.details([each for each in chosen if each.state != "TIME_WAIT"])
        owners = (await self._backend.owners({each.inode for each in chosen if each.inode})).by_inode
        return {
            "sockets": tuple(self._whole(details.get(each.key, each), owners.get(each.inode)) for each in chosen),
            "sockets_total": len(table),
        }

    def _whole(self, socket: Socket, owners: tuple[object, ...] | None) -> Socket:
        unit = self._backend.unit(socket.cgroup) if socket.cgroup is not None else None
        return replace(socket, owners=socket.owners or owners, unit=socket.unit or unit)


def first(table: SocketTable, most: int) -> Sequence[int]:
    """The places of at most so many sockets."""
    if len(table) <= most:
        return range(len(table))
    states = table.column("state")
    return sorted(range(len(table)), key=lambda place: _LAST.get(str(states[place]), 0))[:most]
