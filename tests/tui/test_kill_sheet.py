"""Closing sockets: what is shown before, that nothing happens by accident, and that the report tells what happened."""

import asyncio
import errno
import socket as net
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest

from nettui.model.process import Owner
from nettui.model.socket import Socket, Transport
from nettui.sockets.facts import Facts
from nettui.tui import closing
from nettui.tui.screens.kill import KillSheet
from tests.lab_support import Lab
from tests.tui.app_support import flat, press, said, screen_text, staged, typed, until

JAVA, NGINX = Owner(pid=4711, name="java"), Owner(pid=812, name="nginx")


def socket(number: int, state: str = "CLOSE_WAIT", **more: Any) -> Socket:
    fields: dict[str, Any] = {
        "key": number, "transport": Transport.TCP, "family": "inet", "state": state, "inode": number + 1,
        "local": "192.0.2.2", "local_port": 8080, "peer": f"10.0.{number // 250}.{number % 250}",
        "peer_port": 10_000 + number,
    }  # fmt: skip
    return Socket(**fields | more)


def sockets(count: int) -> list[Socket]:
    return [socket(number, "ESTABLISHED" if number % 50 == 1 else "CLOSE_WAIT") for number in range(count)]


def owned(some: Sequence[Socket]) -> Facts:
    return Facts(owners={one.inode: (NGINX,) if one.inode % 100 == 0 else (JAVA,) for one in some})


class Kernel:
    """Closes sockets as it is told to, and remembers which."""

    def __init__(self, refuse: Callable[[Socket], OSError | None] = lambda one: None) -> None:
        self.closed: list[Socket] = []
        self.at_once = self.most = 0
        self.free = asyncio.Event()
        self.free.set()
        self._refuse = refuse

    async def destroy(self, one: Socket) -> None:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await self.free.wait()
        self.at_once -= 1
        if (error := self._refuse(one)) is not None:
            raise error
        self.closed.append(one)


@asynccontextmanager
async def asked(
    some: Sequence[Socket], destroy: Callable[[Socket], Awaitable[None]], facts: Facts | None = None,
    size: tuple[int, int] = (100, 30),
) -> AsyncIterator[tuple[Any, KillSheet]]:
    """The pilot, and the sheet that asks whether to close these."""
    async with staged(size=size) as (pilot, _stage):
        sheet = KillSheet(some, owned(some) if facts is None else facts, destroy)
        await pilot.app.push_screen(sheet)
        await until(pilot, lambda: sheet._asking)
        yield pilot, sheet


def shown(sheet: KillSheet) -> str:
    """What is in the window, without what is behind it."""
    return flat(sheet.table.visible_text())


async def test_one_socket_takes_a_y_and_nothing_else() -> None:
    kernel = Kernel()
    async with asked([socket(7)], kernel.destroy) as (pilot, sheet):
        text = shown(sheet)
        assert "Close 1 socket?" in screen_text(pilot.app)
        assert "tcp CLOSE_WAIT 192.0.2.2:8080 to 10.0.0.7:10007 java[4711]" in text
        assert "The program sees ECONNABORTED, the peer a reset. No process is ended." in text
        await press(pilot, "enter", "space", "Y", "k", "K", "x")
        assert said(pilot.app)[-1] == "y closes it, Esc gives up."
        assert kernel.closed == []
        await press(pilot, "y")
        await until(pilot, lambda: sheet._done)
        assert kernel.closed == [socket(7)]
        assert "Closed 1 of 1 socket" in screen_text(pilot.app)
        await press(pilot, "y")
        assert "Closed      1 of 1" in pilot.app.clipboard
        assert "10.0.0.7:10007" in pilot.app.clipboard
        assert len(kernel.closed) == 1
        await press(pilot, "escape")
        assert pilot.app.screen is pilot.app.main


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_giving_up_closes_nothing(key: str) -> None:
    kernel = Kernel()
    async with asked([socket(7)], kernel.destroy) as (pilot, _sheet):
        await press(pilot, key)
        assert pilot.app.screen is pilot.app.main
        assert kernel.closed == []


async def test_several_take_their_number() -> None:
    kernel, some = Kernel(), sockets(4006)
    async with asked(some, kernel.destroy) as (pilot, sheet):
        text = shown(sheet)
        assert "Close 4,006 sockets?" in screen_text(pilot.app)
        assert "Owners java[4711] 3,966; nginx[812] 40" in text
        assert "States CLOSE_WAIT 3,925; ESTABLISHED 81" in text
        assert "10.0.0.0/24 250; " in text
        assert "5 other networks 1,006" in text
        assert "tcp ESTABLISHED 192.0.2.2:8080 to 10.0.0.1:10001 java[4711]" in text
        assert "and 3,994 more" in sheet.text()
        for wrong in ("y", "Y", "4", "400", "40060", "-4006", "4006.0", ""):
            await typed(pilot, wrong or " ")
            await press(pilot, "enter")
            assert not sheet.closing.begun
            sheet._line.value = ""
        assert said(pilot.app)[-1] == "Nothing is closed: type the number of the sockets, 4006, and Enter."
        await typed(pilot, "4,006")
        await press(pilot, "enter")
        await until(pilot, lambda: sheet._done)
        assert kernel.closed == some
        assert "Closed 4,006 of 4,006 sockets" in screen_text(pilot.app)
        await press(pilot, "y")
        assert "java[4711] 3,966; nginx[812] 40" in pilot.app.clipboard


