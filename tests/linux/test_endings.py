"""Sockets as they end, told by a real kernel: which, what they moved, and what happens when it is too much."""

import asyncio
import contextlib
import ctypes
import errno
import os
import socket
import struct
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.linux import endings as module
from nettui.linux.endings import decode_endings, endings
from nettui.model.socket import Socket, Transport
from tests.lab_support import Lab
from tests.linux.sockets_listed import listed

SO_COOKIE, CLONE_NEWUSER = 57, 0x10000000
PATIENCE = 20.0


def cookie(of: socket.socket) -> int:
    return int(struct.unpack("=Q", of.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0])


class Told:
    """What has been told so far."""

    def __init__(self) -> None:
        self.sockets: dict[object, Socket] = {}
        self.batches: list[int] = []

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Told]:
    told = Told()

    async def listen() -> None:
        async with contextlib.aclosing(endings()) as ended:
            async for batch in ended:
                told.batches.append(len(batch))
                told.sockets.update({each.key: each for each in batch})

    task = asyncio.create_task(listen())
    await asyncio.sleep(0)  # its first step, after which it listens
    try:
        yield told
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def connection(family: int, address: str) -> tuple[socket.socket, socket.socket, socket.socket]:
    listener, client = socket.socket(family), socket.socket(family)
    listener.bind((address, 0))
    listener.listen()
    client.connect(listener.getsockname()[:2])
    return listener, client, listener.accept()[0]


async def short_lived_connections() -> None:
    """None of them is there when it is told of."""
    async with listening() as told:
        for family, address, name in (
            (socket.AF_INET, "127.0.0.1", "inet"), (socket.AF_INET6, "::1", "inet6"),
            (socket.AF_INET6, "::ffff:127.0.0.1", "inet6"),
        ):
            ends = listener, client, server = connection(family, address)
            client.sendall(bytes(5000))
            assert server.recv(5000, socket.MSG_WAITALL) == bytes(5000)
            server.sendall(b"thanks")
            assert client.recv(6, socket.MSG_WAITALL) == b"thanks"
            cookies = [cookie(end) for end in ends]
            port, peer_port = listener.getsockname()[1], client.getsockname()[1]
            unused = socket.socket(family)
            never = cookie(unused)
            for end in (unused, client, server, listener):
                end.close()
            await told.until(lambda: told.sockets.keys() >= set(cookies))  # noqa: B023 (waited for in this round)
            listening_one, calling, called = (told.sockets[each] for each in cookies)
            plain = address.removeprefix("::ffff:")
            assert {(each.transport, each.family, each.state) for each in (listening_one, calling, called)} == {
                (Transport.TCP, name, "CLOSED")
            }
            assert (listening_one.local, listening_one.local_port, listening_one.peer) == (plain, port, "*")
            assert (called.local, called.local_port, called.peer, called.peer_port) == (plain, port, plain, peer_port)
            assert (calling.local_port, calling.peer_port) == (peer_port, port)
            assert (calling.inode, calling.uid, calling.recv_q, calling.send_q) == (0, None, None, None)
            assert calling.info and called.info
            assert (called.info.bytes_received, calling.info.bytes_received) == (5001, 7), "a FIN counts as one"
            assert calling.info.bytes_acked is not None and calling.info.bytes_acked >= 5000
            assert calling.info.segs_out and calling.info.rtt
            assert never not in told.sockets
        waiting = {each.key for each in await listed(Transport.TCP) if each.state == "TIME_WAIT"}
        assert len(waiting) == 3
        assert waiting <= told.sockets.keys(), "told when it begins to wait, and listed on"


async def datagrams() -> None:
    async with listening() as told:
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            bound, connected = socket.socket(family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_DGRAM)
            bound.bind((address, 0))
            connected.connect(bound.getsockname()[:2])
            connected.send(b"never read")
            port, cookies = bound.getsockname()[1], (cookie(bound), cookie(connected))
            bound.close()
            connected.close()
            await told.until(lambda: told.sockets.keys() >= set(cookies))  # noqa: B023 (waited for in this round)
            one, other = (told.sockets[each] for each in cookies)
            assert (one.transport, one.state, one.local_endpoint, one.peer) == (
                Transport.UDP, "UNCONN", f"[{address}]:{port}" if ":" in address else f"{address}:{port}", "*",
            )
            assert (other.state, other.peer, other.peer_port, other.info) == ("ESTABLISHED", address, port, None)
            assert (one.recv_q, one.send_q, other.send_q) == (None, None, None)


async def a_storm() -> None:
    """More than the kernel keeps for us: an empty batch says so, and what ends later is told again."""

    def short_lived() -> int:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as short:
            short.bind(("127.0.0.1", 0))
            return cookie(short)

    module._ROOM = 1
    async with listening() as told:
        for _ in range(2000):
            short_lived()
        await told.until(lambda: 0 in told.batches)
        late: set[int] = set()

        def one_of_them_is_told() -> bool:
            late.add(short_lived())  # the storm may go on for a while: the kernel tells in its own time
            return not late.isdisjoint(told.sockets)

        await told.until(one_of_them_is_told)
        assert max(told.batches) <= module._BATCH


async def closing_lets_go() -> None:
    before = descriptors()
    for _ in range(3):
        async with listening():
            assert len(descriptors()) == len(before) + 1
    assert descriptors() == before


def descriptors() -> list[Path]:
    return sorted(Path("/proc/self/fd").iterdir())


@pytest.mark.lab
@pytest.mark.parametrize("what", [short_lived_connections, datagrams, a_storm, closing_lets_go])
def test_endings(lab: Lab, what: Callable[[], Coroutine[None, None, None]]) -> None:
    lab.call(lambda: asyncio.run(what()))


@pytest.mark.lab
def test_it_needs_no_rights(lab: Lab) -> None:
    """In a user namespace of its own a process has no rights over the network namespace it came with."""

    def inside() -> None:
        assert ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) == 0, os.strerror(ctypes.get_errno())
        with pytest.raises(PermissionError), socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP):
            pass
        asyncio.run(datagrams())

    lab.call(inside)


async def test_a_refusal_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(protocol: int, groups: int) -> socket.socket:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(sys.modules["nettui.linux.multicast"], "open_socket", refuse)
    with pytest.raises(OSError, match="does not tell this user which sockets end: Operation not permitted"):
        await anext(endings())


def told(family: int = socket.AF_INET, state: int = 7, protocol: int = 6, port: int = 80, kind: int = 20) -> bytes:
    body = struct.pack("=BBBB", family, state, 0, 0) + struct.pack("!HH", port, 0) + bytes(36)
    body += struct.pack("=II5I", 5, 0, 0, 1, 0xFFFFFFFF, 0, 0) + struct.pack("=HHB3x", 5, 10, protocol)
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body


def test_one_message_that_makes_no_sense_does_not_spoil_the_rest() -> None:
    good = told()
    for broken in (told(family=99), told(state=99), told(protocol=132), told()[:-1], told()[:40], b"x"):
        found, unread = decode_endings([good, broken, good])
        assert ([each.local_port for each in found], unread) == ([80, 80], True)
    assert decode_endings([told(port=0), told(kind=3)]) == ([], False)


@given(st.lists(st.tuples(st.integers(0, len(told()) - 1), st.integers(0, 255)), max_size=6), st.integers(0, 200))
def test_broken_datagrams_never_crash(changes: list[tuple[int, int]], cut: int) -> None:
    broken = bytearray(told())
    for place, value in changes:
        broken[place] = value
    found, _ = decode_endings([bytes(broken[:cut])])
    assert len(found) <= 1
