"""The shape of what is known of a rule: what it looks for, and what is said when it finds it."""

from msgspec import Struct


class RuleText(Struct, frozen=True, kw_only=True):
    """The words of one rule, or of one kind of case of it. Places in braces are filled with the facts of the case."""

    title: str
    """One sentence. `{against}` is the comparison with the threshold that was passed."""
    cause: str
    consequence: str
    relief: tuple[str, ...]
    """Commands that can be typed as they are: they show more, or help now. What is filled in is quoted."""
    cure: str
    screen: str
    """interfaces, routes, sockets or dns: where its subject can be seen."""


class RuleAbout(Struct, frozen=True, kw_only=True):
    """What a rule is for, apart from any case."""

    looks_for: str
    """One or two sentences: what it sees, and what it leaves alone."""
    source: str = ""
    """Where its thresholds come from; empty where it has none."""
