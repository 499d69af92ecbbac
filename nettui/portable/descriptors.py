"""Which processes are closest to their limit of open descriptors, as psutil tells of them."""

import time
from heapq import nlargest

import psutil

from nettui.model.text import clean
from nettui.model.watched import Processes, ProcessUse

TOLD = hasattr(psutil.Process, "rlimit")
"""Whether psutil can ask for limits: on Linux and FreeBSD."""
MOST = 32
"""Processes that are told of."""


def read() -> Processes:
    """All processes are looked at. Raises what psutil raises; it blocks."""
    used: list[tuple[float, int, ProcessUse]] = []
    seen = hidden = 0
    for process in psutil.process_iter():
        try:
            use = _use(process)
        except psutil.AccessDenied:
            hidden += 1
            continue
        except psutil.NoSuchProcess:  # which a zombie is too
            continue
        seen += 1
        if use is not None:
            used.append((use.descriptors / use.limit, -use.pid, use))
    return Processes(at=time.time(), used=tuple(use for *_, use in nlargest(MOST, used)), seen=seen, hidden=hidden)


def _use(process: psutil.Process) -> ProcessUse | None:
    """None where the process has nothing open, or no limit. Raises what psutil raises."""
    with process.oneshot():
        count = process.num_fds()
        limit, _ = process.rlimit(psutil.RLIMIT_NOFILE)
        if not count or limit == psutil.RLIM_INFINITY or limit <= 0:  # 0: it is to open nothing any more
            return None
        return ProcessUse(
            pid=process.pid, name=clean(process.name()), descriptors=count, limit=limit,
            uid=process.uids().effective, started_at=process.create_time(),
        )
