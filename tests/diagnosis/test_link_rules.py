"""Interfaces that go down, those that may, and what follows from them."""

from typing import Any

import pytest

from nettui.diagnosis.rules import links
from nettui.diagnosis.thresholds import Thresholds
from nettui.model.link import Link, OperState
from tests.diagnosis.world import LO, LOOPBACK, World, address, case_of, link, neighbour, route, server

DOWN, NO_CARRIER = "link.down", "link.no-carrier"
ETH0 = link(2, "eth0")
SPARE = link(3, "eth1", carrier=False)
TWO_WAYS = (route("default", "192.0.2.1", 2, metric=100), route("default", "198.51.100.1", 3, metric=200))

QUIET: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "never wanted": ((link(3, "eth1", up=False),),) * 2,
    "a port never used": ((SPARE,),) * 2,
    "docker0 without containers": ((link(3, "docker0", "bridge", carrier=False),),) * 2,
    "the last container ends": (
        (link(3, "docker0", "bridge"), link(4, "veth1", "veth", master=3)),
        (link(3, "docker0", "bridge", carrier=False),),
    ),
    "a container's veth goes down": ((link(3, "veth1", "veth"),), (link(3, "veth1", "veth", carrier=False),)),
    "a tunnel is taken down": ((link(3, "wg0", "wireguard"),), (link(3, "wg0", "wireguard", up=False),)),
    "a link is renamed": ((link(3, "eth1"),), (link(3, "lan0"),)),
    "a link vanishes": ((link(3, "eth1"),), ()),
    "a new link is not up yet": ((), (link(3, "eth1", carrier=False),)),
}


@pytest.mark.parametrize(("before", "after"), QUIET.values(), ids=QUIET.keys())
def test_what_is_no_trouble(before: tuple[Any, ...], after: tuple[Any, ...]) -> None:
    world = World()
    world.stay(30, **server(links=(LO, ETH0, *before)))
    world.stay(60, **server(links=(LO, ETH0, *after)))
    assert world.told == []


def test_what_the_portable_backend_takes_for_a_card() -> None:
    world = World()
    world.stay(10, **server(backend="portable", links=(LO, ETH0, link(3, "docker0"))))
    world.stay(10, **server(backend="portable", links=(LO, ETH0, link(3, "docker0", carrier=False))))
    assert world.told == []
    world.stay(10, **server(backend="portable", links=(LO, link(2, "eth0", carrier=False))))
    assert world.names == [(NO_CARRIER, "eth0", "critical")]


def test_a_second_card_loses_its_cable() -> None:
    world = World()
    world.stay(10, **server(links=(LO, ETH0, link(3, "eth1"))))
    world.stay(10, **server(links=(LO, ETH0, SPARE)))
    found = world.finding(NO_CARRIER)
    assert (found.severity, found.subject, found.title) == ("warning", "eth1", "eth1 is down (no carrier)")
    assert found.since == world.now - 10
    world.stay(30, **server(links=(LO, ETH0, link(3, "eth1"))))
    assert world.told == [(15, NO_CARRIER, "eth1", "warning"), (30, NO_CARRIER, "eth1", "closed")]


def test_a_cable_that_flaps_every_three_seconds_is_not_told_again_and_again() -> None:
    world = World()
    world.stay(10, **server(links=(LO, ETH0, link(3, "eth1"))))
    for _ in range(20):
        world.stay(7, **server(links=(LO, ETH0, SPARE)))
        world.stay(3, **server(links=(LO, ETH0, link(3, "eth1"))))
    assert [what for _, _, _, what in world.told] == ["warning"]


def test_a_configured_port_without_a_cable_is_a_notice() -> None:
    world = World()
    addresses = (*LOOPBACK, address(2, "192.0.2.2/24"), address(3, "10.0.0.1/24"))
    world.stay(10, **server(links=(LO, ETH0, SPARE), addresses=addresses))
    assert world.names == [(NO_CARRIER, "eth1", "notice")]


