"""Recordings: what is written comes back; what is broken is told in one sentence; nothing in a file can do harm."""

import contextlib
import gzip
import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nettui.engine import recording as module
from nettui.engine.recording import SCHEMA, Recording, RecordingError, RecordingWriter
from nettui.model.address import Address
from nettui.model.link import Counters, Link, OperState
from nettui.model.route import Route
from nettui.model.snapshot import Snapshot
from nettui.model.tcp import TcpCounts
from tests.reports.everything import drawn
from tests.strategies import SNAPSHOTS

SUFFIXES = ("jsonl", "jsonl.gz", "jsonl.zst")
QUIET = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def host(second: int, **more: Any) -> Snapshot:
    link = Link(ifindex=1, name="eth0", kind="ethernet", state=OperState.UP, admin_up=True)
    counts = TcpCounts(counts=(second, *[0] * 10), source="procfs")
    return Snapshot(taken_at=1e9 + second, host="h", links=(link,), tcp=counts, tcp_at=1e9 + second, **more)


def write(path: Path, snapshots: list[Snapshot], end: bool = True) -> Path:
    writer = RecordingWriter(path)
    for snapshot in snapshots:
        writer.append(snapshot)
    if end:
        writer.close()
    return path


def read(path: Path) -> list[Snapshot]:
    recording = Recording(path)
    return [recording.snapshot(n) for n in range(len(recording))]


def lines(path: Path, *documents: Any) -> Path:
    path.write_bytes(b"".join(d if isinstance(d, bytes) else json.dumps(d).encode() + b"\n" for d in documents))
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
@QUIET
@given(st.lists(SNAPSHOTS, min_size=1, max_size=5))
def test_whatever_is_written_comes_back(tmp_path: Path, suffix: str, snapshots: list[Snapshot]) -> None:
    path = tmp_path / f"r.{suffix}"
    path.unlink(missing_ok=True)
    write(path, snapshots)
    assert read(path) == snapshots
    assert Recording(path).problem is None


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("torn", [0, 3])
def test_a_second_session_can_be_read_whatever_became_of_the_first(
    tmp_path: Path, suffix: str, ended: bool, torn: int
) -> None:
    path = write(tmp_path / f"r.{suffix}", [host(0), host(1)], end=ended)
    if torn:
        path.write_bytes(path.read_bytes()[:-torn])
    second = [host(100), host(101)]
    write(path, second)
    found = read(path)
    assert found[-2:] == second
    assert found[0] == host(0)
    if not torn:
        assert found == [host(0), host(1), *second]
        assert Recording(path).problem is None


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_cut_anywhere_shows_what_is_there(tmp_path: Path, suffix: str) -> None:
    snapshots = [host(n) for n in range(4)]
    data = write(tmp_path / f"whole.{suffix}", snapshots).read_bytes()
    path = tmp_path / f"cut.{suffix}"
    shown = set()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        try:
            recording = Recording(path)
        except RecordingError as error:
            assert "\n" not in str(error)
            continue
        count = len(recording)
        shown.add(count)
        assert read(path) == snapshots[:count]
        assert count == len(snapshots) or recording.problem or path.read_bytes().endswith(b"\n") or suffix != "jsonl"
    assert shown == {1, 2, 3, 4} if suffix != "jsonl" else shown == {1, 2, 3}