async def test_which_did_not_go_and_why() -> None:
    reasons = {
        3: OSError("it has gone already"),
        4: OSError(errno.EOPNOTSUPP, "this kind of socket cannot be closed\x1b[31m"),
        6: TimeoutError(),
        7: ValueError("an answer that makes no sense"),
    }
    kernel = Kernel(lambda one: reasons.get(one.key % 10))
    async with asked(sockets(50), kernel.destroy) as (pilot, sheet):
        await typed(pilot, "50")
        await press(pilot, "enter")
        await until(pilot, lambda: sheet._done)
        assert len(kernel.closed) == 30
        assert "Closed 30 of 50 sockets" in screen_text(pilot.app)
        text = " ".join(sheet.text().split())
        assert (
            "Not closed 5: it has gone already tcp CLOSE_WAIT 192.0.2.2:8080 to 10.0.0.3:10003"
            " tcp CLOSE_WAIT 192.0.2.2:8080 to 10.0.0.13:10013 tcp CLOSE_WAIT 192.0.2.2:8080 to 10.0.0.23:10023"
            " and 2 more"
        ) in text
        assert r"5: this kind of socket cannot be closed\x1b[31m tcp" in text
        assert "5: TimeoutError tcp" in text
        assert "5: an answer that makes no sense tcp" in text
        assert "Not tried" not in text


async def test_who_may_not_is_told_once_and_the_rest_is_not_tried() -> None:
    tried: list[Socket] = []

    async def destroy(one: Socket) -> None:
        tried.append(one)
        raise PermissionError(errno.EPERM, "closing sockets needs CAP_NET_ADMIN")

    async with asked(sockets(500), destroy) as (pilot, sheet):
        await typed(pilot, "500")
        await press(pilot, "enter")
        await until(pilot, lambda: sheet._done)
        assert len(tried) <= closing.PARALLEL
        text = shown(sheet)
        assert "Closed 0 of 500 sockets" in screen_text(pilot.app)
        assert f"{len(tried)}: closing sockets needs CAP_NET_ADMIN" in text
        assert f"Not tried {500 - len(tried)}: it would end the same" in text


async def test_stopped_half_way() -> None:
    kernel = Kernel()
    async with asked(sockets(10_000), kernel.destroy) as (pilot, sheet):
        kernel.free.clear()
        await typed(pilot, "10000")
        await press(pilot, "enter")
        await until(pilot, lambda: kernel.at_once == closing.PARALLEL)
        assert "Closing: 0 of 10,000 sockets" in screen_text(pilot.app)
        assert "Esc stops" in screen_text(pilot.app)
        await press(pilot, "y")
        assert pilot.app.clipboard == "", "there is no report yet"
        await press(pilot, "escape")
        assert pilot.app.screen is sheet, "it stays, to tell how far it came"
        kernel.free.set()
        await until(pilot, lambda: sheet._done)
        assert len(kernel.closed) == kernel.most == closing.PARALLEL
        assert f"Closed {closing.PARALLEL} of 10,000 sockets" in screen_text(pilot.app)
        assert "Not tried 9,996: you stopped it" in shown(sheet)


async def test_a_call_that_never_returns_does_not_keep_the_window() -> None:
    kernel = Kernel()
    async with asked(sockets(20), kernel.destroy) as (pilot, _sheet):
        kernel.free.clear()
        await typed(pilot, "20")
        await press(pilot, "enter")
        await until(pilot, lambda: kernel.at_once == closing.PARALLEL)
        await press(pilot, "escape", "escape")
        assert pilot.app.screen is pilot.app.main
        kernel.free.set()
        await press(pilot)
        assert kernel.closed == []


async def test_others_have_their_turn_while_ten_thousand_are_closed() -> None:
    """Also where closing one never waits for anything."""
    some, closed, turns = sockets(10_000), 0, []

    async def destroy(one: Socket) -> None:
        nonlocal closed
        closed += 1

    async def other() -> None:
        while closed < len(some):
            turns.append(closed)
            await asyncio.sleep(0)

    run = closing.Closing(some, destroy)
    await asyncio.gather(other(), run.run())
    assert max(after - before for before, after in pairwise(turns)) <= closing.PARALLEL
    assert (run.tried, len(run.closed), run.untried) == (10_000, 10_000, 0)


