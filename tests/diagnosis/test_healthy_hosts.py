"""Hosts that are well, and busy: everything is read, and no rule has a word to say of it."""

from typing import Any

import pytest

from nettui.diagnosis.diagnose import diagnose_once
from nettui.model.census import Census, Program, UdpLoss
from nettui.model.link import Counters
from nettui.model.process import Owner
from nettui.model.resolver import Resolver, ResolverConfig
from nettui.model.vitals import KernelSettings, Vitals
from nettui.model.watched import Lease, Leases, Processes, ProcessUse
from tests.diagnosis.world import LO, LOOPBACK, START, World, address, link, neighbour, route, server

ETH0 = link(2, "eth0", speed=1_000)
LAN = route("192.0.2.0/24", None, 2, protocol="kernel")
DEFAULT = route("default", "192.0.2.1", 2)
V4 = address(2, "192.0.2.2/24")
PODS = tuple(link(10 + i, f"veth{i:x}", "veth", parent=2, peer_netns=True) for i in range(40))
SETTINGS = KernelSettings(at=START, gc_thresh3=1_024, gc_thresh3_v6=1_024, netdev_max_backlog=1_000, rmem_max=212_992)


def leased(interface: str, text: str, ends: float) -> Leases:
    return Leases(at=START, leases=(
        Lease(interface=interface, address=text, server="192.0.2.1", seconds=86_400, expires_at=START + ends),
    ))


HOSTS: dict[str, dict[str, Any]] = {
    "a web server": server(links=(LO, ETH0)),
    "a server with ports nobody uses": server(links=(
        LO, ETH0, link(3, "eth1", carrier=False), link(4, "eth2", up=False), link(5, "eth3"), link(6, "eth0v0"),
    )),
    "docker": server(
        links=(LO, ETH0, link(3, "docker0", "bridge"), link(4, "br-1a2b", "bridge", carrier=False),
               *(link(10 + i, f"veth{i}", "veth", master=3, parent=2, peer_netns=True) for i in range(20))),
        addresses=(*LOOPBACK, V4, address(3, "172.17.0.1/16"), address(4, "172.18.0.1/16")),
        routes=(DEFAULT, LAN, route("172.17.0.0/16", None, 3), route("172.18.0.0/16", None, 4, flags=("linkdown",))),
    ),
    "a Kubernetes node": server(
        links=(LO, ETH0, *PODS, link(3, "kube-ipvs0", "dummy", up=False), link(4, "nodelocaldns", "dummy"),
               link(5, "vxlan.calico", "vxlan")),
        addresses=(*LOOPBACK, V4, address(4, "169.254.20.10/32"), address(5, "10.244.1.0/32")),
        routes=(DEFAULT, LAN, route("10.244.1.0/26", type="blackhole", protocol="bird"),
                *(route(f"10.244.1.{i}/32", None, 10 + i) for i in range(40))),
    ),
    "IPv6 only": server(
        addresses=(
            *LOOPBACK, address(2, "2001:db8::2/64", flags=("mngtmpaddr",)), address(2, "fe80::2/64", scope="link")
        ),
        routes=(route("default6", "fe80::1", 2, protocol="ra", metric=1024),
                route("default6", "fe80::9", 2, protocol="ra", metric=1024)),
        neighbours=(neighbour(2, "fe80::1", "REACHABLE"),),
    ),
    "a container with only lo": server(links=(LO,), addresses=LOOPBACK, routes=(), neighbours=()),
    "a container": server(
        links=(LO, link(2, "eth0", "veth", parent=9, peer_netns=True)),
        addresses=(*LOOPBACK, address(2, "172.17.0.2/16")), routes=(route("default", "172.17.0.1", 2),),
        neighbours=(neighbour(2, "172.17.0.1", "REACHABLE"),),
    ),
    "a laptop with cable and radio": server(
        links=(LO, link(2, "enp3s0", carrier=False), link(3, "wlp2s0", "wifi", speed=866), link(4, "wwan0", "wwan",
               carrier=False)),
        addresses=(*LOOPBACK, address(3, "192.0.2.2/24")),
        routes=(route("default", "192.0.2.1", 3, metric=600), route("192.0.2.0/24", None, 3)),
        neighbours=(neighbour(3, "192.0.2.1", "REACHABLE"),), leases=leased("wlp2s0", "192.0.2.2", 50_000),
    ),
    "a VPN client": server(
        links=(LO, ETH0, link(3, "tun0", "tun"), link(4, "wg0", "wireguard")),
        addresses=(*LOOPBACK, V4, address(3, "10.8.0.2/24"), address(4, "10.9.0.2/32")),
        routes=(DEFAULT, LAN, route("0.0.0.0/1", "10.8.0.1", 3), route("128.0.0.0/1", "10.8.0.1", 3),
                route("default", None, 4, table=51820)),
    ),
    "a server with a management port to itself": server(
        links=(LO, ETH0, link(3, "idrac")), addresses=(*LOOPBACK, V4),
    ),
    "a hypervisor": server(
        links=(LO, link(2, "eth0", master=3), link(3, "br0", "bridge"), link(4, "vnet0", "tun", master=3)),
        addresses=(*LOOPBACK, address(3, "192.0.2.2/24")), routes=(route("default", "192.0.2.1", 3),),
        neighbours=(neighbour(3, "192.0.2.1", "REACHABLE"),),
    ),
    "a bond with VLANs": server(
        links=(LO, link(2, "eth0", master=4), link(3, "eth1", master=4), link(4, "bond0", "bond"),
               link(5, "bond0.7", "vlan", parent=4), link(6, "bond0.8", "vlan", parent=4)),
        addresses=(*LOOPBACK, address(5, "192.0.2.2/24"), address(6, "198.51.100.2/24")),
        routes=(route("default", "192.0.2.1", 5),), neighbours=(neighbour(5, "192.0.2.1", "REACHABLE"),),
    ),
    "a firewall with bans": server(
        links=(LO, ETH0, link(3, "eth1", speed=1_000)), addresses=(*LOOPBACK, V4, address(3, "198.51.100.2/24")),
        routes=(DEFAULT, LAN, *(route(f"203.0.113.{i}/32", type="unreachable") for i in range(200)),
                route("default", type="unreachable", metric=4278198272)),
    ),
}