PULLED = server(links=(LO, link(2, "eth0", carrier=False)), neighbours=(neighbour(2, "192.0.2.1", "FAILED"),))
SET_DOWN = server(links=(LO, link(2, "eth0", up=False)), addresses=LOOPBACK, routes=(), neighbours=())


@pytest.mark.parametrize(
    ("rule", "after"), [(NO_CARRIER, PULLED), (DOWN, SET_DOWN)], ids=["no carrier", "set down"]
)
def test_the_only_way_out_goes_down_and_nothing_else_is_told(rule: str, after: dict[str, Any]) -> None:
    """Not that the gateway is silent, nor that there is no default route: these only follow."""
    world = World()
    world.stay(30, **server())
    world.stay(60, **after)
    assert world.told == [(35, rule, "eth0", "critical")]
    found = world.findings[0]
    assert found.title.endswith(", and with it the default route via 192.0.2.1 dev eth0")
    assert "IPv4 default route via 192.0.2.1 dev eth0; there is no other that works" in found.evidence
    world.stay(30, **server())
    assert world.names == []


def test_a_link_whose_network_does_not_let_it_in() -> None:
    """Dormant: there is a signal, but 802.1X has not opened the port (RFC 2863)."""
    dormant = Link(ifindex=2, name="eth0", kind="ethernet", state=OperState.DORMANT, admin_up=True, carrier=True)
    world = World()
    world.stay(10, **server())
    world.stay(10, **server(links=(LO, dormant)))
    assert world.names == [(DOWN, "eth0", "critical")]
    assert world.findings[0].title.startswith("eth0 is down (it is dormant)")
    assert "802.1X" in world.findings[0].cause


def test_from_one_kind_of_trouble_to_the_other_is_one_finding() -> None:
    world = World()
    world.stay(10, **server())
    world.stay(20, **PULLED)
    for _ in range(30):
        world.tick(**SET_DOWN)
        assert len(world.findings) == 1
    assert world.names == [(DOWN, "eth0", "critical")]
    for _ in range(30):
        world.tick(**PULLED)
        assert len(world.findings) == 1
    assert world.names == [(NO_CARRIER, "eth0", "critical")]


def test_each_has_its_own_limits_and_an_interface_may_have_its_own() -> None:
    settings = {NO_CARRIER: {"interface": {"eth0": {"lasting": 20}, "eth1": {"enabled": False}}}}
    both = (LO, ETH0, link(3, "eth1"))
    world = World(Thresholds.from_settings(settings))
    world.stay(10, **server(links=both))
    world.stay(40, **server(links=(LO, link(2, "eth0", carrier=False), SPARE)))
    assert world.told == [(30, NO_CARRIER, "eth0", "critical")]


def test_names_do_not_resolve_because_the_link_is_down() -> None:
    """The rules on name servers are other people's; that theirs would be folded is told by the covers."""
    case = case_of(server(), PULLED)
    condition = next(iter(links.no_carrier(case)))
    assert {(rule, "*") for rule in ("dns.unreachable", "dns.failing", "dns.slow")} <= set(condition.covers)
    saved = server(links=(LO, ETH0, link(3, "eth1")), routes=(*TWO_WAYS,))
    lost = {**saved, "links": (LO, link(2, "eth0", carrier=False), link(3, "eth1"))}
    condition = next(iter(links.no_carrier(case_of(saved, lost))))
    assert ("dns.unreachable", "*") in condition.covers and ("dns.slow", "*") not in condition.covers


def test_relief_for_a_link_that_was_set_down_names_its_routes() -> None:
    world = World()
    world.stay(10, **server())
    world.stay(10, **SET_DOWN)
    assert world.findings[0].relief[:2] == (
        "ip link set dev eth0 up", "ip -4 route add default via 192.0.2.1 dev eth0"
    )


