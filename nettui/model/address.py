"""Addresses that interfaces carry."""

from typing import Literal

from msgspec import Struct

from nettui.model.number import Count

Family = Literal["inet", "inet6"]
"""Named as `ip` names them: IPv4 is inet, IPv6 is inet6."""


class Address(Struct, frozen=True, kw_only=True, gc=False):
    """One address on one link (`struct ifaddrmsg`, linux/if_addr.h)."""

    ifindex: Count
    family: Family
    address: str
    """RFC 5952 text, no prefix and no zone."""
    prefixlen: Count
    scope: str
    """global, site, link, host or the number."""
    flags: tuple[str, ...] = ()
    """permanent, tentative, deprecated, dadfailed, temporary, secondary, noprefixroute, mngtmpaddr, ..."""
    peer: str | None = None
    """The other end of a point-to-point link, where it differs from `address`."""
    broadcast: str | None = None
    label: str | None = None
    valid: Count | None = None
    """Seconds left; None is for ever (or not known)."""
    preferred: Count | None = None
    """Seconds left; None is for ever (or not known)."""
