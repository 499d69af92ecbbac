"""The portable backend and the Linux backend look at the same network: what both know, both know alike."""

import asyncio
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack

import pytest

from nettui.linux.host import LinuxHost
from nettui.model.address import Address
from nettui.model.link import Counters as LinkCounters
from nettui.model.link import Link, OperState
from nettui.model.neighbour import Gateway, gateways
from nettui.model.route import MAIN, UNSPEC, Route
from nettui.model.tcp import PortCounts, TcpCounts, TcpState
from nettui.portable.host import PortableHost
from tests.lab_support import Lab

Hosts = tuple[LinuxHost, PortableHost]

ODD = (
    "link add name va type veth peer name vb",
    "link add name br0 type bridge",
    "link add name idle type veth peer name idle2",
    "link add name fifteen-letters type ifb",
    "link set vb master br0",
    "link set va mtu 1300 address 02:00:00:00:0a:00",
    "link set br0 up",
    "link set vb up",
    "link set va up",
    "link set idle up",
    "addr add 10.1.0.1/24 brd + dev va",
    "addr add 10.1.0.2/24 dev va label va:two",
    "addr add 10.5.0.1/25 brd + dev idle",
    "addr add 10.6.0.1/24 dev idle2",
    "addr add 10.7.0.1/32 dev va",
    "addr add 10.9.0.1 peer 10.9.0.2/32 dev va",
    "addr add 10.9.1.1 peer 10.9.2.1/24 dev va",
    "addr add 10.8.8.8/0 dev va",
    "addr add 169.254.7.7/16 dev va scope link",
    "addr add fe80:0:0:7::7/80 dev va nodad",
    "addr add fd01::1/64 dev va nodad",
    "addr add fd02::1 peer fd02::2/128 dev va nodad",
    "addr add 2001:db8:0:0:1::1/80 dev va nodad",
    "route add default via 10.1.0.253 dev va metric 200",
    "route add default via 10.1.0.254 dev va metric 100",
    "route add default via fd01::fe dev va",
)


async def links_of(hosts: Hosts) -> tuple[dict[str, Link], dict[str, Link]]:
    linux, portable = [{link.name: link for link in await host.links()} for host in hosts]
    return linux, portable


def compare_links(linux: dict[str, Link], portable: dict[str, Link]) -> None:
    assert linux.keys() == portable.keys()
    for name, theirs in linux.items():
        ours = portable[name]
        assert (ours.ifindex, ours.mac, ours.mtu, ours.admin_up) == (
            theirs.ifindex, theirs.mac, theirs.mtu, theirs.admin_up,
        ), name  # fmt: skip
        # IFF_RUNNING is all that is seen: up, or with no state of its own
        assert (ours.state is OperState.UP) == (theirs.admin_up and theirs.state in (OperState.UP, OperState.UNKNOWN))
        assert ours.usable == theirs.usable, name
        assert (ours.kind == "loopback") == (theirs.kind == "loopback")
        assert theirs.speed is None or ours.speed == theirs.speed
        assert {ours.carrier, ours.driver, ours.master, ours.parent, ours.alias} == {None}


def known(address: Address, labels: dict[int, str]) -> tuple[object, ...]:
    """What both backends know of an address. The label of an ordinary one is its link's name: no news."""
    label = None if address.label == labels[address.ifindex] else address.label
    # Whoever sets an IPv4 address may say any scope; of IPv6 the kernel says what the address says.
    scope = address.scope if address.family == "inet6" else None
    return (
        address.ifindex, address.family, address.address, address.prefixlen, scope, label, address.peer,
        address.broadcast,
    )  # fmt: skip


async def compare_addresses(hosts: Hosts, names: dict[int, str]) -> None:
    linux, portable = [Counter(known(a, names) for a in await host.addresses()) for host in hosts]
    assert linux == portable


