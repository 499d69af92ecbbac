"""What a system tells of all its sockets together for next to nothing: it says what is worth looking at."""

from typing import NamedTuple

EPHEMERAL = range(32_768, 61_000)
"""Linux's default of net.ipv4.ip_local_port_range (ip-sysctl.rst)."""


class SocketTotals(NamedTuple):
    """One reading. None: not told."""

    tcp: int | None = None
    """TCP sockets, TIME_WAIT included."""
    listen_drops: int | None = None
    """SYNs and handshakes that listeners threw away (ListenDrops, linux/snmp.h)."""
    udp_lost: int | None = None
    """Datagrams that found no room in a receive buffer (RcvbufErrors), IPv4 and IPv6 together."""
    ephemeral: range = EPHEMERAL
    """The ports that connections are given."""
