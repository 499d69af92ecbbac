"""The files in which DHCP clients keep their leases: where they are, and what they hold, read again when they change.

dhcpcd's are packets, and udhcpc keeps none; theirs are known by the kernel's lifetimes alone (linux/leases.py).
"""

import os
import re
import stat
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from nettui.model.text import clean
from nettui.model.turns import breathe
from nettui.model.watched import Lease

READ_LIMIT = 1 << 17
"""Bytes of a file that are looked at, its last ones: new leases are appended."""
MOST = 256
"""Entries of a directory that are looked at."""

_BY_DHCLIENT = r"dhclient.*\.leases?"
_INTERNAL = r"internal-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-(?P<interface>.+)\.lease"
_BY_INDEX = r"(?P<index>\d{1,10})"

Parse = Callable[[bytes, str], list[Lease]]
Stamp = tuple[int, int, int]


def _dhclient(text: bytes, source: str) -> list[Lease]:
    from nettui.linux.lease_formats import dhclient_leases  # most hosts have no such file

    return dhclient_leases(text, source)


def _variables(text: bytes, source: str) -> list[Lease]:
    from nettui.linux.lease_formats import variables_lease

    return variables_lease(text, source)


PLACES: tuple[tuple[str, str, Parse], ...] = (
    ("var/lib/dhcp", _BY_DHCLIENT, _dhclient),  # Debian, SUSE
    ("var/lib/dhclient", _BY_DHCLIENT, _dhclient),  # Red Hat
    ("var/lib/NetworkManager", _BY_DHCLIENT, _dhclient),
    ("var/lib/NetworkManager", _INTERNAL, _variables),
    ("run/NetworkManager", _INTERNAL, _variables),
    ("run/systemd/netif/leases", _BY_INDEX, _variables),
)
"""Directories, what the files in them are called, and how they are read."""


class _Kept(NamedTuple):
    stamp: Stamp
    leases: tuple[Lease, ...]


class LeaseFiles:
    """Remembers what it read, by the file's time stamp, size and inode."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._kept: dict[Path, _Kept] = {}

    async def read(self, names: Mapping[int, str]) -> list[Lease]:
        """The leases in all files that can be read; `names`: of interfaces, by ifindex. Never raises."""
        kept: dict[Path, _Kept] = {}
        found: list[Lease] = []
        for directory, pattern, parse in PLACES:
            for path, called in _listed(self._root / directory, pattern):
                now = self._file(path, parse, f"/{directory}/{path.name}")
                if now is None:
                    continue
                kept[path] = now
                found += _named(now.leases, called, names)
                await breathe()
        self._kept = kept
        return found

    def _file(self, path: Path, parse: Parse, source: str) -> _Kept | None:
        """None for what cannot be read, or is no file."""
        try:
            # Not to wait where somebody put a pipe.
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                return None
            stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
            before = self._kept.get(path)
            if before is not None and before.stamp == stamp:
                return before
            text = os.pread(descriptor, READ_LIMIT, max(0, about.st_size - READ_LIMIT))
        except OSError:
            return None
        finally:
            os.close(descriptor)
        return _Kept(stamp, tuple(parse(text, clean(source))))


def _listed(directory: Path, pattern: str) -> list[tuple[Path, Mapping[str, str]]]:
    """The files whose whole names fit, and what their names say."""
    try:
        with os.scandir(directory) as entries:
            names = [entry.name for entry in islice(entries, MOST)]
    except OSError:
        return []
    return [(directory / name, called.groupdict()) for name in sorted(names) if (called := re.fullmatch(pattern, name))]


def _named(leases: tuple[Lease, ...], called: Mapping[str, str], names: Mapping[int, str]) -> list[Lease]:
    """With the interface that the file's name tells, where the file itself tells none."""
    if "index" in called:
        name = names.get(int(called["index"]))
        return [replace(lease, interface=name) for lease in leases] if name else []
    if "interface" in called:
        return [replace(lease, interface=clean(called["interface"])) for lease in leases]
    return list(leases)
