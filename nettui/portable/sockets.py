"""Single sockets from psutil.net_connections(), with their owners; and what psutil knows of a process.

psutil tells neither queues nor timers nor anything of TCP's inner state, has no inodes, and cannot close a socket. What
is said of its limits in `nettui.portable.tcp` holds here too.
"""

import os
import time
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from functools import partial
from socket import AF_INET6, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM
from typing import Any, NamedTuple

import psutil

from nettui.model.process import Owner, Owners, Process, Unit
from nettui.model.socket import UNCONN, Socket, SocketKey, Transport, endpoint
from nettui.model.socket_table import ListedTable, SocketRequest
from nettui.model.tcp import TcpState
from nettui.model.text import clean
from nettui.portable.processes import read_process
from nettui.portable.shared import Shared, Unreadable
from nettui.portable.tcp import HELD_ONLY, STATE_OF, held_only

_KINDS = {Transport.TCP: "tcp", Transport.UDP: "udp", Transport.UNIX: "unix"}
_TYPES: dict[int, str] = {SOCK_STREAM: "stream", SOCK_DGRAM: "dgram", SOCK_SEQPACKET: "seqpacket"}
_MAPPED = "::ffff:"
_LEFT_OVER = frozenset(
    (TcpState.SYN_RECV, TcpState.FIN_WAIT1, TcpState.FIN_WAIT2, TcpState.TIME_WAIT, TcpState.LAST_ACK, TcpState.CLOSING)
)
"""In these states a socket without process is nobody's any more, or not yet; in others its owner is hidden."""
_ON_LINUX = "use --backend linux" if psutil.LINUX else None


class Reading(NamedTuple):
    """The sockets of one kind at one moment."""

    sockets: Sequence[Socket]
    note: str | None


class PortableSockets:
    """Costs nothing until it is asked. Every question is a whole reading: psutil has no other."""

    def __init__(self) -> None:
        self._readings = {
            transport: Shared(f"{transport.upper()} sockets", partial(_read, transport)) for transport in _KINDS
        }

    async def table(self, request: SocketRequest) -> ListedTable:
        """All sockets of the kinds asked for, whatever else is wanted. Raises Unreadable, an OSError."""
        taken_at = time.time()
        known = [transport for transport in _KINDS if transport in request.transports]
        readings = [await self._readings[transport].answer() for transport in known]
        notes = [reading.note for reading in readings if reading.note]
        if missing := [transport for transport in Transport if transport in request.transports - set(known)]:
            notes.append(f"psutil does not tell of {' and '.join(missing)} sockets")
        sockets = [socket for reading in readings for socket in reading.sockets]
        return ListedTable(sockets, taken_at, "; ".join(dict.fromkeys(notes)) or None)

    async def details(self, sockets: Sequence[Socket]) -> Mapping[SocketKey, Socket]:
        """The same sockets as they are now, as far as they are still there. Raises Unreadable."""
        if not sockets:
            return {}
        wanted = {socket.key for socket in sockets}
        table = await self.table(SocketRequest(transports=frozenset(socket.transport for socket in sockets)))
        return {key: table.socket(place) for place, key in enumerate(table.keys()) if key in wanted}

    async def owners(self, inodes: Collection[int], thorough: bool = False) -> Owners:
        """Nothing: the records themselves tell their owners, and there are no inodes."""
        return Owners({})

    async def process(self, pid: int) -> Process:
        """All that psutil tells of a process. Raises ProcessLookupError where there is none, or Unreadable."""
        found = await Shared("processes", partial(read_process, pid)).answer()
        if found is None:
            raise ProcessLookupError(f"there is no process {pid} any more")
        return found

    def unit(self, cgroup: int) -> Unit | None:
        """Not to be had."""
        return None

    async def endings(self) -> AsyncGenerator[Sequence[Socket], None]:
        """Raises Unreadable at once: nothing tells of ends here."""
        nothing: tuple[Sequence[Socket], ...] = ()
        for sockets in nothing:
            yield sockets
        raise Unreadable("psutil does not tell of sockets that end: short-lived ones are missed", _ON_LINUX)

    async def destroy(self, socket: Socket) -> None:
        """Not to be had."""
        raise Unreadable("psutil cannot close the sockets of other programs", _ON_LINUX)

    def close(self) -> None:
        """Nothing is held open."""


def _read(transport: Transport) -> Reading:
    found, note = _connections(_KINDS[transport])
    records = _Records(transport)
    for connection in found:
        records.add(connection)
    sockets = records.sockets()
    if note is None and transport is Transport.TCP and held_only():
        note = HELD_ONLY
    if note is None and hasattr(os, "geteuid") and os.geteuid() and any(s.owners is None for s in sockets):
        note = "whose the other users' sockets are is shown only to root"
    return Reading(sockets, note)


