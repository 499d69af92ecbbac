"""What the types of a Snapshot cannot say: that an address is one, a prefix fits it, a number is no book.

The system's own records are so by the way they are made. A recording is text that anybody may have written.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from nettui.model.address_blocks import packed


def refuse_nonsense(sections: Any) -> None:
    """Check a Snapshot, or any object with some of its sections. Raises ValueError at the first impossible thing."""
    try:
        msgspec.msgpack.encode(sections)  # which has no larger ones
    except OverflowError:
        raise ValueError("a number of more than 64 bits") from None
    for address, prefixlen in _networks(sections):
        if not 0 <= prefixlen <= len(packed(address)) * 8:
            raise ValueError(f"a prefix length of {prefixlen} is not possible for {address}")


def _networks(sections: Any) -> Iterator[tuple[str, int]]:
    for address in sections.addresses or ():
        yield address.address, address.prefixlen
    for route in sections.routes or ():
        yield route.destination, route.prefixlen
    for neighbour in sections.neighbours or ():
        yield neighbour.address, 0
