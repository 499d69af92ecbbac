"""The exchange with a server that behaves, misbehaves, or is not there."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import dns.message
import pytest
from dns.message import Message

from nettui.model.lookup import Outcome
from nettui.model.resolver import Resolver
from tests.dns.asking import ENOUGH, SHORT, ask, closed_port, cut, lookup, lookup_all
from tests.dns.nameserver import NameServer, answering, framed, reply, sent


async def test_an_answer_too_long_for_udp_comes_over_tcp() -> None:
    records = [f"www.example 300 A 10.0.{number // 250}.{number % 250}" for number in range(1000)]
    async with NameServer(answering(*records)).running() as server:
        result = await lookup("www.example", "A", servers=[server.resolver])
        assert [transport for _, _, transport in server.asked] == ["udp", "tcp"]
    assert (len(result.records), result.transport, result.truncated) == (1000, "tcp", False)
    assert result.message == "www.example has 1,000 A records"


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
        return over_tcp(query) if transport == "tcp" else cut(query, "www.example 60 A 192.0.2.7")

    result = await ask(respond)
    assert (result.outcome, result.truncated, result.transport) == (Outcome.ANSWER, True, "udp")
    assert result.message == "www.example has 1 A record (cut short: TCP did not bring the rest)"


async def test_an_empty_cut_answer_is_not_taken_for_no_data() -> None:
    result = await ask(lambda query, transport: [] if transport == "tcp" else cut(query))
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

    result = await ask(respond)
    assert [record.data for record in result.records] == ["192.0.2.7"]


async def test_only_what_does_not_match_is_no_answer() -> None:
    other = dns.message.make_query("www.example", "A", id=1)
    result = await ask(lambda query, _: [reply(other).to_wire()] if query.id != 1 else [], timeout=SHORT)
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

    result = await ask(respond, timeout=30 if edns_answer else ENOUGH)
    assert result.outcome is Outcome.ANSWER
    assert seen == [(seen[0][0], 0, 1232), (seen[0][0], -1, 0)]


async def test_ids_are_not_to_be_guessed() -> None:
    ids: set[int] = set()

    def respond(query: Message, transport: str) -> Iterable[bytes]:
        ids.add(query.id)
        return [reply(query).to_wire()]

    async with NameServer(respond).running() as server:
        for _ in range(20):
            await lookup("www.example", "A", servers=[server.resolver])
    assert len(ids) > 15


async def test_a_closed_port_is_told_by_icmp_and_not_waited_for() -> None:
    server = closed_port()
    result = await asyncio.wait_for(lookup("www.example", "A", servers=[server], timeout=60), 10)
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
    result = await lookup("www.example", "A", servers=[server])
    assert result.outcome is Outcome.UNREACHABLE
    assert words in result.message
    assert result.message.isprintable()


async def test_no_descriptor_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> socket.socket:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(socket, "socket", full)
    result = await lookup("www.example", "A", servers=[Resolver(address="127.0.0.1")])
    assert (result.outcome, result.message) == (Outcome.UNREACHABLE, "127.0.0.1 was not asked: too many files are open")


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize("stage", ["udp", "tcp"])
async def test_cancelling_leaves_nothing_behind(stage: str) -> None:
    reached = asyncio.Event()

    def respond(query: Message, transport: str) -> Iterable[bytes]:
        if transport == stage:
            reached.set()
            return [b"\xff"] if transport == "tcp" else []
        return cut(query)

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
            await lookup_all("www.example", ["A", "AAAA", "MX"], servers=[server.resolver, closed_port()])
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
