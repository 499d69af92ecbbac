"""The same records from macOS, Windows, FreeBSD and Linux, as psutil and netifaces show each."""

import asyncio
import ipaddress
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.model.link import Link, OperState
from nettui.model.neighbour import gateways
from nettui.model.route import MAIN, UNSPEC, Route
from nettui.model.tcp import STATES, TcpState
from nettui.portable import tcp as portable_tcp
from nettui.portable.addresses import prefix_length
from nettui.portable.host import PortableHost
from nettui.portable.shared import Unreadable
from tests.portable import systems
from tests.portable.systems import System, tcp


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`on("macos")`: psutil and netifaces answer as there, until the test ends."""

    def put_on(name: str, **changes: Any) -> System:
        system = systems.ALL[name]()
        for key, value in changes.items():
            setattr(system, key, value)
        system.put_on(monkeypatch)
        return system

    return put_on


def named(links: tuple[Link, ...]) -> dict[str, Link]:
    return {link.name: link for link in links}


def told(routes: tuple[Route, ...], names: dict[int, str]) -> set[tuple[str, str | None, str, int]]:
    return {(r.cidr, r.gateway, names[r.ifindex or 0], r.table) for r in routes}


async def test_macos_links(on: Any) -> None:
    on("macos")
    links = named(await PortableHost().links())
    assert [(n, x.ifindex, x.kind, x.state, x.admin_up, x.mac, x.mtu, x.speed, x.duplex) for n, x in links.items()] == [
        ("lo0", 1, "loopback", OperState.UNKNOWN, True, None, 16384, None, None),
        ("gif0", 2, "gif", OperState.DOWN, False, None, 1280, None, None),
        ("en0", 6, "ethernet", OperState.UNKNOWN, True, "a4:83:e7:00:12:34", 1500, None, None),
        ("awdl0", 8, "awdl", OperState.UNKNOWN, True, "ba:12:00:aa:bb:cc", 1484, None, None),
        ("utun3", 15, "tun", OperState.UNKNOWN, True, None, 1380, None, None),
        ("en5", 17, "ethernet", OperState.UNKNOWN, True, "ac:de:48:00:11:22", 1500, 1000, "full"),
    ]
    assert all(link.usable == link.admin_up for link in links.values())
    (io,) = await PortableHost().counters()
    assert (io.ifindex, io.rx_bytes, io.tx_bytes, io.rx_packets, io.tx_packets) == (6, 1_000, 2_000, 10, 20)
    assert (io.rx_errors, io.tx_errors, io.rx_dropped, io.multicast, io.collisions) == (1, 2, 3, None, None)


async def test_macos_addresses_and_routes(on: Any) -> None:
    on("macos")
    found = await PortableHost().addresses()
    assert [(a.ifindex, a.address, a.prefixlen, a.scope, a.broadcast, a.peer) for a in found] == [
        (1, "127.0.0.1", 8, "host", None, None),
        (1, "::1", 128, "host", None, None),
        (1, "fe80::1", 64, "link", None, None),
        (6, "192.168.1.12", 24, "global", "192.168.1.255", None),
        (6, "fe80::1c3a:88ff:fe12:3456", 64, "link", None, None),
        (6, "2001:db8:1::5", 64, "global", None, None),
        (8, "fe80::b812:ff:feaa:bbcc", 64, "link", None, None),
        (15, "10.8.0.6", 32, "global", None, "10.8.0.5"),
        (15, "fe80::b20d:7f81:b8ac:55e3", 64, "link", None, None),
    ]
    routes, total = await PortableHost().routes(100)
    assert total == len(routes)
    assert told(routes, {1: "lo0", 6: "en0", 8: "awdl0", 15: "utun3"}) == {
        ("default", "192.168.1.1", "en0", MAIN),
        ("default", "10.8.0.5", "utun3", UNSPEC),  # scoped: for sockets bound to that interface only
        ("default", "fe80::", "utun3", UNSPEC),
        ("192.168.1.0/24", None, "en0", MAIN),
        ("10.8.0.5", None, "utun3", MAIN),
        ("fe80::/64", None, "lo0", MAIN),
        ("fe80::/64", None, "en0", MAIN),
        ("fe80::/64", None, "awdl0", MAIN),
        ("fe80::/64", None, "utun3", MAIN),
    }
    assert gateways(routes, None)[0].address == "192.168.1.1"
    assert {route.flags for route in routes if not route.is_default} == {("derived",)}


async def test_macos_shows_sockets_to_root_only(on: Any) -> None:
    on("macos")
    for ask in (PortableHost().tcp, PortableHost().tcp_ports):
        with pytest.raises(OSError, match="shows TCP sockets only to root") as caught:
            await ask()
        assert isinstance(caught.value, Unreadable)
        assert caught.value.remedy


async def test_macos_counts_a_socket_that_workers_share_once(on: Any) -> None:
    peer = ("198.51.100.4", 50_000)
    on("macos", sockets=[
        *(tcp("LISTEN", ("0.0.0.0", 80), pid=pid) for pid in (100, 101, 102)),
        tcp("LISTEN", ("::", 80), pid=100),
        *(tcp("ESTABLISHED", ("192.168.1.12", 80), peer, pid=pid) for pid in (101, 102)),
    ])  # fmt: skip
    counts = await PortableHost().tcp()
    assert {state: n for state, n in counts.items() if n} == {TcpState.LISTEN: 2, TcpState.ESTABLISHED: 1}
    assert "TIME_WAIT" in (counts.note or "")


async def test_windows_links(on: Any) -> None:
    on("windows")
    links = named(await PortableHost().links())
    assert {(n, x.kind, x.state, x.admin_up, x.mac, x.mtu, x.speed, x.duplex) for n, x in links.items()} == {
        ("Ethernet 2", "ethernet", OperState.UP, True, "f4:8e:38:00:12:34", 1500, 1000, None),
        ("Réseau local* 1", "ethernet", OperState.DOWN, False, "f4:8e:38:00:12:35", 1500, None, None),
        ("vEthernet (WSL)", "ethernet", OperState.UP, True, "00:15:5d:00:00:00", 1500, 10000, None),
        ("Loopback Pseudo-Interface 1", "loopback", OperState.UP, True, None, 4294967295, 1073, None),
    }
    numbers = {name: link.ifindex for name, link in links.items()}
    assert len(set(numbers.values())) == len(numbers)
    assert min(numbers.values()) >= 1 << 30
    assert {n: x.ifindex for n, x in named(await PortableHost().links()).items()} == numbers
    (io,) = await PortableHost().counters()
    assert (io.ifindex, io.tx_dropped) == (numbers["Ethernet 2"], 4)


async def test_windows_addresses_and_routes(on: Any) -> None:
    on("windows")
    names = {link.ifindex: link.name for link in await PortableHost().links()}
    found = await PortableHost().addresses()
    assert {(names[a.ifindex], a.address, a.prefixlen, a.scope) for a in found} == {
        ("Ethernet 2", "192.168.1.20", 24, "global"),
        ("Ethernet 2", "fe80::c93a:7f1:8d52:9a11", 64, "link"),
        ("Ethernet 2", "2001:db8:1::20", 64, "global"),
        ("Réseau local* 1", "169.254.77.3", 16, "link"),
        ("vEthernet (WSL)", "172.29.0.1", 20, "global"),
        ("Loopback Pseudo-Interface 1", "127.0.0.1", 8, "host"),
        ("Loopback Pseudo-Interface 1", "::1", 128, "host"),
    }
    routes, _ = await PortableHost().routes(100)
    assert told(routes, names) == {
        ("default", "192.168.1.1", "Ethernet 2", MAIN),
        ("default", "172.29.0.254", "vEthernet (WSL)", MAIN),
        ("default", "fe80::1", "Ethernet 2", MAIN),
        ("192.168.1.0/24", None, "Ethernet 2", MAIN),
        ("172.29.0.0/20", None, "vEthernet (WSL)", MAIN),
        ("fe80::/64", None, "Ethernet 2", MAIN),
    }  # nothing of the unplugged adapter
    assert [g.address for g in gateways(routes, None)] == ["192.168.1.1", "172.29.0.254", "fe80::1"]


async def test_windows_sockets(on: Any) -> None:
    on("windows")
    counts = await PortableHost().tcp()
    expected = {TcpState.LISTEN: 2, TcpState.ESTABLISHED: 1, TcpState.TIME_WAIT: 1, TcpState.CLOSED: 1}
    assert {state: n for state, n in counts.items() if n} == expected
    assert (counts.source, counts.note) == ("psutil", None)
    ports = await PortableHost().tcp_ports()
    assert [(p.port, p.total) for p in ports] == [(445, 2), (50001, 1), (50002, 1), (50003, 1)]
    assert ports[2][TcpState.TIME_WAIT] == 1


async def test_freebsd(on: Any) -> None:
    on("freebsd")
    links = named(await PortableHost().links())
    assert [(n, x.kind, x.state, x.mac, x.speed) for n, x in links.items()] == [
        ("backplane", "ethernet", OperState.UNKNOWN, "64:9d:99:00:8a:00", 1000),
        ("lo0", "loopback", OperState.UNKNOWN, None, None),
        ("bridge0", "bridge", OperState.DOWN, "58:9c:fc:00:00:01", None),
        ("epair0a", "veth", OperState.UNKNOWN, "02:12:34:00:00:0a", 10000),
        ("tun0", "tun", OperState.UNKNOWN, None, None),
    ]
    assert links["bridge0"].admin_up
    found = await PortableHost().addresses()
    assert {(a.ifindex, a.address, a.prefixlen, a.broadcast, a.peer) for a in found} == {
        (1, "192.0.2.3", 24, "192.0.2.255", None),
        (1, "192.0.2.40", 32, None, None),
        (1, "fe80::669d:99ff:fe00:8a00", 64, None, None),
        (2, "fe80::1", 64, None, None),  # the kernel keeps the 2 within it
        (2, "127.0.0.1", 8, None, None),
        (5, "10.9.0.1", 24, None, "10.9.0.2"),
    }
    routes, _ = await PortableHost().routes(100)
    assert routes[0].gateway == "192.0.2.1"
    assert {r.cidr for r in routes} == {"default", "192.0.2.0/24", "fe80::/64", "10.9.0.2"}
    counts = await PortableHost().tcp()
    assert (counts.total, counts[TcpState.CLOSED]) == (3, 1)
    assert "TIME_WAIT" in (counts.note or "")
    assert [p.port for p in await PortableHost().tcp_ports()] == [22]


async def test_linux_oddities_of_psutil_are_undone(on: Any) -> None:
    on("linux")
    links = named(await PortableHost().links())
    macs = {name: link.mac for name, link in links.items()}
    # 192.0.2.2, a tunnel's end, is no MAC address, however many zeroes psutil adds
    assert macs == {"lo": None, "eth0": "02:fc:00:00:00:00", "tunl0": None, "gre1": None}
    found = await PortableHost().addresses()
    assert [(a.ifindex, a.address, a.label, a.broadcast, a.peer) for a in found] == [
        (2, "192.0.2.2", None, "192.0.2.255", None),
        (2, "198.51.100.1", None, None, "198.51.100.2"),
        (2, "192.0.2.77", "eth0:1", "192.0.2.255", None),
    ]
    routes, _ = await PortableHost().routes(100)
    assert [(r.cidr, r.source) for r in routes] == [("192.0.2.0/24", "192.0.2.2"), ("198.51.100.2", "198.51.100.1")]


async def test_an_interface_that_goes_while_it_is_read_is_left_out(on: Any) -> None:
    system = on("macos")
    del system.indices["en0"]
    assert "en0" not in named(await PortableHost().links())
    assert 6 not in {address.ifindex for address in await PortableHost().addresses()}
    assert await PortableHost().counters() == ()


async def test_hostile_names_are_made_safe(on: Any) -> None:
    name = "\x1b]0;x\x07[red]\u202e"
    stats = systems.snicstats(True, systems.FULL, 10, 1500, "up,broadcast,running")
    on("linux", stats={name: stats}, indices={name: 9}, addresses={})
    (link,) = await PortableHost().links()
    assert (link.ifindex, link.name) == (9, "\\x1b]0;x\\x07[red]\\u202e")


async def test_at_most_so_many_routes_defaults_first(on: Any) -> None:
    on("windows")
    whole, total = await PortableHost().routes(100)
    for limit in range(total + 2):
        part, of = await PortableHost().routes(limit)
        assert (part, of) == (whole[:limit], total)
    assert [route.is_default for route in whole] == sorted((route.is_default for route in whole), reverse=True)


@pytest.mark.parametrize("failing", ["net_if_stats", "net_if_addrs", "net_io_counters", "net_connections"])
async def test_a_failing_psutil_spoils_no_other_section(on: Any, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("GetAdaptersAddresses() syscall failed")

    on("linux")
    monkeypatch.setattr(psutil, failing, fail)
    host = PortableHost()
    asked = {
        "net_if_stats": {"links", "routes"},
        "net_if_addrs": {"links", "addresses", "routes"},
        "net_io_counters": {"counters"},
        "net_connections": {"tcp", "tcp_ports"},
    }[failing]
    calls = {
        "links": host.links, "counters": host.counters, "addresses": host.addresses,
        "routes": lambda: host.routes(9), "tcp": host.tcp, "tcp_ports": host.tcp_ports,
    }  # fmt: skip
    failed = set()
    for name, call in calls.items():
        try:
            await call()
        except OSError as error:
            assert str(error).endswith("cannot be read: GetAdaptersAddresses() syscall failed")
            failed.add(name)
    assert failed == asked


async def test_what_cannot_be_had_says_so() -> None:
    host = PortableHost()
    for ask in (host.rules, host.neighbours, lambda: host.route_to("192.0.2.1")):
        with pytest.raises(OSError, match=r"^psutil and netifaces do not ") as caught:
            await ask()
        assert caught.value.strerror is None
    with pytest.raises(ValueError, match="not an IP address"):
        await host.route_to("example.com")
    assert [subjects async for subjects in host.changes()] == []


def test_every_state_of_psutil_has_its_place(on: Any) -> None:
    """Each constant of psutil, and those that only Windows and Solaris have."""
    known = [value for name, value in vars(psutil).items() if name.startswith("CONN_")]
    sockets = [
        tcp(status, ("192.0.2.1", port)) for port, status in enumerate([*known, "DELETE_TCB", "IDLE", "BOUND"], 1)
    ]
    on("windows", sockets=sockets)
    counts = asyncio.run(portable_tcp.counts())
    assert dict(counts.items()) == {state: 2 if state is TcpState.CLOSED else 1 for state in STATES}
    assert {psutil.CONN_NONE, *STATES} - set(known) == {TcpState.CLOSED}  # which psutil calls CLOSE


@given(st.integers(0, 32), st.integers(0, 128))
def test_prefix_lengths_agree_with_ipaddress(v4: int, v6: int) -> None:
    assert prefix_length(str(ipaddress.ip_network((0, v4)).netmask)) == v4
    mask = str(ipaddress.IPv6Network((0, v6)).netmask)
    assert prefix_length(mask) == prefix_length(f"{mask}/{v6}") == v6


@pytest.mark.parametrize("mask", [None, "", "255.0.255.0", "0.0.0.255", "ffff::1", "0xffffff00", "nonsense"])
def test_a_mask_that_is_none_has_no_length(mask: str | None) -> None:
    assert prefix_length(mask) is None
