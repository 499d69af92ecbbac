"""One Snapshot and no past: what may be said, and what may not."""

from typing import Any

from nettui.diagnosis.diagnose import diagnose_once
from nettui.diagnosis.thresholds import Thresholds
from tests.diagnosis.world import LO, START, World, counts, link, neighbour, server


def told(sections: dict[str, Any], **settings: Any) -> list[tuple[str, str]]:
    found = diagnose_once(World().history(sections), Thresholds.from_settings(settings))
    assert all("this is a single reading: whether it lasts is not known" in f.evidence for f in found)
    return [(f.id, f.severity.value) for f in found]


def test_a_healthy_host() -> None:
    assert told(server()) == []


def test_what_is_beyond_its_threshold_now() -> None:
    assert told(server(tcp=counts(CLOSE_WAIT=64, TIME_WAIT=16_000))) == [
        ("tcp.time-wait", "critical"), ("tcp.close-wait", "warning")
    ]


def test_the_mark_for_clearing_does_not_matter() -> None:
    assert told(server(tcp=counts(CLOSE_WAIT=45))) == []


def test_routes_and_links() -> None:
    assert told(server(routes=())) == [("route.no-default", "warning")]
    assert told(server(links=(LO, link(2, "eth0", carrier=False)))) == [("link.no-carrier", "critical")]
    # Whether this one ever worked cannot be known.
    assert told(server(links=(LO, link(2, "eth0"), link(3, "eth1", carrier=False)))) == []


def test_a_gateway_being_asked_is_normal_and_one_that_failed_is_not() -> None:
    assert told(server(neighbours=(neighbour(2, "192.0.2.1", "INCOMPLETE"),))) == []
    failed = server(neighbours=(neighbour(2, "192.0.2.1", "FAILED"),))
    assert told(failed) == [("route.gateway-unreachable", "critical")]


def test_sections_that_were_not_read() -> None:
    nothing = dict.fromkeys(("links", "addresses", "routes", "neighbours", "tcp"))
    assert told(nothing) == []


def test_a_rule_switched_off() -> None:
    assert told(server(routes=()), **{"route.no-default": {"enabled": False}}) == []


def test_a_failure_the_kernel_dates_is_dated() -> None:
    failed = server(neighbours=(neighbour(2, "192.0.2.1", "FAILED", updated=30.0),))
    assert diagnose_once(World().history(failed))[0].since == START - 30
