"""Rules on name servers and names: each fault is named with its server, and healthy hosts are silent."""

from typing import Any

import pytest

from nettui.diagnosis.diagnose import diagnose_once
from nettui.diagnosis.thresholds import Thresholds
from nettui.engine.keeper import Keeper
from nettui.model.resolver import Resolver, ResolverConfig
from nettui.model.route import Rule
from nettui.model.snapshot import Snapshot
from nettui.model.watched import Probe, Probes
from tests.diagnosis.world import LO, LOOPBACK, World, address, link, neighbour, route, server

FIRST, SECOND = "192.0.2.53", "198.51.100.53"


def resolvers(*addresses: str, **more: Any) -> ResolverConfig:
    return ResolverConfig(resolvers=tuple(Resolver(address=each) for each in addresses), **more)


def host(*addresses: str, **changes: Any) -> dict[str, Any]:
    return server(resolvers=resolvers(*(addresses or (FIRST, SECOND))), **changes)


def answer(server: str = FIRST, name: str = "api.example", **more: Any) -> Probe:
    usual = {"rcode": "NOERROR", "seconds": 0.02, "addresses": ("192.0.2.7",)}
    return Probe(name=name, server=server, **usual | more)


def nothing(server: str = FIRST, name: str = "api.example", error: str = "no answer in 2 s") -> Probe:
    return Probe(name=name, server=server, error=error)


def world(*settings: tuple[str, Any]) -> World:
    """One that speaks of names only: other rules have worlds of their own."""
    return World(Thresholds.from_settings(dict(settings)))


def probing(of: World, rounds: int, *probes: Probe, every: int = 5, **sections: Any) -> None:
    """Rounds of probes, each shown for `every` seconds as the live engine shows it."""
    base = sections or host()
    for _ in range(rounds):
        shown = Probes(at=of.now, probes=probes)
        for _ in range(every):
            of.findings = of.diagnosis.update(of._keeper.add(
                Snapshot(taken_at=of.now, tcp_at=of.now, **base | {"probes": shown})
            ))
            of._remember(round(of.now, 3))
            of.now += 1.0


# No server


def test_no_resolver_on_a_host_with_a_network_is_critical() -> None:
    w = world()
    w.stay(20, **server(resolvers=ResolverConfig(warnings=("/etc/resolv.conf does not exist",))))
    assert w.names == [("dns.no-resolver", "host", "critical")]
    assert w.finding("dns.no-resolver").evidence == (
        "/etc/resolv.conf does not exist", "this host has 192.0.2.2/24 on eth0"
    )
    w.stay(40, **host())
    assert w.names == []


def test_a_container_with_only_loopback_needs_no_resolver() -> None:
    w = world()
    w.stay(60, **server(
        links=(LO,), addresses=LOOPBACK, routes=(), neighbours=(), resolvers=ResolverConfig(search=("ns.svc",))
    ))
    assert w.names == []


# Unreachable


def test_a_healthy_host_without_listed_names_is_silent() -> None:
    w = world()
    w.stay(60, **host("127.0.0.53", FIRST, SECOND))
    assert w.names == []


def test_an_on_link_server_that_is_failed_is_unreachable() -> None:
    w = world()
    base = host()
    w.stay(15, **base | {"neighbours": (*base["neighbours"], neighbour(2, FIRST, "FAILED", updated=3.0))})
    assert w.names == [("dns.unreachable", FIRST, "warning")]
    found = w.finding("dns.unreachable")
    assert found.title == f"DNS server {FIRST} cannot be reached (silent on eth0); others are configured"
    assert f"dig @{FIRST} ." in found.relief
    w.stay(40, **base)
    assert w.names == []


@pytest.mark.parametrize("state", ["STALE", "DELAY", "PROBE", "REACHABLE", "INCOMPLETE", "PERMANENT"])
def test_an_on_link_server_in_another_state_is_not(state: str) -> None:
    w = world()
    w.stay(30, **host(neighbours=(neighbour(2, "192.0.2.1", "REACHABLE"), neighbour(2, FIRST, state))))
    assert w.names == []


