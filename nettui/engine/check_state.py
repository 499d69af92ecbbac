"""What `nettui check --state FILE` keeps between its runs: the last readings, in a small file that is replaced whole.

The lines are those of a recording (so `nettui --replay FILE` shows them), but the first one says that the file belongs
to check: a recording that somebody made is not ours to shorten. The file is locked while a run reads and replaces it;
a new one is written beside it and renamed over it, so that whoever is killed leaves the old one.
"""

import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from nettui.engine import recording
from nettui.model.snapshot import Snapshot
from nettui.model.text import clean

KEPT = 60
"""Readings kept. A leak needs 24."""

SPAN = 7 * 86_400.0
"""Seconds after which a reading is too old to be compared with."""

TABLE = 200
"""Entries of a table kept of a past reading; of routes and neighbours, those that lead out."""

LIMIT = 64 << 20
"""Bytes of a file that is read at all."""

PATIENCE = 5.0
"""Seconds to wait for another run to end."""

_KIND = "nettui.check/1"
_HEAD = msgspec.json.encode({"schema": recording.SCHEMA, "state": _KIND})


class StateError(Exception):
    """Why the file cannot be used, in one sentence."""


class _Head(msgspec.Struct):
    schema: str = ""
    state: str = ""


class CheckState:
    """An opened and locked state file."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def past(self, now: float) -> tuple[Snapshot, ...]:
        """The readings of earlier runs, oldest first; none where the clock says they are yet to come, or long gone.

        Raises StateError for a file that is not ours, or damaged.
        """
        found: list[Snapshot] = []
        before: Snapshot | None = None
        for number, line in enumerate(self._lines(), 2):
            try:
                before = recording.decoded(line, before)
            except ValueError as error:
                why = f"damaged in line {number}: {clean(str(error), 120)}; remove it to begin anew"
                raise self._error(why) from None
            found.append(before)
        return tuple(snapshot for snapshot in found if now - SPAN <= snapshot.taken_at <= now)

    def replace(self, snapshots: Sequence[Snapshot]) -> None:
        """Put these in the place of what was there. Raises StateError; the file is then as it was."""
        lines, before = [_HEAD], None
        for snapshot in map(small, snapshots[-KEPT:]):
            lines.append(recording.encoded(snapshot, before))
            before = snapshot
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOWING, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(b"\n".join(lines) + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                beside.replace(self._path)
            except BaseException:
                with suppress(OSError):
                    beside.unlink()
                raise
        except OSError as error:
            raise self._error(error.strerror or str(error)) from error

    def _lines(self) -> Iterator[bytes]:
        """The lines after the first, which must say that the file is ours. An empty file is: one of a run cut short."""
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            data = file.read(LIMIT + 1)
        if not data:
            return
        first, *lines = data.split(b"\n")
        try:
            head = msgspec.json.decode(first, type=_Head)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            head = _Head()
        if head.state != _KIND or head.schema != recording.SCHEMA:
            what = "a recording" if head.schema == recording.SCHEMA else "not a state of nettui check"
            raise self._error(f"{what}; nothing was written")
        if len(data) > LIMIT or lines[-1:] != [b""]:
            raise self._error("damaged: cut off, or far too large; remove it to begin anew")
        yield from lines[:-1]

    def _error(self, why: str) -> StateError:
        return StateError(f"{clean(str(self._path))}: {why}")


@contextmanager
def open_state(path: Path, sleep: Callable[[float], None] = time.sleep) -> Iterator[CheckState]:
    """The state file, made if it is not there, and locked. Raises StateError where it cannot be used safely.

    No symbolic link is followed to it, and only a file of this user with no other name is taken: in a folder that
    all may write to, anybody could have put something else there.
    """
    where = clean(str(path))
    try:
        descriptor = _open_locked(path, where, sleep)
    except (OSError, ValueError) as error:
        reason = "a symbolic link, which is not followed" if path.is_symlink() else getattr(error, "strerror", None)
        raise StateError(f"{where}: {reason or clean(str(error))}") from error
    try:
        yield CheckState(path, descriptor)
    finally:
        os.close(descriptor)


_NO_FOLLOWING = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def _open_locked(path: Path, where: str, sleep: Callable[[float], None]) -> int:
    end = time.monotonic() + PATIENCE
    while True:
        # Nonblocking: a FIFO that somebody put there must not hang us.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NO_FOLLOWING | getattr(os, "O_NONBLOCK", 0), 0o600)
        try:
            _refuse_foreign(os.fstat(descriptor), where)
            locked = _lock(descriptor)
            if locked and _is_still(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # another run has it, or has just put a new one in its place
        if time.monotonic() > end:
            raise StateError(f"{where}: another run is using it")
        if not locked:
            sleep(0.05)


def _refuse_foreign(found: os.stat_result, where: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise StateError(f"{where}: not a regular file")
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise StateError(f"{where}: belongs to another user (uid {found.st_uid})")
    if found.st_nlink > 1:
        raise StateError(f"{where}: has another name too (a hard link)")


def _lock(descriptor: int) -> bool:
    """Whether the lock is ours now. Where the system has none, nobody else can be seen."""
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the file that was locked is the one that bears the name: another run may have replaced it meanwhile."""
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def small(snapshot: Snapshot) -> Snapshot:
    """What is worth keeping of a past reading: large tables only as far as they lead out of the host."""
    routes, neighbours = snapshot.routes, snapshot.neighbours
    if routes is not None and len(routes) > TABLE:
        routes = tuple([route for route in routes if route.prefixlen <= 1])[:TABLE]
    if neighbours is not None and len(neighbours) > TABLE:
        hops = {route.gateway for route in routes or ()}
        hops |= {hop.gateway for route in routes or () for hop in route.nexthops}
        neighbours = tuple([each for each in neighbours if each.address in hops])[:TABLE]
    return msgspec.structs.replace(
        snapshot, routes=routes, neighbours=neighbours, sockets=None, sockets_total=None,
    )
