"""Hosts with a lot to do and nothing wrong: five minutes of each, and not a word."""

from collections.abc import Callable
from typing import Any

import pytest

from nettui.model.census import Closing, Destination, HalfOpen, Listener, Pool, Unanswered
from nettui.model.watched import Gauge, Gauges
from tests.diagnosis.crowd import Host, holder, program

Reading = Callable[[Host, int], dict[str, Any]]


def web_server(host: Host, n: int) -> dict[str, Any]:
    """A thousand new connections a second from everywhere; it hangs up first, and some clients are always gone."""
    return host.sections(n, {"ESTABLISHED": 6_000, "TIME_WAIT": 5_000 + n % 50, "FIN_WAIT2": 3_000, "LAST_ACK": 80}, {
        "holders": (holder(3 + n % 9, program("nginx", 80)),),
        "listeners": (Listener(address="::", port=443, waiting=n % 7 * 20, backlog=511, program=program("nginx", 80)),),
        "half_open": (HalfOpen(port=443, count=90, retried=5, peers=88, backlog=511),),
        "unanswered": tuple(
            Unanswered(state="ESTABLISHED", address=f"198.51.100.{i}", port=50_000 + i, local_port=443, count=1,
                       retries=6, kind="retransmit", program=program("nginx", 80)) for i in range(32)
        ),
        "closing": tuple(
            Closing(state="FIN_WAIT1", address=f"203.0.113.{i}", port=None, local_port=443, count=3, retried=2)
            for i in range(32)
        ),
        "vitals": host._risen({
            "tcp_out_segs": 40_000, "tcp_retrans_segs": 500, "syn_retrans": 30, "tcp_passive_opens": 1_000,
            "tcp_attempt_fails": 8, "tcp_estab_resets": 60, "tcp_out_rsts": 200, "listen_overflows": 0.2,
        }),
    })


def proxy(host: Host, n: int) -> dict[str, Any]:
    """A reverse proxy that keeps its backend connections and uses a third of the ports toward one of them."""
    return host.sections(n, {"ESTABLISHED": 12_000, "TIME_WAIT": 9_000}, {
        "destinations": (
            Destination(source="10.0.0.2", address="10.0.1.1", port=8080, live=900, time_wait=8_000 + 300 * (n % 3)),
        ),
        "closing": (
            Closing(state="FIN_WAIT2", address="10.0.1.1", port=8080, local_port=None, count=200, orphans=200),
        ),
        "holders": (),
        "vitals": host._risen({"tcp_out_segs": 9_000, "tcp_retrans_segs": 20, "tcp_active_opens": 150}),
    })


def application(host: Host, n: int) -> dict[str, Any]:
    """An application server: pools partly busy, now and then all busy; a deploy each minute replaces everything."""
    pid = 4_000 + n // 60
    fresh = n % 60 < 3
    return host.sections(n, {"ESTABLISHED": 300, "CLOSE_WAIT": 45 if fresh else 2}, {
        "holders": (holder(45 if fresh else 2, program("java", pid - fresh)),),
        "pools": (
            Pool(program=program("java", pid), address="10.0.9.5", port=5432, role="PostgreSQL", established=20,
                 waiting=20 if n % 60 > 45 else 7),
        ),
        "listeners": (Listener(address="0.0.0.0", port=8080, waiting=101 if fresh else 0, backlog=100),),
        "gauges": Gauges(at=0, gauges=(Gauge(name="orders", value=20 if n % 60 > 45 else 7, maximum=20, waiting=0),)),
        "vitals": host._risen({"tcp_estab_resets": 400 if fresh else 0, "tcp_passive_opens": 40, "tcp_out_segs": 900}),
    })


def behind_balancers(host: Host, n: int) -> dict[str, Any]:
    """Next to nothing to do, but health checks come in and break off."""
    return host.sections(n, {"ESTABLISHED": 4}, {
        "half_open": (HalfOpen(port=80, count=2, retried=0, peers=2, backlog=128),),
        "vitals": host._risen({"tcp_attempt_fails": 30, "tcp_out_segs": 60, "tcp_out_rsts": 5}),
    })


@pytest.mark.parametrize("reading", [web_server, proxy, application, behind_balancers])
@pytest.mark.parametrize("interval", [1.0, 5.0])
def test_a_busy_host_is_silent(reading: Reading, interval: float) -> None:
    host = Host(interval=interval)
    host.run(300, lambda n: reading(host, round(n * interval)))
    assert host.told == []
