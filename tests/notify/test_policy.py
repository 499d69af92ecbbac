"""The policy as a page of times: what is told when."""

import pytest

from nettui.model.finding import Severity
from nettui.notify.policy import REMEMBERED, Policy, Wishes
from tests.notify.making import event, finding

HOUR = 3600.0


def told(policy: Policy, kind: str, at: float = 0.0, **more: object) -> bool:
    return bool(policy.choose([event(kind, at, **more)]))


def test_a_life_as_a_page_of_times() -> None:
    policy = Policy(Wishes())
    warning, critical = finding(), finding(severity=Severity.CRITICAL)
    assert told(policy, "opened", 0)
    assert not told(policy, "opened", 10), "told once"
    assert not policy.remind([warning], 4 * HOUR - 1)
    assert told(policy, "graver", 4 * HOUR - 1, severity=Severity.CRITICAL)
    assert not policy.remind([critical], 4 * HOUR), "the clock of reminders began anew"
    assert not told(policy, "milder", 5 * HOUR)
    assert not told(policy, "graver", 6 * HOUR, severity=Severity.CRITICAL), "it wavers"
    times = [t * 600.0 for t in range(36, 300) if policy.remind([critical], t * 600.0)]
    assert times == [28_800.0, 43_200.0, 57_600.0], "every four hours, three times"
    assert told(policy, "closed", 40 * HOUR)
    assert told(policy, "opened", 41 * HOUR), "another one"


@pytest.mark.parametrize(
    ("wishes", "more", "expected"),
    [
        (Wishes(), {"severity": Severity.NOTICE}, False),
        (Wishes(severity=Severity.NOTICE), {"severity": Severity.NOTICE}, True),
        (Wishes(severity=Severity.CRITICAL), {}, False),
        (Wishes(rules=("tcp.",)), {}, True),
        (Wishes(rules=("tcp",)), {}, False),
        (Wishes(rules=("tcp.close-wait",)), {}, False),
        (Wishes(rules=("dns.", "tcp.close-wait-leak")), {}, True),
        (Wishes(), {"acknowledged": 3.0}, False),
    ],
)
def test_what_is_wanted(wishes: Wishes, more: dict[str, object], expected: bool) -> None:
    policy = Policy(wishes)
    assert [told(policy, "opened", **more), told(policy, "closed", 9, **more)] == [expected, expected]
    assert not policy.remind([finding(**more)], 0) and bool(policy.remind([finding(**more)], 1e6)) == expected


def test_one_that_grows_into_what_is_wanted_is_told_then() -> None:
    policy = Policy(Wishes(severity=Severity.CRITICAL))
    assert not told(policy, "opened")
    assert told(policy, "graver", severity=Severity.CRITICAL)
    assert told(policy, "closed", severity=Severity.NOTICE), "what was told is told to be over, however mild at last"


def test_the_end_can_be_left_out() -> None:
    policy = Policy(Wishes(closed=False))
    assert told(policy, "opened") and not told(policy, "closed") and told(policy, "opened")


def test_what_opened_before_us_is_closed_and_reminded_of() -> None:
    policy = Policy(Wishes(reminders=1))
    assert not policy.remind([finding()], 100)
    assert policy.remind([finding()], 100 + 4 * HOUR)
    assert not policy.remind([finding()], 100 + 9 * HOUR)
    assert told(Policy(Wishes()), "closed")
    assert told(policy, "opened"), "its opening may still come"


def test_acknowledged_ones_are_left_alone_until_they_are_not() -> None:
    policy = Policy(Wishes())
    assert told(policy, "opened")
    assert not policy.remind([finding(acknowledged=5.0)], 9 * HOUR)
    assert not told(policy, "graver", severity=Severity.CRITICAL, acknowledged=5.0)
    assert told(policy, "graver", severity=Severity.CRITICAL)


def test_a_clock_that_is_set_back_delays_a_reminder_by_its_interval_only() -> None:
    policy = Policy(Wishes())
    assert told(policy, "opened", 1e9)
    assert not policy.remind([finding()], 1000)
    assert policy.remind([finding()], 1000 + 4 * HOUR)


def test_memory_is_bounded() -> None:
    policy = Policy(Wishes())
    for number in range(REMEMBERED + 5):
        assert told(policy, "opened", subject=str(number))
    assert len(policy._told) == REMEMBERED
    assert not told(policy, "opened", subject=str(REMEMBERED)), "the newest are remembered"
