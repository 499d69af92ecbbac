"""Figures out of answers: whatever a server writes, the figure is the one that was meant, or there is none."""

import json
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.collectors.figures import NoFigure, figure, samples
from nettui.model.selector import Selector, parse_selector

NAMES = st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,8}", fullmatch=True)
LABELS = st.dictionaries(st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True), st.text(max_size=12), max_size=4)
FIGURES = st.floats(min_value=0, allow_infinity=False, allow_nan=False)


def escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def written(name: str, labels: dict[str, str]) -> str:
    inside = ",".join(f'{key}="{escaped(value)}"' for key, value in labels.items())
    return f"{name}{{{inside}}}" if labels else name


@given(name=NAMES, series=st.lists(st.tuples(LABELS, FIGURES), min_size=1, max_size=4), stamp=st.booleans())
def test_what_is_written_by_the_format_is_read_back(
    name: str, series: list[tuple[dict[str, str], float]], stamp: bool
) -> None:
    lines = [f"# HELP {name} of {name} 7", f"# TYPE {name} gauge", f"{name}_more 1", f"a{name} 2"]
    lines += [f"{written(name, labels)} {value!r}{' 1700000000000' if stamp else ''}" for labels, value in series]
    assert samples("\n".join(lines) + "\n", name) == series


@given(name=NAMES, labels=LABELS)
def test_a_selector_is_read_as_it_is_written(name: str, labels: dict[str, str]) -> None:
    found = parse_selector(written(name, labels))
    assert (found.metric, dict(found.labels)) == (name, labels)


@given(st.text())
def test_any_text_is_a_selector_or_is_refused(text: str) -> None:
    try:
        found = parse_selector(text)
    except ValueError:
        return
    assert found.path or found.metric
    assert found.text.isprintable()


def _selected(path: list[str | int]) -> Selector:
    return parse_selector(".".join(f'"{escaped(str(part))}"' for part in path))


@given(path=st.lists(st.text(max_size=8) | st.integers(0, 3), min_size=1, max_size=5), value=FIGURES)
def test_a_path_finds_what_lies_at_its_end(path: list[str | int], value: float) -> None:
    document: object = value
    for part in reversed(path):
        document = [None] * part + [document] if isinstance(part, int) else {part: document, part + "x": -1}
    assert figure(json.dumps(document).encode(), "application/json", _selected(path)) == value


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.sampled_from(["application/json", "text/plain"])
)
def test_any_answer_is_a_figure_or_is_refused(body: bytes, kind: str) -> None:
    for text in ("a", "0.a", 'a{b="c"}'):
        try:
            assert figure(body, kind, parse_selector(text)) >= 0
        except NoFigure as error:
            assert str(error).isprintable()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("up 1", 1), ("up\t+1e2 5", 100), ("  up 7\r", 7), ('up{} 2', 2), ('up { a = "b" , } 3 # {t="x"} 1', 3),
        ("# up 9\nup 4", 4), ("up 5\nup_total 6", 5), ('up{a="}\\"x"} .5', 0.5), ('up{a="b" 1\nup{c="d"} 8', 8),
    ],
)  # fmt: skip
def test_a_sample_in_all_its_spellings(text: str, expected: float) -> None:
    assert figure(text.encode(), "text/plain", parse_selector("up")) == expected


@pytest.mark.parametrize(
    ("text", "selector", "message"),
    [
        ("up NaN", "up", "up is nan: it has no value now"),
        ("up +Inf", "up", "up is inf: it has no value now"),
        ("up -1", "up", "up is -1: it has no value now"),
        ("up one", "up", "up is not among the metrics of the answer"),
        ("up 0x1\nupper 1\nup{a=b} 1\nup", "up", "up is not among the metrics of the answer"),
        ('up{a="1"} 1\nup{a="2"} 2', "up", "up fits 2 metrics of the answer; name one by its labels"),
        ('up{a="1"} 1', 'up{a="2"}', 'up{a="2"} is not among the metrics of the answer'),
        ('{"up": 1}', 'up{a="2"}', 'the answer is JSON, and up{a="2"} names a metric'),
        ('{"up": ' + "9" * 400 + "}", "up", "up is a number far too large"),
    ],
)
def test_what_is_no_figure(text: str, selector: str, message: str) -> None:
    with pytest.raises(NoFigure, match=f"^{re.escape(message)}$"):
        figure(text.encode(), "text/plain", parse_selector(selector))


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "up{", "up{a}", "up{a=b}", 'up{a="b"}x', "a b", '"a'])
def test_what_is_no_selector(text: str) -> None:
    with pytest.raises(ValueError, match=r"label|path"):
        parse_selector(text)


def test_labels_are_a_part_of_those_that_are_there() -> None:
    text = 'c{pool="main",app="x"} 3\nc{pool="batch",app="x"} 4\n'
    assert figure(text.encode(), "", parse_selector('c{pool="main"}')) == 3
    assert math.isclose(figure(b"c 1e-3", "", parse_selector("c")), 0.001)
