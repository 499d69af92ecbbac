"""What nettui knows, in words: apart from the rules, so that either can be read and mended without the other.

Each family of rules has a module of its own, loaded when one of its rules is first spoken of.
"""

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText
from nettui.diagnosis.knowledge.states import StateKnowledge, state_knowledge

__all__ = ["RuleAbout", "RuleText", "StateKnowledge", "cases", "rule_about", "rule_text", "state_knowledge"]

_MODULES = {
    "tcp": "tcp", "udp": "host", "host": "host", "process": "host", "softnet": "host", "nat": "host",
    "neighbour": "host", "pool": "pool", "link": "link", "route": "route", "dns": "dns", "dhcp": "dhcp",
}
"""By what a rule's id begins with."""


def rule_text(rule: str, case: str = "") -> RuleText:
    """The text of a rule, for one of its cases where it tells them apart."""
    texts: dict[str, RuleText] = _module(rule).TEXTS
    return texts[f"{rule}/{case}" if case else rule]


def rule_about(rule: str) -> RuleAbout:
    """What a rule is for."""
    about: dict[str, RuleAbout] = _module(rule).ABOUT
    return about[rule]


def cases(rule: str) -> Iterator[str]:
    """The cases that a rule tells apart; empty text for the one without a name."""
    for name in _module(rule).TEXTS:
        own, _, case = name.partition("/")
        if own == rule:
            yield case


def _module(rule: str) -> ModuleType:
    return import_module(f"nettui.diagnosis.knowledge.{_MODULES[rule.partition('.')[0]]}")
