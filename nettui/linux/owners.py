"""Who has sockets open: by the inodes that the links of /proc/PID/fd name (proc_pid_fd(5)).

Nearly all the time goes to the kernel, some microseconds for each descriptor, so the point is to look at few. What a
process held when it was last looked at is remembered, and a search begins where sockets were found before.
"""

import gc
import os
import time
from collections.abc import AsyncIterator, Collection, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from nettui.linux.processes import PROC, Stat, is_elsewhere, network, parse_stat, read_file
from nettui.linux.procfs import ProcfsError
from nettui.model.process import Owner, Owners
from nettui.model.turns import Turn, breathe

_BATCH = 64  # descriptors: half a millisecond of work
_SLICE = 512  # records made at once
_BREATH = 0.002  # seconds of work after which others on the event loop get a turn
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_GONE = (FileNotFoundError, ProcessLookupError, ProcfsError)


class _Holder(NamedTuple):
    """A process with sockets, as it was when last looked at."""

    stat: Stat
    elsewhere: bool
    held: dict[int, int]
    """Its lowest descriptor by inode."""

    def among(self, wanted: set[int]) -> Iterator[int]:
        """The inodes it holds of those wanted."""
        if len(wanted) < len(self.held):
            return (inode for inode in wanted if inode in self.held)
        return (inode for inode in self.held if inode in wanted)


class OwnerFinder:
    """Finds owners and remembers them. Several tasks may ask; they take turns."""

    def __init__(self, root: Path = PROC) -> None:
        self._root = str(root)
        self._holders: dict[int, _Holder] = {}
        """By PID; last come those where something was found last."""
        self._others: set[int] = set()
        """PIDs that held no sockets."""
        self._refused: set[int] = set()
        """PIDs that this user may not look into."""
        self._unlisted = False
        self._turn = Turn()
        self._rest = 0.0

    async def find(self, inodes: Collection[int], thorough: bool = False) -> Owners:
        """The processes that have these sockets open, by PID, each with its lowest descriptor.

        `thorough`: every descriptor of every process is looked at, so that nobody is missed. Else the search ends as
        soon as each socket has an owner, and what was found before is not looked for again. Raises OSError where
        there is no /proc, or no descriptor left to read it.
        """
        async with self._turn:
            self._rest = time.monotonic() + _BREATH
            wanted = set(inodes)
            await breathe()  # a hundred thousand take milliseconds
            if thorough:
                for pid in await self._list():
                    await self._look(pid)
            elif missing := await self._missing(wanted):
                async for pid in self._candidates():
                    await self._look(pid, missing)
                    if not missing:
                        break
            return Owners(await self._owners(wanted), self._hidden())

    async def _missing(self, wanted: set[int]) -> set[int]:
        """What none of the processes known is remembered to hold. Those that matter are seen to be still the same."""
        missing = set(wanted)
        await self._breathe()
        for pid, holder in list(self._holders.items()):
            some = next(holder.among(wanted), None)
            if some is None:
                continue
            directory = f"{self._root}/{pid}"
            try:
                stat = parse_stat(read_file(f"{directory}/stat"))
            except (OSError, ProcfsError):
                stat = None
            if stat is None or stat.started != holder.stat.started:
                self._forget(pid)
                continue
            self._holders[pid] = _Holder(stat, self._is_elsewhere(f"{directory}/ns/net"), holder.held)
            if len(holder.held) < len(missing):
                missing.difference_update(holder.held)
            else:
                missing = missing.difference(holder.held)
            await self._breathe()
        return missing

    async def _candidates(self) -> AsyncIterator[int]:
        """PIDs to look at, the likeliest first: those with sockets, new ones, all the others."""
        likely = list(reversed(self._holders))
        for pid in likely:
            yield pid
        listed = await self._list()
        known = (self._others | self._refused).difference(likely)
        for pid in chain(listed - known.union(likely), known):
            yield pid

    async def _list(self) -> set[int]:
        """The PIDs there are; all others are forgotten."""
        listed: set[int] = set()
        with os.scandir(self._root) as entries:
            while names := [entry.name for entry in islice(entries, _BATCH)]:
                listed.update(int(name) for name in names if name.isdecimal())
                await self._breathe()
        for pid in self._holders.keys() - listed:
            del self._holders[pid]
        self._others &= listed
        self._refused &= listed
        self._unlisted = 1 not in listed  # and there always is one
        return listed

    async def _look(self, pid: int, missing: set[int] | None = None) -> None:
        """Look at the descriptors of a process: at all, or until nothing is missing any more."""
        try:
            directory = os.open(f"{self._root}/{pid}/fd", _DIRECTORY)
            try:
                await self._look_into(pid, directory, missing)
            finally:
                os.close(directory)
        except PermissionError:
            self._refuse(pid)
        except _GONE:
            self._forget(pid)

    async def _look_into(self, pid: int, directory: int, missing: set[int] | None) -> None:
        held: dict[int, int] = {}
        wanting = len(missing or ())
        seen_from = 0
        for seen_from, found in sockets_in(directory):
            for twice in held.keys() & found.keys():
                found[twice] = min(found[twice], held[twice])
            held.update(found)
            if missing is not None:
                missing.difference_update(found)
                if not missing and seen_from:
                    break
            await self._breathe()
        former = self._holders.get(pid)
        if not held and not seen_from:
            self._forget(pid)
            self._others.add(pid)
            return
        stat = parse_stat(read_file("../stat", directory))  # of the same process for sure: by the open directory
        if seen_from and former is not None and former.stat.started == stat.started:
            held = {inode: number for inode, number in former.held.items() if number < seen_from} | held
        if wanting > len(missing or ()):
            self._forget(pid)  # and so comes last
        self._others.discard(pid)
        self._refused.discard(pid)
        self._holders[pid] = _Holder(stat, self._is_elsewhere("../ns/net", directory), held)

    def _is_elsewhere(self, name: str, directory: int | None = None) -> bool:
        return is_elsewhere(network(name, directory), network(f"{self._root}/thread-self/ns/net"))

    def _forget(self, pid: int) -> None:
        self._holders.pop(pid, None)
        self._others.discard(pid)
        self._refused.discard(pid)

    def _refuse(self, pid: int) -> None:
        """This user may not look into it; which matters unless it cannot hold sockets anyway."""
        self._forget(pid)
        try:
            stat = parse_stat(read_file(f"{self._root}/{pid}/stat"))
        except _GONE:
            return
        except OSError:
            stat = None
        (self._others if stat and (stat.kernel or stat.state == "Z") else self._refused).add(pid)

    def _hidden(self) -> str | None:
        remedy = "needs root or CAP_SYS_PTRACE"
        if os.geteuid() == 0:
            remedy = "root lacks CAP_SYS_PTRACE here, or a security module forbids it"
        if self._unlisted:
            return f"the processes of others are not even listed (/proc is mounted with hidepid): {remedy}"
        if not self._refused:
            return None
        count = len(self._refused)
        return f"{count} {'process' if count == 1 else 'processes'} cannot be looked into: {remedy}"

    async def _owners(self, wanted: set[int]) -> dict[int, tuple[Owner, ...]]:
        owners: dict[int, tuple[Owner, ...]] = {}
        for pid, holder in sorted(self._holders.items()):
            stat, elsewhere, held = holder
            inodes = holder.among(wanted)
            while some := list(islice(inodes, _SLICE)):
                for inode in some:
                    owner = Owner(pid=pid, name=stat.name, fd=held[inode], elsewhere=elsewhere)
                    owners[inode] = (*owners[inode], owner) if inode in owners else (owner,)
                if len(some) == _SLICE:
                    gc.collect(0)  # it lets go of tuples of plain records: of a hundred thousand at once it takes long
                await self._breathe()
        return owners

    async def _breathe(self) -> None:
        if time.monotonic() > self._rest:
            await breathe()
            self._rest = time.monotonic() + _BREATH


