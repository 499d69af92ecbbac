"""Connections that do not come about: nobody answers, the SYN queue fills, nobody accepts."""

from typing import Any

import pytest

from nettui.model.census import Attempt, HalfOpen, Listener
from tests.diagnosis.crowd import Host, program, shares

STUCK, BACKLOG, ACCEPT = "tcp.syn-sent-stuck", "tcp.syn-backlog", "tcp.accept-queue"


def attempt(address: str, port: int, count: int, retried: int, retries: int) -> Attempt:
    return Attempt(address=address, port=port, count=count, retried=retried, retries=retries, program=program())


def half_open(count: int, retried: int, peers: int, **more: Any) -> HalfOpen:
    return HalfOpen(port=8080, count=count, retried=retried, peers=peers, **{"backlog": 4_096} | more)


def listener(waiting: int, backlog: int, port: int = 8080, **more: Any) -> Listener:
    return Listener(address="0.0.0.0", port=port, waiting=waiting, backlog=backlog, program=program(), **more)


def test_a_destination_that_does_not_answer() -> None:
    host = Host()
    host.crowd(10, attempts=(attempt("10.0.9.5", 5432, 4, 3, 2),))
    assert host.names == [(STUCK, "10.0.9.5:5432", "warning")]
    found = host.findings[0]
    assert found.title == (
        "10.0.9.5:5432 does not answer: 3 connections of java[4711] waiting for it, the SYN sent again up to 2 times"
    )
    assert found.target == "state:syn-sent and dst:10.0.9.5 and dport:5432"
    assert found.relief[0] == "ip route get 10.0.9.5"


def test_a_hundred_programs_wait_for_it() -> None:
    host = Host()
    host.crowd(10, attempts=(attempt("10.0.9.5", 5432, 150, 130, 4),))
    assert host.names == [(STUCK, "10.0.9.5:5432", "critical")]


@pytest.mark.parametrize(
    "attempts",
    [
        (attempt("192.0.2.7", 443, 40, 0, 0),),  # a slow path, nothing sent again
        (attempt("192.0.2.7", 443, 40, 2, 1),),  # a SYN was lost, and sent again after a second
        (), None,
    ],
)
def test_connections_that_are_merely_being_opened(attempts: Any) -> None:
    host = Host()
    host.crowd(60, attempts=attempts)
    assert host.told == []


def test_a_destination_that_is_silent_for_a_moment() -> None:
    host = Host()
    for _ in range(10):
        host.crowd(4, attempts=(attempt("10.0.9.5", 5432, 4, 3, 2),))
        host.crowd(2, attempts=())
    assert host.told == []


def test_many_destinations_are_one_finding() -> None:
    host = Host()
    host.crowd(10, attempts=tuple(attempt(f"198.51.100.{i}", 443, 2, 2, 3) for i in range(20)))
    assert host.names == [(STUCK, "host", "warning")]
    assert host.findings[0].title.startswith("20 destinations do not answer: 40 connections of java[4711]")


def test_who_dials_dead_addresses_all_day_is_no_warning() -> None:
    """A peer-to-peer client: each address has a port of its own, and many are long gone."""
    host = Host()
    host.crowd(60, attempts=tuple(attempt(f"198.51.100.{i}", 6_000 + i, 1, 1, 3) for i in range(20)))
    assert host.names == [(STUCK, "host", "notice")]


def test_a_silent_destination_explains_the_failures() -> None:
    host = Host()
    host.run(40, lambda n: host.sections(n, None, {
        "attempts": (attempt("10.0.9.5", 5432, 700, 700, 3),),
        "vitals": host._risen({"tcp_attempt_fails": 100, "tcp_active_opens": 100}),
    }))
    assert host.names == [(STUCK, "10.0.9.5:5432", "critical")]
    assert len(host.findings[0].follows) == 1


def test_a_syn_flood() -> None:
    host = Host()
    host.crowd(10, half_open=(half_open(300, 240, 290),))
    assert host.names == [(BACKLOG, ":8080", "critical")]
    assert "300 half-open connections on :8080 from 290 addresses, more than 200: a SYN flood" in host.findings[0].title
    assert host.findings[0].target == "state:syn-recv and sport:8080"


def test_a_bad_path_to_a_few_clients() -> None:
    host = Host()
    host.crowd(10, half_open=(half_open(60, 58, 2, most=shares(**{"192.0.2.7": 50, "192.0.2.8": 10})),))
    assert host.names == [(BACKLOG, ":8080", "warning")]
    assert "from only 2 addresses" in host.findings[0].title
    assert any("192.0.2.7 50, 192.0.2.8 10" in line for line in host.findings[0].evidence)


def test_a_syn_queue_that_overflows_though_it_is_short() -> None:
    host = Host()
    host.run(10, lambda n: host.sections(n, None, {
        "half_open": (half_open(16, 0, 16, backlog=16),),
        "vitals": host._risen({"req_q_full_do_cookies": 500}),
    }))
    assert host.names == [(BACKLOG, ":8080", "warning")]
    assert any("500 SYNs per second found the queue full" in line for line in host.findings[0].evidence)
    assert host.told[0][0] <= 7


