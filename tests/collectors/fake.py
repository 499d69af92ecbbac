"""A host that answers as a test tells it to."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from nettui.engine.recorded_sockets import RecordedSockets
from nettui.model.address import Address
from nettui.model.change import Subject
from nettui.model.link import Counters, Link, OperState
from nettui.model.neighbour import Neighbour
from nettui.model.route import Route, Rule
from nettui.model.snapshot import Snapshot
from nettui.model.tcp import PortCounts, TcpCounts
from nettui.model.vitals import KernelSettings, Vitals
from nettui.model.watched import Leases, Processes

LINK = Link(ifindex=1, name="lo", kind="loopback", state=OperState.UNKNOWN, admin_up=True)
ROUTE = Route(family="inet", table=254, destination="0.0.0.0", prefixlen=0, ifindex=1)
COUNTERS = Counters(ifindex=1, rx_bytes=0, tx_bytes=0, rx_packets=0, tx_packets=0, rx_errors=0, tx_errors=0,
                    rx_dropped=0, tx_dropped=0)


class FakeHost:
    """A Backend. `faults[name]` is raised, or hangs for ever where it is "hang"; `answers[name]` overrides."""

    name = "portable"  # so that nobody falls back to psutil
    lacks: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {
            "links": (LINK,), "counters": (COUNTERS,), "addresses": (), "routes": ((ROUTE,), 1), "rules": (),
            "neighbours": (), "tcp": TcpCounts(counts=(1,) * 11, source="procfs"),
            "tcp_ports": (PortCounts(port=22, counts=(1,) * 11), PortCounts(port=59999, counts=(0,) * 11)),
            "route_to": ROUTE, "vitals": Vitals(at=1.0), "settings": KernelSettings(at=1.0),
            "processes": Processes(at=1.0), "leases": Leases(at=1.0),
        }
        self.faults: dict[str, Any] = {}
        self.asked: list[str] = []
        self.told: asyncio.Queue[Any] = asyncio.Queue()
        """What `changes` tells: subjects, an exception to raise, or None to end."""
        self.listening = 0
        self.closed = 0

    async def _answer(self, name: str) -> Any:
        self.asked.append(name)
        fault = self.faults.get(name)
        if fault == "hang":
            await asyncio.Event().wait()
        if isinstance(fault, asyncio.Event):
            await fault.wait()
        if isinstance(fault, BaseException):
            raise fault
        return self.answers[name]

    async def links(self) -> tuple[Link, ...]:
        return await self._answer("links")

    async def counters(self) -> tuple[Counters, ...]:
        return await self._answer("counters")

    async def addresses(self) -> tuple[Address, ...]:
        return await self._answer("addresses")

    async def routes(self, limit: int) -> tuple[tuple[Route, ...], int]:
        return await self._answer("routes")

    async def rules(self) -> tuple[Rule, ...]:
        return await self._answer("rules")

    async def neighbours(self) -> tuple[Neighbour, ...]:
        return await self._answer("neighbours")

    async def tcp(self) -> TcpCounts:
        return await self._answer("tcp")

    async def tcp_ports(self) -> tuple[PortCounts, ...]:
        return await self._answer("tcp_ports")

    async def vitals(self) -> Vitals:
        return await self._answer("vitals")

    async def settings(self) -> KernelSettings:
        return await self._answer("settings")

    async def processes(self) -> Processes:
        return await self._answer("processes")

    async def leases(self) -> Leases:
        return await self._answer("leases")

    async def route_to(self, destination: str) -> Route:
        return await self._answer("route_to")

    async def changes(self) -> AsyncGenerator[frozenset[Subject], None]:
        self.listening += 1
        try:
            while (news := await self.told.get()) is not None:
                if isinstance(news, Exception):
                    raise news
                yield frozenset(news)
        finally:
            self.listening -= 1

    def sockets(self) -> RecordedSockets:
        """No sockets, which costs nothing."""
        return RecordedSockets(lambda: Snapshot(taken_at=0.0, host="fake", backend=self.name, sockets=()))

    def close(self) -> None:
        self.closed += 1
