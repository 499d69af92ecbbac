"""Host names: looked up in parallel and with a limit, remembered, and given up where the resolver does not answer."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from dns.message import Message

from nettui.model.resolver import ResolverConfig
from nettui.tui import host_names
from nettui.tui.host_names import HostNames
from tests.dns.asking import closed_port
from tests.dns.nameserver import NameServer, reply, sent
from tests.tui.table_support import Clock


def named(query: Message, transport: str) -> Iterable[bytes]:
    """A server that calls 192.0.2.7 `7.2.0.192.example`, and so on."""
    name = query.question[0].name.to_text()
    return sent(reply(query, f"{name} 60 PTR {name.removesuffix('in-addr.arpa.')}example."), transport)


def absent(query: Message, transport: str) -> Iterable[bytes]:
    return sent(reply(query, rcode="NXDOMAIN"), transport)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.002)


@asynccontextmanager
async def asking(respond: Any, **more: Any) -> AsyncIterator[tuple[HostNames, NameServer, ResolverConfig]]:
    names = HostNames(**{"timeout": 30, "hosts": Path("/nonexistent"), **more})
    async with NameServer(respond).running() as server:
        yield names, server, ResolverConfig(resolvers=(server.resolver,))
        names.stop()


def addresses(server: NameServer) -> list[str]:
    """What it was asked for, in order."""
    return [".".join(reversed(name.removesuffix(".in-addr.arpa").split("."))) for name, _, _ in server.asked]


async def test_names_come_are_told_of_together_and_remembered() -> None:
    told: list[str | None] = []
    async with asking(named) as (names, server, config):
        names.listeners.append(lambda: told.append(names.name("192.0.2.1")))
        wanted = [f"192.0.2.{number}" for number in range(1, 41)]
        assert names.name(wanted[0]) is None
        assert server.asked == [], "nobody has asked for names yet"
        names.ask(wanted, config)
        assert names.name(wanted[0]) is None, "at once is what is known, and nothing is"
        await until(lambda: bool(told) and all(names.name(address) for address in wanted))
        assert names.name("192.0.2.7") == "7.2.0.192.example"
        assert sorted(addresses(server)) == sorted(wanted)
        assert {kind for _, kind, _ in server.asked} == {"PTR"}
        assert told[0] == "1.2.0.192.example"
        assert len(told) < 40, "once for many"
        names.ask(wanted, config)
        assert not names._asking and not names._waiting


async def test_ipv6_and_what_is_no_address() -> None:
    def respond(query: Message, transport: str) -> Iterable[bytes]:
        return sent(reply(query, f"{query.question[0].name} 60 PTR \\027[31mred.example."), transport)

    async with asking(respond) as (names, server, config):
        names.ask(["*", "", "0.0.0.0", "::", "/run/x.sock", "@abstract", "fe80::1%\x1b", "2001:db8::7"], config)
        await until(lambda: names.name("2001:db8::7") is not None)
        assert [name for name, _, _ in server.asked] == [ip_address("2001:db8::7").reverse_pointer]
        shown = names.name("2001:db8::7")
        assert shown is not None and shown.isprintable() and shown.endswith("red.example")


async def test_the_hosts_file_comes_first_and_nothing_is_sent_then(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n192.0.2.1 first.local second.local\n192.0.2.1 third.local\n")
    async with asking(named, hosts=hosts) as (names, server, config):
        names.ask(["192.0.2.1", "127.0.0.1", "192.0.2.2"], config)
        await until(lambda: not names._asking)
        assert names.name("192.0.2.2") == "2.2.0.192.example"
        assert names.name("192.0.2.1") == "first.local"
        assert names.name("127.0.0.1") == "localhost"
        assert addresses(server) == ["192.0.2.2"]


async def test_some_at_once_the_last_asked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand rows scrolled past are not looked up; those on the screen are."""
    at_once, most, free, begun = 0, 0, asyncio.Event(), []
    real = HostNames._look_up

    async def slow(self: HostNames, address: str) -> None:
        nonlocal at_once, most
        begun.append(address)
        at_once += 1
        most = max(most, at_once)
        await free.wait()
        await real(self, address)
        at_once -= 1

    monkeypatch.setattr(HostNames, "_look_up", slow)
    async with asking(named) as (names, server, config):
        first = [f"10.0.0.{number}" for number in range(8)]
        names.ask(first, config)
        await until(lambda: at_once == 8)
        names.ask([f"10.{a}.{b}.1" for a in range(100) for b in range(100)], config)
        on_screen = [f"192.0.2.{number}" for number in range(20)]
        names.ask(on_screen, config)
        names.ask(["192.0.2.19"], config)
        free.set()
        await until(lambda: not names._asking)
        assert most == host_names.PARALLEL
        assert begun[:8] == first
        assert begun[8:28] == ["192.0.2.19", *on_screen[:-1]], "the last one was asked for once more"
        assert sorted(begun) == sorted(addresses(server))
        assert len(begun) == 8 + host_names.WAITING


