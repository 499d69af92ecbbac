"""What the tests of lookups share: how they ask, and how servers behave that do not answer as they should."""

import socket
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import dns.flags
from dns.message import Message

from nettui.dns import lookup as under_test
from nettui.dns.hosts import HostsFile
from nettui.model.lookup import Lookup
from nettui.model.resolver import Resolver
from tests.dns.nameserver import NameServer, Respond, reply

NO_HOSTS = HostsFile(Path("/nonexistent/hosts"))
lookup = partial(under_test.lookup, hosts=NO_HOSTS, timeout=30)
lookup_all = partial(under_test.lookup_all, hosts=NO_HOSTS, timeout=30)
SHORT = 0.2
"""Seconds to wait for an answer that will not come."""
ENOUGH = 1.5
"""Seconds in which one that does come has come, on a busy machine too."""
SOA = "example. 3600 SOA ns.example. host.example. 1 7200 3600 86400 300"


async def ask(respond: Respond, typed: str = "www.example", rdtype: str = "A", timeout: float = 30) -> Lookup:
    async with NameServer(respond).running() as server:
        return await lookup(typed, rdtype, servers=[server.resolver], timeout=timeout)


def silent(query: Message, transport: str) -> Iterable[bytes]:
    return []


def closed_port() -> Resolver:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return Resolver(address="127.0.0.1", port=sock.getsockname()[1])


def cut(query: Message, *records: str) -> list[bytes]:
    message = reply(query, *records)
    message.flags |= dns.flags.TC
    return [message.to_wire()]
