"""What the tests of the app share: a source that does as it is told, and ways to see what is on the screen."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from nettui.collectors.socket_backend import SocketBackend
from nettui.engine.recorded_sockets import RecordedSockets
from nettui.engine.source import Publish, Unavailable
from nettui.model.route import Route
from nettui.model.snapshot import Snapshot
from nettui.model.socket import Socket
from nettui.model.tcp import PortCounts
from nettui.sockets.frame import SocketFrame
from tests.recordings.make import web_03
from tests.replayed import app_of, settled

WAIT = 10.0
"""Seconds until something that is waited for counts as missing."""


class Stage:
    """A live source that plays what a test gives it."""

    def __init__(self, *snapshots: Snapshot) -> None:
        self.interval = 1.0
        self.refreshed = 0
        self.fault: Exception | None = None
        """What `run` is to fail with, once it has been told to go on."""
        self.ports: tuple[PortCounts, ...] | Unavailable = Unavailable("no ports on this stage")
        self.way: Route | Unavailable = Unavailable("no way on this stage")
        self.asked: list[str] = []
        self.backend: SocketBackend = RecordedSockets(lambda: self._latest)
        """Who knows the sockets: the newest Snapshot, or what a test puts here."""
        self._latest = (snapshots or trouble())[-1]
        self._first = snapshots
        self._publish: Publish | None = None
        self._failing = asyncio.Event()

    async def run(self, publish: Publish) -> None:
        self._publish = publish
        if self._first:
            publish(self._first, True)
        await self._failing.wait()
        assert self.fault is not None
        raise self.fault

    def show(self, *snapshots: Snapshot) -> None:
        """Publish these now."""
        assert self._publish is not None
        self._latest = snapshots[-1]
        self._publish(snapshots, False)

    def fail(self, fault: Exception) -> None:
        """Let `run` end with this."""
        self.fault = fault
        self._failing.set()

    async def refresh(self) -> None:
        self.refreshed += 1

    async def tcp_ports(self) -> tuple[PortCounts, ...]:
        if isinstance(self.ports, Unavailable):
            raise self.ports
        return self.ports

    def sockets(self) -> SocketBackend:
        return self.backend

    async def route_to(self, destination: str) -> Route:
        self.asked.append(destination)
        if isinstance(self.way, Unavailable):
            raise self.way
        return self.way


@cache
def trouble() -> tuple[Snapshot, ...]:
    """Two minutes of a host in trouble: long enough for its findings to be open."""
    return tuple(web_03(second) for second in range(40, 171))


@asynccontextmanager
async def running(app: Any, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Any]:
    """The pilot of the app, once it stands."""
    async with app.run_test(size=size, notifications=True) as pilot:
        await settled(pilot)
        yield pilot


@asynccontextmanager
async def staged(
    *snapshots: Snapshot, size: tuple[int, int] = (120, 40), stage: Stage | None = None, **settings: Any
) -> AsyncIterator[tuple[Any, Stage]]:
    """The pilot of an app on a live source that has these Snapshots (the host in trouble), and that source."""
    stage = stage or Stage(*(snapshots or trouble()))
    async with running(app_of(stage, **settings), size) as pilot:
        yield pilot, stage


def screen_lines(app: Any) -> list[str]:
    """The lines of the screen, windows and all, without colours."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def screen_text(app: Any) -> str:
    return "\n".join(screen_lines(app)) + "\n"


def pane_text(app: Any, id: str) -> str:
    """A pane's frame and what is in it, as it is on the screen."""
    region = app.main.query_one(f"#{id}").region
    lines = screen_lines(app)[region.y : region.bottom]
    return "\n".join(line[region.x : region.right] for line in lines)


def flat(text: str) -> str:
    """Without frames and line ends, so that a sentence can be found that was wrapped."""
    return " ".join("".join(" " if char in "│╭╮╰╯─▌▎" else char for char in text).split())


def styles(app: Any) -> list[Any]:
    """The styles of everything on the screen."""
    return [segment.style for strip in app.screen._compositor.render_strips() for segment in strip if segment.style]


def said(app: Any) -> list[str]:
    """The short messages that are still up."""
    return [notification.message for notification in app._notifications]


async def until(pilot: Any, true: Callable[[], bool]) -> None:
    """Wait for something that does not come from the screen's own queue."""
    async with asyncio.timeout(WAIT):
        while not true():
            await pilot.pause(0.01)
    await settled(pilot)


async def press(pilot: Any, *keys: str) -> None:
    """Press the keys, and wait until the screen has come to rest."""
    await pilot.press(*keys)
    await pilot.pause()
    before = ""
    async with asyncio.timeout(WAIT):
        while (now := screen_text(pilot.app)) != before:
            before = now
            await pilot.pause(0.02)


async def typed(pilot: Any, text: str) -> None:
    """Into the line that has the focus, as a terminal pastes it."""
    from textual.events import Paste

    pilot.app.post_message(Paste(text))
    await settled(pilot)


async def answered(pilot: Any) -> None:
    """The Sockets screen shows the answer to what it is asked now, all that is to be known of its rows too."""
    app = pilot.app
    session = app.sockets

    def there() -> bool:
        frame = session.frame
        if frame is None:
            return bool(session.error)
        if app.replay is not None and frame.taken_at < app.frame.snapshot.taken_at:
            return False
        shown = [key for key in app.main.query_one("#sockets").table.view_keys() if isinstance(key, int)]
        known = {*frame.details, *(socket.key for socket in _resting(frame))}
        return frame.query == session.query and known.issuperset(shown)

    await until(pilot, there)


def _resting(frame: SocketFrame) -> Iterator[Socket]:
    """Of a TIME_WAIT there is nothing more to know."""
    sockets = map(frame.table.socket, range(len(frame.table)))
    return (socket for socket in sockets if socket.state == "TIME_WAIT")
