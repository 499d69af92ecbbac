"""The names that the user listed, asked of each of the system's name servers. Without such names nothing is sent."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from importlib import import_module

from nettui.collectors.worker import Part, Worker
from nettui.dns.resolvers import GLIBC_SERVERS
from nettui.model.resolver import Resolver, ResolverConfig
from nettui.model.watched import Probe, Probes

CALM, EAGER = 10.0, 5.0
"""Seconds between rounds: while all is well, and while something is wrong."""
RECOVERING = 60.0
"""Seconds for which rounds stay eager after the last one in which something was wrong."""
NAMES, AT_ONCE = 16, 8
"""Names that are asked for, and questions under way at one moment."""
MUTE = 3
"""A server that left so many names without an answer, and answered none, is not asked for the rest of them."""
LATE = 0.25
"""Seconds: a slower answer is looked at again soon."""
_FAILURES = frozenset(("SERVFAIL", "REFUSED", "FORMERR", "NOTIMP"))


class ProbeReader:
    """One round each time it is asked."""

    def __init__(
        self, names: tuple[str, ...], timeout: float, resolvers: Callable[[], Awaitable[ResolverConfig]]
    ) -> None:
        self._names = tuple(dict.fromkeys(names))[:NAMES]
        self._timeout = timeout
        self._resolvers = resolvers
        self._troubled: float | None = None

    async def read(self) -> Probes:
        """Every name at every server; a server that answers nothing is given up for the rest of the round."""
        servers = dict.fromkeys((await self._resolvers()).resolvers[:GLIBC_SERVERS])
        await asyncio.to_thread(import_module, "dns.message")  # some 40 ms, the first time
        at = time.time()
        turn = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._round(server, turn)) for server in servers]
        probes = tuple(probe for task in tasks for probe in task.result())
        if any(map(_wrong, probes)):
            self._troubled = time.monotonic()
        return Probes(at=at, probes=probes)

    @property
    def every(self) -> float:
        """Seconds until the next round is due."""
        recovering = self._troubled is not None and time.monotonic() - self._troubled < RECOVERING
        return EAGER if recovering else CALM

    @property
    def limit(self) -> float:
        """Seconds that a round takes at most: UDP and then TCP, `MUTE` and more names one after another."""
        return 2 * self._timeout * len(self._names) * GLIBC_SERVERS + 5.0

    async def _round(self, server: Resolver, turn: asyncio.Semaphore) -> list[Probe]:
        from nettui.dns.probe import listed, probe

        found: list[Probe] = []
        waiting = list(self._names)
        while waiting and not (len(found) >= MUTE and all(each.rcode is None for each in found)):
            batch, waiting = waiting[:MUTE], waiting[MUTE:]
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(probe(name, server, self._timeout, listed(name), turn)) for name in batch
                ]
            found += [task.result() for task in tasks]
        return found


def probe_worker(reader: ProbeReader) -> Worker:
    """A worker that looks more often while something is wrong."""

    async def read() -> Part:
        part = {"probes": await reader.read()}
        worker.every = reader.every
        return part

    worker = Worker("probes", read, every=CALM, limit=reader.limit)
    return worker


def _wrong(probe: Probe) -> bool:
    return probe.rcode is None or probe.rcode in _FAILURES or (probe.seconds or 0.0) > LATE
