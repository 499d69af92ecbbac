"""A single reading of the live host, one subject after the other, without an event loop.

`LiveSource` reads everything at once and again and again. A command that reads once and ends has no use for that, and
loading the loop would take longer than the reading.
"""

import signal
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from sys import setswitchinterval
from threading import Thread

import msgspec

from nettui.collectors.backend import Backend
from nettui.collectors.subjects import workers
from nettui.model.snapshot import Snapshot
from nettui.model.tcp import TcpCounts
from nettui.model.text import clean
from nettui.model.turns import finish

LIMIT = 5.0
"""Seconds that one subject may take."""

SWITCH = 0.0001
"""Seconds after which a thread that has something to do gets its turn. Python's own 5 ms are long for who loads a
hundred modules while another waits for the kernel a dozen times."""

FEW = 6_000
"""TCP sockets that can all be looked at, with their owners, in the time that a short command may take."""

NEEDS_LOOP = frozenset({"probes", "gauges"})
"""Sections whose readers wait for a network."""


class Reading:
    """Reads the sections of one backend that are wanted; of those that fail the Snapshot says why."""

    def __init__(self, backend: Backend, host: str, only: Collection[str] | None = None) -> None:
        """`only`: the sections that are wanted, by default all."""
        self._backend = backend
        self._workers = {w.name: w for w in workers(backend) if w.name not in NEEDS_LOOP}
        self._under_way: dict[str, Thread] = {}
        if only is not None:
            self.narrow(only)
        self._snapshot = Snapshot(taken_at=time.time(), host=clean(host), backend=backend.name)

    def narrow(self, only: Collection[str]) -> None:
        """Want these sections only."""
        self._workers = {name: worker for name, worker in self._workers.items() if name in only}

    def begin(self, name: str) -> None:
        """Read a section from now on, in a thread: what the kernel is busy with, and Python is not.

        Meanwhile the program may load what it will judge by. The next `read` takes what was found.
        """
        self._under_way[name] = thread = Thread(target=finish, args=(self._workers[name].once(),), daemon=True)
        setswitchinterval(SWITCH)
        thread.start()

    async def read(self, *names: str) -> Snapshot:
        """A Snapshot with these sections, or all that are wanted, read now. Run it by `turns.finish`."""
        wanted = [name for name in self._workers if name in names or (not names and name != "census")]
        for name in sorted(wanted, key=lambda name: name in self._under_way):  # what was begun has time till the end
            await self._once(name)
        return self._assembled()

    async def census(self) -> Snapshot:
        """The same with a census of the sockets, where one is wanted."""
        if "census" in self._workers:
            await self._once("census")
        return self._assembled()

    def close(self) -> None:
        """Let go of the backend; what nobody wanted in the end may be under way for some time."""
        for thread in self._under_way.values():
            thread.join(LIMIT)
        self._backend.close()

    async def _once(self, name: str) -> None:
        """A reading, or after LIMIT its error: what hangs in the kernel is interrupted, the others have their turn."""
        worker, thread = self._workers[name], self._under_way.pop(name, None)
        try:
            with _limited(LIMIT):
                if thread is None:
                    await worker.once()
                else:
                    thread.join()
        except TimeoutError as error:
            worker.fail(error)

    def _assembled(self) -> Snapshot:
        found: dict[str, object] = {}
        for worker in self._workers.values():
            found.update(worker.part)
        errors = tuple(worker.error for worker in self._workers.values() if worker.error is not None)
        self._snapshot = msgspec.structs.replace(self._snapshot, taken_at=time.time(), errors=errors, **found)
        return self._snapshot


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
