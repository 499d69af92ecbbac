"""Probes: listed names asked of real name servers on loopback that answer, fail, hang or are not there."""

import asyncio
import socket
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from dns.message import Message

from nettui.collectors import probes as under_test
from nettui.collectors.probes import AT_ONCE, CALM, EAGER, MUTE, NAMES, ProbeReader, probe_worker
from nettui.collectors.subjects import workers
from nettui.collectors.wanted import Wanted
from nettui.dns import probe as asking
from nettui.dns.hosts import HostsFile
from nettui.model.resolver import Resolver, ResolverConfig
from nettui.model.watched import Probe
from tests.collectors.fake import FakeHost
from tests.dns.nameserver import NameServer, Respond, answering, reply, sent, zone

ZONE = """\
example. 3600 SOA ns.example. host.example. 1 7200 3600 86400 300
www.example. 60 A 192.0.2.7
www.example. 60 AAAA 2001:db8::7
alias.example. 60 CNAME v4.example.
v4.example. 60 A 192.0.2.4
"""


def silent(query: Message, transport: str) -> Iterable[bytes]:
    return ()


@pytest.fixture(autouse=True)
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "hosts"
    path.write_text("")
    monkeypatch.setattr(asking, "SYSTEM_HOSTS", HostsFile(path))
    return path


async def round_of(names: tuple[str, ...], *responds: Respond, timeout: float = 30) -> tuple[Probe, ...]:
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(NameServer(respond).running()) for respond in responds]
        config = ResolverConfig(resolvers=tuple(server.resolver for server in servers))
        return (await ProbeReader(names, timeout, _resolvers(config)).read()).probes


def _resolvers(config: ResolverConfig) -> under_test.Callable[[], under_test.Awaitable[ResolverConfig]]:
    async def read() -> ResolverConfig:
        return config

    return read


async def test_both_families_of_every_name_at_every_server(hosts: Path) -> None:
    hosts.write_text("0.0.0.0 www.example\n::1 WWW.example other\n")
    found = await round_of(("www.example", "alias.example", "nowhere.example"), zone(ZONE), zone(ZONE))
    told = [(p.name, p.rcode, p.addresses, p.error) for p in found]
    assert told == 2 * [
        ("www.example", "NOERROR", ("192.0.2.7", "2001:db8::7"), None),
        ("alias.example", "NOERROR", ("192.0.2.4",), None),
        ("nowhere.example", "NXDOMAIN", (), None),
    ]
    assert all(p.seconds is not None and p.seconds > 0 for p in found)
    assert [p.hosts for p in found] == 2 * [("0.0.0.0", "::1"), (), ()]
    assert len({p.port for p in found}) == 2


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "NOTIMP"])
async def test_a_failure_is_told_by_its_rcode(rcode: str) -> None:
    (found,) = await round_of(("www.example",), answering(rcode=rcode))
    assert (found.rcode, found.error, found.addresses) == (rcode, None, ())


async def test_one_family_that_fails_does_not_spoil_the_other() -> None:
    def half(query: Message, transport: str) -> Iterable[bytes]:
        if "AAAA" in query.question[0].to_text():
            return sent(reply(query, rcode="SERVFAIL"), transport)
        return answering("www.example. 60 A 192.0.2.7")(query, transport)

    (found,) = await round_of(("www.example",), half)
    assert (found.rcode, found.addresses) == ("NOERROR", ("192.0.2.7",))


async def test_a_family_that_is_never_answered_is_waited_for() -> None:
    def half(query: Message, transport: str) -> Iterable[bytes]:
        return () if "AAAA" in query.question[0].to_text() else answering("www.example. 60 A 192.0.2.7")(
            query, transport
        )

    (found,) = await round_of(("www.example",), half, timeout=0.4)
    assert (found.rcode, found.seconds) == ("NOERROR", 0.4)


async def test_silence_refusal_and_no_way_are_told_apart() -> None:
    (found,) = await round_of(("www.example",), silent, timeout=0.2)
    assert (found.rcode, found.seconds, found.error) == (None, None, "no answer in 0.2 s")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    turn = asyncio.Semaphore(1)
    refused = await asking.probe("www.example", Resolver(address="127.0.0.1", port=port), 5, (), turn)
    assert refused.error == "connection refused"
    junk = await round_of(("www.example",), lambda query, transport: [b"\xff" * 3], timeout=0.2)
    assert junk[0].error == "sent something that is no DNS answer"


async def test_a_mute_server_is_given_up_and_others_are_not() -> None:
    names = tuple(f"n{i}.example" for i in range(20))
    found = await round_of(names, silent, zone(ZONE), timeout=0.2)
    assert [p.error for p in found].count("no answer in 0.2 s") == MUTE
    assert len(found) == MUTE + NAMES


async def test_no_more_questions_at_once_than_is_decent(monkeypatch: pytest.MonkeyPatch) -> None:
    under_way, most = 0, 0
    real = asking.lookup

    async def counted(*args: object, **more: object) -> object:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        try:
            await asyncio.sleep(0.01)
            return await real(*args, **more)  # type: ignore[arg-type]  # passed on as it came
        finally:
            under_way -= 1

    monkeypatch.setattr(asking, "lookup", counted)
    found = await round_of(tuple(f"n{i}.example" for i in range(16)), zone(ZONE), zone(ZONE), zone(ZONE))
    assert len(found) == 48
    assert most == AT_ONCE


async def test_rounds_are_eager_while_something_is_wrong() -> None:
    rcode = "SERVFAIL"
    async with NameServer(lambda query, transport: sent(reply(query, rcode=rcode), transport)).running() as server:
        config = ResolverConfig(resolvers=(server.resolver,))
        worker = probe_worker(ProbeReader(("www.example",), 30, _resolvers(config)))
        assert worker.every == CALM
        await worker.refresh()
        assert (worker.error, worker.every) == (None, EAGER)
        rcode = "NOERROR"
        await worker.refresh()
        assert worker.every == EAGER, "still looked at"


async def test_a_round_that_is_cancelled_leaves_no_socket_open() -> None:
    async with NameServer(silent).running() as server:
        config = ResolverConfig(resolvers=(server.resolver,))
        task = asyncio.create_task(ProbeReader(("www.example",), 30, _resolvers(config)).read())
        while not server.asked:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)


async def test_nothing_is_sent_unless_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    real = socket.socket.__init__

    def counted(self: socket.socket, *args: object, **more: object) -> None:
        made.append(args)
        real(self, *args, **more)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(socket.socket, "__init__", counted)
    for wanted in (None, Wanted()):
        found = workers(FakeHost(), wanted=wanted)
        await asyncio.gather(*(worker.refresh() for worker in found))
        assert not {"probes", "gauges"} & {worker.name for worker in found}
    assert not made
    (probing,) = [w for w in workers(FakeHost(), wanted=Wanted(names=("www.example",))) if w.name == "probes"]
    monkeypatch.setattr(under_test, "GLIBC_SERVERS", 0)  # this host's own servers are nobody's to ask in a test
    await probing.refresh()
    assert probing.error is None and not made
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    assert made, "a socket would have been seen"
