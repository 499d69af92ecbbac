"""What /proc/net says of TCP: totals in sockstat and snmp, every socket in tcp and tcp6 (proc_pid_net(5)).

The files of totals are held open (linux/held_files.py).
"""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from nettui.linux.held_files import HeldFiles
from nettui.linux.tcp_states import STATE_NUMBERS
from nettui.model.text import clean
from nettui.model.turns import breathe

PROC_NET = Path("/proc/thread-self/net")
"""The network namespace of the thread that asks (/proc/net is that of the process's first thread)."""

_SIZE = 1 << 16
_BREATH = 0.004  # seconds of work after which others on the event loop get a turn

# "  sl  local_address rem_address   st tx_queue ...": addresses of 8 hexadecimal digits in tcp, of 32 in tcp6.
_SOCKET = rb"(?m)^ *\d+: [0-9A-F]{8,32}:([0-9A-F]{4}) [0-9A-F]{8,32}:[0-9A-F]{4} ([0-9A-F]{2}) .*\n"
_HEADING = b"sl"


class ProcfsError(ValueError):
    """A file of /proc that does not say what it should: which, and what is wrong with it."""


class Totals(NamedTuple):
    """TCP of one network namespace in three numbers, IPv4 and IPv6 together."""

    established: int
    """`CurrEstab` of snmp: sockets in ESTABLISHED and, since Linux 6.10 (and as RFC 4022 has it), in CLOSE_WAIT."""
    time_wait: int
    """`tw` of sockstat: time-wait minisocks, those that still wait in FIN_WAIT2 included."""
    hashed: int
    """`inuse` of sockstat and sockstat6: all sockets but minisocks, half-open connections and unconnected ones."""


class ProcNet:
    """The files of the network namespace of the thread that first asks."""

    def __init__(self, root: Path = PROC_NET) -> None:
        self._root = root
        self._totals = HeldFiles(root)

    def totals(self) -> Totals:
        """Raises ProcfsError, or OSError where a file cannot be read."""
        sockstat, snmp = self._totals.read("sockstat"), self._totals.read("snmp")
        hashed = sockstat_number(sockstat, b"TCP", b"inuse")
        with suppress(FileNotFoundError):  # IPv6 is switched off
            hashed += sockstat_number(self._totals.read("sockstat6"), b"TCP6", b"inuse")
        return Totals(
            established=snmp_number(snmp, b"Tcp", b"CurrEstab"),
            time_wait=sockstat_number(sockstat, b"TCP", b"tw"), hashed=hashed,
        )

    async def ports(self) -> Iterator[tuple[int, int, int]]:
        """All sockets, as (the kernel's number of the state, local port, how many). Raises as `totals` does."""
        tables = [await self._table("tcp")]
        with suppress(FileNotFoundError):  # IPv6 is switched off
            tables.append(await self._table("tcp6"))
        return chain.from_iterable(tables)

    def close(self) -> None:
        self._totals.close()

    async def _table(self, name: str) -> Iterator[tuple[int, int, int]]:
        table = SocketTable(name)
        descriptor = os.open(self._root / name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            rest = time.monotonic() + _BREATH
            while piece := os.read(descriptor, _SIZE):
                table.feed(piece)
                if time.monotonic() > rest:
                    await breathe()
                    rest = time.monotonic() + _BREATH
        finally:
            os.close(descriptor)
        return table.finish()


class SocketTable:
    """Reads /proc/net/tcp or tcp6, in pieces of any size."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._counts: Counter[tuple[bytes, bytes]] = Counter()
        self._tail = b""
        self._started = False

    def feed(self, piece: bytes) -> None:
        """Take the next piece. Raises ProcfsError at a line that is no socket: a count without it would be wrong."""
        whole, newline, self._tail = (self._tail + piece).rpartition(b"\n")
        if not newline:
            return
        lines = whole + newline
        if not self._started:
            heading, _, lines = lines.partition(b"\n")
            if not heading.split()[:1] == [_HEADING]:
                raise self._not_a_socket(heading)
            self._started = True
        found = re.findall(_SOCKET, lines)
        if len(found) != lines.count(b"\n"):
            raise self._not_a_socket(next(line for line in lines.split(b"\n") if not re.match(_SOCKET, line + b"\n")))
        self._counts.update(found)

    def finish(self) -> Iterator[tuple[int, int, int]]:
        """The sockets, as (the kernel's number of the state, local port, how many). Raises ProcfsError."""
        if self._tail or not self._started:
            raise ProcfsError(f"{self._name} ends in the middle of a line")
        for state in {state for _, state in self._counts}:
            if int(state, 16) not in STATE_NUMBERS:
                raise ProcfsError(f"{self._name} has a socket in TCP state {int(state, 16)}, which is none")
        return ((int(state, 16), int(port, 16), count) for (port, state), count in self._counts.items())

    def _not_a_socket(self, line: bytes) -> ProcfsError:
        return ProcfsError(f"{self._name} has a line that is no socket: {clean(line, 60)}")


def sockstat_number(text: bytes, group: bytes, name: bytes) -> int:
    """`name` of a line like "TCP: inuse 5 orphan 0 tw 2". Raises ProcfsError."""
    for line in text.splitlines():
        head, *words = line.split() or [b""]
        if head == group + b":" and name in words[::2]:
            return _number(words[1::2], words[::2].index(name), name)
    raise ProcfsError(f"sockstat has no {group.decode()} {name.decode()}")


def snmp_number(text: bytes, group: bytes, name: bytes) -> int:
    """`name` of two lines, one of names and one of numbers, both with "Tcp:" before them. Raises ProcfsError."""
    lines = [line.split()[1:] for line in text.splitlines() if line.startswith(group + b":")]
    if len(lines) != 2 or name not in lines[0]:
        raise ProcfsError(f"snmp has no {group.decode()} {name.decode()}")
    return _number(lines[1], lines[0].index(name), name)


def _number(words: list[bytes], place: int, name: bytes) -> int:
    word = words[place] if place < len(words) else b""
    if not (word.isdigit() and len(word) < 20):
        raise ProcfsError(f"{name.decode()} is no number: {clean(word, 20)}")
    return int(word)
