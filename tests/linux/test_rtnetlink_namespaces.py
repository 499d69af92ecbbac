"""The whole reading against `ip -j` and pyroute2: on this host, and in namespaces full of oddities."""

import asyncio
import errno
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nettui.linux import counters
from nettui.linux.ethtool import Ethtool
from nettui.linux.host import LinuxHost
from nettui.linux.links import RawLink
from nettui.model.link import Counters, Link
from nettui.model.route import Route
from tests.lab_support import Lab, open_lab
from tests.linux import ip_truth
from tests.linux.odd_network import ODD_ALIAS, ODD_NAMES, build

LIMIT = 1_000_000
Seen = dict[str, Any]


class ThisHost:
    """This host's own namespace, asked in the same way as a lab."""

    def ip_json(self, line: str) -> list[dict[str, Any]]:
        said = subprocess.run(["ip", "-j", *line.split()], capture_output=True, check=True, timeout=60).stdout
        return json.loads(said or "[]", strict=False)

    def call(self, function: Callable[[], Seen]) -> Seen:
        return function()


def read_all() -> Seen:
    """Everything the backend says, in the namespace of this process."""

    async def read() -> Seen:
        host = LinuxHost()
        try:
            routes, total = await host.routes(LIMIT)
            return {
                "links": await host.links(), "addresses": await host.addresses(), "routes": routes, "total": total,
                "rules": await host.rules(), "neighbours": await host.neighbours(), "counters": await host.counters(),
            }
        finally:
            host.close()

    return asyncio.run(read())


def agree(where: Lab | ThisHost) -> Seen:
    """Ours is what `ip` says, subject by subject; read again while duplicate address detection and the like go on."""
    for last in [False] * 7 + [True]:
        ours = where.call(read_all)
        rows = {name: [r for line in lines for r in where.ip_json(line)] for name, lines in ip_truth.COMMANDS.items()}
        index = ip_truth.indices(rows["links"])
        try:
            for name, reader in ip_truth.READERS.items():
                ip_truth.alike(ours[name], reader(rows[name], index))
            break
        except AssertionError:
            if last:
                raise
            time.sleep(0.5)
    assert ours["total"] == len(ours["routes"])
    return ours


def unmoved(seen: Seen) -> list[Any]:
    return [list(map(ip_truth.timeless, seen[name])) for name in ip_truth.READERS]


def by_name(seen: Seen) -> dict[str, Link]:
    return {link.name: link for link in seen["links"]}


def test_this_host() -> None:
    seen = agree(ThisHost())
    assert by_name(seen)["lo"].kind == "loopback"
    for link in seen["links"]:
        driver = Path(f"/sys/class/net/{link.name}/device/driver")
        if link.driver is not None and driver.exists():
            assert link.driver == driver.resolve().name


@pytest.mark.lab
def test_a_network_of_oddities(lab: Lab) -> None:
    build(lab)
    seen = agree(lab)
    links = by_name(seen)
    safe = {"fifteen-letters", "wlp0s20f3-é☃", "\\x1b[31mred", "[bold]x", "a\\u202eb", "\\xff\\xfe", "x;$(id)", "-"}
    assert safe <= links.keys() and len(safe) == len(ODD_NAMES)
    assert links["va"].alias == "up\\x1b[2Jlink\\x9b31m [red]x[/] \\u202e" != ODD_ALIAS
    assert links["idle"].carrier is False and links["idle2"].carrier is None, "one is up without a cable, one is down"
    assert links["idle2"].master == links["br0"].ifindex and links["lo"].mac is None
    assert {"bridge", "veth", "loopback"} <= {link.kind for link in seen["links"]}


