"""Real faults, made in network namespaces, read from the kernel and named by the diagnosis; and hosts that are well.

Readings are the kernel's; only the clock is simulated: the same reading is shown at advancing times.
"""

import asyncio
import contextlib
import shlex
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nettui.linux.host import LinuxHost
from nettui.model.neighbour import NeighbourState
from nettui.model.resolver import Resolver, ResolverConfig
from nettui.model.tcp import TcpCounts, TcpState
from tests.diagnosis.world import MAY_BE_MISSING, World
from tests.lab_support import Lab, required_lab

pytestmark = pytest.mark.lab

GATEWAY, HOST, BEYOND = "192.0.2.1", "192.0.2.2", "198.51.100.1"


async def _sections() -> dict[str, Any]:
    backend = LinuxHost()
    try:
        routes, total = await backend.routes(10_000)
        return {
            "links": await backend.links(),
            "addresses": await backend.addresses(),
            "routes": routes,
            "routes_total": total,
            "rules": await backend.rules(),
            "neighbours": await backend.neighbours(),
            "tcp": await backend.tcp(),
        }
    finally:
        backend.close()


def read(lab: Lab) -> dict[str, Any]:
    return lab.call(lambda: asyncio.run(_sections()))


def wait_for(lab: Lab, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first reading like that; the kernel may take a moment."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        sections = read(lab)
        if wanted(sections):
            return sections
        time.sleep(0.05)
    raise AssertionError(sections)


def provoke(lab: Lab, destination: str = BEYOND) -> None:
    """Have the kernel look for the gateway: one datagram that cannot leave the two namespaces."""

    def send() -> None:
        family = socket.AF_INET6 if ":" in destination else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"x", (destination, 9))

    lab.call(send)


def state_of(sections: dict[str, Any], address: str) -> NeighbourState | None:
    return next((n.state for n in sections["neighbours"] if n.address == address), None)


def usable(sections: dict[str, Any], name: str) -> bool:
    return any(link.name == name and link.usable for link in sections["links"])


@pytest.fixture
def router(lab: Lab) -> Iterator[Lab]:
    """The other end of the lab's eth0: a router at 192.0.2.1 that leads nowhere."""
    with required_lab(beside=lab) as made:
        lab.ip(f"link add eth0 type veth peer name gw netns {made.pid}", f"addr add {HOST}/24 dev eth0")
        made.ip(f"addr add {GATEWAY}/24 dev gw", "link set gw up")
        lab.ip("link set eth0 up", f"route add default via {GATEWAY}")
        yield made


def is_well(sections: dict[str, Any]) -> World:
    world = World()
    world.stay(30, **sections)
    assert world.told == []
    return world


def healthy(lab: Lab) -> World:
    """The lab with its router, and half a minute of a session in which all is well."""
    provoke(lab)
    return is_well(wait_for(lab, lambda s: usable(s, "eth0") and state_of(s, GATEWAY) is NeighbourState.REACHABLE))


def relieve(lab: Lab, *commands: str) -> None:
    """Do as the finding says, as far as every host can."""
    for command in commands:
        if command.startswith("nettui "):  # it need not be installed under that name
            command = f"{shlex.quote(sys.executable)} -m {command}"
        argv = shlex.split(command)
        if argv[0] not in MAY_BE_MISSING:
            lab.run(*argv)


def test_the_default_route_is_deleted(lab: Lab, router: Lab) -> None:
    world = healthy(lab)
    lab.ip("route del default")
    world.stay(15, **read(lab))
    assert world.names == [("route.no-default", "host", "critical")]
    relieve(lab, *world.findings[0].relief)
    world.stay(15, **read(lab))
    assert world.names == []


def test_the_gateway_does_not_answer(lab: Lab, router: Lab) -> None:
    world = healthy(lab)
    router.ip(f"addr del {GATEWAY}/24 dev gw")
    lab.ip("neigh flush dev eth0")
    lab.sysctl("ipv4/neigh/eth0/retrans_time_ms", 300)
    provoke(lab)
    world.stay(3, **wait_for(lab, lambda s: state_of(s, GATEWAY) is NeighbourState.INCOMPLETE))
    assert world.names == []
    world.stay(30, **wait_for(lab, lambda s: state_of(s, GATEWAY) is NeighbourState.FAILED))
    assert world.names == [("route.gateway-unreachable", GATEWAY, "critical")]
    relieve(lab, *world.findings[0].relief)
    router.ip(f"addr add {GATEWAY}/24 dev gw")
    provoke(lab)
    world.stay(60, **wait_for(lab, lambda s: state_of(s, GATEWAY) is NeighbourState.REACHABLE))
    assert world.names == []


