"""`clean`: whatever comes in, what goes out is one harmless printable line."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nettui.model.text import LIMIT, MARKS, clean

# Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt: characters that nobody sees.
IGNORABLE = frozenset(
    chr(code)
    for first, last in (
        (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
        (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
        (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
    )
    for code in range(first, last + 1)
)  # fmt: skip
OBEYED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
MARK_CATEGORIES = {"Mn", "Me", "Mc"}

# Characters of every troublesome sort far more often than chance would bring them, among ordinary ones.
troublesome = st.sampled_from(
    "\x00\x07\x1b\x7f\x80\x9b\xad\u0301\u0e31\u064b\u0488\u1161\u11a8\u200b\u200d\u202e\u2066\u2028\u2029\u3000\u3164"
    "\ud800\udcff\ue000\ufdd0\ufe0f\ufeff\U0001d173\U000e0041\U000e0100\U0010ffff"
)
anything = st.lists(troublesome | st.characters(exclude_categories=())).map("".join)
encodable = st.text()


@given(anything, st.integers(1, 60))
@example("\x1b]0;title\x07", 60)
@example("e" + "\u0301" * 10_000, 60)
@example("\u202egnp.exe", 60)
def test_nothing_that_a_terminal_obeys_or_hides_comes_out(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert len(shown) <= limit
    assert not {unicodedata.category(char) for char in shown} & OBEYED
    assert not IGNORABLE.intersection(shown)
    assert shown.isprintable()
    shown.encode()  # no half of a surrogate pair is left


@given(anything)
def test_marks_never_pile_up_nor_sit_on_what_stands_before_the_text(text: str) -> None:
    run = MARKS  # at the very start not one is allowed
    for char in clean(text, 10_000):
        run = run + 1 if unicodedata.category(char) in MARK_CATEGORIES or "\u1160" <= char <= "\u11ff" else 0
        assert run <= MARKS


@given(anything, st.integers(1, 60))
def test_cleaning_twice_changes_nothing_more(text: str, limit: int) -> None:
    once = clean(text, limit)
    assert clean(once, limit) == once


@given(encodable, st.integers(1, 60))
def test_bytes_and_text_agree(text: str, limit: int) -> None:
    assert clean(text.encode(), limit) == clean(text, limit)


@given(st.binary(), st.integers(1, 60))
def test_bytes_agree_with_what_python_makes_of_a_file_name(value: bytes, limit: int) -> None:
    assert clean(value, limit) == clean(value.decode("utf-8", "surrogateescape"), limit)


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=LIMIT))
def test_plain_text_is_left_alone(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("eth0\n", "eth0\\x0a"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31mred", "\\x9b31mred"),
        ("invoice\u202efdp.exe", "invoice\\u202efdp.exe"),
        ("\U000e0041", "\\U000e0041"),
        (b"caf\xe9", "caf\\xe9"),
        ("caf\udce9", "caf\\xe9"),
        ("half \ud83d", "half \\ud83d"),
        ("na\u00a0me\u3000", "na me "),
        ("\u0301x", "\\u0301x"),
        ("Réseau local 한국어 العربية עִבְרִית ไม่ มี हिन्दी 日本語", "Réseau local 한국어 العربية עִבְרִית ไม่ มี हिन्दी 日本語"),
        (unicodedata.normalize("NFD", "한국어 é"), unicodedata.normalize("NFD", "한국어 é")),
        ("[/][@click=app.quit]x", "[/][@click=app.quit]x"),
        ("", ""),
    ],
)
def test_known_cases(given: str | bytes, shown: str) -> None:
    assert clean(given) == shown


@pytest.mark.parametrize("long", ["a" * 10_000, "é" * 10_000, "a" + "\u0e31" * 10_000, "\x00" * 10_000])
def test_what_is_cut_says_so(long: str) -> None:
    for value in (long, long.encode()):
        shown = clean(value)
        assert shown.endswith("…")
        assert len(shown) <= LIMIT


def test_exactly_the_limit_is_not_cut() -> None:
    assert clean("é" * LIMIT) == "é" * LIMIT
    assert clean(b"a" * LIMIT) == "a" * LIMIT
    assert clean("a" * (LIMIT + 1)) == "a" * (LIMIT - 1) + "…"
