"""The watch over the sockets, on a system that says what the test wants."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence

import pytest
from msgspec.structs import replace

from nettui.engine.socket_watch import SocketWatch
from nettui.model.process import Owner, Owners, Process, Unit
from nettui.model.socket import Socket, SocketKey, Transport
from nettui.model.socket_filter import Is
from nettui.model.socket_table import ListedTable, SocketRequest, SocketTable
from nettui.model.tcp_info import TcpInfo
from nettui.sockets.frame import SocketFrame, SocketQuery


def tcp(key: int, state: str = "ESTABLISHED", port: int = 8080, inode: int | None = None) -> Socket:
    return Socket(
        key=key, transport=Transport.TCP, family="inet", state=state, local="192.0.2.2", local_port=port,
        peer="10.0.3.17", peer_port=40_000 + key, inode=key + 1000 if inode is None else inode, uid=1000,
    )


class System:
    """What is there is `sockets`; what is asked is written down."""

    def __init__(self, *sockets: Socket) -> None:
        self.sockets: Sequence[Socket] = sockets
        self.now = 1_000.0
        self.asked: list[SocketRequest] = []
        self.looked_at: list[list[SocketKey]] = []
        self.searched: list[set[int]] = []
        self.holders: dict[int, tuple[Owner, ...]] = {}
        self.ends: asyncio.Queue[Sequence[Socket] | OSError] = asyncio.Queue()
        self.failure: OSError | None = None

    async def table(self, request: SocketRequest) -> SocketTable:
        self.asked.append(request)
        if self.failure:
            raise self.failure
        self.now += 1
        return ListedTable(self.sockets, self.now)

    async def details(self, sockets: Sequence[Socket]) -> Mapping[SocketKey, Socket]:
        self.looked_at.append([socket.key for socket in sockets])
        alive = {socket.key for socket in self.sockets}
        return {s.key: replace(s, info=TcpInfo(rtt=0.001, bytes_acked=10)) for s in sockets if s.key in alive}

    async def owners(self, inodes: Collection[int], thorough: bool = False) -> Owners:
        self.searched.append(set(inodes))
        return Owners({inode: self.holders[inode] for inode in inodes if inode in self.holders}, None)

    async def process(self, pid: int) -> Process:
        return Process(pid=pid, name="java", uid=0)

    def unit(self, cgroup: int) -> Unit | None:
        return None

    async def endings(self) -> AsyncGenerator[Sequence[Socket], None]:
        while True:
            told = await self.ends.get()
            if isinstance(told, OSError):
                raise told
            yield told

    async def destroy(self, socket: Socket) -> None:
        self.sockets = [each for each in self.sockets if each.key != socket.key]

    def close(self) -> None: ...


class Following:
    """A watch that runs, and the frames it publishes."""

    def __init__(self, system: System, **query: object) -> None:
        self.system = system
        self.watch = SocketWatch(system, interval=0.01)
        self.watch.query = SocketQuery(**query)  # type: ignore[arg-type]  # whatever the test wants to ask
        self.news = asyncio.Event()

    async def __aenter__(self) -> "Following":
        self.task = asyncio.create_task(self.watch.run(self.news.set))
        await self.until(lambda: self.watch.frame is not None or self.watch.error != "")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    @property
    def frame(self) -> SocketFrame:
        assert self.watch.frame is not None
        return self.watch.frame

    def keys(self) -> list[SocketKey]:
        every = self.frame.table.keys()
        return [every[place] for place in self.frame.order]

    async def until(self, condition: object) -> None:
        """Wait until it holds; fails with the test's own time limit."""
        async with asyncio.timeout(20):
            while not condition():  # type: ignore[operator]  # a lambda
                await self.news.wait()
                self.news.clear()


async def test_one_reading_is_filtered_sorted_and_has_owners_where_they_are_wanted() -> None:
    system = System(tcp(1), tcp(2, "CLOSE_WAIT"), tcp(3, "LISTEN"), tcp(4, "TIME_WAIT", inode=0))
    system.holders = {1002: (Owner(pid=7, name="java"),)}
    watch = SocketWatch(system)
    frame = await watch.read(SocketQuery())
    assert [frame.socket(place).key for place in frame.order] == [3, 1, 4, 2]  # by state, as RFC 9293 has them
    assert system.searched == [] and system.looked_at == []
    frame = await watch.read(SocketQuery(wanted=Is("process", "=", "java")))
    assert [frame.socket(place).key for place in frame.order] == [2]
    assert system.searched == [{1001, 1002, 1003}]  # what no program has open has no owner to look for
    assert system.asked[-1].wanted is None  # the kernel cannot be asked for that


