"""Name servers a person can choose: a typed address, or a well-known public resolver."""

import ipaddress
import re

from nettui.model.resolver import Resolver
from nettui.model.text import clean

DNS_PORT = 53

PUBLIC_RESOLVERS = (
    Resolver(address="8.8.8.8", source="Google"),
    Resolver(address="1.1.1.1", source="Cloudflare"),
    Resolver(address="9.9.9.9", source="Quad9"),
    Resolver(address="168.126.63.1", source="KT"),
    Resolver(address="210.220.163.82", source="SKT"),
    Resolver(address="164.124.107.9", source="LG U+"),
)
"""Resolvers people compare with; `source` is who runs it."""

_EXAMPLE = "as in 192.0.2.53, 192.0.2.53#5353 or [2001:db8::53]:5353"
_ZONE = r"(?a)[\w.:@-]{1,15}"


def parse_address(text: str) -> str | None:
    """An IPv4 or IPv6 address in its canonical form (RFC 5952, with its zone), or None where `text` is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    zone = getattr(address, "scope_id", None)
    # The standard library takes anything after the %, an escape sequence too; an interface name is short and plain.
    return None if zone is not None and not re.fullmatch(_ZONE, zone) else str(address)


def parse_server(typed: str) -> Resolver:
    """`192.0.2.53`, `192.0.2.53#5353`, `192.0.2.53:5353`, `2001:db8::1#53`, `[2001:db8::1]:53`, each with or
    without a leading `@`.

    Raises ValueError, in plain words, for anything else: a server given by name would have to be looked up first,
    by the very resolver one wants to get around.
    """
    text = typed.strip().removeprefix("@").strip()
    if not text:
        raise ValueError(f"no server given: write its address, {_EXAMPLE}")
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        mark, port = rest[:1] or ("" if closed else "["), rest[1:]
    else:
        host, mark, port = text.partition(":" if text.count(":") == 1 and "#" not in text else "#")
    address = parse_address(host)
    if address is None or mark not in ("", ":", "#"):
        raise ValueError(f"“{clean(text, 60)}” is not an address; write the server's address, {_EXAMPLE}")
    return Resolver(address=address, port=_port(port) if mark else DNS_PORT, source="typed")


def label(server: Resolver) -> str:
    """The server as a person writes it: its port is told where it is not 53."""
    return server.address if server.port == DNS_PORT else f"{server.address}#{server.port}"


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise ValueError(f"“{clean(text, 20)}” is not a port: a number from 1 to 65535")
    return int(text)
