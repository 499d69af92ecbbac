"""Links: RTM_NEWLINK messages to `Link` records (linux/if_link.h, linux/if_arp.h)."""

from struct import Struct as Layout

from msgspec import Struct

from nettui.linux.attributes import attribute_u32, attributes, fixed, hardware_address, number, text
from nettui.model.link import Link, OperState

RTM_GETLINK = 18
IFINFO = Layout("=BxHiII")
"""`struct ifinfomsg`: family, hardware type, index, flags, change mask."""
_ADDRESS, _IFNAME, _MTU, _LINK, _MASTER, _OPERSTATE, _LINKINFO, _IFALIAS = 1, 3, 4, 5, 10, 16, 18, 20
_EXT_MASK, _CARRIER, _CARRIER_CHANGES, _LINK_NETNSID = 29, 33, 35, 37
_INFO_KIND = 1
_IFF_UP = 1
_SKIP_STATS = 1 << 3  # RTEXT_FILTER_SKIP_STATS: the counters are read apart, and often

REQUEST = IFINFO.pack(0, 0, 0, 0, 0) + attribute_u32(_EXT_MASK, _SKIP_STATS)

_OPERSTATES = tuple(OperState)  # in the order of IF_OPER_*
ETHERNET = 1
_HARDWARE = {
    ETHERNET: "ethernet", 32: "infiniband", 280: "can", 512: "ppp", 519: "rawip", 768: "ipip", 769: "ip6tnl",
    772: "loopback", 776: "sit", 778: "gre", 801: "wifi", 802: "wifi", 803: "wifi", 804: "wpan", 823: "ip6gre",
    824: "netlink", 826: "vsockmon", 65534: "none",
}


class RawLink(Struct, frozen=True, gc=False):
    """A link as rtnetlink tells of it, with what is needed to ask its driver for more."""

    link: Link
    device: bytes
    """The name in the kernel's own bytes, to ask for it by ioctl."""
    hardware: bool
    """Ethernet without a software kind: a card, or a virtual machine's idea of one."""
    carrier_changes: int | None


def decode_link(chunk: bytes, start: int, end: int) -> RawLink:
    """One RTM_NEWLINK payload."""
    _, arphrd, ifindex, flags, _ = fixed(IFINFO, chunk, start, end)
    found = attributes(chunk, start + IFINFO.size, end)
    info = attributes(found[_LINKINFO]) if _LINKINFO in found else {}
    software = text(info.get(_INFO_KIND))
    admin_up = bool(flags & _IFF_UP)
    carrier = number(found.get(_CARRIER))
    state = number(found.get(_OPERSTATE)) or 0
    device = found.get(_IFNAME, b"").partition(b"\0")[0]
    link = Link(
        ifindex=ifindex,
        name=text(device) or f"if{ifindex}",
        kind=software or _HARDWARE.get(arphrd) or f"hardware type {arphrd}",
        state=_OPERSTATES[state] if state < len(_OPERSTATES) else OperState.UNKNOWN,
        admin_up=admin_up,
        # A driver that is down does not watch its cable; what it says then is a left-over.
        carrier=bool(carrier) if admin_up and carrier is not None else None,
        mac=hardware_address(found.get(_ADDRESS)),
        mtu=number(found.get(_MTU)) or 0,
        master=number(found.get(_MASTER)) or None,
        parent=number(found.get(_LINK)) or None,
        peer_netns=_LINK_NETNSID in found,
        alias=text(found.get(_IFALIAS)),
    )
    return RawLink(link, device, arphrd == ETHERNET and software is None, number(found.get(_CARRIER_CHANGES)))
