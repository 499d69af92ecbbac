"""TCP states and how many sockets are in each."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Self

from msgspec import Meta, Struct

from nettui.model.number import Count, Port


class TcpState(StrEnum):
    """The eleven states of RFC 9293 section 3.3.2, in the order shown everywhere."""

    LISTEN = "LISTEN"
    SYN_SENT = "SYN_SENT"
    SYN_RECV = "SYN_RECV"
    ESTABLISHED = "ESTABLISHED"
    FIN_WAIT1 = "FIN_WAIT1"
    FIN_WAIT2 = "FIN_WAIT2"
    TIME_WAIT = "TIME_WAIT"
    CLOSE_WAIT = "CLOSE_WAIT"
    LAST_ACK = "LAST_ACK"
    CLOSING = "CLOSING"
    CLOSED = "CLOSED"


STATES = tuple(TcpState)

Counts = Annotated[tuple[Count, ...], Meta(min_length=11, max_length=11)]
"""Eleven numbers in the order of `STATES`."""


class TcpCounts(Struct, frozen=True, kw_only=True):
    """How many TCP sockets, IPv4 and IPv6 together, are in each state."""

    counts: Counts
    source: str
    """How it was read: `sock_diag+proc`, `sock_diag`, `procfs` or `psutil`."""
    note: str | None = None
    """Why not the best way, where it is not."""

    @classmethod
    def of(cls, found: Mapping[TcpState, int], source: str, note: str | None = None) -> Self:
        """Counts from a mapping; a state that is not in it was counted and is zero."""
        return cls(counts=tuple(found.get(state, 0) for state in STATES), source=source, note=note)

    def __getitem__(self, state: TcpState) -> int:
        return self.counts[_PLACE[state]]

    def items(self) -> Iterable[tuple[TcpState, int]]:
        return zip(STATES, self.counts, strict=True)

    @property
    def total(self) -> int:
        return sum(self.counts)


_PLACE = {state: place for place, state in enumerate(STATES)}


class PortCounts(Struct, frozen=True, kw_only=True):
    """The states of the sockets of one local port, IPv4 and IPv6 together."""

    port: Port
    counts: Counts
    service: str | None = None
    """What services(5) calls the port."""

    def __getitem__(self, state: TcpState) -> int:
        return self.counts[_PLACE[state]]

    @property
    def total(self) -> int:
        return sum(self.counts)
