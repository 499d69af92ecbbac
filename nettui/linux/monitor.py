"""The kernel tells what changes: rtnetlink multicast groups, without polling and without a thread (rtnetlink(7))."""

import asyncio
import errno
import socket
from collections.abc import AsyncGenerator

from nettui.linux.netlink import ROUTE, NetlinkDecodeError, NetlinkError, messages, open_socket
from nettui.linux.rtnetlink import FAMILIES
from nettui.model.change import Subject

_GROUPS = (1, 3, 5, 7, 8, 9, 11, 19, 32)
"""RTNLGRP_: LINK, NEIGH, IPV4_IFADDR, IPV4_ROUTE, IPV4_RULE, IPV6_IFADDR, IPV6_ROUTE, IPV6_RULE, NEXTHOP."""
_BUFFER = 1 << 16
_BATCH = 512  # notifications read before others on the event loop get a turn

EVERYTHING = frozenset(Subject)
# The kernel does not announce the IPv4 routes that go with an address or a link, nor neighbours flushed with a link.
_LINK = frozenset({Subject.LINKS, Subject.ADDRESSES, Subject.ROUTES, Subject.NEIGHBOURS})
_ADDRESS = frozenset({Subject.ADDRESSES, Subject.ROUTES})
_ROUTE, _RULE, _NEIGHBOUR = (frozenset({s}) for s in (Subject.ROUTES, Subject.RULES, Subject.NEIGHBOURS))
_SUBJECTS = {
    16: _LINK, 17: _LINK, 20: _ADDRESS, 21: _ADDRESS, 24: _ROUTE, 25: _ROUTE, 28: _NEIGHBOUR, 29: _NEIGHBOUR,
    32: _RULE, 33: _RULE, 104: _ROUTE, 105: _ROUTE,
}
"""By RTM_NEW and RTM_DEL."""
_NEIGHBOURS = (28, 29)


async def changes() -> AsyncGenerator[frozenset[Subject], None]:
    """What has changed, each time something has, for as long as it is iterated.

    Listening begins with the first step: read the tables after it, not before. What comes in one wake-up is told
    together; where the kernel had to drop notifications everything counts as changed. Raises OSError where no
    socket can be had.
    """
    loop = asyncio.get_running_loop()
    news = _News(open_socket(ROUTE, sum(1 << (group - 1) for group in _GROUPS)))
    try:
        loop.add_reader(news.socket, news.read)
        while True:
            yield await news.take()
    finally:
        loop.remove_reader(news.socket)
        news.socket.close()


class _News:
    """Notifications between the socket and whoever waits for them."""

    def __init__(self, opened: socket.socket) -> None:
        self.socket = opened
        self._arrived = asyncio.Event()
        self._pending: set[Subject] = set()
        self._failure: OSError | None = None
        opened.setblocking(False)

    def read(self) -> None:
        """Take what is there (called by the event loop)."""
        try:
            for _ in range(_BATCH):
                chunk, sender = self.socket.recvfrom(_BUFFER)
                if sender[0] == 0:
                    self._pending |= subjects(chunk)
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno == errno.ENOBUFS:
                self._pending |= EVERYTHING
            else:
                self._failure = NetlinkError(error.errno, f"no more changes are told: {error.strerror}")
        if self._pending or self._failure:
            self._arrived.set()

    async def take(self) -> frozenset[Subject]:
        """Wait for news."""
        await self._arrived.wait()
        if self._failure is not None:
            raise self._failure
        self._arrived.clear()
        taken = frozenset(self._pending)
        self._pending.clear()
        return taken


def subjects(chunk: bytes) -> frozenset[Subject]:
    """What the notifications of one datagram are about; of a malformed one it must be assumed that it is everything."""
    found: frozenset[Subject] = frozenset()
    try:
        for kind, start, _ in messages(chunk):
            if kind not in _NEIGHBOURS or chunk[start] in FAMILIES:  # bridges announce their tables as neighbours
                found |= _SUBJECTS.get(kind, frozenset())
    except (NetlinkDecodeError, IndexError):
        return EVERYTHING
    return found