def _connections(kind: str) -> tuple[Iterable[Any], str | None]:
    """psutil's records; where the system shows all only to root, those of the processes that may be looked into."""
    try:
        return psutil.net_connections(kind), None
    except psutil.AccessDenied:
        found: dict[int, list[Any]] = {}
        for process in psutil.process_iter():
            try:
                found[process.pid] = process.net_connections(kind)
            except psutil.Error:  # another user's, or just ended
                continue
        if not found:
            raise
        mine = [
            _Own(c.fd, c.family, c.type, c.laddr, c.raddr, c.status, pid) for pid, own in found.items() for c in own
        ]
        return mine, "this system shows the sockets of other users only to root"


class _Own(NamedTuple):
    """What psutil tells of a socket of one process, in the shape of what it tells of all sockets."""

    fd: int
    family: int
    type: int
    laddr: Any
    raddr: Any
    status: str
    pid: int | None


class _Records:
    """Makes records. A connection that several processes hold is one, with several owners."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._found: dict[str, list[Any]] = {}
        self._again: Counter[str] = Counter()
        self._processes: dict[int, tuple[str, int | None] | None] = {}

    def add(self, connection: Any) -> None:
        key = self._key(connection)
        merged = self._is_one(connection)
        if not merged:
            self._again[key] += 1
            if self._again[key] > 1:
                key += f" ({self._again[key]})"
        self._found.setdefault(key, []).append(connection)

    def sockets(self) -> list[Socket]:
        return [self._socket(key, told) for key, told in self._found.items()]

    def _is_one(self, connection: Any) -> bool:
        """Whether what looks the same is the same: a connection, and where each process tells of it a listener too."""
        return self._transport is Transport.TCP and (bool(connection.raddr) or psutil.MACOS)

    def _key(self, connection: Any) -> str:
        """Lasts as long as the socket: of a connection not who has it open, for that changes when it is accepted."""
        if self._transport is Transport.UNIX:
            ends = f"{connection.laddr} {connection.raddr}"
        else:
            ends = f"{endpoint(*_end(connection.laddr))} {endpoint(*_end(connection.raddr))}"
        held = "" if self._is_one(connection) else f" {connection.pid} {connection.fd}"
        version = "6" if connection.family == AF_INET6 else ""
        return clean(f"{self._transport}{version} {ends}{held}")

    def _socket(self, key: str, told: list[Any]) -> Socket:
        first = told[0]
        state = self._state(first)
        owners = [owner for connection in told if (owner := self._owner(connection))]
        uid = next((known[1] for owner in owners if (known := self._processes[owner.pid])), None)
        if self._transport is Transport.UNIX:
            return Socket(
                key=key, transport=self._transport, family="unix", type=_TYPES.get(first.type), state=state,
                local=clean(first.laddr or ""), peer=clean(first.raddr or "*"), uid=uid,
                owners=tuple(owners) or None,
            )  # fmt: skip
        local, local_port = _end(first.laddr)
        peer, peer_port = _end(first.raddr)
        return Socket(
            key=key, transport=self._transport, family="inet6" if first.family == AF_INET6 else "inet", state=state,
            local=local, local_port=local_port, peer=peer, peer_port=peer_port, uid=uid,
            owners=tuple(owners) or (() if state in _LEFT_OVER else None),
        )  # fmt: skip

    def _state(self, connection: Any) -> str:
        if self._transport is Transport.TCP:
            return STATE_OF.get(connection.status, TcpState.CLOSED)
        return TcpState.ESTABLISHED if connection.raddr else UNCONN

    def _owner(self, connection: Any) -> Owner | None:
        if not connection.pid:
            return None
        if connection.pid not in self._processes:
            self._processes[connection.pid] = _named(connection.pid)
        known = self._processes[connection.pid]
        fd = connection.fd if connection.fd is not None and connection.fd >= 0 else None
        return Owner(pid=connection.pid, name=known[0], fd=fd) if known else None


def _named(pid: int) -> tuple[str, int | None] | None:
    """Name and user of a process; None when it has ended meanwhile."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            return clean(process.name()), process.uids().effective if psutil.POSIX else None
    except psutil.NoSuchProcess:
        return None
    except psutil.Error:
        return "?", None


def _end(address: Any) -> tuple[str, int | None]:
    """Address and port: `*` for any, IPv4 where it is mapped (RFC 4291 section 2.5.5.2), without a zone."""
    if not address:
        return "*", None
    text = clean(address[0]).partition("%")[0]
    if text.startswith(_MAPPED) and "." in text:
        text = text.removeprefix(_MAPPED)
    return "*" if text in ("0.0.0.0", "::") else text, address[1] or None
