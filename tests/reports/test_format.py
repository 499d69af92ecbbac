"""Numbers as people read them: stable widths, one decimal at most, nothing made up."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.reports.format import age, change, elapsed, rate, scaled, size, sparkline, thousands

FACTORS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


def value_of(text: str) -> float:
    found = re.fullmatch(r"([\d.]+)([kMGT]?)", text)
    assert found, text
    return float(found.group(1)) * FACTORS[found.group(2)]


@given(st.floats(0, 1e15) | st.integers(0, 10**15))
def test_scaled_is_short_and_near(value: float) -> None:
    text = scaled(value)
    assert len(text) <= 5
    assert value_of(text) == pytest.approx(value, rel=0.06, abs=0.5)


@given(st.integers(-(10**14), 10**14))
def test_change_is_short_and_near_and_has_its_sign(by: int) -> None:
    text = change(by)
    assert len(text) <= 5
    if by:
        assert text[0] == ("+" if by > 0 else "-")
        assert value_of(text[1:]) == pytest.approx(abs(by), rel=0.06)
    else:
        assert text == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (scaled(312), "312"), (scaled(3100), "3.1k"), (scaled(84_100_000), "84.1M"), (scaled(99.94e9), "99.9G"),
        (scaled(100e9), "100G"), (scaled(999_600), "1.0M"), (scaled(None), "--"), (scaled(0.0), "0"),
        (change(12), "+12"), (change(-3), "-3"), (change(1600), "+1.6k"),
        (change(9999), "+10k"), (change(-16400), "-16k"), (change(999_999), "+1.0M"),
        (rate(1000.0), "8.0k"), (rate(1000.0, "bytes"), "1.0k"), (rate(None), "--"),
        (size(312), "312 B"), (size(84_100_000), "84.1 MB"), (size(None), "--"),
        (age(0), "0 s"), (age(59.9), "60 s"), (age(61), "1 min"), (age(7200), "2 h"),
        (age(86400 * 5), "5 d"), (age(None), "--"),
        (elapsed(0.0004), "0.4 ms"), (elapsed(0.0142), "14 ms"), (elapsed(1.21), "1.2 s"), (elapsed(None), "--"),
        (thousands(80216), "80,216"), (thousands(0), "0"), (thousands(None), "--"),
        (sparkline([]), ""), (sparkline([0, 0]), "▁▁"),
        (sparkline([7, 7]), "▅▅"), (sparkline([97, 98, 100]), "▄▄▅"), (sparkline([0, 7]), "▁█"),
        (sparkline([0, 1, 2], ".:|"), ".:|"),
    ],
)  # fmt: skip
def test_examples(text: str, expected: str) -> None:
    assert text == expected


@given(st.lists(st.integers(0, 2**64), min_size=1, max_size=50))
def test_a_sparkline_keeps_the_order_of_what_it_draws(values: list[int]) -> None:
    drawn = sparkline(values)
    assert len(drawn) == len(values)
    for one, mark in zip(values, drawn, strict=True):
        for other, its in zip(values, drawn, strict=True):
            assert one <= other or mark >= its
