"""Totals of the sockets of a network namespace, from files that cost microseconds (proc_pid_net(5), ip-sysctl.rst)."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from nettui.linux.procfs import PROC_NET, ProcfsError, snmp_number, sockstat_number
from nettui.model.socket_totals import EPHEMERAL, SocketTotals

PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""Of the network namespace of whoever reads it."""

T = TypeVar("T")

_UDP6 = re.compile(rb"^Udp6RcvbufErrors\s+(\d{1,19})$", re.MULTILINE)


def socket_totals(root: Path = PROC_NET, port_range: Path = PORT_RANGE) -> SocketTotals:
    """What can be read of them; never raises."""
    return SocketTotals(
        tcp=_known(lambda: _tcp(root)),
        listen_drops=_known(lambda: snmp_number((root / "netstat").read_bytes(), b"TcpExt", b"ListenDrops")),
        udp_lost=_known(lambda: _udp_lost(root)),
        ephemeral=_known(lambda: _ephemeral(port_range)) or EPHEMERAL,
    )


def _known(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except (OSError, ValueError):
        return None


def _tcp(root: Path) -> int:
    sockstat = (root / "sockstat").read_bytes()
    total = sockstat_number(sockstat, b"TCP", b"inuse") + sockstat_number(sockstat, b"TCP", b"tw")
    return total + sockstat_number(_ipv6(root / "sockstat6") or b"TCP6: inuse 0", b"TCP6", b"inuse")


def _udp_lost(root: Path) -> int:
    lost = snmp_number((root / "snmp").read_bytes(), b"Udp", b"RcvbufErrors")
    found = _UDP6.search(_ipv6(root / "snmp6"))
    return lost + (int(found[1]) if found else 0)


def _ipv6(path: Path) -> bytes:
    """Empty where IPv6 is switched off."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _ephemeral(path: Path) -> range:
    first, last = (int(word) for word in path.read_bytes().split())
    if not 0 < first <= last < 65_536:
        raise ProcfsError(f"no range of ports: {first} to {last}")
    return range(first, last + 1)
