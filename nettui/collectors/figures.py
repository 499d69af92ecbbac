"""One figure out of what a program answered: JSON (RFC 8259), or the Prometheus text exposition format 0.0.4.

Only the wanted metric's lines are taken apart: an answer may have thousands of others.
"""

import json
import math
import re
from typing import Any

from nettui.model.selector import Selector, unescaped
from nettui.model.text import clean

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?[Ii]nf(?:inity)?|[Nn]a[Nn]")
_LABEL = re.compile(r'[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\\n]|\\.)*)"[ \t]*(,|(?=\}))')
_END = re.compile(r"[ \t]*\}")
_BLANKS = " \t"


class NoFigure(ValueError):
    """The answer does not hold what is wanted; the message says why in one sentence."""


def figure(body: bytes, content_type: str, selector: Selector) -> float:
    """The figure that `selector` names, finite and not negative. Raises NoFigure."""
    text = body.decode("utf-8", "replace")
    found = _in_json(text, selector) if _is_json(text, content_type) else _in_exposition(text, selector)
    if not math.isfinite(found):
        raise NoFigure(f"{selector.text} is {found}: it has no value now")
    if found < 0:
        raise NoFigure(f"{selector.text} is {found:g}: it has no value now")
    return found


def _is_json(text: str, content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json") or text.lstrip()[:1] in ("{", "[")


def _in_json(text: str, selector: Selector) -> float:
    if not selector.path:
        raise NoFigure(f"the answer is JSON, and {selector.text} names a metric")
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise NoFigure("the answer is no JSON that can be read") from None
    for part in selector.path:
        found = _inside(found, part, selector)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise NoFigure(f"{selector.text} is no number in the answer")
    try:
        return float(found)
    except OverflowError:
        raise NoFigure(f"{selector.text} is a number far too large") from None


def _inside(value: Any, part: str, selector: Selector) -> Any:
    if isinstance(value, dict) and part in value:
        return value[part]
    if isinstance(value, list) and part.isascii() and part.isdigit() and len(part) < 10 and int(part) < len(value):
        return value[int(part)]
    raise NoFigure(f"{selector.text} is not in the answer: there is no {clean(part, 60)}")


def _in_exposition(text: str, selector: Selector) -> float:
    if selector.metric is None:
        raise NoFigure(f"the answer is no JSON, and {selector.text} is a path into JSON")
    wanted = dict(selector.labels).items()
    found = [value for labels, value in samples(text, selector.metric) if wanted <= labels.items()]
    if not found:
        raise NoFigure(f"{selector.text} is not among the metrics of the answer")
    if len(found) > 1:
        raise NoFigure(f"{selector.text} fits {len(found):,} metrics of the answer; name one by its labels")
    return found[0]


def samples(text: str, metric: str) -> list[tuple[dict[str, str], float]]:
    """The samples of one metric, labels and value. Lines that are no samples are left out.

    HELP, TYPE and other comments begin with #. A time stamp after the value, and an exemplar after that
    (OpenMetrics), are not looked at.
    """
    found = []
    for line in text.split("\n"):
        line = line.strip(" \t\r")
        if line.startswith(metric) and (sample := _sample(line, len(metric))) is not None:
            found.append(sample)
    return found


def _sample(line: str, place: int) -> tuple[dict[str, str], float] | None:
    rest = line[place:].lstrip(_BLANKS)
    labels: dict[str, str] = {}
    if rest.startswith("{"):
        parsed = _labelled(rest)
        if parsed is None:
            return None
        labels, rest = parsed
    elif not line[place : place + 1].isspace():
        return None  # a longer name
    words = rest.split(None, 1)
    if not words or not _NUMBER.fullmatch(words[0]):
        return None
    return labels, float(words[0])


def _labelled(rest: str) -> tuple[dict[str, str], str] | None:
    """The labels between braces and what follows them; None where they are malformed."""
    labels: dict[str, str] = {}
    place = 1
    while True:
        end = _END.match(rest, place)
        if end is not None:
            return labels, rest[end.end() :].lstrip(_BLANKS)
        label = _LABEL.match(rest, place)
        if label is None:
            return None
        labels[label[1]] = unescaped(label[2])
        place = label.end()
