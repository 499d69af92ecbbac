"""The rules' ids, their default limits, and what settings make of them. Cheap to import: settings are checked here."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Self

from msgspec import Meta, Struct, ValidationError, convert, field


class Limits(Struct, frozen=True, kw_only=True):
    """When one rule speaks."""

    enabled: bool = True
    notice: float | None = None
    """A figure above this is a notice."""
    warning: float | None = None
    """A figure above this is a warning. Where no severity has a mark the rule measures nothing, it sees something or
    does not."""
    critical: float | None = None
    """A figure above this is critical."""
    lasting: float = 5.0
    """Seconds a condition must last before it is told; for a leak, the seconds over which growth is judged."""
    unit: str = ""
    """Of the figures, for people: `sockets`, `%`, `per second`."""
    kinds: tuple[str, ...] = ()
    """The kinds of subject that may have limits of their own: process, port, peer, interface, server, name."""
    special: Mapping[str, Mapping[str, "Limits"]] = {}
    """Those limits, by kind and name."""

    @property
    def measures(self) -> bool:
        """Whether there is a figure to compare."""
        return any(mark is not None for mark in (self.notice, self.warning, self.critical))

    def of(self, subject: Mapping[str, str]) -> "Limits":
        """The limits of a subject, given as its name by kind; the first kind that has limits of its own decides."""
        for kind, name in subject.items():
            found = self.special.get(kind, {}).get(name)
            if found is not None:
                return found
        return self


DEFAULTS: Mapping[str, Limits] = {
    # The order is that of findings of one gravity: what explains most comes first.
    "link.down": Limits(lasting=5, kinds=("interface",)),
    "link.no-carrier": Limits(lasting=5, kinds=("interface",)),
    "link.no-address": Limits(lasting=15, kinds=("interface",)),
    "link.self-assigned": Limits(lasting=10, kinds=("interface",)),
    "link.duplicate-address": Limits(lasting=3, kinds=("interface",)),
    "route.no-default": Limits(lasting=5),
    "route.blackhole": Limits(lasting=5),
    # A healthy gateway is INCOMPLETE for up to three probes of one second when it is first asked.
    "route.gateway-unreachable": Limits(lasting=10),
    "route.duplicate-default": Limits(lasting=15),
    "dns.no-resolver": Limits(lasting=10),
    "dns.unreachable": Limits(lasting=10, kinds=("server",)),
    "dns.failing": Limits(lasting=10, kinds=("server", "name")),
    "dns.slow": Limits(warning=500, critical=2_000, lasting=20, unit="ms", kinds=("server", "name")),
    "dns.leak": Limits(lasting=10),
    "dns.hosts-override": Limits(lasting=0, kinds=("name",)),
    "dhcp.lease-expired": Limits(lasting=5, kinds=("interface",)),
    "dhcp.lease-expiring": Limits(warning=87.5, critical=97.5, lasting=5, unit="% of the lease", kinds=("interface",)),
    "nat.conntrack-full": Limits(warning=75, critical=90, lasting=3, unit="% of the maximum"),
    "neighbour.table-full": Limits(warning=80, critical=95, lasting=3, unit="% of gc_thresh3"),
    "process.descriptors": Limits(warning=80, critical=95, lasting=5, unit="% of the soft limit", kinds=("process",)),
    "host.descriptors": Limits(warning=80, critical=95, lasting=5, unit="% of fs.file-max"),
    "tcp.port-exhaustion": Limits(warning=50, critical=80, lasting=5, unit="% of the ephemeral ports",
                                  kinds=("peer", "process")),
    "tcp.close-wait-leak": Limits(warning=0, critical=50, lasting=120, unit="sockets", kinds=("process",)),
    "tcp.close-wait": Limits(warning=50, critical=100, lasting=5, unit="sockets", kinds=("process",)),
    "tcp.accept-queue": Limits(warning=80, critical=100, lasting=5, unit="% of the backlog", kinds=("port", "process")),
    "tcp.syn-backlog": Limits(warning=50, critical=200, lasting=5, unit="half-open connections", kinds=("port",)),
    "tcp.syn-sent-stuck": Limits(warning=0, critical=100, lasting=5, unit="connections", kinds=("peer", "process")),
    "pool.exhausted": Limits(warning=90, lasting=30, unit="% of the pool in use", kinds=("process", "peer", "gauge")),
    "tcp.memory": Limits(warning=80, critical=100, lasting=5, unit="% of the pressure mark of tcp_mem"),
    "tcp.orphans": Limits(warning=25, critical=50, lasting=5, unit="% of tcp_max_orphans"),
    "tcp.zombie": Limits(notice=7_200, lasting=10, unit="seconds of silence", kinds=("peer", "port", "process")),
    "tcp.retransmit": Limits(warning=5, critical=20, lasting=15, unit="% of the segments sent"),
    "tcp.resets": Limits(warning=50, critical=500, lasting=15, unit="per second"),
    "tcp.last-ack": Limits(warning=20, critical=500, lasting=15, unit="sockets", kinds=("peer",)),
    "tcp.fin-wait2": Limits(warning=1_000, critical=10_000, lasting=15, unit="sockets", kinds=("peer",)),
    "tcp.time-wait": Limits(warning=10_000, critical=15_000, lasting=5, unit="sockets"),
    "udp.buffer-errors": Limits(warning=1, critical=100, lasting=10, unit="datagrams lost per second",
                                kinds=("port", "process")),
    "softnet.drops": Limits(warning=1, critical=100, lasting=10, unit="packets dropped per second"),
    "link.errors": Limits(warning=1, critical=100, lasting=10, unit="errors per second", kinds=("interface",)),
    "link.drops": Limits(warning=10, critical=1_000, lasting=30, unit="packets dropped per second",
                         kinds=("interface",)),
    "link.saturated": Limits(warning=90, lasting=20, unit="% of the link's speed", kinds=("interface",)),
}

RULE_IDS: tuple[str, ...] = tuple(DEFAULTS)
"""Every rule there is; of two findings of one gravity, the one whose rule comes first here is shown first."""

_MARKS = ("notice", "warning", "critical")
_Figure = Annotated[float, Meta(ge=0)]


class _Setting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a user may set of one rule; None leaves the default."""

    enabled: bool | None = None
    notice: _Figure | None = None
    warning: _Figure | None = None
    critical: _Figure | None = None
    lasting: Annotated[float, Meta(ge=0, le=1e9)] | None = None


