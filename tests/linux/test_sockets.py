"""The table and the details of sockets: field by field as `ss` has them, gone ones gone, refusals survived."""

import asyncio
import os
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from nettui.linux import inet_diag, inet_filter, netlink
from nettui.linux.inet_diag import InetDiag
from nettui.linux.inet_filter import KernelFilter
from nettui.linux.reasons import REST
from nettui.linux.sockets import LinuxSockets
from nettui.linux.tcp_states import EVERY_STATE
from nettui.model.socket import Socket, SocketKey, Transport
from nettui.model.socket_filter import Is
from nettui.model.socket_table import COLUMNS, ListedTable, SocketRequest, SocketTable
from tests.lab_support import Lab
from tests.linux.ss_truth import Told, differences, flat, still, told_by_ss
from tests.linux.tcp_zoo import RULES, Zoo, settled

EVERYTHING = SocketRequest(measures=True, cgroups=True)
IPPROTO_MPTCP = 262
SO_BINDTODEVICE, SO_MARK = 25, 36


@pytest.fixture
def zoo_lab(lab: Lab) -> Iterator[Lab]:
    lab.run("nft", "-f", "-", stdin=RULES)
    yield lab


def records(table: SocketTable) -> list[Socket]:
    return [table.socket(place) for place in range(len(table))]


def columns(table: SocketTable) -> dict[str, list[object]]:
    return {name: list(table.column(name)) for name in COLUMNS}


async def read(request: SocketRequest = EVERYTHING) -> SocketTable:
    sockets = LinuxSockets()
    try:
        return await sockets.table(request)
    finally:
        sockets.close()


