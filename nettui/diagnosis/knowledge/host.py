"""What is said of findings about the host's own limits: descriptors, buffers, tables."""

from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText

ABOUT: dict[str, RuleAbout] = {}

TEXTS: dict[str, RuleText] = {}
