"""TCP state counts from psutil.net_connections(): slow, and the same on every system.

psutil sees what the system lets it see. On BSD, macOS and AIX that is only sockets which a process holds, so TIME_WAIT
and other leftovers of closed connections are missing. On Linux listeners of other users that share one port
(SO_REUSEPORT) look all the same without root, and are counted once.
"""

from collections import Counter, defaultdict

import psutil

from nettui.model.tcp import STATES, PortCounts, TcpCounts, TcpState
from nettui.portable.shared import Shared

STATE_OF: dict[str, TcpState] = {
    psutil.CONN_LISTEN: TcpState.LISTEN,
    psutil.CONN_SYN_SENT: TcpState.SYN_SENT,
    psutil.CONN_SYN_RECV: TcpState.SYN_RECV,
    psutil.CONN_ESTABLISHED: TcpState.ESTABLISHED,
    psutil.CONN_FIN_WAIT1: TcpState.FIN_WAIT1,
    psutil.CONN_FIN_WAIT2: TcpState.FIN_WAIT2,
    psutil.CONN_TIME_WAIT: TcpState.TIME_WAIT,
    psutil.CONN_CLOSE_WAIT: TcpState.CLOSE_WAIT,
    psutil.CONN_LAST_ACK: TcpState.LAST_ACK,
    psutil.CONN_CLOSING: TcpState.CLOSING,
    psutil.CONN_CLOSE: TcpState.CLOSED,
    "DELETE_TCB": TcpState.CLOSED,  # Windows: what deleting the TCB leads to (RFC 9293 section 3.3.2)
}
"""By psutil's name. Solaris' IDLE and BOUND are not in it: sockets that are in no state of TCP yet."""

HELD_ONLY = "psutil sees only sockets that a process holds here, none in TIME_WAIT"
"""What to say where `held_only`."""


async def counts() -> TcpCounts:
    """How many sockets are in each state. Raises Unreadable, an OSError."""
    found: Counter[TcpState] = Counter()
    for (_, state), count in (await _SOCKETS.answer()).items():
        found[state] += count
    return TcpCounts.of(found, "psutil", HELD_ONLY if held_only() else None)


async def ports() -> tuple[PortCounts, ...]:
    """The states by local port, the most sockets first. Raises Unreadable, an OSError."""
    found: defaultdict[int, dict[TcpState, int]] = defaultdict(dict)
    for (port, state), count in (await _SOCKETS.answer()).items():
        if port is not None:
            found[port][state] = count
    rows = [PortCounts(port=p, counts=tuple(states.get(s, 0) for s in STATES)) for p, states in found.items()]
    return tuple(sorted(rows, key=lambda row: (-row.total, row.port)))


def held_only() -> bool:
    """Whether this system tells psutil only of sockets that a process has open."""
    return bool(psutil.BSD or psutil.MACOS or psutil.AIX)


def _read() -> Counter[tuple[int | None, TcpState]]:
    """How many sockets there are of each local port (None: not bound) and state."""
    sockets = psutil.net_connections("tcp")
    if psutil.MACOS:  # there a socket that several processes hold is told of by each
        sockets = {(s.family, s.laddr, s.raddr, s.status): s for s in sockets}.values()
    return Counter((s.laddr.port if s.laddr else None, STATE_OF[s.status]) for s in sockets if s.status in STATE_OF)


_SOCKETS = Shared("TCP sockets", _read)
