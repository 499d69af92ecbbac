"""How the census reads: who is asked, what is remembered, and that one part that fails takes no other along."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

import nettui.collectors.socket_owners as socket_owners
from nettui.collectors.census import CensusReader
from nettui.model.census import Census
from nettui.model.process import Owner, Owners, Unit
from nettui.model.socket import Socket, SocketKey, SocketMemory, Timer, Transport
from nettui.model.socket_table import ListedTable, SocketRequest
from nettui.model.socket_totals import SocketTotals
from nettui.model.tcp_info import TcpInfo

MEMORY = SocketMemory(received=0, receive_limit=4096, sent=0, send_limit=0, forward=0, queued=0, options=0, backlog=0)
JAVA, NGINX = Owner(pid=7, name="java", fd=3), Owner(pid=8, name="nginx", fd=4)


def tcp(key: int, state: str, **fields: Any) -> Socket:
    known: dict[str, Any] = {
        "local": "192.0.2.1", "local_port": 8080, "peer": "192.0.2.9", "peer_port": 40_000 + key, "recv_q": 1,
        "send_q": 0, "uid": 33, "inode": key, "cgroup": 5,
    }  # fmt: skip
    return Socket(key=key, transport=Transport.TCP, family="inet", state=state, **(known | fields))


class FakeSockets:
    """A SocketBackend that tells more than it is asked for, as it may. `faults[name]` is raised."""

    def __init__(self, *sockets: Socket) -> None:
        self.sockets = list(sockets)
        self.found: dict[int, tuple[Owner, ...]] = {}
        self.hidden: str | None = None
        self.faults: dict[str, Exception] = {}
        self.asked: list[tuple[str, Any]] = []
        self.gate: asyncio.Event | None = None

    async def table(self, request: SocketRequest) -> ListedTable:
        for transport in request.transports:
            self._note(f"{transport}", request)
        return ListedTable([each for each in self.sockets if each.transport in request.transports], 0.0)

    async def details(self, sockets: Sequence[Socket]) -> Mapping[SocketKey, Socket]:
        self._note("details", [each.key for each in sockets])
        return {each.key: each for each in sockets if each.memory}

    async def owners(self, inodes: Collection[int], thorough: bool = False) -> Owners:
        self._note("owners", {*inodes})
        if self.gate is not None:
            await self.gate.wait()
        return Owners({inode: self.found[inode] for inode in inodes if inode in self.found}, self.hidden)

    def unit(self, cgroup: int) -> Unit | None:
        return Unit(name="shop.service", path="/shop") if cgroup == 5 else None

    def times(self, name: str) -> int:
        return sum(one == name for one, _ in self.asked)

    def _note(self, name: str, what: Any) -> None:
        self.asked.append((name, what))
        if name in self.faults:
            raise self.faults[name]


def reader(backend: FakeSockets, **options: Any) -> CensusReader:
    return CensusReader(backend, **options)  # type: ignore[arg-type]


async def read(one: CensusReader) -> Census:
    found: Census = (await one.read())["census"]
    return found


LEAK = [tcp(key, "CLOSE_WAIT") for key in range(1, 13)]


async def test_owners_are_looked_for_where_something_may_be_wrong_and_then_remembered() -> None:
    now = 0.0
    backend = FakeSockets(*LEAK[:10])
    backend.found = {key: (JAVA,) if key < 9 else (NGINX, JAVA) for key in range(1, 12)}
    one = reader(backend, clock=lambda: now)
    (holder,) = (await read(one)).holders or ()
    assert not backend.times("owners")
    assert (holder.program.label, holder.program.uid, holder.count) == ("shop.service", 33, 10)
    backend.sockets += LEAK[10:]
    for _ in range(3):
        told = await read(one)
        assert [(each.program.label, each.count) for each in told.holders or ()] == [
            ("java[7]", 8), ("nginx[8]", 3), ("shop.service", 1)
        ]
    assert backend.asked.count(("owners", set(range(1, 13)))) == backend.times("owners") == 1
    backend.sockets.append(tcp(99, "CLOSE_WAIT"))
    await read(one)
    assert backend.asked[-1] == ("owners", {99})
    now = socket_owners.STANDS + 1
    backend.found = dict.fromkeys(range(1, 100), (NGINX,))
    told = await read(one)
    assert [(each.program.label, each.count) for each in told.holders or ()] == [("nginx[8]", 13)]


async def test_a_search_that_takes_long_holds_up_no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_owners, "PATIENCE", 0.01)
    backend = FakeSockets(*LEAK)
    backend.found = dict.fromkeys(range(1, 13), (JAVA,))
    backend.gate = asyncio.Event()
    one = reader(backend)
    for _ in range(2):
        (holder,) = (await read(one)).holders or ()
        assert holder.program.owner is None and holder.program.uid == 33
    backend.gate.set()
    monkeypatch.setattr(socket_owners, "PATIENCE", 30.0)
    (holder,) = (await read(one)).holders or ()
    assert holder.program.label == "java[7]" and backend.times("owners") == 1


async def test_without_owners_nobody_is_looked_for() -> None:
    backend = FakeSockets(*LEAK)
    told = await read(reader(backend, owners=False))
    assert [each.program.label for each in told.holders or ()] == ["shop.service"]
    assert not backend.times("owners") and told.hidden is None


async def test_why_owners_are_not_known_is_told_where_any_is_missing() -> None:
    backend = FakeSockets(*LEAK)
    backend.hidden = "3 processes cannot be looked into: needs root"
    backend.found = dict.fromkeys(range(1, 13), (JAVA,))
    assert (await read(reader(backend))).hidden is None
    del backend.found[5]
    assert (await read(reader(backend))).hidden == backend.hidden
    backend.faults["owners"] = OSError(24, "Too many open files")
    told = await read(reader(backend))
    assert told.hidden and "Too many open files" in told.hidden
    assert [each.count for each in told.holders or ()] == [12]


UDP = [
    Socket(key=k, transport=Transport.UDP, family="inet", state="UNCONN", local="*", local_port=port, recv_q=k, inode=k,
           memory=replace(MEMORY, drops=drops))
    for k, port, drops in ((101, 53, 0), (102, 514, 9), (103, None, 5))
]  # fmt: skip


async def test_losses_are_looked_into_only_after_some_were_counted() -> None:
    totals = SocketTotals()
    listener = tcp(1, "LISTEN", recv_q=0, send_q=128, peer="*", peer_port=None, memory=replace(MEMORY, drops=4))
    backend = FakeSockets(listener, *UDP)
    now = 0.0
    one = reader(backend, totals=lambda: totals, clock=lambda: now)
    for calm in (SocketTotals(), SocketTotals(udp_lost=0, listen_drops=0)):
        totals = calm
        told = await read(one)
        assert told.udp is None and told.listeners == () and not backend.times("details")
    totals = SocketTotals(udp_lost=9, listen_drops=4)
    for _ in range(2):
        told = await read(one)
        assert [(each.port, each.drops, each.queued, each.limit) for each in told.udp or ()] == [(514, 9, 102, 4096)]
        assert [(each.port, each.drops, each.waiting) for each in told.listeners or ()] == [(8080, 4, 0)]
        assert backend.times("details") == 2
    now = 61.0
    told = await read(one)
    assert told.udp is None and told.listeners and backend.times("details") == 2


@pytest.mark.parametrize("name", ["details", "udp"])
async def test_a_part_that_cannot_be_read_takes_no_other_along(name: str) -> None:
    backend = FakeSockets(*LEAK, *UDP)
    backend.faults[name] = OSError(1, "Operation not permitted")
    told = await read(reader(backend, totals=lambda: SocketTotals(udp_lost=9, listen_drops=4)))
    assert told.udp is None and told.holders and told.listeners == ()
    backend.faults["tcp"] = OSError(1, "Operation not permitted")
    with pytest.raises(OSError, match="Operation not permitted"):
        await reader(backend).read()


async def test_what_a_system_does_not_tell_is_not_made_up() -> None:
    """As psutil has it: no queues, no timers, no times, but owners in the records themselves."""
    plain = {"recv_q": None, "send_q": None, "inode": 0, "cgroup": None}
    backend = FakeSockets(
        *(tcp(key, "CLOSE_WAIT", owners=(JAVA if key % 3 else NGINX,), **plain) for key in range(1, 13)),
        tcp(20, "LISTEN", owners=(JAVA,), **plain), tcp(21, "SYN_SENT", **plain), tcp(22, "LAST_ACK", **plain),
        *(tcp(key, "ESTABLISHED", owners=(JAVA,), local_port=40_000 + key, **(plain | {"peer_port": 5432}))
          for key in range(30, 40)),
    )  # fmt: skip
    told = await read(reader(backend, noticeable=0.0))
    assert [(each.program.label, each.count) for each in told.holders or ()] == [("java[7]", 8), ("nginx[8]", 4)]
    for part in (told.listeners, told.attempts, told.half_open, told.unanswered, told.silent, told.pools, told.closing):
        assert part is None
    assert told.destinations and told.destinations[0].used == 10 and told.hidden is None
    assert not backend.times("owners")
    swept = reader(backend, whole=5, slice_size=5, noticeable=0.0)
    last = [await read(swept) for _ in range(20)][-1]
    assert last.sockets == told.sockets == 25 and last.pools is None
    assert last.holders == told.holders


async def test_others_get_their_turn_while_a_crowd_is_counted() -> None:
    info = TcpInfo(last_data_sent=1.0, last_data_recv=2.0)
    timer = Timer(kind="retransmit", expires=1.0, retries=3)
    crowd = [tcp(key, "ESTABLISHED", local_port=key, peer_port=5432, info=info, timer=timer) for key in range(1, 8000)]
    one = reader(FakeSockets(*crowd), whole=100_000, owners=False)
    turns = 0

    async def neighbour() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(neighbour())
    told = await read(one)
    task.cancel()
    assert turns > 8000 / 512
    assert [(each.established, each.waiting, each.longest) for each in told.pools or ()] == [(7999, 7999, 1.0)]
    assert [(each.count, each.retries, each.port) for each in told.unanswered or ()] == [(7999, 3, 5432)]
