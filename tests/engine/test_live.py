"""The live host as a source: trouble stays where it is, changes are shown at once, nothing is left."""

import asyncio
import contextlib
import errno
import os
import resource
import signal
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from nettui.engine import live
from nettui.engine.live import LiveSource
from nettui.engine.source import Unavailable
from nettui.model.change import Subject
from nettui.model.link import Link
from nettui.model.snapshot import Snapshot
from tests.collectors.fake import LINK, FakeHost
from tests.lab_support import Lab, required_lab

TICK = 3600.0
"""An interval that never comes to its end in a test: what is shown was shown for another reason."""


class Session:
    """A source that runs, and the Snapshots it published."""

    def __init__(self, host: Any, interval: float) -> None:
        self.source = LiveSource(host, "host", interval)
        self.shown: list[Snapshot] = []
        self._more = asyncio.Event()

    def take(self, snapshots: Sequence[Snapshot], anew: bool) -> None:
        assert not anew
        self.shown.extend(snapshots)
        self._more.set()

    async def until(self, condition: Callable[[Snapshot], object]) -> Snapshot:
        """The first Snapshot from now on, the newest one included, for which the condition holds."""
        seen = max(0, len(self.shown) - 1)
        async with asyncio.timeout(20):
            while True:
                for snapshot in self.shown[seen:]:
                    if condition(snapshot):
                        return snapshot
                seen = len(self.shown)
                self._more.clear()
                await self._more.wait()


@contextlib.asynccontextmanager
async def running(host: Any, interval: float = TICK) -> AsyncIterator[Session]:
    session = Session(host, interval)
    task = asyncio.create_task(session.source.run(session.take))
    try:
        await session.until(lambda s: True)
        yield session
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for _ in range(5):
            await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
    assert isinstance(host, FakeHost) is False or (host.closed, host.listening) == (1, 0)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "POLL", 0.01)
    monkeypatch.setattr(live, "PATIENCE", 0.01)
    monkeypatch.setattr(live, "TOGETHER", 0.001)


def error_of(snapshot: Snapshot, collector: str) -> str | None:
    found = snapshot.error(collector)
    return found.message if found else None


async def test_the_first_snapshot_has_everything() -> None:
    async with running(FakeHost()) as session:
        found = session.shown[0]
    sections = ("links", "counters", "addresses", "routes", "rules", "neighbours", "tcp", "resolvers")
    assert all(getattr(found, name) is not None for name in sections)
    assert (found.routes_total, found.host, found.backend, found.errors) == (1, "host", "portable", ())
    assert found.counters_at is not None and found.tcp_at is not None


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("turns", range(5))
async def test_to_stop_just_as_something_stirs_is_not_overheard(turns: int) -> None:
    session = Session(FakeHost(), TICK)
    task = asyncio.create_task(session.source.run(session.take))
    await session.until(lambda s: True)
    await asyncio.sleep(0.06)  # until it rests
    session.source.interval = TICK
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    ended, _ = await asyncio.wait({task}, timeout=5)
    task.cancel()
    assert ended


