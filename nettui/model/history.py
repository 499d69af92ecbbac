"""The newest Snapshot and what came before it, in fixed memory; and the Frame that is drawn and reported."""

from collections.abc import Mapping

from msgspec import Struct

from nettui.model.census import Census
from nettui.model.finding import Finding
from nettui.model.link import Rates
from nettui.model.snapshot import Snapshot
from nettui.model.tcp import TcpState
from nettui.model.vitals import Vitals
from nettui.model.watched import Gauges, Probes, Processes


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
    vitals: tuple[Vitals, ...] = ()
    """Like `tcp`: each reading of this section once, oldest first, over the last minutes. So are the following."""
    census: tuple[Census, ...] = ()
    processes: tuple[Processes, ...] = ()
    probes: tuple[Probes, ...] = ()
    gauges: tuple[Gauges, ...] = ()

    def series(self, state: TcpState, last: int) -> tuple[int, ...]:
        """The counts of one state over the `last` ticks, oldest first."""
        place = tuple(TcpState).index(state)
        return tuple(sample.counts[place] for sample in self.tcp[-last:])


class Frame(Struct, frozen=True, kw_only=True):
    """One picture: everything a screen or a report needs."""

    history: History
    findings: tuple[Finding, ...] = ()
    """Open ones, the gravest first."""
    silenced: tuple[Finding, ...] = ()
    """Open ones that nobody wants to hear of now."""
    problems: tuple[str, ...] = ()
    """What is wrong with keeping findings or telling others of them, one sentence each."""

    @property
    def snapshot(self) -> Snapshot:
        return self.history.snapshot
