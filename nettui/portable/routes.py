"""The routes that can be told without reading the routing table: netifaces' default gateways, and networks on link.

netifaces knows the default routes that have a gateway, and nothing else: no metrics, no protocol, and none that leave
by the link itself (PPP, most VPNs). It takes 0.0.0.0/1, by which a VPN covers the default route, for one too; and under
policy routing on Linux it can fail to tell the main table's from others: then the table is unspecified for all.

That a network is on link follows from an address and its netmask: for IPv4 the mask says just that (RFC 1122 section
3.3.1.1), and fe80::/64 is on link wherever there is a link-local address (RFC 4861 section 5.1). No other IPv6 prefix
is, by its length alone (RFC 5942), so none is listed. These routes carry the flag `derived`.
"""

import socket
from collections.abc import Iterator, Mapping
from typing import Any

import netifaces
import psutil

from nettui.model.address import Address, Family
from nettui.model.address_blocks import block_of, packed
from nettui.model.route import MAIN, UNSPEC, Route
from nettui.portable import addresses, links
from nettui.portable.addresses import plain_text
from nettui.portable.names import adapters, ifindex


def read() -> tuple[Route, ...]:
    """What is known of the routes, defaults first, the preferred one of each family before others. Blocks."""
    names = adapters(psutil.net_if_addrs()) if psutil.WINDOWS else {}
    up = {link.ifindex for link in links.read() if link.admin_up}
    on_link = [route for address in addresses.read() if address.ifindex in up for route in _on_link(address)]
    found: dict[tuple[object, ...], Route] = {}
    for route in [*_defaults(netifaces.gateways(), names), *on_link]:
        found.setdefault(route.key, route)
    return tuple(found.values())


def _defaults(gateways: Mapping[Any, Any], names: Mapping[str, str]) -> Iterator[Route]:
    families: tuple[tuple[Family, int], ...] = (("inet", netifaces.AF_INET), ("inet6", netifaces.AF_INET6))
    for family, number in families:
        preferred = gateways.get("default", {}).get(number)
        for gateway, name, *usual in sorted(gateways.get(number, ()), key=lambda entry: entry[:2] != preferred):
            try:
                address = plain_text(gateway)
            except ValueError:  # a link, where the system itself names one in place of a gateway
                continue
            yield Route(
                family=family,
                # Windows has one table. Elsewhere "not the default" means another table, a scope, or a worse metric.
                table=MAIN if psutil.WINDOWS or all(usual) else UNSPEC,
                destination="0.0.0.0" if family == "inet" else "::",
                prefixlen=0,
                gateway=address,
                ifindex=ifindex(names.get(name, name)),
            )


def _on_link(address: Address) -> Iterator[Route]:
    """The network that an address says is on link, if it says so of one."""
    value = packed(address.peer or address.address)
    bits = len(value) * 8
    # Only Linux gives a peer a network; elsewhere the way to a peer is a host route.
    length = address.prefixlen if psutil.LINUX or not address.peer else bits
    host = length == bits and not address.peer
    kind = block_of(value).kind
    told = kind != "loopback" if address.family == "inet" else kind == "link-local" and length == 64
    if host or not told or not length:
        return
    network = (int.from_bytes(value) >> bits - length << bits - length).to_bytes(len(value))
    yield Route(
        family=address.family,
        table=MAIN,
        destination=socket.inet_ntop(socket.AF_INET if bits == 32 else socket.AF_INET6, network),
        prefixlen=length,
        protocol="kernel",
        scope="link",
        ifindex=address.ifindex,
        source=address.address if address.family == "inet" else None,
        flags=("derived",),
    )
