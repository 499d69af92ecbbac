"""The live host as a source: when each collector runs, and when what they found becomes a Snapshot."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Iterable

import msgspec

from nettui.collectors.backend import Backend
from nettui.collectors.services import tcp_services
from nettui.collectors.subjects import workers
from nettui.collectors.worker import Worker, explained
from nettui.engine.source import Publish, Unavailable
from nettui.model.change import Subject
from nettui.model.route import Route
from nettui.model.snapshot import CollectorError, Snapshot
from nettui.model.tcp import PortCounts
from nettui.model.text import clean

PATIENCE = 0.25
"""Seconds a tick waits for slow collectors before it shows what the others have."""

POLL = 2.0
"""Seconds between readings of what should be announced, while nothing announces it."""

CHANGE_SHARE = 10
"""After a reading that a change provoked, the next waits this many times as long as it took: a routing table
that never rests costs a tenth of the time at most, and a single change is still shown at once."""


class LiveSource:
    """Runs the collectors of one backend."""

    def __init__(self, backend: Backend, host: str, interval: float = 1.0) -> None:
        self._interval = interval
        self._hurry = asyncio.Event()
        self._backend = backend
        self._workers = {worker.name: worker for worker in workers(backend)}
        self._changes_error: CollectorError | None = None
        self._snapshot = Snapshot(taken_at=time.time(), host=clean(host), backend=backend.name)
        self._publish: Publish | None = None

    @property
    def interval(self) -> float:
        """Seconds between readings."""
        return self._interval

    @interval.setter
    def interval(self, seconds: float) -> None:
        self._interval = seconds
        self._hurry.set()

    async def run(self, publish: Publish) -> None:
        """Publish a Snapshot each interval and whenever the system says that something changed."""
        self._publish = publish
        listening = asyncio.create_task(self._listen(), name="changes")
        try:
            while True:
                began = time.monotonic()
                await self._read(worker for worker in self._workers.values() if worker.due(began))
                await self._rest(max(0.05, self._interval - (time.monotonic() - began)))
        finally:
            listening.cancel()
            await asyncio.gather(listening, *(w.stop() for w in self._workers.values()), return_exceptions=True)
            self._backend.close()

    async def once(self, *names: str) -> Snapshot:
        """One Snapshot with every subject (or the named ones) read now, or its error."""
        await asyncio.gather(*(self._workers[name].refresh() for name in names or self._workers))
        return self._assemble()

    async def refresh(self) -> None:
        await self._read(self._workers.values())

    async def tcp_ports(self) -> tuple[PortCounts, ...]:
        try:
            ports = await self._backend.tcp_ports()
        except (OSError, ValueError) as error:
            raise Unavailable(clean(explained(error))) from error
        names = tcp_services()
        return tuple(msgspec.structs.replace(port, service=names.get(port.port)) for port in ports)

    async def route_to(self, destination: str) -> Route:
        try:
            return await self._backend.route_to(destination)
        except (OSError, ValueError) as error:
            raise Unavailable(clean(explained(error))) from error

    def close(self) -> None:
        self._backend.close()

    async def _read(
        self, chosen: Iterable[Worker], begin: Callable[[Worker], asyncio.Task[None]] = Worker.refresh
    ) -> None:
        tasks = [begin(worker) for worker in chosen]
        if tasks:
            await asyncio.wait(tasks, timeout=PATIENCE)
        if self._publish is not None:
            self._publish((self._assemble(),), False)

    async def _rest(self, seconds: float) -> None:
        """Wait for the next tick, or until somebody changes the interval."""
        self._hurry.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), seconds)

    def _assemble(self) -> Snapshot:
        found: dict[str, object] = {}
        errors = [] if self._changes_error is None else [self._changes_error]
        for worker in self._workers.values():
            found.update(worker.part)
            if worker.error is not None:
                errors.append(worker.error)
        self._snapshot = msgspec.structs.replace(
            self._snapshot, taken_at=time.time(), errors=tuple(errors), **found
        )
        return self._snapshot

    async def _listen(self) -> None:
        """Read a subject again when the system says that it changed; poll where it says nothing."""
        while True:
            changes = self._backend.changes()
            try:
                await self._follow(changes)
                self._poll()
                return
            except OSError as error:
                self._changes_error = CollectorError(collector="changes", message=clean(explained(error)))
                self._poll()
            finally:
                with contextlib.suppress(OSError):
                    await changes.aclose()
            await asyncio.sleep(POLL)

    async def _follow(self, changes: AsyncGenerator[frozenset[Subject], None]) -> None:
        async for subjects in changes:
            self._changes_error = None
            began = time.monotonic()
            await self._read((self._workers[subject] for subject in subjects), Worker.renew)
            await asyncio.sleep(CHANGE_SHARE * (time.monotonic() - began))

    def _poll(self) -> None:
        for subject in Subject:
            self._workers[subject].every = min(self._workers[subject].every, POLL)
