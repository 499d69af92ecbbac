"""Sockets that throw away what comes for them: asked one by one, and only after the host's totals say that some did."""

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from nettui.collectors.socket_backend import SocketBackend
from nettui.model.census import UdpLoss
from nettui.model.socket import Socket, Transport
from nettui.model.socket_filter import Is
from nettui.model.socket_table import SocketRequest
from nettui.sockets.census.programs import Programs
from nettui.sockets.census.rows import LISTEN, Row

MOST = 256
"""Sockets that are asked at once."""
FRESH = 60.0
"""Seconds for which the UDP sockets that lost something are told of after the last loss."""


class Loser(NamedTuple):
    """A UDP socket that has lost datagrams."""

    socket: Socket
    drops: int

    def told(self, programs: Programs) -> UdpLoss | None:
        """For the census; None for one that has no port."""
        socket = self.socket
        if not socket.local_port:
            return None
        row = Row(socket.state, socket.local, socket.local_port, uid=socket.uid, inode=socket.inode,
                  cgroup=socket.cgroup)  # fmt: skip
        return UdpLoss(
            address=socket.local, port=socket.local_port, drops=self.drops, queued=socket.recv_q or 0,
            limit=socket.memory.receive_limit if socket.memory else None, program=programs.of(row),
        )


class SocketLosses:
    """Remembers what was asked: while a total stands still, so does what it is made of."""

    def __init__(self, backend: SocketBackend, clock: Callable[[], float] = time.monotonic) -> None:
        self._backend = backend
        self._clock = clock
        self._listen_drops = self._udp_lost = 0
        self._drops: Mapping[int, int] = {}
        self._losers: tuple[Loser, ...] = ()
        self._told_until = float("-inf")

    async def listeners(self, total: int | None) -> Mapping[int, int]:
        """What each listener has thrown away since it listens, by inode. Those that were not asked are missing."""
        if total is not None and total != self._listen_drops:
            table = await self._backend.table(_wanted(Transport.TCP, LISTEN))
            places = [place for place, state in enumerate(table.column("state")) if state == LISTEN][:MOST]
            asked = await self._backend.details([table.socket(place) for place in places])
            self._drops = {each.inode: drops for each in asked.values() if (drops := _drops(each)) is not None}
            self._listen_drops = total
        return self._drops

    async def udp(self, total: int | None) -> tuple[Loser, ...] | None:
        """The UDP sockets that have lost datagrams, those that lost most first; None while none are lost."""
        if total is not None and total != self._udp_lost:
            table = await self._backend.table(_wanted(Transport.UDP))
            queues = table.column("recv_q")
            fullest = sorted(range(len(table)), key=lambda place: _number(queues[place]), reverse=True)[:MOST]
            records = {each.key: each for each in map(table.socket, fullest)}
            asked = await self._backend.details(list(records.values()))
            losers = [Loser(each, drops) for each in asked.values() if (drops := _drops(each))]
            self._losers = tuple(sorted(losers, key=lambda loser: loser.drops, reverse=True))
            self._udp_lost = total
            self._told_until = self._clock() + FRESH
        return self._losers if self._clock() < self._told_until else None


def _wanted(transport: Transport, state: str | None = None) -> SocketRequest:
    wanted = Is("state", "=", state) if state else None
    return SocketRequest(transports=frozenset({transport}), wanted=wanted)


def _drops(socket: Socket) -> int | None:
    return socket.memory.drops if socket.memory is not None else None


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
