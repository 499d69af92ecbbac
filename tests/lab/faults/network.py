"""Faults of links, addresses, routes and neighbours, each really made between namespaces."""

import time

from tests.lab.faults.host import Host
from tests.lab.faults.scenario import Scenario, Stage

GATEWAY = "192.0.2.1"


def _uplink(stage: Stage) -> None:
    stage.kept["router"] = stage.uplink()
    _ask_beyond(stage)


def _ask_beyond(stage: Stage) -> None:
    """Have the kernel look for the gateway: a datagram that leads nowhere."""
    stage.host.run(
        "python3", "-c", "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('198.51.100.1', 9))",
        check=False,
    )


def _second_link(stage: Stage) -> Host:
    """One more interface, eth1, to a router of its own."""
    other = stage.another()
    stage.host.ip(f"link add eth1 type veth peer name gw netns {other.pid}")
    other.ip("addr add 203.0.113.1/24 dev gw", "link set gw up")
    return other


def _cable_pulled(stage: Stage) -> None:
    stage.kept["router"].ip("link set gw down")


def _set_down(stage: Stage) -> None:
    stage.host.ip("link set eth0 down")


def _gateway_silent(stage: Stage) -> float:
    stage.kept["router"].ip(f"addr del {GATEWAY}/24 dev gw")
    stage.host.ip("neigh flush dev eth0")
    stage.host.sysctl("ipv4/neigh/eth0/retrans_time_ms", 300)
    _ask_beyond(stage)
    return time.time() + 1.0


def _no_default(stage: Stage) -> None:
    stage.host.ip("route del default")


def _two_defaults(stage: Stage) -> None:
    _second_link(stage)
    stage.host.ip("addr add 203.0.113.2/24 dev eth1", "link set eth1 up")
    stage.host.run("ip", "route", "append", "default", "via", "203.0.113.1", net_only=True)


def _blackhole(stage: Stage) -> None:
    stage.host.ip(f"route del default via {GATEWAY}", f"route add default via {GATEWAY} metric 100",
                  "route add blackhole default metric 50")


def _addressless(stage: Stage) -> None:
    _uplink(stage)
    _second_link(stage)
    stage.host.ip("addr add 203.0.113.2/24 dev eth1", "link set eth1 up")


def _address_gone(stage: Stage) -> None:
    stage.host.ip("addr flush dev eth1")


def _self_assigned(stage: Stage) -> None:
    _second_link(stage)
    stage.host.ip("link set eth1 up", "addr add 169.254.17.4/16 dev eth1 scope link")


def _duplicate(stage: Stage) -> float:
    stage.kept["router"].ip("addr add 2001:db8::2/64 dev gw nodad")
    stage.host.ip("addr add 2001:db8::2/64 dev eth0")
    return time.time() + 2.0


def _conntrack(stage: Stage) -> None:
    stage.host.ip("addr add 198.51.100.1/32 dev lo")
    stage.host.nft("out ct state new counter")
    stage.kept["rain"] = stage.host.actor("scatter", address="198.51.100.1", count=215_000, source_ports=4)


def _conntrack_fills(stage: Stage) -> float:
    stage.kept["rain"].go_on()
    return time.time()


SCENARIOS = (
    Scenario("the cable is pulled", (("link.no-carrier", "eth0"),), setting=_uplink, fault=_cable_pulled),
    Scenario("somebody sets the interface down", (("link.down", "eth0"),), setting=_uplink, fault=_set_down),
    Scenario(
        "the gateway does not answer ARP", (("route.gateway-unreachable", r"192\.0\.2\.1"),), setting=_uplink,
        fault=_gateway_silent, lasting=10,
    ),
    Scenario("the default route is deleted", (("route.no-default", "host"),), setting=_uplink, fault=_no_default),
    Scenario(
        "two default routes of the same metric", (("route.duplicate-default", ".*"),), setting=_uplink,
        fault=_two_defaults, lasting=15,
    ),
    Scenario("a blackhole route swallows the default", (("route.blackhole", ".*"),), setting=_uplink, fault=_blackhole),
    Scenario(
        "an interface loses its address", (("link.no-address", "eth1"),), setting=_addressless, fault=_address_gone,
        lasting=15,
    ),
    Scenario(
        "DHCP did not answer: 169.254", (("link.self-assigned", "eth1"),), setting=_uplink, fault=_self_assigned,
        lasting=10,
    ),
    Scenario(
        "another host has the same IPv6 address", (("link.duplicate-address", "eth0"),), setting=_uplink,
        fault=_duplicate, lasting=3,
    ),
    Scenario(
        "connection tracking is nearly full", (("nat.conntrack-full", "host"),), setting=_conntrack,
        fault=_conntrack_fills, lasting=3, seconds=30, needs=("nft",),
    ),
)
