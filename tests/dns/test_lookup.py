"""Lookups as a whole: every end of one is a sentence; servers, search list and hosts file in their order."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from dns.message import Message

from nettui.dns.hosts import HostsFile
from nettui.model.lookup import Outcome, Record
from nettui.model.resolver import ResolverConfig
from tests.dns.asking import ENOUGH, SHORT, SOA, ask, closed_port, lookup, lookup_all, silent
from tests.dns.nameserver import NameServer, Respond, answering, reply, sent, zone


async def test_an_answer() -> None:
    async with NameServer(answering("www.example 300 A 192.0.2.7", "www.example 300 A 192.0.2.8")).running() as server:
        result = await lookup(" https://www.example/ ", "a", servers=[server.resolver])
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
        (silent, Outcome.TIMEOUT, "no answer from {} in 0.2 s"),
        (lambda query, _: [b"not a DNS message"], Outcome.MALFORMED, "{} sent something that is no DNS answer"),
        (lambda query, _: [b"\0"], Outcome.MALFORMED, "{} sent something that is no DNS answer"),
        (lambda query, _: [reply(query).to_wire()[:-3]], Outcome.MALFORMED, "{} sent something that is no DNS answer"),
    ],
)  # fmt: skip
async def test_what_went_wrong_is_one_plain_sentence(respond: Respond, outcome: Outcome, message: str) -> None:
    patience = {Outcome.TIMEOUT: SHORT, Outcome.MALFORMED: ENOUGH}
    result = await ask(respond, timeout=patience.get(outcome, 30))
    assert result.outcome is outcome
    assert result.message == message.format(f"127.0.0.1#{result.port}")
    assert result.records == ()


async def test_a_name_that_cannot_be_is_not_sent() -> None:
    async with NameServer(silent).running() as server:
        results = await lookup_all("a..b\x1b[2J", ["A", "MX"], servers=[server.resolver])
        odd = await lookup("www.example", "nonsense", servers=[server.resolver])
        assert server.asked == []
    (result,) = results
    assert result.outcome is odd.outcome is Outcome.BAD_NAME
    assert result.typed == "a..b\\x1b[2J"
    assert "cannot be a name" in result.message
    assert "“nonsense” is not a record type" in odd.message


async def test_no_resolver_says_where_it_looked() -> None:
    config = ResolverConfig(warnings=("/etc/resolv.conf does not exist: programs then ask 127.0.0.1",))
    result = await lookup("www.example", "A", config=config)
    assert (result.outcome, result.server) == (Outcome.NO_RESOLVER, None)
    assert result.message == "no resolver configured: /etc/resolv.conf does not exist: programs then ask 127.0.0.1"


@pytest.mark.parametrize("typed", ["192.0.2.7", "2001:db8::7"])
async def test_an_address_is_reversed_whatever_the_type(typed: str) -> None:
    def respond(query: Message, transport: str) -> Iterable[bytes]:
        return sent(reply(query, f"{query.question[0].name} 60 PTR web.example."), transport)

    async with NameServer(respond).running() as server:
        (result,) = await lookup_all(typed, ["A", "MX", "TXT"], servers=[server.resolver])
        assert [rdtype for _, rdtype, _ in server.asked] == ["PTR"]
    assert (result.type, result.outcome, result.records[0].data) == ("PTR", Outcome.ANSWER, "web.example.")
    assert (result.typed, result.question.endswith(".arpa")) == (typed, True)


@pytest.mark.parametrize(
    "first", [silent, answering(rcode="SERVFAIL"), answering(rcode="REFUSED"), lambda query, transport: [b"?"]]
)
async def test_the_next_server_is_asked_when_one_fails(first: Respond) -> None:
    async with NameServer(first).running() as one, NameServer(answering("www.example 60 A 192.0.2.7")).running() as two:
        result = await lookup("www.example", "A", servers=[one.resolver, two.resolver], timeout=ENOUGH)
    assert (result.outcome, result.port) == (Outcome.ANSWER, two.port)
    assert result.message.startswith("www.example has 1 A record; ")
    assert f"127.0.0.1#{one.port}" in result.message


async def test_the_next_server_is_not_asked_when_one_says_no() -> None:
    async with NameServer(answering(rcode="NXDOMAIN")).running() as one, NameServer(silent).running() as two:
        result = await lookup("www.example", "A", servers=[one.resolver, two.resolver])
        assert two.asked == []
    assert result.outcome is Outcome.NO_SUCH_NAME


async def test_when_all_servers_fail_each_is_told_and_an_answer_counts_more_than_silence() -> None:
    closed = closed_port()
    async with NameServer(answering(rcode="REFUSED")).running() as server:
        result = await lookup("www.example", "A", servers=[server.resolver, closed])
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
        result = await lookup(typed, "A", config=config)
        assert [name for name, _, _ in server.asked] == asked
        server.asked.clear()
        await lookup(typed, "A", servers=[server.resolver], config=config)
        assert [name for name, _, _ in server.asked] == [typed.rstrip(".")], "a chosen server gets what was typed"
    assert (result.outcome, result.question, result.message) == (outcome, question, message)


async def test_a_search_stops_where_nobody_answers() -> None:
    async with NameServer(silent).running() as server:
        config = ResolverConfig(resolvers=(server.resolver,), search=("a.example", "b.example"))
        result = await lookup("web", "A", config=config, timeout=SHORT)
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