def test_the_other_end_goes_down(lab: Lab, router: Lab) -> None:
    world = healthy(lab)
    router.ip("link set gw down")
    world.stay(60, **wait_for(lab, lambda s: not usable(s, "eth0")))
    assert world.names == [("link.no-carrier", "eth0", "critical")]
    assert world.findings[0].title.startswith("eth0 is down (no carrier), and with it the default route")
    relieve(lab, *world.findings[0].relief)
    router.ip("link set gw up")
    world.stay(60, **wait_for(lab, lambda s: usable(s, "eth0")))
    assert world.names == []


def test_the_link_is_set_down_and_its_relief_relieves(lab: Lab, router: Lab) -> None:
    world = healthy(lab)
    lab.ip("link set eth0 down")
    world.stay(60, **read(lab))
    assert world.names == [("link.down", "eth0", "critical")]
    assert world.findings[0].title.startswith("eth0 is down (it was set down), and with it the default route")
    relieve(lab, *world.findings[0].relief)
    world.stay(60, **wait_for(lab, lambda s: usable(s, "eth0")))
    assert world.names == []


def reaches(lab: Lab, destination: str = BEYOND) -> bool:
    """Whether the kernel has a route to it."""
    return lab.allows(f"route get {destination}")


def test_two_default_routes_of_one_rank(lab: Lab, router: Lab) -> None:
    world = healthy(lab)
    lab.ip("route append default via 192.0.2.9")
    world.stay(30, **read(lab))
    assert world.names == [("route.duplicate-default", "IPv4", "warning")]
    assert "via 192.0.2.1 dev eth0, and via 192.0.2.9 dev eth0" in world.findings[0].title
    relieve(lab, *world.findings[0].relief)
    assert [route["gateway"] for route in lab.ip_json("route show default")] == [GATEWAY]
    world.stay(60, **read(lab))
    assert world.names == []


@pytest.mark.parametrize("kind", ["blackhole", "unreachable", "prohibit"])
def test_a_route_to_nowhere_is_preferred_to_the_default_route(lab: Lab, router: Lab, kind: str) -> None:
    world = healthy(lab)
    lab.ip("route del default", f"route add default via {GATEWAY} metric 100", f"route add {kind} default")
    assert not reaches(lab)
    world.stay(30, **read(lab))
    assert world.names == [("route.blackhole", "0.0.0.0/0", "critical")]
    relieve(lab, *world.findings[0].relief)
    assert reaches(lab)
    world.stay(60, **read(lab))
    assert world.names == []


def test_the_name_server_is_inside_a_route_to_nowhere(lab: Lab, router: Lab) -> None:
    resolvers = {"resolvers": ResolverConfig(resolvers=(Resolver(address=BEYOND),))}
    world = healthy(lab)
    lab.ip("route add blackhole 198.51.100.0/24")
    assert not reaches(lab)
    world.stay(30, **read(lab), **resolvers)
    assert world.names == [("route.blackhole", "198.51.100.0/24", "critical")]
    relieve(lab, *world.findings[0].relief)
    assert reaches(lab)
    world.stay(60, **read(lab), **resolvers)
    assert world.names == []


def test_routes_to_nowhere_that_are_as_they_should_be(lab: Lab, router: Lab) -> None:
    lab.ip(
        "route add blackhole 10.244.0.0/16 proto bird", "route add unreachable 203.0.113.7",
        "route add prohibit default metric 4278198272", "-6 route add unreachable default metric 4294967295 dev lo",
        "-6 route add blackhole fd00::/8", "route add blackhole default table 100",
    )
    assert reaches(lab)
    healthy(lab)


def test_the_address_is_taken_away(lab: Lab, router: Lab) -> None:
    world = healthy(lab)
    lab.ip(f"addr del {HOST}/24 dev eth0")
    world.stay(30, **wait_for(lab, lambda s: not any(a.address == HOST for a in s["addresses"])))
    assert world.names == [("link.no-address", "eth0", "critical")]
    assert len(world.findings[0].follows) == 1  # that there is no default route
    relieve(lab, *world.findings[0].relief)
    lab.ip(f"addr add {HOST}/24 dev eth0", f"route add default via {GATEWAY}")
    world.stay(60, **read(lab))
    assert world.names == []


def test_the_host_gives_itself_an_address(lab: Lab, router: Lab) -> None:
    world = healthy(lab)
    lab.ip(f"addr del {HOST}/24 dev eth0", "addr add 169.254.7.9/16 dev eth0 scope link")
    world.stay(30, **read(lab))
    assert world.names == [("link.self-assigned", "eth0", "critical")]
    relieve(lab, *world.findings[0].relief)
    lab.ip("addr del 169.254.7.9/16 dev eth0", f"addr add {HOST}/24 dev eth0", f"route add default via {GATEWAY}")
    world.stay(60, **read(lab))
    assert world.names == []


