"""Interfaces without an address, with one they gave themselves, and with one that is in use elsewhere."""

from typing import Any

import pytest

from nettui.diagnosis.diagnose import diagnose_once
from nettui.diagnosis.rules import link_addresses
from nettui.diagnosis.thresholds import Thresholds
from nettui.model.watched import Lease, Leases
from tests.diagnosis.world import LO, LOOPBACK, START, World, address, case_of, link, neighbour, route, server

NO_ADDRESS, SELF, DUPLICATE = "link.no-address", "link.self-assigned", "link.duplicate-address"
ETH0, ETH1 = link(2, "eth0"), link(3, "eth1")
ONLY_LOCAL = address(2, "fe80::2/64", scope="link")
V4, SECOND = address(2, "192.0.2.2/24"), address(3, "198.51.100.7/24")
OWN = address(2, "169.254.7.9/16", scope="link")
BARE: dict[str, Any] = {"routes": (), "neighbours": ()}


def leased(interface: str, text: str, *, ends: float, seconds: float = 3_600.0) -> Leases:
    lease = Lease(
        interface=interface, address=text, server="192.0.2.1", seconds=seconds, expires_at=START + ends,
        source=f"{interface}.lease",
    )
    return Leases(at=START, leases=(lease,))


QUIET: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a spare card with a cable": (server(links=(LO, ETH0, ETH1)),) * 2,
    "ports of a bridge": (
        server(
            links=(LO, link(2, "eth0", master=5), link(3, "eth1", master=5), link(5, "br0", "bridge")),
            addresses=(*LOOPBACK, address(5, "192.0.2.2/24")),
            routes=(route("default", "192.0.2.1", 5),),
            neighbours=(neighbour(5, "192.0.2.1", "REACHABLE"),),
        ),
    ) * 2,
    "the parent of a VLAN": (
        server(
            links=(LO, ETH0, link(5, "eth0.7", "vlan", parent=2)),
            addresses=(*LOOPBACK, address(5, "192.0.2.2/24")),
            routes=(route("default", "192.0.2.1", 5),),
            neighbours=(neighbour(5, "192.0.2.1", "REACHABLE"),),
        ),
    ) * 2,
    "the parent of a macvlan, with an old lease": (
        server(
            links=(LO, ETH0, ETH1, link(5, "mv0", "macvlan", parent=3)),
            addresses=(*LOOPBACK, V4, address(5, "198.51.100.7/24")),
            leases=leased("eth1", "198.51.100.7", ends=-600),
        ),
    ) * 2,
    "a virtual function nobody uses": (server(links=(LO, ETH0, link(3, "eth0v1"))),) * 2,
    "the address moves to a bridge": (
        server(),
        server(
            links=(LO, link(2, "eth0"), link(5, "br0", "bridge")),
            addresses=(*LOOPBACK, address(5, "192.0.2.2/24")),
            routes=(route("default", "192.0.2.1", 5),),
            neighbours=(neighbour(5, "192.0.2.1", "REACHABLE"),),
        ),
    ),
    "a cluster's address goes to another host": (
        server(links=(LO, ETH0, ETH1), addresses=(*LOOPBACK, V4, address(3, "198.51.100.9/32"))),
        server(links=(LO, ETH0, ETH1), addresses=(*LOOPBACK, V4)),
    ),
    "a container ends": (
        server(links=(LO, ETH0, link(4, "veth1", "veth")), addresses=(*LOOPBACK, V4, address(4, "10.0.0.1/24"))),
        server(links=(LO, ETH0, link(4, "veth1", "veth"))),
    ),
    "a VPN is taken down": (
        server(links=(LO, ETH0, link(4, "tun0", "tun")), addresses=(*LOOPBACK, V4, address(4, "10.8.0.2/24"))),
        server(links=(LO, ETH0, link(4, "tun0", "tun"))),
    ),
    "wifi that is not associated": (
        server(links=(LO, ETH0, link(3, "wlan0", "wifi", carrier=False))),
    ) * 2,
    "BGP unnumbered: the address is on lo": (
        server(
            links=(LO, ETH0, ETH1), addresses=(*LOOPBACK, address(1, "198.51.100.1/32"), ONLY_LOCAL),
            routes=(route("default", "fe80::1", 2, protocol="bgp"),), neighbours=(),
        ),
    ) * 2,
    "only lo": (server(links=(LO,), addresses=LOOPBACK, **BARE),) * 2,
    "a container's card without an address": (
        server(links=(LO, link(2, "eth0", "veth", parent=9, peer_netns=True)), addresses=LOOPBACK, **BARE),
    ) * 2,
    "a file of a lease long ago": (
        server(links=(LO, ETH0, ETH1), leases=leased("eth1", "198.51.100.7", ends=-30 * 86_400)),
    ) * 2,
    "a link-local address beside a real one": (server(addresses=(*LOOPBACK, V4, OWN)),) * 2,
    "a link of two hosts, as clouds peer": (
        server(links=(LO, ETH0, link(5, "eth0.7", "vlan", parent=2)),
               addresses=(*LOOPBACK, V4, address(5, "169.254.10.1/30"))),
    ) * 2,
    "node-local DNS of Kubernetes": (
        server(links=(LO, ETH0, link(5, "nodelocaldns", "dummy")),
               addresses=(*LOOPBACK, V4, address(5, "169.254.20.10/32"))),
    ) * 2,
    "an address not used yet": (
        server(addresses=(*LOOPBACK, V4, address(2, "2001:db8::2/64", flags=("tentative",)))),
    ) * 2,
    "addresses not read": (server(addresses=None),) * 2,
    "links not read": (server(links=None),) * 2,
}


