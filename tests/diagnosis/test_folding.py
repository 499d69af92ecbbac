"""One root cause, one finding."""

from nettui.diagnosis.folding import Told, folded
from nettui.model.finding import Finding, Severity


def told(rule: str, subject: str, severity: str, *covers: tuple[str, str]) -> Told:
    return Told(Finding(id=rule, subject=subject, severity=Severity(severity), title=f"{rule} {subject}"), covers)


def shown(*each: Told) -> list[tuple[str, tuple[str, ...]]]:
    return [(finding.title, finding.follows) for finding in folded(each)]


def test_a_consequence_stands_under_its_cause_with_its_title() -> None:
    cause = told("route.no-default", "host", "critical", ("dns.unreachable", "192.0.2.53"))
    follows = told("dns.unreachable", "192.0.2.53", "critical")
    assert shown(follows, cause) == [("route.no-default host", ("dns.unreachable 192.0.2.53",))]


def test_whatever_subject_a_rule_has() -> None:
    cause = told("link.down", "eth0", "critical", ("dns.unreachable", "*"))
    servers = [told("dns.unreachable", f"192.0.2.{i}", "warning") for i in (1, 2)]
    assert shown(*servers, cause) == [("link.down eth0", ("dns.unreachable 192.0.2.1", "dns.unreachable 192.0.2.2"))]


def test_what_is_graver_than_its_cause_is_told_beside_it() -> None:
    cause = told("link.down", "eth0", "warning", ("dns.unreachable", "*"))
    graver = told("dns.unreachable", "192.0.2.1", "critical")
    assert shown(cause, graver) == [("dns.unreachable 192.0.2.1", ()), ("link.down eth0", ())]


def test_a_chain_of_consequences_stands_under_the_first_cause() -> None:
    first = told("link.down", "eth0", "critical", ("route.no-default", "host"))
    second = told("route.no-default", "host", "critical", ("dns.unreachable", "*"))
    third = told("dns.unreachable", "192.0.2.1", "critical")
    assert shown(third, second, first) == [
        ("link.down eth0", ("route.no-default host", "dns.unreachable 192.0.2.1")),
    ]


def test_two_that_cover_each_other_do_not_hide_each_other() -> None:
    one = told("link.down", "eth0", "critical", ("link.down", "bond0"))
    other = told("link.down", "bond0", "critical", ("link.down", "eth0"))
    assert shown(one, other) == [("link.down bond0", ("link.down eth0",))]


def test_a_thousand_at_once_are_folded() -> None:
    cause = told("link.down", "eth0", "critical", ("dns.unreachable", "*"))
    many = [told("dns.unreachable", f"server {i}", "warning") for i in range(1_000)]
    found = folded([*many, cause])
    assert len(found) == 1 and len(found[0].follows) == 1_000
