"""The kernel tells what changes in the tables of the network: the multicast groups of rtnetlink(7)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from nettui.linux.multicast import heard
from nettui.linux.netlink import ROUTE, NetlinkDecodeError, messages
from nettui.linux.rtnetlink import FAMILIES
from nettui.model.change import Subject

_GROUPS = (1, 3, 5, 7, 8, 9, 11, 19, 32)
"""RTNLGRP_: LINK, NEIGH, IPV4_IFADDR, IPV4_ROUTE, IPV4_RULE, IPV6_IFADDR, IPV6_ROUTE, IPV6_RULE, NEXTHOP."""
_BATCH = 512  # notifications told together

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
    groups = sum(1 << (group - 1) for group in _GROUPS)
    async with aclosing(heard(ROUTE, groups, _BATCH)) as told:
        async for datagrams, lost in told:
            changed = EVERYTHING if lost else frozenset[Subject]().union(*map(subjects, datagrams))
            if changed:
                yield changed


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
