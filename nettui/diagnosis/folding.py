"""One root cause, one finding: what only follows from another finding at least as grave is folded under it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from nettui.diagnosis.condition import ANY, Key
from nettui.diagnosis.thresholds import RULE_IDS
from nettui.model.finding import Finding

_PLACE = {rule: place for place, rule in enumerate(RULE_IDS)}


class Told(NamedTuple):
    """A finding, and what would only follow from it."""

    finding: Finding
    covers: tuple[Key, ...] = ()


def folded(told: Iterable[Told]) -> tuple[Finding, ...]:
    """The findings that stand for themselves, the gravest first, in a stable order."""
    found = {each.finding.key: each for each in sorted(told, key=lambda each: _order(each.finding))}
    follows = {key: _consequences(each, found) for key, each in found.items()}
    caused = {key for keys in follows.values() for key in keys}
    hidden: set[Key] = set()
    shown: list[Finding] = []
    for key in sorted(found, key=lambda key: key in caused):  # causes first; a circle has none, and begins anywhere
        if key in hidden:
            continue
        below = _closure(key, follows) - hidden
        hidden |= below
        titles = tuple(found[each].finding.title for each in found if each in below)
        finding = found[key].finding
        shown.append(replace(finding, follows=titles) if titles else finding)
    return tuple(sorted(shown, key=_order))


def _order(finding: Finding) -> tuple[int, int, str]:
    return -finding.severity.rank, _PLACE[finding.id], finding.subject


def _consequences(cause: Told, found: Mapping[Key, Told]) -> set[Key]:
    """The findings that this one covers: never graver ones."""
    rank = cause.finding.severity.rank
    keys = {key for rule, subject in cause.covers for key in _named(rule, subject, found)}
    return {key for key in keys if key != cause.finding.key and found[key].finding.severity.rank <= rank}


def _named(rule: str, subject: str, found: Mapping[Key, Told]) -> Iterable[Key]:
    if subject == ANY:
        return [key for key in found if key[0] == rule]
    return [(rule, subject)] if (rule, subject) in found else []


def _closure(key: Key, follows: Mapping[Key, set[Key]]) -> set[Key]:
    """All that follows from a finding, over however many steps, without itself."""
    seen, waiting = {key}, [key]
    while waiting:
        fresh = follows[waiting.pop()] - seen
        seen |= fresh
        waiting += fresh
    return seen - {key}
