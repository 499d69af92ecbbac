"""The keys and the status of a recording that is being shown."""

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from nettui.engine.replay import Replay
from nettui.reports.format import clock
from nettui.reports.table import Cell

if TYPE_CHECKING:
    from nettui.engine.engine import Engine


DAY = 86400.0
"""Seconds; in a shorter recording the time of day is enough."""


class ReplayActions:
    """Mixed into the app: they work only where the source is a recording, and are hidden elsewhere."""

    if TYPE_CHECKING:
        engine: Engine

        def show_status(self) -> None: ...

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("full_stop", "replay_step(1)", "step", id="replay.step"),
        Binding("comma", "replay_step(-1)", "step back", show=False, id="replay.back"),
        Binding("greater_than_sign", "replay_speed(1)", "faster", id="replay.faster"),
        Binding("less_than_sign", "replay_speed(-1)", "slower", show=False, id="replay.slower"),
        Binding("right_square_bracket", "replay_seek(10)", "10 s on", id="replay.forward"),
        Binding("left_square_bracket", "replay_seek(-10)", "10 s back", show=False, id="replay.rewind"),
    ]

    @property
    def replay(self) -> Replay | None:
        """The recording being shown; None for the live host."""
        source = self.engine.source
        return source if isinstance(source, Replay) else None

    def action_replay_step(self, by: int) -> None:
        if self.replay:
            self.replay.step(by)
            self.show_status()

    def action_replay_speed(self, by: int) -> None:
        if self.replay:
            self.replay.faster(by)
            self.show_status()

    def action_replay_seek(self, seconds: float) -> None:
        if self.replay:
            self.replay.seek(seconds)
            self.show_status()


def replay_status(replay: Replay) -> list[Cell]:
    """Whether it plays, how fast, and where in the recording it is."""
    number, count = replay.position + 1, len(replay.recording)
    state = "replay" if replay.playing and number < count else "end of replay" if number == count else "replay held"
    at = clock(replay.recording.times[replay.position])
    cells = [Cell(at if replay.duration > DAY else at[11:], "dim"), Cell(f"{number:,}/{count:,}")]
    if replay.speed != 1.0:
        cells.append(Cell(f"{replay.speed:g}x", "accent"))
    return [*cells, Cell(state, "accent")]