def test_an_old_failure_says_nothing_of_now() -> None:
    w = world()
    old = neighbour(2, FIRST, "FAILED", updated=900.0)
    w.stay(30, **host(neighbours=(neighbour(2, "192.0.2.1", "REACHABLE"), old)))
    assert w.names == []


def test_no_route_to_any_server_is_one_finding() -> None:
    w = World(Thresholds.from_settings({"route.no-default": {"enabled": False}}))
    only = (route("192.0.2.0/24", None, 2, protocol="kernel"),)
    w.stay(20, **host("198.51.100.53", "203.0.113.53", routes=only))
    assert w.names == [("dns.unreachable", "198.51.100.53", "critical")]
    found = w.finding("dns.unreachable")
    assert found.title == "No DNS server can be reached: 198.51.100.53 (no route)"
    assert len(found.follows) == 1


@pytest.mark.parametrize("kind", ["blackhole", "unreachable", "prohibit"])
def test_a_route_that_refuses_covers_a_server(kind: str) -> None:
    w = world(("route.blackhole", {"enabled": False}))
    base = host()
    w.stay(20, **base | {"routes": (*base["routes"], route("198.51.100.0/24", type=kind))})
    assert w.names == [("dns.unreachable", SECOND, "warning")]
    assert kind in w.finding("dns.unreachable").title
    better = (*base["routes"], route("198.51.100.0/24", type=kind), route("198.51.100.53/32", "192.0.2.1", 2))
    w.stay(40, **base | {"routes": better})
    assert w.names == []


def test_what_cannot_be_known_of_a_route_is_not_said() -> None:
    only = (route("192.0.2.0/24", None, 2, protocol="kernel"),)
    odd = Rule(family="inet", priority=100, table=7, uid_range=(0, 100))
    for more in ({"routes_total": 900_000}, {"backend": "portable"}, {"rules": (odd,)}):
        w = World(Thresholds.from_settings({"route.no-default": {"enabled": False}}))
        w.stay(20, **host(SECOND, routes=only, **more))
        assert w.names == [], more


def test_a_route_of_another_table_that_a_rule_leads_to_counts() -> None:
    rules = (Rule(family="inet", priority=0, table=255), Rule(family="inet", priority=9, table=7),
             Rule(family="inet", priority=32766, table=254))  # fmt: skip
    base = host(SECOND)
    w = world()
    routes = (route("default", "192.0.2.1", 2, table=7), route("192.0.2.0/24", None, 2))
    w.stay(20, **base | {"routes": routes, "rules": rules})
    assert w.names == []
    w.stay(20, **base | {"routes": routes, "rules": (rules[0], rules[2])})
    assert w.names == [("dns.unreachable", SECOND, "critical")]


def test_an_ipv6_server_without_ipv6_is_left_alone_while_another_can_be_reached() -> None:
    w = world()
    w.stay(30, **host("2001:db8::53", FIRST))
    assert w.names == []
    w.stay(30, **host("2001:db8::53"))
    assert w.names == [("dns.unreachable", "2001:db8::53", "critical")]


def test_a_server_that_answers_no_name_is_unreachable_until_it_answers() -> None:
    w = world()
    probing(w, 2, answer(), answer(SECOND))
    probing(w, 4, nothing(), nothing(name="www.example"), answer(SECOND))
    assert w.names == [("dns.unreachable", FIRST, "warning")]
    found = w.finding("dns.unreachable")
    assert "asked 2 names in the last round (api.example, www.example): no answer in 2 s" in found.evidence
    probing(w, 6, answer(), answer(SECOND))
    assert w.names == []


def test_all_servers_that_answer_nothing_are_one_critical_finding() -> None:
    w = world()
    probing(w, 4, nothing(), nothing(SECOND, error="connection refused"))
    assert w.names == [("dns.unreachable", FIRST, "critical")]
    assert w.findings[0].follows == (f"No DNS server can be reached: {SECOND} (connection refused)",)


