"""What sockets, their ends, owners and timers are called, the same on every screen and in every report."""

from collections.abc import Callable
from typing import NamedTuple

from nettui.model.process import Owner
from nettui.model.socket import Socket, Timer, Transport, endpoint
from nettui.model.socket_filter import QUIC_PORT
from nettui.reports.format import UNKNOWN, age, elapsed
from nettui.sockets.facts import Facts

_LINK_LOCAL = ("fe8", "fe9", "fea", "feb")  # fe80::/10


class Naming(NamedTuple):
    """How addresses and ports are written."""

    services: bool = True
    """Ports by the names of services(5)."""
    host: Callable[[str], str | None] | None = None
    """The name of an address where it is known already; it must answer at once."""


BY_SERVICE, BY_NUMBER = Naming(), Naming(services=False)


def protocol(transport: str, local_port: int | None, peer_port: int | None) -> str:
    """tcp, udp, raw, unix, mptcp, or quic for what is recognised as such."""
    return "quic" if transport == "udp" and QUIC_PORT in (local_port, peer_port) else transport


def local_end(socket: Socket, facts: Facts, naming: Naming = BY_SERVICE) -> str:
    """`192.0.2.1:https`, `*:8080`, or the path of a unix socket."""
    if socket.transport is Transport.UNIX:
        return socket.local or "(unnamed)"
    return _end(socket, socket.local, socket.local_port, facts, naming)


def peer_end(socket: Socket, facts: Facts, naming: Naming = BY_SERVICE) -> str:
    """Like `local_end`; `*` where there is no peer."""
    return _end(socket, socket.peer or "*", socket.peer_port or None, facts, naming)


def owners_text(owners: tuple[Owner, ...]) -> str:
    """`java[4711]`, and how many more have it open: `nginx[80] +3`."""
    more = len({owner.pid for owner in owners}) - 1
    return f"{owners[0].label} +{more}" if more else owners[0].label


def timer_text(kind: str, expires: float, retries: int = 0) -> str:
    """`keepalive 12 s`, `retransmit 204 ms, 3 tries`."""
    tries = f", {retries} {'try' if retries == 1 else 'tries'}" if retries else ""
    return f"{kind} {until(expires)}{tries}"


def timer_words(timer: Timer | None) -> str:
    """A timer in words, or that there is none."""
    return "none" if timer is None else timer_text(timer.kind, timer.expires, timer.retries)


def latency(seconds: float | None) -> str:
    """A time on the way: 25 µs, 0.4 ms, 14 ms, 1.2 s; a decimal from a tenth of a millisecond to ten."""
    if seconds is None or seconds >= 0.00995:
        return elapsed(seconds)
    return f"{seconds * 1000:.1f} ms" if seconds >= 0.0001 else f"{seconds * 1_000_000:.0f} µs"


def until(seconds: float | None) -> str:
    """A span that is running out: 204 ms, 12 s, 3 min."""
    if seconds is None:
        return UNKNOWN
    return elapsed(max(0.0, seconds)) if seconds < 1 else age(seconds)


def zoned(address: str, ifindex: int | None, facts: Facts) -> str:
    """A link-local address with the interface it means (RFC 4007): `fe80::1%eth0`."""
    if not ifindex or not address.startswith(_LINK_LOCAL):
        return address
    return f"{address}%{facts.links.get(ifindex, ifindex)}"


def _end(socket: Socket, address: str, port: int | None, facts: Facts, naming: Naming) -> str:
    host = naming.host(address) if naming.host is not None and address != "*" else None
    name: int | str | None = port
    if naming.services and port is not None and socket.transport is not Transport.RAW:
        name = facts.services.get(("udp" if socket.transport is Transport.UDP else "tcp", port), port)
    return endpoint(host or zoned(address, socket.ifindex, facts), name)
