"""Addresses of interfaces, from psutil.net_if_addrs()."""

import socket
from typing import Any

import psutil

from nettui.model.address import Address, Family
from nettui.model.address_blocks import block_of, packed
from nettui.model.text import clean
from nettui.portable.names import ifindex, netmasks

_FAMILIES: dict[int, Family] = {socket.AF_INET: "inet", socket.AF_INET6: "inet6"}
_SCOPES = {"loopback": "host", "link-local": "link", "site-local": "site"}


def read() -> tuple[Address, ...]:
    """All IPv4 and IPv6 addresses; lifetimes and flags are not known here. Blocks."""
    masks = netmasks() if psutil.WINDOWS else {}
    found = {}
    for name, entries in psutil.net_if_addrs().items():
        # An address with a label of its own (`eth0:1`) is told of as if it were another interface.
        device = name.partition(":")[0] if psutil.POSIX else name
        label = clean(name) if name != device else None
        index = ifindex(device)
        if index is None:
            continue
        for entry in entries:
            if entry.family in _FAMILIES and entry.address:
                address = _address(index, entry, label, entry.netmask or masks.get(entry.address))
                found[address.ifindex, address.address, address.peer, address.prefixlen] = address
    return tuple(found.values())


def plain_text(address: str) -> str:
    """RFC 5952 text without a zone. ValueError if it is no address.

    BSD kernels keep the zone of a link-local address within it (fe80:4::1 on interface 4), and some interfaces of
    theirs let it be seen; what they mean is fe80::1.
    """
    value = packed(address)
    if psutil.BSD or psutil.MACOS:
        value = value[:2] + b"\0\0" + value[4:] if value[0] == 0xFE and value[1] & 0xC0 == 0x80 else value
    return socket.inet_ntop(socket.AF_INET if len(value) == 4 else socket.AF_INET6, value)


def prefix_length(netmask: str | None) -> int | None:
    """Of 255.255.255.0, ffff:ffff:: or ffff:ffff::/32; None for none, and for a mask with holes in it."""
    if not netmask:
        return None
    try:
        value = packed(netmask.partition("/")[0])
    except ValueError:
        return None
    number, size = int.from_bytes(value), len(value) * 8
    ones = number.bit_count()
    return ones if number == (1 << size) - (1 << size - ones) else None


def _address(index: int, entry: Any, label: str | None, netmask: str | None) -> Address:
    address = plain_text(entry.address)
    value = packed(address)
    length = prefix_length(netmask)
    if length is None:
        length = len(value) * 8  # of an unknown network only the address itself is known to belong to it
    peer, broadcast = _other(entry.ptp, address), _other(entry.broadcast, address)
    if broadcast and psutil.LINUX and packed(broadcast) not in (_last(value, length), b"\xff" * 4):
        # glibc keeps both in one field (`ifa_ifu`): it is a peer, on a link that could broadcast as well.
        peer, broadcast = broadcast, None
    return Address(
        ifindex=index,
        family=_FAMILIES[entry.family],
        address=address,
        prefixlen=length,
        scope=_SCOPES.get(block_of(value).kind, "global"),
        peer=peer,
        broadcast=broadcast if len(value) == 4 else None,
        label=label,
    )


def _other(text: str | None, address: str) -> str | None:
    """Another address than this one, or None."""
    other = plain_text(text) if text else None
    return other if other != address else None


def _last(value: bytes, prefixlen: int) -> bytes:
    """The last address of a network."""
    return (int.from_bytes(value) | (1 << len(value) * 8 - prefixlen) - 1).to_bytes(len(value))
