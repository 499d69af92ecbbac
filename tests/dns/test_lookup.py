"""Lookups against a server that behaves, misbehaves, or is not there; every failure is a sentence."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import dns.flags
import dns.message
import pytest
from dns.message import Message
from hypothesis import given
from hypothesis import strategies as st

from nettui.dns.answer import read_answer
from nettui.dns.exchange import Unreadable, read_message
from nettui.dns.hosts import HostsFile
from nettui.dns.lookup import lookup, lookup_all
from nettui.model.lookup import Lookup, Outcome, Record
from nettui.model.resolver import Resolver, ResolverConfig
from tests.dns.nameserver import NameServer, Respond, answering, framed, reply, sent, zone

NO_HOSTS = HostsFile(Path("/nonexistent/hosts"))
SHORT = 0.2
"""Seconds to wait for an answer that will not come."""
SOA = "example. 3600 SOA ns.example. host.example. 1 7200 3600 86400 300"


async def _ask(respond: Respond, typed: str = "www.example", rdtype: str = "A", timeout: float = 5) -> Lookup:
    async with NameServer(respond).running() as server:
        return await lookup(typed, rdtype, servers=[server.resolver], timeout=timeout, hosts=NO_HOSTS)


def _silent(query: Message, transport: str) -> Iterable[bytes]:
    return []


def _closed_port() -> Resolver:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return Resolver(address="127.0.0.1", port=sock.getsockname()[1])


async def test_an_answer() -> None:
    async with NameServer(answering("www.example 300 A 192.0.2.7", "www.example 300 A 192.0.2.8")).running() as server:
        result = await lookup(" https://www.example/ ", "a", servers=[server.resolver], hosts=NO_HOSTS)
        assert (result.server, result.port) == ("127.0.0.1", server.port)
    assert result.outcome is Outcome.ANSWER
    assert result.message == "www.example has 2 A records"
    assert result.records == tuple(
        Record(name="www.example", type="A", ttl=300, data=address) for address in ("192.0.2.7", "192.0.2.8")
    )
    assert (result.question, result.type, result.rcode, result.transport) == ("www.example", "A", "NOERROR", "udp")
    assert (result.authoritative, result.truncated, result.chain) == (True, False, ())
    assert result.elapsed is not None and 0 < result.elapsed < 5


@pytest.mark.parametrize(
    ("respond", "outcome", "message"),
    [
        (answering(rcode="NXDOMAIN"), Outcome.NO_SUCH_NAME, "no such name: www.example"),
        (
            answering(authority=[SOA]), Outcome.NO_DATA,
            "www.example exists but has no A record (may be remembered for 300 s)",
        ),
        (answering(flags="RA"), Outcome.NO_DATA, "www.example exists but has no A record"),
        (
            answering(authority=["example. 60 NS ns.example."], flags="RD"),
            Outcome.REFERRAL, "{} does not know www.example: it points to the name servers of example",
        ),
        (answering(rcode="REFUSED"), Outcome.REFUSED, "{} refused to answer (REFUSED)"),
        (
            answering(rcode="SERVFAIL"),
            Outcome.SERVER_FAILURE, "{} failed to find the answer (server failure, SERVFAIL)",
        ),
        (answering(rcode="NOTAUTH"), Outcome.OTHER_RCODE, "{} answered NOTAUTH instead of records"),
        (_silent, Outcome.TIMEOUT, "no answer from {} in 0.2 s"),
        (lambda query, _: [b"not a DNS message"], Outcome.MALFORMED, "{} sent something that is no DNS answer"),
        (lambda query, _: [b""], Outcome.MALFORMED, "{} sent something that is no DNS answer"),
        (lambda query, _: [reply(query).to_wire()[:-3]], Outcome.MALFORMED, "{} sent something that is no DNS answer"),
    ],
)  # fmt: skip
async def test_what_went_wrong_is_one_plain_sentence(respond: Respond, outcome: Outcome, message: str) -> None:
    result = await _ask(respond, timeout=SHORT)
    assert result.outcome is outcome
    assert result.message == message.format(f"127.0.0.1#{result.port}")
    assert result.records == ()


async def test_a_closed_port_is_told_by_icmp_and_not_waited_for() -> None:
    server = _closed_port()
    result = await asyncio.wait_for(lookup("www.example", "A", servers=[server], timeout=60, hosts=NO_HOSTS), 10)
    assert result.outcome is Outcome.UNREACHABLE
    assert result.message == f"nothing listens at 127.0.0.1 port {server.port}"
    assert (result.elapsed, result.authoritative, result.rcode) == (None, None, None)


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (Resolver(address="fe80::1"), "fe80::1 needs its interface, as in fe80::1%eth0"),
        (Resolver(address="fe80::1%nosuchif"), "cannot be reached: this host has no such interface"),
        (Resolver(address="dns.example"), "cannot be reached: that is not an address"),
        (Resolver(address="127.0.0.1", port=-1), "cannot be reached"),
        (Resolver(address="nul\0"), "nul\\x00 cannot be reached"),
    ],
)
async def test_an_address_that_leads_nowhere(server: Resolver, words: str) -> None:
    result = await lookup("www.example", "A", servers=[server], hosts=NO_HOSTS)
    assert result.outcome is Outcome.UNREACHABLE
    assert words in result.message
    assert result.message.isprintable()


async def test_no_descriptor_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> socket.socket:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(socket, "socket", full)
    result = await lookup("www.example", "A", servers=[Resolver(address="127.0.0.1")], hosts=NO_HOSTS)
    assert (result.outcome, result.message) == (Outcome.UNREACHABLE, "127.0.0.1 was not asked: too many files are open")


async def test_a_name_that_cannot_be_is_not_sent() -> None:
    async with NameServer(_silent).running() as server:
        results = await lookup_all("a..b\x1b[2J", ["A", "MX"], servers=[server.resolver], hosts=NO_HOSTS)
        odd = await lookup("www.example", "nonsense", servers=[server.resolver], hosts=NO_HOSTS)
        assert server.asked == []
    (result,) = results
    assert result.outcome is odd.outcome is Outcome.BAD_NAME
    assert result.typed == "a..b\\x1b[2J"
    assert "cannot be a name" in result.message
    assert "“nonsense” is not a record type" in odd.message


async def test_no_resolver_says_where_it_looked() -> None:
    config = ResolverConfig(warnings=("/etc/resolv.conf does not exist: programs then ask 127.0.0.1",))
    result = await lookup("www.example", "A", config=config, hosts=NO_HOSTS)
    assert (result.outcome, result.server) == (Outcome.NO_RESOLVER, None)
    assert result.message == "no resolver configured: /etc/resolv.conf does not exist: programs then ask 127.0.0.1"


ALIASES = f"""\
{SOA}
www.example 60 CNAME lb.example.
lb.example 30 CNAME edge.example.
edge.example 5 A 192.0.2.9
dangling.example 60 CNAME gone.example.
outward.example 60 CNAME edge.cdn.test.
"""


async def test_aliases_are_followed_within_the_answer() -> None:
    result = await _ask(zone(ALIASES))
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
    result = await _ask(zone(ALIASES), typed, rdtype)
    assert (result.outcome, result.message) == (outcome, message)


async def test_an_alias_that_the_server_does_not_follow() -> None:
    result = await _ask(answering("www.example 60 CNAME edge.cdn.test."))
    assert (result.outcome, result.chain) == (Outcome.ANSWER, ("edge.cdn.test",))
    assert result.message.startswith("www.example is an alias of edge.cdn.test; 127.0.0.1#")


async def test_aliases_in_a_circle_end() -> None:
    result = await _ask(answering("www.example 60 CNAME b.example.", "b.example 60 CNAME www.example."))
    assert result.outcome is Outcome.NO_DATA
    assert result.message == "the aliases go round in a circle: www.example → b.example → www.example"


@pytest.mark.parametrize("typed", ["192.0.2.7", "2001:db8::7"])
async def test_an_address_is_reversed_whatever_the_type(typed: str) -> None:
    def respond(query: Message, transport: str) -> Iterable[bytes]:
        return sent(reply(query, f"{query.question[0].name} 60 PTR web.example."), transport)

    async with NameServer(respond).running() as server:
        (result,) = await lookup_all(typed, ["A", "MX", "TXT"], servers=[server.resolver], hosts=NO_HOSTS)
        assert [rdtype for _, rdtype, _ in server.asked] == ["PTR"]
    assert (result.type, result.outcome, result.records[0].data) == ("PTR", Outcome.ANSWER, "web.example.")
    assert (result.typed, result.question.endswith(".arpa")) == (typed, True)


async def test_an_answer_too_long_for_udp_comes_over_tcp() -> None:
    records = [f"www.example 300 A 10.0.{number // 250}.{number % 250}" for number in range(1000)]
    async with NameServer(answering(*records)).running() as server:
        result = await lookup("www.example", "A", servers=[server.resolver], hosts=NO_HOSTS)
        assert [transport for _, _, transport in server.asked] == ["udp", "tcp"]
    assert (len(result.records), result.transport, result.truncated) == (1000, "tcp", False)
    assert result.message == "www.example has 1,000 A records"


def _cut(query: Message, *records: str) -> list[bytes]:
    message = reply(query, *records)
    message.flags |= dns.flags.TC
    return [message.to_wire()]


@pytest.mark.parametrize(
    "over_tcp",
    [
        lambda query: [],
        lambda query: [b"\x00"],
        lambda query: [framed(reply(query).to_wire())[:-4]],
        lambda query: [framed(b"junk")],
        lambda query: [framed(reply(dns.message.make_query("other.example", "A")).to_wire())],
    ],
)
async def test_tcp_that_breaks_leaves_what_udp_brought(over_tcp: Callable[[Message], list[bytes]]) -> None:
    def respond(query: Message, transport: str) -> Iterable[bytes]:
        return over_tcp(query) if transport == "tcp" else _cut(query, "www.example 60 A 192.0.2.7")

    result = await _ask(respond)
    assert (result.outcome, result.truncated, result.transport) == (Outcome.ANSWER, True, "udp")
    assert result.message == "www.example has 1 A record (cut short: TCP did not bring the rest)"


async def test_an_empty_cut_answer_is_not_taken_for_no_data() -> None:
    result = await _ask(lambda query, transport: [] if transport == "tcp" else _cut(query))
    assert result.outcome is Outcome.MALFORMED
    assert result.message.endswith("has an answer too long for UDP, which TCP did not bring")


async def test_what_does_not_match_the_query_is_ignored() -> None:
    """A wrong id, another question, a query and junk come first: as from someone who guesses."""

    def respond(query: Message, transport: str) -> Iterable[bytes]:
        forged = reply(query, "www.example 60 A 203.0.113.66")
        forged.id = (query.id + 1) % 65536
        other = dns.message.make_query("other.example", "A", id=query.id)
        answer = reply(query, "www.example 60 A 192.0.2.7")
        return [
            forged.to_wire(), reply(other, "other.example 60 A 203.0.113.66").to_wire(), query.to_wire(), b"junk",
            answer.to_wire(),
        ]  # fmt: skip

    result = await _ask(respond)
    assert [record.data for record in result.records] == ["192.0.2.7"]


async def test_only_what_does_not_match_is_no_answer() -> None:
    other = dns.message.make_query("www.example", "A", id=1)
    result = await _ask(lambda query, _: [reply(other).to_wire()] if query.id != 1 else [], timeout=SHORT)
    assert result.outcome is Outcome.TIMEOUT


@pytest.mark.parametrize("edns_answer", [None, "FORMERR", "NOTIMP"])
async def test_a_server_that_knows_no_edns_is_asked_without(edns_answer: str | None) -> None:
    """It drops such queries, as old firewalls do, or rejects them; the second query also replaces a lost packet."""
    seen: list[tuple[int, int, int]] = []

    def respond(query: Message, transport: str) -> Iterable[bytes]:
        seen.append((query.id, query.edns, query.payload))
        if query.edns < 0:
            return sent(reply(query, "www.example 60 A 192.0.2.7"), transport)
        return [reply(query, rcode=edns_answer).to_wire()] if edns_answer else []

    result = await _ask(respond, timeout=SHORT if edns_answer is None else 5)
    assert result.outcome is Outcome.ANSWER
    assert seen == [(seen[0][0], 0, 1232), (seen[0][0], -1, 0)]


async def test_ids_are_not_to_be_guessed() -> None:
    ids: set[int] = set()

    def respond(query: Message, transport: str) -> Iterable[bytes]:
        ids.add(query.id)
        return [reply(query).to_wire()]

    async with NameServer(respond).running() as server:
        for _ in range(20):
            await lookup("www.example", "A", servers=[server.resolver], hosts=NO_HOSTS)
    assert len(ids) > 15


@pytest.mark.parametrize(
    "first", [_silent, answering(rcode="SERVFAIL"), answering(rcode="REFUSED"), lambda query, transport: [b"?"]]
)
async def test_the_next_server_is_asked_when_one_fails(first: Respond) -> None:
    async with NameServer(first).running() as one, NameServer(answering("www.example 60 A 192.0.2.7")).running() as two:
        result = await lookup("www.example", "A", servers=[one.resolver, two.resolver], timeout=SHORT, hosts=NO_HOSTS)
    assert (result.outcome, result.port) == (Outcome.ANSWER, two.port)
    assert result.message.startswith("www.example has 1 A record; ")
    assert f"127.0.0.1#{one.port}" in result.message


async def test_the_next_server_is_not_asked_when_one_says_no() -> None:
    async with NameServer(answering(rcode="NXDOMAIN")).running() as one, NameServer(_silent).running() as two:
        result = await lookup("www.example", "A", servers=[one.resolver, two.resolver], hosts=NO_HOSTS)
        assert two.asked == []
    assert result.outcome is Outcome.NO_SUCH_NAME


async def test_when_all_servers_fail_each_is_told_and_an_answer_counts_more_than_silence() -> None:
    closed = _closed_port()
    async with NameServer(answering(rcode="REFUSED")).running() as server:
        result = await lookup("www.example", "A", servers=[server.resolver, closed], hosts=NO_HOSTS)
    assert (result.outcome, result.port) == (Outcome.REFUSED, server.port)
    assert result.message == (
        f"127.0.0.1#{server.port} refused to answer (REFUSED); nothing listens at 127.0.0.1 port {closed.port}"
    )


@pytest.mark.parametrize(
    ("typed", "asked", "outcome", "question", "message"),
    [
        ("web", ["web.corp.example"], Outcome.ANSWER, "web.corp.example", "web.corp.example has 1 A record"),
        ("nil", ["nil.corp.example", "nil.other.example", "nil"], Outcome.NO_SUCH_NAME, "nil",
         "no such name: nil; tried too: nil.corp.example, nil.other.example"),
        ("mail", ["mail.corp.example", "mail.other.example", "mail"], Outcome.NO_DATA, "mail.corp.example",
         "mail.corp.example exists but has no A record (may be remembered for 300 s);"
         " tried too: mail.other.example, mail"),
        ("web.", ["web"], Outcome.NO_SUCH_NAME, "web", "no such name: web"),
    ],
)  # fmt: skip
async def test_the_systems_servers_get_its_search_list(
    typed: str, asked: list[str], outcome: Outcome, question: str, message: str
) -> None:
    text = f"{SOA}\nweb.corp.example 60 A 192.0.2.7\nmail.corp.example 60 MX 10 mx.example."
    async with NameServer(zone(text)).running() as server:
        config = ResolverConfig(resolvers=(server.resolver,), search=("corp.example", "other.example"))
        result = await lookup(typed, "A", config=config, hosts=NO_HOSTS)
        assert [name for name, _, _ in server.asked] == asked
        server.asked.clear()
        await lookup(typed, "A", servers=[server.resolver], config=config, hosts=NO_HOSTS)
        assert [name for name, _, _ in server.asked] == [typed.rstrip(".")], "a chosen server gets what was typed"
    assert (result.outcome, result.question, result.message) == (outcome, question, message)


async def test_a_search_stops_where_nobody_answers() -> None:
    async with NameServer(_silent).running() as server:
        config = ResolverConfig(resolvers=(server.resolver,), search=("a.example", "b.example"))
        result = await lookup("web", "A", config=config, timeout=SHORT, hosts=NO_HOSTS)
        assert {name for name, _, _ in server.asked} == {"web.a.example"}
    assert result.outcome is Outcome.TIMEOUT


async def test_the_hosts_file_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("10.0.0.7 www.example www\nfd00::7 www.example\n0.0.0.0 ads.example\n")
    hosts = HostsFile(path)
    async with NameServer(answering("www.example 60 A 192.0.2.7")).running() as server:
        servers = [server.resolver]
        a, aaaa, mx = await lookup_all("WWW.example", ["A", "AAAA", "MX"], servers=servers, hosts=hosts)
        (ptr,) = await lookup_all("10.0.0.7", ["A"], servers=servers, hosts=hosts)
        blocked = await lookup("ads.example", "A", servers=servers, hosts=hosts)
    assert [(e.address, e.line, e.names) for e in a.hosts] == [("10.0.0.7", 1, ("www.example", "www"))]
    assert a.message == f"WWW.example has 1 A record; but {path} line 1 comes first on this host"
    assert [entry.address for entry in aaaa.hosts] == ["fd00::7"]
    assert mx.hosts == ()
    assert [entry.names for entry in ptr.hosts] == [("www.example", "www")]
    assert blocked.message.endswith(f"; but {path} line 3 blocks it on this host (0.0.0.0)")
    offline = await lookup("www.example", "A", config=ResolverConfig(), hosts=hosts)
    assert (offline.outcome, len(offline.hosts)) == (Outcome.NO_RESOLVER, 1)


async def test_hostile_data_is_shown_harmlessly() -> None:
    text = "[@click=app.bell]x[/] \x1b]0;owned\x07 \u202egpj.exe".encode() + b"\xff\xfe"
    escaped = "".join(f"\\{byte:03d}" for byte in text)
    long = " ".join(f'"{"x" * 255}"' for _ in range(230))

    def respond(query: Message, transport: str) -> Iterable[bytes]:
        owner = "[/]\\027[31m\\195.example."
        records = [f'www.example 60 CNAME {owner}', f'{owner} 60 TXT "{escaped}"', f"{owner} 60 TXT {long}"]
        return sent(reply(query, *records), transport)

    result = await _ask(respond, rdtype="TXT")
    assert result.outcome is Outcome.ANSWER
    shown = [result.message, *result.chain, *(part for r in result.records for part in (r.name, r.data))]
    assert all(part.isascii() or "…" in part for part in shown)
    assert all(part.isprintable() for part in shown)
    assert "[@click=app.bell]x[/] \\027]0;owned\\007" in result.records[1].data
    assert len(result.records[2].data) == 4096


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize("stage", ["udp", "tcp"])
async def test_cancelling_leaves_nothing_behind(stage: str) -> None:
    reached = asyncio.Event()

    def respond(query: Message, transport: str) -> Iterable[bytes]:
        if transport == stage:
            reached.set()
            return [b"\xff"] if transport == "tcp" else []
        return _cut(query)

    async with NameServer(respond).running() as server:
        before = _descriptors()
        task = asyncio.create_task(lookup_all("www.example", ["A", "MX"], servers=[server.resolver], timeout=60))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await _until(lambda: _descriptors() <= before)
        await _until(lambda: len(asyncio.all_tasks()) == 1)


async def test_an_ended_lookup_leaves_nothing_behind() -> None:
    async with NameServer(answering("www.example 60 A 192.0.2.7")).running() as server:
        await lookup("www.example", "A", servers=[server.resolver])
        before = _descriptors()
        for _ in range(10):
            await lookup_all("www.example", ["A", "AAAA", "MX"], servers=[server.resolver, _closed_port()])
        assert _descriptors() == before
        assert len(asyncio.all_tasks()) == 1


async def _until(condition: Callable[[], bool]) -> None:
    """The server's own side of a connection needs a moment to see the end of it."""
    wait: Awaitable[None]
    for _ in range(500):
        if condition():
            return
        wait = asyncio.sleep(0.01)
        await wait
    assert condition()


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
