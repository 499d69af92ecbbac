"""This host, as psutil and netifaces tell of it: the backend `portable`, for systems that have no netlink."""

from collections.abc import AsyncGenerator

import psutil

from nettui.model.address import Address
from nettui.model.address_blocks import packed
from nettui.model.change import Subject
from nettui.model.link import Counters, Link
from nettui.model.neighbour import Neighbour
from nettui.model.route import Route, Rule
from nettui.model.tcp import PortCounts, TcpCounts
from nettui.model.vitals import KernelSettings, Vitals
from nettui.model.watched import Leases, Processes
from nettui.portable import addresses, descriptors, links, routes, tcp
from nettui.portable.shared import Shared, Unreadable
from nettui.portable.sockets import PortableSockets

_ON_LINUX = "use --backend linux" if psutil.LINUX else None


class PortableHost:
    """What is not known here is None in a record, or raises Unreadable (an OSError) where it is a whole section."""

    name = "portable"
    lacks = frozenset({"vitals", "settings", "leases"} | (set() if descriptors.TOLD else {"processes"}))

    def __init__(self) -> None:
        self._links = Shared("network interfaces", links.read)
        self._counters = Shared("interface counters", links.counters)
        self._addresses = Shared("addresses", addresses.read)
        self._routes = Shared("routes", routes.read)
        self._processes = Shared("processes", descriptors.read)
        self._sockets = PortableSockets()

    async def links(self) -> tuple[Link, ...]:
        """All interfaces. `state` and `admin_up` are as good as the system's flags, `carrier` is not known."""
        return await self._links.answer()

    async def counters(self) -> tuple[Counters, ...]:
        """The counters of all interfaces."""
        return await self._counters.answer()

    async def addresses(self) -> tuple[Address, ...]:
        """All IPv4 and IPv6 addresses."""
        return await self._addresses.answer()

    async def routes(self, limit: int) -> tuple[tuple[Route, ...], int]:
        """At most `limit` of the routes that are known (see `nettui.portable.routes`), and how many those are."""
        found = await self._routes.answer()
        return found[:limit], len(found)

    async def rules(self) -> tuple[Rule, ...]:
        """Not to be had."""
        raise Unreadable("psutil and netifaces do not read policy rules", _ON_LINUX)

    async def neighbours(self) -> tuple[Neighbour, ...]:
        """Not to be had."""
        raise Unreadable("psutil and netifaces do not read the neighbour table", _ON_LINUX or "arp -a shows it")

    async def tcp(self) -> TcpCounts:
        """How many TCP sockets are in each state."""
        return await tcp.counts()

    async def tcp_ports(self) -> tuple[PortCounts, ...]:
        """The states by local port, the most sockets first."""
        return await tcp.ports()

    async def vitals(self) -> Vitals:
        """Not to be had."""
        raise Unreadable("psutil does not read the counters of TCP and UDP", _ON_LINUX or "netstat -s shows them")

    async def settings(self) -> KernelSettings:
        """Not to be had."""
        raise Unreadable("psutil does not read the kernel's settings", _ON_LINUX)

    async def processes(self) -> Processes:
        """The processes closest to their limit of open descriptors."""
        if not descriptors.TOLD:
            raise Unreadable("psutil does not read limits of open descriptors on this system")
        return await self._processes.answer()

    async def leases(self) -> Leases:
        """Not to be had."""
        raise Unreadable("psutil and netifaces do not read DHCP leases", _ON_LINUX)

    async def route_to(self, destination: str) -> Route:
        """Not to be had; ValueError for what is no address."""
        packed(destination.strip())
        raise Unreadable("psutil and netifaces do not say which way packets take", _ON_LINUX)

    async def changes(self) -> AsyncGenerator[frozenset[Subject], None]:
        """Ends at once: nothing tells of changes here."""
        nothing: tuple[frozenset[Subject], ...] = ()
        for subjects in nothing:
            yield subjects

    def sockets(self) -> PortableSockets:
        """How single sockets are asked about; the same each time."""
        return self._sockets

    def close(self) -> None:
        """Nothing is held open."""
