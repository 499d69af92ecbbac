"""The hosts file, which beats DNS: searched at each lookup, never held in memory.

Blocklists make it megabytes long. So it is searched as bytes, block by block, and only a line that holds what is
wanted is taken apart.
"""

import os
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from nettui.dns.files import open_regular
from nettui.dns.servers import parse_address
from nettui.model.lookup import HostsEntry
from nettui.model.text import clean

HOSTS = (
    Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "drivers", "etc", "hosts")
    if sys.platform == "win32"
    else Path("/etc/hosts")
)
BLOCKED = frozenset({"0.0.0.0", "::"})
"""Addresses that blocklists give to a name that must not be reached."""

ENTRIES = 64
"""Matches kept for one question."""
_NAMES = 32
"""Names kept of one line."""
_BLOCK = 1 << 20
_SEARCHED = 1 << 26
"""Bytes that are searched; what follows them is not looked at."""

_FOLDED = bytes(range(256)).lower().translate(bytes.maketrans(b"\t\v\f\r", b"    "))
"""Upper case becomes lower case, and every blank a space."""

_Fields = list[bytes]
_address = lru_cache(1024)(parse_address)


class HostsFile:
    """One hosts file. The last question's matches are kept as long as the file stays the same."""

    def __init__(self, path: Path = HOSTS) -> None:
        self.path = path
        self._kept: tuple[object, tuple[HostsEntry, ...]] = (None, ())

    def named(self, name: str) -> tuple[HostsEntry, ...]:
        """Lines that give `name` (any case, with or without the final dot), in their order.

        A file that is missing or cannot be read has none; never raises.
        """
        wanted = name.lower().rstrip(".").encode("utf-8", "replace")
        if not wanted or len(wanted.split()) != 1:
            return ()
        return self._matches(b" " + wanted, lambda fields: any(f.lower().rstrip(b".") == wanted for f in fields[1:]))

    def at(self, address: str) -> tuple[HostsEntry, ...]:
        """Lines that give names to `address`, however an IPv6 address is spelled there; else as `named`."""
        wanted = parse_address(address)
        if wanted is None:
            return ()
        needle = b":" if ":" in wanted else wanted.encode()
        return self._matches(needle, lambda fields: _address(fields[0].decode("ascii", "replace")) == wanted)

    def _matches(self, needle: bytes, wanted: Callable[[_Fields], bool]) -> tuple[HostsEntry, ...]:
        try:
            with open_regular(self.path) as file:
                status = os.fstat(file.fileno())
                key = (needle, status.st_ino, status.st_size, status.st_mtime_ns)
                if self._kept[0] != key:
                    self._kept = (key, tuple(islice(self._entries(file, needle, wanted), ENTRIES)))
                return self._kept[1]
        except (OSError, ValueError):
            return ()

    def _entries(self, file: BinaryIO, needle: bytes, wanted: Callable[[_Fields], bool]) -> Iterator[HostsEntry]:
        for number, line in _lines_with(needle, file):
            fields = line.partition(b"#")[0].split()
            if len(fields) < 2 or not wanted(fields):
                continue
            address = _address(fields[0].decode("ascii", "replace"))
            if address is not None:
                names = tuple(clean(field) for field in fields[1 : _NAMES + 1])
                yield HostsEntry(address=address, names=names, source=clean(str(self.path)), line=number)


def _lines_with(needle: bytes, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each line that holds `needle` (lower case; a space stands for any blank), with its number from 1."""
    number = 1
    searched = 0
    while searched < _SEARCHED and (block := file.read(_BLOCK)):
        block += file.readline(_BLOCK)
        text = block.translate(_FOLDED)
        counted = 0
        hit = text.find(needle)
        while hit >= 0:
            start = text.rfind(b"\n", 0, hit) + 1
            end = text.find(b"\n", hit)
            end = len(text) if end < 0 else end
            number += text.count(b"\n", counted, start)
            counted = start
            yield number, block[start:end]
            hit = text.find(needle, end)
        number += text.count(b"\n", counted)
        searched += len(block)
