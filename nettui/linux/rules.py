"""Policy routing rules: RTM_NEWRULE messages to `Rule` records (linux/fib_rules.h, ip-rule(8))."""

from struct import Struct as Layout

from nettui.linux.attributes import address, attributes, fixed, number, text
from nettui.linux.routes import protocol_name
from nettui.linux.rtnetlink import FAMILIES
from nettui.model.route import Rule

RTM_GETRULE = 34
REQUEST = bytes(12)
_RULE = Layout("=BBBBBxxBI")  # struct fib_rule_hdr: family, dst_len, src_len, tos, table, action, flags
_DST, _SRC, _IIFNAME, _GOTO, _PRIORITY, _FWMARK, _SUPPRESS_PREFIXLEN, _TABLE, _FWMASK = 1, 2, 3, 4, 6, 10, 14, 15, 16
_OIFNAME, _L3MDEV, _UID_RANGE, _PROTOCOL, _IP_PROTO, _SPORT_RANGE, _DPORT_RANGE = 17, 19, 20, 21, 22, 23, 24
_UIDS, _PORTS = Layout("=II"), Layout("=HH")
_INVERT = 0x2
_UNSET = 0xFFFFFFFF

_ACTIONS = {1: "lookup", 2: "goto", 3: "nop", 6: "blackhole", 7: "unreachable", 8: "prohibit"}


def decode_rule(chunk: bytes, start: int, end: int) -> Rule | None:
    """One RTM_NEWRULE payload; None for families other than IPv4 and IPv6 (multicast routing has rules too).

    A `fwmask` of all ones, which is the default, is None.
    """
    number_of_family, dst_len, src_len, tos, table8, action, flags = fixed(_RULE, chunk, start, end)
    family = FAMILIES.get(number_of_family)
    if family is None:
        return None
    found = attributes(chunk, start + _RULE.size, end)
    suppress = number(found.get(_SUPPRESS_PREFIXLEN))
    fwmask = number(found.get(_FWMASK))
    return Rule(
        family=family,
        priority=number(found.get(_PRIORITY)) or 0,
        action=_ACTIONS.get(action) or str(action),
        table=number(found.get(_TABLE)) or table8 or None,
        source=_prefix(found.get(_SRC), src_len),
        destination=_prefix(found.get(_DST), dst_len),
        iif=text(found.get(_IIFNAME)),
        oif=text(found.get(_OIFNAME)),
        fwmark=number(found.get(_FWMARK)),
        fwmask=None if fwmask == _UNSET else fwmask,
        tos=tos,
        inverted=bool(flags & _INVERT),
        uid_range=_range(_UIDS, found.get(_UID_RANGE)),
        ip_protocol=number(found.get(_IP_PROTO)),
        source_ports=_range(_PORTS, found.get(_SPORT_RANGE)),
        destination_ports=_range(_PORTS, found.get(_DPORT_RANGE)),
        goto=number(found.get(_GOTO)),
        suppress_prefixlength=None if suppress == _UNSET else suppress,
        protocol=protocol_name(number(found.get(_PROTOCOL)) or 0),
        l3mdev=bool(number(found.get(_L3MDEV))),
    )


def _prefix(value: bytes | None, length: int) -> str | None:
    return None if value is None else f"{address(value)}/{length}"


def _range(layout: Layout, value: bytes | None) -> tuple[int, int] | None:
    if value is None:
        return None
    low, high = fixed(layout, value)
    return low, high
