"""A single reading of the live host, one subject after the other, without an event loop.

`LiveSource` reads everything at once and again and again. A command that reads once and ends has no use for that, and
loading the loop would take longer than the reading.
"""

import signal
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

import msgspec

from nettui.collectors.backend import Backend
from nettui.collectors.subjects import workers
from nettui.collectors.worker import Worker
from nettui.model.snapshot import Snapshot
from nettui.model.tcp import TcpCounts
from nettui.model.text import clean

LIMIT = 5.0
"""Seconds that one subject may take."""

FEW = 6_000
"""TCP sockets that can all be looked at, with their owners, in the time that a short command may take."""

NEEDS_LOOP = frozenset({"probes", "gauges"})
"""Sections whose readers wait for a network."""


class Reading:
    """Reads the sections of one backend that are wanted; of those that fail the Snapshot says why."""

    def __init__(self, backend: Backend, host: str, only: Collection[str]) -> None:
        self._backend = backend
        self._workers = {w.name: w for w in workers(backend) if w.name in only and w.name not in NEEDS_LOOP}
        self._snapshot = Snapshot(taken_at=time.time(), host=clean(host), backend=backend.name)

    async def read(self, *names: str) -> Snapshot:
        """A Snapshot with these sections, or all that are wanted, read now. Run it by `turns.finish`."""
        for name, worker in self._workers.items():
            if name in names or (not names and name != "census"):
                await _once(worker)
        return self._assembled()

    async def census(self) -> Snapshot:
        """The same with a census of the sockets, where one is wanted."""
        if "census" in self._workers:
            await _once(self._workers["census"])
        return self._assembled()

    def close(self) -> None:
        self._backend.close()

    def _assembled(self) -> Snapshot:
        found: dict[str, object] = {}
        for worker in self._workers.values():
            found.update(worker.part)
        errors = tuple(worker.error for worker in self._workers.values() if worker.error is not None)
        self._snapshot = msgspec.structs.replace(self._snapshot, taken_at=time.time(), errors=errors, **found)
        return self._snapshot


async def _once(worker: Worker) -> None:
    """A reading, or after LIMIT its error: what hangs in the kernel is interrupted, the others have their turn."""
    with suppress(TimeoutError), _limited(LIMIT):
        await worker.once()


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what takes longer, wherever it is; signals come to the first thread only."""

    def over(*_: object) -> None:
        raise TimeoutError(f"no answer in {seconds:g} s")

    try:
        before = signal.signal(signal.SIGALRM, over)
    except (AttributeError, ValueError):  # Windows; another thread
        yield
        return
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def are_few(counts: TcpCounts | None) -> bool:
    """Whether the sockets are so few that single ones are looked at in passing. A hundred thousand take a second."""
    return counts is None or counts.total <= FEW