async def test_what_comes_and_goes_is_told_and_what_went_is_remembered() -> None:
    system = System(tcp(1), tcp(2))
    async with Following(system) as following:
        system.ends.put_nowait(OSError(1, "not this user"))
        await following.until(lambda: following.frame.closed_note)
        assert following.frame.new == frozenset()  # nothing is new that was there when the watch began
        system.sockets = [tcp(2), tcp(3)]
        await following.until(lambda: 3 in following.frame.facts.born)
        born = following.frame.facts.born[3]
        assert following.frame.facts.age(2, system.now) is None
        [gone] = following.frame.closed
        assert (gone.socket.key, gone.told, gone.lived, gone.lived_at_most) == (1, False, None, None)
        system.sockets = [tcp(2)]
        await following.until(lambda: len(following.frame.closed) == 2)
        assert following.frame.closed[0].socket.key == 3 and following.frame.closed[0].lived is not None
        assert "not this user" in (following.frame.closed_note or "")
        assert born > 1_000


async def test_the_kernel_tells_of_sockets_that_no_reading_saw() -> None:
    system = System(tcp(1))
    async with Following(system) as following:
        short = replace(tcp(9, "CLOSED", inode=0), info=TcpInfo(bytes_acked=5, bytes_received=7))
        ended = replace(tcp(1, "CLOSED", inode=0), info=TcpInfo(bytes_acked=50, bytes_received=70))
        system.sockets = []
        system.ends.put_nowait([short, ended])
        await following.until(lambda: len(following.frame.closed) == 2)
        found = {closed.socket.key: closed for closed in following.frame.closed}
        assert found[9].told and found[9].lived_at_most is not None and found[9].lived is None
        assert found[1].told and found[1].lived_at_most is None
        assert found[1].socket.inode == 1001 and found[1].socket.info and found[1].socket.info.bytes_received == 70
        await asyncio.sleep(0.05)
        assert len(following.frame.closed) == 2  # the readings that miss them add nothing


async def test_a_socket_that_leaves_a_filter_by_state_has_not_closed() -> None:
    system = System(tcp(1, "ESTABLISHED"), tcp(2, "CLOSE_WAIT"))
    async with Following(system, wanted=Is("state", "=", "CLOSE_WAIT")) as following:
        system.ends.put_nowait(OSError(1, "not this user"))
        assert following.keys() == [2]
        system.sockets = [tcp(1, "CLOSE_WAIT")]
        await following.until(lambda: following.keys() == [1])
        assert following.frame.closed == ()


async def test_another_order_needs_no_reading_and_another_filter_does() -> None:
    system = System(tcp(1, port=1), tcp(2, port=2))
    async with Following(system) as following:
        following.watch.interval = 60
        await asyncio.sleep(0.05)
        readings = len(system.asked)
        following.watch.query = replace(following.watch.query, sort="local", reverse=True)
        await following.until(lambda: following.keys() == [2, 1])
        following.watch.query = replace(following.watch.query, group="port")
        await following.until(lambda: len(following.frame.groups) == 2)
        assert len(system.asked) == readings
        following.watch.query = replace(following.watch.query, wanted=Is("sport", "=", 2))
        await following.until(lambda: following.keys() == [2])
        assert len(system.asked) == readings + 1


async def test_held_rows_keep_their_places_and_lose_only_what_went() -> None:
    system = System(tcp(1, port=5), tcp(2, port=6), tcp(3, port=7))
    async with Following(system, sort="local") as following:
        assert following.keys() == [1, 2, 3]
        following.watch.hold(True)
        system.sockets = [tcp(4, port=1), replace(tcp(3), local_port=2), tcp(1, port=5)]
        await following.until(lambda: following.keys() == [1, 3])
        following.watch.hold(False)
        await following.until(lambda: following.keys() == [4, 3, 1])


async def test_only_what_is_on_the_screen_is_looked_at_closely_and_its_owners_are_found() -> None:
    system = System(*[tcp(key) for key in range(1, 200)], tcp(500, "TIME_WAIT", inode=0))
    system.holders = {1007: (Owner(pid=7, name="java"),)}
    async with Following(system) as following:
        following.watch.look_at([7, 8, 500])
        await following.until(lambda: 1007 in following.frame.facts.owners)
        assert following.frame.facts.owners == {1007: (Owner(pid=7, name="java"),), 1008: ()}
        assert set(following.frame.facts.names) == {"java"}
        assert set(following.frame.details) == {7, 8}
        assert all(set(keys) <= {7, 8} for keys in system.looked_at)
        assert system.searched == [{1007, 1008}]
        found = await following.watch.process(7)
        assert found.user == "root"  # the first line of every /etc/passwd


async def test_a_reading_that_fails_says_why_and_the_next_goes_on() -> None:
    system = System(tcp(1))
    system.failure = OSError(1, "Operation not permitted")
    async with Following(system) as following:
        assert following.watch.error == "Operation not permitted" and following.watch.frame is None
        system.failure = None
        await following.until(lambda: following.watch.frame is not None)
        assert following.watch.error == ""


