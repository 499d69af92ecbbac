"""What the kernel tells of Multipath TCP (linux/mptcp.h): of a connection, and of one of its subflows."""

from struct import Struct as Layout

from nettui.linux.attributes import Attributes, number
from nettui.linux.rtnetlink import names
from nettui.model.socket import Mptcp

_CONNECTION = Layout("=B7xII")  # the start of struct mptcp_info: further subflows, flags, token
_ALL_SUBFLOWS = 80  # where mptcpi_subflows_total is, since Linux 6.6
_FALLBACK = 1
_CONNECTION_FLAGS = ((_FALLBACK, "fallback"), (2, "remote-key-received"))

_TOKEN, _FLAGS = 2, 8  # MPTCP_SUBFLOW_ATTR_TOKEN_LOC, _FLAGS
_SUBFLOW_FLAGS = (
    (1 << 0, "capable-remote"), (1 << 1, "capable-local"), (1 << 2, "join-remote"), (1 << 3, "join-local"),
    (1 << 4, "backup-remote"), (1 << 5, "backup-local"), (1 << 6, "fully-established"), (1 << 7, "connected"),
    (1 << 8, "map-valid"),
)


def decode_connection(data: bytes) -> Mptcp | None:
    """INET_DIAG_INFO of an MPTCP socket, of whatever length; None where it is too short to say anything."""
    if len(data) < _CONNECTION.size:
        return None
    further, flags, token = _CONNECTION.unpack_from(data)
    # Older kernels do not count the first one.
    subflows = data[_ALL_SUBFLOWS] if len(data) > _ALL_SUBFLOWS else further + 1
    return Mptcp(token=token or None, flags=names(flags, _CONNECTION_FLAGS), subflows=subflows)


def decode_subflow(found: Attributes) -> Mptcp:
    """INET_ULP_INFO_MPTCP of a TCP socket: the token is that of the connection it is part of."""
    return Mptcp(token=number(found.get(_TOKEN)) or None, flags=names(number(found.get(_FLAGS)) or 0, _SUBFLOW_FLAGS))