@pytest.mark.lab
def test_pyroute2_sees_the_same(lab: Lab) -> None:
    build(lab)

    def theirs() -> dict[str, list[tuple[Any, ...]]]:
        from pyroute2 import IPRoute

        with IPRoute() as asked:
            return {
                "links": [
                    (m["index"], m.get("mtu"), m.get("operstate").lower(), m.get("master"), bool(m["flags"] & 1))
                    for m in asked.get_links()
                ],
                "addresses": [
                    (m["index"], m.get("local") or m.get("address"), m["prefixlen"], m.get("label"))
                    for m in asked.get_addr()
                ],
                "routes": [
                    (m["family"], m["dst_len"], *map(m.get, ("table", "dst", "oif", "prefsrc", "priority")))
                    for family in (2, 10) for m in asked.get_routes(family=family)
                ],
                "rules": [
                    (m["family"], m.get("priority", 0), m.get("iifname"), m.get("fwmark"))
                    for family in (2, 10) for m in asked.get_rules(family=family)
                ],
                "neighbours": [
                    (m["ifindex"], m.get("dst"), m.get("lladdr"), m["state"]) for m in asked.get_neighbours()
                ],
            }

    ours = agree(lab)
    for _ in range(8):
        other, after = lab.call(theirs), lab.call(read_all)
        if unmoved(ours) == unmoved(after):
            break
        ours = after
    family = {"inet": 2, "inet6": 10}
    nud = {"NONE": 0, "STALE": 4, "FAILED": 32, "NOARP": 64, "PERMANENT": 128}
    mine = {
        "links": [(n.ifindex, n.mtu, n.state.value, n.master, n.admin_up) for n in ours["links"]],
        "addresses": [(n.ifindex, n.address, n.prefixlen, n.label) for n in ours["addresses"]],
        "routes": [
            (
                family[n.family], n.prefixlen, n.table, None if n.is_default else n.destination, n.ifindex, n.source,
                n.metric,
            )
            for n in ours["routes"]
        ],
        "rules": [(family[n.family], n.priority, n.iif, n.fwmark) for n in ours["rules"]],
        "neighbours": [
            (n.ifindex, n.address, n.mac, nud.get(n.state.value)) for n in ours["neighbours"] if "proxy" not in n.flags
        ],
    }
    for name, found in mine.items():
        assert sorted(map(repr, found)) == sorted(map(repr, other[name])), name
        assert len(found) > 4


@pytest.mark.lab
def test_nothing_but_a_loopback_that_is_down(lab: Lab) -> None:
    lab.ip("addr flush dev lo", "link set lo down")
    seen = agree(lab)
    (lo,) = seen["links"]
    assert not lo.admin_up and lo.carrier is None and not lo.usable
    assert seen["addresses"] == seen["routes"] == seen["neighbours"] == ()
    lab.ip("link set lo up")
    assert "::1" in {address.address for address in agree(lab)["addresses"]}


@pytest.mark.lab
def test_ipv6_only(lab: Lab) -> None:
    lab.ip(
        "addr del 127.0.0.1/8 dev lo", "link add name va type veth peer name vb", "link set vb up", "link set va up",
        "addr add 2001:db8::2/64 dev va nodad", "route add default via 2001:db8::1",
    )
    seen = agree(lab)
    assert {each.family for name in ("addresses", "routes") for each in seen[name]} == {"inet6"}
    assert [route.gateway for route in seen["routes"] if route.is_default] == ["2001:db8::1"]


@pytest.mark.lab
def test_links_of_another_namespace_are_not_mistaken_for_ours(lab: Lab) -> None:
    with open_lab(beside=lab) as other:
        lab.ip(f"link add name va type veth peer name vb netns {other.pid}", "link set va up")
        link = by_name(agree(lab))["va"]
        assert link.peer_netns and link.parent == other.ip_json("link show vb")[0]["ifindex"]


@pytest.mark.lab
def test_two_hundred_interfaces_and_twenty_thousand_routes(lab: Lab) -> None:
    lab.ip_batch(f"link add name a{n} type veth peer name b{n}" for n in range(100))
    # No link-local addresses: their routes would come seconds later, between two of the readings below.
    lab.ip("link set a0 addrgenmode none", "link set b0 addrgenmode none")
    lab.ip("link set a0 up", "link set b0 up", "addr add 10.255.0.1/24 dev a0", "addr add fd01::1/64 dev a0 nodad")
    lab.ip_batch(
        f"route add 10.{n >> 8}.{n & 255}.0/24 via 10.255.0.{2 + n % 7} dev a0 metric {n % 11}" for n in range(18_000)
    )
    lab.ip_batch(f"route add 2001:db8:{n:x}::/48 via fd01::{2 + n % 5}" for n in range(2_000))
    lab.ip("route add default via 10.255.0.2 table 300", "route add default via fd01::2")
    seen = agree(lab)
    assert len(seen["links"]) == 201 and len(seen["routes"]) > 20_000

    async def both() -> tuple[tuple[Route, ...], int, int]:
        host = LinuxHost()
        routes, total = await host.routes(100)
        return routes, total, len((await host.routes(LIMIT))[0])

    routes, total, all_of_them = lab.call(lambda: asyncio.run(both()))
    assert (len(routes), total) == (100, all_of_them)
    assert {(route.family, route.table) for route in routes if route.is_default} == {("inet", 300), ("inet6", 254)}
    assert {route.family for route in routes if not route.is_default} == {"inet", "inet6"}


