"""Routes: RTM_NEWROUTE messages to `Route` records (linux/rtnetlink.h, linux/ipv6_route.h)."""

import os
from socket import AF_INET, AF_INET6
from struct import Struct as Layout

from nettui.linux.addresses import SCOPES
from nettui.linux.attributes import address, attributes, fixed, number
from nettui.linux.nexthops import RTNH_F, gateway, multipath
from nettui.linux.rtnetlink import FAMILIES, names
from nettui.model.route import Route

RTM_GETROUTE = 26
RTMSG = Layout("=BBBBBBBBI")
"""`struct rtmsg`: family, dst_len, src_len, tos, table, protocol, scope, type, flags."""
RTA_DST, _SRC, RTA_OIF, _PRIORITY, _PREFSRC, _METRICS, _MULTIPATH = 1, 2, 4, 6, 7, 8, 9
_CACHEINFO, _TABLE, _PREF, _NH_ID = 12, 15, 20, 30
_RTAX_MTU = 2
_EXPIRES = Layout("=8xi")  # struct rta_cacheinfo: in clock ticks, 0 is never
RTM_F_CLONED = 0x200
"""Not a route but what was learned while using one."""
RTM_F_LOOKUP_TABLE = 0x1000
"""In a question: name the table the route was found in."""
_TICKS = os.sysconf("SC_CLK_TCK")

_ANY = {AF_INET: "0.0.0.0", AF_INET6: "::"}
_TYPES = (
    "unspec", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit",
    "throw", "nat", "xresolve",
)
_PROTOCOLS = {
    0: "unspec", 1: "redirect", 2: "kernel", 3: "boot", 4: "static", 8: "gated", 9: "ra", 10: "mrt", 11: "zebra",
    12: "bird", 13: "dnrouted", 14: "xorp", 15: "ntk", 16: "dhcp", 17: "mrouted", 18: "keepalived", 42: "babel",
    99: "openr", 186: "bgp", 187: "isis", 188: "ospf", 189: "rip", 192: "eigrp",
}
_PREFERENCES = {0: "medium", 1: "high", 3: "low"}
_FLAGS = (
    *RTNH_F, (0x100, "notify"), (0x4000, "rt_offload"), (0x8000, "rt_trap"), (0x20000000, "rt_offload_failed"),
)


def protocol_name(value: int) -> str:
    """Who made a route or rule, `RTPROT_*`; the number where it has no name."""
    return _PROTOCOLS.get(value) or str(value)


def decode_route(chunk: bytes, start: int, end: int) -> Route | None:
    """One RTM_NEWROUTE payload; None for other families than IPv4 and IPv6, and for entries of the route cache."""
    return _route(chunk, start, end, cloned=False)


def decode_answer(chunk: bytes, start: int, end: int) -> Route | None:
    """The payload that answers "which way to ...?", where the kernel calls its route a clone of the one it found."""
    return _route(chunk, start, end, cloned=True)


def _route(chunk: bytes, start: int, end: int, cloned: bool) -> Route | None:
    af, dst_len, src_len, tos, table, protocol, scope, kind, flags = fixed(RTMSG, chunk, start, end)
    family = FAMILIES.get(af)
    if family is None or (flags & RTM_F_CLONED and not cloned):
        return None
    found = attributes(chunk, start + RTMSG.size, end)
    expires = fixed(_EXPIRES, found[_CACHEINFO])[0] if _CACHEINFO in found else 0
    return Route(
        family=family,
        table=number(found.get(_TABLE)) or table,
        destination=address(found[RTA_DST]) if RTA_DST in found else _ANY[af],
        prefixlen=dst_len,
        type=_TYPES[kind] if kind < len(_TYPES) else str(kind),
        protocol=protocol_name(protocol),
        scope=SCOPES.get(scope) or str(scope),
        gateway=gateway(found),
        ifindex=number(found.get(RTA_OIF)),
        source=address(found[_PREFSRC]) if _PREFSRC in found else None,
        source_prefix=f"{address(found[_SRC])}/{src_len}" if _SRC in found and not cloned else None,
        metric=number(found.get(_PRIORITY)),
        tos=tos,
        nexthops=multipath(found[_MULTIPATH]) if _MULTIPATH in found else (),
        flags=names(flags, _FLAGS),
        mtu=number(attributes(found[_METRICS]).get(_RTAX_MTU)) if _METRICS in found else None,
        expires=expires // _TICKS if expires > 0 else None,
        preference=_PREFERENCES.get(found[_PREF][0]) if found.get(_PREF) else None,
        nexthop_id=number(found.get(_NH_ID)),
    )
