"""Sockets from the tables in /proc/net: what is left where sock_diag is refused, or not built for a protocol.

proc_pid_net(5) and the seq_show functions of net/ipv4 and net/ipv6 say what is in them. A socket has no cookie there,
so it is known by what is written of it.
"""

import os
import re
import sys
import time
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from socket import AF_INET, AF_INET6

from msgspec.structs import replace

from nettui.linux.inet_message import STATES, address, owner
from nettui.linux.procfs import PROC_NET, ProcfsError
from nettui.linux.unix_diag import TYPES
from nettui.model.socket import UNCONN, Socket, SocketKey, Timer, Transport, endpoint
from nettui.model.tcp import TcpState
from nettui.model.text import clean
from nettui.model.turns import breathe

_TABLES = {
    Transport.TCP: ("tcp", "tcp6"), Transport.UDP: ("udp", "udp6"), Transport.RAW: ("raw", "raw6"),
    Transport.UNIX: ("unix",),
}
_SIZE = 1 << 13  # of one reading; the kernel gives a page at a time
_BREATH = 0.004  # seconds of work after which others on the event loop get a turn
_TICKS = os.sysconf("SC_CLK_TCK")

_END = rb"([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) "
_INET = re.compile(
    rb" *\d+: " + _END + _END + rb"([0-9A-F]{2}) ([0-9A-F]{8}):([0-9A-F]{8}) ([0-9A-F]{2}):([0-9A-F]{8,16})"
    rb" ([0-9A-F]{8}) +(\d{1,10}) +(\d{1,10}) +(\d{1,19}) .*"
)
"""Local and remote end, state, bytes to send and received, timer and its ticks, retransmits, uid, probes, inode."""
_UNIX = re.compile(
    rb"[0-9A-Fa-f]+: [0-9A-F]{8} [0-9A-F]{8} ([0-9A-F]{8}) ([0-9A-F]{4}) ([0-9A-F]{2}) +(\d{1,19})( .*)?"
)
"""Flags, type, state, inode, path."""

_RETRANSMIT = 1
_TIMERS = {_RETRANSMIT: "retransmit", 2: "keepalive", 3: "time-wait", 4: "probe"}
_LISTENS = 0x10000  # __SO_ACCEPTCON, linux/net.h
_CONNECTED = (2, 3)  # SS_CONNECTING (it waits to be accepted) and SS_CONNECTED, linux/net.h


async def proc_sockets(transport: Transport, root: Path = PROC_NET) -> list[Socket]:
    """All sockets of one kind in the network namespace of the thread that asks.

    The backlog of a listener, the interface a socket is bound to and whom a unix socket is connected to are not told.
    Raises ProcfsError, or OSError where there is no such table.
    """
    if transport not in _TABLES:
        raise ProcfsError(f"/proc/net has no table of {transport} sockets")
    first, *others = _TABLES[transport]
    found = await _read(root / first, transport)
    for name in others:
        with suppress(FileNotFoundError):  # IPv6 is switched off
            found += await _read(root / name, transport)
    return found


async def _read(table: Path, transport: Transport) -> list[Socket]:
    reader = TableReader(table.name, transport)
    descriptor = os.open(table, os.O_RDONLY | os.O_CLOEXEC)
    try:
        rest = time.monotonic() + _BREATH
        while piece := os.read(descriptor, _SIZE):
            reader.feed(piece)
            if time.monotonic() > rest:
                await breathe()
                rest = time.monotonic() + _BREATH
    finally:
        os.close(descriptor)
    return reader.finish()


