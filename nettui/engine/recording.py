"""Recordings: Snapshots as JSON lines, each with only the sections that changed since the line before.

The first line of a session says what the file is. Then each line is one Snapshot: whole (`"whole": true`), or
the fields that differ. Whole ones come again and again, so that winding needs few lines and a damaged file
can be picked up behind the damage.
"""

import contextlib
import os
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from nettui.engine.compression import COMPRESSED, Broken, LineWriter, read_lines
from nettui.engine.plausible import refuse_nonsense
from nettui.model.number import UnixTime
from nettui.model.snapshot import Snapshot
from nettui.model.text import clean

SCHEMA = "nettui.recording/1"

MEMORY_LIMIT = 1 << 30
"""Bytes of lines a Recording holds at most; a longer one is shown up to there."""

_LINE_COST = 128
"""Bytes a line takes besides its text."""

_FOREIGN = 100
"""Lines looked at in a file that begins with none of ours."""

_WHOLE_EVERY = 60
"""Lines between whole Snapshots at least; more where a whole one is large."""

_FIELDS = Snapshot.__struct_fields__


class RecordingError(Exception):
    """What is wrong with a recording, in one sentence for the user."""


class _Head(msgspec.Struct):
    """What each line is asked first."""

    schema: str | None = None
    taken_at: UnixTime | None = None
    whole: bool = False


_fields: list[Any] = [(field.name, field.type | UnsetType, UNSET) for field in msgspec.structs.fields(Snapshot)]
_Delta: Any = msgspec.defstruct("_Delta", _fields)


