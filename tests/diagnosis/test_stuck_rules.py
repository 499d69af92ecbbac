"""Connections that stand though their peer is gone, and those that do not get closed."""

from typing import Any

import pytest

from nettui.model.census import Closing, Pool, Silent, Unanswered
from tests.diagnosis.crowd import Host, program

ZOMBIE, LAST, FIN2 = "tcp.zombie", "tcp.last-ack", "tcp.fin-wait2"


def unanswered(count: int = 1, retries: int = 5, **more: Any) -> Unanswered:
    usual = {"state": "ESTABLISHED", "address": "10.0.9.5", "port": 5432, "local_port": None, "kind": "retransmit"}
    return Unanswered(count=count, retries=retries, program=program(), **usual | more)


def closing(state: str, count: int, address: str = "10.0.9.5", **more: Any) -> Closing:
    return Closing(state=state, address=address, port=None, local_port=None, count=count, program=program(), **more)


def test_a_database_that_is_gone() -> None:
    host = Host()
    host.crowd(15, states={"ESTABLISHED": 40}, unanswered=(unanswered(),))
    assert host.names == [(ZOMBIE, "10.0.9.5", "warning")]
    found = host.findings[0]
    assert found.title.startswith("10.0.9.5:5432 does not answer any more: 1 connection of java[4711]")
    assert found.target == "dst:10.0.9.5"
    assert any("net.ipv4.tcp_retries2 = 15" in line for line in found.evidence)


def test_a_dead_peer_is_one_finding_whatever_is_stuck_to_it() -> None:
    host = Host()
    host.run(40, lambda n: host.sections(n, {"ESTABLISHED": 40}, {
        "unanswered": (
            unanswered(20), unanswered(9, port=6379, kind="keepalive", retries=3), unanswered(4, state="CLOSE_WAIT"),
            unanswered(30, state="LAST_ACK"),
        ),
        "closing": (closing("LAST_ACK", 30, retried=30),),
        # What they send again is all that is sent again.
        "vitals": host._risen({"tcp_out_segs": 60, "tcp_retrans_segs": 9}),
    }))
    assert host.names == [(ZOMBIE, "10.0.9.5", "warning")]
    assert len(host.findings[0].follows) == 2
    assert host.findings[0].value == 33


@pytest.mark.parametrize(("resent", "told"), [(9, [ZOMBIE]), (200, [ZOMBIE, "tcp.retransmit"])])
def test_what_it_sends_again_is_told_once_and_what_others_do_too(resent: int, told: list[str]) -> None:
    """33 connections that have been waiting for 3 s and more send some ten segments again each second."""
    host = Host()
    host.run(40, lambda n: host.sections(n, {"ESTABLISHED": 40}, {
        "unanswered": (unanswered(33),),
        "vitals": host._risen({"tcp_out_segs": 100 * resent / 9, "tcp_retrans_segs": resent}),
    }))
    assert [rule for rule, _, _ in host.names] == told


def test_a_path_that_loses_explains_the_fins_that_are_lost() -> None:
    host = Host()
    host.run(40, lambda n: host.sections(n, None, {
        "closing": tuple(closing("LAST_ACK", 4, f"198.51.100.{i}", retried=3) for i in range(10)),
        "vitals": host._risen({"tcp_out_segs": 1_000, "tcp_retrans_segs": 200}),
    }))
    assert host.names == [("tcp.retransmit", "host", "warning")]
    assert len(host.findings[0].follows) == 1


@pytest.mark.parametrize(
    "groups",
    [
        (unanswered(retries=3),),  # a few losses in a row
        (unanswered(kind="keepalive", retries=1),),
        (unanswered(state="FIN_WAIT1"),),  # closing is another matter
        (), None,
    ],
)
def test_what_may_yet_answer(groups: Any) -> None:
    host = Host()
    host.crowd(60, unanswered=groups)
    assert host.told == []


def test_clients_of_a_public_server_come_and_go() -> None:
    """Some telephone is always just out of reach; a machine with all its connections is another matter."""
    host = Host()
    gone = tuple(
        unanswered(address=f"198.51.100.{i}", port=50_000 + i, local_port=443) for i in range(20)
    )
    host.crowd(60, states={"ESTABLISHED": 5_000}, unanswered=gone)
    assert host.told == []
    host.crowd(15, states={"ESTABLISHED": 5_000}, unanswered=(unanswered(25, port=None, local_port=443), *gone))
    assert host.names == [(ZOMBIE, "10.0.9.5", "warning")]


def test_one_of_few_clients_is_worth_a_notice() -> None:
    host = Host()
    host.crowd(15, states={"ESTABLISHED": 10}, unanswered=(unanswered(port=50_000, local_port=8080),))
    assert host.names == [(ZOMBIE, "10.0.9.5", "notice")]