class TableReader:
    """Reads one table, in pieces of any size."""

    def __init__(self, name: str, transport: Transport) -> None:
        self._name = name
        self._transport = transport
        self._decode = unix_socket if transport is Transport.UNIX else partial(inet_socket, transport)
        self._heading = b"Num" if transport is Transport.UNIX else b"sl"
        self._found: dict[SocketKey, Socket] = {}  # a table that changes while it is read may tell of one twice
        self._last: Socket | None = None
        self._has_path = False
        self._tail = b""
        self._started = False

    def feed(self, piece: bytes) -> None:
        """Take the next piece. Raises ProcfsError at a line that is no socket."""
        *lines, self._tail = (self._tail + piece).split(b"\n")
        if lines and not self._started:
            heading, *lines = lines
            if heading.split()[:1] != [self._heading]:
                raise self._not_a_socket(heading)
            self._started = True
        for line in lines:
            found = self._decode(line)
            if found is not None:
                self._has_path = len(line.split(maxsplit=7)) > 7 or line.endswith(b" ")
            self._last = found or self._continued(line)
            self._found[self._last.key] = self._last

    def finish(self) -> list[Socket]:
        """The sockets, in the order of the table. Raises ProcfsError if it is not complete."""
        if self._tail or not self._started:
            raise ProcfsError(f"{self._name} ends in the middle of a line")
        self._found.pop("unix 0", None)  # those that wait to be accepted: unix_diag leaves them out too
        return list(self._found.values())

    def _continued(self, line: bytes) -> Socket:
        """The last socket, if it has a path: in that there may be a line feed, which the kernel writes as it is."""
        if self._last is None or self._transport is not Transport.UNIX or not self._has_path:
            raise self._not_a_socket(line)
        return replace(self._last, local=self._last.local + clean(b"\n" + line))

    def _not_a_socket(self, line: bytes) -> ProcfsError:
        return ProcfsError(f"{self._name} has a line that is no socket: {clean(line, 60)}")


def inet_socket(transport: Transport, line: bytes) -> Socket | None:
    """The record of one line of tcp, udp, raw or their like for IPv6; None if it is none."""
    match = _INET.fullmatch(line)
    if match is None:
        return None
    (
        local, local_port, peer, peer_port, code, send_q, recv_q, timer, ticks, retransmits, uid, probes, inode,
    ) = match.groups()
    state = STATES[transport].get(int(code, 16))
    if state is None:
        return None
    here, there = _address(local), _address(peer)
    ports = int(local_port, 16) or None, int(peer_port, 16) or None
    kind, number = int(timer, 16), int(inode)
    return Socket(
        key=f"{transport} {endpoint(here, ports[0])} {endpoint(there, ports[1])} {number}",
        transport=transport,
        family="inet" if len(local) == 8 else "inet6",
        state=state,
        local=here,
        local_port=ports[0],
        peer=there,
        peer_port=ports[1],
        recv_q=int(recv_q, 16),
        send_q=None if state == TcpState.LISTEN else int(send_q, 16),
        uid=owner(int(uid), number),
        inode=number,
        timer=_timer(kind, int(ticks, 16), int(retransmits, 16) if kind == _RETRANSMIT else int(probes)),
    )


def unix_socket(line: bytes) -> Socket | None:
    """The record of one line of unix; None if it is none."""
    match = _UNIX.fullmatch(line)
    if match is None:
        return None
    flags, kind, code, inode, path = match.groups()
    connected = int(code, 16) in _CONNECTED
    return Socket(
        key=f"unix {int(inode)}",
        transport=Transport.UNIX,
        family="unix",
        type=TYPES.get(int(kind, 16)),
        state=TcpState.LISTEN if int(flags, 16) & _LISTENS else TcpState.ESTABLISHED if connected else UNCONN,
        local=clean(path[1:]) if path else "",
        peer="" if connected else "*",
        inode=int(inode),
    )


@lru_cache(1 << 12)
def _address(words: bytes) -> str:
    """An address written as numbers of the machine's byte order, eight hexadecimal digits each."""
    packed = b"".join(int(words[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(words), 8))
    return address(AF_INET if len(packed) == 4 else AF_INET6, packed)


def _timer(kind: int, ticks: int, retries: int) -> Timer | None:
    name = _TIMERS.get(kind)
    return Timer(kind=name, expires=ticks / _TICKS, retries=retries) if name else None
