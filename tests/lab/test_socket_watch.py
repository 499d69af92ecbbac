"""The watch over the sockets on the real kernel: what comes, what goes, what is closed."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable, Collection, Iterator

import pytest

from nettui.engine import socket_facts
from nettui.engine.socket_watch import SocketWatch
from nettui.linux.sockets import LinuxSockets
from nettui.model.socket import SocketKey
from nettui.sockets.frame import SocketFrame, SocketQuery
from nettui.sockets.language import parse
from tests.lab.socket_actors import actor, connection, fork_along, rename
from tests.lab.socket_truth import keys_by_ss
from tests.lab_support import Lab

pytestmark = pytest.mark.lab

SERVICE = 7100


class Watched:
    """A watch that runs, and what it has shown."""

    def __init__(self, watch: SocketWatch) -> None:
        self.watch = watch

    async def until(self, wanted: Callable[[SocketFrame], bool]) -> SocketFrame:
        async def seen() -> SocketFrame:
            while (frame := self.watch.frame) is None or not wanted(frame):
                assert self.watch.error == ""
                await asyncio.sleep(0.01)
            return frame

        return await asyncio.wait_for(seen(), 20)


@contextlib.asynccontextmanager
async def watching(wanted: str = "") -> AsyncIterator[Watched]:
    backend = LinuxSockets()
    watch = SocketWatch(backend, interval=0.05)
    watch.query = SocketQuery(wanted=parse(wanted))
    running = asyncio.create_task(watch.run(lambda: None))
    try:
        yield Watched(watch)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        backend.close()


def ports(frame: SocketFrame, keys: Collection[SocketKey]) -> set[int | None]:
    every = [frame.table.socket(place) for place in range(len(frame.table))]
    return {each.local_port for each in every if each.key in keys}


def test_the_watch_sees_sockets_come_and_go_and_hears_of_those_that_no_reading_saw(lab: Lab) -> None:
    async def inside() -> None:
        async with watching() as watched:
            await watched.until(lambda frame: frame.closed_note is None)
            listener = socket.create_server(("127.0.0.1", SERVICE))
            frame = await watched.until(lambda frame: bool(frame.new))
            assert ports(frame, frame.new) == {SERVICE}
            (born,) = frame.new
            assert frame.facts.age(born, frame.taken_at) == 0
            client, server = connection(listener, "127.0.0.1")
            client.sendall(b"x" * 1000)
            assert server.recv(1000, socket.MSG_WAITALL)
            name = client.getsockname()
            frame = await watched.until(lambda frame: name[1] in ports(frame, frame.table.keys()))
            client.close()
            server.close()
            frame = await watched.until(lambda frame: len(frame.closed) >= 2)
            ended = {closed.socket.local_port: closed for closed in frame.closed}
            assert ended.keys() == {SERVICE, name[1]}
            assert all(closed.told and closed.lived is not None and 0 < closed.lived < 60 for closed in ended.values())
            sent, received = ended[name[1]].socket.info, ended[SERVICE].socket.info
            assert sent is not None and received is not None
            assert sent.bytes_acked is not None  # SYN and FIN are counted too
            assert received.bytes_received in (1000, 1001) and 1000 <= sent.bytes_acked <= 1002
            # Between two readings, of which the loop can make none now
            brief, accepted = connection(listener, "127.0.0.1")
            brief.sendall(b"y" * 321)
            assert accepted.recv(321, socket.MSG_WAITALL)
            where = brief.getsockname()[1]
            accepted.close()
            brief.close()
            frame = await watched.until(lambda frame: any(c.socket.local_port == where for c in frame.closed))
            (closed,) = (c for c in frame.closed if c.socket.local_port == where)
            assert closed.told and closed.lived is None and closed.lived_at_most is not None and closed.socket.info
            assert closed.socket.info.bytes_acked in (322, 323) and closed.lived_at_most < 60
            listener.close()
            frame = await watched.until(lambda frame: born in frame.gone or born not in frozenset(frame.table.keys()))

    lab.call(lambda: asyncio.run(inside()))


def test_a_watch_follows_a_program_that_takes_another_name_and_one_that_takes_over(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_facts, "AGAIN", 0.1)

    def changing() -> Iterator[list[int]]:
        listener = socket.create_server(("127.0.0.1", SERVICE))
        worker = fork_along()
        if worker == 0:
            listener.accept()
        yield [os.getpid(), worker]
        rename(b"new-name")
        listener.close()
        yield [os.getpid(), worker]

    async def inside(go_on: Callable[[], object], pids: list[int]) -> None:
        backend = LinuxSockets()
        watch = SocketWatch(backend)

        async def seen() -> list[tuple[int, str]]:
            frame = await watch.read(SocketQuery(), owners=True)
            (found,) = (frame.facts.owners_of(frame.table.socket(place)) for place in frame.order)
            return [(owner.pid, owner.name) for owner in found or ()]

        assert await seen() == [(pid, "old-name") for pid in pids]
        go_on()
        for _ in range(1000):
            if (now := await seen()) != [(pid, "old-name") for pid in pids]:
                break
            await asyncio.sleep(0.02)
        assert now == [(pids[1], "old-name")]
        backend.close()

    with actor(lab, changing, "old-name") as one:
        lab.call(lambda: asyncio.run(inside(one.go_on, one.answer)))


def test_the_watch_closes_exactly_the_one_that_is_chosen(lab: Lab) -> None:
    def crowd() -> Iterator[list[int]]:
        listener = socket.create_server(("127.0.0.1", SERVICE))
        pairs = [connection(listener, "127.0.0.1") for _ in range(30)]
        yield [client.getsockname()[1] for client, _ in pairs]
        refused = []
        for client, _ in pairs:
            client.setblocking(False)
            try:
                client.recv(1)
            except BlockingIOError:
                continue
            except ConnectionAbortedError:
                refused.append(client.getsockname()[1])
        yield refused

    async def inside(victim: int) -> int:
        async with watching(f"sport:{victim}") as watched:
            frame = await watched.until(lambda frame: len(frame.order) == 1)
            chosen = frame.socket(frame.order[0])
            await watched.watch.destroy(chosen)
            await watched.until(lambda frame: not frame.order)
            with pytest.raises(OSError, match="gone already"):
                await watched.watch.destroy(chosen)
            return len((await watched.watch.read(SocketQuery(wanted=parse("state:established")))).order)

    with actor(lab, crowd, "crowd") as clients:
        victim = clients.answer[17]
        before = keys_by_ss(lab, "state", "established")
        assert lab.call(lambda: asyncio.run(inside(victim))) == len(before) - 2, "it and the end that got its RST"
        assert keys_by_ss(lab, "state", "established") < before
        assert clients.go_on() == [victim]