def test_one_lost_round_and_one_lost_name_are_nothing() -> None:
    w = world()
    probing(w, 3, answer(), answer(SECOND))
    probing(w, 1, nothing(), answer(SECOND))
    probing(w, 3, nothing(), answer(name="www.example"), answer(SECOND))
    assert w.told == []


def test_an_answer_proves_more_than_a_table() -> None:
    w = world()
    base = host()
    failed = (*base["neighbours"], neighbour(2, FIRST, "FAILED"))
    probing(w, 4, answer(), answer(SECOND), **base | {"neighbours": failed})
    assert w.names == []


def test_old_rounds_and_servers_of_the_past_do_not_count() -> None:
    w = world()
    probing(w, 3, nothing("203.0.113.9"), answer())
    assert w.names == []
    probing(w, 1, nothing(), nothing(SECOND), every=1)
    old = Probes(at=w.now, probes=(nothing(), nothing(SECOND)))
    later = Snapshot(taken_at=w.now + 600, probes=old, **host())
    assert not [f for f in diagnose_once(Keeper().add(later)) if f.id.startswith("dns.")]


# Slow


def test_a_slow_server_is_named_with_its_median() -> None:
    w = world()
    probing(w, 8, answer(seconds=0.9), answer(SECOND))
    assert w.names == [("dns.slow", FIRST, "warning")]
    assert w.finding("dns.slow").title == f"DNS server {FIRST} takes 900 ms, more than 500 ms"
    probing(w, 3, answer(seconds=2.5), answer(SECOND))
    probing(w, 6, answer(seconds=2.5), answer(SECOND))
    assert w.names == [("dns.slow", FIRST, "critical")]
    probing(w, 12, answer(), answer(SECOND))
    assert w.names == []


def test_one_slow_answer_in_three_is_nothing() -> None:
    w = world()
    for _ in range(8):
        probing(w, 1, answer(seconds=1.9), answer(SECOND))
        probing(w, 2, answer(), answer(SECOND))
    assert not w.told


def test_a_name_and_a_server_may_have_limits_of_their_own() -> None:
    w = world(("dns.slow", {"name": {"far.example": {"warning": 1500}}, "server": {SECOND: {"warning": 50}}}))
    probing(w, 8, answer(name="far.example", seconds=0.9), answer(), answer(SECOND, seconds=0.1))
    assert w.names == [("dns.slow", SECOND, "warning")]
    probing(w, 8, answer(name="far.example", seconds=1.9), answer())
    assert ("dns.slow", f"far.example at {FIRST}", "warning") in w.names


# Failing


def test_a_name_that_every_server_fails_is_critical_and_one_that_some_fail_a_warning() -> None:
    w = world()
    probing(w, 5, answer(rcode="SERVFAIL", addresses=()), answer(SECOND))
    assert w.names == [("dns.failing", f"api.example at {FIRST}", "warning")]
    probing(w, 6, answer(rcode="SERVFAIL", addresses=()), answer(SECOND, rcode="REFUSED", addresses=()))
    assert ("dns.failing", "api.example", "critical") in w.names
    probing(w, 10, answer(), answer(SECOND))
    assert w.names == []


def test_no_such_name_and_a_single_failure_are_nothing() -> None:
    w = world()
    for _ in range(4):
        probing(w, 1, answer(rcode="SERVFAIL"), answer(SECOND, rcode="NXDOMAIN", addresses=()))
        probing(w, 1, answer(rcode="NXDOMAIN", addresses=()), answer(SECOND, rcode="NXDOMAIN", addresses=()))
    assert not w.told


def test_a_name_can_be_left_out() -> None:
    w = world(("dns.failing", {"name": {"api.example": {"enabled": False}}}))
    probing(w, 5, answer(rcode="SERVFAIL"), answer(SECOND, rcode="SERVFAIL"))
    assert w.names == []


# The hosts file