async def test_what_one_may_not_have_thought_of(monkeypatch: pytest.MonkeyPatch) -> None:
    some = [
        *sockets(3),
        socket(3, "LISTEN", local="0.0.0.0", local_port=443, peer="*", peer_port=None),
        socket(4, "ESTABLISHED", local_port=22, peer="198.51.100.7", peer_port=51822),
    ]
    for told, there in (("198.51.100.7 51822 192.0.2.2 22", True), ("198.51.100.7 51823 192.0.2.2 22", False),
                        ("junk", False), ("", False)):  # fmt: skip
        monkeypatch.setenv("SSH_CONNECTION", told)
        async with asked(some, Kernel().destroy) as (_pilot, sheet):
            text = shown(sheet)
            assert ("The connection that you are logged in over is among them" in text) is there
            assert "0.0.0.0:443 listens: nobody can connect there any more until its program listens again." in text
            assert "10.0.0.0 1; 10.0.0.1 1; 10.0.0.2 1; 198.51.100.7 1; no peer 1" in text


@pytest.mark.parametrize(
    ("one", "then"),
    [
        (socket(1, "TIME_WAIT", inode=0), "The kernel forgets that they were, and no peer is told. No process"),
        (socket(1, "LISTEN", peer="*"), "The program can accept no more connections here. No process is ended."),
        (socket(1, "SYN_SENT"), "The program sees ECONNABORTED, the peer nothing. No process is ended."),
        (socket(1, "ESTABLISHED", transport=Transport.UDP), "The program sees ECONNABORTED, the peer nothing."),
        (socket(1, "LAST_ACK", inode=0), "The program sees ECONNABORTED, the peer nothing."),
    ],
)
async def test_what_will_happen(one: Socket, then: str) -> None:
    async with asked([one], Kernel().destroy) as (_pilot, sheet):
        assert then in shown(sheet)


async def test_owners_that_are_many_or_not_known() -> None:
    some = [socket(1), socket(2, uid=33), socket(3), socket(4, "TIME_WAIT", inode=0)]
    workers = tuple(Owner(pid=pid, name="nginx", fd=fd) for pid in range(100, 140) for fd in (5, 6))
    facts = Facts(owners={some[0].inode: workers, some[2].inode: ()}, users={33: "www-data"})
    async with asked(some, Kernel().destroy, facts) as (_pilot, sheet):
        lines = [line.removeprefix("Sockets").strip() for line in sheet.text().splitlines()]
        assert lines[-4].endswith("10.0.0.1:10001  nginx[100], nginx[101], nginx[102] and 37 more")
        assert lines[-3].endswith("10.0.0.2:10002  a process of user www-data")
        assert lines[-2].endswith("10.0.0.3:10003")
        assert "not known 2; no process 1; nginx[100] 1" in sheet.text()


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 50)])
async def test_all_of_it_can_be_read_and_confirmed_on_any_screen(size: tuple[int, int]) -> None:
    kernel, some = Kernel(), sockets(40)
    async with asked(some, kernel.destroy, size=size) as (pilot, sheet):
        assert "type 40, then Enter" in screen_text(pilot.app)
        wanted, seen = set(sheet.text().split("\n", 1)[1].split()), set()
        for _ in range(100):
            seen |= set(shown(sheet).split())
            if wanted <= seen:
                break
            await press(pilot, "pagedown")
        assert not wanted - seen
        await press(pilot, "4", "0", "enter")
        await until(pilot, lambda: sheet._done)
        assert kernel.closed == some
        assert "Closed 40 of 40 sockets" in screen_text(pilot.app)


@pytest.mark.lab
def test_against_the_kernel(lab: Lab) -> None:
    """Real sockets: those chosen are aborted, one that went meanwhile is told of, the others live."""

    def inside() -> tuple[dict[str, int], list[object], list[bytes]]:
        from nettui.linux.sockets import LinuxSockets
        from nettui.model.socket_table import SocketRequest

        server = net.create_server(("127.0.0.1", 8080))
        clients = [net.create_connection(("127.0.0.1", 8080)) for _ in range(40)]
        peers = [server.accept()[0] for _ in clients]
        ports = [client.getsockname()[1] for client in clients]

        async def run() -> closing.Closing:
            sockets = LinuxSockets()
            table = await sockets.table(SocketRequest(transports=frozenset({Transport.TCP})))
            found = [table.socket(place) for place in range(len(table))]
            chosen = [one for one in found if one.local_port in ports[:30]]
            assert len(chosen) == 30
            clients[0].setsockopt(net.SOL_SOCKET, net.SO_LINGER, struct.pack("ii", 1, 0))  # close sends a reset
            clients[0].close()
            made = closing.Closing(chosen, sockets.destroy)
            await made.run()
            sockets.close()
            return made

        made = asyncio.run(run())
        ends: list[object] = []
        for client in clients[1:30]:
            try:
                ends.append(client.recv(1))
            except OSError as error:
                ends.append(error.errno)
        for peer in peers[30:]:
            peer.sendall(b"x")
        alive = [client.recv(1) for client in clients[30:]]
        return {reason: len(kept) for reason, kept in made.kept.items()}, ends, alive

    kept, ends, alive = lab.call(inside)
    assert kept == {"it is gone already": 1}
    assert ends == [errno.ECONNABORTED] * 29
    assert alive == [b"x"] * 10
