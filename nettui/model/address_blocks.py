"""The blocks of address space that mean something, as IANA's registries list them.

IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190), the multicast registries (RFC 5771,
RFC 4291), and the rest of the space by default. One row each: what it is called, whether a packet to it can cross
the Internet, and one sentence for somebody who meets it for the first time.
"""

import socket
from collections.abc import Iterable

from msgspec import Struct


class Block(Struct, frozen=True, gc=False):
    """One row of the registries."""

    cidr: str
    kind: str
    """One stable word; several blocks share it."""
    name: str
    """As the registry calls it."""
    reachable: bool | None
    """The registry's "globally reachable"; None where it does not say, and for multicast."""
    explanation: str
    rfc: str


_IPV4 = (
    Block("0.0.0.0/0", "public", "global unicast", True,
          "public: anyone on the Internet can send to it, unless a firewall forbids it", "RFC 791"),
    Block("0.0.0.0/8", "this-network", "this network", False,
          "this network: valid only as a source, before a host knows its address", "RFC 791"),
    Block("0.0.0.0/32", "unspecified", "this host on this network", False,
          "no address: a listener on it hears every IPv4 address of its host", "RFC 1122"),
    Block("10.0.0.0/8", "private", "private use", False,
          "private: used again in every site, needs NAT to reach the Internet", "RFC 1918"),
    Block("100.64.0.0/10", "cgnat", "shared address space", False,
          "carrier-grade NAT: the provider shares one public address among customers", "RFC 6598"),
    Block("127.0.0.0/8", "loopback", "loopback", False,
          "loopback: this host itself; such packets never leave it", "RFC 1122"),
    Block("169.254.0.0/16", "link-local", "link local", False,
          "self-assigned: DHCP did not answer", "RFC 3927"),
    Block("172.16.0.0/12", "private", "private use", False,
          "private: used again in every site, needs NAT to reach the Internet", "RFC 1918"),
    Block("192.0.0.0/24", "protocol", "IETF protocol assignments", False,
          "kept for protocols of the IETF, not for hosts", "RFC 6890"),
    Block("192.0.0.0/29", "protocol", "IPv4 service continuity prefix", False,
          "the IPv4 side of 464XLAT or DS-Lite on an IPv6-only link", "RFC 7335"),
    Block("192.0.0.8/32", "protocol", "IPv4 dummy address", False,
          "stands for an IPv4 source that is not known", "RFC 7600"),
    Block("192.0.0.9/32", "protocol", "Port Control Protocol anycast", True,
          "the nearest server that opens ports in a NAT", "RFC 7723"),
    Block("192.0.0.10/32", "protocol", "TURN anycast", True,
          "the nearest relay for calls through NAT", "RFC 8155"),
    Block("192.0.0.170/31", "protocol", "NAT64/DNS64 discovery", False,
          "what ipv4only.arpa resolves to: asked for to find NAT64", "RFC 7050"),
    Block("192.0.2.0/24", "documentation", "documentation (TEST-NET-1)", False,
          "for examples in books and manuals only", "RFC 5737"),
    Block("192.31.196.0/24", "protocol", "AS112-v4", True,
          "answers reverse DNS for private addresses, everywhere", "RFC 7535"),
    Block("192.52.193.0/24", "protocol", "AMT", True,
          "the nearest relay that tunnels multicast", "RFC 7450"),
    Block("192.88.99.0/24", "6to4", "6to4 relay anycast (deprecated)", None,
          "once the nearest 6to4 relay; withdrawn", "RFC 7526"),
    Block("192.88.99.2/32", "protocol", "6a44 relay anycast", False,
          "the provider's relay for IPv6 behind NAT", "RFC 6751"),
    Block("192.168.0.0/16", "private", "private use", False,
          "private: used again in every site, needs NAT to reach the Internet", "RFC 1918"),
    Block("192.175.48.0/24", "protocol", "direct delegation AS112", True,
          "answers reverse DNS for private addresses, everywhere", "RFC 7534"),
    Block("198.18.0.0/15", "benchmarking", "benchmarking", False,
          "for measuring network devices in a laboratory", "RFC 2544"),
    Block("198.51.100.0/24", "documentation", "documentation (TEST-NET-2)", False,
          "for examples in books and manuals only", "RFC 5737"),
    Block("203.0.113.0/24", "documentation", "documentation (TEST-NET-3)", False,
          "for examples in books and manuals only", "RFC 5737"),
    Block("224.0.0.0/4", "multicast", "multicast", None,
          "multicast: sent once, delivered to every host that joined the group", "RFC 5771"),
    Block("224.0.0.0/24", "multicast", "local network control", None,
          "multicast of routing and naming protocols; routers never forward it", "RFC 5771"),
    Block("224.0.0.1/32", "multicast", "all hosts", None, "every host on the link", "RFC 1112"),
    Block("224.0.0.2/32", "multicast", "all routers", None, "every router on the link", "RFC 1256"),
    Block("224.0.0.251/32", "multicast", "mDNS", None, "names without a server, *.local", "RFC 6762"),
    Block("224.0.0.252/32", "multicast", "LLMNR", None, "names without a server, as Windows asks", "RFC 4795"),
    Block("232.0.0.0/8", "multicast", "source-specific multicast", None,
          "multicast from one chosen sender", "RFC 4607"),
    Block("239.0.0.0/8", "multicast", "administratively scoped", None,
          "multicast that stays within one site or organization", "RFC 2365"),
    Block("240.0.0.0/4", "reserved", "reserved", False,
          "reserved since 1989 and never used: most systems refuse it", "RFC 1112"),
    Block("255.255.255.255/32", "broadcast", "limited broadcast", False,
          "every host on this link; routers never forward it", "RFC 919"),
)  # fmt: skip

