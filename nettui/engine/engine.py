"""The engine: takes Snapshots from a source, keeps their history, has them diagnosed, and hands out Frames."""

from collections.abc import Callable, Sequence
from typing import Protocol

from nettui.engine.desk import Desk, Received
from nettui.engine.keeper import Keeper
from nettui.engine.source import Source
from nettui.model.finding import Finding
from nettui.model.history import Frame, History
from nettui.model.snapshot import Snapshot


class Diagnose(Protocol):
    """What the engine needs of the diagnosis room."""

    def update(self, history: History) -> tuple[Finding, ...]: ...

    def reset(self) -> None: ...


class Engine:
    """One source, one history, one newest Frame."""

    def __init__(self, source: Source, diagnosis: Diagnose, desk: Desk | None = None) -> None:
        self.source = source
        self.desk = desk
        self.frame: Frame | None = None
        """The newest Frame; None until the first Snapshot has come."""
        self._diagnosis = diagnosis
        self._diagnosed: tuple[Finding, ...] = ()
        self._keeper = Keeper()
        self._listeners: list[Callable[[Frame], None]] = []

    def subscribe(self, listener: Callable[[Frame], None]) -> None:
        """Call `listener` with every new Frame, in the event loop."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Make Frames until cancelled."""
        await self.source.run(self.take)

    def take(self, snapshots: Sequence[Snapshot], anew: bool) -> None:
        """Add `snapshots`, oldest first, and publish the Frame of the last; `anew` forgets what came before."""
        if anew:
            self._keeper = Keeper()
            self._diagnosis.reset()
        for snapshot in snapshots:
            history = self._keeper.add(snapshot)
            self._diagnosed = self._diagnosis.update(history)
            self.frame = self._framed(history, self._diagnosed)
        if self.frame is not None and snapshots:
            for listener in self._listeners:
                listener(self.frame)

    def renew(self) -> None:
        """Publish the newest Frame again: somebody said something of its findings."""
        if self.frame is not None:
            self.frame = self._framed(self.frame.history, self._diagnosed)
            for listener in self._listeners:
                listener(self.frame)

    def _framed(self, history: History, findings: tuple[Finding, ...]) -> Frame:
        told = Received(findings) if self.desk is None else self.desk.receive(findings, history.snapshot.taken_at)
        return Frame(history=history, findings=told.findings, silenced=told.silenced, problems=told.problems)
