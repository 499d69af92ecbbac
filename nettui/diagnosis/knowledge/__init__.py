"""What nettui knows, in words: apart from the rules, so that either can be read and mended without the other."""

from nettui.diagnosis.knowledge.findings import RuleText, rule_text
from nettui.diagnosis.knowledge.states import StateKnowledge, state_knowledge

__all__ = ["RuleText", "StateKnowledge", "rule_text", "state_knowledge"]