_IPV6 = (
    Block("::/0", "reserved", "reserved by the IETF", None, "not given to anybody yet", "RFC 4291"),
    Block("::/96", "ipv4-compatible", "IPv4-compatible (deprecated)", None,
          "an IPv4 address written as IPv6, a first idea of tunnels; withdrawn", "RFC 4291"),
    Block("::/128", "unspecified", "unspecified address", False,
          "no address: a listener on it hears every address of its host", "RFC 4291"),
    Block("::1/128", "loopback", "loopback address", False,
          "loopback: this host itself; such packets never leave it", "RFC 4291"),
    Block("::ffff:0:0/96", "ipv4-mapped", "IPv4-mapped address", False,
          "an IPv4 peer, as an IPv6 socket sees it; on the wire it is IPv4", "RFC 4291"),
    Block("64:ff9b::/96", "nat64", "IPv4-IPv6 translation", True,
          "an IPv4 host, reached from IPv6 through a NAT64 translator", "RFC 6052"),
    Block("64:ff9b:1::/48", "nat64", "IPv4-IPv6 translation, local use", False,
          "an IPv4 host, reached through this network's own translator", "RFC 8215"),
    Block("100::/64", "discard", "discard-only", False, "a black hole: routers throw such packets away", "RFC 6666"),
    Block("100:0:0:1::/64", "protocol", "dummy IPv6 prefix", False, "stands for a peer that is not there", "RFC 9780"),
    Block("2000::/3", "public", "global unicast", True,
          "public: anyone on the Internet can send to it, unless a firewall forbids it", "RFC 4291"),
    Block("2001::/23", "protocol", "IETF protocol assignments", False,
          "kept for protocols of the IETF, not for hosts", "RFC 2928"),
    Block("2001::/32", "teredo", "Teredo", None,
          "Teredo: IPv6 tunnelled in UDP from behind a NAT; the IPv4 is that NAT's", "RFC 4380"),
    Block("2001:1::1/128", "protocol", "Port Control Protocol anycast", True,
          "the nearest server that opens ports in a NAT", "RFC 7723"),
    Block("2001:1::2/128", "protocol", "TURN anycast", True, "the nearest relay for calls through NAT", "RFC 8155"),
    Block("2001:1::3/128", "protocol", "DNS-SD service registration anycast", True,
          "the nearest server that registers services", "RFC 9665"),
    Block("2001:2::/48", "benchmarking", "benchmarking", False,
          "for measuring network devices in a laboratory", "RFC 5180"),
    Block("2001:3::/32", "protocol", "AMT", True, "the nearest relay that tunnels multicast", "RFC 7450"),
    Block("2001:4:112::/48", "protocol", "AS112-v6", True,
          "answers reverse DNS for private addresses, everywhere", "RFC 7535"),
    Block("2001:10::/28", "protocol", "ORCHID (deprecated)", None,
          "a hash that names a host, not a place; withdrawn", "RFC 4843"),
    Block("2001:20::/28", "protocol", "ORCHIDv2", True, "a hash that names a host, not a place", "RFC 7343"),
    Block("2001:30::/28", "protocol", "drone remote ID", True, "the identity of a drone, not a place", "RFC 9374"),
    Block("2001:db8::/32", "documentation", "documentation", False,
          "for examples in books and manuals only", "RFC 3849"),
    Block("2002::/16", "6to4", "6to4", None,
          "6to4: IPv6 tunnelled over IPv4, from the router whose address it holds", "RFC 3056"),
    Block("2620:4f:8000::/48", "protocol", "direct delegation AS112", True,
          "answers reverse DNS for private addresses, everywhere", "RFC 7534"),
    Block("3fff::/20", "documentation", "documentation", False, "for examples in books and manuals only", "RFC 9637"),
    Block("5f00::/16", "protocol", "segment routing (SRv6) SIDs", False,
          "an instruction to routers inside one network", "RFC 9602"),
    Block("fc00::/7", "ula", "unique local", False,
          "unique local: IPv6's private addresses, not routed on the Internet", "RFC 4193"),
    Block("fe80::/10", "link-local", "link-local unicast", False,
          "link-local: every IPv6 interface has one; valid on its own link only", "RFC 4291"),
    Block("fec0::/10", "site-local", "site-local (deprecated)", None,
          "IPv6's first private addresses; withdrawn, unique local took their place", "RFC 3879"),
    Block("ff00::/8", "multicast", "multicast", None,
          "multicast: sent once, delivered to every host that joined the group", "RFC 4291"),
    Block("ff02::1/128", "multicast", "all nodes", None, "every host on the link", "RFC 4291"),
    Block("ff02::2/128", "multicast", "all routers", None, "every router on the link", "RFC 4291"),
    Block("ff02::fb/128", "multicast", "mDNS", None, "names without a server, *.local", "RFC 6762"),
    Block("ff02::1:2/128", "multicast", "DHCPv6", None, "every DHCPv6 server or relay on the link", "RFC 8415"),
    Block("ff02::1:3/128", "multicast", "LLMNR", None, "names without a server, as Windows asks", "RFC 4795"),
    Block("ff02::1:ff00:0/104", "multicast", "solicited-node", None,
          "asks who has an address that ends in these 24 bits: IPv6's ARP", "RFC 4291"),
)  # fmt: skip