class Traffic:
    """Sockets that the zoo lacks: with data under way, with options, of UDP."""

    def __init__(self, zoo: Zoo) -> None:
        self.held: list[socket.socket] = []
        listener = zoo.listen(socket.AF_INET, "127.0.0.4", 0)
        talker, hearer = zoo.pair(listener, "127.0.0.4")
        for _ in range(50):
            talker.sendall(b"x" * 3000)
            assert hearer.recv(3000, socket.MSG_WAITALL)
            hearer.sendall(b"y" * 500)
            assert talker.recv(500, socket.MSG_WAITALL)
        unread, _ = zoo.pair(listener, "127.0.0.4")
        unread.sendall(b"nobody reads this")
        stuck, _ = zoo.pair(listener, "127.0.0.4")
        stuck.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                stuck.send(b"z" * 65536)
        kept, _ = zoo.pair(listener, "127.0.0.4")
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        kept.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0x10)
        kept.setsockopt(socket.SOL_SOCKET, 47, 1_000_000)  # SO_MAX_PACING_RATE
        with suppress(OSError):  # only root
            kept.setsockopt(socket.SOL_SOCKET, SO_MARK, 0xBEEF)
            os.fchown(kept.fileno(), 4711, -1)
        full = zoo.listen(socket.AF_INET, "127.0.0.4", 0)
        full.listen(3)
        for _ in range(2):
            waiting = socket.create_connection(full.getsockname())
            self.held.append(waiting)
        bound = zoo.listen(socket.AF_INET6, "::1", 0)
        with suppress(PermissionError):
            bound.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, b"lo\0")
        for family, address in (
            (socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1"),
            (socket.AF_INET6, "::ffff:127.0.0.9"), (socket.AF_INET6, "::"),
        ):
            receiver = self.udp(family, address)
            sender = self.udp(family, "::1" if address == "::" else address)
            sender.connect(("::1" if address == "::" else address, receiver.getsockname()[1]))
            sender.send(b"a datagram that nobody reads")

    def udp(self, family: int, address: str, port: int = 0, shared: bool = False) -> socket.socket:
        made = socket.socket(family, socket.SOCK_DGRAM)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind((address, port))
        self.held.append(made)
        return made


# --- the same as ss ------------------------------------------------------------------------------------------------


@pytest.mark.lab
def test_table_and_details_are_what_ss_tells_field_by_field(zoo_lab: Lab) -> None:
    Seen = tuple[dict[int, Told], dict[int, Told], list[Socket], Mapping[SocketKey, Socket], bool]

    def inside() -> Seen:
        zoo = Zoo()
        expected = zoo.fill()
        settled(expected)
        traffic = Traffic(zoo)
        links = {name: index for index, name in socket.if_nameindex()}
        backend = LinuxSockets()

        async def once() -> Seen:
            before = told_by_ss(links)
            table = await backend.table(EVERYTHING)
            listed = records(table)
            details = await backend.details(listed)
            alike = columns(table) == columns(ListedTable(listed, 0.0))
            return before, told_by_ss(links), listed, details, alike

        seen = asyncio.run(once())
        for _ in range(100):
            if still(seen[0]) == still(seen[1]):
                break
            seen = asyncio.run(once())
        del traffic
        return seen

    before, after, listed, details, alike = zoo_lab.call(inside)
    assert still(before) == still(after), "nothing stood still"
    assert {each.key for each in listed} == before.keys() == details.keys()
    assert alike
    for each in listed:
        for ours in (each, details[each.key]):
            # Of the details nothing is left out; of the table what it was not made for.
            of_table = ours is each
            theirs = {key: value for key, value in before[each.key].items() if not of_table or _in_table(key)}
            assert differences(flat(ours), theirs, after[each.key]) == {}, ours
    assert {each.timer.kind for each in listed if each.timer} == {"retransmit", "keepalive", "time-wait", "probe"}
    assert sum(each.congestion is not None for each in details.values()) > 100
    assert any(each.send_q == 3 and each.recv_q == 2 for each in listed if each.is_listener)


def _in_table(name: str) -> bool:
    group, _, field = name.partition(".")
    if group == "info":
        return field in ("rtt", "total_retrans", "last_data_sent", "last_data_recv", "last_ack_recv")
    return group not in ("memory", "mark")


@pytest.mark.lab
def test_a_filter_brings_what_passes_it_and_all_kinds_come_in_one_table(zoo_lab: Lab) -> None:
    """Raw sockets from /proc where the kernel has no sock_diag for them, MPTCP where it has MPTCP."""

    def inside() -> tuple[list[Socket], int, list[Socket], str | None, bool]:
        zoo = Zoo()
        expected = zoo.fill()
        seen = settled(expected)
        held = [socket.socket(socket.AF_INET, socket.SOCK_RAW, 253), socket.socketpair()]
        with suppress(OSError):
            held.append(socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP))
            held[-1].bind(("127.0.0.1", 0))
            held[-1].listen()
        few = asyncio.run(read(SocketRequest(wanted=Is("state", "=", "CLOSE_WAIT"))))
        everything = asyncio.run(read(SocketRequest(transports=frozenset(Transport), cgroups=True)))
        listed = records(everything)
        alike = columns(everything) == columns(ListedTable(listed, 0.0))
        closing = sum(count for (state, _), count in seen.items() if state == "CLOSE_WAIT")
        return records(few), closing, listed, everything.note, alike

    few, closing, listed, note, alike = zoo_lab.call(inside)
    assert closing == len(few) > 0 and {each.state for each in few} == {"CLOSE_WAIT"}
    assert alike
    assert {"tcp", "raw", "unix"} <= {each.transport for each in listed}
    assert [each.local_port for each in listed if each.transport == "raw"] == [253]
    if any(isinstance(each.key, str) for each in listed):
        assert note and "raw sockets are read from /proc/net" in note
    assert len({each.key for each in listed}) == len(listed)