def sockets_in(directory: int) -> Iterator[tuple[int, dict[int, int]]]:
    """The sockets in an open /proc/PID/fd, some at a time: descriptor by inode, the lowest where there are several.

    With them comes the number from which on all have been seen. A new descriptor gets the lowest number that is free
    (POSIX), so the numbers are nearly all those below the count, which the directory's size tells since Linux 6.2:
    they are tried from the highest, where a growing process has its newest. Only what is not found so is listed,
    because to list costs a third more, and thousands hold up everybody.
    """
    count = os.fstat(directory).st_size
    there = 0
    for end in range(count, 0, -_BATCH):
        start = max(end - _BATCH, 0)
        links, found = _read(directory, range(end - 1, start - 1, -1))
        there += links
        yield start, found
    if there < count or not count:
        with os.scandir(directory) as entries:
            numbers = (int(entry.name) for entry in entries)
            while some := sorted(islice(numbers, _BATCH), reverse=True):
                yield 0, _read(directory, [number for number in some if number >= count])[1]


def _read(directory: int, numbers: Collection[int]) -> tuple[int, dict[int, int]]:
    """How many of these descriptors there are, and the sockets among them."""
    readlink, links, found = os.readlink, len(numbers), dict[int, int]()
    for number in numbers:
        try:
            link = readlink(str(number), dir_fd=directory)
        except FileNotFoundError:
            links -= 1
        else:
            if link.startswith("socket:["):
                found[int(link[8:-1])] = number
    return links, found