@pytest.mark.parametrize(
    ("hosts", "title"),
    [
        (("10.0.0.9",), "The hosts file says api.example is 10.0.0.9; DNS says 192.0.2.7"),
        (("0.0.0.0", "::"), "The hosts file blocks api.example (0.0.0.0, ::); DNS says 192.0.2.7"),
    ],
)
def test_a_hosts_file_that_says_otherwise_is_a_notice(hosts: tuple[str, ...], title: str) -> None:
    w = world()
    probing(w, 1, answer(hosts=hosts), answer(SECOND, hosts=hosts))
    assert w.names == [("dns.hosts-override", "api.example", "notice")]
    assert w.findings[0].title == title


def test_a_hosts_file_that_agrees_or_knows_what_dns_does_not_is_fine() -> None:
    w = world()
    probing(w, 3, answer(hosts=("192.0.2.7",)), answer(SECOND, addresses=("192.0.2.8",), hosts=("192.0.2.7",)))
    probing(w, 3, answer(rcode="NXDOMAIN", addresses=(), hosts=("10.0.0.9",)))
    assert not w.told


# Leaks


TUNNEL = link(7, "wg0", "wireguard")
WG_QUICK = (
    Rule(family="inet", priority=0, table=255),
    Rule(family="inet", priority=32764, table=254, suppress_prefixlength=0),
    Rule(family="inet", priority=32765, table=51820, fwmark=51820, inverted=True),
    Rule(family="inet", priority=32766, table=254),
    Rule(family="inet", priority=32767, table=253),
)


def tunnelled(*addresses: str, tunnel: Any = TUNNEL, **changes: Any) -> dict[str, Any]:
    base = host(*addresses)
    own = {"links": (*base["links"], tunnel), "addresses": (*base["addresses"], address(7, "10.8.0.2/24"))}
    return base | own | changes


def wg_quick(*addresses: str) -> dict[str, Any]:
    base = tunnelled(*addresses)
    more = (route("default", None, 7, table=51820), route("10.8.0.0/24", None, 7))
    return base | {"routes": (*base["routes"], *more), "rules": WG_QUICK}


def test_a_server_beside_the_tunnel_of_wg_quick_leaks() -> None:
    w = world()
    w.stay(20, **wg_quick(FIRST, "10.8.0.1", SECOND))
    assert w.names == [("dns.leak", FIRST, "warning")]
    assert w.finding("dns.leak").title == f"Questions to DNS server {FIRST} leave by eth0, beside the tunnel wg0"
    w.stay(40, **wg_quick("10.8.0.1", SECOND, "127.0.0.53"))
    assert w.names == []


def test_a_server_beside_the_halves_of_openvpn_leaks() -> None:
    w = world()
    base = tunnelled(SECOND, tunnel=link(7, "tun0", "tun"))
    halves = (route("0.0.0.0/1", "10.8.0.1", 7), route("128.0.0.0/1", "10.8.0.1", 7), route("10.8.0.0/24", None, 7))
    w.stay(20, **base | {"routes": (*base["routes"], *halves)})
    assert w.names == []
    past = (*base["routes"], *halves, route(f"{SECOND}/32", "192.0.2.1", 2))
    w.stay(20, **base | {"routes": past})
    assert w.names == [("dns.leak", SECOND, "warning")]
    half = (*base["routes"], halves[0], halves[2], route(f"{SECOND}/32", "192.0.2.1", 2))
    w.stay(40, **base | {"routes": half})
    assert w.names == [], "half a default route is none"


def test_a_tunnel_for_some_networks_is_no_leak() -> None:
    w = world()
    base = tunnelled(FIRST, SECOND)
    w.stay(20, **base | {"routes": (*base["routes"], route("10.0.0.0/8", None, 7))})
    assert w.names == []


def test_ppp_that_is_the_way_out_is_no_tunnel() -> None:
    w = world()
    base = tunnelled(FIRST, tunnel=link(7, "ppp0", "ppp"))
    w.stay(20, **base | {"routes": (route("default", None, 7), route("192.0.2.0/24", None, 2, protocol="kernel"))})
    assert w.names == []


def test_a_recording_with_nonsense_for_addresses_does_not_stop_the_diagnosis() -> None:
    w = world()
    w.stay(20, **wg_quick("none", "999.1.1.1", "%", "fe80::1%"))
    assert not [name for name in w.names if name[0] == "dns.leak"]
