"""Default routes of one rank, and routes that lead nowhere; and the many of both that are as they should be."""

from typing import Any

import pytest

from nettui.diagnosis.rules import default_routes
from nettui.model.resolver import Resolver, ResolverConfig
from nettui.model.route import NextHop
from tests.diagnosis.world import LO, LOOPBACK, World, address, case_of, link, neighbour, route, server

DUPLICATE, BLACKHOLE = "route.duplicate-default", "route.blackhole"
LAN = route("192.0.2.0/24", None, 2, protocol="kernel")
FIRST, SECOND = route("default", "192.0.2.1", 2), route("default", "192.0.2.9", 2)
BOTH = (neighbour(2, "192.0.2.1", "REACHABLE"), neighbour(2, "192.0.2.9", "REACHABLE"))
DNS = ResolverConfig(resolvers=(Resolver(address="198.51.100.53"), Resolver(address="127.0.0.53")))
V6 = (address(2, "2001:db8::2/64"), address(2, "fe80::2/64", scope="link"))


def refusing(destination: str, kind: str = "blackhole", **more: Any) -> Any:
    return route(destination, type=kind, **more)


def routed(*routes: Any, **more: Any) -> dict[str, Any]:
    return server(routes=(LAN, *routes), neighbours=BOTH, **more)


QUIET: dict[str, dict[str, Any]] = {
    "different metrics": routed(
        route("default", "192.0.2.1", 2, metric=100), route("default", "192.0.2.9", 2, metric=200)
    ),
    "cable and radio": routed(
        route("default", "192.0.2.1", 2, metric=100), route("default", "198.51.100.1", 3, metric=600),
        links=(LO, link(2, "eth0"), link(3, "wlan0", "wifi")),
    ),
    "multipath": routed(route("default", nexthops=(
        NextHop(gateway="192.0.2.1", ifindex=2), NextHop(gateway="192.0.2.9", ifindex=2)
    ))),
    "different tables": routed(FIRST, route("default", "192.0.2.9", 2, table=100)),
    "a VRF has its own": routed(FIRST, route("default", "192.0.2.9", 2, table=1001)),
    "different types of service": routed(FIRST, route("default", "192.0.2.9", 2, tos=16)),
    "by source": routed(FIRST, route("default", "192.0.2.9", 2, source_prefix="10.0.0.0/8")),
    "routers that announce themselves": server(
        addresses=(*LOOPBACK, *V6), neighbours=(), routes=(
            route("default6", "fe80::1", 2, protocol="ra", metric=1024),
            route("default6", "fe80::9", 2, protocol="ra", metric=1024),
        ),
    ),
    "a static route to the router that announces itself": server(
        addresses=(*LOOPBACK, *V6), neighbours=(), routes=(
            route("default6", "2001:db8::1", 2, metric=1024),
            route("default6", "fe80::1", 2, protocol="ra", metric=1024),
        ),
    ),
    "the same route told twice": routed(FIRST, route("default", "192.0.2.1", 2, protocol="dhcp")),
    "both families": routed(FIRST, route("default6", "fe80::1", 2)),
    "pods of Kubernetes summed up": routed(FIRST, refusing("10.244.1.0/26", protocol="bird"), resolvers=DNS),
    "banned hosts": routed(
        FIRST, refusing("203.0.113.7/32"), refusing("203.0.113.8/32", "unreachable"), resolvers=DNS
    ),
    "private networks kept in, the default out": routed(
        FIRST, refusing("10.0.0.0/8"), refusing("172.16.0.0/12"), refusing("192.168.0.0/16"), resolvers=DNS
    ),
    "what older kernels keep in the IPv6 table": routed(
        FIRST, refusing("default6", "unreachable", ifindex=1, metric=4294967295, protocol="kernel")
    ),
    "a last resort below the default route": routed(FIRST, refusing("default", "unreachable", metric=4278198272)),
    "a last resort with a plain high metric": routed(FIRST, refusing("default", metric=9999)),
    "a last resort of a VRF": routed(FIRST, refusing("default", "unreachable", table=1001)),
    "a VPN that routes by rules, its kill switch in main": routed(
        refusing("default"), route("default", None, 4, table=51820),
        links=(LO, link(2, "eth0"), link(4, "wg0", "wireguard")),
    ),
    "two halves before it": routed(
        route("0.0.0.0/1", "192.0.2.1", 2), route("128.0.0.0/1", "192.0.2.1", 2), refusing("default")
    ),
    "the name server has a route of its own": routed(
        FIRST, refusing("198.51.100.0/24"), route("198.51.100.53/32", "192.0.2.1", 2), resolvers=DNS
    ),
    "the same network with a better metric": routed(
        FIRST, refusing("198.51.100.0/24", metric=50), route("198.51.100.0/24", "192.0.2.1", 2, metric=10),
        resolvers=DNS,
    ),
    "for packets of another source": routed(
        FIRST, refusing("198.51.100.0/24", source_prefix="10.0.0.0/8"), resolvers=DNS
    ),
    "resolvers not read": routed(FIRST, refusing("198.51.100.0/24"), resolvers=None),
    "routes not read": server(routes=None),
}