@pytest.mark.lab
def test_families_by_one_request_or_by_two(zoo_lab: Lab) -> None:
    """Where the older request, which gets both, is refused."""

    def inside() -> list[set[SocketKey]]:
        zoo = Zoo()
        expected = zoo.fill()
        settled(expected)
        request = SocketRequest(transports=frozenset({Transport.TCP}), wanted=Is("sport", "=", 7000))
        tables = [asyncio.run(read(request))]
        inet_diag.TCPDIAG_GETSOCK = 17
        tables.append(asyncio.run(read(request)))
        return [set(table.keys()) for table in tables]

    both, each = zoo_lab.call(inside)
    assert both == each and len(both) > 50


# --- details -------------------------------------------------------------------------------------------------------


@pytest.mark.lab
def test_sockets_that_share_a_port_are_told_apart(lab: Lab) -> None:
    """Of several listeners, or receivers, on one port the kernel finds any: by address alone it would be another."""

    def inside() -> tuple[list[int], dict[SocketKey, int], int]:
        held = []
        for family, address, kind in (
            (socket.AF_INET, "0.0.0.0", socket.SOCK_STREAM), (socket.AF_INET6, "::1", socket.SOCK_STREAM),
            (socket.AF_INET, "127.0.0.1", socket.SOCK_DGRAM), (socket.AF_INET6, "::", socket.SOCK_DGRAM),
            (socket.AF_INET6, "::ffff:127.0.0.9", socket.SOCK_DGRAM),
        ):
            for _ in range(8):
                made = socket.socket(family, kind)
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                made.bind((address, 6000))
                if kind == socket.SOCK_STREAM:
                    made.listen(5)
                held.append(made)
        backend = LinuxSockets()

        async def both() -> tuple[SocketTable, Mapping[SocketKey, Socket], int]:
            table = await backend.table(SocketRequest())
            exact = await InetDiag().find(records(table))
            return table, await backend.details(records(table)), len(exact)

        table, details, exact = asyncio.run(both())
        inodes = {key: each.inode for key, each in details.items() if each.memory is not None}
        assert [inodes.get(each.key) for each in records(table)] == list(table.column("inode"))
        return sorted(os.fstat(made.fileno()).st_ino for made in held), inodes, exact

    opened, found, exact = lab.call(inside)
    assert sorted(found.values()) == opened
    assert exact < len(opened), "the kernel found every one by its address: this test proves nothing"


@pytest.mark.lab
def test_what_is_gone_by_then_is_missing_also_if_another_has_its_place(lab: Lab) -> None:
    def inside() -> tuple[set[SocketKey], set[SocketKey], int]:
        listener = socket.create_server(("127.0.0.1", 6100))
        pairs = [(socket.create_connection(("127.0.0.1", 6100)), listener.accept()[0]) for _ in range(40)]
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.bind(("127.0.0.1", 6100))
        backend = LinuxSockets()

        async def scene() -> tuple[SocketTable, Mapping[SocketKey, Socket]]:
            table = await backend.table(SocketRequest())
            ends = [pair[0].getsockname() for pair in pairs[:20]]
            for made in [end for pair in pairs[:20] for end in pair] + [receiver]:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                made.close()
            for name in ends[:10]:  # the same four numbers again
                again = socket.socket()
                again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                again.bind(name)
                again.connect(("127.0.0.1", 6100))
                pairs.append((again, listener.accept()[0]))
            return table, await backend.details(records(table))

        table, details = asyncio.run(scene())
        left = {os.fstat(end.fileno()).st_ino for pair in pairs[20:40] for end in pair}
        left.add(os.fstat(listener.fileno()).st_ino)
        expected = {key for key, inode in zip(table.keys(), table.column("inode"), strict=True) if inode in left}
        return set(details), expected, len(table)

    found, expected, total = lab.call(inside)
    assert found == expected
    assert (len(found), total) == (41, 82)


