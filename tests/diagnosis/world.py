"""A small world to diagnose: hosts in a few words, and a clock that ticks by hand."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from nettui.diagnosis.condition import Case
from nettui.diagnosis.diagnose import Diagnosis
from nettui.diagnosis.memory import Memory
from nettui.diagnosis.thresholds import Limits, Thresholds
from nettui.diagnosis.ways import WaysReader
from nettui.engine.keeper import Keeper
from nettui.model.address import Address
from nettui.model.finding import Finding
from nettui.model.history import History
from nettui.model.link import Link, OperState
from nettui.model.neighbour import Neighbour, NeighbourState
from nettui.model.route import Route
from nettui.model.snapshot import Snapshot
from nettui.model.tcp import TcpCounts, TcpState

START = 1_700_000_000.0

MAY_BE_MISSING = frozenset(
    ("ethtool", "tc", "tcpdump", "conntrack", "journalctl", "networkctl", "nmcli", "prlimit", "lsof")
)
"""Tools that reliefs name and that not every host has; each of them also has a command that needs none of these."""


def link(
    ifindex: int, name: str, kind: str = "ethernet", *, up: bool = True, carrier: bool = True, **more: Any
) -> Link:
    """A link as Linux tells of it: a carrier is only known of one that is administratively up."""
    state = OperState.UP if up and carrier else OperState.DOWN
    seen = carrier if up else None
    return Link(ifindex=ifindex, name=name, kind=kind, state=state, admin_up=up, carrier=seen, mtu=1500, **more)


LO = Link(ifindex=1, name="lo", kind="loopback", state=OperState.UNKNOWN, admin_up=True, carrier=True, mtu=65536)


def address(ifindex: int, cidr: str, *, scope: str = "global", flags: tuple[str, ...] = ("permanent",)) -> Address:
    text, _, length = cidr.partition("/")
    family = "inet6" if ":" in text else "inet"
    return Address(ifindex=ifindex, family=family, address=text, prefixlen=int(length), scope=scope, flags=flags)


LOOPBACK = (address(1, "127.0.0.1/8", scope="host"), address(1, "::1/128", scope="host"))


def route(destination: str, gateway: str | None = None, ifindex: int | None = None, **more: Any) -> Route:
    """`default`, `default6` or a prefix."""
    text, _, length = {"default": "0.0.0.0/0", "default6": "::/0"}.get(destination, destination).partition("/")
    family = "inet6" if ":" in text else "inet"
    more = {"table": 254, "protocol": "static"} | more
    return Route(family=family, destination=text, prefixlen=int(length), gateway=gateway, ifindex=ifindex, **more)


def neighbour(ifindex: int, text: str, state: str, **more: Any) -> Neighbour:
    family = "inet6" if ":" in text else "inet"
    return Neighbour(ifindex=ifindex, family=family, address=text, state=NeighbourState(state), **more)


def server(**changes: Any) -> dict[str, Any]:
    """The sections of a healthy server: one card, one gateway that answers."""
    return {
        "links": (LO, link(2, "eth0")),
        "addresses": (*LOOPBACK, address(2, "192.0.2.2/24"), address(2, "fe80::2/64", scope="link")),
        "routes": (route("default", "192.0.2.1", 2), route("192.0.2.0/24", None, 2, protocol="kernel")),
        "neighbours": (neighbour(2, "192.0.2.1", "REACHABLE", mac="02:00:00:00:00:01"),),
        "tcp": counts(),
    } | changes


def counts(**found: int) -> TcpCounts:
    usual = {TcpState.LISTEN: 17, TcpState.ESTABLISHED: 40}
    return TcpCounts.of(usual | {TcpState(state): n for state, n in found.items()}, "sock_diag")


def case_of(*stays: dict[str, Any], **settings: Any) -> Case:
    """What a rule is given after one reading of each of these, a second apart; `settings` of the limits it is given."""
    keeper, ways, memory = Keeper(), WaysReader(), Memory()
    for second, sections in enumerate(stays):
        history = keeper.add(Snapshot(taken_at=START + second, **_timed(sections, START + second)))
        now = ways.read(history.snapshot)
        memory.see(history.snapshot, now)
    return Case(history=history, limits=Limits(**settings), ways=now, memory=memory)


def _timed(sections: dict[str, Any], now: float) -> dict[str, Any]:
    """Sections that have a time of their own, read now."""
    timed = {name: replace(part, at=now) for name, part in sections.items() if hasattr(part, "at")}
    times = {"tcp_at": now if sections.get("tcp") is not None else None}
    if sections.get("counters") is not None:
        times["counters_at"] = now
    return {**sections, **times, **timed}


class World:
    """Feeds a Diagnosis and remembers what it told."""

    def __init__(self, thresholds: Thresholds | None = None, *, interval: float = 1.0) -> None:
        self.diagnosis = Diagnosis(thresholds)
        self.interval = interval
        self.now = START
        self.findings: tuple[Finding, ...] = ()
        self.told: list[tuple[float, str, str, str]] = []
        """(seconds since the start, id, subject, severity or `closed`) of every opening, change and closing."""
        self._keeper = Keeper()
        self._open: dict[tuple[str, str], str] = {}

    def history(self, sections: dict[str, Any]) -> History:
        """The engine's own, after a Snapshot of these sections; those with a time of their own are read now."""
        return self._keeper.add(Snapshot(taken_at=self.now, **_timed(sections, self.now)))

    def tick(self, **sections: Any) -> tuple[Finding, ...]:
        """One reading; then the clock moves on."""
        self.findings = self.diagnosis.update(self.history(sections))
        self._remember(round(self.now - START, 3))
        self.now += self.interval
        return self.findings

    def stay(self, seconds: float, **sections: Any) -> tuple[Finding, ...]:
        """The same reading for so many seconds."""
        for _ in range(round(seconds / self.interval)):
            self.tick(**sections)
        return self.findings

    def count(self, state: str, values: Iterable[int]) -> tuple[Finding, ...]:
        """A healthy server whose sockets in one state are so many, tick by tick."""
        base = server()
        for value in values:
            self.tick(**base | {"tcp": counts(**{state: value})})
        return self.findings

    @property
    def names(self) -> list[tuple[str, str, str]]:
        return [(f.id, f.subject, f.severity.value) for f in self.findings]

    def finding(self, rule: str) -> Finding:
        found = [f for f in self.findings if f.id == rule]
        assert len(found) == 1, self.names
        return found[0]

    def _remember(self, at: float) -> None:
        now = {(f.id, f.subject): f.severity.value for f in self.findings}
        for key in self._open | now:
            if self._open.get(key) != now.get(key):
                self.told.append((at, *key, now.get(key, "closed")))
        self._open = now


def ramp(begin: int, step: float, ticks: int) -> list[int]:
    return [int(begin + step * i) for i in range(ticks)]


