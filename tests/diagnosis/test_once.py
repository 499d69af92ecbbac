"""One Snapshot and no past: what may be said, and what may not."""

from typing import Any

from nettui.diagnosis.diagnose import Diagnosis, diagnose_once
from nettui.diagnosis.thresholds import Thresholds
from nettui.engine.keeper import Keeper
from nettui.model.snapshot import Snapshot
from tests.diagnosis.world import LO, START, World, counts, link, neighbour, server

ONCE = "this is a single reading: whether it lasts is not known"


def told(sections: dict[str, Any], **settings: Any) -> list[tuple[str, str]]:
    found = diagnose_once(World().history(sections), Thresholds.from_settings(settings))
    assert all(ONCE in f.evidence for f in found)
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


def test_at_once_a_seldom_reader_hears_of_both_what_lasts_and_what_is_now() -> None:
    diagnosis, keeper = Diagnosis(), Keeper(3_600.0)

    def run(minute: int, **sections: Any) -> dict[str, tuple[str, bool]]:
        at = START + 60.0 * minute
        snapshot = Snapshot(taken_at=at, tcp_at=at, **server(**sections))
        found = diagnosis.update(keeper.add(snapshot), at_once=True)
        return {f.id: (f.severity.value, ONCE in f.evidence) for f in found}

    assert run(0) == {}
    assert run(1, tcp=counts(CLOSE_WAIT=64)) == {"tcp.close-wait": ("warning", True)}
    for minute in range(2, 5):
        told_now = run(minute, tcp=counts(CLOSE_WAIT=64))
    assert told_now == {"tcp.close-wait": ("warning", False)}, "it has lasted"
    assert run(5, tcp=counts(CLOSE_WAIT=640)) == {"tcp.close-wait": ("critical", True)}, "graver than what has lasted"
    assert run(6, tcp=counts(CLOSE_WAIT=45)) == {"tcp.close-wait": ("warning", False)}, "not low enough to clear"


def test_at_once_earlier_runs_tell_a_link_that_used_to_work_from_a_port_that_was_never_used() -> None:
    up, down = (LO, link(2, "eth0"), link(3, "eth1")), (LO, link(2, "eth0"), link(3, "eth1", carrier=False))
    for past, expected in ((up, [("link.no-carrier", "eth1")]), (down, [])):
        diagnosis, keeper = Diagnosis(), Keeper(3_600.0)
        for minute, links in enumerate((past, down)):
            snapshot = Snapshot(taken_at=START + 60.0 * minute, **server(links=links))
            found = diagnosis.update(keeper.add(snapshot), at_once=True)
        assert [finding.key for finding in found] == expected


def test_at_once_what_follows_from_what_has_lasted_is_not_told_beside_it() -> None:
    diagnosis, keeper = Diagnosis(), Keeper(7_200.0)
    for minute in range(60):
        at = START + 60.0 * minute
        sections = server(tcp=counts(CLOSE_WAIT=30 + minute))
        found = diagnosis.update(keeper.add(Snapshot(taken_at=at, tcp_at=at, **sections)), at_once=True)
    assert [finding.id for finding in found] == ["tcp.close-wait-leak"]
    assert found[0].value == 89
