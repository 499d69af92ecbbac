"""This host, as Linux tells of it: the backend `linux`."""

import errno
import os
import socket
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from nettui.linux import addresses, counters, links, monitor, neighbours, nexthops, route_table, routes, rules
from nettui.linux.attributes import attribute, attribute_u32
from nettui.linux.ethtool import Ethtool
from nettui.linux.netlink import ROUTE, NetlinkDecodeError, NetlinkError, NetlinkSocket, messages
from nettui.linux.rtnetlink import read
from nettui.model.address import Address
from nettui.model.change import Subject
from nettui.model.link import Counters, Link
from nettui.model.neighbour import Neighbour
from nettui.model.route import Route, Rule
from nettui.model.tcp import PortCounts, TcpCounts
from nettui.model.text import clean
from nettui.model.vitals import KernelSettings, Vitals
from nettui.model.watched import Leases, Processes

if TYPE_CHECKING:
    from nettui.linux.descriptors import DescriptorWatch
    from nettui.linux.leases import LeaseReader
    from nettui.linux.sockets import LinuxSockets
    from nettui.linux.tcp import TcpCounter
    from nettui.linux.vitals import VitalsReader

FRESH = 1.0
"""Seconds within which a table of all sockets, read for somebody else, also tells how many are in each state. To walk
through the kernel's tables twice a second is most of what a hundred thousand sockets cost."""

_REFUSALS = {
    errno.ENETUNREACH: "there is no route to {}",
    errno.EHOSTUNREACH: "a route says that {} is unreachable",
    errno.EACCES: "a route prohibits {}",
    errno.EINVAL: "a blackhole route drops what goes to {}",
}


