"""Servers typed by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.dns.servers import PUBLIC_RESOLVERS, label, parse_address, parse_server


@pytest.mark.parametrize(
    ("typed", "address", "port"),
    [
        ("192.0.2.53", "192.0.2.53", 53),
        (" @192.0.2.53 ", "192.0.2.53", 53),
        ("192.0.2.53#5353", "192.0.2.53", 5353),
        ("192.0.2.53:5353", "192.0.2.53", 5353),
        ("2001:DB8:0::1", "2001:db8::1", 53),
        ("2001:db8::1#5353", "2001:db8::1", 5353),
        ("[2001:db8::1]", "2001:db8::1", 53),
        ("[2001:db8::1]:65535", "2001:db8::1", 65535),
        ("@[fe80::1%eth0]#1", "fe80::1%eth0", 1),
        ("::1", "::1", 53),
    ],
)
def test_address_and_port(typed: str, address: str, port: int) -> None:
    server = parse_server(typed)
    assert (server.address, server.port, server.source) == (address, port, "typed")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "no server given"),
        ("@", "no server given"),
        ("dns.example", "“dns.example” is not an address"),
        ("dns.example:53", "“dns.example:53” is not an address"),
        ("192.0.2.256", "is not an address"),
        ("192.0.2.53#", "“” is not a port"),
        ("192.0.2.53#0", "“0” is not a port"),
        ("192.0.2.53#65536", "“65536” is not a port"),
        ("192.0.2.53:٥٣", "is not a port"),
        ("[::1", "“[::1” is not an address"),
        ("[::1]53", "is not an address"),
        ("[::1]x53", "is not an address"),
        ("fe80::1%\x1b[31m", "\\x1b"),
    ],
)
def test_anything_else_is_told_in_plain_words(typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"server|address|port") as caught:
        parse_server(typed)
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


@given(st.text())
def test_any_text_is_a_server_or_a_value_error(typed: str) -> None:
    try:
        server = parse_server(typed)
    except ValueError:
        return
    assert parse_address(server.address) == server.address
    assert 1 <= server.port <= 65535


def test_a_label_tells_the_port_only_where_it_matters() -> None:
    assert label(parse_server("192.0.2.1")) == "192.0.2.1"
    assert label(parse_server("[2001:db8::1]:99")) == "2001:db8::1#99"


def test_public_resolvers_can_be_asked_as_they_are() -> None:
    assert {resolver.source: resolver.address for resolver in PUBLIC_RESOLVERS} == {
        "Google": "8.8.8.8", "Cloudflare": "1.1.1.1", "Quad9": "9.9.9.9",
        "KT": "168.126.63.1", "SKT": "210.220.163.82", "LG U+": "164.124.107.9",
    }  # fmt: skip
