"""What is said of findings about TCP, put together from its three parts of life: opening, standing, closing."""

from nettui.diagnosis.knowledge import tcp_closing, tcp_opening, tcp_standing
from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText

ABOUT: dict[str, RuleAbout] = {**tcp_opening.ABOUT, **tcp_standing.ABOUT, **tcp_closing.ABOUT}

TEXTS: dict[str, RuleText] = {**tcp_opening.TEXTS, **tcp_standing.TEXTS, **tcp_closing.TEXTS}
