"""Replay: a clock of its own, that pauses, steps, winds and skips what nobody recorded."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nettui.engine import replay as module
from nettui.engine.engine import Engine
from nettui.engine.recording import Recording, RecordingWriter
from nettui.engine.replay import LONGEST_WAIT, LOOK_BACK, SPEEDS, Replay
from nettui.engine.source import Unavailable
from nettui.model.finding import Finding
from nettui.model.history import Frame, History
from nettui.model.snapshot import Snapshot


class Clock:
    """Stands for asyncio.timeout: the time of a wait is up when the test says so."""

    def __init__(self) -> None:
        self.waits: list[float | None] = []
        self._limit: asyncio.Timeout | None = None
        self._endless = asyncio.timeout

    @asynccontextmanager
    async def timeout(self, seconds: float | None) -> AsyncIterator[None]:
        self.waits.append(seconds)
        async with self._endless(None) as self._limit:
            yield

    async def tick(self) -> None:
        assert self._limit is not None and self.waits[-1] is not None, "it is not playing"
        self._limit.reschedule(0.0)
        await settled()


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def recorded(tmp_path: Path, times: Sequence[float]) -> Replay:
    writer = RecordingWriter(tmp_path / "r.jsonl")
    for time in times:
        writer.append(Snapshot(taken_at=time, host=f"{time:g}"))
    writer.close()
    return Replay(Recording(tmp_path / "r.jsonl"))


class Player:
    """A replay under way with a clock in hand, and what it published."""

    def __init__(self, replay: Replay, clock: Clock) -> None:
        self.replay, self.clock = replay, clock
        self.published: list[tuple[list[float], bool]] = []

    def take(self, snapshots: Sequence[Snapshot], anew: bool) -> None:
        self.published.append(([s.taken_at for s in snapshots], anew))

    async def do(self, action: Callable[[], None]) -> tuple[list[float], bool]:
        action()
        await settled()
        return self.published[-1]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]  # a context manager's maker
    @asynccontextmanager
    async def playing(times: Sequence[float]) -> AsyncIterator[Player]:
        clock = Clock()
        player = Player(recorded(tmp_path, times), clock)
        monkeypatch.setattr(module.asyncio, "timeout", clock.timeout)
        task = asyncio.create_task(player.replay.run(player.take))
        await settled()
        yield player
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    return playing


async def test_it_plays_to_the_end_holds_there_and_begins_again(play) -> None:  # type: ignore[no-untyped-def]
    async with play([100, 101, 103]) as player:
        assert player.published == [([100], True)]
        await player.clock.tick()
        await player.clock.tick()
        assert player.published[1:] == [([101], False), ([103], False)]
        assert player.clock.waits == [1.0, 2.0, None]
        assert (player.replay.playing, player.replay.elapsed, player.replay.duration) == (False, 3.0, 3.0)
        assert await player.do(player.replay.toggle) == ([100], True)
        assert player.replay.playing and player.clock.waits[-1] == 1.0


async def test_held_it_stays_and_goes_on_from_there(play) -> None:  # type: ignore[no-untyped-def]
    async with play([0, 1, 2, 3]) as player:
        await player.clock.tick()
        await player.do(player.replay.toggle)
        assert player.clock.waits[-1] is None
        await player.do(player.replay.toggle)
        await player.clock.tick()
        assert player.published[-1] == ([2], False)


async def test_stepping_holds_and_brings_the_past_along(play) -> None:  # type: ignore[no-untyped-def]
    async with play([0, 1, 2, 3]) as player:
        assert await player.do(lambda: player.replay.step(1)) == ([0, 1], True)
        assert not player.replay.playing
        assert await player.do(lambda: player.replay.step(1)) == ([0, 1, 2], True)
        assert await player.do(lambda: player.replay.step(-1)) == ([0, 1], True)
        assert await player.do(lambda: player.replay.step(-9)) == ([0], True)
        assert await player.do(lambda: player.replay.step(99)) == ([0, 1, 2, 3], True)


async def test_winding_shows_no_more_of_the_past_than_the_history_needs(play) -> None:  # type: ignore[no-untyped-def]
    async with play(range(300)) as player:
        snapshots, anew = await player.do(lambda: player.replay.seek(250))
        assert (snapshots, anew) == (list(range(250 - LOOK_BACK, 251)), True)
        snapshots, _ = await player.do(lambda: player.replay.seek(-10))
        assert snapshots[-1] == 240
        assert player.replay.playing


async def test_seeking_crosses_gaps_and_clocks_put_back_and_stops_at_the_ends(play) -> None:  # type: ignore[no-untyped-def]
    async with play([0, 1, 2, 5000, 5001, 40, 41, 42]) as player:
        places = []
        for seconds in (10, 10, 1, 10, -1, -10, -10):
            await player.do(lambda by=seconds: player.replay.seek(by))
            places.append(player.replay.position)
        assert places == [3, 5, 6, 7, 6, 4, 2]
        await player.do(lambda: player.replay.seek(-1e9))
        assert player.replay.position == 0
        await player.do(lambda: player.replay.seek(0))
        assert player.replay.position == 0


async def test_gaps_are_skipped_and_speed_divides_what_is_waited(play) -> None:  # type: ignore[no-untyped-def]
    async with play([0, 4, 5000, 4000, 4001]) as player:
        await player.do(lambda: player.replay.faster(1))
        assert player.clock.waits[-1] == 2.0
        await player.clock.tick()
        assert player.clock.waits[-1] == LONGEST_WAIT / 2
        await player.clock.tick()
        assert player.clock.waits[-1] == 0.0
        await player.do(lambda: player.replay.faster(99))
        assert player.replay.speed == SPEEDS[-1]
        await player.do(lambda: player.replay.faster(-99))
        assert player.replay.speed == SPEEDS[0]


class Watchman:
    """A diagnosis that only notes what it was shown."""

    def __init__(self) -> None:
        self.seen: list[float | str] = []

    def update(self, history: History) -> tuple[Finding, ...]:
        self.seen.append(history.snapshot.taken_at)
        return ()

    def reset(self) -> None:
        self.seen.append("anew")


async def test_the_engine_forgets_where_the_recording_is_wound(play) -> None:  # type: ignore[no-untyped-def]
    async with play([0, 1, 2, 3]) as player:
        watchman = Watchman()
        engine = Engine(player.replay, watchman)
        frames: list[Frame] = []
        engine.subscribe(frames.append)
        player.replay._publish = engine.take
        await player.replay.refresh()
        await player.do(lambda: player.replay.step(2))
        assert watchman.seen == ["anew", 0, "anew", 0, 1, 2]
        assert [frame.snapshot.taken_at for frame in frames] == [0, 2], "one Frame each time, however long the past"
        assert engine.frame is frames[-1]


async def test_questions_for_the_live_host_are_declined(tmp_path: Path) -> None:
    replay = recorded(tmp_path, [0])
    for ask in (replay.tcp_ports(), replay.route_to("192.0.2.1")):
        with pytest.raises(Unavailable, match="a recording"):
            await ask
