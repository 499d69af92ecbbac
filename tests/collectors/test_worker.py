"""The worker: never twice at once, a time limit, a back-off, an error state; and it leaves nothing behind."""

import asyncio
import errno
import time
from typing import Any

import pytest

from nettui.collectors.worker import BACK_OFF_LIMIT, REST_LIMIT, Part, Worker, explained


class Reading:
    """Readings that end when they are told to, with what they are told."""

    def __init__(self) -> None:
        self.began = self.most = self.running = 0
        self.results: asyncio.Queue[Any] = asyncio.Queue()

    async def __call__(self) -> Part:
        self.began += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            result = await self.results.get()
        finally:
            self.running -= 1
        if isinstance(result, BaseException):
            raise result
        return {"links": result}


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def others() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]  # a test runs in a task


async def test_a_reading_under_way_is_joined() -> None:
    read = Reading()
    worker = Worker("links", read, every=0)
    assert worker.due(0)
    first = worker.refresh()
    assert worker.refresh() is first and not worker.due(1e9)
    read.results.put_nowait(1)
    await first
    assert (worker.part, read.began, worker.due(asyncio.get_running_loop().time())) == ({"links": 1}, 1, True)


async def test_renew_sees_what_happened_after_the_call() -> None:
    read = Reading()
    worker = Worker("links", read, every=0)
    worker.refresh()
    await turns()
    again = [worker.renew() for _ in range(50)]
    assert len(set(again)) == 1
    read.results.put_nowait("before")
    await turns()
    assert (worker.part, read.began, again[0].done()) == ({"links": "before"}, 2, False)
    third = worker.renew()  # the second may have looked already
    read.results.put_nowait("after")
    await again[0]
    assert worker.part == {"links": "after"}
    read.results.put_nowait("last")
    await third
    assert (worker.part, read.began, read.most) == ({"links": "last"}, 3, 1)
    await turns()
    assert not others()


async def test_renew_of_an_idle_worker_reads_at_once() -> None:
    read = Reading()
    worker = Worker("links", read, every=0)
    read.results.put_nowait(1)
    await worker.renew()
    assert worker.part == {"links": 1}


@pytest.mark.parametrize("renewed", [0, 1, 2])
async def test_stop_leaves_nothing_behind(renewed: int) -> None:
    read = Reading()
    worker = Worker("links", read, every=0)
    await worker.stop()
    worker.refresh()
    await turns()
    for _ in range(renewed):
        worker.renew()
        await turns()
    if renewed == 2:
        read.results.put_nowait(1)
        await turns()
        worker.renew()
    began = read.began
    await worker.stop()
    await turns()
    assert not others()
    assert (read.began, read.running) == (began, 0)


async def test_one_that_hangs_is_given_up_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker("tcp", Reading(), every=0, limit=0.01)
    await worker.refresh()
    assert worker.error is not None and worker.error.message == "no answer in 0.01 s"
    assert worker.part == {}


async def test_one_that_will_not_let_go_is_not_begun_twice() -> None:
    release, began = asyncio.Event(), 0

    async def stubborn() -> Part:
        nonlocal began
        began += 1
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return {"links": began}

    worker = Worker("links", stubborn, every=0, limit=0.01)
    running = worker.refresh()
    await asyncio.sleep(0.03)
    assert not running.done() and worker.refresh() is running and not worker.due(1e9)
    release.set()
    await running
    assert (began, worker.part, worker.error) == (1, {"links": 1}, None)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/a\x1b[2J"), "/a\\x1b[2J: No such file"),
        (TimeoutError(errno.ETIMEDOUT, "Connection timed out"), "Connection timed out"),
        (ValueError("an answer that\nmakes no sense"), "an answer that\\x0amakes no sense"),
        (ValueError(), "ValueError"),
        (KeyError("family"), "internal error in nettui: KeyError: 'family'"),
    ],
)
async def test_what_is_raised_becomes_one_sentence(error: Exception, message: str) -> None:
    read = Reading()
    worker = Worker("links", read, every=0)
    read.results.put_nowait(1)
    await worker.refresh()
    read.results.put_nowait(error)
    await worker.refresh()
    assert worker.error is not None
    assert (worker.error.collector, worker.error.message, worker.part) == ("links", message, {"links": 1})
    read.results.put_nowait(2)
    await worker.refresh()
    assert (worker.error, worker.part) == (None, {"links": 2})


async def test_a_remedy_is_passed_on() -> None:
    refusal = OSError("refused")
    refusal.remedy = "run it as root"  # type: ignore[attr-defined]  # readers add it
    read = Reading()
    worker = Worker("links", read, every=0)
    read.results.put_nowait(refusal)
    await worker.refresh()
    assert worker.error is not None and worker.error.remedy == "run it as root"


def first_due(worker: Worker, since: float) -> float:
    """Seconds after `since` from which the worker is due, to a hundredth."""
    return next(step / 100 for step in range(100_000) if worker.due(since + step / 100))


@pytest.mark.parametrize(("every", "most"), [(0.0, BACK_OFF_LIMIT), (5.0, BACK_OFF_LIMIT)])
async def test_the_back_off_doubles_to_its_limit_and_is_forgotten(
    every: float, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Reading()
    worker = Worker("links", read, every=every)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: 1000.0)
    early, waits = 0.25 * min(every, 1.0), []
    for _ in range(9):
        read.results.put_nowait(OSError("no"))
        await worker.refresh()
        waits.append(first_due(worker, 1000.0) + early)
    assert waits == [min(most, max(every, 1.0) * 2**n) for n in range(9)]
    read.results.put_nowait(1)
    await worker.refresh()
    assert first_due(worker, 1000.0) + early == every
    read.results.put_nowait(OSError("no"))
    await worker.refresh()
    assert first_due(worker, 1000.0) + early == max(every, 1.0)


async def test_a_shorter_interval_counts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: 1000.0)
    read = Reading()
    worker = Worker("links", read, every=30)
    read.results.put_nowait(1)
    await worker.refresh()
    assert not worker.due(1010)
    worker.every = 2
    assert worker.due(1010)


def test_explained_is_never_empty() -> None:
    for error in (OSError(), ValueError(), RuntimeError(), OSError(5, ""), OSError("plain")):
        assert explained(error).strip()


async def test_a_reader_that_works_much_rests_one_that_waits_does_not() -> None:
    worked = 0.02

    async def read() -> Part:
        end = time.process_time() + worked
        while time.process_time() < end:
            pass
        await asyncio.sleep(0.02 - worked)
        return {}

    async def rests() -> bool:
        await worker.refresh()
        now = asyncio.get_running_loop().time()
        assert worker.due(now + REST_LIMIT)
        return not worker.due(now + 0.9 * REST_LIMIT)

    worker = Worker("census", read, every=0, share=REST_LIMIT / worked)
    assert not await rests(), "the first loads what it needs"
    assert await rests() and await rests()
    worked = 0.0
    assert not await rests(), "it waited"
    worked = 0.02
    assert not await rests(), "disturbed once"
    assert await rests()
