"""Addresses of links: RTM_NEWADDR messages to `Address` records (linux/if_addr.h)."""

from struct import Struct as Layout

from nettui.linux.attributes import address, attributes, fixed, number, text
from nettui.linux.rtnetlink import FAMILIES, names
from nettui.model.address import Address, Family

RTM_GETADDR = 22
REQUEST = bytes(8)
_IFADDR = Layout("=BBBBI")  # struct ifaddrmsg: family, prefix length, flags, scope, ifindex
IFADDR_SIZE = _IFADDR.size
_LIFETIMES = Layout("=II8x")  # struct ifa_cacheinfo: preferred, valid
_ADDRESS, _LOCAL, _LABEL, _BROADCAST, _CACHEINFO, _FLAGS = 1, 2, 3, 4, 6, 8
_FOR_EVER = 0xFFFFFFFF

SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}
"""`enum rt_scope_t`."""
_COMMON_FLAGS = (
    (0x02, "nodad"), (0x04, "optimistic"), (0x08, "dadfailed"), (0x10, "home"), (0x20, "deprecated"),
    (0x40, "tentative"), (0x80, "permanent"), (0x100, "mngtmpaddr"), (0x200, "noprefixroute"),
    (0x400, "autojoin"), (0x800, "stable-privacy"),
)
_IFA_F: dict[Family, tuple[tuple[int, str], ...]] = {
    "inet": ((0x01, "secondary"), *_COMMON_FLAGS),
    "inet6": ((0x01, "temporary"), *_COMMON_FLAGS),
}


def decode_address(chunk: bytes, start: int, end: int) -> Address | None:
    """One RTM_NEWADDR payload; None for families other than IPv4 and IPv6."""
    number_of_family, prefixlen, flags, scope, ifindex = fixed(_IFADDR, chunk, start, end)
    family = FAMILIES.get(number_of_family)
    if family is None:
        return None
    found = attributes(chunk, start + _IFADDR.size, end)
    # IFA_ADDRESS is the other end of a point-to-point link; everywhere else the two are the same, or IFA_LOCAL missing.
    remote = found.get(_ADDRESS)
    local = found.get(_LOCAL, remote)
    if local is None:
        return None
    preferred, valid = fixed(_LIFETIMES, found[_CACHEINFO]) if _CACHEINFO in found else (_FOR_EVER, _FOR_EVER)
    return Address(
        ifindex=ifindex,
        family=family,
        address=address(local),
        prefixlen=prefixlen,
        scope=SCOPES.get(scope) or str(scope),
        flags=names(number(found.get(_FLAGS, bytes([flags]))) or 0, _IFA_F[family]),
        peer=address(remote) if remote is not None and remote != local else None,
        broadcast=address(found[_BROADCAST]) if _BROADCAST in found else None,
        label=text(found.get(_LABEL)),
        valid=None if valid == _FOR_EVER else valid,
        preferred=None if preferred == _FOR_EVER else preferred,
    )
