"""Sockets as they end: the kernel tells of each, with what it has moved (SKNLGRP_*_DESTROY, linux/sock_diag.h).

Every user may listen: net/core/sock_diag.c opens these groups with NL_CFG_F_NONROOT_RECV, since there are any (Linux
4.2). What is told is of the listener's network namespace.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from socket import IPPROTO_TCP, IPPROTO_UDP

from msgspec.structs import replace

from nettui.linux.attributes import attributes, number
from nettui.linux.inet_message import MESSAGE, decode_inet
from nettui.linux.multicast import heard
from nettui.linux.netlink import SOCK_DIAG, NetlinkDecodeError, messages
from nettui.linux.sock_diag import SOCK_DIAG_BY_FAMILY
from nettui.model.socket import Socket, Transport

_GROUPS = 0b1111  # SKNLGRP_INET_TCP_DESTROY, INET_UDP, INET6_TCP, INET6_UDP
_PROTOCOL = 10  # INET_DIAG_PROTOCOL, linux/inet_diag.h
_TRANSPORTS = {IPPROTO_TCP: Transport.TCP, IPPROTO_UDP: Transport.UDP}

_ROOM = 2 << 20  # bytes: some 3,000 endings at once, which are told within a second or so
_BATCH = 64  # about two milliseconds of work
_PAUSE = 0.02  # seconds after each batch, so that no storm of endings costs more than a tenth of a core


async def endings() -> AsyncGenerator[Sequence[Socket], None]:
    """Sockets as they end, some at a time, for as long as it is iterated; an empty batch after some were lost.

    Listening begins with the first step. The key is the one under which the socket was listed. Told are its addresses,
    its state at the end (CLOSED or UNCONN, of a connected UDP socket ESTABLISHED) and its last TcpInfo, not whose it
    was. What goes on in TIME_WAIT, or in FIN_WAIT2 without a program, is told of when that begins, and not again: it
    is still listed then (by the same key, if it ever was before). Left out are sockets that never had a port.

    Raises OSError with a plain sentence where the kernel does not let us listen.
    """
    try:
        async with aclosing(heard(SOCK_DIAG, _GROUPS, _BATCH, _ROOM)) as told:
            async for datagrams, lost in told:
                ended, unread = decode_endings(datagrams)
                if lost or unread:
                    yield ()
                if ended:
                    yield ended
                await asyncio.sleep(_PAUSE)
    except PermissionError as error:  # a sandbox, or Linux before 4.2 for others than root
        raise OSError(error.errno, f"the kernel does not tell this user which sockets end: {error.strerror}") from error


def decode_endings(datagrams: Sequence[bytes]) -> tuple[list[Socket], bool]:
    """The sockets that datagrams tell of, and whether some could not be read."""
    ended, unread = [], False
    for datagram in datagrams:
        try:
            for kind, start, end in messages(datagram):
                if kind == SOCK_DIAG_BY_FAMILY and (socket := _ended(datagram, start, end)):
                    ended.append(socket)
        except NetlinkDecodeError:
            unread = True
    return ended, unread


def _ended(chunk: bytes, start: int, end: int) -> Socket | None:
    """The record of one socket; None for one that was part of no traffic."""
    protocol = number(attributes(chunk, start + MESSAGE.size, end).get(_PROTOCOL))
    transport = _TRANSPORTS.get(protocol or 0)
    if transport is None:
        raise NetlinkDecodeError(f"the end of a socket of protocol {protocol}")
    socket = decode_inet(transport, chunk, start, end)
    if socket.local_port is None:
        return None
    return replace(socket, recv_q=None, send_q=None)  # counters of what is being freed: of UDP, 4294967295
