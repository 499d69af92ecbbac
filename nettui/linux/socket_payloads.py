"""Takes datagrams about sockets apart: a hundred thousand messages in a few milliseconds.

A loop over the messages costs more than the kernel takes to write some of them. But they come in a handful of lengths
(with and without IPv6, with and without a program), and once these are known one regular expression walks a
datagram: at each message it looks which of the known lengths the header says, and goes on behind it.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from struct import Struct as Layout

from nettui.linux.sock_diag import SOCK_DIAG_BY_FAMILY, TCPDIAG_GETSOCK, socket_messages

MESSAGE_SIZE = 72
"""Of struct inet_diag_msg (linux/inet_diag.h), with which each message begins; its attributes follow."""
COOKIE = Layout("=44xII")
"""The two halves of the cookie in it."""

_HEADER_SIZE = 16
_HEADER = Layout("=IH")  # of struct nlmsghdr: length, type
_LENGTH = Layout("=I")
_MOST_LENGTHS = 16


class Splitter:
    """Splits the datagrams of one dump into the payloads of their messages, or into what these begin with."""

    def __init__(self, whole: bool) -> None:
        self._whole = whole
        self._lengths: tuple[int, ...] = ()
        self._pattern = _pattern((), whole)

    def split(self, chunk: bytes) -> list[bytes]:
        """For each message its payload: all of it, or the struct inet_diag_msg. Raises NetlinkDecodeError."""
        found: list[bytes] = self._pattern.findall(chunk)
        if not found or found[-1]:
            return found
        lengths = [(start, _LENGTH.unpack_from(chunk, start)[0]) for start in socket_messages(chunk)]
        self._learn({length for _, length in lengths if length % 4 == 0})
        size = None if self._whole else _HEADER_SIZE + MESSAGE_SIZE
        return [chunk[start + _HEADER_SIZE : start + (size or length)] for start, length in lengths]

    def _learn(self, lengths: set[int]) -> None:
        fresh = tuple(sorted(lengths.difference(self._lengths)))
        if fresh and len(self._lengths) + len(fresh) <= _MOST_LENGTHS:
            self._lengths += fresh
            self._pattern = _pattern(self._lengths, self._whole)


@lru_cache(64)
def _pattern(lengths: Sequence[int], whole: bool) -> re.Pattern[bytes]:
    """Matches the messages of these lengths one after the other, and at the first that is none of them all the rest.

    The group is what is wanted of a message; it is empty for that rest.
    """
    seen = _HEADER_SIZE + MESSAGE_SIZE
    kinds = (TCPDIAG_GETSOCK, SOCK_DIAG_BY_FAMILY)
    tails = b"|".join(
        b"(?<=%s.{%d}).{%d}" % (re.escape(_HEADER.pack(length, kind)), seen - _HEADER.size, length - seen)
        for length in lengths for kind in kinds
    ) or b"(?!)"  # never
    wanted = b"(.{%d}(?:%s))" if whole else b"(.{%d})(?:%s)"
    return re.compile(b".{%d}" % _HEADER_SIZE + wanted % (MESSAGE_SIZE, tails) + b"|.+", re.DOTALL)
