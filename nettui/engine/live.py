"""The live host as a source: when each collector runs, and when what they found becomes a Snapshot."""

import asyncio
import contextlib
import time
from collections.abc import Collection, Iterable

import msgspec

from nettui.collectors.backend import Backend
from nettui.collectors.services import tcp_services
from nettui.collectors.socket_backend import SocketBackend
from nettui.collectors.subjects import workers
from nettui.collectors.wanted import Wanted
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

TOGETHER = 0.02
"""Seconds in which changes are gathered into one Snapshot: a link that goes takes addresses and routes with it."""

CHANGE_SHARE = 10
"""After a reading that a change provoked, its subject rests this many times as long as it took: a routing table
that never rests costs a tenth of the time at most, and a single change is still shown at once."""


class LiveSource:
    """Runs the collectors of one backend."""

    def __init__(
        self, backend: Backend, host: str, interval: float = 1.0, sockets: bool = False, wanted: Wanted | None = None,
        only: Collection[str] = (),
    ) -> None:
        """`sockets`: whether each Snapshot is to hold them (a recording's wish; a screen asks for them itself).

        `wanted`: names and gauges that the user listed; without them nothing is asked over the network. `only`: the
        sections to read, by default all.
        """
        self._interval = interval
        self._stirred = asyncio.Event()
        self._backend = backend
        self._workers = {w.name: w for w in workers(backend, sockets, wanted) if not only or w.name in only}
        self._calm = {subject: self._workers[subject].every for subject in Subject if subject in self._workers}
        self._changed = {subject: asyncio.Event() for subject in self._calm}
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
        self._stirred.set()

    async def run(self, publish: Publish) -> None:
        """Publish a Snapshot each interval and whenever the system says that something changed."""
        self._publish = publish
        tasks = [asyncio.create_task(self._listen(), name="changes")]
        tasks += [asyncio.create_task(self._follow(subject), name=f"changes of {subject}") for subject in self._calm]
        try:
            while True:
                began = time.monotonic()
                await self._read(worker for worker in self._workers.values() if worker.due(began))
                self._show()
                await self._rest(began)
        finally:
            for task in tasks:
                task.cancel()
            try:
                await asyncio.gather(*tasks, *(w.stop() for w in self._workers.values()), return_exceptions=True)
            finally:
                self._backend.close()

    async def once(self, *names: str) -> Snapshot:
        """One Snapshot with every subject (or the named ones) read now, or its error."""
        await asyncio.gather(*(self._workers[name].refresh() for name in names or self._workers))
        return self._assemble()

    async def refresh(self) -> None:
        await self._read(self._workers.values())
        self._show()

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

    def sockets(self) -> SocketBackend:
        return self._backend.sockets()

    def close(self) -> None:
        self._backend.close()

    async def _read(self, chosen: Iterable[Worker]) -> None:
        """Begin readings and wait for them a moment; those that take longer tell their news when they have them."""
        tasks = [worker.refresh() for worker in chosen]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=PATIENCE)
            for task in late:
                task.add_done_callback(lambda _: self._stirred.set())

    def _show(self) -> None:
        self._stirred.clear()
        if self._publish is not None:
            self._publish((self._assemble(),), False)

    async def _rest(self, began: float) -> None:
        """Wait for the tick after the one that `began`; what is news meanwhile, a new interval too, is shown soon."""
        soonest = time.monotonic() + 0.05
        while (left := max(soonest, began + self._interval) - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(left):  # before Python 3.12 wait_for loses a cancellation at its end
                    await self._stirred.wait()
            except TimeoutError:
                return
            await asyncio.sleep(TOGETHER)
            self._show()

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

    async def _follow(self, subject: Subject) -> None:
        """Read a subject again each time it has changed."""
        worker, changed = self._workers[subject], self._changed[subject]
        while True:
            await changed.wait()
            changed.clear()
            began = time.monotonic()
            await asyncio.wait([worker.renew()])
            self._stirred.set()
            await asyncio.sleep(CHANGE_SHARE * (time.monotonic() - began))

    async def _listen(self) -> None:
        """Hear what the system says has changed; poll where, and while, it says nothing."""
        while True:
            # No sign tells that listening has begun, but when it fails, it fails at once.
            heard = asyncio.get_running_loop().call_later(POLL, self._heard)
            changes = self._backend.changes()
            try:
                async for subjects in changes:
                    self._heard()
                    for subject in subjects & self._changed.keys():
                        self._changed[subject].set()
                self._poll()
                return
            except Exception as error:  # whatever it is: what it would have told is asked for
                self._changes_error = CollectorError(collector="changes", message=clean(explained(error)))
                self._poll()
            finally:
                heard.cancel()
                with contextlib.suppress(OSError):
                    await changes.aclose()
            await asyncio.sleep(POLL)

    def _heard(self) -> None:
        """Changes are told again: what was missed meanwhile is read, and polling ends."""
        if self._changes_error is not None:
            self._changes_error = None
            for subject, every in self._calm.items():
                self._workers[subject].every = every
                self._changed[subject].set()

    def _poll(self) -> None:
        for subject, every in self._calm.items():
            self._workers[subject].every = min(every, POLL)