@pytest.mark.parametrize("suffix", SUFFIXES)
@QUIET
@given(data=st.data())
def test_mutated_bytes_never_raise_anything_else(tmp_path: Path, suffix: str, data: st.DataObject) -> None:
    good = tmp_path / f"good.{suffix}"
    if not good.exists():
        write(good, [host(n) for n in range(4)])
    raw = bytearray(good.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    path = tmp_path / f"bad.{suffix}"
    path.write_bytes(raw)
    try:
        recording = Recording(path)
        for number in reversed(range(len(recording))):
            drawn(recording.snapshot(number))
    except RecordingError as error:
        assert "\n" not in str(error)


def test_behind_damage_it_goes_on_with_the_next_whole_snapshot(tmp_path: Path) -> None:
    first = write(tmp_path / "a", [host(0), host(1), host(2)]).read_bytes().splitlines(True)
    second = write(tmp_path / "b", [host(7), host(8)]).read_bytes().splitlines(True)
    path = lines(tmp_path / "r", *first[:2], b'{"taken_at":"soon"}\n', first[3], *second)
    recording = Recording(path)
    assert [recording.snapshot(n) for n in range(len(recording))] == [host(0), host(7), host(8)]
    assert recording.problem == f"{path}: line 3: not a line of a nettui recording"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 99),
        ("empty", b""),
        ("binary", bytes(range(256)) * 20),
        ("other.json", b'{"schema":"somebody.else/1"}\n[1,2]\n'),
        ("list.json", b"[[[[\n" * 5),
        ("deep.json", b"[" * 100_000 + b"\n"),
        ("only-head", b'{"schema":"nettui.recording/1"}\n'),
        ("r.gz", b"plain text in a file that says it is gzip"),
        ("r.zst", b"plain text in a file that says it is zstd"),
    ],
)
def test_a_foreign_file_is_refused_in_one_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RecordingError) as caught:
        Recording(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)
    if content and name != "only-head":
        with pytest.raises(RecordingError, match="is not a nettui recording; nothing was written"):
            RecordingWriter(path)
        assert path.read_bytes() == content


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    for path, words in ((tmp_path, "Is a directory"), (tmp_path / "no", "No such file")):
        with pytest.raises(RecordingError, match=words):
            Recording(path)
    for path in (tmp_path, tmp_path / "a" / "b", Path("/proc/nettui")):
        with pytest.raises(RecordingError):
            RecordingWriter(path)


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = json.dumps({"schema": SCHEMA}).encode() + b"\n"
    monkeypatch.setattr("nettui.engine.compression.LINE_LIMIT", 1 << 20)
    monkeypatch.setattr(module, "MEMORY_LIMIT", 1 << 20)
    path = tmp_path / "r.gz"
    whole = msgspec.json.encode({"whole": True, "taken_at": 1.0}) + b"\n"
    for body, words in ((b"0" * (64 << 20), "a line of more than 1 MiB"), (b"\n" * (4 << 20), "not a line")):
        path.write_bytes(gzip.compress(head + whole + body))
        recording = Recording(path)
        assert len(recording) == 1 and recording.problem is not None and words in recording.problem
    path.write_bytes(gzip.compress(head + whole + b'{"taken_at":2}\n' * (1 << 20)))
    recording = Recording(path)
    assert len(recording) < 10_000 and "the rest was left out" in str(recording.problem)


@pytest.mark.parametrize("raw", [False, True])
def test_hostile_text_comes_out_clean(tmp_path: Path, raw: bool) -> None:
    evil = "\x1b[2J\x9b31m\u202eabc\x07"
    text = json.dumps({"whole": True, "taken_at": 1, "host": evil}, ensure_ascii=not raw)
    if raw:
        text = text.replace("\\u001b", "\x7f").replace("\\u0007", "\x7f")
    path = lines(tmp_path / "r", {"schema": SCHEMA}, text.encode() + b"\n")
    host_name = Recording(path).snapshot(0).host
    assert host_name.isprintable() and "abc" in host_name and "\u202e" not in host_name


NETWORK = {"ifindex": 1, "family": "inet", "address": "192.0.2.1", "prefixlen": 24, "scope": "global"}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"tcp": {"counts": [1, 2, 3], "source": "procfs"}}, "length"),
    ({"tcp": {"counts": [-1] * 11, "source": "procfs"}}, "int"),
    ({"tcp": {"counts": [10**30] * 11, "source": "procfs"}}, "64 bits"),
    ({"links": 3}, "array"),
    ({"links": [{"ifindex": 1}]}, "missing"),
    ({"links": [{"ifindex": -1, "name": "a", "kind": "b", "state": "up", "admin_up": True}]}, ">= 0"),
    ({"links": [{"ifindex": 1, "name": "a", "kind": "b", "state": "odd", "admin_up": True}]}, "odd"),
    ({"addresses": [{**NETWORK, "address": "not one"}]}, "not an IP address"),
    ({"addresses": [{**NETWORK, "prefixlen": 33}]}, "prefix length of 33"),
    ({"addresses": [{**NETWORK, "family": "ipx"}]}, "ipx"),
    ({"routes": [{"family": "inet", "table": 254, "destination": "x", "prefixlen": 0}]}, "not an IP address"),
    ({"routes": [{"family": "inet6", "table": 254, "destination": "::", "prefixlen": 129}]}, "129"),
    ({"neighbours": [{"ifindex": 1, "family": "inet", "address": ""}]}, "not an IP address"),
    ({"neighbours": [{"ifindex": 1, "family": "inet", "address": "::1", "confirmed": 1e300}]}, "float"),
    ({"resolvers": {"resolvers": [{"address": "x", "port": 0}]}}, ">= 1"),
    ({"taken_at": 1e300}, "not a line"),
    ({"taken_at": -1}, "not a line"),
    ({"tcp_at": 1e12}, "float"),
]


