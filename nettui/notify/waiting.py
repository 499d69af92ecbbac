"""What waits to be delivered: a bounded queue in memory, and one on disk that survives a restart."""

import os
from collections import deque
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Protocol

import msgspec

from nettui.notify.message import Message
from nettui.notify.notifier import reason

MOST = 1_000
"""Messages that wait at most; the oldest gives way to the newest."""

LARGEST = 8 * 1024 * 1024
"""Bytes of one message on disk; what is larger was not written by us."""


class Entry(NamedTuple):
    """A message that waits, and its ticket, by which it is taken off the queue."""

    ticket: int
    message: Message


class Waiting(Protocol):
    """A queue that several threads may use."""

    def put(self, message: Message) -> int:
        """Add at the end; returns how many old ones had to go for it. May write to a disk."""
        ...

    @property
    def trouble(self) -> str:
        """Why what waits would not survive a restart, though it should; empty: all is well."""
        ...

    def first(self) -> Entry | None:
        """The oldest, which stays where it is."""
        ...

    def done(self, entry: Entry) -> None:
        """It need not wait any more."""
        ...

    def __len__(self) -> int: ...


class InMemory:
    """Lost when the process ends."""

    trouble = ""

    def __init__(self, most: int = MOST) -> None:
        self._entries: deque[Entry] = deque()
        self._most = most
        self._ticket = 0
        self._lock = Lock()

    def put(self, message: Message) -> int:
        with self._lock:
            self._ticket += 1
            self._entries.append(Entry(self._ticket, message))
            if len(self._entries) > self._most:
                self._entries.popleft()
                return 1
            return 0

    def first(self) -> Entry | None:
        with self._lock:
            return self._entries[0] if self._entries else None

    def done(self, entry: Entry) -> None:
        with self._lock:
            if self._entries and self._entries[0].ticket == entry.ticket:
                self._entries.popleft()

    def __len__(self) -> int:
        return len(self._entries)


class OnDisk:
    """A file a message in a folder of one process; in memory what the disk refuses, so that it is told at least."""

    def __init__(self, folder: Path, most: int = MOST) -> None:
        """Raises OSError where the folder cannot be used, BlockingIOError where another process uses it."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._most = folder, most
        self._hold = _take(folder / "lock")
        self._lock = Lock()
        self._tickets = deque(sorted(int(path.stem) for path in folder.glob("*.json") if path.stem.isdecimal()))
        self._last = self._tickets[-1] if self._tickets else 0
        self._unsaved: dict[int, Message] = {}
        self.trouble = ""

    def put(self, message: Message) -> int:
        with self._lock:
            self._last += 1
            ticket = self._last
            try:
                _write(self._path(ticket), msgspec.json.encode(message))
                self.trouble = ""
            except OSError as error:
                self._unsaved[ticket] = message
                self.trouble = reason(error)
            self._tickets.append(ticket)
            if len(self._tickets) > self._most:
                self._remove(self._tickets.popleft())
                return 1
            return 0

    def first(self) -> Entry | None:
        with self._lock:
            while self._tickets:
                found = self._read(self._tickets[0])
                if found is not None:
                    return Entry(self._tickets[0], found)
                self._remove(self._tickets.popleft())  # cut short by a crash, or not ours
            return None

    def done(self, entry: Entry) -> None:
        with self._lock:
            if self._tickets and self._tickets[0] == entry.ticket:
                self._tickets.popleft()
                self._remove(entry.ticket)

    def __len__(self) -> int:
        return len(self._tickets)

    def close(self) -> None:
        """Let another process use the folder; what waits in it stays."""
        os.close(self._hold)

    def _path(self, ticket: int) -> Path:
        return self._folder / f"{ticket:012}.json"

    def _read(self, ticket: int) -> Message | None:
        if ticket in self._unsaved:
            return self._unsaved[ticket]
        try:
            with self._path(ticket).open("rb") as file:
                message = msgspec.json.decode(file.read(LARGEST), type=Message)
        except (OSError, ValueError, RecursionError):
            return None
        return message if message.events else None

    def _remove(self, ticket: int) -> None:
        if self._unsaved.pop(ticket, None) is not None:
            return
        with suppress(OSError):
            self._path(ticket).unlink()


def _take(path: Path) -> int:
    """The lock file, held for as long as it is open."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # Windows: the folder is one user's, and one nettui's
        pass
    except OSError:
        os.close(file)
        raise
    return file


def _write(path: Path, data: bytes) -> None:
    """The whole file or none, and on the disk, not only on its way there."""
    part = path.with_suffix(".part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