def test_a_pool_whose_database_is_gone_is_that_peers_matter() -> None:
    host = Host()
    host.crowd(40, unanswered=(unanswered(10),), pools=(Pool(
        program=program(), address="10.0.9.5", port=5432, role="PostgreSQL", established=10, waiting=10,
    ),))
    assert host.names == [(ZOMBIE, "10.0.9.5", "warning")]
    assert len(host.findings[0].follows) == 1


def test_it_closes_when_the_peer_answers() -> None:
    host = Host()
    host.crowd(15, unanswered=(unanswered(),))
    host.crowd(25, unanswered=())
    assert host.told[-1][1:] == (ZOMBIE, "10.0.9.5", "closed")


def test_silence_without_keepalive_is_a_notice_after_two_hours() -> None:
    host = Host()
    groups = Silent(program=program(), local_port=None, port=5432, count=8, longest=7_000)
    host.crowd(15, unanswered=(), silent=(groups,))
    assert host.told == []
    groups = Silent(program=program(), local_port=None, port=5432, count=8, longest=10_800)
    host.crowd(15, unanswered=(), silent=(groups, Silent(
        program=program(), local_port=None, port=6379, count=2, longest=8_000,
    )))
    assert host.names == [(ZOMBIE, "java[4711]", "notice")]
    assert "8 connections of java[4711] silent for up to 3 h" in host.findings[0].title
    assert host.findings[0].target == "state:established and pid:4711 and dport:5432 and idle>7200s"


def test_a_port_may_be_silent_for_longer() -> None:
    host = Host({ZOMBIE: {"port": {"22": {"notice": 100_000}}}})
    groups = Silent(program=program("sshd", 22), local_port=22, port=None, count=8, longest=90_000)
    host.crowd(30, unanswered=(), silent=(groups,))
    assert host.told == []


def test_fins_that_a_peer_does_not_acknowledge() -> None:
    host = Host()
    host.crowd(20, closing=(closing("LAST_ACK", 30, retried=15), closing("FIN_WAIT1", 12, retried=10, orphans=12)))
    assert host.names == [(LAST, "10.0.9.5", "warning")]
    assert host.findings[0].value == 25
    assert any("30 in LAST_ACK, 12 in FIN_WAIT1" in line for line in host.findings[0].evidence)


def test_fins_that_nobody_acknowledges() -> None:
    host = Host()
    host.crowd(20, closing=tuple(closing("LAST_ACK", 4, f"198.51.100.{i}", retried=3) for i in range(10)))
    assert host.names == [(LAST, "host", "warning")]
    assert "30 connections to 10 peers" in host.findings[0].title


def test_clients_that_vanish_before_their_fin_is_acknowledged_are_everyday_on_a_public_server() -> None:
    host = Host()
    gone = tuple(closing("FIN_WAIT1", 2, f"198.51.100.{i}", retried=2, orphans=2) for i in range(32))
    host.crowd(60, states={"ESTABLISHED": 5_000}, closing=gone)
    assert host.told == []


def test_some_of_the_many_clients_behind_one_address_are_gone() -> None:
    host = Host()
    host.crowd(60, states={"ESTABLISHED": 9_000}, unanswered=(unanswered(20, port=None, local_port=443),))
    assert host.told == []


def test_a_proxy_that_closes_five_thousand_connections_a_second() -> None:
    """Each is in LAST_ACK for a round trip; none needs a second FIN."""
    host = Host()
    host.crowd(60, closing=(closing("LAST_ACK", 150), closing("FIN_WAIT1", 300), closing("FIN_WAIT2", 400)))
    assert host.told == []


def test_a_peer_that_does_not_close_its_side() -> None:
    host = Host()
    host.crowd(20, closing=(closing("FIN_WAIT2", 1_500, orphans=1_500),))
    assert host.names == [(FIN2, "10.0.9.5", "warning")]
    assert any("net.ipv4.tcp_fin_timeout = 60" in line for line in host.findings[0].evidence)
    assert "Whoever maintains the program on the peer" in host.findings[0].cure


def test_a_program_that_waits_for_its_peer_to_close() -> None:
    host = Host()
    host.crowd(20, closing=(closing("FIN_WAIT2", 1_500, orphans=100),))
    assert "java[4711] waits for 10.0.9.5 to close 1,500 connections" in host.findings[0].title
    assert "tcp_fin_timeout does not end them" in host.findings[0].cause


def test_a_public_server_has_many_half_closed_clients() -> None:
    host = Host()
    many = tuple(closing("FIN_WAIT2", 600, f"198.51.100.{i}", orphans=600) for i in range(30))
    host.crowd(60, states={"FIN_WAIT2": 20_000}, closing=many)
    host.crowd(20, closing=None)
    assert host.told == []


def test_a_peer_with_limits_of_its_own() -> None:
    host = Host({FIN2: {"peer": {"10.0.9.5": {"warning": 5_000}}}, LAST: {"peer": {"10.0.9.5": {"enabled": False}}}})
    host.crowd(60, closing=(closing("FIN_WAIT2", 1_500), closing("LAST_ACK", 90, retried=90)))
    assert host.told == []
