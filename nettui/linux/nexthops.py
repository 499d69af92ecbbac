"""Where a route leads: the parts of a multipath route, and nexthop objects that routes share (linux/nexthop.h)."""

from collections.abc import Mapping
from struct import Struct as Layout

from msgspec import Struct

from nettui.linux.attributes import Attributes, address, attributes, fixed, number
from nettui.linux.netlink import NetlinkDecodeError
from nettui.linux.rtnetlink import names
from nettui.model.route import NextHop

RTM_GETNEXTHOP = 106
REQUEST = bytes(8)
_RTA_GATEWAY, _RTA_VIA = 5, 18
_RTNEXTHOP = Layout("=HBBi")  # struct rtnexthop: length, flags, weight less one, ifindex
_NHMSG = Layout("=BxxxI")  # struct nhmsg: family, flags
_GROUP_ENTRY = Layout("=IBBxx")  # struct nexthop_grp: id, weight less one (and its high byte, Linux 6.12)
_NHA_ID, _NHA_GROUP, _NHA_OIF, _NHA_GATEWAY = 1, 2, 5, 6

RTNH_F = (
    (0x01, "dead"), (0x04, "onlink"), (0x02, "pervasive"), (0x08, "offload"), (0x40, "trap"), (0x10, "linkdown"),
    (0x20, "unresolved"),
)
"""Flags of a way and, in the low byte of `rtm_flags`, of a route with just one."""


class NextHopObject(Struct, frozen=True, gc=False):
    """One nexthop object (ip-nexthop(8)): a way, or a group of others with their weights."""

    id: int
    way: NextHop
    group: tuple[tuple[int, int], ...] = ()
    """(id, weight) of each member."""


def gateway(found: Attributes) -> str | None:
    """RTA_GATEWAY, or RTA_VIA: the gateway of the other family (RFC 5549)."""
    if _RTA_GATEWAY in found:
        return address(found[_RTA_GATEWAY])
    if _RTA_VIA in found:
        return address(found[_RTA_VIA][2:])
    return None


def multipath(value: bytes) -> tuple[NextHop, ...]:
    """The ways in RTA_MULTIPATH."""
    ways, start = [], 0
    while start < len(value):
        length, flags, weight, ifindex = fixed(_RTNEXTHOP, value, start)
        if not _RTNEXTHOP.size <= length <= len(value) - start:
            raise NetlinkDecodeError(f"a nexthop of {length} bytes in {len(value) - start}")
        found = attributes(value, start + _RTNEXTHOP.size, start + length)
        ways.append(NextHop(
            gateway=gateway(found), ifindex=ifindex or None, weight=weight + 1, flags=names(flags, RTNH_F)
        ))
        start += (length + 3) & ~3
    return tuple(ways)


def decode_nexthop(chunk: bytes, start: int, end: int) -> NextHopObject | None:
    """One RTM_NEWNEXTHOP payload."""
    _, flags = fixed(_NHMSG, chunk, start, end)
    found = attributes(chunk, start + _NHMSG.size, end)
    members = found.get(_NHA_GROUP, b"")
    group = tuple(
        (member, low + (high << 8) + 1)
        for member, low, high in _GROUP_ENTRY.iter_unpack(members[: len(members) // 8 * 8])
    )
    way = NextHop(
        gateway=address(found[_NHA_GATEWAY]) if _NHA_GATEWAY in found else None,
        ifindex=number(found.get(_NHA_OIF)),
        flags=names(flags & 0xFF, RTNH_F),
    )
    return NextHopObject(number(found.get(_NHA_ID)) or 0, way, group)


def ways_of(identity: int, objects: Mapping[int, NextHopObject]) -> tuple[NextHop, ...]:
    """The ways a nexthop object stands for; none if it is not there (any more)."""
    if identity not in objects:
        return ()
    chosen = objects[identity]
    if not chosen.group:
        return (chosen.way,)
    return tuple(
        NextHop(gateway=way.gateway, ifindex=way.ifindex, weight=weight, flags=way.flags)
        for way, weight in ((objects[member].way, weight) for member, weight in chosen.group if member in objects)
    )