def test_another_host_has_the_address(lab: Lab, router: Lab) -> None:
    """Both ends of the veth with one IPv6 address: the kernel asks before it uses it, and the other end answers."""

    def flags(sections: dict[str, Any]) -> set[str]:
        return {flag for a in sections["addresses"] if a.address == "2001:db8::2" for flag in a.flags}

    world = healthy(lab)
    router.ip("addr add 2001:db8::2/64 dev gw nodad")
    lab.ip("addr add 2001:db8::2/64 dev eth0")
    world.stay(10, **wait_for(lab, lambda s: "dadfailed" in flags(s)))
    assert world.names == [("link.duplicate-address", "eth0", "warning")]
    assert world.findings[0].title == "Address 2001:db8::2 on eth0 is in use by another host"
    router.ip("addr del 2001:db8::2/64 dev gw")
    relieve(lab, *world.findings[0].relief)
    world.stay(60, **wait_for(lab, lambda s: flags(s) == {"permanent"}))
    assert world.names == []


def one_by_one(leak: bool) -> list[TcpCounts]:
    """120 connections on loopback whose clients hang up, and after each what the kernel counts."""

    async def count() -> list[TcpCounts]:
        backend, found = LinuxHost(), []
        with contextlib.ExitStack() as held:
            listener = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=16))
            for _ in range(120):
                client = socket.create_connection(listener.getsockname())
                accepted, _ = listener.accept()
                client.close()
                assert accepted.recv(1) == b""
                if leak:
                    held.enter_context(accepted)
                else:
                    accepted.close()
                found.append(await backend.tcp())
        found.append(await backend.tcp())
        backend.close()
        return found

    return asyncio.run(count())


def test_a_program_that_never_closes(lab: Lab) -> None:
    readings = lab.call(lambda: one_by_one(leak=True))
    assert [r[TcpState.CLOSE_WAIT] for r in readings] == [*range(1, 121), 0]
    world, sections = World(), read(lab)
    for counts in readings[:-1]:
        world.tick(**sections | {"tcp": counts})
    world.stay(5, **sections | {"tcp": readings[-2]})
    assert world.names == [("tcp.close-wait-leak", "host", "critical")]
    assert world.findings[0].title.startswith("120 connections in CLOSE_WAIT and growing")
    relieve(lab, *world.findings[0].relief)
    world.stay(45, **sections | {"tcp": readings[-1]})
    assert world.names == []


def test_a_program_that_closes(lab: Lab) -> None:
    readings = lab.call(lambda: one_by_one(leak=False))
    world, sections = World(), read(lab)
    for counts in readings:
        world.tick(**sections | {"tcp": counts})
    assert world.told == []


def test_nothing_but_loopback(lab: Lab) -> None:
    is_well(read(lab))


def test_a_docker_host_without_any_other_network(lab: Lab) -> None:
    lab.ip("link add docker0 type bridge", "addr add 172.17.0.1/16 dev docker0", "link set docker0 up")
    world = is_well(read(lab))
    with required_lab(beside=lab) as container:
        lab.ip(f"link add veth1 type veth peer name eth0 netns {container.pid}", "link set veth1 master docker0 up")
        container.ip(
            "addr add 172.17.0.2/16 dev eth0", "link set eth0 up", "route add default via 172.17.0.1"
        )
        world.stay(30, **wait_for(lab, lambda s: usable(s, "docker0")))
        is_well(read(container))
    world.stay(30, **wait_for(lab, lambda s: not any(link.name == "veth1" for link in s["links"])))
    assert world.told == []


def test_ipv6_only(lab: Lab) -> None:
    with required_lab(beside=lab) as router:
        lab.ip(f"link add eth0 type veth peer name gw netns {router.pid}")
        router.ip("addr add fe80::1/64 dev gw nodad", "link set gw up")
        lab.ip(
            "addr add 2001:db8::2/64 dev eth0 nodad", "link set eth0 up", "route add default via fe80::1 dev eth0"
        )
        wait_for(lab, lambda s: usable(s, "eth0"))
        provoke(lab, "2001:db8:1::1")
        is_well(wait_for(lab, lambda s: state_of(s, "fe80::1") is NeighbourState.REACHABLE))


def test_a_policy_table_has_the_default_route(lab: Lab, router: Lab) -> None:
    lab.ip("route del default", f"route add default via {GATEWAY} table 100", "rule add from all lookup 100")
    healthy(lab)
