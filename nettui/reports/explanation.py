"""What is known of a rule or a TCP state as plain text, wrapped to a width."""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_INDENT = "  "
_PLACE = re.compile(r"\{(\w+)\}")


def explanation_text(document: Mapping[str, Any], width: int) -> Iterator[str]:
    """The lines of what `nettui explain --json` holds. `width` in characters; commands stay whole."""
    if "id" in document:
        yield from _rule(document, width)
    elif "state" in document:
        yield from _state(document, width)
    else:
        yield from _list("Rules", document["rules"], width)
        yield ""
        yield from _list("TCP states", document["states"], width)


def _list(title: str, entries: Mapping[str, str], width: int) -> Iterator[str]:
    """One line each, cut where the width ends."""
    yield title
    widest = max(map(len, entries))
    for name, meaning in entries.items():
        line = f"{_INDENT}{name:<{widest}}{_INDENT}{meaning}".rstrip()
        yield line if len(line) <= width else line[: width - 1].rstrip() + "…"


def _rule(document: Mapping[str, Any], width: int) -> Iterator[str]:
    yield str(document["id"])
    yield from _paragraph("Looks for", document["looks_for"], width)
    yield from _limits(document["id"], document["limits"], document["source"], width)
    several = len(document["cases"]) > 1
    for case in document["cases"]:
        yield ""
        yield from _wrapped(_places(case["title"]), width, "")
        yield from _paragraph("Cause", _places(case["cause"]), width)
        yield from _paragraph("If left", _places(case["consequence"]), width)
        yield from _commands("Now", [_places(line) for line in case["relief"]])
        yield from _paragraph("Cure", _places(case["cure"]), width)
        if not several:
            yield from _paragraph("Screen", case["screen"], width)


def _limits(rule: str, limits: Mapping[str, Any], source: str, width: int) -> Iterator[str]:
    yield ""
    yield "Thresholds in force" if limits["enabled"] else "Thresholds (the rule is switched off)"
    yield from _marks(limits, limits["unit"], _INDENT)
    for kind, names in limits["special"].items():
        for name, own in names.items():
            yield f"{_INDENT}{kind} {name}{'' if own['enabled'] else ': switched off'}"
            yield from _marks(own, limits["unit"], 2 * _INDENT)
    yield from _paragraph("Source", source, width)
    keys = [key for key in ("notice", "warning", "critical") if limits[key] is not None]
    keys = [*keys, "lasting", "enabled"]
    yield ""
    yield "To change them (nettui config --path says in which file)"
    yield f'{_INDENT}[rules."{rule}"]'
    for key in keys:
        value = limits[key]
        yield f"{_INDENT}{key} = {str(value).lower() if isinstance(value, bool) else format(value, '.10g')}"
    for kind in limits["kinds"]:
        yield f'{_INDENT}[rules."{rule}".{kind}."NAME"]  # for one {kind} alone'


def _marks(limits: Mapping[str, Any], unit: str, indent: str) -> Iterator[str]:
    for key in ("notice", "warning", "critical"):
        if limits[key] is not None:
            yield f"{indent}{key:<9}above {limits[key]:,.10g} {unit}".rstrip()
    yield f"{indent}{'lasting':<9}{limits['lasting']:,.10g} s"


def _state(document: Mapping[str, Any], width: int) -> Iterator[str]:
    yield str(document["state"])
    yield from _paragraph("Means", document["meaning"], width)
    yield from _paragraph("Who acts", document["who"], width)
    yield from _commands("First", document["first_steps"], width)
    if document["rules"]:
        yield from _paragraph("Rules", ", ".join(document["rules"]), width)


def _paragraph(head: str, text: str, width: int) -> Iterator[str]:
    if text:
        yield ""
        yield head
        yield from _wrapped(text, width, _INDENT)


def _commands(head: str, lines: Sequence[str], width: int | None = None) -> Iterator[str]:
    """Lines one below the other; without a `width` they are commands, to be copied whole."""
    if lines:
        yield ""
        yield head
    for line in lines:
        yield from [_INDENT + line] if width is None else _wrapped(line, width, _INDENT)


def _wrapped(text: str, width: int, indent: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def _places(text: str) -> str:
    """Places that a case fills, as people write them: `{link}` is LINK."""
    text = text.replace(", {against}", "").replace(" {against}", "")
    return _PLACE.sub(lambda found: found[1].upper(), text)
