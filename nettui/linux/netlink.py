"""Netlink: requests to the kernel and the framing of its answers (RFC 3549, netlink(7), linux/netlink.h).

What is in the messages is the business of the readers beside this file; here are sockets, headers and errors.
"""

import errno
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from struct import Struct as Layout
from typing import Protocol, TypeVar

from nettui.model.text import clean
from nettui.model.turns import Turn, breathe

ROUTE, SOCK_DIAG = 0, 4
"""Protocols, `NETLINK_*`."""
NLMSG_ERROR, NLMSG_DONE, NLMSG_OVERRUN = 2, 3, 4
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR = 0x1, 0x4, 0x300, 0x10
_NLM_F_CAPPED, _NLM_F_ACK_TLVS = 0x100, 0x200
_NLMSGERR_ATTR_MSG = 1
_SOL_NETLINK = 270
_NETLINK_CAP_ACK, _NETLINK_EXT_ACK, _NETLINK_GET_STRICT_CHK = 10, 11, 12

HEADER = Layout("=IHHII")
"""`struct nlmsghdr`: length with header, type, flags, sequence number, port id."""
_SENDER = Layout("=II")  # the last two of them
_ERROR = Layout("=i")
_ATTRIBUTE = Layout("=HH")

PATIENCE = 2.0
"""Seconds the kernel may take for one datagram; it takes microseconds."""
ATTEMPTS = 4
"""How often a dump is tried that changes while it is read."""
_BUFFER = 1 << 20
_TOGETHER = 32  # requests sent at once: their answers, some 2 kB each in the kernel's books, must find room
_BREATH = 0.002  # seconds of work after which others on the event loop get a turn


class NetlinkError(OSError):
    """The kernel refused a request, or its answer was lost: `errno`, and `strerror` in the kernel's own words."""


class NetlinkDecodeError(ValueError):
    """Bytes that are no well-formed netlink message."""


class Sink(Protocol):
    """What takes the datagrams of one dump."""

    def feed(self, chunk: bytes) -> None:
        """Take one datagram: whole messages, headers included, perhaps with an NLMSG_DONE at the end."""


S = TypeVar("S", bound=Sink)
T = TypeVar("T")


def messages(chunk: bytes) -> Iterator[tuple[int, int, int]]:
    """The messages of a datagram, up to NLMSG_DONE: type, start and end of the payload. Raises NetlinkDecodeError."""
    start, size, unpack = 0, len(chunk), HEADER.unpack_from
    while start < size:
        if size - start < 16:
            raise NetlinkDecodeError(f"{size - start} bytes where a message header should be")
        length, kind, _, _, _ = unpack(chunk, start)
        if not 16 <= length <= size - start:
            raise NetlinkDecodeError(f"a message of {length} bytes in {size - start}")
        if kind == NLMSG_DONE:
            return
        yield kind, start + 16, start + length
        start += (length + 3) & ~3


