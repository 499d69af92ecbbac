"""A log file of findings: one line of JSON an event, rotated by size, shared safely by several processes."""

import os
import stat
from contextlib import suppress
from pathlib import Path

import msgspec

from nettui.notify.message import Message, record
from nettui.notify.notifier import Undelivered, reason

try:
    import fcntl
except ImportError:  # Windows: one process a file
    fcntl = None  # type: ignore[assignment]  # a module that is not there has no better type


class Log:
    """Appends to `path`; a file that would outgrow `size` bytes becomes `path.1`, that one `path.2`, up to `keep`."""

    def __init__(self, path: Path, size: int = 10_000_000, keep: int = 5) -> None:
        self._path, self._size, self._keep = path, size, keep

    def deliver(self, message: Message) -> None:
        """Write every event of the message, all of them or none."""
        lines = b"".join(msgspec.json.encode(record(message.host, event)) + b"\n" for event in message.events)
        try:
            file = self._open(len(lines))
        except OSError as error:
            raise Undelivered(f"the log file could not be opened: {reason(error)}") from None
        try:
            _append(file, lines)
        except OSError as error:
            raise Undelivered(f"the log file could not be written: {reason(error)}") from None
        finally:
            os.close(file)

    def _open(self, more: int) -> int:
        """The file at `path`, locked, with room for `more` bytes; closing it unlocks it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            # A FIFO without a reader would hang us where it does not fail (ENXIO).
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
            file = os.open(self._path, flags, 0o600)
            try:
                _lock(file)
                if not self._is_current(file):  # another process rotated it while we waited
                    os.close(file)
                    continue
                found = os.fstat(file)
                if not stat.S_ISREG(found.st_mode) or not found.st_size or found.st_size + more <= self._size:
                    return file
                self._rotate()
            except BaseException:
                with suppress(OSError):
                    os.close(file)
                raise
            os.close(file)

    def _is_current(self, file: int) -> bool:
        try:
            return os.path.samestat(os.fstat(file), os.stat(self._path))  # noqa: PTH116 - samestat wants os.stat's result
        except FileNotFoundError:
            return False

    def _rotate(self) -> None:
        names = [self._path, *(self._path.with_name(f"{self._path.name}.{n}") for n in range(1, self._keep + 1))]
        if self._keep == 0:
            self._path.unlink()
        for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
            with suppress(FileNotFoundError):
                newer.replace(older)


def _lock(file: int) -> None:
    if fcntl is not None:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)


def _append(file: int, data: bytes) -> None:
    """All of `data`; where the disk is full midway the part that was written is taken back."""
    before = os.fstat(file).st_size
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(file, rest) :]
    except OSError:
        if len(rest) < len(data):
            with suppress(OSError):
                os.ftruncate(file, before)
        raise
