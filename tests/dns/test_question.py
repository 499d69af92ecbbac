"""What people type and paste, and what is asked for it."""

import shutil
import subprocess

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.dns.question import BadName, candidates, parse_question, parse_type, types_for
from nettui.model.resolver import ResolverConfig
from tests.dns.nameserver import answering, in_thread


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("example.com", "example.com"),
        ("  example.com\n", "example.com"),
        ("example.com.", "example.com"),
        (".", "."),
        ("_dmarc.Example.com", "_dmarc.Example.com"),
        ("https://user:pass@www.example.com:8443/path?a=b#c", "www.example.com"),
        ("//www.example.com/x", "www.example.com"),
        ("www.example.com/path", "www.example.com"),
        ("example.com:443", "example.com"),
        ("someone@example.com", "example.com"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("한국.kr", "xn--3e0b707e.kr"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("BÜCHER.Example", "xn--bcher-kva.Example"),
        ("ｅｘａｍｐｌｅ.com", "example.com"),
        ("faß.de", "xn--fa-hia.de"),
        ("0/25.2.0.192.in-addr.arpa", "0/25.2.0.192.in-addr.arpa"),
        ("a\\.b.example.com", "a\\.b.example.com"),
        ("x" * 63 + ".example", "x" * 63 + ".example"),
    ],
)
def test_the_name_asked_for(typed: str, name: str) -> None:
    question = parse_question(typed)
    assert (question.name, question.address) == (name, None)


@pytest.mark.parametrize(
    ("typed", "address", "name"),
    [
        ("192.0.2.1", "192.0.2.1", "1.2.0.192.in-addr.arpa"),
        ("192.0.2.1/24", "192.0.2.1", "1.2.0.192.in-addr.arpa"),
        ("192.0.2.1:80", "192.0.2.1", "1.2.0.192.in-addr.arpa"),
        ("http://192.0.2.1/", "192.0.2.1", "1.2.0.192.in-addr.arpa"),
        ("::1", "::1", "1." + "0." * 31 + "ip6.arpa"),
        ("[::1]:443", "::1", "1." + "0." * 31 + "ip6.arpa"),
        ("https://[::1]:443/x", "::1", "1." + "0." * 31 + "ip6.arpa"),
        ("fe80::1%eth0", "fe80::1%eth0", "1." + "0." * 28 + "8.e.f.ip6.arpa"),
    ],
)
def test_an_address_is_reversed(typed: str, address: str, name: str) -> None:
    question = parse_question(typed)
    assert (question.address, question.name, question.absolute) == (address, name, True)
    assert types_for(question, ("A", "MX")) == ("PTR",)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "no name was typed"),
        ("https://", "no name was typed"),
        ("a..b", "two dots in a row"),
        (".example", "two dots in a row, or one in front"),
        ("x" * 64 + ".example", "longer than 63 octets"),
        ("한" * 60 + ".kr", "longer than 63 octets"),
        (".".join(["x" * 60] * 5), "longer than 253 octets"),
        ("x" * 100_000, "longer than 253 octets"),
        ("two words", "blank"),
        ("tab\tbed", "blank"),
        ("esc\x1b[31m.example", "cannot be seen"),
        ("zero\u200bwidth.example", "cannot be seen"),
        ("half\ud800.example", "cannot be seen"),
        ("a\\", "backslash"),
    ],
)
def test_what_cannot_be_a_name_is_told_in_plain_words(typed: str, words: str) -> None:
    with pytest.raises(BadName) as caught:
        parse_question(typed)
    assert words in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 160


@given(st.text(max_size=300))
def test_any_text_is_a_question_that_fits_into_a_query_or_a_bad_name(typed: str) -> None:
    try:
        question = parse_question(typed)
    except BadName:
        return
    assert len(dns.name.from_text(question.name).to_wire() or b"") <= 255


@pytest.mark.parametrize(
    "typed",
    ["bücher.example", "faß.example", "한국.example", "Ελλάς.example", "日本。example", "İzmir.example", "ﬁx.test"],
)
def test_idns_are_what_dig_makes_of_them(typed: str) -> None:
    dig = shutil.which("dig")
    assert dig, "dig is needed (Debian: bind9-dnsutils)"
    with in_thread(answering()) as server:
        subprocess.run(
            [dig, "+idnin", "@127.0.0.1", "-p", str(server.port), typed], check=True, capture_output=True, timeout=20,
            env={"LANG": "C.UTF-8"},
        )  # fmt: skip
    assert parse_question(typed).name == server.asked[0][0]


@pytest.mark.parametrize(
    ("typed", "search", "ndots", "names"),
    [
        ("web", ("corp.example", "example"), 1, ("web.corp.example", "web.example", "web")),
        ("web.", ("corp.example",), 1, ("web",)),
        ("web.lan", ("corp.example",), 1, ("web.lan", "web.lan.corp.example")),
        ("web.lan", ("corp.example",), 2, ("web.lan.corp.example", "web.lan")),
        ("web", (".", "corp.example"), 1, ("web", "web.corp.example")),
        ("192.0.2.1", ("corp.example",), 15, ("1.2.0.192.in-addr.arpa",)),
        ("x" * 63, (".".join(["y" * 63] * 3), "example"), 1, ("x" * 63 + ".example", "x" * 63)),
    ],
)
def test_the_search_list(typed: str, search: tuple[str, ...], ndots: int, names: tuple[str, ...]) -> None:
    assert candidates(parse_question(typed), ResolverConfig(search=search, ndots=ndots)) == names


def test_record_types() -> None:
    assert [parse_type(word) for word in ("a", "Aaaa", "mx", "srv", "https", "type28", "TYPE65280")] == [
        "A", "AAAA", "MX", "SRV", "HTTPS", "AAAA", "TYPE65280",
    ]  # fmt: skip
    for word in ("ANY", "axfr", "OPT", "TYPE0"):
        with pytest.raises(ValueError, match="is not a type of record that can be looked up"):
            parse_type(word)
    for word in ("", "foo", "TYPE99999999", "\x1b[2J", "A B"):
        with pytest.raises(ValueError, match="is not a record type"):
            parse_type(word)