def busy(second: int) -> dict[str, Any]:
    """What a busy host counts: a lot, and next to nothing of it lost."""
    counters = tuple(Counters(
        ifindex=ifindex, rx_bytes=60_000_000 * second, tx_bytes=90_000_000 * second, rx_packets=60_000 * second,
        tx_packets=70_000 * second, rx_errors=second // 3, tx_errors=0, rx_dropped=6 * second, tx_dropped=second,
    ) for ifindex in range(2, 50))
    vitals = Vitals(
        at=START, conntrack=120_000 + 50 * second, conntrack_max=262_144, neighbours4=400, neighbours6=300,
        neighbour_overflows=0, softnet_processed=130_000 * second, softnet_dropped=12 + second // 10,
        softnet_squeezed=40 * second, descriptors=40_000, descriptors_max=9_223_372_036_854_775_807,
        udp_in_datagrams=9_000 * second, udp_out_datagrams=9_000 * second, udp_rcvbuf_errors=70 + second // 4,
        udp_sndbuf_errors=0,
    )
    processes = Processes(at=START, seen=300, used=(
        ProcessUse(pid=900, name="nginx", descriptors=700 + second % 60, limit=1_024),
        ProcessUse(pid=901, name="dhcpcd", descriptors=14, limit=14),
    ))
    named = Program(owner=Owner(pid=77, name="named"))
    udp = (UdpLoss(address="0.0.0.0", port=53, drops=60 + second // 4, queued=0, program=named),)
    return {
        "counters": counters, "vitals": vitals, "processes": processes, "settings": SETTINGS,
        "census": Census(at=START, sockets=90, udp=udp),
        "resolvers": ResolverConfig(resolvers=(Resolver(address="198.51.100.53"), Resolver(address="127.0.0.53"))),
    }


@pytest.mark.parametrize("sections", HOSTS.values(), ids=HOSTS.keys())
def test_a_host_that_is_well(sections: dict[str, Any]) -> None:
    world = World()
    for second in range(120):
        world.tick(**{**busy(second), **sections})
    assert world.told == []
    assert diagnose_once(world.history({**busy(120), **sections})) == ()