def on_link(route: Route) -> bool:
    """What the kernel adds to table main for an address, as far as that follows from the address alone."""
    wanted = route.family == "inet" or (route.destination, route.prefixlen) == ("fe80::", 64)
    return wanted and route.table == MAIN and route.protocol == "kernel" and route.scope in ("link", "global")


async def compare_routes(hosts: Hosts) -> tuple[tuple[Gateway, ...], tuple[Gateway, ...]]:
    """Networks on link agree, and gateways, apart from their order."""
    linux, portable = [(await host.routes(10_000))[0] for host in hosts]
    ways = [
        {(r.family, r.destination, r.prefixlen, r.ifindex, r.source) for r in routes if not r.is_default}
        for routes in ([route for route in linux if on_link(route)], portable)
    ]
    assert ways[0] == ways[1]
    theirs, ours = gateways(linux, None), gateways(portable, None)
    assert {(g.family, g.address, g.ifindex) for g in theirs} == {(g.family, g.address, g.ifindex) for g in ours}
    return theirs, ours


def preferred(found: tuple[Gateway, ...], family: str) -> tuple[str | None, int] | None:
    return next(((gateway.address, gateway.table) for gateway in found if gateway.family == family), None)


def moved(before: tuple[LinkCounters, ...], now: tuple[LinkCounters, ...], after: tuple[LinkCounters, ...]) -> None:
    """Each counter of `now` lies within what `before` and `after` leave room for."""
    earlier, later = ({c.ifindex: c for c in counters} for counters in (before, after))
    assert {c.ifindex for c in now} == earlier.keys() == later.keys()
    fields = ("rx_bytes", "tx_bytes", "rx_packets", "tx_packets", "rx_errors", "tx_errors", "tx_dropped")
    for counters in now:
        first, last = earlier[counters.ifindex], later[counters.ifindex]
        for name in fields:
            assert getattr(first, name) <= getattr(counters, name) <= getattr(last, name), name


async def compare_all(hosts: Hosts) -> None:
    linux, portable = await links_of(hosts)
    compare_links(linux, portable)
    await compare_addresses(hosts, {link.ifindex: link.name for link in linux.values()})
    await compare_routes(hosts)
    moved(await hosts[0].counters(), await hosts[1].counters(), await hosts[0].counters())


async def test_this_host() -> None:
    linux, portable = LinuxHost(), PortableHost()
    try:
        for chances in (2, 1, 0):  # it may change between the two readings
            try:
                return await compare_all((linux, portable))
            except AssertionError:
                if not chances:
                    raise
    finally:
        linux.close()


@pytest.mark.lab
def test_an_odd_network(lab: Lab) -> None:
    lab.ip(*ODD)

    async def look() -> tuple[tuple[Gateway, ...], tuple[Gateway, ...]]:
        hosts = LinuxHost(), PortableHost()
        await compare_all(hosts)
        return await compare_routes(hosts)

    theirs, ours = lab.call(lambda: asyncio.run(look()))
    assert preferred(ours, "inet") == preferred(theirs, "inet") == ("10.1.0.254", MAIN)
    assert preferred(ours, "inet6") == preferred(theirs, "inet6") == ("fd01::fe", MAIN)

    # A default route of another table, without a metric, keeps netifaces from telling which is table main's.
    lab.ip("route add default via 10.1.0.252 dev va table 77")
    theirs, ours = lab.call(lambda: asyncio.run(look()))
    assert {gateway.table for gateway in ours if gateway.family == "inet"} == {UNSPEC}
    assert preferred(ours, "inet6") == preferred(theirs, "inet6")


@pytest.mark.lab
def test_nothing_but_a_loopback_that_is_down(lab: Lab) -> None:
    lab.ip("link set lo down")

    async def look() -> tuple[OperState, int]:
        hosts = LinuxHost(), PortableHost()
        await compare_all(hosts)
        return (await hosts[1].links())[0].state, len((await hosts[1].routes(10))[0])

    assert lab.call(lambda: asyncio.run(look())) == (OperState.DOWN, 0)


