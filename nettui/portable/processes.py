"""One process, as psutil tells of it."""

from collections.abc import Callable
from typing import TypeVar

import psutil

from nettui.model.process import Process
from nettui.model.text import clean

COMMAND_LIMIT = 4096
"""Longest command line kept, in characters."""

T = TypeVar("T")


def read_process(pid: int) -> Process | None:
    """All there is to know of it; None where there is none. Raises what psutil raises; it blocks."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            name = _told(process.name)
            arguments = _told(process.cmdline)
            uids = _told(process.uids) if psutil.POSIX else None
            user = _told(process.username)
            executable = _told(process.exe)
            return Process(
                pid=pid,
                name=clean(name) if name is not None else "?",
                command=clean(" ".join(arguments), COMMAND_LIMIT) if arguments else None,
                executable=clean(executable) if executable else None,
                uid=uids.effective if uids else None,
                user=clean(user) if user else None,
                started_at=_told(process.create_time),
                descriptors=_told(process.num_handles if psutil.WINDOWS else process.num_fds),
                descriptor_limit=_told(lambda: _limit(process)),
            )
    except psutil.NoSuchProcess:
        return None


def _told(ask: Callable[[], T]) -> T | None:
    """The answer, or None where this user may not know it, or a process that only waits for its parent has none."""
    try:
        return ask()
    except (psutil.AccessDenied, psutil.ZombieProcess, KeyError, OSError):  # KeyError: a user without a name
        return None


def _limit(process: psutil.Process) -> int | None:
    """The soft limit of open descriptors, where psutil has a way to ask: Linux and FreeBSD."""
    if not hasattr(process, "rlimit"):
        return None
    soft, _ = process.rlimit(psutil.RLIMIT_NOFILE)
    return None if soft == psutil.RLIM_INFINITY else int(soft)
