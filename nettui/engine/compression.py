"""Lines of bytes to and from a file that may be compressed, by its name: `.gz` zlib, `.zst` zstd, else plain.

Each line is flushed through the compressor when it is written, so a file whose writer was killed can be read
up to its last line; each session appends a stream of its own.
"""

import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

LINE_LIMIT = 256 << 20
"""Bytes of one line at most; what is longer is not ours."""

_PIECE = 1 << 10
"""Compressed bytes handed over at once: bounds what a hostile file can unpack to in one step."""


class BrokenStream(Exception):
    """The file ends, or stops making sense, here: why, in words that can follow a line number."""


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


def read_lines(path: Path) -> Iterator[bytes]:
    """Whole lines without their newline; raises OSError, or `BrokenStream` after the last good line."""
    rest = bytearray()
    for piece in _unpacked(path):
        rest += piece
        if b"\n" in piece:
            *lines, tail = bytes(rest).split(b"\n")
            yield from lines
            rest = bytearray(tail)
        if len(rest) > LINE_LIMIT:
            raise BrokenStream(f"a line of more than {LINE_LIMIT >> 20} MiB")
    if rest:
        raise BrokenStream("the line ends in the middle")


def _unpacked(path: Path) -> Iterator[bytes]:
    new = _unpacker(path)
    with path.open("rb") as file:
        if new is None:
            while piece := file.read(1 << 16):
                yield piece
            return
        stream: Any = None
        while data := file.read(_PIECE):
            while data:
                stream = stream or new()
                try:
                    yield stream.decompress(data)
                except Exception as error:  # each library has an error class of its own, and nothing else to raise
                    raise BrokenStream(f"the compressed data is damaged ({type(error).__name__})") from error
                data = stream.unused_data if stream.eof else b""
                stream = None if stream.eof else stream


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