class Thresholds(Struct, frozen=True):
    """The limits of every rule."""

    limits: Mapping[str, Limits] = field(default_factory=lambda: DEFAULTS)

    def __getitem__(self, rule: str) -> Limits:
        return self.limits[rule]

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """The defaults, overridden by `{rule id: {enabled, notice, warning, critical, lasting, KIND: {NAME: ...}}}`.

        Raises ValueError with one line that names the rule, the key and what was expected.
        """
        limits = dict(DEFAULTS)
        for rule, value in settings.items():
            if rule not in limits:
                raise ValueError(f'rules."{rule}": no such rule, expected one of {", ".join(RULE_IDS)}')
            limits[rule] = _special(rule, _overridden(f'rules."{rule}"', limits[rule], value), value)
        return cls(limits)


def _special(rule: str, own: Limits, value: Any) -> Limits:
    """With the limits of single subjects, each of which begins from the rule's own."""
    given = {kind: names for kind in _KINDS if (names := _part(value, kind))}
    for kind in given:
        if kind not in own.kinds:
            expected = f"one of {', '.join(own.kinds)}" if own.kinds else "none: it has no subject to tell apart"
            raise ValueError(f'rules."{rule}".{kind}: this rule has no such limits, expected {expected}')
    special = {
        kind: {str(name): _overridden(f'rules."{rule}".{kind}."{name}"', own, each) for name, each in names.items()}
        for kind, names in given.items()
    }
    return _changed(own, special=special)


_KINDS = ("process", "port", "peer", "interface", "server", "name", "gauge")


def _part(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _overridden(where: str, default: Limits, value: Any) -> Limits:
    plain = {key: each for key, each in value.items() if key not in _KINDS} if isinstance(value, Mapping) else value
    try:
        setting = convert(plain, _Setting, from_attributes=True)
    except ValidationError as error:
        raise ValueError(f"{where}: {error}") from error
    given = {key: each for key in _Setting.__struct_fields__ if (each := getattr(setting, key)) is not None}
    for key in _MARKS:
        if key in given and not default.measures:
            raise ValueError(f"{where}.{key}: this rule has no figure, expected only enabled and lasting")
    limits = _changed(default, **given)
    marks = [(key, mark) for key in _MARKS if (mark := getattr(limits, key)) is not None]
    for (lower, low), (higher, high) in pairwise(marks):
        if low > high:
            raise ValueError(f"{where}: {lower} {low:,.10g} is above {higher} {high:,.10g}; set both")
    return limits


def _changed(limits: Limits, **changes: Any) -> Limits:
    return Limits(**{key: getattr(limits, key) for key in Limits.__struct_fields__} | changes)
