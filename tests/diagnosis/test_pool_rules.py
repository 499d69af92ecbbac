"""Pools: at their maximum and all in use, or merely idle, busy, growing."""

from collections.abc import Callable
from typing import Any

import pytest

from nettui.model.census import Pool
from nettui.model.watched import Gauge, Gauges
from tests.diagnosis.crowd import Host, program
from tests.diagnosis.world import START

RULE = "pool.exhausted"
SUBJECT = "java[4711] to 10.0.9.5:5432"


def pool(established: int, waiting: int, port: int = 5432, role: str = "PostgreSQL", **more: Any) -> Pool:
    return Pool(
        program=program(), address="10.0.9.5", port=port, role=role, established=established, waiting=waiting, **more
    )


def test_a_pool_that_is_used_up() -> None:
    host = Host()
    host.crowd(35, pools=(pool(10, 10, longest=12.5),))
    assert host.names == [(RULE, SUBJECT, "warning")]
    found = host.findings[0]
    assert "java[4711] has used up its pool to PostgreSQL 10.0.9.5:5432: all 10 connections stay in use" in found.title
    assert found.target == "state:established and dst:10.0.9.5 and dport:5432 and pid:4711"
    assert any("the one that waits longest does so for 12.5 s" in line for line in found.evidence)
    assert found.since == START and host.told[0][0] <= 32


STEADY: dict[str, Callable[[int], tuple[Pool, ...]]] = {
    "idle": lambda n: (pool(20, 0),),
    "partly busy": lambda n: (pool(20, 14),),
    "all busy every other second": lambda n: (pool(20, 20 * (n % 2)),),
    "growing": lambda n: (pool(10 + n // 5, 10 + n // 5),),
    "growing slowly": lambda n: (pool(100 + n // 10, 100 + n // 10),),
    "shrinking": lambda n: (pool(40 - n // 5, 40 - n // 5),),
    "too few to be a pool": lambda n: (pool(4, 4),),
    "busy for 20 s of 40": lambda n: (pool(10, 10 if n % 40 < 20 else 2),),
    "there for 20 s": lambda n: (pool(10, 10),) if n % 40 < 20 else (),
}


@pytest.mark.parametrize("pools", STEADY.values(), ids=STEADY.keys())
def test_pools_that_are_no_trouble(pools: Callable[[int], tuple[Pool, ...]]) -> None:
    host = Host()
    host.crowd(100, pools=pools)
    assert host.told == []


def test_a_pool_looked_at_seldom() -> None:
    host = Host(interval=10.0)
    host.crowd(200, pools=lambda n: (pool(10, 10 if n % 4 else 2),))
    assert host.told == []
    host.crowd(50, pools=(pool(10, 10),))
    assert host.names == [(RULE, SUBJECT, "warning")]


def test_a_connection_that_is_replaced_now_and_then_changes_nothing() -> None:
    host = Host()
    host.crowd(40, pools=lambda n: (pool(9, 9) if n % 11 == 5 else pool(10, 10),))
    assert host.names == [(RULE, SUBJECT, "warning")]


def test_it_closes_when_connections_come_free() -> None:
    host = Host()
    host.crowd(40, pools=(pool(10, 10),))
    host.crowd(45, pools=(pool(10, 3),))
    assert [what for _, _, _, what in host.told] == ["warning", "closed"]


def test_consumers_that_wait_for_work_are_a_notice() -> None:
    host = Host()
    host.crowd(40, pools=(pool(10, 10, port=6379, role="Redis"), pool(12, 12, port=8500, role="")))
    assert {(subject, severity) for _, subject, severity in host.names} == {
        ("java[4711] to 10.0.9.5:6379", "notice"), ("java[4711] to 10.0.9.5:8500", "notice"),
    }


def test_limits_of_a_program() -> None:
    host = Host({RULE: {"process": {"java": {"enabled": False}}}})
    host.crowd(60, pools=(pool(10, 10),))
    assert host.told == []


def test_pools_that_were_not_counted() -> None:
    host = Host()
    host.crowd(20, pools=(pool(10, 10),))
    host.crowd(40, pools=None)
    assert host.told == []


def gauge(**figures: Any) -> Gauges:
    return Gauges(at=0, gauges=(Gauge(name="orders", **figures),))


def tell(host: Host, seconds: float, gauges: Gauges | None) -> None:
    host.run(seconds, lambda n: {"gauges": gauges})


def test_a_gauge_at_its_maximum() -> None:
    host = Host()
    tell(host, 35, gauge(value=10, maximum=10, waiting=0))
    assert host.names == [(RULE, "orders", "warning")]
    found = host.findings[0]
    assert found.title == "orders: 10 of 10 in use, 100 %, more than 90 %"
    assert set(found.trend) == {10} and host.told[0][0] == 30


def test_a_gauge_with_somebody_waiting() -> None:
    host = Host()
    tell(host, 35, gauge(value=5, waiting=3))
    assert host.findings[0].title == "orders: 3 wait for one, more than 0, with 5 of ? in use"


@pytest.mark.parametrize("figures", [{"value": 7, "maximum": 10}, {"value": 900}, {"value": 5, "maximum": 0}, {}])
def test_gauges_that_are_no_trouble(figures: dict[str, float]) -> None:
    host = Host()
    tell(host, 60, gauge(**figures))
    tell(host, 60, None)
    assert host.told == []


def test_a_gauge_that_cannot_be_read_is_told_without_alarm() -> None:
    host = Host()
    tell(host, 35, gauge(error="connection refused"))
    assert host.names == [(RULE, "orders", "notice")]
    assert host.findings[0].title == "The gauge orders cannot be read: connection refused"


def test_a_gauge_with_limits_of_its_own() -> None:
    host = Host({RULE: {"gauge": {"orders": {"warning": 99, "lasting": 5}}}})
    tell(host, 20, gauge(value=98, maximum=100))
    assert host.told == []
    tell(host, 7, gauge(value=100, maximum=100))
    assert host.names == [(RULE, "orders", "warning")]