@pytest.mark.parametrize(("before", "after"), QUIET.values(), ids=QUIET.keys())
def test_what_is_no_trouble(before: dict[str, Any], after: dict[str, Any]) -> None:
    world = World()
    world.stay(30, **before)
    world.stay(60, **after)
    assert world.told == []


def test_the_address_goes_and_the_default_route_with_it() -> None:
    world = World()
    world.stay(30, **server())
    world.stay(30, **server(addresses=(*LOOPBACK, ONLY_LOCAL), **BARE))
    # The missing route is seen sooner; then its cause is known, and it stands under that.
    assert set(world.told) == {
        (35, "route.no-default", "host", "critical"),
        (45, NO_ADDRESS, "eth0", "critical"),
        (45, "route.no-default", "host", "closed"),
    }
    found = world.finding(NO_ADDRESS)
    assert found.title == "eth0 works and has lost its address, 192.0.2.2/24"
    assert "what it has: fe80::2/64" in found.evidence and found.target == "eth0"
    world.stay(60, **server())
    assert world.names == []


def test_a_second_card_loses_its_address() -> None:
    both = (LO, ETH0, ETH1)
    world = World()
    world.stay(10, **server(links=both, addresses=(*LOOPBACK, V4, SECOND)))
    world.stay(14, **server(links=both))
    assert world.names == []
    world.stay(6, **server(links=both))
    assert world.names == [(NO_ADDRESS, "eth1", "warning")]


def test_nothing_on_the_host_has_an_address() -> None:
    world = World()
    world.stay(30, **server(addresses=(*LOOPBACK, ONLY_LOCAL), **BARE))
    assert world.names == [(NO_ADDRESS, "eth0", "warning")]
    assert "no link of this host has an address" in world.finding(NO_ADDRESS).evidence


def test_a_card_that_a_server_lent_an_address() -> None:
    world = World()
    sections = server(links=(LO, ETH0, ETH1), leases=leased("eth1", "198.51.100.7", ends=3_000))
    world.stay(30, **sections)
    assert world.names == [(NO_ADDRESS, "eth1", "warning")]
    assert "a DHCP server lent it 198.51.100.7 (eth1.lease)" in world.finding(NO_ADDRESS).evidence


