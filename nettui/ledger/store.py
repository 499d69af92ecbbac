"""The file in which findings are kept (SQLite): written and read by one thread of its own, which nobody waits for.

What cannot be written (a full disk, a locked file, a home that is read-only) is said in `problem` and tried again;
a file that is damaged is set aside under another name. Two programs may use one file at the same time.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nettui.model.text import clean

if TYPE_CHECKING:
    from sqlite3 import Connection

FILE = "findings.sqlite"
VERSION = 1
WAITING = 5_000
"""Operations that may wait for the disk; more are left out, and said to be."""
LOCKED = 2.0
"""Seconds to wait for another program that writes."""
AGAIN = 5.0
"""Seconds after which what could not be written is tried again."""
CLOSING = 0.5
"""Seconds that the end of the program waits for what is still to be written."""

SCHEMA = """
CREATE TABLE findings (
    rule TEXT NOT NULL, subject TEXT NOT NULL, opened REAL NOT NULL, known REAL NOT NULL, closed REAL,
    rank INTEGER NOT NULL, acknowledged REAL, data BLOB NOT NULL, PRIMARY KEY (rule, subject, opened)
);
CREATE INDEX newest ON findings (opened);
CREATE TABLE silences (rule TEXT NOT NULL, subject TEXT, until REAL);
CREATE UNIQUE INDEX silenced ON silences (rule, ifnull(subject, char(0)));
"""

Operation = Callable[["Connection"], Any]
"""What is to be done, in one transaction; what it returns is handed to whoever asked."""
Item = tuple[Operation | None, Callable[[Any], None] | None]
_NOTHING: Item = (None, None)


class Store:
    """One file. The thread begins with the first operation."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        """`folder` says where the file is, or is to be; it is asked in the thread."""
        self.problem = ""
        """Why findings are not kept, in a sentence; empty while they are."""
        self._folder = folder
        self._waiting: queue.Queue[Item | None] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._refused: deque[Operation] = deque()
        """What is still to be written, the oldest first; the thread's own."""
        self._lost = self._aside = ""

    def do(self, operation: Operation, then: Callable[[Any], None] | None = None) -> None:
        """Have something done soon. `then` gets what it returned, in the thread of the store.

        Without `then` it is a change, and tried until it is written, in its order; a question is asked once, and not
        answered while a change waits.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="findings", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait((operation, then))
        except queue.Full:
            self.problem = "Findings come faster than they can be written: some are not kept."

    def close(self) -> None:
        """Let what waits be written, for a moment."""
        if self._thread is not None:
            try:
                self._waiting.put(None, timeout=CLOSING / 2)
            except queue.Full:
                return
            self._thread.join(CLOSING)

    # In the thread

    def _work(self) -> None:
        connection: Connection | None = None
        ended = False
        while not ended:
            try:
                item = self._waiting.get(timeout=AGAIN if self._refused else None)
            except queue.Empty:
                item = _NOTHING
            ended = item is None
            operation, then = item or _NOTHING
            if operation is not None and then is None:
                self._note(operation)
            connection = self._written(connection)
            # What the file says is out of date while something that was said here is not in it.
            if operation is not None and then is not None and not self._refused:
                connection = self._answered(connection, operation, then)
        if connection is not None:
            connection.close()

    def _note(self, operation: Operation) -> None:
        self._refused.append(operation)
        if len(self._refused) > WAITING:
            self._refused.popleft()
            self._lost = "Findings could not be written for too long: the oldest are not kept."

    def _written(self, connection: "Connection | None") -> "Connection | None":
        """Write what is to be written, in its order, up to the first thing that the disk refuses."""
        while self._refused:
            connection, done, _ = self._tried(connection, self._refused[0])
            if not done:
                break
            self._refused.popleft()
        return connection

    def _answered(
        self, connection: "Connection | None", operation: Operation, then: Callable[[Any], None]
    ) -> "Connection | None":
        connection, done, found = self._tried(connection, operation)
        if done:
            then(found)
        return connection

    def _tried(self, connection: "Connection | None", operation: Operation) -> "tuple[Connection | None, bool, Any]":
        """One transaction: the connection for the next, whether it succeeded, and what it returned."""
        import sqlite3

        while True:
            try:
                connection = connection or self._opened()
                with connection:
                    connection.execute("BEGIN IMMEDIATE")  # nobody else may write between what it reads and writes
                    found = operation(connection)
            except (sqlite3.Error, OSError) as error:
                if connection is not None:
                    connection.close()
                    connection = None
                if _is_damage(error):
                    self._set_aside()
                    continue
                self.problem = f"Findings are not kept: {_reason(error)}."
                return None, False, None
            self.problem = self._lost or self._aside
            return connection, True, found

    def _opened(self) -> "Connection":
        import sqlite3

        path = self._folder() / FILE
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = sqlite3.connect(path, timeout=LOCKED)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                    for statement in filter(str.strip, SCHEMA.split(";")):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            connection.close()
            raise OSError(f"{clean(str(path))} was written by another version of nettui")
        return connection

    def _set_aside(self) -> None:
        """Nothing is deleted: a damaged file keeps its contents under another name."""
        path = self._folder() / FILE
        number = 1
        while (other := path.with_suffix(f".damaged{number}")).exists():
            number += 1
        try:
            path.rename(other)
            journal = path.with_name(f"{FILE}-journal")  # of the damaged file, and poison to the new one
            if journal.exists():
                journal.rename(other.with_name(f"{other.name}-journal"))
            self._aside = f"The file of findings was damaged; it is set aside as {clean(other.name)}."
        except OSError as error:
            self._folder = lambda: path.parent / f"new{number}"
            self._aside = f"The file of findings is damaged, and cannot be set aside: {_reason(error)}."


def _is_damage(error: Exception) -> bool:
    """SQLITE_CORRUPT, SQLITE_NOTADB (sqlite3.h)."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (11, 26)


def _reason(error: Exception) -> str:
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return clean(text[:1].lower() + text[1:])