@pytest.mark.lab
def test_counters_grow_with_traffic_and_are_those_of_ip(lab: Lab) -> None:
    lab.sysctl("ipv6/conf/all/disable_ipv6", 1)
    lab.run("ping", "-c", "3", "-i", "0.2", "-s", "1000", "127.0.0.1", check=False)
    for fallback in (False, True):

        def read(fallback: bool = fallback) -> tuple[Counters, ...]:
            if fallback:  # a message type no kernel knows, as RTM_GETSTATS is to old ones
                counters.RTM_GETSTATS = 1000
            return asyncio.run(LinuxHost().counters())

        ip_truth.alike(lab.call(read), ip_truth.counters(lab.ip_json("-s link")))


@pytest.mark.lab
def test_reading_goes_on_while_links_come_go_and_change_their_names(lab: Lab) -> None:
    lab.ip("link add name stays type veth peer name stays2", "link set stays up", "addr add 10.0.0.1/24 dev stays")
    churn = "".join(
        f"link add name c{n} type veth peer name d{n}\nlink set c{n} name e{n}\nlink set e{n} up\n"
        f"addr add 10.1.{n % 250}.1/24 dev e{n}\nlink del d{n}\n"
        for n in range(60)
    )

    def read() -> int:
        with subprocess.Popen(["ip", "-batch", "-"], stdin=subprocess.PIPE, text=True) as ip:
            assert ip.stdin is not None
            ip.stdin.write(churn)
            ip.stdin.close()
            reads = 0
            while ip.poll() is None:
                seen = read_all()
                indices = [link.ifindex for link in seen["links"]]
                assert len(indices) == len(set(indices))
                assert {"lo", "stays", "stays2"} <= by_name(seen).keys()
                assert "10.0.0.1" in {address.address for address in seen["addresses"]}
                reads += 1
        assert ip.returncode == 0
        return reads

    assert lab.call(read) > 3
    agree(lab)


@pytest.mark.lab
def test_routes_that_only_name_a_nexthop_object_are_resolved(lab: Lab) -> None:
    build(lab)
    compatible = {route.key: route for route in lab.call(read_all)["routes"] if route.nexthop_id}
    lab.sysctl("ipv4/nexthop_compat_mode", 0)
    bare = {route.key: route for route in lab.call(read_all)["routes"] if route.nexthop_id}
    assert "gateway" not in next(r for r in lab.ip_json("route show 198.18.1.0/24")), "the kernel names only the object"
    assert len(bare) == 5

    def ways(routes: dict[Any, Route]) -> dict[str, Any]:
        # A blackhole needs no way; the compatible form names lo.
        return {r.destination: (r.gateway, r.ifindex, r.nexthops) for r in routes.values() if r.type == "unicast"}

    assert ways(bare) == ways(compatible)


