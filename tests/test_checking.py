"""What a check reads for which rules, and what it says of sections that could not be read."""

from msgspec.structs import replace

from nettui.commands.checking import errors, needed, needs
from nettui.diagnosis.condition import Rule
from nettui.diagnosis.rules import RULES
from nettui.model.snapshot import CollectorError, Snapshot

SECTIONS = frozenset(Snapshot.__struct_fields__)
EMPTY = Snapshot(taken_at=0.0)


def rule(name: str, *sections: str) -> Rule:
    return Rule(id=name, find=lambda case: (), needs=sections)


def test_only_what_the_rules_look_at_is_read_and_nothing_that_does_not_exist() -> None:
    assert needs(RULES) <= needed(RULES) <= SECTIONS
    assert "tcp" not in needed([rule("link.down", "links")])
    assert {"tcp", "census"} <= needed([rule("tcp.close-wait", "tcp")]), "whose they are is told with them"


def test_a_collector_that_failed_is_told_with_the_rules_it_blinds_each_once() -> None:
    two = [rule("tcp.close-wait", "tcp"), rule("tcp.close-wait", "tcp"), rule("link.down", "links")]
    failed = replace(EMPTY, errors=(CollectorError(collector="tcp", message="refused", remedy="be root"),))
    [told] = errors(failed, two, explicit=False)
    assert (told.collector, told.message, told.remedy, told.rules) == ("tcp", "refused", "be root", ("tcp.close-wait",))
    found = [(each.collector, each.rules) for each in errors(failed, two, explicit=True)]
    assert found == [("tcp", ("tcp.close-wait",)), ("links", ("link.down",))], "asked for by name"


def test_what_nobody_configured_says_so() -> None:
    [told] = errors(EMPTY, [rule("dns.failing", "probes")], explicit=True)
    assert told.message == "no name is configured that may be looked up"
    assert list(errors(EMPTY, [rule("dns.failing", "probes")], explicit=False)) == []
