"""A recording as a source of Snapshots, with a clock of its own: pause, step, speed, seek."""

import asyncio
import contextlib

from nettui.collectors.socket_backend import SocketBackend
from nettui.engine.recorded_sockets import RecordedSockets
from nettui.engine.recording import Recording
from nettui.engine.source import Publish, Unavailable
from nettui.model.route import Route
from nettui.model.tcp import PortCounts

SPEEDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0)
LONGEST_WAIT = 5.0
"""Seconds; a longer gap in a recording (it was stopped and started again) is skipped over."""

LOOK_BACK = 120
"""Snapshots shown to the history before the one that was wound to, so that it has a past to draw."""


class Replay:
    """Plays a Recording."""

    interval = 1.0

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.position = 0
        """Number of the Snapshot on show."""
        self.playing = True
        self.speed = 1.0
        self._publish: Publish | None = None
        self._moved = asyncio.Event()

    @property
    def elapsed(self) -> float:
        """Seconds of the recording before the Snapshot on show."""
        return self.recording.times[self.position] - self.recording.times[0]

    @property
    def duration(self) -> float:
        """Seconds from the first Snapshot to the last."""
        return self.recording.times[-1] - self.recording.times[0]

    async def run(self, publish: Publish) -> None:
        self._publish = publish
        self._show()
        while True:
            self._moved.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._wait()):
                    await self._moved.wait()
                continue
            self.position += 1
            self.playing = self.position < len(self.recording) - 1
            publish((self.recording.snapshot(self.position),), False)

    def toggle(self) -> None:
        """Play or hold; at the end, play from the beginning."""
        if not self.playing and self.position == len(self.recording) - 1:
            self._go(0)
        self.playing = not self.playing
        self._moved.set()

    def step(self, by: int) -> None:
        """Hold, and move by so many Snapshots."""
        self.playing = False
        self._go(self.position + by)

    def seek(self, seconds: float) -> None:
        """Move by so many seconds of the recording, by one Snapshot at least; a gap counts as long as it is."""
        times, place, step, moved = self.recording.times, self.position, 1 if seconds > 0 else -1, 0.0
        while moved < abs(seconds) and 0 <= place + step < len(times):
            moved += abs(times[place + step] - times[place])
            place += step
        self._go(place)

    def faster(self, by: int) -> None:
        """Move by so many places in `SPEEDS`."""
        place = SPEEDS.index(self.speed) + by
        self.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, place))]
        self._moved.set()

    async def refresh(self) -> None:
        self._show()

    async def tcp_ports(self) -> tuple[PortCounts, ...]:
        raise Unavailable("a recording holds the totals of each state, not the sockets of each port")

    async def route_to(self, destination: str) -> Route:
        raise Unavailable("a recording cannot be asked for a way: only the running kernel knows it")

    def sockets(self) -> SocketBackend:
        return RecordedSockets(lambda: self.recording.snapshot(self.position))

    def _wait(self) -> float | None:
        times, at = self.recording.times, self.position
        if not self.playing or at >= len(times) - 1:
            return None
        return max(0.0, min(LONGEST_WAIT, times[at + 1] - times[at])) / self.speed

    def _go(self, position: int) -> None:
        self.position = max(0, min(len(self.recording) - 1, position))
        self._moved.set()
        self._show()

    def _show(self) -> None:
        """Publish the Snapshot on show together with its past, as the beginning of a new history."""
        if self._publish is not None:
            first = max(0, self.position - LOOK_BACK)
            self._publish([self.recording.snapshot(n) for n in range(first, self.position + 1)], True)
