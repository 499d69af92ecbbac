"""The workers of one host: which part of the Snapshot each reads, and how often.

What the system announces (links, addresses, routes, rules, neighbours) is read again when it says so; the
intervals here are then only a safety net. Counters and TCP states move all the time and are read each tick.
"""

import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

from nettui.collectors.backend import Backend
from nettui.collectors.resolvers import ResolverReader
from nettui.collectors.tcp import TcpReader
from nettui.collectors.worker import Part, Worker
from nettui.model.change import Subject
from nettui.model.socket_totals import SocketTotals

if TYPE_CHECKING:
    from nettui.collectors.census import CensusReader
    from nettui.collectors.wanted import Wanted

ROUTE_LIMIT = 200_000
"""Routes kept; a full Internet table has five times as many, and a person reads none of them there."""

SAFETY_NET = 30.0
"""Seconds after which an announced subject is read again although nothing was announced."""

NEIGHBOUR_INTERVAL = 5.0
"""Seconds: the ages in the neighbour table move without any announcement."""

PROCESS_INTERVAL, PROCESS_SHARE = 2.0, 50.0
"""Seconds between two sweeps over the processes, or so many times what a sweep took: a fiftieth of a core at most."""

SLOW_INTERVAL = 30.0
"""Seconds: settings and leases change when somebody changes them, or within minutes."""

RESOLVER_INTERVAL = 5.0
"""Seconds: a look at the time stamp of resolv.conf."""


CENSUS_SHARE = 50.0
"""After a census there is none for this many times as long as it took: on a host with many sockets it costs time."""


def workers(backend: Backend, sockets: bool = False, wanted: "Wanted | None" = None) -> tuple[Worker, ...]:
    """One worker for each subject that the backend knows; for the `sockets` themselves only where a recording wants
    them, for names and gauges only where the user listed some."""
    more = (Worker("sockets", _sockets(backend), every=0, limit=10.0),) if sockets else ()
    resolvers = ResolverReader()
    found = (
        Worker(Subject.LINKS, _field("links", backend.links), every=SAFETY_NET),
        Worker(Subject.ADDRESSES, _field("addresses", backend.addresses), every=SAFETY_NET),
        Worker(Subject.ROUTES, _routes(backend), every=SAFETY_NET, limit=30.0),
        Worker(Subject.RULES, _field("rules", backend.rules), every=SAFETY_NET),
        Worker(Subject.NEIGHBOURS, _field("neighbours", backend.neighbours), every=NEIGHBOUR_INTERVAL),
        Worker("counters", _timed("counters", backend.counters), every=0),
        Worker("tcp", _timed("tcp", TcpReader(backend).counts), every=0, limit=10.0),
        Worker("census", _census(backend), every=0, share=CENSUS_SHARE, limit=10.0),
        Worker("resolvers", _field("resolvers", resolvers.read), every=RESOLVER_INTERVAL),
        Worker("vitals", _field("vitals", backend.vitals), every=0),
        Worker("settings", _field("settings", backend.settings), every=SLOW_INTERVAL),
        Worker("processes", _field("processes", backend.processes), every=PROCESS_INTERVAL, share=PROCESS_SHARE),
        Worker("leases", _field("leases", backend.leases), every=SLOW_INTERVAL),
        *more,
        *(_watched(wanted, resolvers) if wanted is not None else ()),
    )
    return tuple(worker for worker in found if worker.name not in backend.lacks)


def _watched(wanted: "Wanted", resolvers: ResolverReader) -> Iterator[Worker]:
    """The workers that ask over the network, and are made only where the user said whom."""
    if wanted.names:
        from nettui.collectors.probes import ProbeReader, probe_worker

        yield probe_worker(ProbeReader(wanted.names, wanted.dns_timeout, resolvers.read))
    if wanted.gauges:
        from nettui.collectors.gauges import INTERVAL, LIMIT, GaugeReader

        yield Worker("gauges", _field("gauges", GaugeReader(wanted.gauges).read), every=INTERVAL, limit=2 * LIMIT)


def _field(name: str, read: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[Part]]:
    async def part() -> Part:
        return {name: await read()}

    return part


def _timed(name: str, read: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[Part]]:
    async def part() -> Part:
        value = await read()
        return {name: value, f"{name}_at": time.time()}

    return part


def _sockets(backend: Backend) -> Callable[[], Awaitable[Part]]:
    from nettui.collectors.sockets import SocketReader

    return SocketReader(backend.sockets()).read


def _census(backend: Backend) -> Callable[[], Awaitable[Part]]:
    """Loaded when it is first read: a short command may do without."""
    reader: CensusReader | None = None

    async def part() -> Part:
        nonlocal reader
        if reader is None:
            from nettui.collectors.census import CensusReader

            reader = CensusReader(backend.sockets(), _totals(backend))
        return await reader.read()

    return part


def _totals(backend: Backend) -> Callable[[], SocketTotals]:
    if backend.name == "linux":
        from nettui.linux.socket_totals import socket_totals

        return socket_totals
    return SocketTotals


def _routes(backend: Backend) -> Callable[[], Awaitable[Part]]:
    async def part() -> Part:
        routes, total = await backend.routes(ROUTE_LIMIT)
        return {"routes": routes, "routes_total": total}

    return part
