"""Default routes and gateways: what is wrong, and the many hosts on which nothing is."""

from typing import Any

import pytest

from nettui.diagnosis.rules import routes
from nettui.model.route import NextHop
from nettui.model.snapshot import CollectorError
from tests.diagnosis.world import LO, LOOPBACK, World, address, case_of, link, neighbour, route, server

NO_DEFAULT, SILENT = "route.no-default", "route.gateway-unreachable"

V6 = (address(2, "2001:db8::2/64"), address(2, "fe80::2/64", scope="link"))
V4 = address(2, "192.0.2.2/24")
LAN = route("192.0.2.0/24", None, 2, protocol="kernel")
DOCKER = link(3, "docker0", "bridge", carrier=False)
DOCKER_BUSY = (link(3, "docker0", "bridge"), link(4, "veth1a2b", "veth", master=3, parent=2, peer_netns=True))
BR0 = (link(2, "eth0", master=5), link(5, "br0", "bridge"))

WELL: dict[str, dict[str, Any]] = {
    "a server": server(),
    "only lo": server(links=(LO,), addresses=LOOPBACK, routes=(), neighbours=()),
    "nothing at all": server(links=(), addresses=(), routes=(), neighbours=()),
    "IPv6 only": server(addresses=(*LOOPBACK, *V6), routes=(route("default6", "fe80::1", 2),), neighbours=()),
    "IPv4 only": server(addresses=(*LOOPBACK, V4)),
    "IPv6 addresses without an IPv6 default": server(addresses=(*LOOPBACK, V4, *V6)),
    "default only in a policy table": server(routes=(LAN, route("default", "192.0.2.1", 2, table=100))),
    "default by WireGuard's table, on link": server(routes=(LAN, route("default", None, 2, table=51820))),
    "two halves, as OpenVPN lays them": server(
        routes=(LAN, route("0.0.0.0/1", "192.0.2.1", 2), route("128.0.0.0/1", "192.0.2.1", 2))
    ),
    "multipath": server(
        routes=(LAN, route("default", nexthops=(NextHop(gateway="192.0.2.1", ifindex=2), NextHop(ifindex=2)))),
    ),
    "docker with no container, isolated": server(
        links=(LO, DOCKER), addresses=(*LOOPBACK, address(3, "172.17.0.1/16")), routes=(), neighbours=()
    ),
    "docker with a container, isolated": server(
        links=(LO, *DOCKER_BUSY), addresses=(*LOOPBACK, address(3, "172.17.0.1/16")), routes=(), neighbours=()
    ),
    "address still tentative": server(
        addresses=(*LOOPBACK, address(2, "2001:db8::2/64", flags=("tentative",))), routes=()
    ),
    "a router that BGP feeds": server(routes=(LAN, route("198.51.100.0/24", "192.0.2.1", 2, protocol="bgp"))),
    "routes not read": server(routes=None),
    "addresses not read": server(routes=(), addresses=None),
    "links not read": server(routes=(), links=None),
    "routes could not be read again": server(
        routes=(), errors=(CollectorError(collector="routes", message="refused"),)
    ),
    "gateway idle": server(neighbours=(neighbour(2, "192.0.2.1", "STALE"),)),
    "gateway asked again": server(neighbours=(neighbour(2, "192.0.2.1", "PROBE"),)),
    "gateway delayed": server(neighbours=(neighbour(2, "192.0.2.1", "DELAY"),)),
    "gateway never spoken to": server(neighbours=()),
    "gateway fixed by hand": server(neighbours=(neighbour(2, "192.0.2.1", "PERMANENT"),)),
    "another neighbour fails": server(
        neighbours=(neighbour(2, "192.0.2.1", "REACHABLE"), neighbour(2, "192.0.2.77", "FAILED"))
    ),
    "same address, another link": server(
        links=(LO, link(2, "eth0"), link(3, "eth1")), neighbours=(neighbour(3, "192.0.2.1", "FAILED"),)
    ),
    "gateway of a specific route fails": server(
        routes=(route("default", None, 2), route("10.0.0.0/8", "192.0.2.9", 2)),
        neighbours=(neighbour(2, "192.0.2.9", "FAILED"),),
    ),
    "failed long ago, not asked since": server(neighbours=(neighbour(2, "192.0.2.1", "FAILED", updated=3_000.0),)),
    "neighbours not read": server(neighbours=None),
}


@pytest.mark.parametrize("sections", WELL.values(), ids=WELL.keys())
def test_hosts_that_are_well(sections: dict[str, Any]) -> None:
    world = World()
    world.stay(60, **sections)
    assert world.told == []


