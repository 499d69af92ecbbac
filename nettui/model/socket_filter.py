"""A filter on sockets as a tree: what the filter language means, and what the kernel is asked for."""

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network
from typing import Literal, NamedTuple

Operator = Literal["=", ">", ">=", "<", "<="]

PORTS = ("port", "sport", "dport")
ADDRESSES = ("addr", "src", "dst")
MEASURES = ("rtt", "retrans", "recvq", "sendq", "idle", "age", "timer")
TEXTS = ("process", "user", "unit", "iface")
FIELDS = ("state", "proto", "pid", "inode", *PORTS, *ADDRESSES, *TEXTS, *MEASURES, "text")
"""Every field there is. `port` and `addr` are either end; `text` is whatever a row shows."""

Value = str | int | float | IPv4Network | IPv6Network


class Is(NamedTuple):
    """One comparison: `port:8080`, `rtt>200ms`, `dst:10.0.0.0/8`, free text."""

    field: str
    operator: Operator
    value: Value
    """state: a name such as CLOSE_WAIT; proto: tcp, udp, raw, unix, mptcp, quic, or ipv4 and ipv6 for the family;
    ports, pid, inode: a number; addresses: a network; rtt, idle, age, timer: seconds; retrans, recvq, sendq: a
    number; the rest: text in lower case, found anywhere in what is there."""


class AllOf(NamedTuple):
    """Every part holds."""

    parts: "tuple[Filter, ...]"
    joined: Literal["and"] = "and"
    """Tuples of the same parts are equal: this tells it from AnyOf."""


class AnyOf(NamedTuple):
    """At least one part holds."""

    parts: "tuple[Filter, ...]"
    joined: Literal["or"] = "or"


class Not(NamedTuple):
    """The part does not hold."""

    part: "Filter"


Filter = Is | AllOf | AnyOf | Not

QUIC_PORT = 443
"""`proto:quic` is UDP with this port at either end: where HTTP/3, and so nearly all QUIC, is served (RFC 9114)."""


def fields(wanted: "Filter | None") -> set[str]:
    """Every field that a filter looks at."""
    if wanted is None:
        return set()
    if isinstance(wanted, Is):
        return {wanted.field}
    parts = (wanted.part,) if isinstance(wanted, Not) else wanted.parts
    return set[str]().union(*(fields(part) for part in parts))


def without_not(wanted: "Filter", negate: bool = False) -> "Filter":
    """The same filter with every Not moved down to a comparison (De Morgan)."""
    if isinstance(wanted, Not):
        return without_not(wanted.part, not negate)
    if isinstance(wanted, Is):
        return Not(wanted) if negate else wanted
    kind: Callable[[tuple[Filter, ...]], Filter] = AllOf if isinstance(wanted, AllOf) is not negate else AnyOf
    return kind(tuple(without_not(part, negate) for part in wanted.parts))