def test_the_default_route_is_told_when_the_link_returns_without_it() -> None:
    world = World()
    world.stay(10, **server())
    world.stay(30, **SET_DOWN)
    world.stay(30, **server(routes=()))
    assert world.names == [("route.no-default", "host", "critical")]


def test_the_route_table_may_be_read_before_the_links() -> None:
    world = World()
    world.stay(10, **server())
    world.tick(**server(routes=()))
    world.stay(10, **SET_DOWN)
    assert world.names == [(DOWN, "eth0", "critical")]


def test_a_default_route_that_was_moved_away_first_is_not_missed() -> None:
    moved = (route("default", "198.51.100.1", 3),)
    both = (LO, ETH0, link(3, "eth1"))
    world = World()
    world.stay(10, **server(links=both))
    world.stay(10, **server(links=both, routes=moved))
    world.stay(10, **server(links=(LO, link(2, "eth0", up=False), link(3, "eth1")), routes=moved))
    assert world.names == [(DOWN, "eth0", "warning")]
    assert world.findings[0].title == "eth0 is down (it was set down)"


def test_another_default_route_makes_it_a_warning() -> None:
    wlan = link(3, "wlan0", "wifi")
    world = World()
    world.stay(10, **server(links=(LO, ETH0, wlan), routes=TWO_WAYS))
    world.stay(10, **server(links=(LO, link(2, "eth0", carrier=False), wlan), routes=TWO_WAYS))
    assert world.names == [(NO_CARRIER, "eth0", "warning")]
    assert "IPv4 default route via 192.0.2.1 dev eth0; another one: via 198.51.100.1 dev wlan0" in (
        world.findings[0].evidence
    )


def test_a_container_whose_veth_loses_its_peer() -> None:
    veth = {"kind": "veth", "parent": 9, "peer_netns": True}
    world = World()
    world.stay(10, **server(links=(LO, link(2, "eth0", **veth))))
    world.stay(10, **server(links=(LO, link(2, "eth0", carrier=False, **veth))))
    assert world.names == [(NO_CARRIER, "eth0", "critical")]


def test_a_default_route_through_a_link_that_was_never_up() -> None:
    world = World()
    world.stay(10, **server(links=(LO, link(2, "eth0", carrier=False)), neighbours=()))
    assert world.names == [(NO_CARRIER, "eth0", "critical")]
    assert "it has not been usable since nettui started" in world.findings[0].evidence


def bonded(*, first: bool, second: bool) -> dict[str, Any]:
    ports = (link(2, "eth0", carrier=first, master=4), link(3, "eth1", carrier=second, master=4))
    bond = link(4, "bond0", "bond", carrier=first or second)
    vlan = link(5, "bond0.7", "vlan", carrier=first or second, parent=4)
    return server(
        links=(LO, *ports, bond, vlan),
        addresses=(*LOOPBACK, address(5, "192.0.2.2/24")),
        routes=(route("default", "192.0.2.1", 5),),
        neighbours=(neighbour(5, "192.0.2.1", "REACHABLE"),),
    )


def test_the_root_is_named_and_not_what_stands_on_it() -> None:
    world = World()
    world.stay(10, **bonded(first=True, second=True))
    world.stay(10, **bonded(first=False, second=True))
    assert world.names == [(NO_CARRIER, "eth0", "warning")]
    world.stay(10, **bonded(first=False, second=False))
    assert world.names == [(NO_CARRIER, "eth0", "critical"), (NO_CARRIER, "eth1", "critical")]
    assert "bond0.7 (vlan) stands on it and is down too" in world.findings[0].evidence
    assert world.findings[0].title.endswith("and with it the default route via 192.0.2.1 dev bond0.7")


def test_a_name_made_for_a_shell() -> None:
    evil = "a;reboot{0}"
    world = World()
    world.stay(10, **server(links=(LO, link(2, evil))))
    world.stay(10, **server(links=(LO, link(2, evil, up=False)), routes=()))
    assert world.findings[0].subject == evil
    assert world.findings[0].relief[0] == f"ip link set dev '{evil}' up"