@pytest.mark.parametrize("count", [0, 1, 10_000])
async def test_any_number_of_sockets(count: int) -> None:
    system = System(*[tcp(key, port=key % 65_535 + 1) for key in range(1, count + 1)])
    frame = await SocketWatch(system).read(SocketQuery(sort="local", group="port"))
    assert len(frame.order) == count == sum(sum(group.counts) for group in frame.groups)


async def test_many_that_come_and_go_are_told_apart() -> None:
    system = System(*[tcp(key) for key in range(1, 3_001)])
    async with Following(system) as following:
        assert not following.frame.new and not following.frame.gone
        system.sockets = [tcp(key) for key in range(1_501, 5_001)]
        await following.until(lambda: following.frame.new)
        assert following.frame.new == {*range(3_001, 5_001)} and following.frame.gone == {*range(1, 1_501)}
        assert following.frame.facts.born.keys() == following.frame.new
        system.sockets = [tcp(key) for key in range(4_001, 5_001)]
        await following.until(lambda: len(following.frame.table) == 1_000)
        assert following.frame.facts.born.keys() == {*range(4_001, 5_001)}


async def test_the_garbage_collector_waits_for_a_reading_to_end() -> None:
    looking: list[bool] = []

    class Watched(System):
        async def table(self, request: SocketRequest) -> SocketTable:
            looking.append(gc.isenabled())
            return await super().table(request)

    async with Following(Watched(tcp(1))):
        assert looking and not any(looking)
    assert gc.isenabled()


async def test_where_the_system_lost_count_what_a_reading_misses_is_remembered() -> None:
    system = System(tcp(1), tcp(2))
    async with Following(system) as following:
        system.ends.put_nowait([replace(tcp(1), state="CLOSED")])
        system.ends.put_nowait([])  # some could not be told
        await following.until(lambda: following.frame.closed)
        system.sockets = []
        await following.until(lambda: len(following.frame.closed) == 2)
        assert {(c.socket.key, c.told) for c in following.frame.closed} == {(1, True), (2, False)}


async def test_a_fault_of_our_own_is_told_and_the_next_reading_goes_on() -> None:
    system = System(tcp(1))
    system.failure = KeyError("oops")  # type: ignore[assignment]  # what no system raises
    async with Following(system) as following:
        assert following.watch.error == "internal error in nettui: KeyError: 'oops'"
        system.failure = None
        await following.until(lambda: following.watch.frame is not None)


async def test_what_a_filter_hid_may_have_lived_long() -> None:
    system = System(tcp(1), tcp(2, "CLOSE_WAIT"))
    async with Following(system, wanted=Is("state", "=", "CLOSE_WAIT")) as following:
        system.ends.put_nowait([replace(tcp(77), state="CLOSED")])
        await following.until(lambda: following.frame.closed)
        [closed] = following.frame.closed
        assert (closed.socket.key, closed.lived, closed.lived_at_most) == (77, None, None)


async def test_another_question_loses_no_end_that_was_told() -> None:
    system = System(tcp(1))
    async with Following(system) as following:
        following.watch.interval = 60
        await asyncio.sleep(0.05)
        system.ends.put_nowait([replace(tcp(77), state="CLOSED")])
        await asyncio.sleep(0.05)
        following.watch.query = SocketQuery(wanted=Is("sport", "=", 8080))
        await following.until(lambda: following.frame.query.wanted is not None)
        [closed] = following.frame.closed
        assert closed.socket.key == 77 and closed.lived_at_most is not None


async def test_what_came_while_nobody_looked_is_neither_new_nor_of_known_age() -> None:
    system = System(tcp(1))
    async with Following(system) as following:
        watch = following.watch
    system.sockets = [tcp(1), tcp(2)]
    news = asyncio.Event()
    task = asyncio.create_task(watch.run(news.set))
    async with asyncio.timeout(20):
        while watch.frame is None or len(watch.frame.table) < 2:
            await news.wait()
            news.clear()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert watch.frame.new == frozenset() and watch.frame.facts.age(2, system.now) is None


async def test_a_reading_beside_changes_nothing_of_what_is_shown() -> None:
    system = System(tcp(1, port=5), tcp(3, port=7))
    async with Following(system, sort="local") as following:
        following.watch.hold(True)
        system.sockets = [tcp(4, port=1), tcp(1, port=5), tcp(3, port=7)]
        await following.until(lambda: len(following.frame.table) == 3)
        assert following.keys() == [1, 3]
        everything = await following.watch.everything()
        assert len(everything.order) == 3
        following.watch.hold(False)
        await following.until(lambda: following.keys() == [4, 1, 3])