ISOLATED: dict[str, tuple[dict[str, Any], str]] = {
    "a server": (server(routes=(LAN,)), "warning"),
    "IPv6 only": (server(addresses=(*LOOPBACK, *V6), routes=()), "warning"),
    "in a container": (server(links=(LO, link(2, "eth0", "veth", parent=9, peer_netns=True)), routes=()), "warning"),
    "a bridge with a card in it": (
        server(links=(LO, *BR0), addresses=(*LOOPBACK, address(5, "192.0.2.2/24")), routes=()), "warning"
    ),
    "half a default": (server(routes=(LAN, route("0.0.0.0/1", "192.0.2.1", 2))), "warning"),
    "static routes to some networks": (server(routes=(LAN, route("10.0.0.0/8", "192.0.2.9", 2))), "notice"),
}


@pytest.mark.parametrize(("sections", "severity"), ISOLATED.values(), ids=ISOLATED.keys())
def test_no_default_route_from_the_start(sections: dict[str, Any], severity: str) -> None:
    world = World()
    world.stay(10, **sections)
    assert world.names == [(NO_DEFAULT, "host", severity)]
    assert world.finding(NO_DEFAULT).screen == "routes"


def test_a_default_route_that_is_lost() -> None:
    world = World()
    world.stay(10, **server())
    world.stay(10, **server(routes=(LAN,)))
    found = world.finding(NO_DEFAULT)
    assert found.severity == "critical"
    assert found.relief[0] == "ip -4 route add default via 192.0.2.1 dev eth0"
    assert "this host has 192.0.2.2/24 on eth0" in found.evidence
    world.stay(30, **server())
    # It opened after 5 s and closed after 10: told once each.
    assert world.told == [(15, NO_DEFAULT, "host", "critical"), (30, NO_DEFAULT, "host", "closed")]


def test_a_default_route_that_is_replaced_at_once() -> None:
    world = World()
    for _ in range(20):
        world.stay(5, **server())
        world.stay(3, **server(routes=(LAN,)))
    assert world.told == []


def test_its_interface_vanished_with_it() -> None:
    world = World()
    world.stay(10, **server())
    world.stay(10, **server(links=(LO,), addresses=LOOPBACK, routes=(), neighbours=()))
    assert world.names == [(NO_DEFAULT, "host", "critical")]
    assert not any("route add" in command for command in world.findings[0].relief)


@pytest.mark.parametrize(("gone", "severity"), [("inet", "critical"), ("inet6", "warning")])
def test_one_family_loses_its_default(gone: str, severity: str) -> None:
    both = (route("default", "192.0.2.1", 2), route("default6", "fe80::1", 2))
    dual = server(addresses=(*LOOPBACK, V4, *V6), routes=both)
    world = World()
    world.stay(5, **dual)
    world.stay(10, **dual | {"routes": tuple(r for r in both if r.family != gone)})
    name = {"inet": "IPv4", "inet6": "IPv6"}[gone]
    assert world.names == [(NO_DEFAULT, name, severity)]
    assert world.findings[0].title.startswith(f"No {name} default route: ")
    # A tunnel that ends takes its addresses with it: nothing is missing then.
    world.stay(30, **server(addresses=(*LOOPBACK, V4)) if gone == "inet6" else dual)
    assert world.names == []
    # When the other goes too, the host has none, and that is one finding.
    world.stay(30, **dual | {"routes": ()})
    assert world.names == [(NO_DEFAULT, "host", "critical")]


SILENCE = [("FAILED", 10), ("INCOMPLETE", 10)]


@pytest.mark.parametrize(("state", "after"), SILENCE)
def test_a_gateway_that_does_not_answer(state: str, after: int) -> None:
    world = World()
    world.stay(10, **server())
    world.stay(25, **server(neighbours=(neighbour(2, "192.0.2.1", state),)))
    found = world.finding(SILENT)
    assert (found.severity, found.subject) == ("critical", "192.0.2.1")
    assert f"192.0.2.1 on eth0 is {state} in the neighbour table" in found.evidence
    assert "ip -4 neigh show 192.0.2.1 dev eth0" in found.relief
    world.stay(40, **server())
    assert world.told == [(10 + after, SILENT, "192.0.2.1", "critical"), (55, SILENT, "192.0.2.1", "closed")]


