"""From a Condition that has lasted to the Finding that is told: figures and facts put into the knowledge texts."""

from shlex import quote

from nettui.diagnosis.condition import Condition
from nettui.diagnosis.knowledge import rule_text
from nettui.model.finding import Finding, Severity


def finding(rule: str, condition: Condition, severity: Severity, since: float) -> Finding:
    """The Finding of one rule about one subject, in the gravity that has lasted since that Unix time."""
    text = rule_text(rule, condition.text)
    threshold = condition.marks.get(severity)
    said = {**condition.facts, "against": _against(condition.value, threshold)}
    quoted = _Quoted(condition.facts)
    return Finding(
        id=rule,
        severity=severity,
        subject=condition.subject,
        title=text.title.format_map(said),
        evidence=condition.evidence,
        cause=text.cause,
        consequence=text.consequence,
        relief=tuple(line.format_map(quoted) for line in text.relief),
        cure=text.cure,
        since=since,
        value=condition.value,
        threshold=threshold,
        trend=condition.trend,
        left=condition.left,
        screen=text.screen,
        target=condition.target,
    )


def _against(value: float | None, threshold: float | None) -> str:
    if value is None or threshold is None:
        return ""
    return f"{'more than' if value > threshold else 'down from more than'} {threshold:,.10g}"


class _Quoted(dict[str, str]):
    """Facts for a command: names that others chose, made harmless for a shell."""

    def __getitem__(self, key: str) -> str:
        return quote(super().__getitem__(key))