@pytest.mark.lab
def test_many_requests_at_once_are_answered_each_by_its_own(lab: Lab) -> None:
    """More than are sent together, with refusals between them; and then a dump by the same socket."""

    def inside() -> list[bool]:
        held = [socket.create_server(("127.0.0.1", 0)) for _ in range(75)]
        diag = InetDiag()

        async def ask() -> list[bool]:
            table = await LinuxSockets().table(SocketRequest())
            listed = sorted(records(table), key=lambda each: each.inode)
            for made in held[::3]:
                made.close()
            found = await diag.find(listed)
            assert all(found[each.key].local_port == each.local_port for each in listed if each.key in found)
            return [each.key in found for each in listed]

        return asyncio.run(ask())

    assert lab.call(inside) == [place % 3 != 0 for place in range(75)]


# --- refusals ------------------------------------------------------------------------------------------------------


def refusing(error: int, counter: list[int]) -> Callable[..., Any]:
    def refuse(*_: object) -> socket.socket:
        counter.append(1)
        raise OSError(error, os.strerror(error))

    return refuse


async def test_without_sock_diag_sockets_come_from_proc_and_it_is_asked_again_later(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    now, asked = [1000.0], list[int]()
    backend = LinuxSockets(clock=lambda: now[0])
    request = SocketRequest(transports=frozenset({Transport.TCP}))
    with socket.create_server(("127.0.0.1", 0)) as opened:
        port = opened.getsockname()[1]
        with monkeypatch.context() as patched:
            patched.setattr(netlink, "open_socket", refusing(1, asked))
            for _ in range(3):
                table = await backend.table(request)
            assert port in table.column("local_port")
            assert table.note == (
                "TCP sockets are read from /proc/net, which tells less: Operation not permitted"
            )
            assert len(asked) == 1
            mine = [each for each in records(table) if each.local_port == port]
            assert await backend.details(mine) == {each.key: each for each in mine}
        now[0] += REST
        table = await backend.table(request)
        assert table.note is None and port in table.column("local_port")
    backend.close()


async def test_a_condition_that_the_kernel_does_not_know_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = KernelFilter(EVERY_STATE, bytes((99, 4, 8, 0)))
    monkeypatch.setattr(inet_filter, "plan", lambda wanted, transport: unknown)
    with socket.create_server(("127.0.0.1", 0)) as server:
        table = await read(SocketRequest(transports=frozenset({Transport.TCP}), wanted=Is("sport", "=", 1)))
        assert server.getsockname()[1] in table.column("local_port") and table.note is None


async def test_a_shortage_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[int]()
    monkeypatch.setattr(netlink, "open_socket", refusing(24, asked))
    backend = LinuxSockets()
    for number in range(1, 4):
        await backend.table(SocketRequest(transports=frozenset({Transport.TCP})))
        assert len(asked) == number


async def test_where_one_kind_cannot_be_read_the_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netlink, "open_socket", refusing(1, []))
    table = await read(SocketRequest(transports=frozenset({Transport.UDP, Transport.MPTCP})))
    assert table.note is not None and "MPTCP sockets cannot be read: Operation not permitted" in table.note
    with pytest.raises(OSError, match=r"^MPTCP sockets cannot be read: "):
        await read(SocketRequest(transports=frozenset({Transport.MPTCP})))
    nothing = await read(SocketRequest(wanted=Is("proto", "=", "unix")))
    assert (len(nothing), nothing.note) == (0, None)


async def test_descriptors_are_let_go() -> None:
    def held() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = held()
    backend = LinuxSockets()
    with socket.create_server(("127.0.0.1", 0)) as opened:
        table = await backend.table(SocketRequest())
        inode = os.fstat(opened.fileno()).st_ino
        found = await backend.details([each for each in records(table) if each.inode == inode])
    assert len(found) == 1 and held() > before
    backend.close()
    assert held() == before


async def test_the_event_loop_goes_on_while_many_sockets_are_read() -> None:
    """Others get a turn between requests for single sockets as between datagrams."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    diag = InetDiag()
    with socket.create_server(("127.0.0.1", 0)):
        one = (await read()).socket(0)
        beside = asyncio.create_task(others())
        await diag.find([one] * 320)
    beside.cancel()
    diag.close()
    assert turns >= 10
