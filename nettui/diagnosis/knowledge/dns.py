"""What is said of findings about name resolution."""

from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText

ABOUT: dict[str, RuleAbout] = {}

TEXTS: dict[str, RuleText] = {}
