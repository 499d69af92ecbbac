"""Telling QUIC from other UDP, as far as that can be seen from outside: by the port."""

from nettui.model.socket import Socket, Transport
from nettui.model.socket_filter import QUIC_PORT


def is_quic(socket: Socket) -> bool:
    """Whether a socket, of a server or of a client, is taken for QUIC: UDP with port 443 at either end."""
    return socket.transport == Transport.UDP and QUIC_PORT in (socket.local_port, socket.peer_port)
