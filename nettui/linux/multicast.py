"""What the kernel tells of its own accord: multicast groups of netlink, without polling or a thread (netlink(7))."""

import errno
import socket
from collections.abc import AsyncGenerator
from typing import NamedTuple

from nettui.linux.netlink import NetlinkError, open_socket

_LARGEST = 1 << 16  # bytes of one datagram
_SO_RCVBUFFORCE = 33  # asm-generic/socket.h; not in the module socket


class Heard(NamedTuple):
    """What has come in."""

    datagrams: list[bytes]
    lost: bool
    """Whether the kernel dropped some that should have come before now, because they were not read in time."""


async def heard(protocol: int, groups: int, most: int, room: int | None = None) -> AsyncGenerator[Heard, None]:
    """What the groups of a bit mask are told, each time something is, for as long as it is iterated.

    Listening begins with the first step. At most `most` datagrams are told together; what comes faster than it is
    read waits in the kernel, in `room` bytes where it grants that much (to CAP_NET_ADMIN; others get
    net.core.rmem_max). Raises OSError where no socket can be had, or when it fails.
    """
    import asyncio  # whoever reads once and listens to nothing does without it

    opened = open_socket(protocol, groups)
    try:
        opened.setblocking(False)
        if room is not None:
            _make_room(opened, room)
        # Once the kernel has dropped a message it drops all that follow, and does not say so again, until what it had
        # kept is read. So only then can the listener start over, and only then is it told.
        behind = False
        while True:
            if not behind:
                await _readable(opened)
            datagrams, dropped, emptied = _read(opened, most)
            if datagrams or (behind and emptied):
                yield Heard(datagrams, behind and emptied)
            behind = dropped or (behind and not emptied)
            await asyncio.sleep(0)  # where there is always more to read, others get their turn here
    finally:
        opened.close()


def _read(opened: socket.socket, most: int) -> tuple[list[bytes], bool, bool]:
    """Datagrams of the kernel, whether it dropped some, and whether there are no more."""
    found: list[bytes] = []
    try:
        for _ in range(most):
            datagram, (port, _groups) = opened.recvfrom(_LARGEST)
            if port == 0:
                found.append(datagram)
    except BlockingIOError:
        return found, False, True
    except OSError as error:
        if error.errno != errno.ENOBUFS:
            raise NetlinkError(error.errno, f"nothing more is told: {error.strerror}") from error
        return found, True, False
    return found, False, False


async def _readable(opened: socket.socket) -> None:
    import asyncio

    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(opened, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(opened)


def _make_room(opened: socket.socket, size: int) -> None:
    try:
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, size)
    except OSError:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
