"""What waits to be delivered: a bounded queue in memory, and one on disk that survives a restart."""

import os
from collections import deque
from contextlib import suppress
from pathlib import Path
from threading import Condition, Lock, Thread
from typing import NamedTuple, Protocol

import msgspec

from nettui.notify.message import Message
from nettui.notify.notifier import reason

MOST = 1_000
"""Messages that wait at most (2 or more); the oldest gives way to the newest, but for the first: it is on its way."""

LARGEST = 8 * 1024 * 1024
"""Bytes of one message on disk; what is larger was not written by us."""


class Entry(NamedTuple):
    """A message that waits, and its ticket, by which it is taken off the queue."""

    ticket: int
    message: Message


class Waiting(Protocol):
    """A queue that several threads may use."""

    def put(self, message: Message) -> int:
        """Add at the end, at once; returns how many old ones had to go for it."""
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
                del self._entries[1]
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
    """A file a message in a folder of one process. A thread writes them, and what the disk refuses stays in memory."""

    def __init__(self, folder: Path, most: int = MOST) -> None:
        """Raises OSError where the folder cannot be used, BlockingIOError where another process uses it."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._most = folder, most
        self._hold = _take(folder / "lock")
        self._tickets = deque(sorted(int(path.stem) for path in folder.glob("*.json") if path.stem.isdecimal()))
        self._last = self._tickets[-1] if self._tickets else 0
        self._unsaved: dict[int, Message] = {}
        self._to_save: deque[int] = deque()
        self._changed = Condition()
        self._closing = False
        self._saver: Thread | None = None
        self.trouble = ""

    def put(self, message: Message) -> int:
        with self._changed:
            self._last += 1
            self._tickets.append(self._last)
            self._unsaved[self._last] = message
            self._to_save.append(self._last)
            self._changed.notify()
            self._start()
            if len(self._tickets) > self._most:
                self._remove(self._tickets[1])
                del self._tickets[1]
                return 1
            return 0

    def first(self) -> Entry | None:
        with self._changed:
            while self._tickets:
                found = self._read(self._tickets[0])
                if found is not None:
                    return Entry(self._tickets[0], found)
                self._remove(self._tickets.popleft())  # cut short by a crash, or not ours
            return None

    def done(self, entry: Entry) -> None:
        with self._changed:
            if self._tickets and self._tickets[0] == entry.ticket:
                self._tickets.popleft()
                self._remove(entry.ticket)

    def __len__(self) -> int:
        return len(self._tickets)

    def close(self, timeout: float = 1.0) -> None:
        """Write what is not written yet, within so many seconds, and let another process use the folder."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._saver is not None:
            self._saver.join(timeout)
        os.close(self._hold)

    def _start(self) -> None:
        if self._saver is None:
            saver = Thread(target=self._save, name="notify-queue", daemon=True)
            try:
                saver.start()
            except RuntimeError:  # as many as the system allows; the next message tries again
                self.trouble = "no thread can be started"
            else:
                self._saver = saver

    def _save(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._to_save or self._closing)
                if not self._to_save:
                    return
                ticket = self._to_save.popleft()
                message = self._unsaved.get(ticket)
            if message is None:  # it was quicker than the disk
                continue
            try:
                _write(self._path(ticket), msgspec.json.encode(message))
            except OSError as error:
                self.trouble = reason(error)
                continue
            with self._changed:
                self.trouble = ""
                if self._unsaved.pop(ticket, None) is None:  # it was done with meanwhile
                    self._remove(ticket)

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
        if self._unsaved.pop(ticket, None) is None:
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
