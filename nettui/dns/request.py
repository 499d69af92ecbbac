"""What to look up, as people type it for the command and in the pane: `NAME [TYPE ...] [@SERVER[#PORT] ...]`."""

from collections.abc import Sequence
from typing import NamedTuple

from nettui.dns.question import parse_type
from nettui.dns.servers import parse_server
from nettui.model.resolver import Resolver


class Request(NamedTuple):
    """Empty where nothing was typed: then the asker's own types and servers hold."""

    name: str
    types: tuple[str, ...]
    servers: tuple[Resolver, ...]


def parse_request(words: Sequence[str]) -> Request:
    """The name is the first word that is no server, the others are types, in any order with the servers.

    Raises ValueError, in plain words.
    """
    servers = tuple(parse_server(word) for word in words if word.startswith("@"))
    name, *types = [word for word in words if not word.startswith("@")] or [""]
    if not name.strip():
        raise ValueError("which name? as in: example.com MX @192.0.2.53")
    return Request(name, tuple(parse_type(word) for word in types), servers)
