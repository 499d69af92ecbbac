"""Signs: one cell each, no doubtful ones, ASCII where the terminal or the locale wants it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from nettui.tui.glyphs import ASCII, UNICODE, choose, to_ascii


def signs(glyphs: object) -> dict[str, str]:
    fields = msgspec.structs.asdict(glyphs)
    return {f"{name}{place}": sign for name, text in fields.items() for place, sign in enumerate(text)}


def test_every_sign_is_one_cell_and_none_is_braille_or_a_degree_sign() -> None:
    for sign in (*signs(UNICODE).values(), *signs(ASCII).values()):
        assert cell_len(sign) == 1
        assert not 0x2800 <= ord(sign) <= 0x28FF
        assert sign != "°"


def test_both_sets_have_the_same_signs_and_tell_severities_and_levels_apart() -> None:
    assert signs(UNICODE).keys() == signs(ASCII).keys()
    assert all(text.isascii() for text in msgspec.structs.astuple(ASCII))
    for glyphs in (UNICODE, ASCII):
        assert len({glyphs.ok, glyphs.notice, glyphs.warning, glyphs.critical}) == 4
        assert len(set(glyphs.sparks)) == len(glyphs.sparks) == 8
        assert len({glyphs.up, glyphs.down}) == len({glyphs.ascending, glyphs.descending}) == 2
        assert len(glyphs.frame) == 6


@pytest.mark.parametrize(
    ("asked", "environ", "encoding", "expected"),
    [
        (True, {"LANG": "C.UTF-8"}, "utf-8", ASCII),
        (False, {"TERM": "linux", "LC_ALL": "C"}, "ascii", UNICODE),
        ("auto", {"TERM": "xterm", "LANG": "ko_KR.UTF-8"}, "utf-8", UNICODE),
        ("auto", {"TERM": "linux", "LANG": "C.UTF-8"}, "utf-8", ASCII),
        ("auto", {"TERM": "linux-16color", "LANG": "C.UTF-8"}, "utf-8", ASCII),
        ("auto", {"TERM": "dumb", "LANG": "C.UTF-8"}, "utf-8", ASCII),
        ("auto", {"LC_ALL": "C", "LANG": "en_US.UTF-8"}, "ANSI_X3.4-1968", ASCII),
        ("auto", {"LC_CTYPE": "ko_KR.eucKR", "LANG": "en_US.UTF-8"}, "EUC-KR", ASCII),
        ("auto", {"LANG": "de_DE"}, "ISO-8859-1", ASCII),
        ("auto", {"LANG": "de_DE.utf8"}, "ANSI_X3.4-1968", UNICODE),  # ssh brought a locale that is not installed
        ("auto", {}, "UTF-8", UNICODE),
        ("auto", {}, "cp1252", ASCII),
    ],
)
def test_ascii_is_chosen_where_it_has_to_be(
    asked: object, environ: dict[str, str], encoding: str, expected: object
) -> None:
    assert choose(asked, environ, encoding) is expected


def test_our_signs_and_common_text_become_their_likes() -> None:
    for name, sign in signs(UNICODE).items():
        if name != "ascending0":  # the sign of a warning too, and that meaning counts
            assert to_ascii(sign) == signs(ASCII)[name]
    assert to_ascii("╭─┬╮ ├┼┤ ╰┴╯ │║═") == "+-++ +++ +++ ||-"
    assert to_ascii("Zoë – “naïve” café, e\u0301") == 'Zoe - "naive" cafe, e'
    assert to_ascii("漢字 Ａ ß") == "???? A  ?"
    assert to_ascii("plain [text]") == "plain [text]"


@given(st.text())
def test_any_text_becomes_ascii_of_the_same_width(text: str) -> None:
    found = to_ascii(text)
    assert found.isascii()
    assert cell_len(found) == cell_len(text)
