"""What an answer says: aliases, hostile data, and bytes that are no answer at all."""

from collections.abc import Iterable

import dns.message
import pytest
from dns.message import Message
from hypothesis import given
from hypothesis import strategies as st

from nettui.dns.answer import read_answer
from nettui.dns.exchange import Unreadable, read_message
from nettui.model.lookup import Outcome
from tests.dns.asking import SOA, ask
from tests.dns.nameserver import answering, reply, sent, zone

ALIASES = f"""\
{SOA}
www.example 60 CNAME lb.example.
lb.example 30 CNAME edge.example.
edge.example 5 A 192.0.2.9
dangling.example 60 CNAME gone.example.
outward.example 60 CNAME edge.cdn.test.
"""


async def test_aliases_are_followed_within_the_answer() -> None:
    result = await ask(zone(ALIASES))
    assert result.chain == ("lb.example", "edge.example")
    assert [(r.name, r.ttl, r.type, r.data) for r in result.records] == [
        ("www.example", 60, "CNAME", "lb.example."),
        ("lb.example", 30, "CNAME", "edge.example."),
        ("edge.example", 5, "A", "192.0.2.9"),
    ]
    assert result.message == "www.example is an alias of edge.example, which has 1 A record"


@pytest.mark.parametrize(
    ("typed", "rdtype", "outcome", "message"),
    [
        ("www.example", "MX", Outcome.NO_DATA,
         "www.example is an alias of edge.example, which has no MX record (may be remembered for 300 s)"),
        ("dangling.example", "A", Outcome.NO_SUCH_NAME,
         "dangling.example is an alias of gone.example, and there is no such name"),
        ("www.example", "CNAME", Outcome.ANSWER, "www.example has 1 CNAME record"),
    ],
)  # fmt: skip
async def test_where_an_alias_ends(typed: str, rdtype: str, outcome: Outcome, message: str) -> None:
    result = await ask(zone(ALIASES), typed, rdtype)
    assert (result.outcome, result.message) == (outcome, message)


async def test_an_alias_that_the_server_does_not_follow() -> None:
    result = await ask(answering("www.example 60 CNAME edge.cdn.test."))
    assert (result.outcome, result.chain) == (Outcome.ANSWER, ("edge.cdn.test",))
    assert result.message.startswith("www.example is an alias of edge.cdn.test; 127.0.0.1#")


async def test_aliases_in_a_circle_end() -> None:
    result = await ask(answering("www.example 60 CNAME b.example.", "b.example 60 CNAME www.example."))
    assert result.outcome is Outcome.NO_DATA
    assert result.message == "the aliases go round in a circle: www.example → b.example → www.example"


async def test_hostile_data_is_shown_harmlessly() -> None:
    text = "[@click=app.bell]x[/] \x1b]0;owned\x07 \u202egpj.exe".encode() + b"\xff\xfe"
    escaped = "".join(f"\\{byte:03d}" for byte in text)
    long = " ".join(f'"{"x" * 255}"' for _ in range(230))

    def respond(query: Message, transport: str) -> Iterable[bytes]:
        owner = "[/]\\027[31m\\195.example."
        records = [f'www.example 60 CNAME {owner}', f'{owner} 60 TXT "{escaped}"', f"{owner} 60 TXT {long}"]
        return sent(reply(query, *records), transport)

    result = await ask(respond, rdtype="TXT")
    assert result.outcome is Outcome.ANSWER
    shown = [result.message, *result.chain, *(part for r in result.records for part in (r.name, r.data))]
    assert all(part.isascii() or "…" in part for part in shown)
    assert all(part.isprintable() for part in shown)
    assert "[@click=app.bell]x[/] \\027]0;owned\\007" in result.records[1].data
    assert len(result.records[2].data) == 4096


_ANSWER = reply(
    dns.message.make_query("www.example", "TXT", id=7, use_edns=0),
    "www.example 60 CNAME b.example.", 'b.example 60 TXT "some text" "more"', "b.example 60 MX 10 mx.example.",
    "b.example 60 SOA ns.example. host.example. 1 2 3 4 5", authority=[SOA],
).to_wire()  # fmt: skip


@given(st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=80).map(lambda tail: _ANSWER[:40] + tail),
    st.lists(st.tuples(st.integers(2, len(_ANSWER) - 1), st.integers(0, 255)), max_size=8).map(
        lambda changes: bytes(dict(enumerate(_ANSWER)).__or__(dict(changes)).values())
    ),
))  # fmt: skip
def test_any_bytes_are_an_answer_or_unreadable(wire: bytes) -> None:
    try:
        message, _ = read_message(wire)
        answer = read_answer(message, "www.example", "TXT", "192.0.2.53")
    except Unreadable as error:
        assert str(error).isprintable()
        return
    assert all(text.isprintable() for r in answer.records for text in (r.name, r.type, r.data))
    assert answer.message.isprintable()