def test_no_dhcp_server_answers() -> None:
    world = World()
    world.stay(9, **server(addresses=(*LOOPBACK, OWN), **BARE))
    assert world.names == []
    world.stay(30, **server(addresses=(*LOOPBACK, OWN), **BARE))
    assert world.names == [(SELF, "eth0", "warning")]
    assert world.findings[0].title == "eth0 gave itself the address 169.254.7.9: no DHCP server answers it"


def test_the_address_was_lost_to_one_of_its_own() -> None:
    world = World()
    world.stay(10, **server())
    world.stay(40, **server(addresses=(*LOOPBACK, OWN), **BARE))
    assert world.names == [(SELF, "eth0", "critical")]
    assert world.findings[0].follows == ("No default route: this host reaches only connected networks",)


def test_a_cable_to_a_device_without_dhcp_is_a_notice() -> None:
    links = (LO, ETH0, link(3, "usb0"))
    world = World()
    world.stay(60, **server(links=links, addresses=(*LOOPBACK, V4, address(3, "169.254.0.2/16"))))
    assert world.names == [(SELF, "usb0", "notice")]


def test_a_containers_card() -> None:
    veth = link(2, "eth0", "veth", parent=9, peer_netns=True)
    world = World()
    world.stay(30, **server(links=(LO, veth), addresses=(*LOOPBACK, OWN), **BARE))
    assert world.names == [(SELF, "eth0", "warning")]


TWICE = address(2, "2001:db8::2/64", flags=("permanent", "tentative", "dadfailed"))


def test_an_address_that_another_host_has() -> None:
    world = World()
    world.stay(10, **server(addresses=(*LOOPBACK, V4, TWICE)))
    assert world.told == [(3, DUPLICATE, "eth0", "warning")]
    found = world.findings[0]
    assert found.title == "Address 2001:db8::2 on eth0 is in use by another host"
    assert "2001:db8::2/64 on eth0: permanent, tentative, dadfailed" in found.evidence
    assert "ip -6 address add 2001:db8::2/64 dev eth0" in found.relief
    world.stay(10, **server(addresses=(*LOOPBACK, V4, address(2, "2001:db8::2/64"))))
    assert world.names == []


def test_the_only_address_is_one_that_another_host_has() -> None:
    world = World()
    world.stay(40, **server(addresses=(*LOOPBACK, TWICE), **BARE))
    assert world.names == [(DUPLICATE, "eth0", "warning")]
    assert world.findings[0].follows == ("eth0 works and has no address",)


@pytest.mark.parametrize(("rule", "sections"), [
    (SELF, server(addresses=(*LOOPBACK, OWN), **BARE)),
    (DUPLICATE, server(addresses=(*LOOPBACK, V4, TWICE))),
    (NO_ADDRESS, server(addresses=LOOPBACK, **BARE)),
])
def test_an_interface_may_have_limits_of_its_own(rule: str, sections: dict[str, Any]) -> None:
    silent = World(Thresholds.from_settings({rule: {"interface": {"eth0": {"enabled": False}}}}))
    silent.stay(60, **sections)
    assert silent.names == []
    late = World(Thresholds.from_settings({rule: {"interface": {"eth0": {"lasting": 50}}}}))
    late.stay(49, **sections)
    assert late.names == []
    late.stay(5, **sections)
    assert [name for name, _, _ in late.names] == [rule]


def test_once() -> None:
    found = diagnose_once(World().history(server(addresses=(*LOOPBACK, OWN), **BARE)))
    assert [(each.id, each.subject) for each in found] == [(SELF, "eth0")]


def test_a_link_without_an_address_explains_what_cannot_be_reached() -> None:
    found = next(iter(link_addresses.no_address(case_of(server(), server(addresses=LOOPBACK, **BARE)))))
    assert {("route.no-default", "host"), ("dns.unreachable", "*"), ("tcp.syn-sent-stuck", "*")} <= set(found.covers)