def test_a_syn_queue_that_overflows_and_nobody_sees_which() -> None:
    host = Host()
    host.run(10, lambda n: host.sections(n, None, {
        "half_open": (), "vitals": host._risen({"req_q_full_drop": 20}),
    }))
    assert host.names == [(BACKLOG, "host", "warning")]


def test_a_busy_server_has_many_handshakes_under_way() -> None:
    host = Host()
    host.crowd(60, half_open=(half_open(400, 6, 390),))
    host.crowd(60, half_open=())
    host.crowd(60, half_open=None)
    assert host.told == []


def test_a_port_with_limits_of_its_own() -> None:
    host = Host({BACKLOG: {"port": {"8080": {"warning": 1_000, "critical": 2_000}}}})
    host.crowd(30, half_open=(half_open(300, 240, 290),))
    assert host.told == []


def test_nobody_accepts() -> None:
    host = Host()
    host.crowd(10, listeners=(listener(129, 128),))
    assert host.names == [(ACCEPT, ":8080", "critical")]
    found = host.findings[0]
    assert found.title.startswith("The accept queue of java[4711] on :8080 is full, 129 waiting at a backlog of 128")
    assert "ss -ltn sport = :8080" in found.relief and found.target == "sport:8080"
    assert any("net.core.somaxconn = 4,096" in line for line in found.evidence)


@pytest.mark.parametrize(
    ("waiting", "backlog", "severity"),
    [
        (103, 128, "warning"), (128, 128, "warning"), (129, 128, "critical"),
        # The kernel takes one more than the backlog: one where it is 0, two where it is 1.
        (1, 0, "critical"), (1, 1, "warning"), (2, 1, "critical"),
    ],
)
def test_how_full_is_full(waiting: int, backlog: int, severity: str) -> None:
    host = Host()
    host.crowd(10, listeners=(listener(waiting, backlog),))
    assert host.names == [(ACCEPT, ":8080", severity)]
    assert ("clients are turned away" in host.findings[0].title) == (severity == "critical")


def test_a_part_that_is_not_counted_for_a_while_neither_opens_nor_closes() -> None:
    host = Host()
    full = (listener(129, 128),)
    host.crowd(10, listeners=full)
    host.crowd(40, listeners=None)
    assert host.names == [(ACCEPT, ":8080", "critical")]
    host.crowd(5, listeners=full)
    host.crowd(120, listeners=None)
    assert host.names == []
    for _ in range(10):
        host.crowd(4, listeners=full)
        host.crowd(31, listeners=None)
    assert host.told[-1][3] == "closed"


@pytest.mark.parametrize("waiting", [0, 60, 102])
def test_a_queue_with_room(waiting: int) -> None:
    host = Host()
    host.crowd(60, listeners=(listener(waiting, 128, drops=7),))
    assert host.told == []


def test_a_queue_that_is_emptied_again_and_again() -> None:
    host = Host()
    host.crowd(120, listeners=lambda n: (listener(129 if n % 6 < 4 else 0, 128),))
    assert host.told == []


def test_it_clears_below_four_fifths_of_the_mark() -> None:
    host = Host()
    host.crowd(10, listeners=(listener(120, 128),))
    host.crowd(30, listeners=(listener(90, 128),))  # 70 %: above 64
    assert host.names == [(ACCEPT, ":8080", "warning")]
    host.crowd(15, listeners=(listener(80, 128),))
    assert host.names == []


def test_overflows_are_laid_to_the_listener_that_drops() -> None:
    """Each time one looks the queue has just been emptied, but the kernel counts."""
    host = Host()
    host.run(12, lambda n: host.sections(n, None, {
        "listeners": (listener(0, 16, port=22, drops=900), listener(3, 16, drops=10 * n)),
        "vitals": host._risen({"listen_overflows": 10}),
    }))
    assert host.names == [(ACCEPT, ":8080", "critical")]
    assert "overflows: 10 connections per second" in host.findings[0].title


def test_overflows_that_nobody_is_seen_to_cause() -> None:
    host = Host()
    host.run(12, lambda n: host.sections(n, None, {
        "listeners": (), "vitals": host._risen({"listen_overflows": 3}),
    }))
    assert host.names == [(ACCEPT, "host", "warning")]


def test_a_single_burst_of_overflows() -> None:
    host = Host()
    for rate in (0, 500, 0):
        host.run(20 if not rate else 2, lambda n, rate=rate: host.sections(n, None, {
            "listeners": (), "vitals": host._risen({"listen_overflows": rate}),
        }))
    assert host.told == []


def test_the_fullest_of_several_listeners_at_a_port_speaks_for_it() -> None:
    host = Host()
    host.crowd(10, listeners=(listener(1, 128), listener(129, 128), listener(2, 128)))
    assert host.names == [(ACCEPT, ":8080", "critical")]


def test_clients_that_hung_up_before_they_were_accepted_are_its_consequence() -> None:
    host = Host()
    host.crowd(
        10, states={"CLOSE_WAIT": 120}, listeners=(listener(129, 128),), half_open=(half_open(60, 58, 2),)
    )
    assert host.names == [(ACCEPT, ":8080", "critical")]
    assert len(host.findings[0].follows) == 2
