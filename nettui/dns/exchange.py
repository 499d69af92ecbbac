"""One query to one server and the answer to it: UDP, and TCP when the answer did not fit.

dnspython makes and reads the messages. The sockets are our own: connected, so that an ICMP error ends the wait at
once and the kernel drops what others send; and closed the moment a lookup is cancelled.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, NamedTuple

from nettui.model.resolver import Resolver

if TYPE_CHECKING:
    from dns.message import Message, QueryMessage

PAYLOAD = 1232
"""Octets of a UDP answer that is not fragmented anywhere (DNS flag day 2020)."""
_DATAGRAM = 65_535


class Unreadable(Exception):
    """What the server sent is no answer that can be read; the message says what it did, without its name."""


class Reply(NamedTuple):
    """What a server answered."""

    message: Message
    transport: str
    """udp or tcp."""
    elapsed: float
    """Seconds from the first packet to the answer."""
    truncated: bool
    """The answer did not fit into UDP, and TCP did not bring the rest."""


async def ask(name: str, rdtype: str, server: Resolver, timeout: float) -> Reply:
    """The answer of `server`, waited for `timeout` seconds, over UDP and as long again over TCP where it comes to that.

    Whatever does not belong to the query (id, question) is ignored. Raises TimeoutError, Unreadable, and OSError
    for everything the system reports, such as ConnectionRefusedError where nothing listens.
    """
    import dns.message

    query = dns.message.make_query(name, rdtype, use_edns=0, payload=PAYLOAD)
    began = time.perf_counter()
    message, truncated = await _over_udp(query, server, timeout)
    transport = "udp"
    if truncated:
        with suppress(OSError, Unreadable):  # the part that came over UDP is worth showing, and is marked
            message, transport, truncated = await _over_tcp(query, server, timeout), "tcp", False
    return Reply(message, transport, time.perf_counter() - began, truncated)


async def _over_udp(query: QueryMessage, server: Resolver, timeout: float) -> tuple[Message, bool]:
    """The query is sent again half-way, without EDNS: the packet may be lost, or EDNS not be understood (RFC 6891)."""
    import dns.message
    import dns.rcode

    plain = dns.message.make_query(query.question[0].name, query.question[0].rdtype, id=query.id)
    refusals = (dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.BADVERS)
    loop = asyncio.get_running_loop()
    inbox = _Inbox(query)
    answer: tuple[Message, bool] | None = None
    with closing(_open(server, socket.SOCK_DGRAM)) as sock:
        sock.connect(_destination(server, socket.SOCK_DGRAM))
        for attempt in (query, plain):
            await loop.sock_sendall(sock, attempt.to_wire())
            try:
                async with asyncio.timeout(timeout / 2):
                    answer = await inbox.next_answer(sock)
            except TimeoutError:
                continue
            if answer[0].rcode() not in refusals:
                break
    if answer:
        return answer
    if inbox.junk:
        raise Unreadable("sent something that is no DNS answer")
    raise TimeoutError


class _Inbox:
    """Datagrams sorted into the answer, what belongs to something else, and junk."""

    def __init__(self, query: QueryMessage) -> None:
        self._query = query
        self.junk = 0

    async def next_answer(self, sock: socket.socket) -> tuple[Message, bool]:
        loop = asyncio.get_running_loop()
        while True:
            wire = await loop.sock_recv(sock, _DATAGRAM)
            try:
                message, truncated = read_message(wire)
                if self._query.is_response(message):
                    return message, truncated
            except Unreadable:
                self.junk += 1
            # A datagram that is already there is received without a pause: a flood of them must not hold up the loop.
            await asyncio.sleep(0)


async def _over_tcp(query: QueryMessage, server: Resolver, timeout: float) -> Message:
    loop = asyncio.get_running_loop()
    wire = query.to_wire()
    async with asyncio.timeout(timeout):
        with closing(_open(server, socket.SOCK_STREAM)) as sock:
            await loop.sock_connect(sock, _destination(server, socket.SOCK_STREAM))
            await loop.sock_sendall(sock, struct.pack("!H", len(wire)) + wire)
            (length,) = struct.unpack("!H", await _exactly(sock, 2))
            message, _ = read_message(await _exactly(sock, length))
    if not query.is_response(message):
        raise Unreadable("sent the answer to another question")
    return message


async def _exactly(sock: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    data = bytearray()
    while len(data) < size:
        part = await loop.sock_recv(sock, size - len(data))
        if not part:
            raise Unreadable("sent only a part of its answer")
        data += part
    return bytes(data)


def read_message(wire: bytes) -> tuple[Message, bool]:
    """A message as it came, each record with a TTL of its own, and whether it was cut short (the TC flag).

    Raises Unreadable.
    """
    import dns.message

    try:
        return dns.message.from_wire(wire, one_rr_per_rrset=True, ignore_trailing=True, raise_on_truncation=True), False
    except dns.message.Truncated as error:
        return error.message(), True  # type: ignore[no-untyped-call]  # dnspython left it without types
    except Exception as error:  # bytes of others: whatever dnspython stumbles over, they are unreadable
        raise Unreadable("sent something that is no DNS answer") from error


def _open(server: Resolver, kind: socket.SocketKind) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in server.address else socket.AF_INET, kind)
    sock.setblocking(False)
    return sock


def _destination(server: Resolver, kind: socket.SocketKind) -> tuple[str, int] | tuple[str, int, int, int]:
    """The address for connect(2); a zone (`fe80::1%eth0`) becomes its number here, without any lookup."""
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    found = socket.getaddrinfo(server.address, server.port, type=kind, flags=flags)
    return found[0][4]  # type: ignore[return-value]  # typeshed: (int, bytes) for families Python was built without