@pytest.mark.lab
def test_names_that_psutil_cannot_read_are_an_error_not_a_crash(lab: Lab) -> None:
    for name in ("\x1b[31mred", "wlan-é☃"):
        lab.run("ip", "link", "add", "name", name, "type", "veth")

    async def names() -> tuple[set[str], set[str]]:
        linux, portable = await links_of((LinuxHost(), PortableHost()))
        return set(linux), set(portable)

    theirs, ours = lab.call(lambda: asyncio.run(names()))
    assert theirs == ours > {"\\x1b[31mred", "wlan-é☃"}
    lab.run("ip", "link", "add", "name", "\udcff", "type", "veth")

    async def failure() -> str:
        with pytest.raises(OSError, match="network interfaces cannot be read") as caught:
            await PortableHost().links()
        return str(caught.value)

    assert lab.call(lambda: asyncio.run(failure())).isprintable()


def still_sockets(stack: ExitStack) -> dict[TcpState, int]:
    """Sockets that stay as they are, in both families; how many of each state that makes."""

    def listener(family: int, address: str) -> socket.socket:
        made = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind((address, 0))
        made.listen(64)
        return made

    def pair(server: socket.socket) -> tuple[socket.socket, socket.socket]:
        client = stack.enter_context(socket.socket(server.family, socket.SOCK_STREAM))
        client.connect(server.getsockname()[:2])
        return client, stack.enter_context(server.accept()[0])

    expected: Counter[TcpState] = Counter()
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        server = listener(family, address)
        for _ in range(5):
            pair(server)
        for _ in range(3):  # the client has closed its half, the server has not noticed
            pair(server)[0].shutdown(socket.SHUT_WR)
        for _ in range(2):
            client, accepted = pair(server)
            client.close()
            accepted.close()
        expected += Counter({
            TcpState.LISTEN: 1, TcpState.ESTABLISHED: 10, TcpState.FIN_WAIT2: 3, TcpState.CLOSE_WAIT: 3,
            TcpState.TIME_WAIT: 2,
        })  # fmt: skip
    first = listener(socket.AF_INET, "127.0.0.1")
    again = stack.enter_context(socket.socket())
    again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    again.bind(first.getsockname())
    again.listen(1)
    expected[TcpState.LISTEN] += 2
    return dict(expected)


@pytest.mark.lab
def test_tcp_counts_of_still_sockets(lab: Lab) -> None:
    Ports = tuple[PortCounts, ...]

    async def count() -> tuple[TcpCounts, TcpCounts, Ports, Ports]:
        linux, portable = LinuxHost(), PortableHost()
        return await linux.tcp(), await portable.tcp(), await linux.tcp_ports(), await portable.tcp_ports()

    def look() -> tuple[dict[TcpState, int], TcpCounts, TcpCounts, Ports, Ports]:
        with ExitStack() as stack:
            expected = still_sockets(stack)
            deadline = time.monotonic() + 10  # the last ACKs are on their way
            while (found := asyncio.run(count()))[0] != TcpCounts.of(expected, found[0].source):
                if time.monotonic() > deadline:
                    break
                time.sleep(0.01)
            return expected, *found

    expected, linux, portable, linux_ports, portable_ports = lab.call(look)
    assert {state: n for state, n in portable.items() if n} == expected
    assert portable.counts == linux.counts
    assert (portable.source, portable.note) == ("psutil", None)
    assert {p.port: p.counts for p in portable_ports} == {p.port: p.counts for p in linux_ports}
    assert [p.total for p in portable_ports] == sorted((p.total for p in portable_ports), reverse=True)


def test_psutil_has_no_part_in_the_linux_backend() -> None:
    """The portable room is imported only when it is chosen."""
    script = (
        "import sys; from nettui.collectors.backend import open_backend; open_backend('linux').close();"
        "print(sorted({'psutil', 'netifaces', 'nettui.portable'} & set(sys.modules)));"
        "print(open_backend('portable').name)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split("\n") == ["[]", "portable", ""]
