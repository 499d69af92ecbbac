"""Reading one of the kernel's tables into records (rtnetlink(7), linux/rtnetlink.h)."""

from collections.abc import Callable
from typing import Generic, TypeVar

from nettui.linux.netlink import NetlinkSocket, messages
from nettui.model.address import Family

T = TypeVar("T")

Decoder = Callable[[bytes, int, int], T | None]
"""Makes a record of the payload `chunk[start:end]` of one message; None for one that is not wanted."""

FAMILIES: dict[int, Family] = {2: "inet", 10: "inet6"}
"""By AF_INET and AF_INET6. Tables hold other families too (MPLS, bridges, multicast routing), which are left out."""


class Records(Generic[T]):
    """A sink that decodes every message of one type."""

    def __init__(self, kind: int, decode: Decoder[T]) -> None:
        self._kind = kind
        self._decode = decode
        self.found: list[T] = []

    def feed(self, chunk: bytes) -> None:
        """Decode one datagram. Raises NetlinkDecodeError."""
        for kind, start, end in messages(chunk):
            if kind == self._kind:
                record = self._decode(chunk, start, end)
                if record is not None:
                    self.found.append(record)


async def read(netlink: NetlinkSocket, get: int, body: bytes, decode: Decoder[T]) -> tuple[T, ...]:
    """All records of a table, by its RTM_GET message; the answers are of type RTM_NEW, which is always two less.

    Raises as `NetlinkSocket.dump` does.
    """
    sink = await netlink.dump(get, body, lambda: Records(get - 2, decode))
    return tuple(sink.found)


def names(bits: int, table: tuple[tuple[int, str], ...]) -> tuple[str, ...]:
    """The names of the flags that are set, in the order of `table`."""
    return tuple([name for bit, name in table if bits & bit]) if bits else ()