@pytest.mark.parametrize("sections", QUIET.values(), ids=QUIET.keys())
def test_what_is_no_trouble(sections: dict[str, Any]) -> None:
    world = World()
    world.stay(60, **sections)
    assert [told for told in world.told if told[1] in (DUPLICATE, BLACKHOLE)] == []


def test_two_default_routes_of_one_rank() -> None:
    world = World()
    world.stay(14, **routed(FIRST, SECOND))
    assert world.names == []
    world.stay(6, **routed(FIRST, SECOND))
    assert world.names == [(DUPLICATE, "IPv4", "warning")]
    found = world.findings[0]
    assert found.title == (
        "Two IPv4 default routes with metric 0: via 192.0.2.1 dev eth0, and via 192.0.2.9 dev eth0"
    )
    assert found.relief[1] == "ip -4 route del default via 192.0.2.9 dev eth0 table 254"
    assert "default via 192.0.2.9 dev eth0 metric 0, made by static" in found.evidence
    world.stay(60, **routed(FIRST))
    assert world.names == []


def test_in_another_table_and_on_link() -> None:
    world = World()
    links = (LO, link(2, "eth0"), link(3, "ppp0", "ppp"))
    world.stay(20, **routed(
        FIRST, route("default", "192.0.2.1", 2, table=100), route("default", None, 3, table=100), links=links
    ))
    assert world.names == [(DUPLICATE, "IPv4, table 100", "warning")]
    assert world.findings[0].relief[1] == "ip -4 route del default dev ppp0 table 100"


def test_static_ones_of_ipv6() -> None:
    world = World()
    world.stay(20, **server(addresses=(*LOOPBACK, *V6), neighbours=(), routes=(
        route("default6", "fe80::1", 2), route("default6", "fe80::9", 2, metric=1024)
    )))
    assert world.names == [(DUPLICATE, "IPv6", "warning")]


@pytest.mark.parametrize("kind", ["blackhole", "unreachable", "prohibit"])
def test_a_route_to_nowhere_is_preferred_to_the_default_route(kind: str) -> None:
    sections = routed(route("default", "192.0.2.1", 2, metric=100), refusing("default", kind))
    world = World()
    world.stay(10, **routed(FIRST))
    world.stay(10, **sections)
    assert world.names == [(BLACKHOLE, "0.0.0.0/0", "critical")]
    found = world.findings[0]
    assert found.title == f"The IPv4 default route leads nowhere: {kind} default is the preferred one"
    assert "it is preferred to default via 192.0.2.1 dev eth0 metric 100" in found.evidence
    assert f"ip -4 route del {kind} default metric 0" in found.relief
    world.stay(60, **routed(FIRST))
    assert world.names == []


def test_what_is_left_of_the_default_route_leads_nowhere() -> None:
    """And that there is no default route any more stands under it."""
    world = World()
    world.stay(10, **routed(FIRST))
    world.stay(10, **routed(refusing("default", metric=9999)))
    assert world.names == [(BLACKHOLE, "0.0.0.0/0", "critical")]
    assert world.findings[0].follows == ("No default route: this host reaches only connected networks",)
    alone = World()
    alone.stay(10, **routed(refusing("default")))
    assert alone.names == [(BLACKHOLE, "0.0.0.0/0", "warning")]


def test_of_ipv6() -> None:
    world = World()
    world.stay(10, **server(addresses=(*LOOPBACK, *V6), neighbours=(), routes=(
        route("default6", "fe80::1", 2, metric=1024), refusing("default6", "unreachable", metric=512)
    )))
    assert world.names == [(BLACKHOLE, "::/0", "critical")]
    assert "ip -6 route del unreachable default metric 512" in world.findings[0].relief


def test_the_name_server_is_inside_a_route_to_nowhere() -> None:
    world = World()
    world.stay(10, **routed(FIRST, refusing("198.51.100.0/24", "prohibit"), refusing("198.0.0.0/8"), resolvers=DNS))
    assert world.names == [(BLACKHOLE, "198.51.100.0/24", "warning")]
    found = world.findings[0]
    assert found.title == "Route prohibit 198.51.100.0/24 throws away packets to name server 198.51.100.53"
    assert (found.target, found.screen) == ("198.51.100.53", "routes")


def test_the_gateway_itself() -> None:
    world = World()
    world.stay(10, **routed(FIRST, refusing("192.0.2.1/32")))
    assert world.names == [(BLACKHOLE, "192.0.2.1/32", "warning")]
    assert "what is routed through it still flows" in world.findings[0].consequence


def test_what_follows_of_it() -> None:
    cut = next(iter(default_routes.blackhole(case_of(routed(FIRST, refusing("198.51.100.53/32"), resolvers=DNS)))))
    assert ("dns.unreachable", "198.51.100.53") in cut.covers and ("dns.unreachable", "*") not in cut.covers
    whole = next(iter(default_routes.blackhole(case_of(routed(refusing("default"))))))
    assert {("dns.unreachable", "*"), ("route.no-default", "host")} <= set(whole.covers)


def test_nonsense_is_no_trouble() -> None:
    strange = ResolverConfig(
        resolvers=(Resolver(address="{x}"), Resolver(address=""), Resolver(address="fe80::1%eth0"))
    )
    world = World()
    world.stay(10, **routed(FIRST, refusing("0.0.0.0/200"), refusing("{y}/8"), resolvers=strange))
    assert world.told == []