class NetlinkSocket:
    """One netlink socket, opened when first needed in the network namespace of the thread that needs it.

    Several tasks may use it; they take turns. After an error or a cancelled dump the next request
    begins with a fresh socket, so nothing stale can be taken for an answer.
    """

    def __init__(self, protocol: int) -> None:
        self._protocol = protocol
        self._socket: socket.socket | None = None
        self._port = 0
        self._sequence = int.from_bytes(os.urandom(4))
        self._turn = Turn()
        self._buffer = bytearray()

    async def dump(self, kind: int, body: bytes, sink: Callable[[], S], aside: bool = False) -> S:
        """Ask for all of something and feed the answer, datagram by datagram, to a new `sink()`.

        When the kernel's tables change meanwhile (NLM_F_DUMP_INTR, or ENOBUFS) it is asked again, with a new sink;
        after ATTEMPTS an interrupted dump is returned as it is. `aside`: the kernel may take long for one datagram
        (it looks for few things among many), so where there is an event loop it is asked from a thread. Raises
        NetlinkError, NetlinkDecodeError, or OSError where no socket can be had.
        """
        async with self._turn:
            for last in [False] * (ATTEMPTS - 1) + [True]:
                taker = sink()
                try:
                    if await self._dump(kind, body, taker.feed, aside) or last:
                        break
                except NetlinkError as error:
                    if error.errno != errno.ENOBUFS or last:
                        raise
                await breathe()
        return taker

    async def ask(self, kind: int, body: bytes, flags: int = 0) -> bytes:
        """The first message that answers one request, header included. Raises as `dump` does.

        What the kernel answers only when it fails wants NLM_F_ACK in `flags`: then success is a message too.
        """
        async with self._turn:
            try:
                return self._receive(self._send(kind, NLM_F_REQUEST | flags, body))
            except BaseException:
                self.close()
                raise

    async def ask_each(self, kind: int, bodies: Sequence[bytes]) -> list[bytes | None]:
        """The first message that answers each of several requests, which are sent many at a time.

        None where there is no such thing (ENOENT), or another in its place (ESTALE). The length of a body is a multiple
        of four. Raises as `dump` does.
        """
        answers: list[bytes | None] = []
        async with self._turn:
            for first in range(0, len(bodies), _TOGETHER):
                try:
                    answers += self._ask_together(kind, bodies[first : first + _TOGETHER])
                except BaseException:
                    self.close()
                    raise
                await breathe()
        return answers

    def close(self) -> None:
        """Let the socket go; the next request opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _dump(self, kind: int, body: bytes, feed: Callable[[bytes], None], aside: bool) -> bool:
        """One attempt; whether what was read is consistent."""
        call = away if aside else here
        consistent = done = False
        try:
            self._open()  # before any thread comes in: that may be in another network namespace
            opened = await call(partial(self._send, kind, NLM_F_REQUEST | NLM_F_DUMP, body))
            consistent, rest = True, time.monotonic() + _BREATH
            while not done:
                chunk = await call(partial(self._receive, opened))
                done, last_flags = self._ends(chunk)
                # The kernel marks the first message it makes after a change: at the head of a datagram, or the end.
                if (HEADER.unpack_from(chunk)[2] | last_flags) & NLM_F_DUMP_INTR:
                    consistent = False
                feed(chunk)
                if time.monotonic() > rest:
                    await breathe()
                    rest = time.monotonic() + _BREATH
        finally:
            if not done:
                self.close()
                self._buffer = bytearray()  # a thread may still be at the old one
        return consistent

    def _ask_together(self, kind: int, bodies: Sequence[bytes]) -> Iterator[bytes | None]:
        opened = self._send(kind, NLM_F_REQUEST, *bodies)
        for number in range(len(bodies)):
            if number:
                self._sequence = _next(self._sequence)
            try:
                yield self._receive(opened)
            except NetlinkError as error:
                if error.errno not in (errno.ENOENT, errno.ESTALE):
                    raise
                yield None

    def _send(self, kind: int, flags: int, *bodies: bytes) -> socket.socket:
        """Send requests, numbered from a new `_sequence` on."""
        self._sequence = number = _next(self._sequence)
        opened = self._open()
        requests = b""
        for body in bodies:
            requests += HEADER.pack(16 + len(body), kind, flags, number, self._port) + body
            number = _next(number)
        opened.send(requests)
        return opened

    def _open(self) -> socket.socket:
        if self._socket is None:
            self._socket = open_socket(self._protocol)
            self._socket.settimeout(PATIENCE)
            self._port = self._socket.getsockname()[0]
            self._buffer = self._buffer or bytearray(_BUFFER)
        return self._socket

    def _receive(self, opened: socket.socket) -> bytes:
        """The next datagram that answers our request; the kernel's refusal as NetlinkError."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                size, sender = opened.recvfrom_into(self._buffer, 0, socket.MSG_TRUNC)
            except TimeoutError:
                break
            except OSError as error:
                raise NetlinkError(error.errno, f"netlink: {error.strerror}") from error
            if size > len(self._buffer):
                raise NetlinkDecodeError(f"a datagram of {size} bytes")
            if sender[0] != 0 or size < 16:
                continue
            length, kind, flags, sequence, port = HEADER.unpack_from(self._buffer)
            if sequence != self._sequence or port != self._port:
                continue
            chunk = bytes(memoryview(self._buffer)[:size])
            if kind == NLMSG_OVERRUN:
                raise NetlinkError(errno.ENOBUFS, "netlink: messages were lost")
            if kind in (NLMSG_ERROR, NLMSG_DONE):
                check_status(chunk[: min(length, size)], flags, kind)
            return chunk
        raise NetlinkError(errno.ETIMEDOUT, f"the kernel did not answer on netlink in {PATIENCE:g} s")

    def _ends(self, chunk: bytes) -> tuple[bool, int]:
        """Whether NLMSG_DONE ends this datagram, and the flags of its last message.

        All of a datagram's messages bear our sequence number (which nobody can guess) and port, so the last header
        is found from behind, without walking over thousands.
        """
        last = chunk.rfind(_SENDER.pack(self._sequence, self._port)) - 8
        length, kind, flags, _, _ = HEADER.unpack_from(chunk, last)
        if kind != NLMSG_DONE or last + length > len(chunk):
            return False, flags
        check_status(chunk[last : last + length], flags, kind)
        return True, flags


