"""One connection read again and again: the numbers whose course says more than their value."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from nettui.model.socket import Socket


class Reading(NamedTuple):
    """One connection at one moment. None: not told."""

    at: float
    """Unix time in seconds."""
    rtt: float | None
    """Seconds, smoothed."""
    cwnd: int | None
    """Segments."""
    sent: int | None
    """Bytes since it began, each once where the kernel tells that, else with those sent again."""
    received: int | None
    """Bytes since it began."""


class Throughput(NamedTuple):
    """Bytes per second between two readings. None: not told."""

    sent: float | None
    received: float | None


def reading(socket: Socket, at: float) -> Reading | None:
    """What TCP told of a socket at that moment; None where it told nothing."""
    info = socket.info
    if info is None:
        return None
    return Reading(at, info.rtt, info.cwnd, info.payload_sent, info.bytes_received)


def throughput(readings: Sequence[Reading]) -> list[Throughput]:
    """The rates from each reading to the next; one fewer than there are readings."""
    return [
        Throughput(_rate(a.sent, b.sent, b.at - a.at), _rate(a.received, b.received, b.at - a.at))
        for a, b in pairwise(readings)
    ]


def _rate(before: int | None, after: int | None, span: float) -> float | None:
    if before is None or after is None or after < before or span <= 0:
        return None
    return (after - before) / span
