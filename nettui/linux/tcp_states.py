"""The kernel's numbers for TCP states (net/tcp_states.h), as sock_diag and /proc/net/tcp give them."""

from nettui.model.tcp import TcpState

STATE_NUMBERS = {
    1: TcpState.ESTABLISHED,
    2: TcpState.SYN_SENT,
    3: TcpState.SYN_RECV,
    4: TcpState.FIN_WAIT1,
    5: TcpState.FIN_WAIT2,
    6: TcpState.TIME_WAIT,
    7: TcpState.CLOSED,
    8: TcpState.CLOSE_WAIT,
    9: TcpState.LAST_ACK,
    10: TcpState.LISTEN,
    11: TcpState.CLOSING,
    12: TcpState.SYN_RECV,
}
"""12 is NEW_SYN_RECV. 13, TCP_BOUND_INACTIVE (Linux 6.8), is left out: a socket that has only been bound is part of no
connection, and `ss` before iproute2 6.8, /proc/net/tcp and psutil do not list it."""

ESTABLISHED, SYN_RECV, FIN_WAIT2, TIME_WAIT, CLOSE_WAIT, NEW_SYN_RECV = 1, 3, 5, 6, 8, 12

EVERY_STATE = 0xFFE
"""The eleven states as a mask, a bit for each number; the kernel adds NEW_SYN_RECV to SYN_RECV itself."""
