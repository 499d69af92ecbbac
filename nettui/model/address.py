"""Addresses that interfaces carry."""

from typing import Literal

from msgspec import Struct

Family = Literal["inet", "inet6"]
"""Named as `ip` names them: IPv4 is inet, IPv6 is inet6."""


class Address(Struct, frozen=True, kw_only=True, gc=False):
    """One address on one link (`struct ifaddrmsg`, linux/if_addr.h)."""

    ifindex: int
    family: Family
    address: str
    """RFC 5952 text, no prefix and no zone."""
    prefixlen: int
    scope: str
    """global, site, link, host or the number."""
    flags: tuple[str, ...] = ()
    """permanent, tentative, deprecated, dadfailed, temporary, secondary, noprefixroute, mngtmpaddr, ..."""
    peer: str | None = None
    """The other end of a point-to-point link, where it differs from `address`."""
    broadcast: str | None = None
    label: str | None = None
    valid: int | None = None
    """Seconds left; None is for ever (or not known)."""
    preferred: int | None = None
    """Seconds left; None is for ever (or not known)."""
