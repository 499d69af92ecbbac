"""A name server of our own on loopback, that answers as a test tells it to: well, badly, or not at all."""

import asyncio
import contextlib
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from dns.message import Message

from nettui.model.resolver import Resolver

Respond = Callable[[Message, str], Iterable[bytes]]
"""From a query and its transport (udp or tcp) to what is sent back: datagrams, or the bytes of the stream."""


class NameServer:
    """Where it listens, and what it was asked."""

    def __init__(self, respond: Respond, address: str = "127.0.0.1") -> None:
        self.address = address
        self.port = 0
        self.asked: list[tuple[str, str, str]] = []
        """(name without final dot, type, transport) of each query, in order."""
        self._respond = respond

    @property
    def resolver(self) -> Resolver:
        return Resolver(address=self.address, port=self.port, source="test")

    def answers(self, wire: bytes, transport: str) -> list[bytes]:
        query = dns.message.from_wire(wire)
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True)
        self.asked.append((name, dns.rdatatype.to_text(question.rdtype), transport))
        return list(self._respond(query, transport))

    @contextlib.asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator["NameServer"]:
        """Listen, on UDP and TCP of the same port, as long as the context lasts."""
        loop = asyncio.get_running_loop()
        for attempt in range(20):
            transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), (self.address, port))
            self.port = transport.get_extra_info("sockname")[1]
            try:
                stream = await asyncio.start_server(self._connected, self.address, self.port)
                break
            except OSError:
                transport.close()
                if port or attempt == 19:
                    raise
        try:
            yield self
        finally:
            transport.close()
            stream.close()
            await stream.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            for answer in self.answers(await reader.readexactly(length), "tcp"):
                writer.write(answer)
            await writer.drain()
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for answer in self._server.answers(data, "udp"):
            self._transport.sendto(answer, addr)


@contextlib.contextmanager
def in_thread(respond: Respond) -> Iterator[NameServer]:
    """The same server for tests that are not asynchronous themselves, or that start other programs."""
    server = NameServer(respond)
    loop = asyncio.new_event_loop()
    ready, over = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with server.running():
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


def framed(wire: bytes) -> bytes:
    """A message as it goes over TCP."""
    return struct.pack("!H", len(wire)) + wire


def reply(
    query: Message, *records: str, rcode: str = "NOERROR", authority: Iterable[str] = (), flags: str = "AA"
) -> Message:
    """An answer to `query`, with records written as in a zone file: `name ttl type data`."""
    message = dns.message.make_response(query)
    message.flags |= dns.flags.from_text(flags)
    message.set_rcode(dns.rcode.from_text(rcode))
    message.answer = [_rrset(record) for record in records]
    message.authority = [_rrset(record) for record in authority]
    return message


def sent(message: Message, transport: str) -> list[bytes]:
    """`message` as a server sends it: over UDP cut short where the client's buffer is too small for it."""
    if transport == "tcp":
        return [framed(message.to_wire(max_size=65535))]
    wire = message.to_wire(max_size=65535)
    if len(wire) <= max(message.request_payload, 512):
        return [wire]
    message.answer, message.flags = [], message.flags | dns.flags.TC
    return [message.to_wire()]


def answering(*records: str, **more: object) -> Respond:
    """A server that gives these records to whatever it is asked."""
    return lambda query, transport: sent(reply(query, *records, **more), transport)  # type: ignore[arg-type]  # kwargs


def zone(text: str) -> Respond:
    """An authoritative server of the records in `text`, which begins with the zone's SOA. It follows its CNAMEs."""
    records = [_rrset(line) for line in text.strip().splitlines()]
    names = {rrset.name for rrset in records}

    def respond(query: Message, transport: str) -> Iterable[bytes]:
        name, rdtype = query.question[0].name, query.question[0].rdtype
        message = reply(query)
        for _ in range(8):
            found = [rrset for rrset in records if rrset.name == name and rrset.rdtype == rdtype]
            alias = [rrset for rrset in records if rrset.name == name and rrset.rdtype == dns.rdatatype.CNAME]
            message.answer += found or alias
            if found or not alias:
                break
            name = alias[0][0].target
        if not found:
            message.authority = records[:1]
        if name not in names:
            message.set_rcode(dns.rcode.NXDOMAIN)
        return sent(message, transport)

    return respond


def _rrset(line: str) -> dns.rrset.RRset:
    name, ttl, rdtype, data = line.split(None, 3)
    return dns.rrset.from_text(dns.name.from_text(name), int(ttl), "IN", rdtype, data)
