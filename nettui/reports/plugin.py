"""A check in the words of monitoring plug-ins: a status line with performance data, then each finding in full.

The form is that of the Monitoring Plugins Development Guidelines: `label=value[UOM];warn;crit;min;max` after a `|`,
which therefore occurs nowhere else: in the commands a broken bar stands for it.
"""

import textwrap
from collections.abc import Iterator

from nettui.model.tcp import TcpState
from nettui.model.text import clean
from nettui.reports.checked import Checked
from nettui.reports.tables.findings import paragraphs

WIDTH = 80
"""Characters of a line of prose; commands stay whole."""

_STATUS_LINE = 300
"""Characters of the first line without its performance data: it becomes a text message."""

_RULES = {TcpState.CLOSE_WAIT: "tcp.close-wait", TcpState.TIME_WAIT: "tcp.time-wait"}


def plugin_text(checked: Checked, commands: bool = False) -> str:
    """All lines. `commands`: for people at a terminal, whose commands keep their `|`."""
    head = f"NETTUI {checked.status.name} - {_safe(clean(_summary(checked), _STATUS_LINE))}"
    figures = " ".join(performance_data(checked))
    lines = [f"{head} | {figures}" if figures else head]
    lines += (line if commands else _safe(line) for line in _details(checked))
    return "\n".join(lines) + "\n"


def _summary(checked: Checked) -> str:
    if checked.findings:
        return f"{checked.findings[0].title} ({checked.tally})"
    if checked.unseeing:
        return "; ".join(f"{error.collector}: {error.message}" for error in checked.errors) or "nothing could be read"
    return f"nothing wrong, {checked.rules} rule{'s' * (checked.rules != 1)} applied"


def performance_data(checked: Checked) -> Iterator[str]:
    """The figures worth drawing over time; what was not read is left out."""
    counts, vitals = checked.snapshot.tcp, checked.snapshot.vitals
    if counts is not None:
        for state, count in counts.items():
            warning, critical = checked.marks.get(_RULES.get(state, ""), (None, None))
            yield _figure(str(state).lower(), count, warning, critical)
    if vitals is not None:
        yield from _share(checked, "conntrack", "nat.conntrack-full", vitals.conntrack, vitals.conntrack_max)
        yield from _share(checked, "descriptors", "host.descriptors", vitals.descriptors, vitals.descriptors_max)


def _share(checked: Checked, label: str, rule: str, value: int | None, maximum: int | None) -> Iterator[str]:
    """A figure against its maximum; the rule's marks are per cent of that."""
    if value is None:
        return
    marks = checked.marks.get(rule, (None, None))
    warning, critical = (None if m is None or maximum is None else round(m * maximum / 100) for m in marks)
    yield _figure(label, value, warning, critical, maximum)


def _figure(
    label: str, value: float, warning: float | None, critical: float | None, maximum: float | None = None
) -> str:
    told = ";".join(map(_number, (value, warning, critical, 0, maximum)))
    return f"{label}={told}".rstrip(";")


def _number(value: float | None) -> str:
    """Digits, without exponent or separators; nothing for what there is not."""
    if value is None:
        return ""
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _details(checked: Checked) -> Iterator[str]:
    for finding in checked.findings:
        yield f"{finding.severity.upper()} {finding.id}: {finding.title}"
        for head, lines in (*paragraphs(finding), ("Follows", finding.follows)):
            wrapped = [part for line in lines for part in _wrapped(line, head)]
            for number, line in enumerate(wrapped):
                yield f"  {head if number == 0 else '':<8}{line}".rstrip()
    for error in checked.errors:
        rules = f" (not looked at: {', '.join(error.rules)})" if error.rules else ""
        remedy = f"; {error.remedy}" if error.remedy else ""
        yield f"Could not read {error.collector}: {error.message}{remedy}{rules}"
    yield from checked.notes


def _wrapped(line: str, head: str) -> list[str]:
    return [line] if head == "Now" else textwrap.wrap(line, WIDTH - 10, break_on_hyphens=False)


def _safe(line: str) -> str:
    return line.replace("|", "¦")