@pytest.mark.parametrize(("wrong", "words"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_is_refused_and_all_else_shown(tmp_path: Path, wrong: dict[str, Any], words: str) -> None:
    good = {"whole": True, "taken_at": 1.0}
    for bad in ({**good, **wrong}, {"taken_at": 2.0, **wrong}):
        recording = Recording(lines(tmp_path / "r", {"schema": SCHEMA}, good, bad, {**good, "taken_at": 3.0}))
        assert recording.times == [1.0, 3.0]
        assert words in str(recording.problem) and "line 3" in str(recording.problem)


def test_the_largest_numbers_there_are_can_be_shown(tmp_path: Path) -> None:
    most = 2**64 - 1
    counters = dict.fromkeys(Counters.__struct_fields__, most)
    odd = {"whole": True, "taken_at": 253402300799.0, "counters": [counters], "counters_at": 1.0,
           "tcp": {"counts": [most] * 11, "source": "procfs"}, "tcp_at": 5e-324}
    recording = Recording(lines(tmp_path / "r", {"schema": SCHEMA}, odd))
    assert recording.problem is None
    drawn(recording.snapshot(0))


def test_zstd_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "r.zst", [host(0)])
    for name in ("zstandard", "compression.zstd", "compression"):
        monkeypatch.setitem(sys.modules, name, None)
    for action in (Recording, RecordingWriter):
        with pytest.raises(RecordingError, match=r"zstd needs Python 3\.14, or nettui installed as nettui\[zstd\]"):
            action(path)


def test_a_full_disk_is_told() -> None:
    with pytest.raises(RecordingError, match="No space left on device"):
        RecordingWriter(Path("/dev/full"))


@contextlib.contextmanager
def small_files(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes; lifted before pytest writes its own output, which may be a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_that_may_not_grow_stays_readable(tmp_path: Path) -> None:
    path = tmp_path / "r"
    writer = RecordingWriter(path)
    with small_files(2000), pytest.raises(RecordingError, match="File too large"):
        for number in range(100):
            writer.append(host(number))
    found = read(path)
    assert 2 < len(found) < 100
    assert found == [host(n) for n in range(len(found))]


def test_unchanged_routes_are_not_written_again(tmp_path: Path) -> None:
    def routes() -> tuple[Route, ...]:
        return tuple(
            Route(family="inet", table=254, destination=f"10.{n >> 8}.{n & 255}.0", prefixlen=24) for n in range(20_000)
        )

    path = write(tmp_path / "r", [host(0, routes=routes()), host(1, routes=routes()), host(2, routes=())])
    sizes = [len(line) for line in path.read_bytes().splitlines()]
    assert sizes[1] > 20_000 * 50
    assert max(sizes[2:]) < 300
    assert [len(s.routes or ()) for s in read(path)] == [20_000, 20_000, 0]


def test_winding_back_gives_what_playing_gave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WHOLE_EVERY", 5)
    snapshots = [host(n, addresses=(Address(**NETWORK),) if n % 3 else None) for n in range(60)]
    recording = Recording(write(tmp_path / "r", snapshots))
    assert len(set(recording._whole)) > 3
    for number in (0, 59, 58, 30, 31, 29, 59, 0, 1, 1):
        assert recording.snapshot(number) == snapshots[number]
