"""What kind of address this is: the table people who run networks keep in their heads."""

import socket
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from nettui.model.address import Family
from nettui.model.address_blocks import Block, block_of, packed

# IPv6 kinds whose last 64 bits are no interface identifier (RFC 4291 section 2.5).
_NO_INTERFACE = frozenset(
    ("loopback", "unspecified", "ipv4-mapped", "ipv4-compatible", "nat64", "teredo", "multicast", "discard", "protocol")
)
_NO_BROADCAST = frozenset(("loopback", "multicast", "reserved", "broadcast", "unspecified", "this-network"))
_SCOPES = {1: "interface", 2: "link", 3: "realm", 4: "admin", 5: "site", 8: "organization", 14: "global"}
"""Scope of an IPv6 multicast group by the fourth of its hexadecimal digits, RFC 7346."""


class AddressFacts(Struct, frozen=True, kw_only=True, gc=False):
    """All that can be told from an address (and its prefix length) alone, asking nobody."""

    address: str
    """RFC 5952 text, without a zone."""
    family: Family
    kind: str
    """One stable word: private, public, loopback, link-local, cgnat, ula, ... (`address_blocks.KINDS`)."""
    name: str
    """The registry's name of the block."""
    block: str
    """The block, as network/length."""
    reachable: bool | None
    """Whether packets to it can cross the Internet; None where the registry does not say."""
    explanation: str
    """One line for somebody who learns, with its source."""
    rfc: str
    ip_class: str | None = None
    """Historical class of an IPv4 address, A to E; None for 0 and 127 (no networks were given there) and IPv6."""
    full: str | None = None
    """All eight groups of an IPv6 address, four digits each."""
    embedded: str | None = None
    """The IPv4 address inside an IPv6 one: IPv4-mapped and -compatible, 6to4, Teredo's client, NAT64, ISATAP."""
    mac: str | None = None
    """The MAC address an EUI-64 interface identifier was made of (RFC 4291 appendix A)."""
    prefixlen: int | None = None
    network: str | None = None
    netmask: str | None = None
    """Of IPv4, dotted."""
    broadcast: str | None = None
    """Of IPv4; None for /31 and /32, which have none."""
    addresses: int | None = None
    """How many addresses the network has."""
    hosts: int | None = None
    """How many of them hosts can have: less network and broadcast address (IPv4), less the routers' anycast
    address (IPv6, RFC 4291 section 2.6.1); both ends of a point-to-point link (RFC 3021, RFC 6164)."""


@lru_cache(maxsize=4096)
def kind(address: str) -> str:
    """The one word for an address: cheap enough for every row of a table. ValueError if it is no address."""
    return block_of(packed(address)).kind


def facts(address: str, prefixlen: int | None = None) -> AddressFacts:
    """Everything known of an address, and with `prefixlen` of its network. ValueError if either cannot be."""
    value = packed(address)
    if prefixlen is not None and not 0 <= prefixlen <= len(value) * 8:
        raise ValueError(f"a prefix length of {prefixlen} is not possible for {_text(value)}")
    return _facts4(value, prefixlen) if len(value) == 4 else _facts6(value, prefixlen)


def _facts4(value: bytes, prefixlen: int | None) -> AddressFacts:
    block = block_of(value)
    found = AddressFacts(
        address=_text(value),
        family="inet",
        kind=block.kind,
        name=block.name,
        block=block.cidr,
        reachable=block.reachable,
        explanation=f"{block.explanation} ({block.rfc})",
        rfc=block.rfc,
        ip_class=_class(value[0]),
    )
    if prefixlen is None:
        return found
    size = 1 << (32 - prefixlen)
    first = int.from_bytes(value) & -size
    network, last = _text(first.to_bytes(4)), _text((first + size - 1).to_bytes(4))
    found = replace(
        found,
        prefixlen=prefixlen,
        network=network,
        netmask=_text((-size & 0xFFFFFFFF).to_bytes(4)),
        broadcast=last if size > 2 else None,
        addresses=size,
        hosts=size - 2 if size > 2 else size,
    )
    if found.broadcast == found.address and prefixlen and block.kind not in _NO_BROADCAST:
        found = replace(
            found,
            kind="broadcast",
            name="directed broadcast",
            explanation=f"every host of {network}/{prefixlen}; few routers forward it from outside (RFC 919)",
            rfc="RFC 919",
        )
    return found


def _facts6(value: bytes, prefixlen: int | None) -> AddressFacts:
    block = block_of(value)
    found = AddressFacts(
        address=_text(value),
        family="inet6",
        kind=block.kind,
        name=block.name,
        block=block.cidr,
        reachable=block.reachable,
        explanation=_explained6(block, value),
        rfc=block.rfc,
        full=value.hex(":", 2),
        embedded=_embedded(block, value),
        mac=_eui64(block, value),
    )
    if prefixlen is None:
        return found
    size = 1 << (128 - prefixlen)
    return replace(
        found,
        prefixlen=prefixlen,
        network=_text((int.from_bytes(value) & -size).to_bytes(16)),
        addresses=size,
        hosts=size - 1 if size > 2 else size,
    )


def _text(value: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET if len(value) == 4 else socket.AF_INET6, value)


def _class(first: int) -> str | None:
    """RFC 791 section 3.2, and RFC 1112 for D and E."""
    if first in (0, 127):
        return None
    return next(letter for letter, end in zip("ABCDE", (128, 192, 224, 240, 256), strict=True) if first < end)


def _explained6(block: Block, value: bytes) -> str:
    scope = _SCOPES.get(value[1] & 0xF) if block.cidr == "ff00::/8" else None
    return f"{block.explanation}{f'; {scope} scope' if scope else ''} ({block.rfc})"


def _embedded(block: Block, value: bytes) -> str | None:
    """The IPv4 address inside, where the kind has one."""
    if block.kind in ("ipv4-mapped", "ipv4-compatible") or block.cidr == "64:ff9b::/96":
        return _text(value[12:])
    if block.kind == "6to4":
        return _text(value[2:6])
    if block.kind == "teredo":  # sent inverted, so that no NAT on the way rewrites it (RFC 4380 section 4)
        return _text(bytes(byte ^ 0xFF for byte in value[12:]))
    if block.kind not in _NO_INTERFACE and value[8] & 0xFD == 0 and value[9:12] == b"\x00\x5e\xfe":
        return _text(value[12:])  # ISATAP, RFC 5214 section 6.1
    return None


def _eui64(block: Block, value: bytes) -> str | None:
    if block.kind in _NO_INTERFACE or value[11:13] != b"\xff\xfe":
        return None
    return (bytes((value[8] ^ 2,)) + value[9:11] + value[13:]).hex(":")