NAMES = (
    "links", "counters", "addresses", "routes", "rules", "neighbours", "tcp", "vitals", "settings", "processes",
    "leases",
)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fault", ["hang", OSError(errno.EMFILE, "Too many open files"), RuntimeError("oops")], ids=str)
async def test_one_in_trouble_leaves_the_others_live(name: str, fault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nettui.collectors.worker.BACK_OFF_LIMIT", 0.0)
    host = FakeHost()
    host.faults[name] = fault
    async with running(host, 0.05) as session:
        session.source._workers[name]._limit = 0.02
        if fault == "hang":  # the reading under way has the long limit still
            await session.source._workers[name].stop()
        first = await session.until(lambda s: error_of(s, name))
        assert getattr(first, name) is None
        assert [e.collector for e in first.errors] == [name]
        assert all(getattr(first, other) is not None for other in NAMES if other != name)
        other = "tcp" if name == "counters" else "counters"
        before = host.asked.count(other)
        await session.until(lambda s: host.asked.count(other) > before + 2)
        host.faults.clear()
        healed = await session.until(lambda s: not s.errors)
        assert getattr(healed, name) is not None


@pytest.mark.usefixtures("quick")
async def test_a_slow_one_is_shown_when_it_comes_not_a_tick_later() -> None:
    host, release = FakeHost(), asyncio.Event()
    host.faults["routes"] = release
    async with running(host) as session:
        assert session.shown[0].routes is None and session.shown[0].links is not None
        release.set()
        await session.until(lambda s: s.routes is not None)


async def test_a_change_reads_its_subjects_only_and_is_shown_at_once() -> None:
    host = FakeHost()
    async with running(host) as session:
        host.asked.clear()
        host.answers["links"] = (LINK, Link(ifindex=2, name="new", kind="veth", state=LINK.state, admin_up=True))
        shown = len(session.shown)
        host.told.put_nowait({Subject.LINKS, Subject.ADDRESSES})
        found = await session.until(lambda s: len(s.links or ()) == 2)
        assert sorted(host.asked) == ["addresses", "links"]
        assert found is session.shown[shown], "one Snapshot for what changed together"


@pytest.mark.usefixtures("quick")
async def test_a_change_during_a_reading_gets_a_reading_of_its_own() -> None:
    host, release = FakeHost(), asyncio.Event()
    async with running(host) as session:
        host.faults["routes"] = release
        host.asked.clear()
        host.told.put_nowait({Subject.ROUTES})
        while host.asked.count("routes") < 1:
            await asyncio.sleep(0)
        host.told.put_nowait({Subject.ROUTES})  # the reading above has perhaps looked already
        await asyncio.sleep(0.01)
        host.answers["routes"] = ((), 0)
        release.set()
        await session.until(lambda s: s.routes == ())
        while host.asked.count("routes") < 2:
            await asyncio.sleep(0.001)


async def test_a_storm_about_one_subject_costs_little_and_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "CHANGE_SHARE", 1e9)  # after a reading the subject rests for longer than any test
    host = FakeHost()
    async with running(host) as session:
        host.asked.clear()
        for _ in range(2000):
            host.told.put_nowait({Subject.ROUTES})
        while not host.told.empty():
            await asyncio.sleep(0)
        host.told.put_nowait({Subject.LINKS})
        host.answers["links"] = ()
        await session.until(lambda s: s.links == ())
        assert sorted(host.asked) == ["links", "routes"]


@pytest.mark.usefixtures("quick")
async def test_what_no_longer_tells_is_polled_until_it_does_again(monkeypatch: pytest.MonkeyPatch) -> None:
    host = FakeHost()
    async with running(host, 0.05) as session:
        calm = {subject: session.source._workers[subject].every for subject in Subject}
        monkeypatch.setattr(live, "POLL", 0.05)
        host.told.put_nowait(OSError(errno.ENOBUFS, "No buffer space available"))
        await session.until(lambda s: error_of(s, "changes") == "No buffer space available")
        before = host.asked.count("rules")
        await session.until(lambda s: host.asked.count("rules") > before)
        await session.until(lambda s: not s.errors)
        assert {subject: session.source._workers[subject].every for subject in Subject} == calm
        host.told.put_nowait(RuntimeError("a fault of ours"))
        await session.until(lambda s: "RuntimeError" in (error_of(s, "changes") or ""))
        host.answers["links"] = ()
        await session.until(lambda s: s.links == ())


@pytest.mark.usefixtures("quick")
async def test_where_nothing_tells_it_is_polled() -> None:
    host = FakeHost()
    host.told.put_nowait(None)
    async with running(host, 0.05) as session:
        host.answers["links"] = ()
        found = await session.until(lambda s: s.links == ())
        assert found.errors == ()


async def test_a_new_interval_counts_at_once() -> None:
    host = FakeHost()
    async with running(host) as session:
        before = host.asked.count("tcp")
        session.source.interval = 0.05
        await session.until(lambda s: host.asked.count("tcp") >= before + 3)
        assert session.source.interval == 0.05


async def test_refresh_reads_everything_now() -> None:
    host = FakeHost()
    async with running(host) as session:
        host.asked.clear()
        await session.source.refresh()
        assert sorted(host.asked) == sorted(NAMES)


async def test_a_listener_that_fails_ends_the_run_and_says_so() -> None:
    host = FakeHost()
    source = LiveSource(host, "host", TICK)

    def take(snapshots: Sequence[Snapshot], anew: bool) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await source.run(take)
    assert (host.closed, host.listening) == (1, 0)


