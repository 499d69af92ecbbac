"""The recall of what was typed."""

from nettui.dns.history import LookupHistory
from nettui.model.lookup import Lookup, Outcome


def _lookup(typed: str, rdtype: str = "A") -> Lookup:
    return Lookup(typed=typed, question=typed, type=rdtype, outcome=Outcome.ANSWER, message="", asked_at=0)


def test_stepping_back_and_forth_keeps_the_draft() -> None:
    history = LookupHistory()
    history.add([_lookup("one"), _lookup("one", "MX")])
    history.add([_lookup("two")])
    assert [history.previous("dra"), history.previous("two"), history.previous("one")] == ["two", "one", "one"]
    assert [history.next(), history.next(), history.next()] == ["two", "dra", "dra"]


def test_a_repeated_name_moves_to_the_end() -> None:
    history = LookupHistory()
    history.add([_lookup("one"), _lookup("two"), _lookup("one")])
    assert [history.previous(), history.previous(), history.previous()] == ["one", "two", "two"]
    assert [lookup.typed for lookup in history.lookups] == ["one", "two", "one"]


def test_it_is_bounded_and_empty_at_first() -> None:
    history = LookupHistory(limit=3)
    assert (history.previous("draft"), history.next()) == ("draft", "draft")
    history.add(_lookup(f"name{number}") for number in range(10))
    assert [lookup.typed for lookup in history.lookups] == ["name7", "name8", "name9"]
    assert [history.previous() for _ in range(4)] == ["name9", "name8", "name7", "name7"]
