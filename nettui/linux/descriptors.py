"""Which processes are closest to their limit of open descriptors: RLIMIT_NOFILE, the soft one (getrlimit(2)).

A sweep costs one stat(2) for each process: since Linux 6.2 the size of /proc/PID/fd is their number, and the inode of
that directory lives as long as its process, so what was read of it before still holds. A limit may be changed at any
time (prlimit(2)): those of processes anywhere near theirs are read in each sweep, the others' every few seconds.
"""

import errno
import os
import time
from collections.abc import Callable
from contextlib import suppress
from heapq import nlargest
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from nettui.linux.processes import (
    PROC,
    count_descriptors,
    descriptor_limit,
    effective_uid,
    parse_stat,
    read_file,
    text_of,
    unix_time,
)
from nettui.linux.procfs import ProcfsError
from nettui.linux.units import CGROUP_FILE, unit_in
from nettui.model.process import Unit
from nettui.model.turns import breathe
from nettui.model.watched import Processes, ProcessUse

MOST = 32
"""Processes that are told of."""
SOME = 0.05
"""Share of the limit from which it is read in each sweep, and from which who looks once is told of a process."""
KEPT = 20.0
"""Seconds after which what is remembered of a process is read again, at the latest."""

_BREATH = 0.002  # seconds of work after which others on the event loop get a turn
_BATCH = 64
_STEPS = 16
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_GONE = (FileNotFoundError, ProcessLookupError, ProcfsError)


class _Known(NamedTuple):
    """A process as it was when its limit was last read."""

    inode: int
    """Of /proc/PID/fd. Where it is another one, this is another process, or the same as well read anew."""
    limit: int | None
    """None: no limit, or one of 0, which a program sets for itself when it is to open nothing any more."""
    until: float
    """The clock's time from which on this is old."""


class _Described(NamedTuple):
    name: str
    started_at: float
    uid: int | None
    unit: Unit | None


class DescriptorWatch:
    """Sweeps over the processes, and remembers limits in between. One task at a time may ask."""

    def __init__(self, root: Path = PROC, clock: Callable[[], float] = time.monotonic, brief: bool = False) -> None:
        """`brief`: for one sweep only; processes with less than SOME of their limit are then not told of."""
        self._root = root
        self._least = SOME if brief else 0.0
        self._clock = clock
        self._known: dict[int, _Known] = {}
        self._described: dict[int, _Described] = {}
        self._rest = 0.0

    async def read(self) -> Processes:
        """One sweep. Raises OSError where there is no /proc, or no descriptor left to read it."""
        self._rest = time.monotonic() + _BREATH
        root = os.open(self._root, _DIRECTORY)
        try:
            return await self._sweep(root)
        finally:
            os.close(root)

    async def _sweep(self, root: int) -> Processes:
        told = self._sizes_are_told(root)
        listed = await self._list(root)
        known: dict[int, _Known] = {}
        used: list[tuple[float, int, int]] = []
        seen = hidden = 0
        for pid in listed:
            try:
                count = await self._look(root, pid, told, known)
            except PermissionError:
                hidden += _matters(root, pid)
                continue
            except _GONE:
                continue
            seen += 1
            if count and (limit := known[pid].limit) and count >= self._least * limit:
                used.append((count / limit, pid, count))
            if time.monotonic() > self._rest:
                await self._breathe()
        self._known = known
        self._described = {pid: what for pid, what in self._described.items() if pid in known}
        uses = [use for _, pid, count in nlargest(MOST, used) if (use := self._use(root, pid, count)) is not None]
        uses.sort(key=lambda use: (-use.descriptors / use.limit, use.pid))
        return Processes(at=time.time(), used=tuple(uses), seen=seen, hidden=hidden, unlisted=1 not in listed)

    def _sizes_are_told(self, root: int) -> bool:
        """Whether a size of 0 means none: before Linux 6.2 all are 0. Raises OSError where there is no /proc."""
        for name in ("self/fd", "1/fd"):  # there is no `self` where this is the /proc of another PID namespace
            with suppress(OSError):
                return os.stat(name, dir_fd=root).st_size > 0
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self._root / "self/fd"))

    async def _list(self, root: int) -> list[int]:
        listed: list[int] = []
        with os.scandir(root) as entries:
            while names := [entry.name for entry in islice(entries, _BATCH)]:
                listed += [int(name) for name in names if name.isdecimal()]
                await self._breathe()
        return listed

    async def _look(self, root: int, pid: int, told: bool, known: dict[int, _Known]) -> int:
        """How many descriptors a process has; where it has any, `known[pid]` is its limit.

        Raises what is in `_GONE`, or OSError.
        """
        stat = os.stat(f"{pid}/fd", dir_fd=root)
        if told and not stat.st_size:  # a thread of the kernel, mostly: its limit is no matter
            return 0
        before = self._known.get(pid)
        now = self._clock()
        if before is None or before.inode != stat.st_ino or now >= before.until:
            # Not all in one sweep, though most processes are first seen in the same.
            age = KEPT * (1 + pid % _STEPS) / _STEPS
            limit = descriptor_limit(read_file(f"{pid}/limits", root))
            before = _Known(stat.st_ino, limit or None, now + age)
            self._described.pop(pid, None)
        known[pid] = before
        if told:
            return stat.st_size
        return await _counted(root, pid) if before.limit else 0

    def _use(self, root: int, pid: int, count: int) -> ProcessUse | None:
        """What is told of a process; None where it has gone or has no limit any more."""
        try:
            directory = os.open(str(pid), _DIRECTORY, dir_fd=root)
        except (PermissionError, *_GONE):
            return None
        try:
            limit = self._known[pid].limit
            if limit is None or count >= SOME * limit:
                limit = descriptor_limit(read_file("limits", directory))
            if not limit:
                return None
            what = self._describe(pid, directory)
        except (PermissionError, *_GONE):
            return None
        finally:
            os.close(directory)
        return ProcessUse(
            pid=pid, name=what.name, descriptors=count, limit=limit, uid=what.uid, unit=what.unit,
            started_at=what.started_at,
        )

    def _describe(self, pid: int, directory: int) -> _Described:
        """Name, user and unit may change, but seldom: they are read as often as the limits of those not told of."""
        if pid not in self._described:
            stat = parse_stat(read_file("stat", directory))
            self._described[pid] = _Described(
                stat.name, unix_time(stat.started), effective_uid(text_of("status", directory)),
                unit_in(text_of(CGROUP_FILE, directory)),
            )
        return self._described[pid]

    async def _breathe(self) -> None:
        if time.monotonic() > self._rest:
            await breathe()
            self._rest = time.monotonic() + _BREATH


async def _counted(root: int, pid: int) -> int:
    directory = os.open(str(pid), _DIRECTORY, dir_fd=root)
    try:
        return await count_descriptors(directory)
    finally:
        os.close(directory)


def _matters(root: int, pid: int) -> bool:
    """Whether a process that may not be looked into could have descriptors at all."""
    try:
        stat = parse_stat(read_file(f"{pid}/stat", root))
    except _GONE:
        return False
    except PermissionError:
        return True
    return not (stat.kernel or stat.state == "Z")
