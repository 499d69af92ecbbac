"""Changes are told by the kernel: what changed, once, and nothing is left open afterwards."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nettui.linux.host import LinuxHost
from nettui.linux.monitor import subjects
from nettui.linux.netlink import HEADER
from nettui.model.change import Subject
from tests.lab_support import Lab

LINKS, ADDRESSES, ROUTES, RULES, NEIGHBOURS = Subject
PATIENCE = 20.0

CHANGES = [
    ("route del 198.51.100.0/24", {ROUTES}),
    ("-6 route add blackhole 2001:db8::/32", {ROUTES}),
    ("addr add 10.5.5.5/24 dev va", {ADDRESSES, ROUTES}),
    ("addr del 10.1.0.1/24 dev va", {ADDRESSES, ROUTES}),
    ("-6 addr add fd01::1/64 dev va nodad", {ADDRESSES, ROUTES}),
    ("link set va down", {LINKS, ADDRESSES, ROUTES, NEIGHBOURS}),
    ("link set va mtu 1400", {LINKS}),
    ("link add name vc type veth peer name vd", {LINKS}),
    ("link del va", {LINKS, ADDRESSES, ROUTES}),
    ("rule add pref 7 from 10.0.0.0/8 lookup 7", {RULES}),
    ("-6 rule add pref 7 from 2001:db8::/32 lookup 7", {RULES}),
    ("neigh add 10.1.0.9 lladdr 02:00:00:00:00:09 dev va", {NEIGHBOURS}),
    ("-6 neigh add fd09::9 lladdr 02:00:00:00:00:09 dev va", {NEIGHBOURS}),
    ("nexthop add id 7 blackhole", {ROUTES}),
]


@pytest.fixture
def quiet(lab: Lab) -> Lab:
    """A namespace in which nothing happens by itself: links without IPv6 addresses of their own making."""
    lab.ip(
        "link add name va type veth peer name vb", "link set va addrgenmode none", "link set vb addrgenmode none",
        "link set vb up", "link set va up", "addr add 10.1.0.1/24 dev va", "route add 198.51.100.0/24 dev va",
    )
    return lab


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[asyncio.Queue[frozenset[Subject]]]:
    """What is told, while the block runs."""
    told: asyncio.Queue[frozenset[Subject]] = asyncio.Queue()

    async def listen() -> None:
        async with contextlib.aclosing(LinuxHost().changes()) as changes:
            async for subjects in changes:
                told.put_nowait(subjects)

    task = asyncio.create_task(listen())
    await asyncio.sleep(0.01)
    try:
        yield told
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def ip(line: str) -> None:
    process = await asyncio.create_subprocess_exec("ip", *line.split())
    assert await process.wait() == 0, line


@pytest.mark.lab
@pytest.mark.parametrize(("line", "expected"), CHANGES, ids=[line for line, _ in CHANGES])
def test_a_change_is_announced(quiet: Lab, line: str, expected: set[Subject]) -> None:
    async def watch() -> set[Subject]:
        seen: set[Subject] = set()
        async with listening() as told:
            await ip(line)
            async with asyncio.timeout(PATIENCE):
                while not seen >= expected:
                    seen |= await told.get()
        return seen

    assert quiet.call(lambda: asyncio.run(watch())) >= expected


@pytest.mark.lab
def test_a_flood_is_told_in_few_words_and_when_it_is_lost_everything_counts_as_changed(quiet: Lab) -> None:
    routes = "".join(f"route add 172.{16 + (n >> 8)}.{n & 255}.0/24 dev va\n" for n in range(3000))

    async def watch() -> tuple[int, set[Subject]]:
        async with listening() as told:
            # The event loop stands still meanwhile, so the socket's buffer runs over.
            subprocess.run(["ip", "-batch", "-"], input=routes, text=True, check=True)
            seen: set[Subject] = set()
            async with asyncio.timeout(PATIENCE):
                while seen != set(Subject):
                    seen |= await told.get()
            await ip("rule add pref 7 from 10.0.0.0/8 lookup 7")
            rest = [frozenset(seen)]
            async with asyncio.timeout(PATIENCE):
                while RULES not in rest[-1] or len(rest) == 1:
                    rest.append(await told.get())
        return len(rest), seen

    count, seen = quiet.call(lambda: asyncio.run(watch()))
    assert seen == set(Subject)
    assert count < 50, "3,000 notifications, told together"


async def test_who_stops_listening_leaves_nothing_open() -> None:
    def sockets() -> int:
        links = [name.readlink() for name in Path("/proc/self/fd").iterdir() if name.is_symlink()]
        return sum(str(link).startswith("socket:") for link in links)

    before = sockets()
    async with listening():
        assert sockets() == before + 1
    assert sockets() == before
    changes = LinuxHost().changes()
    waiting = asyncio.create_task(anext(changes))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert sockets() == before
    with pytest.raises(StopAsyncIteration):
        await anext(changes)


def notification(kind: int, body: bytes = b"\x02" + bytes(15)) -> bytes:
    return HEADER.pack(16 + len(body), kind, 0, 0, 0) + body


@pytest.mark.parametrize(("chunk", "expected"), [
    (notification(16), {LINKS, ADDRESSES, ROUTES, NEIGHBOURS}),
    (notification(21), {ADDRESSES, ROUTES}),
    (notification(25) + notification(33), {ROUTES, RULES}),
    (notification(28), {NEIGHBOURS}),
    (notification(28, b"\x07" + bytes(11)), set()),
    (notification(105), {ROUTES}),
    (notification(999), set()),
    (b"", set()),
    (b"nonsense that is long enough", set(Subject)),
    (notification(28, b""), set(Subject)),
])
def test_what_a_notification_is_about(chunk: bytes, expected: set[Subject]) -> None:
    """A bridge's forwarding table is no neighbour table; what cannot be read may be about anything."""
    assert subjects(chunk) == expected
