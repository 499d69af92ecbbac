"""The history: what the newest Snapshots showed over time, in fixed memory."""

from collections import deque

from nettui.model.history import History, TcpSample
from nettui.model.link import Counters, Rates, rates
from nettui.model.snapshot import Snapshot

TICKS = 300
"""Samples of the state counts kept: five minutes at one second."""

TRAFFIC_TICKS = 120
"""Samples of each link's traffic kept."""

TRAFFIC_LINKS = 256
"""Links whose traffic is kept; a host with more has its first ones."""


class Keeper:
    """Turns each new Snapshot into a History. Time that goes back starts a new one."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._tcp: deque[TcpSample] = deque(maxlen=TICKS)
        self._traffic: dict[int, deque[tuple[float, float]]] = {}
        self._rates: dict[int, Rates] = {}
        self._counters: tuple[Counters, ...] = ()
        self._counters_at: float | None = None
        self._taken_at = 0.0

    def add(self, snapshot: Snapshot) -> History:
        """The History that ends with `snapshot`."""
        if snapshot.taken_at < self._taken_at - 1.0:
            self._begin()
        self._taken_at = snapshot.taken_at
        self._add_tcp(snapshot)
        self._add_traffic(snapshot)
        return History(
            snapshot=snapshot,
            tcp=tuple(self._tcp),
            rates=self._rates,
            traffic={ifindex: tuple(kept) for ifindex, kept in self._traffic.items()},
        )

    def _add_tcp(self, snapshot: Snapshot) -> None:
        if snapshot.tcp is None or snapshot.tcp_at is None:
            return
        if not self._tcp or self._tcp[-1].at != snapshot.tcp_at:
            self._tcp.append(TcpSample(at=snapshot.tcp_at, counts=snapshot.tcp.counts))

    def _add_traffic(self, snapshot: Snapshot) -> None:
        at, counters = snapshot.counters_at, snapshot.counters
        if at is None or counters is None or at == self._counters_at:
            return
        if self._counters_at is not None:
            self._rates = rates(self._counters, counters, at - self._counters_at)
        self._counters, self._counters_at = counters, at
        present = {c.ifindex for c in counters[:TRAFFIC_LINKS]}
        for gone in self._traffic.keys() - present:
            del self._traffic[gone]
        for ifindex in present & self._rates.keys():
            rate = self._rates[ifindex]
            self._traffic.setdefault(ifindex, deque(maxlen=TRAFFIC_TICKS)).append((rate.rx_bytes, rate.tx_bytes))
