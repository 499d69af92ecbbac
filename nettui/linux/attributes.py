"""Netlink attributes: type-length-value fields, padded to four bytes (`struct nlattr`, linux/netlink.h).

Nothing here trusts a length: whatever the bytes, the only exception is NetlinkDecodeError.
"""

import sys
from socket import AF_INET, AF_INET6, inet_ntop
from struct import Struct as Layout
from typing import Any

from nettui.linux.netlink import NetlinkDecodeError
from nettui.model.text import clean

_HEAD = Layout("=HH")
_U32 = Layout("=I")
_TYPE = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER

Attributes = dict[int, bytes]
"""Value by type; where a type comes twice the last one counts."""


def attributes(data: bytes, start: int = 0, end: int | None = None) -> Attributes:
    """The attributes in `data[start:end]`; for nested ones `attributes(value)`."""
    found: Attributes = {}
    unpack = _HEAD.unpack_from
    end = len(data) if end is None else end
    while start < end:
        if end - start < 4:
            raise NetlinkDecodeError(f"{end - start} bytes where an attribute should be")
        length, kind = unpack(data, start)
        if not 4 <= length <= end - start:
            raise NetlinkDecodeError(f"an attribute of {length} bytes in {end - start}")
        found[kind & _TYPE] = data[start + 4 : start + length]
        start += (length + 3) & ~3
    return found


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute for a request."""
    return _HEAD.pack(4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def attribute_u32(kind: int, value: int) -> bytes:
    """One attribute that is a 32-bit number."""
    return attribute(kind, _U32.pack(value))


def fixed(layout: Layout, data: bytes, start: int = 0, end: int | None = None) -> tuple[Any, ...]:
    """The fixed structure at `data[start:end]`, which may be longer (newer kernels append) but not shorter."""
    if (len(data) if end is None else end) - start < layout.size:
        raise NetlinkDecodeError(f"less than the {layout.size} bytes a structure needs")
    return layout.unpack_from(data, start)


def number(value: bytes | None) -> int | None:
    """An unsigned number of whatever width, in the machine's byte order."""
    return None if value is None else int.from_bytes(value, sys.byteorder)


def text(value: bytes | None) -> str | None:
    """A string of C, made safe; an empty one is None."""
    return clean(value.partition(b"\0")[0]) or None if value else None


def address(value: bytes) -> str:
    """An IPv4 or IPv6 address by its length, in the form of RFC 5952."""
    if len(value) == 4:
        return inet_ntop(AF_INET, value)
    if len(value) == 16:
        return inet_ntop(AF_INET6, value)
    raise NetlinkDecodeError(f"an address of {len(value)} bytes")


def hardware_address(value: bytes | None) -> str | None:
    """Ethernet, EUI-64 and InfiniBand addresses, lower-case with colons.

    None for the all-zero address of loopback and for tunnels, whose "hardware" address is an IP address.
    """
    return value.hex(":") if value and len(value) in (6, 8, 20) and any(value) else None
