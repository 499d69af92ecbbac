"""The newest Snapshot and what came before it, in fixed memory; and the Frame that is drawn and reported."""

from collections.abc import Mapping

from msgspec import Struct

from nettui.model.finding import Finding
from nettui.model.link import Rates
from nettui.model.snapshot import Snapshot
from nettui.model.tcp import TcpState


class TcpSample(Struct, frozen=True, gc=False):
    """The state counts of one tick."""

    at: float
    """Unix time in seconds."""
    counts: tuple[int, ...]
    """Eleven numbers in the order of `nettui.model.tcp.STATES`."""


class History(Struct, frozen=True, kw_only=True):
    """What the rules of diagnosis look at."""

    snapshot: Snapshot
    tcp: tuple[TcpSample, ...] = ()
    """Oldest first; the last one belongs to `snapshot`."""
    rates: Mapping[int, Rates] = {}
    """By ifindex; a link that was read only once is not in it."""

    def series(self, state: TcpState, last: int) -> tuple[int, ...]:
        """The counts of one state over the `last` ticks, oldest first."""
        place = tuple(TcpState).index(state)
        return tuple(sample.counts[place] for sample in self.tcp[-last:])


class Frame(Struct, frozen=True, kw_only=True):
    """One picture: everything a screen or a report needs."""

    history: History
    findings: tuple[Finding, ...] = ()
    """Open ones, the gravest first."""

    @property
    def snapshot(self) -> Snapshot:
        return self.history.snapshot