KINDS = tuple(sorted({block.kind for block in _IPV4 + _IPV6}))
"""Every word that `Block.kind` can be."""


def _by_prefix(blocks: Iterable[Block]) -> tuple[tuple[int, int, Block], ...]:
    """(bits after the prefix, prefix, block), the longest prefix first."""
    found = []
    for block in blocks:
        network, _, length = block.cidr.partition("/")
        value = packed(network)
        tail = len(value) * 8 - int(length)
        found.append((tail, int.from_bytes(value) >> tail, block))
    return tuple(sorted(found, key=lambda entry: entry[0]))


def packed(address: str) -> bytes:
    """4 or 16 bytes of an address in text; an IPv6 zone (`%eth0`, RFC 4007) is left out. ValueError if it is none."""
    text, zone, _ = address.partition("%")
    try:
        return socket.inet_pton(socket.AF_INET6 if zone or ":" in text else socket.AF_INET, text)
    except (OSError, ValueError):
        raise ValueError(f"not an IP address: {address[:60]!a}") from None


def block_of(value: bytes) -> Block:
    """The most specific block that holds an address of 4 or 16 bytes."""
    number = int.from_bytes(value)
    return next(b for tail, prefix, b in (_TABLE4 if len(value) == 4 else _TABLE6) if number >> tail == prefix)


_TABLE4, _TABLE6 = _by_prefix(_IPV4), _by_prefix(_IPV6)