@pytest.mark.lab
def test_which_way_to_an_address(lab: Lab) -> None:
    build(lab)
    destinations = (
        "10.1.0.77", "192.0.2.1", "8.8.8.8", "198.51.101.9", "10.1.0.1", "127.0.0.5", "255.255.255.255", "10.200.1.1",
        "fd01::77", "2606:4700::1111", "fd01::1", "::1",
    )
    va = ip_truth.indices(lab.ip_json("link"))["va"]

    def ask() -> dict[str, Any]:
        async def read() -> dict[str, Any]:
            host = LinuxHost()
            found: dict[str, Any] = {address: await host.route_to(address) for address in destinations}
            found["zone"] = await host.route_to(" fe80::1%va ")
            for address in (
                "203.0.113.1", "203.0.113.65", "203.0.113.129", "2001:db8:5::1", "2001:db8:6::1",
                "example.com", "", "1.2.3", "10.0.0.1/8", "fe80::1%none", "\x1b[2J", "1\0", "a" * 1000,
            ):
                try:
                    found[address] = await host.route_to(address)
                except (OSError, ValueError) as error:
                    found[address] = (type(error).__name__, getattr(error, "errno", None), str(error))
            return found

        return asyncio.run(read())

    ours = lab.call(ask)
    index = ip_truth.indices(lab.ip_json("link"))
    for address in destinations:
        (row,) = lab.ip_json(f"route get {address}")
        route = ours[address]
        gateway = row.get("via", {}).get("host") or row.get("gateway")
        assert (route.destination, route.ifindex) == (row["dst"], index[row["dev"]])
        assert (route.gateway, route.source) == (gateway, row.get("prefsrc"))
    assert ours["zone"].ifindex == va and ours["8.8.8.8"].table == 254 and ours["127.0.0.5"].table == 255
    refused = {to: (said[1], said[2].partition("] ")[2]) for to, said in ours.items() if isinstance(said, tuple)}
    assert refused["203.0.113.1"] == (errno.EINVAL, "a blackhole route drops what goes to 203.0.113.1")
    assert refused["203.0.113.65"] == (errno.EHOSTUNREACH, "a route says that 203.0.113.65 is unreachable")
    assert refused["203.0.113.129"] == (errno.EACCES, "a route prohibits 203.0.113.129")
    assert refused["2001:db8:6::1"][0] == errno.EACCES
    assert ours["example.com"] == ("ValueError", None, "'example.com' is no IPv4 or IPv6 address")
    assert ours["fe80::1%none"] == ("ValueError", None, "there is no interface none")
    for typed in ("", "1.2.3", "10.0.0.1/8", "\x1b[2J", "1\0", "a" * 1000):
        kind, _, sentence = ours[typed]
        assert kind == "ValueError" and sentence.isprintable() and len(sentence) < 300


@pytest.mark.lab
def test_nowhere_to_go(lab: Lab) -> None:
    def ask() -> list[str]:
        found = []
        for address in ("203.0.113.9", "2001:db8::9"):
            try:
                asyncio.run(LinuxHost().route_to(address))
            except OSError as error:
                found.append(str(error.strerror))
        return found

    assert lab.call(ask) == ["there is no route to 203.0.113.9", "there is no route to 2001:db8::9"]


@pytest.mark.lab
def test_what_a_driver_says_is_asked_once_for_each_change_of_the_cable(lab: Lab) -> None:
    """Of a veth, whose driver always says the same; nettui itself asks only real hardware."""
    lab.ip("link add name va type veth peer name vb", "link set va up", "link set vb up")

    def ask() -> dict[str, Any]:
        def raw(carrier: bool, changes: int, device: bytes = b"va") -> RawLink:
            base = next(link for link in asyncio.run(LinuxHost().links()) if link.name == "va")
            assert (base.speed, base.driver) == (None, None), "a veth's speed is made up"
            link = Link(
                ifindex=base.ifindex, name="va", kind="ethernet", state=base.state, admin_up=True, carrier=carrier
            )
            return RawLink(link, device, True, changes)

        asked = Ethtool()
        found = {"up": asked.complete((raw(True, 2),)), "down": asked.complete((raw(False, 3),))}
        found["gone"] = asked.complete((raw(True, 4, b"nosuch"),))
        asked.close()
        found["again"] = asked.complete((raw(True, 5),))
        asked._ioctl = lambda device, question: b""  # type: ignore[method-assign] # as if the driver fell silent
        found["cached"] = asked.complete((raw(True, 5),))
        found["changed"] = asked.complete((raw(True, 7),))
        asked.close()
        return {when: (links[0].driver, links[0].speed, links[0].duplex) for when, links in found.items()}

    assert lab.call(ask) == {
        "up": ("veth", 10_000, "full"),
        "down": ("veth", None, None),
        "gone": (None, None, None),
        "again": ("veth", 10_000, "full"),
        "cached": ("veth", 10_000, "full"),
        "changed": (None, None, None),
    }