class LinuxHost:
    """The network of the namespace in which its sockets are first used. Sockets are opened when needed and kept.

    Every method raises OSError when the kernel refuses, or when no descriptor is left, and NetlinkDecodeError
    (a ValueError) for an answer that makes no sense; the next call begins afresh.
    """

    name = "linux"
    lacks: frozenset[str] = frozenset()

    def __init__(self, brief: bool = False) -> None:
        """`brief`: everything is read once only, so what pays off later is left out."""
        self._brief = brief
        self._netlink = NetlinkSocket(ROUTE)
        self._routing = NetlinkSocket(ROUTE)  # a huge table must not hold up all else
        self._ethtool = Ethtool()
        self._light_counters = True
        self._tcp: TcpCounter | None = None
        self._sockets: LinuxSockets | None = None
        self._vitals: VitalsReader | None = None
        self._processes: DescriptorWatch | None = None
        self._leases: LeaseReader | None = None

    async def links(self) -> tuple[Link, ...]:
        """All links, each once."""
        found = await read(self._netlink, links.RTM_GETLINK, links.REQUEST, links.decode_link)
        # A link that is renamed while it is read can be told of twice.
        return self._ethtool.complete(tuple({raw.link.ifindex: raw for raw in found}.values()))

    async def counters(self) -> tuple[Counters, ...]:
        """The counters of all links."""
        if self._light_counters:
            try:
                return await read(self._netlink, counters.RTM_GETSTATS, counters.REQUEST, counters.decode_stats)
            except NetlinkError as error:
                if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                    raise
                self._light_counters = False  # before Linux 4.7
        body = links.IFINFO.pack(0, 0, 0, 0, 0)
        return await read(self._netlink, links.RTM_GETLINK, body, counters.decode_link_stats)

    async def addresses(self) -> tuple[Address, ...]:
        """All IPv4 and IPv6 addresses."""
        return await read(self._netlink, addresses.RTM_GETADDR, addresses.REQUEST, addresses.decode_address)

    async def routes(self, limit: int) -> tuple[tuple[Route, ...], int]:
        """At most `limit` routes of all tables, default routes before others; and how many there are."""
        tables = [await self._table(family, limit) for family in (socket.AF_INET, socket.AF_INET6)]
        chosen = route_table.choose([table.routes for table in tables], limit)
        if any(route_table.unresolved(route) for route in chosen):
            found = await read(self._routing, nexthops.RTM_GETNEXTHOP, nexthops.REQUEST, nexthops.decode_nexthop)
            chosen = route_table.resolve(chosen, found)
        return chosen, sum(table.total for table in tables)

    async def rules(self) -> tuple[Rule, ...]:
        """The policy rules of IPv4 and IPv6."""
        return await read(self._netlink, rules.RTM_GETRULE, rules.REQUEST, rules.decode_rule)

    async def neighbours(self) -> tuple[Neighbour, ...]:
        """The neighbour tables of IPv4 and IPv6; entries that are proxies first."""
        get, decode = neighbours.RTM_GETNEIGH, neighbours.decode_neighbour
        proxies = await read(self._netlink, get, neighbours.REQUEST_PROXIES, decode)
        return proxies + await read(self._netlink, get, neighbours.REQUEST, decode)

    async def tcp(self) -> TcpCounts:
        """How many TCP sockets are in each state."""
        if self._sockets is not None and (states := self._sockets.states(FRESH)) is not None:
            from nettui.linux.tcp import named

            return named(states, "sock_diag")
        return await self._tcp_counter().counts()

    async def tcp_ports(self) -> tuple[PortCounts, ...]:
        """The states by local port, the most sockets first."""
        return await self._tcp_counter().ports()

    async def vitals(self) -> Vitals:
        """The kernel's counters and what it holds."""
        if self._vitals is None:
            from nettui.linux.vitals import VitalsReader

            self._vitals = VitalsReader()
        return self._vitals.read()

    async def settings(self) -> KernelSettings:
        """The kernel's settings, of the network namespace of the thread that asks."""
        from nettui.linux.settings import read_settings

        return read_settings()

    async def processes(self) -> Processes:
        """The processes closest to their limit of open descriptors."""
        if self._processes is None:
            from nettui.linux.descriptors import DescriptorWatch

            self._processes = DescriptorWatch(brief=self._brief)
        return await self._processes.read()

    async def leases(self) -> Leases:
        """The addresses lent by DHCP."""
        from nettui.linux.leases import LeaseReader, decode_carried

        if self._leases is None:
            self._leases = LeaseReader()
        carried = await read(self._netlink, addresses.RTM_GETADDR, addresses.REQUEST, decode_carried)
        return await self._leases.read(carried)

    async def route_to(self, destination: str) -> Route:
        """The route the kernel would take to an address, which may have a zone (`fe80::1%eth0`).

        Raises ValueError for what is no address, OSError where no route leads there.
        """
        family, packed, zone = _parsed(destination)
        # IPv6 always names the table the route was found in, and refuses to be asked for it.
        flags = routes.RTM_F_LOOKUP_TABLE if family == socket.AF_INET else 0
        body = (
            routes.RTMSG.pack(family, len(packed) * 8, 0, 0, 0, 0, 0, 0, flags)
            + attribute(routes.RTA_DST, packed)
            + (attribute_u32(routes.RTA_OIF, zone) if zone else b"")
        )
        try:
            answer = await self._netlink.ask(routes.RTM_GETROUTE, body)
        except NetlinkError as error:
            sentence = _REFUSALS.get(error.errno or 0)
            if sentence is None or error.strerror != os.strerror(error.errno or 0):
                raise  # what the kernel explains itself is no matter of routes
            raise OSError(error.errno, sentence.format(clean(destination))) from error
        for _, start, end in messages(answer):
            route = routes.decode_answer(answer, start, end)
            if route is not None:
                return route
        raise NetlinkDecodeError("an answer without a route")

    def changes(self) -> AsyncGenerator[frozenset[Subject], None]:
        """Subjects that changed, as the kernel tells of them."""
        return monitor.changes()

    def sockets(self) -> "LinuxSockets":
        """How single sockets are asked about."""
        if self._sockets is None:
            from nettui.linux.sockets import LinuxSockets

            self._sockets = LinuxSockets()
        return self._sockets

    def close(self) -> None:
        """Let all sockets go."""
        for opened in (self._netlink, self._routing, self._ethtool, self._tcp, self._sockets, self._vitals):
            if opened is not None:
                opened.close()

    async def _table(self, family: int, limit: int) -> route_table.RouteTable:
        body = route_table.request(family)
        return await self._routing.dump(routes.RTM_GETROUTE, body, lambda: route_table.RouteTable(family, limit))

    def _tcp_counter(self) -> "TcpCounter":
        if self._tcp is None:
            from nettui.linux.tcp import TcpCounter

            self._tcp = TcpCounter(brief=self._brief)
        return self._tcp


def _parsed(destination: str) -> tuple[int, bytes, int]:
    """Family, packed address and ifindex of the zone (0: none). Raises ValueError with a plain sentence."""
    address, _, zone = destination.strip().partition("%")
    try:
        index = socket.if_nametoindex(zone) if zone else 0
    except (OSError, ValueError):
        raise ValueError(f"there is no interface {clean(zone)}") from None
    for family in (socket.AF_INET6, socket.AF_INET):
        try:
            return family, socket.inet_pton(family, address), index
        except (OSError, ValueError):
            continue
    raise ValueError(f"{clean(destination)!r} is no IPv4 or IPv6 address")
