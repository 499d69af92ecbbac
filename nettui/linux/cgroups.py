"""Control groups (cgroups(7)) by their ids.

A socket bears the id of the cgroup it was made in. It is the inode number of that cgroup's directory in the cgroup2
tree, so one walk over the directories names all sockets, without a look at any process.
"""

import os
import re
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from nettui.linux.units import unit_at
from nettui.model.process import Unit
from nettui.model.turns import breathe

REFRESH = 3.0
"""Seconds after a walk before an id that it did not find is looked for again."""
MOST = 50_000
"""Directories that are looked at."""

_MOUNTS = Path("/proc/self/mountinfo")
_STEP = 0.004  # seconds of walking at a stretch
_PAUSE = 0.05  # seconds between stretches for those who do not wait
_OCTAL = re.compile(rb"\\([0-7]{3})")


class Cgroups:
    """The tree as it was when last walked. Nothing is read before it is asked."""

    def __init__(self, root: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """`root`: where cgroup2 is mounted; else that is looked for."""
        self._root = root
        self._clock = clock
        self._paths: dict[int, str] = {}
        self._walk: Iterator[tuple[int, str]] | None = None
        self._walked: dict[int, str] = {}
        self._rests_until = float("-inf")

    def unit(self, cgroup: int) -> Unit | None:
        """What runs in the cgroup of this id; None where that is nothing special, or not known (yet).

        An unknown id sets off a walk. No call walks for long, so a large tree takes several of them; who cannot come
        back has `learn`.
        """
        if cgroup not in self._paths and self._clock() >= self._rests_until:
            self._walk_on()
        path = self._paths.get(cgroup)
        return None if path is None else unit_at(path)

    async def learn(self, cgroups: Collection[int]) -> None:
        """Walk until all of these are known or everything has been seen, with turns for others in between."""
        wanted = set(cgroups)
        while not wanted <= self._paths.keys() and (self._walk or self._clock() >= self._rests_until):
            self._walk_on()
            await breathe()

    def _walk_on(self) -> None:
        """Walk for a moment, on from where it was left. What is found counts at once; what has gone, at the end."""
        if self._walk is None:
            place = (str(self._root), "/") if self._root else mounted()
            self._walk, self._walked = islice(directories(*place) if place else (), MOST), {}
        until = self._clock() + _STEP
        for cgroup, path in self._walk:
            self._paths[cgroup] = self._walked[cgroup] = path
            if self._clock() > until:
                self._rests_until = self._clock() + _PAUSE
                return
        self._paths, self._walk = self._walked, None
        self._rests_until = self._clock() + REFRESH


def mounted(mounts: Path = _MOUNTS) -> tuple[str, str] | None:
    """Where cgroup2 is mounted, and which cgroup is to be seen there (proc_pid_mountinfo(5)); None: nowhere."""
    with suppress(OSError):
        for line in mounts.read_bytes().splitlines():
            place, _, kind = line.partition(b" - ")
            words = place.split(b" ")
            if kind.startswith(b"cgroup2 ") and len(words) > 4:
                root, point = (_OCTAL.sub(lambda octal: bytes([int(octal[1], 8) & 255]), word) for word in words[3:5])
                return os.fsdecode(point), os.fsdecode(root)
    return None


def directories(top: str, path: str) -> Iterator[tuple[int, str]]:
    """The inode number and the path of a cgroup and of all below; `top` is its directory, `path` what it is called."""
    inner = [(top, path.rstrip("/"))]
    with suppress(OSError):
        yield Path(top).stat().st_ino, path
    while inner:
        directory, path = inner.pop()
        with suppress(OSError), os.scandir(directory) as entries:  # it may have gone meanwhile
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    below = f"{path}/{entry.name}"
                    yield entry.inode(), below
                    if _holds_more(entry):
                        inner.append((entry.path, below))


def _holds_more(entry: os.DirEntry[str]) -> bool:
    """Whether there are directories within. Dozens of files are in each, so not to list it saves most of the time."""
    with suppress(OSError):
        return entry.stat(follow_symlinks=False).st_nlink != 2  # links: its name, its own `.`, and each `..` within
    return False
