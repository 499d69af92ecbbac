"""Lines of bytes to and from a file that may be compressed, by its name: `.gz` zlib, `.zst` zstd, else plain.

Each line is flushed through the compressor when it is written, so a file whose writer was killed can be read
up to its last line. Each session appends a stream of its own, which is found again also where the one before it
was never ended.
"""

import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

LINE_LIMIT = 256 << 20
"""Bytes of one line at most; what is longer is not ours."""

_PIECE = 1 << 10
"""Compressed bytes handed over at once: bounds what a hostile file can unpack to in one step."""

_STARTS = {".gz": b"\x1f\x8b\x08\0\0\0\0\0", ".zst": b"\x28\xb5\x2f\xfd\0\x58"}
"""What each stream written here begins with (RFC 1952, RFC 8878): long enough never to come by chance."""


COMPRESSED = frozenset(_STARTS)
"""Names that end in these are compressed."""

_TORN = "the line ends in the middle"


class Broken(Struct, frozen=True):
    """The file makes no sense here: why, in words that can follow a line number."""

    why: str


class LineWriter:
    """Appends lines to a file. Raises OSError, also for a full disk, at the line that did not fit."""

    def __init__(self, path: Path) -> None:
        self._pack, self._finish = _packer(path)
        self._file = path.open("ab", buffering=0)

    def write(self, line: bytes) -> None:
        """Write `line` and a newline, all of it, through to the system."""
        self._write(self._pack(line + b"\n"))

    def close(self) -> None:
        """End the stream; what was written stays readable even where this fails."""
        try:
            self._write(self._finish())
        finally:
            self._file.close()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]


def read_lines(path: Path) -> Iterator[bytes | Broken]:
    """Whole lines without their newline, and a Broken for each place where there should be more. Raises OSError."""
    rest = bytearray()
    for piece in _unpacked(path):
        if not isinstance(piece, bytes):
            if piece or rest:
                yield piece or Broken(_TORN)
            rest.clear()
            continue
        rest += piece
        if b"\n" in piece:
            *lines, tail = bytes(rest).split(b"\n")
            yield from lines
            rest = bytearray(tail)
        if len(rest) > LINE_LIMIT:
            yield Broken(f"a line of more than {LINE_LIMIT >> 20} MiB")
            return
    if rest:
        yield Broken(_TORN)


def _unpacked(path: Path) -> Iterator[bytes | Broken | None]:
    """The contents in pieces; None where a stream begins, and a Broken where one is damaged."""
    new = _unpacker(path)
    with path.open("rb") as file:
        if new is None:
            while piece := file.read(1 << 16):
                yield piece
            return
        stream: Any = None
        began = place = 0  # bytes of the file before the stream, and before the piece at hand
        for begins, packed in _split(file.read, _STARTS[path.suffix]):
            data = packed
            if begins:
                stream, began = new(), place
                yield None
            while data and stream is not None:
                here = place + len(packed) - len(data)
                try:
                    yield stream.decompress(data)
                except Exception as error:  # each library has an error class of its own, and nothing else to raise
                    yield _before_damage(path, new(), began, here, data)
                    yield Broken(f"the compressed data is damaged ({type(error).__name__})")
                    stream = None  # until the next one begins
                    break
                data = stream.unused_data if stream.eof else b""
                if stream.eof:
                    stream, began = new(), place + len(packed) - len(data)
            place += len(packed)


def _before_damage(path: Path, stream: Any, began: int, here: int, data: bytes) -> bytes:
    """What `data`, in which something is wrong, holds before that: the libraries give all of a piece, or nothing.

    The stream is read again from its beginning, and its last piece byte by byte.
    """
    with path.open("rb") as file:
        file.seek(began)
        while began < here and (piece := file.read(min(_PIECE, here - began))):
            stream.decompress(piece)
            began += len(piece)
    found = b""
    for at in range(len(data)):
        try:
            found += stream.decompress(data[at : at + 1])
        except Exception:  # here it is
            break
    return found


def _split(read: Callable[[int], bytes], start: bytes) -> Iterator[tuple[bool, bytes]]:
    """What is read, cut before each `start`; whether a piece is the beginning of a stream, and the piece."""
    held, begins = b"", True
    while data := read(_PIECE):
        held += data
        while (at := held.find(start, int(begins))) >= 0:
            if at:
                yield begins, held[:at]
            held, begins = held[at:], True
        if len(held) >= len(start):
            keep = len(start) - 1  # a start may lie across two pieces
            yield begins, held[:-keep]
            held, begins = held[-keep:], False
    yield begins, held


def _packer(path: Path) -> tuple[Callable[[bytes], bytes], Callable[[], bytes]]:
    if path.suffix == ".gz":
        packer = zlib.compressobj(wbits=31)
        return (lambda data: packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)), packer.flush
    if path.suffix == ".zst":
        zstd = _zstd()
        if sys.version_info >= (3, 14):
            new = zstd.ZstdCompressor()
            return (lambda data: new.compress(data, new.FLUSH_BLOCK)), new.flush
        old = zstd.ZstdCompressor().compressobj()
        return (lambda data: old.compress(data) + old.flush(zstd.COMPRESSOBJ_FLUSH_BLOCK)), old.flush
    return bytes, bytes


def _unpacker(path: Path) -> Callable[[], Any] | None:
    if path.suffix == ".gz":
        return lambda: zlib.decompressobj(wbits=31)
    if path.suffix == ".zst":
        zstd = _zstd()
        if sys.version_info >= (3, 14):
            return lambda: zstd.ZstdDecompressor()
        return lambda: zstd.ZstdDecompressor().decompressobj()
    return None


def _zstd() -> Any:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            import zstandard as zstd
    except ImportError as error:
        raise OSError("zstd needs Python 3.14, or nettui installed as nettui[zstd]") from error
    return zstd