async def test_cancelled_in_the_middle_of_readings_it_leaves_nothing() -> None:
    host = FakeHost()
    host.faults = dict.fromkeys(("links", "routes", "tcp"), "hang")
    async with running(host) as session:
        host.told.put_nowait(set(Subject))
        await session.until(lambda s: s.addresses is not None)


async def test_once_reads_what_is_named() -> None:
    host = FakeHost()
    host.faults["rules"] = PermissionError(errno.EPERM, "Operation not permitted")
    source = LiveSource(host, "a\x1bb")
    first = await source.once()
    assert (first.host, error_of(first, "rules"), first.rules) == ("a\\x1bb", "Operation not permitted", None)
    host.asked.clear()
    second = await source.once("counters")
    assert host.asked == ["counters"] and second.links is first.links
    assert second.taken_at >= first.taken_at


async def test_single_questions() -> None:
    host = FakeHost()
    source = LiveSource(host, "host")
    ports = await source.tcp_ports()
    assert [(port.port, port.service) for port in ports] == [(22, "ssh"), (59999, None)]
    assert (await source.route_to("192.0.2.1")).ifindex == 1
    for name, ask in (("tcp_ports", source.tcp_ports()), ("route_to", source.route_to("x"))):
        host.faults[name] = OSError(errno.EPERM, "Operation not\x1bpermitted")
        with pytest.raises(Unavailable, match=r"Operation not\\x1bpermitted"):
            await ask


def in_lab(space: Lab, session: Callable[[], Any]) -> Any:
    return space.call(lambda: asyncio.run(session()))


@pytest.mark.lab
def test_the_real_kernel_tells_of_a_link_that_goes_with_its_namespace() -> None:
    from nettui.linux.host import LinuxHost

    with required_lab() as here, required_lab(beside=here) as there:
        here.ip("link add va type veth peer name vb", "link set va up", "addr add 192.0.2.1/24 dev va")
        here.ip(f"link set vb netns {there.pid}")
        reading, writing = os.pipe()

        async def watch() -> tuple[list[str], tuple[object, ...]]:
            os.close(reading)
            async with running(LinuxHost()) as session:
                await session.until(lambda s: any(link.name == "va" for link in s.links or ()))
                os.write(writing, b"x")
                gone = await session.until(
                    lambda s: [link.name for link in s.links or ()] == ["lo"] and len(s.addresses or ()) == 2
                )
                return [link.name for link in gone.links or ()], gone.errors

        def let_go() -> None:
            os.read(reading, 1)
            os.kill(there.pid, signal.SIGKILL)

        thread = threading.Thread(target=let_go)
        thread.start()
        assert in_lab(here, watch) == (["lo"], ())
        thread.join()
        os.close(reading)
        os.close(writing)


def _exhausted() -> Callable[[], None]:
    """Leave this process no descriptor; returns how to give them back."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, before[1]))
    taken = []
    with contextlib.suppress(OSError):
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))

    def give_back() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for descriptor in taken:
            os.close(descriptor)

    return give_back


@pytest.mark.usefixtures("quick")
async def test_exhausted_descriptors_are_told_and_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    from nettui.linux.host import LinuxHost

    monkeypatch.setattr("nettui.collectors.worker.BACK_OFF_LIMIT", 0.0)
    give_back = _exhausted()
    try:
        session = Session(LinuxHost(), 0.05)
        task = asyncio.create_task(session.source.run(session.take))
        found = await session.until(lambda s: {"links", "routes", "changes"} <= {e.collector for e in s.errors})
        assert "Too many open files" in (error_of(found, "links") or "")
    finally:
        give_back()
    healed = await session.until(lambda s: not s.errors)
    assert healed.links and healed.tcp
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_only_the_sections_that_are_wanted_are_read() -> None:
    host = FakeHost()
    source = LiveSource(host, "host", TICK, only=("links", "tcp"))
    shown: list[Snapshot] = []
    task = asyncio.create_task(source.run(lambda snapshots, anew: shown.extend(snapshots)))
    async with asyncio.timeout(20):
        while not shown:
            await asyncio.sleep(0.01)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    snapshot = shown[-1]
    assert snapshot.links and snapshot.tcp
    assert snapshot.routes is snapshot.addresses is snapshot.counters is snapshot.resolvers is None
