"""The history: what the newest Snapshots showed over time, in fixed memory."""

from collections import deque
from typing import Any

from nettui.model.history import History, TcpSample
from nettui.model.link import Counters, Rates, rates
from nettui.model.snapshot import Snapshot

SPAN = 300.0
"""Seconds of state counts kept."""

SAMPLES = 1500
"""Samples of them at most: SPAN at the shortest interval there is."""

SERIES = ("vitals", "census", "processes", "probes", "gauges")
"""Sections of the Snapshot of which past readings are kept: each has the time `at` which it was read."""

READINGS = 400
"""Readings of each at most."""


class Keeper:
    """Turns each new Snapshot into a History. Time that goes back starts a new one."""

    def __init__(self, span: float = SPAN) -> None:
        """`span`: seconds kept; more than SPAN only where readings are far apart."""
        self._span = span
        self._begin()

    def _begin(self) -> None:
        self._tcp: deque[TcpSample] = deque(maxlen=SAMPLES)
        self._rates: dict[int, Rates] = {}
        self._counters: tuple[Counters, ...] = ()
        self._counters_at: float | None = None
        self._taken_at = 0.0
        self._series: dict[str, deque[Any]] = {name: deque(maxlen=READINGS) for name in SERIES}
        self._read: dict[str, tuple[Any, ...]] = dict.fromkeys(SERIES, ())

    def add(self, snapshot: Snapshot) -> History:
        """The History that ends with `snapshot`."""
        if snapshot.taken_at < self._taken_at - 1.0:
            self._begin()
        self._taken_at = max(self._taken_at, snapshot.taken_at)  # the latest: a clock may creep back in small steps
        self._add_tcp(snapshot)
        self._add_rates(snapshot)
        for name in SERIES:
            self._add_reading(name, getattr(snapshot, name))
        return History(snapshot=snapshot, tcp=tuple(self._tcp), rates=self._rates, **self._read)

    def _add_reading(self, name: str, reading: Any) -> None:
        kept = self._series[name]
        if reading is None or (kept and kept[-1].at >= reading.at):
            return
        kept.append(reading)
        while kept[0].at < reading.at - self._span:
            kept.popleft()
        self._read[name] = tuple(kept)

    def _add_tcp(self, snapshot: Snapshot) -> None:
        if snapshot.tcp is None or snapshot.tcp_at is None:
            return
        if not self._tcp or self._tcp[-1].at != snapshot.tcp_at:
            self._tcp.append(TcpSample(at=snapshot.tcp_at, counts=snapshot.tcp.counts))
        while self._tcp[0].at < snapshot.tcp_at - self._span:
            self._tcp.popleft()

    def _add_rates(self, snapshot: Snapshot) -> None:
        at, counters = snapshot.counters_at, snapshot.counters
        if at is None or counters is None or at == self._counters_at:
            return
        if self._counters_at is not None:
            self._rates = rates(self._counters, counters, at - self._counters_at)
        self._counters, self._counters_at = counters, at
