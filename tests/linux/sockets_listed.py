"""Records of sockets straight from a dump, for tests that need real ones."""

from socket import AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP
from struct import pack

from nettui.linux.inet_message import decode_inet
from nettui.linux.netlink import SOCK_DIAG, NetlinkSocket
from nettui.linux.rtnetlink import Records
from nettui.linux.sock_diag import SOCK_DIAG_BY_FAMILY
from nettui.linux.tcp_states import EVERY_STATE
from nettui.model.socket import Socket, Transport

PROTOCOLS = {Transport.TCP: IPPROTO_TCP, Transport.UDP: IPPROTO_UDP}


async def listed(transport: Transport) -> list[Socket]:
    """All sockets of a kind in this network namespace."""
    netlink = NetlinkSocket(SOCK_DIAG)
    found: list[Socket] = []
    for family in (AF_INET, AF_INET6):
        request = pack("=BBxxI48x", family, PROTOCOLS[transport], EVERY_STATE)
        sink = await netlink.dump(
            SOCK_DIAG_BY_FAMILY, request,
            lambda: Records(SOCK_DIAG_BY_FAMILY, lambda *message: decode_inet(transport, *message)),
        )
        found += sink.found
    netlink.close()
    return found