def _next(sequence: int) -> int:
    return (sequence + 1) & 0xFFFFFFFF


async def here(call: Callable[[], T]) -> T:
    """What a call returns."""
    return call()


async def away(call: Callable[[], T]) -> T:
    """What a call returns that may wait for the kernel: from a thread, where there is an event loop to be kept free."""
    asyncio = sys.modules.get("asyncio")
    loop = asyncio._get_running_loop() if asyncio else None
    result: T = await loop.run_in_executor(None, call) if loop else call()
    return result


def open_socket(protocol: int, groups: int = 0) -> socket.socket:
    """A bound netlink socket, in the multicast `groups` of this bit mask. Raises OSError with a plain sentence."""
    try:
        opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
    except OSError as error:
        raise OSError(error.errno, f"no netlink socket could be opened: {os.strerror(error.errno or 0)}") from error
    try:
        for option in (_NETLINK_EXT_ACK, _NETLINK_CAP_ACK, _NETLINK_GET_STRICT_CHK):
            with suppress(OSError):  # kernels before 4.12, 4.3 and 4.20 do without
                opened.setsockopt(_SOL_NETLINK, option, 1)
        opened.bind((0, groups))
    except OSError:
        opened.close()
        raise
    return opened


def check_status(message: bytes, flags: int, kind: int) -> None:
    """Raise NetlinkError if an NLMSG_ERROR or NLMSG_DONE (`message`, with its header) says that something failed."""
    if len(message) < 20:
        if kind == NLMSG_DONE:
            return
        raise NetlinkDecodeError("an error message without an error")
    (code,) = _ERROR.unpack_from(message, 16)
    if code >= 0:
        return
    reason = os.strerror(-code)
    if flags & _NLM_F_ACK_TLVS:
        # Behind an error comes the request: its header, and unless capped its body too.
        start = 20
        if kind == NLMSG_ERROR and len(message) >= 36:
            start = 36 if flags & _NLM_F_CAPPED else 20 + ((HEADER.unpack_from(message, 20)[0] + 3) & ~3)
        reason = _extended(message, start) or reason
    raise NetlinkError(-code, reason)


def _extended(message: bytes, start: int) -> str:
    """The kernel's explanation of an error (`NLMSGERR_ATTR_MSG`), if it gave one."""
    while len(message) - start >= 4:
        length, kind = _ATTRIBUTE.unpack_from(message, start)
        if length < 4:
            break
        if kind == _NLMSGERR_ATTR_MSG:
            return clean(message[start + 4 : start + length].rstrip(b"\0"))
        start += (length + 3) & ~3
    return ""
