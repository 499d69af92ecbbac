"""Sockets as CSV and as JSON, `nettui.sockets/1`: in pieces, so that a hundred thousand need not be held twice.

The names and shapes of the JSON are a promise, written down in schemas/sockets.schema.json. A piece may be empty: it
is then only a place where others may have a turn.
"""

from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from nettui.reports.sockets_fields import FIELDS, SLICE, Column, picked
from nettui.sockets.frame import GROUP_STATES, SocketFrame

SCHEMA = "nettui.sockets/1"
SCHEMA_FILE = Path(__file__).parent / "schemas" / "sockets.schema.json"

_SPECIAL = (",", '"', "\n", "\r")


def sockets_csv(frame: SocketFrame, fields: Sequence[str]) -> Iterator[bytes]:
    """A line of names, then one for each socket; quoted as in RFC 4180, lines end with LF. Unknown: empty.

    Several owners of one socket have semicolons between them.
    """
    yield _line(fields)
    columns = yield from _pausing(picked(frame, _sources(fields)))
    for start in range(0, len(frame.order), SLICE):
        made = [_csv_texts(values) for values in _values(frame, fields, columns, start)]
        yield ("\n".join(map(",".join, zip(*made, strict=True))) + "\n").encode("utf-8", "backslashreplace")


def groups_csv(frame: SocketFrame) -> Iterator[bytes]:
    """A line for each group: its name, its sockets, and how many are in each state."""
    yield _line(["group", "total", *map(str, GROUP_STATES)])
    for group in frame.groups:
        yield _line([group.name, str(sum(group.counts)), *map(str, group.counts)])


def sockets_json(frame: SocketFrame, fields: Sequence[str], one_line: bool = False) -> Iterator[bytes]:
    """One document, each socket on a line of its own, or all of it on one line."""
    gap = b"" if one_line else b"\n"
    yield _head(frame, len(frame.order)) + b',"sockets":[' + gap
    columns = yield from _pausing(picked(frame, _sources(fields)))
    encode = msgspec.json.Encoder().encode
    for start in range(0, len(frame.order), SLICE):
        rows = zip(*_values(frame, fields, columns, start), strict=True)
        made = [encode(dict(zip(fields, row, strict=True))) for row in rows]
        yield (b"," + gap if start else b"") + (b"," + gap).join(made)
    yield gap + b"]}\n"


def groups_json(frame: SocketFrame, one_line: bool = False) -> Iterator[bytes]:
    """Like `sockets_json`, with groups and their counts in place of sockets."""
    gap = b"" if one_line else b"\n"
    count = sum(sum(group.counts) for group in frame.groups)
    yield _head(frame, count) + b',"group_by":' + msgspec.json.encode(frame.query.group) + b',"groups":[' + gap
    made = [
        msgspec.json.encode(
            {
                "name": None if group.name == "--" else group.name, "total": sum(group.counts),
                "states": dict(zip(GROUP_STATES, group.counts, strict=True)),
            }
        )
        for group in frame.groups
    ]
    yield (b"," + gap).join(made) + gap + b"]}\n"


def _head(frame: SocketFrame, count: int) -> bytes:
    """The document of so many sockets up to its list, without a closing brace."""
    head = {
        "schema": SCHEMA,
        "taken_at": datetime.fromtimestamp(frame.taken_at, UTC).isoformat(timespec="milliseconds"),
        "count": count,
        "notes": [note for note in (frame.table.note, frame.facts.owners_note) if note],
    }
    return msgspec.json.encode(head)[:-1]


def _sources(fields: Sequence[str]) -> list[str]:
    return [source for name in fields for source in FIELDS[name].sources]


def _values(frame: SocketFrame, fields: Sequence[str], columns: dict[str, Column], start: int) -> Iterator[Column]:
    """The fields of one slice of rows."""
    end = start + SLICE
    for name in fields:
        field = FIELDS[name]
        yield field.values(frame.facts, frame.taken_at, *[columns[source][start:end] for source in field.sources])


def _pausing(made: Generator[None, None, dict[str, Column]]) -> Generator[bytes, None, dict[str, Column]]:
    """Pauses as empty pieces."""
    while True:
        try:
            next(made)
        except StopIteration as done:
            columns: dict[str, Column] = done.value
            return columns
        yield b""


def _csv_texts(values: Column) -> Sequence[str]:
    """By the kinds of values there are in a column: what is all numbers or all text takes least."""
    kinds = set(map(type, values))
    if kinds <= {int, float}:
        return list(map(str, values))
    if list in kinds:
        values = ["" if value is None else ";".join(map(str, value)) for value in values]
    elif kinds != {str}:
        values = ["" if value is None else str(value) for value in values]
    return _quoted(values)


def _line(texts: Sequence[str]) -> bytes:
    return (",".join(_quoted(texts)) + "\n").encode("utf-8", "backslashreplace")


def _quoted(texts: Sequence[str]) -> Sequence[str]:
    """Most columns hold nothing that needs quotes, which one look at all of it tells."""
    if not _is_special("".join(texts)):
        return texts
    return ['"' + text.replace('"', '""') + '"' if _is_special(text) else text for text in texts]


def _is_special(text: str) -> bool:
    return any(char in text for char in _SPECIAL)