def test_a_gateway_known_to_have_failed_a_while_ago_is_told_at_once() -> None:
    world = World()
    world.tick(**server(neighbours=(neighbour(2, "192.0.2.1", "FAILED", updated=40.0),)))
    assert world.finding(SILENT).since == pytest.approx(world.now - 1 - 40)


def test_a_gateway_being_asked_for_three_seconds_again_and_again() -> None:
    world = World()
    for _ in range(20):
        world.stay(3, **server(neighbours=(neighbour(2, "192.0.2.1", "INCOMPLETE", updated=500.0),)))
        world.stay(1, **server())
    assert world.told == []


def test_a_silent_gateway_stays_silent_until_it_answers() -> None:
    """The kernel drops failed entries and asks anew: that proves nothing."""
    world = World()
    failed = server(neighbours=(neighbour(2, "192.0.2.1", "FAILED"),))
    for _ in range(5):
        world.stay(30, **failed)
        world.stay(45, **server(neighbours=()))
        world.stay(60, **server(neighbours=(neighbour(2, "192.0.2.1", "FAILED", updated=900.0),)))
    assert [what for _, _, _, what in world.told] == ["critical"]
    world.stay(30, **server(neighbours=(neighbour(2, "192.0.2.1", "STALE", mac="02:00:00:00:00:01"),)))
    assert world.names == []


def test_one_of_two_gateways() -> None:
    routes = (route("default", "192.0.2.1", 2, metric=100), route("default", "198.51.100.1", 3, metric=200))
    two = server(links=(LO, link(2, "eth0"), link(3, "eth1")), routes=routes)
    one = two | {"neighbours": (neighbour(2, "192.0.2.1", "FAILED"), neighbour(3, "198.51.100.1", "REACHABLE"))}
    none = two | {"neighbours": (neighbour(2, "192.0.2.1", "FAILED"), neighbour(3, "198.51.100.1", "INCOMPLETE"))}
    world = World()
    world.stay(20, **one)
    assert world.names == [(SILENT, "192.0.2.1", "warning")]
    assert world.findings[0].title.endswith("there is another default route, via 198.51.100.1 dev eth1")
    world.stay(20, **none)
    assert world.names == [(SILENT, "192.0.2.1", "critical"), (SILENT, "198.51.100.1", "critical")]
    assert "no other default route is known to work" in world.findings[0].title


def test_ipv4_serves_when_the_ipv6_gateway_is_silent_and_not_the_other_way_round() -> None:
    routes = (route("default", "192.0.2.1", 2), route("default6", "fe80::1", 2))
    dual = server(addresses=(*LOOPBACK, V4, *V6), routes=routes)
    world = World()
    world.stay(20, **dual | {"neighbours": (neighbour(2, "fe80::1", "FAILED"), neighbour(2, "192.0.2.1", "STALE"))})
    assert world.names == [(SILENT, "fe80::1%eth0", "warning")]
    assert "ip -6 neigh show fe80::1 dev eth0" in world.findings[0].relief
    world.stay(60, **dual | {"neighbours": (neighbour(2, "fe80::1", "REACHABLE"), neighbour(2, "192.0.2.1", "FAILED"))})
    assert world.names == [(SILENT, "192.0.2.1", "critical")]


def test_a_gateway_in_two_tables_is_one_gateway() -> None:
    routes = (route("default", "192.0.2.1", 2), route("default", "192.0.2.1", 2, table=100))
    world = World()
    world.stay(20, **server(routes=routes, neighbours=(neighbour(2, "192.0.2.1", "FAILED"),)))
    assert world.names == [(SILENT, "192.0.2.1", "critical")]


def test_names_that_do_not_resolve_stand_under_the_way_out_that_is_lost() -> None:
    """The rules on name servers are other people's; that theirs are folded is what the covers say."""
    dns = {(rule, "*") for rule in ("dns.unreachable", "dns.failing", "dns.slow")}
    whole = next(iter(routes.no_default(case_of(server(), server(routes=(LAN,))))))
    assert dns <= set(whole.covers)
    failed = (neighbour(2, "192.0.2.1", "FAILED"),)
    silent = next(iter(routes.gateway_unreachable(case_of(server(neighbours=failed)))))
    assert dns <= set(silent.covers) and silent.target == "192.0.2.1"
    both = (route("default", "192.0.2.1", 2), route("default", "198.51.100.1", 3, metric=9))
    another = case_of(server(neighbours=failed, routes=both, links=(LO, link(2, "eth0"), link(3, "eth1"))))
    assert next(iter(routes.gateway_unreachable(another))).covers == ()