async def test_what_is_known_grows_old_but_stays_until_there_is_better() -> None:
    clock, answer = Clock(), "old"

    def respond(query: Message, transport: str) -> Iterable[bytes]:
        name = query.question[0].name
        if str(name).startswith("9."):
            return absent(query, transport)
        return sent(reply(query, f"{name} 60 PTR {answer}.example."), transport)

    async def ask(names: HostNames, config: ResolverConfig) -> None:
        names.ask(["192.0.2.1", "192.0.2.9"], config)
        await until(lambda: not names._asking)

    async with asking(respond, clock=clock) as (names, server, config):
        await ask(names, config)
        assert (names.name("192.0.2.1"), names.name("192.0.2.9")) == ("old.example", None)
        clock.now += 299
        await ask(names, config)
        assert len(server.asked) == 2
        clock.now += 2
        await ask(names, config)
        assert addresses(server)[2:] == ["192.0.2.9"], "no name: five minutes"
        answer = "new"
        clock.now += 300
        names.ask(["192.0.2.1"], config)
        assert names.name("192.0.2.1") == "old.example"
        await until(lambda: names.name("192.0.2.1") == "new.example")


async def test_the_memory_is_bounded_and_what_is_looked_at_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_names, "KEPT", 10)
    async with asking(named) as (names, _server, config):
        for number in range(30):
            names.ask([f"192.0.2.{number}"], config)
            await until(lambda: not names._asking)
            assert names.name("192.0.2.0") is not None
        assert len(names._known) == 10
        assert names.name("192.0.2.5") is None
        assert names.name("192.0.2.29") is not None


async def test_a_resolver_that_fails_is_left_alone_and_tried_again_by_one_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    works = False

    def respond(query: Message, transport: str) -> Iterable[bytes]:
        return named(query, transport) if works else sent(reply(query, rcode="REFUSED"), transport)

    monkeypatch.setattr(host_names, "PAUSE", 3600.0)
    wanted = [f"192.0.2.{number}" for number in range(100)]
    async with asking(respond) as (names, server, config):
        names.ask(wanted, config)
        await until(lambda: names._pause is not None and not names._asking)
        sent_so_far = len(server.asked)
        assert host_names.FAILURES <= sent_so_far < host_names.FAILURES + host_names.PARALLEL
        names.ask(wanted, config)
        assert not names._asking, "nothing during the pause, and what failed is not asked for again"
        names._try_again()
        assert len(names._asking) == 1
        await until(lambda: names._pause is not None and not names._asking)
        assert len(server.asked) == sent_so_far + 1
        works = True
        names._try_again()
        await until(lambda: sum(names.name(address) is not None for address in wanted) == 100 - sent_so_far - 1)


async def test_the_pause_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_names, "PAUSE", 0.01)
    nobody = ResolverConfig(resolvers=(closed_port(),))
    async with asking(named) as (names, _server, config):
        names.ask([f"192.0.2.{number}" for number in range(9)], nobody)
        await until(lambda: names._failures >= 9)
        names.ask(["192.0.2.77"], config)
        await until(lambda: names.name("192.0.2.77") is not None)
        assert names._failures == 0


async def test_stopping_gives_everything_up() -> None:
    def silent(query: Message, transport: str) -> Iterable[bytes]:
        return []

    async with asking(silent) as (names, server, config):
        names.ask([f"192.0.2.{number}" for number in range(50)], config)
        await until(lambda: len(server.asked) == 8)
        names.stop()
        await until(lambda: not names._asking)
        assert not names._waiting
        assert [task for task in asyncio.all_tasks() if task.get_name().startswith("name of")] == []
        assert len(server.asked) == 8


def test_dnspython_is_not_loaded_before_the_first_question() -> None:
    program = (
        "import sys; from nettui.tui.host_names import HostNames; names = HostNames(); names.name('192.0.2.1');"
        "print('dns' in sys.modules, 'nettui.dns.lookup' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.split() == ["False", "False"]
