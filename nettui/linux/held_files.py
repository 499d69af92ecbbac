"""Files of /proc that are held open and read again from their start, which costs microseconds.

That also keeps the reader in the network namespace it began in: a file of /proc/net or /proc/sys/net belongs to the
namespace of the thread that opened it, for good (namespaces(7)).
"""

import os
from pathlib import Path

_SIZE = 1 << 16
_MOST = 1 << 20  # bytes of a table that are read: 7,000 processors


class HeldFiles:
    """The files below one directory. Each is opened when it is first asked for, and anew after it failed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._held: dict[str, int] = {}

    def read(self, name: str) -> bytes:
        """A file of totals: the kernel gives all of it at once to whoever reads from its start. Raises OSError."""
        return self._piece(name, 0)

    def read_table(self, name: str) -> bytes:
        """A file of many lines, of which the kernel gives a page at a time (seq_file). Raises OSError."""
        text = b""
        while len(text) < _MOST and (piece := self._piece(name, len(text))):
            text += piece
        return text

    def close(self) -> None:
        """Let go of the descriptors."""
        while self._held:
            os.close(self._held.popitem()[1])

    def _piece(self, name: str, start: int) -> bytes:
        if name not in self._held:
            self._held[name] = os.open(self._root / name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(self._held[name], _SIZE, start)
        except OSError:
            os.close(self._held.pop(name))
            raise
