"""One process: all that /proc/PID tells of it (proc_pid(5)).

Everything is read below one open directory: a process that ends meanwhile is then simply gone, and a successor
with the same PID cannot be taken for it.
"""

import os
import time
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from nettui.linux.procfs import ProcfsError
from nettui.linux.units import CGROUP_FILE, unit_in
from nettui.model.process import Process
from nettui.model.text import clean
from nettui.model.turns import breathe

PROC = Path("/proc")
COMMAND_LIMIT = 1_000
"""Characters of a command line that are kept."""

_PF_KTHREAD = 0x00200000  # linux/sched.h
_TICKS = os.sysconf("SC_CLK_TCK")
_LISTED = 250  # entries after which others on the event loop get a turn


class Stat(NamedTuple):
    """What of /proc/PID/stat matters here (proc_pid_stat(5))."""

    name: str
    """`comm`, made safe."""
    state: str
    """`R`, `S`, ... `Z` for one that has ended and was not waited for."""
    started: int
    """Clock ticks after boot. With the PID this tells processes apart for good."""
    kernel: bool
    """Whether it is a thread of the kernel."""


def read_file(name: str, directory: int | None = None, limit: int = 1 << 14) -> bytes:
    """The first `limit` bytes of a file of /proc, which gives them in one piece. Raises OSError."""
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    try:
        return os.read(descriptor, limit)
    finally:
        os.close(descriptor)


def parse_stat(text: bytes) -> Stat:
    """Raises ProcfsError. A process may call itself `a) R 1 (`, so its name ends at the last parenthesis."""
    _, opening, rest = text.partition(b"(")
    name, closing, rest = rest.rpartition(b")")
    words = rest.split()
    try:
        state, flags, started = words[0], int(words[6]), int(words[19])
    except (IndexError, ValueError):
        opening = b""
    if not (opening and closing):
        raise ProcfsError(f"stat does not describe a process: {clean(text, 60)}")
    return Stat(clean(name), clean(state, 1), started, bool(flags & _PF_KTHREAD))


async def process(pid: int, root: Path = PROC) -> Process:
    """What this user may know of a process; the name of its user is left to who has a list of users.

    Raises ProcessLookupError when there is none (any more), OSError where not even its name may be known, and
    ProcfsError.
    """
    try:
        directory = os.open(root / str(pid), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _none(pid) from None
    try:
        stat = parse_stat(read_file("stat", directory))
        return Process(
            pid=pid, name=stat.name, command=_command(directory), executable=_executable(directory),
            uid=effective_uid(text_of("status", directory)), started_at=unix_time(stat.started),
            descriptors=await _descriptors(directory), descriptor_limit=descriptor_limit(text_of("limits", directory)),
            unit=unit_in(text_of(CGROUP_FILE, directory)),
            elsewhere=is_elsewhere(network("ns/net", directory), network(str(root / "thread-self/ns/net"))),
        )
    except (FileNotFoundError, ProcessLookupError):
        raise _none(pid) from None
    finally:
        os.close(directory)


def network(name: str, directory: int | None = None) -> str | None:
    """The network namespace that a link names (namespaces(7)); None where it may not be seen, or is gone."""
    try:
        return os.readlink(name, dir_fd=directory)
    except OSError:
        return None


def is_elsewhere(theirs: str | None, ours: str | None) -> bool:
    """Whether two network namespaces are known to differ."""
    return theirs is not None and ours is not None and theirs != ours


def _none(pid: int) -> ProcessLookupError:
    return ProcessLookupError(f"there is no process {pid}")


def text_of(name: str, directory: int) -> bytes:
    """A file's text; nothing where it may not be read, or is gone."""
    try:
        return read_file(name, directory)
    except OSError:
        return b""


def _command(directory: int) -> str | None:
    """Arguments end with NUL each; a process that renames itself may fill the rest of the room with more of them."""
    return clean(text_of("cmdline", directory).rstrip(b"\0 ").replace(b"\0", b" "), COMMAND_LIMIT) or None


def _executable(directory: int) -> str | None:
    with suppress(OSError):
        return clean(os.readlink("exe", dir_fd=directory))
    return None


def effective_uid(status: bytes) -> int | None:
    """The one which decides what a process may do, by its /proc/PID/status."""
    with suppress(IndexError, ValueError):
        return int(_words(status, b"Uid:")[1])
    return None


def descriptor_limit(limits: bytes) -> int | None:
    """The soft one, by /proc/PID/limits; None where there is none."""
    with suppress(IndexError, ValueError):
        return int(_words(limits, b"Max open files")[0])
    return None


def _words(text: bytes, heading: bytes) -> list[bytes]:
    """The words behind the heading of a line."""
    _, _, rest = (b"\n" + text).partition(b"\n" + heading)
    return rest.partition(b"\n")[0].split()


async def _descriptors(directory: int) -> int | None:
    """Since Linux 6.2 their number is the size of the directory; before, or where there are none, it is listed."""
    count = 0
    with suppress(OSError):
        count = os.stat("fd", dir_fd=directory).st_size
    if count:
        return count
    try:
        return await count_descriptors(directory)
    except OSError:
        return None


async def count_descriptors(directory: int) -> int:
    """By listing them, with turns for others on the event loop in between. Raises OSError."""
    count = 0
    listed = os.open("fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
    try:
        with os.scandir(listed) as entries:
            while some := sum(1 for _ in islice(entries, _LISTED)):
                count += some
                await breathe()
    finally:
        os.close(listed)
    return count


def unix_time(ticks: int) -> float:
    """Of a moment given in clock ticks after boot, by the clocks of now (`btime` knows only whole seconds)."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / _TICKS
