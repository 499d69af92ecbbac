"""Memory and the garbage collector, where tables of 100,000 sockets come and go each second."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LARGE = 1 << 18
"""Bytes from which a piece of memory is had from the kernel by itself, and given back to it by itself."""

_M_MMAP_THRESHOLD = -3  # malloc.h

_busy: list[bool] = []
"""One for each who must not be disturbed now; the last to go turns the collector on if the first found it so."""


def give_large_pieces_back() -> None:
    """Keep tables out of the heap, which small pieces left among them would keep as large as it ever was.

    glibc raises the limit to the largest piece ever freed, 32 MB at most (mallopt(3)), unless it is set.
    """
    if sys.platform == "linux":
        from ctypes import CDLL

        with suppress(AttributeError, OSError):  # another libc
            CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE)


@contextmanager
def undisturbed() -> Iterator[None]:
    """The garbage collector does not look while large lists are young: it would go through each."""
    _busy.append(gc.isenabled())
    gc.disable()
    try:
        yield
    finally:
        if _busy.pop():
            gc.enable()
