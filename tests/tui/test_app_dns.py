"""The DNS pane against name servers of our own on loopback, and what comes of servers that mean ill."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from nettui.config import DnsSettings
from nettui.dns import lookup as dns_lookup
from nettui.dns.hosts import HostsFile
from nettui.model.resolver import Resolver, ResolverConfig
from nettui.model.snapshot import Snapshot
from tests.dns.asking import closed_port, silent
from tests.dns.nameserver import NameServer, answering, zone
from tests.recordings.make import web_03
from tests.replayed import settled
from tests.tui.app_support import flat, pane_text, press, said, screen_lines, screen_text, staged, styles, typed, until

ZONE = """
example. 3600 SOA ns.example. host.example. 1 7200 3600 86400 300
www.example. 60 A 192.0.2.7
www.example. 60 AAAA 2001:db8::7
www.example. 60 MX 10 mail.example.
alias.example. 60 CNAME www.example.
"""


@pytest.fixture(autouse=True)
def no_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_lookup, "SYSTEM_HOSTS", HostsFile(Path("/nonexistent/hosts")))


def asks(*servers: Resolver, search: tuple[str, ...] = ()) -> Snapshot:
    """A host whose resolver configuration is this."""
    return replace(web_03(170), resolvers=ResolverConfig(resolvers=servers, search=search))


async def ask(pilot: Any, text: str) -> None:
    """Type it into the line of the DNS screen, press Enter, and wait for the answer."""
    line = pilot.app.main.query_one("#lookup NameInput")
    line.value = ""
    line.focus()
    await settled(pilot)
    await typed(pilot, text)
    await press(pilot, "enter")
    await until(pilot, lambda: not pilot.app.dns.asking)


async def test_nothing_is_asked_before_enter_and_then_as_the_host_asks() -> None:
    async with (
        NameServer(zone(ZONE)).running() as server,
        staged(asks(server.resolver, search=("example",))) as (pilot, _stage),
    ):
        await press(pilot, "5", "i")
        await typed(pilot, "www")
        await press(pilot, "ctrl+t", "ctrl+t", "ctrl+t")
        assert server.asked == []
        await press(pilot, *["ctrl+t"] * 6)
        assert "A AAAA of system" in pane_text(pilot.app, "lookup"), "once round"
        await press(pilot, "enter")
        await until(pilot, lambda: not pilot.app.dns.asking)
        assert {("www.example", "A", "udp"), ("www.example", "AAAA", "udp")} <= set(server.asked)
        text = pane_text(pilot.app, "lookup")
        assert "192.0.2.7" in text and "2001:db8::7" in text and "authoritative" in text
        await press(pilot, "escape", "1")
        await until(pilot, lambda: "192.0.2.7" in pane_text(pilot.app, "dns"))  # the dashboard shows the same


async def test_types_and_server_as_typed_and_as_chosen() -> None:
    async with NameServer(zone(ZONE)).running() as server:
        where = f"127.0.0.1#{server.port}"
        async with staged(asks(closed_port()), dns=DnsSettings(servers=(where,))) as (pilot, _stage):
            app = pilot.app
            await press(pilot, "5", "i")
            await ask(pilot, f"alias.example mx @{where}")
            assert server.asked == [("alias.example", "MX", "udp")]
            assert "10 mail.example." in pane_text(app, "lookup") and "www.example" in pane_text(app, "lookup")
            del server.asked[:]
            await press(pilot, "ctrl+o", "ctrl+t")
            assert f"A of {where}" in pane_text(app, "lookup")
            await ask(pilot, "www.example")
            assert server.asked == [("www.example", "A", "udp")]
            await press(pilot, "tab")
            asked = pane_text(app, "asked").splitlines()
            assert "www.example" in asked[2] and "alias.example" in asked[3], "the newest first"
            await press(pilot, "j", "enter")
            assert "10 mail.example." in pane_text(app, "lookup"), "an earlier answer again"


async def test_up_and_down_bring_back_what_was_typed() -> None:
    async with NameServer(zone(ZONE)).running() as server, staged(asks(server.resolver)) as (pilot, _stage):
        await press(pilot, "5", "i", "up", "down")
        line = pilot.app.screen.focused
        assert line.value == ""
        await ask(pilot, "www.example")
        await ask(pilot, "nowhere.example")
        line.value = ""
        await typed(pilot, "half a na")
        seen = []
        for key in ("up", "up", "up", "down", "down"):
            await press(pilot, key)
            seen.append(line.value)
        assert seen == ["nowhere.example", "www.example", "www.example", "nowhere.example", "half a na"]
        assert line.cursor_position == len("half a na")


async def test_escape_gives_up_a_lookup_and_then_leaves_the_line() -> None:
    async with (
        NameServer(silent).running() as server,
        staged(asks(server.resolver), dns=DnsSettings(timeout=60.0)) as (pilot, _stage),
    ):
        app = pilot.app
        await press(pilot, "5", "i")
        await typed(pilot, "www.example")
        await press(pilot, "enter")
        await until(pilot, lambda: len(server.asked) == 2)
        assert "asking www.example ..." in pane_text(app, "lookup")
        await press(pilot, "escape")
        assert said(app) == ["The lookup was given up."]
        assert "asking" not in pane_text(app, "lookup")
        assert type(app.screen.focused).__name__ == "NameInput"
        await press(pilot, "escape")
        assert app.screen.focused is app.main.query_one("#lookup").table
        await press(pilot, "i", "enter")
        await until(pilot, lambda: len(server.asked) == 4)
        assert app.return_value is None, "and the app ends at once, with a lookup under way"


async def test_failures_are_one_sentence() -> None:
    async with NameServer(zone(ZONE)).running() as server:
        nobody = closed_port()
        async with staged(asks(server.resolver), size=(160, 40)) as (pilot, _stage):
            await press(pilot, "5")
            for text, sentence in {
                "": "which name?",
                "www.example NONSENSE": "“NONSENSE” is not a record type; known are A AAAA",
                "www.example ANY": "not a type of record",
                "www.example @[/]": "[/]",
                f"www.example A @127.0.0.1#{nobody.port}": f"nothing listens at 127.0.0.1 port {nobody.port}",
                "nowhere.example A": "nowhere.example",
                "x" * 64 + ".example": "cannot be a name",
                "a..b": "cannot be a name",
            }.items():
                await ask(pilot, text)
                shown = flat(pane_text(pilot.app, "lookup")).partition("TTL")[2]
                assert sentence in shown, (text, shown)
                assert "Traceback" not in shown and "Error" not in shown


async def test_hostile_answers_and_a_hostile_hosts_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = tmp_path / "[@click=app.bell]hosts"
    evil.write_bytes(b"192.0.2.9 www.example [/] \x1b[31mred \xff\n")
    monkeypatch.setattr(dns_lookup, "SYSTEM_HOSTS", HostsFile(evil))
    respond = answering(
        r'www.example. 60 TXT "[/]" "[@click=app.bell]x" "\027[31mred\155\007" "' + "x" * 250 + '"',
        r"www.example. 60 CNAME [\@click\=app.bell]\027.example.",
    )  # fmt: skip
    async with (
        NameServer(respond).running() as server,
        staged(asks(server.resolver), size=(200, 50)) as (pilot, _stage),
    ):
        await press(pilot, "5")
        for kind in ("TXT", "A", "CNAME"):
            await ask(pilot, f"www.example {kind}")
            await press(pilot, "escape")
            text = screen_text(pilot.app)
            assert all(char.isprintable() for char in text if char != "\n")
            assert not any(style.link or "click" in str(style.meta) for style in styles(pilot.app))
            if kind == "TXT":
                assert '"[/]" "[@click=app.bell]x" "\\027[31mred' in text
            if kind == "A":
                assert "[@click=app.bell]hosts line 1" in text
        assert len(screen_lines(pilot.app)) == 50
