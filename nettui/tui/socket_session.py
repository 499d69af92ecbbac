"""What the panes of the Sockets screen share: the watch over the sockets, the query, and the course of single ones.

The watch reads only while somebody looks: from `begin` to `rest`.
"""

import asyncio
import errno
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nettui.engine.engine import Engine
    from nettui.engine.socket_watch import SocketWatch
    from nettui.model.process import Process
    from nettui.model.socket import SocketKey
    from nettui.model.socket_filter import Filter
    from nettui.sockets.frame import SocketFrame, SocketQuery
    from nettui.sockets.readings import Reading

READINGS = 120
"""Readings of one socket kept for its charts."""

FOLLOWED = 16
"""Sockets of which readings are kept: those last under the cursor."""

PROCESS_AGE = 2.0
"""Seconds for which what is known of a process is new enough."""


class SocketSession:
    """One for the whole app. Imports what it needs when the screen is first opened."""

    def __init__(self, engine: "Engine") -> None:
        self.listeners: list[Callable[[], None]] = []
        """Called whenever there is something new to show."""
        self.text = ""
        """The filter in force, as it was typed."""
        self.frame: SocketFrame | None = None
        """What is on show."""
        self.error = ""
        self.at_end: list[Callable[[], None]] = []
        """Called when the app ends."""
        self._engine = engine
        self._watch: SocketWatch | None = None
        self._task: asyncio.Task[None] | None = None
        self._paused = False
        self._readings: dict[SocketKey, deque[Reading]] = {}
        self._processes: dict[int, tuple[float, Process | None]] = {}
        self._asking: set[asyncio.Task[None]] = set()

    # Life

    def begin(self) -> None:
        """Watch the sockets from now on; where that cannot be, `error` will say why."""
        if self._task is None:
            self.watch.interval = self._engine.source.interval
            self._task = asyncio.create_task(self.watch.run(self._take), name="sockets")

    async def rest(self) -> None:
        """Nobody looks any more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task], timeout=1.0)

    async def end(self) -> None:
        """The app ends."""
        for call in self.at_end:
            call()
        await self.rest()

    @property
    def watch(self) -> "SocketWatch":
        if self._watch is None:
            from nettui.engine.socket_watch import SocketWatch

            self._watch = SocketWatch(self._engine.source.sockets(), self._links, self._engine.source.interval)
        return self._watch

    def set_interval(self, seconds: float) -> None:
        """Read so often from now on."""
        if self._watch is not None:
            self._watch.interval = seconds

    def refresh(self) -> None:
        """Read now."""
        if self._watch is not None:
            self._watch.refresh()

    def pause(self, paused: bool) -> None:
        """Hold what is on show, or go on; reading goes on in any case."""
        self._paused = paused
        if not paused:
            self._take()

    # The query

    @property
    def query(self) -> "SocketQuery":
        return self.watch.query

    def ask(self, **changes: object) -> None:
        """Change fields of the query; it is answered soon."""
        from msgspec.structs import replace

        self.watch.query = replace(self.watch.query, **changes)

    def filter(self, wanted: "Filter | None", text: str) -> None:
        """Show only these."""
        self.text = text
        self.ask(wanted=wanted)

    def hold(self, held: bool) -> None:
        """Keep the rows where they are, or let them go to their places."""
        if self._watch is not None:
            self._watch.hold(held)

    def look(self, keys: "Sequence[SocketKey]") -> None:
        """These are on the screen now."""
        if self._watch is not None:
            self._watch.look_at(keys)

    async def complete(self) -> "SocketFrame":
        """What is on show, with all that can be known of each socket. Raises OSError or ValueError."""
        from msgspec.structs import replace

        from nettui.sockets.frame import SORTS

        if self.frame is None:
            raise OSError(errno.ENODATA, self.error or "nothing has been read yet")
        if self._paused or self.frame.query.group is not None:
            return self.frame
        return await self.watch.read(replace(self.frame.query, also=frozenset(SORTS)), owners=True)

    # One socket, one process

    def readings(self, key: "SocketKey") -> "tuple[Reading, ...]":
        """What was seen of a socket since it came under the cursor, the oldest first."""
        return tuple(self._readings.get(key, ()))

    def follow(self, key: "SocketKey | None") -> None:
        """Keep the readings of this socket from now on."""
        if key is not None and key not in self._readings:
            self._readings[key] = deque(maxlen=READINGS)
            while len(self._readings) > FOLLOWED:
                del self._readings[next(iter(self._readings))]
            self._note_readings()

    def process(self, pid: int) -> "Process | None":
        """What is known of a process by now; newer things are asked for, and told when they come."""
        known = self._processes.get(pid)
        now = asyncio.get_running_loop().time()
        if known is None or now > known[0] + PROCESS_AGE:
            self._processes.pop(pid, None)  # to the end of those that are kept
            self._processes[pid] = (now, known[1] if known else None)
            task = asyncio.create_task(self._ask_process(pid), name="process")
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        return known[1] if known else None

    async def _ask_process(self, pid: int) -> None:
        try:
            process = await self.watch.process(pid)
        except (OSError, ValueError):
            process = None  # it has ended
        asked_at, before = self._processes.get(pid, (0.0, None))
        self._processes[pid] = (asked_at, process)
        while len(self._processes) > FOLLOWED:
            del self._processes[next(iter(self._processes))]
        if process != before:
            self._tell()

    # News

    def _take(self) -> None:
        if self._watch is None or self._paused:
            return
        self.frame, self.error = self._watch.frame, self._watch.error
        self._note_readings()
        self._tell()

    def _note_readings(self) -> None:
        from nettui.sockets.readings import reading

        if (frame := self.frame) is None:
            return
        for key, kept in self._readings.items():
            socket = frame.details.get(key)
            if kept and kept[-1].at > frame.taken_at:
                kept.clear()  # a recording was wound back
            if socket is not None and (not kept or kept[-1].at < frame.taken_at):
                found = reading(socket, frame.taken_at)
                if found is not None:
                    kept.append(found)

    def _tell(self) -> None:
        for listener in self.listeners:
            listener()

    def _links(self) -> Mapping[int, str]:
        frame = self._engine.frame
        return {link.ifindex: link.name for link in (frame.snapshot.links or ()) if frame} if frame else {}
