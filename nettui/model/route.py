"""Routes and the policy rules that choose between routing tables."""

from msgspec import Struct

from nettui.model.address import Family
from nettui.model.number import Count

MAIN, LOCAL, DEFAULT, UNSPEC = 254, 255, 253, 0
TABLE_NAMES = {UNSPEC: "unspec", DEFAULT: "default", MAIN: "main", LOCAL: "local"}
"""The reserved routing tables, `RT_TABLE_*` in linux/rtnetlink.h."""


def table_name(table: int) -> str:
    """The reserved name of a routing table, or its number as text."""
    return TABLE_NAMES.get(table) or str(table)


class NextHop(Struct, frozen=True, kw_only=True, gc=False):
    """One way of a multipath route (`struct rtnexthop`)."""

    gateway: str | None = None
    ifindex: Count | None = None
    weight: Count = 1
    flags: tuple[str, ...] = ()


class Route(Struct, frozen=True, kw_only=True, gc=False):
    """One route (`struct rtmsg`, linux/rtnetlink.h)."""

    family: Family
    table: Count
    destination: str
    """Network address, RFC 5952 text; a default route is 0.0.0.0 or :: with prefixlen 0."""
    prefixlen: Count
    type: str = "unicast"
    """unicast, local, broadcast, anycast, multicast, blackhole, unreachable, prohibit, throw, nat."""
    protocol: str = "unspec"
    """Who made it: kernel, boot, static, ra, dhcp, zebra, bird, ... or the number."""
    scope: str = "global"
    gateway: str | None = None
    """None: on link (or no way at all, by `type`). May be of the other family (RFC 5549)."""
    ifindex: Count | None = None
    source: str | None = None
    """Preferred source address, `RTA_PREFSRC`."""
    source_prefix: str | None = None
    """`RTA_SRC` with its length: the route holds only for packets from there."""
    metric: Count | None = None
    tos: Count = 0
    nexthops: tuple[NextHop, ...] = ()
    """The ways of a multipath route; then `gateway` and `ifindex` are None."""
    flags: tuple[str, ...] = ()
    """linkdown, dead, onlink, pervasive, offload, ..."""
    mtu: Count | None = None
    expires: Count | None = None
    """Seconds left; None is for ever."""
    preference: str | None = None
    """Router preference of RFC 4191: low, medium, high."""
    nexthop_id: Count | None = None

    @property
    def is_default(self) -> bool:
        return self.prefixlen == 0

    @property
    def cidr(self) -> str:
        """`default`, a bare host address, or network/prefixlen, as `ip route` writes it."""
        if self.prefixlen == 0:
            return "default"
        if self.prefixlen == (32 if self.family == "inet" else 128):
            return self.destination
        return f"{self.destination}/{self.prefixlen}"

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it this route and not another, while the snapshot changes around it."""
        return (
            self.family, self.table, self.destination, self.prefixlen, self.tos, self.metric, self.source_prefix,
            self.type, self.gateway, self.ifindex, self.nexthops, self.nexthop_id,
        )


class Rule(Struct, frozen=True, kw_only=True, gc=False):
    """One policy routing rule (`struct fib_rule_hdr`, linux/fib_rules.h), see ip-rule(8)."""

    family: Family
    priority: Count
    action: str = "lookup"
    """lookup, goto, nop, blackhole, unreachable, prohibit."""
    table: Count | None = None
    source: str | None = None
    """Prefix; None is all."""
    destination: str | None = None
    iif: str | None = None
    oif: str | None = None
    fwmark: Count | None = None
    fwmask: Count | None = None
    tos: Count = 0
    inverted: bool = False
    uid_range: tuple[Count, Count] | None = None
    ip_protocol: Count | None = None
    source_ports: tuple[Count, Count] | None = None
    destination_ports: tuple[Count, Count] | None = None
    goto: Count | None = None
    suppress_prefixlength: Count | None = None
    """What the lookup finds counts only where its prefix is longer than this; 0 leaves default routes out."""
    protocol: str = "unspec"
    l3mdev: bool = False