class RecordingWriter:
    """Appends Snapshots to a file; raises RecordingError where it cannot: no right, disk full, a foreign file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._previous: Snapshot | None = None
        self._lines = self._bytes = self._whole_size = 0
        try:
            self._refuse_foreign()
            torn = self._torn()
            self._writer = LineWriter(path)
        except OSError as error:
            raise self._failed(error) from error
        self._write(b"\n" * torn + msgspec.json.encode({"schema": SCHEMA}))

    def append(self, snapshot: Snapshot) -> None:
        """Write one line, and see that it has left this process."""
        whole = self._previous is None or (
            self._lines >= _WHOLE_EVERY and self._bytes >= 4 * self._whole_size
        )
        line = encoded(snapshot, None if whole else self._previous)
        if whole:
            self._lines, self._bytes, self._whole_size = 0, 0, len(line)
        self._lines += 1
        self._bytes += len(line)
        self._previous = snapshot
        self._write(line)

    def close(self) -> None:
        try:
            self._writer.close()
        except OSError as error:
            raise self._failed(error) from error

    def _write(self, line: bytes) -> None:
        try:
            self._writer.write(line)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._writer.close()
            raise self._failed(error) from error

    def _refuse_foreign(self) -> None:
        if self._path.exists() and self._path.stat().st_size:
            first = next(read_lines(self._path), b"")
            if not isinstance(first, bytes) or _head(first) is None:
                name = clean(str(self._path))
                raise RecordingError(f"{name}: exists and is not a nettui recording; nothing was written")

    def _torn(self) -> bool:
        """Whether the last line was never ended; a compressed stream that begins after it ends it by itself."""
        if self._path.suffix in COMPRESSED or not self._path.exists() or not self._path.stat().st_size:
            return False
        with self._path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read() != b"\n"

    def _failed(self, error: OSError) -> RecordingError:
        return RecordingError(f"{clean(str(self._path))}: {error.strerror or error}")


def encoded(snapshot: Snapshot, before: Snapshot | None) -> bytes:
    """A Snapshot as a line: whole, or what differs from the one of the line before."""
    found: dict[str, object] = {"whole": True} if before is None else {"taken_at": snapshot.taken_at}
    for name in _FIELDS:
        value = getattr(snapshot, name)
        if before is None or not _same(value, getattr(before, name)):
            found[name] = value
    return msgspec.json.encode(found)


def decoded(line: bytes, before: Snapshot | None) -> Snapshot:
    """The Snapshot of a line, given that of the line before. Raises ValueError where the line is none, or nonsense."""
    try:
        delta = _decoded(line)
        refuse_nonsense(delta)
    except (UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    found = {name: value for name in _FIELDS if (value := getattr(delta, name)) is not UNSET}
    if "taken_at" not in found:
        raise ValueError("a snapshot without its time")
    return msgspec.structs.replace(before or Snapshot(taken_at=0.0), **found)


def _same(one: object, other: object) -> bool:
    return one is other or one == other


def _head(line: bytes) -> _Head | None:
    """What a line is, or None where it is not one of ours."""
    try:
        head = msgspec.json.decode(line, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return head if head.schema == SCHEMA or (head.schema is None and head.taken_at is not None) else None


class Recording:
    """A recording read from a file: its Snapshots by number, made when asked for.

    `problem` says, in one sentence, where the file first broke; what came before, and from the next whole Snapshot
    on, can be had. Raises RecordingError where there is nothing to show.
    """

    def __init__(self, path: Path) -> None:
        self.problem: str | None = None
        self.times: list[float] = []
        """Unix time of each Snapshot."""
        self._name = clean(str(path))
        self._lines: list[bytes] = []
        self._whole: list[int] = []
        """For each Snapshot, the number of the whole one it builds on."""
        self._base = -1
        """While it is read: the newest whole Snapshot; -1 where the next has to be one."""
        self._size = 0
        self._at = -1
        self._snapshot: Snapshot | None = None
        try:
            self._load(path)
        except OSError as error:
            raise RecordingError(f"{self._name}: {error.strerror or error}") from error
        if not self._lines:
            raise RecordingError(self.problem or f"{self._name}: a recording without a single snapshot")

    def __len__(self) -> int:
        return len(self._lines)

    def snapshot(self, number: int) -> Snapshot:
        """Snapshot `number` (from 0)."""
        if self._snapshot is None or not self._whole[number] <= self._at <= number:
            self._at = self._whole[number]
            self._snapshot = self._applied(self._at, None)
        while self._at < number:
            self._at += 1
            self._snapshot = self._applied(self._at, self._snapshot)
        return self._snapshot

    def _load(self, path: Path) -> None:
        for number, line in enumerate(read_lines(path), 1):
            why = line.why if isinstance(line, Broken) else self._add(line)
            if why is not None:
                self._broke(number, why)
                self._base = -1
            if self._size > MEMORY_LIMIT:
                self._broke(number, f"more than {MEMORY_LIMIT >> 20} MiB; the rest was left out")
                return
            if not self._lines and number >= _FOREIGN:
                return

    def _add(self, line: bytes) -> str | None:
        """Keep a line, if it is a Snapshot that can be made; returns what is wrong with it, if anything."""
        self._size += len(line) + _LINE_COST
        head = _head(line)
        if head is None:
            return "not a line of a nettui recording"
        if head.taken_at is None:
            self._base = -1  # the head of a session
            return None
        try:
            refuse_nonsense(_decoded(line))
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            return clean(str(error))
        if head.whole:
            self._base = len(self._lines)
        if self._base >= 0:
            self._lines.append(line)
            self._whole.append(self._base)
            self.times.append(head.taken_at)
        return None

    def _broke(self, number: int, why: str) -> None:
        self.problem = self.problem or f"{self._name}: line {number:,}: {why}"

    def _applied(self, place: int, before: Snapshot | None) -> Snapshot:
        delta = _decoded(self._lines[place])
        found = {name: value for name in _FIELDS if (value := getattr(delta, name)) is not UNSET}
        return msgspec.structs.replace(before or Snapshot(taken_at=self.times[place]), **found)


def _decoded(line: bytes) -> Any:
    """One line as a Delta. A recording is text from outside too: what is not plain ASCII is made safe first."""
    if line.isascii() and b"\\" not in line:
        return msgspec.json.decode(line, type=_Delta)
    return msgspec.convert(_cleaned(msgspec.json.decode(line)), type=_Delta)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {key: _cleaned(item) for key, item in value.items()}
    return value
