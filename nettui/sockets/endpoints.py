"""Addresses, networks and ports as people type and paste them: `10/8`, `10.0.0.1:80`, `[2001:db8::/32]:443`."""

from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

Network = IPv4Network | IPv6Network

MAPPED = IPv6Network("::ffff:0:0/96")
"""IPv4-mapped IPv6 addresses (RFC 4291 section 2.5.5.2)."""

_TAILS = ("0", "0.0", "0.0.0", ".0", ".0.0", ".0.0.0", "8", ":", "::", "]", "8]", ":]", "::]")
"""What may be missing from an address that is still being typed."""


class Endpoint(NamedTuple):
    """One end of a connection, as far as it was typed."""

    network: Network | None
    port: str
    """Empty for none."""
    zone: str
    """The interface of a link-local address (RFC 4007); empty for none."""


def read_endpoint(text: str) -> Endpoint:
    """Raises ValueError, also where there is neither a network nor a port."""
    host, port = _split(text)
    if host in ("", "*") and port:
        return Endpoint(None, port, "")
    address, _, zone = host.partition("%")
    if "/" in zone:
        raise ValueError(text)
    return Endpoint(_network(address), port, zone)


def may_become_endpoint(text: str) -> bool:
    """Whether typing on can make an address of it."""
    return any(_is_endpoint(text + tail) for tail in _TAILS)


def endpoint_text(network: Network, port: str = "") -> str:
    """What `read_endpoint` reads as this network (of one address: the address) and port."""
    text = str(network.network_address if network.prefixlen == network.max_prefixlen else network)
    if not port:
        return text
    return f"[{text}]:{port}" if network.version == 6 else f"{text}:{port}"


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        length, colon, port = rest.partition(":")
        host += length
        well_formed = bool(bracket) and length[:1] in ("", "/")
    else:
        host, colon, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "")
        well_formed = True
    if not well_formed or (colon and not port):
        raise ValueError(text)
    return host, port


def _network(text: str) -> Network:
    address, slash, length = text.partition("/")
    if ":" not in address:
        if slash:  # as for ip(8), what is missing of an IPv4 network is zero
            address += ".0" * (3 - address.count("."))
        return IPv4Network(address + slash + length, strict=False)
    found = IPv6Network(text, strict=False)
    if not found.subnet_of(MAPPED):
        return found
    return IPv4Network((int(found.network_address) & 0xFFFFFFFF, found.prefixlen - MAPPED.prefixlen))


def _is_endpoint(text: str) -> bool:
    try:
        read_endpoint(text)
    except ValueError:
        return False
    return True
