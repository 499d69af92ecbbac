"""Ephemeral ports toward one destination: 28,232 of them by default, and one minute of rest for each that was used."""

from typing import Any

import pytest

from nettui.model.census import UNKNOWN, Destination
from tests.diagnosis.crowd import USUAL, Host, program
from tests.diagnosis.world import START

RULE = "tcp.port-exhaustion"


def toward(time_wait: int, live: int, address: str = "10.0.9.5", port: int = 5432, **more: Any) -> Destination:
    more = {"source": "10.0.0.2", "program": program()} | more
    return Destination(address=address, port=port, live=live, time_wait=time_wait, **more)


def test_time_wait_takes_the_ports_and_is_the_destinations_finding_not_the_hosts() -> None:
    host = Host()
    host.crowd(10, states={"TIME_WAIT": 16_500}, destinations=(toward(16_000, 40),))
    assert host.names == [(RULE, "10.0.9.5:5432", "warning")]
    found = host.finding(RULE)
    # 16,040 of 28,232 are 57 %.
    assert found.title == (
        "57 % of the ephemeral ports toward 10.0.9.5:5432 are used, more than 50 %: "
        "16,000 rest in TIME_WAIT, 40 are live"
    )
    assert found.target == "dst:10.0.9.5 and dport:5432 and state:time-wait"
    assert "sysctl -w net.ipv4.tcp_tw_reuse=1" in found.relief
    assert any("net.ipv4.ip_local_port_range = 32768 60999" in line for line in found.evidence)
    assert found.since == START


def test_live_connections_take_them() -> None:
    host = Host()
    host.crowd(10, destinations=(toward(100, 24_000),))
    found = host.finding(RULE)
    assert (found.severity, found.threshold) == ("critical", 80)
    assert "24,000 are live, most of java[4711]" in found.title
    assert any("ss -tanp dst 10.0.9.5 dport = :5432" in line for line in found.relief)


def test_time_left() -> None:
    host = Host()
    host.crowd(30, destinations=lambda n: (toward(20_000 + 100 * n, 0),))
    found = host.finding(RULE)
    # 22,900 are taken, 5,332 left, at 100 a second.
    assert found.left == pytest.approx(53.3, abs=1)
    assert "none is left in 53 s" in found.title


def test_a_steady_share_has_no_end() -> None:
    host = Host()
    host.crowd(30, destinations=lambda n: (toward(16_000 + 300 * (n % 2), 0),))
    assert host.finding(RULE).left is None


def test_a_narrowed_range_is_the_measure() -> None:
    narrow = type(USUAL)(at=0, port_first=40_000, port_last=40_999, ports_reserved=500)
    host = Host()
    host.crowd(10, settings=narrow, destinations=(toward(450, 0),))
    found = host.finding(RULE)
    assert (found.severity, found.value) == ("critical", 90)


def test_ipv6_and_two_sources_are_one_destination() -> None:
    host = Host()
    sources = tuple(
        toward(count, 0, address="2001:db8::5", port=443, source=source, program=UNKNOWN)
        for source, count in (("2001:db8::1", 1_000), ("2001:db8::2", 20_000))
    )
    host.crowd(10, destinations=sources)
    found = host.finding(RULE)
    assert found.subject == "[2001:db8::5]:443"
    assert any("from 2001:db8::2" in line for line in found.evidence)


@pytest.mark.parametrize("peer", ["10.0.9.5:5432", "10.0.9.5"])
def test_a_destination_with_limits_of_its_own(peer: str) -> None:
    host = Host({RULE: {"peer": {peer: {"warning": 90, "critical": 95}}}})
    host.crowd(10, destinations=(toward(24_000, 0), toward(24_000, 0, address="10.0.9.6")))
    assert [subject for rule, subject, _ in host.names if rule == RULE] == ["10.0.9.6:5432"]


def test_what_is_no_trouble() -> None:
    host = Host()
    # A busy web server: its clients' connections rest here, but each client has a port of its own.
    host.crowd(60, states={"TIME_WAIT": 5_000, "ESTABLISHED": 3_000}, destinations=())
    host.crowd(60, states={"TIME_WAIT": 9_000}, destinations=(toward(9_000, 50),))
    host.crowd(60, settings=None, destinations=(toward(20_000, 50),))
    host.crowd(4, destinations=(toward(27_000, 50),))
    host.crowd(30, destinations=None)
    assert host.told == []


def test_where_ports_are_not_watched_the_host_speaks() -> None:
    host = Host({RULE: {"enabled": False}})
    host.crowd(10, states={"TIME_WAIT": 16_500}, destinations=(toward(16_000, 40),))
    assert host.names == [("tcp.time-wait", "host", "critical")]


def test_time_wait_spread_over_many_destinations_is_the_hosts() -> None:
    host = Host()
    spread = tuple(toward(1_100, 0, address=f"10.0.9.{i}") for i in range(12))
    host.crowd(10, states={"TIME_WAIT": 13_200}, destinations=spread)
    assert host.names == [("tcp.time-wait", "host", "warning")]
    assert any("1,100 from 10.0.0.2 to 10.0.9.0:5432" in line for line in host.findings[0].evidence)
