"""Addresses lent by DHCP: those to which the kernel counts down a lifetime, and what the clients' files add to them.

An IPv4 address with a lifetime is a lease: nothing else gives one. IPv6 addresses with a lifetime mostly come from
router advertisements (SLAAC, RFC 4862); those are told apart with care, and in doubt are no leases. How long a lease
is stands in files only: clients set lifetimes anew for other reasons too.
"""

import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from nettui.linux.addresses import IFADDR_SIZE, decode_address
from nettui.linux.attributes import attributes, number
from nettui.linux.lease_files import LeaseFiles
from nettui.model.address import Address
from nettui.model.text import clean
from nettui.model.watched import Lease, Leases

HISTORY = 86_400.0
"""Seconds after its end during which a lease in a file is told of. An older one was left behind by another setup."""

_SAME = 5.0  # seconds by which two accounts of one lease may differ
_IFA_PROTO = 11
_KERNEL = (1, 2, 3)  # IFAPROT_KERNEL_LO, _RA, _LL (linux/if_addr.h, since Linux 5.18)
_AUTOMATIC = {"temporary", "mngtmpaddr"}  # RFC 8981, and the SLAAC address that such are made beside

Interfaces = Mapping[str, Sequence[Address]]
"""The addresses of each interface there is, by its name."""


class Carried(NamedTuple):
    """An address, and who put it there."""

    address: Address
    protocol: int
    """`IFA_PROTO`; 0 where nobody says."""


def decode_carried(chunk: bytes, start: int, end: int) -> Carried | None:
    """One RTM_NEWADDR payload, as `decode_address` reads it."""
    address = decode_address(chunk, start, end)
    if address is None:
        return None
    found = attributes(chunk, start + IFADDR_SIZE, end)
    return Carried(address, number(found.get(_IFA_PROTO)) or 0)


def is_lent(carried: Carried) -> bool:
    """Whether this address surely is a lease. One of DHCPv6 has no prefix (RFC 8415), one of SLAAC always has."""
    address, protocol = carried
    if address.valid is None or "permanent" in address.flags:
        return False
    if address.family == "inet":
        return True
    return address.prefixlen == 128 and protocol not in _KERNEL and not _AUTOMATIC.intersection(address.flags)


class LeaseReader:
    """Leases of the network namespace whose addresses it is given."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._files = LeaseFiles(root)

    async def read(self, carried: Sequence[Carried]) -> Leases:
        """`carried`: all addresses there are. Raises OSError where the kernel does not tell its interfaces' names."""
        now = time.time()
        names = {index: clean(name) for index, name in socket.if_nameindex()}
        interfaces: dict[str, list[Address]] = {name: [] for name in names.values()}
        lent: list[Lease] = []
        for each in carried:
            address = each.address
            name = names.get(address.ifindex)
            if name is None:
                continue
            interfaces[name].append(address)
            if address.valid is not None and is_lent(each):
                expires = now + address.valid
                lent.append(Lease(interface=name, address=address.address, expires_at=expires, source="kernel"))
        written = standing(await self._files.read(names), interfaces, now)
        return Leases(at=now, leases=merged([*written, *lent]))


def standing(written: Iterable[Lease], interfaces: Interfaces, now: float) -> list[Lease]:
    """What of the files still matters: leases of addresses that are in use, and ends that left an interface without.

    Files keep leases long after somebody gave the interface another address, or took it to another network.
    """
    found: list[Lease] = []
    ended: dict[tuple[str, bool], Lease] = {}
    for lease in written:
        if lease.interface not in interfaces or (lease.expires_at is not None and lease.expires_at < now - HISTORY):
            continue
        six = ":" in lease.address
        others = [a for a in interfaces[lease.interface] if (a.family == "inet6") == six and a.scope != "link"]
        if any(other.address == lease.address for other in others):
            found.append(lease)
        elif not others and lease.expires_at is not None:
            last = ended.get((lease.interface, six))
            if last is None or (last.expires_at or 0) <= lease.expires_at:
                ended[lease.interface, six] = lease
    return found + list(ended.values())


def merged(leases: Iterable[Lease]) -> tuple[Lease, ...]:
    """One of each interface and address: the newest, with what only another one of them tells."""
    newest: dict[tuple[str, str], Lease] = {}
    for lease in leases:
        key = (lease.interface, lease.address)
        before = newest.get(key)
        newest[key] = lease if before is None else _newer(before, lease)
    return tuple(newest[key] for key in sorted(newest))


def _newer(before: Lease, lease: Lease) -> Lease:
    """Of two accounts the one with the later end; where they agree the first one, which a file gave."""
    first, second = before, lease
    if before.expires_at is None or (lease.expires_at or 0) > before.expires_at + _SAME:
        first, second = lease, before
    agree = first.expires_at is None or (second.expires_at or first.expires_at) >= first.expires_at - _SAME
    return replace(
        first, server=first.server or second.server, seconds=first.seconds or (second.seconds if agree else None)
    )
