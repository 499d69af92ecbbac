"""The hosts file: found fast, shown harmlessly."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.dns import hosts
from nettui.dns.hosts import ENTRIES, HostsFile
from nettui.dns.servers import parse_address
from nettui.model.lookup import HostsEntry

ORDINARY = b"""\
127.0.0.1\tlocalhost
::1             localhost ip6-localhost
10.0.0.7 Web.corp.example web   # the old one: db
# 10.0.0.8 web
10.0.0.9 web.other.example
0.0.0.0 ads.example
not-an-address web
10.0.0.10\tdb.\tweb
fd00:0:0::7 web
0:0:0:0:0:0:0:1 loop
"""


@pytest.fixture
def file(tmp_path: Path) -> HostsFile:
    path = tmp_path / "hosts"
    path.write_bytes(ORDINARY)
    return HostsFile(path)


def _found(entries: tuple[HostsEntry, ...]) -> list[tuple[int, str]]:
    return [(entry.line, entry.address) for entry in entries]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("localhost", [(1, "127.0.0.1"), (2, "::1")]),
        ("web", [(3, "10.0.0.7"), (8, "10.0.0.10"), (9, "fd00::7")]),
        ("WEB.Corp.example.", [(3, "10.0.0.7")]),
        ("db", [(8, "10.0.0.10")]),
        ("ads.example", [(6, "0.0.0.0")]),
        ("we", []),
        ("example", []),
        ("10.0.0.7", []),
        ("", []),
        ("localhost ip6-localhost", []),
    ],
)
def test_by_name(file: HostsFile, name: str, found: list[tuple[int, str]]) -> None:
    assert _found(file.named(name)) == found


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("10.0.0.7", [(3, "10.0.0.7")]),
        ("10.0.0.1", []),
        ("::1", [(2, "::1"), (10, "::1")]),
        ("fd00::7", [(9, "fd00::7")]),
        ("junk", []),
    ],
)
def test_by_address(file: HostsFile, address: str, found: list[tuple[int, str]]) -> None:
    assert _found(file.at(address)) == found


def test_an_entry_says_where_it_stands(file: HostsFile) -> None:
    (entry,) = file.at("10.0.0.7")
    assert (entry.names, entry.source) == (("Web.corp.example", "web"), str(file.path))


def test_a_change_is_seen(file: HostsFile) -> None:
    assert file.named("new") == ()
    file.path.write_bytes(ORDINARY + b"10.1.1.1 new")
    assert _found(file.named("new")) == [(11, "10.1.1.1")]
    file.path.unlink()
    assert file.named("new") == ()


def test_what_is_no_file_has_no_entries(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "missing", Path("nul\0")):
        assert HostsFile(path).named("localhost") == ()


def test_hostile_names_are_made_safe(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(b"10.0.0.1 web [/] \x1b[31mred \xff\xfe \xe2\x80\xae " + b"x" * 10_000 + b" n" * 1000)
    (entry,) = HostsFile(path).named("web")
    assert all(name.isprintable() and len(name) <= 255 for name in entry.names)
    assert entry.names[:4] == ("web", "[/]", "\\x1b[31mred", "\\xff\\xfe")
    assert len(entry.names) <= 32


def test_a_blocklist_is_not_taken_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """300,000 lines in several blocks: only those that hold the name become fields, wherever a block ends."""
    path = tmp_path / "hosts"
    lines = [b"0.0.0.0 host%d.ads.example" % number for number in range(300_000)]
    lines[150_000] = b"10.0.0.7\tHost150000.ads.example # mine"
    path.write_bytes(b"\n".join(lines))
    parsed: list[str] = []

    def noted(text: str) -> str | None:
        parsed.append(text)
        return parse_address(text)

    monkeypatch.setattr(hosts, "_address", noted)
    for number in (0, 1, 99_999, 150_000, 299_999):
        expected = "10.0.0.7" if number == 150_000 else "0.0.0.0"
        assert _found(HostsFile(path).named(f"host{number}.ads.example")) == [(number + 1, expected)]
    assert len(parsed) == 5
    assert len(HostsFile(path).at("0.0.0.0")) == ENTRIES


def test_a_line_may_cross_the_end_of_a_block(file: HostsFile, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = file.named("web")
    for block in range(64, 160):
        monkeypatch.setattr(hosts, "_BLOCK", block)
        assert HostsFile(file.path).named("web") == whole


def test_a_file_in_one_endless_line_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(b"10.0.0.1 web " + b"x " * 3_000_000)
    (entry,) = HostsFile(path).named("web")
    assert entry.names[:2] == ("web", "x")


@given(st.lists(st.sampled_from([b"127.0.0.1", b"::1", b"web", b"WEB.", b" ", b"\t", b"\n", b"#", b"\xff", b"\r"])))
def test_lines_are_those_a_plain_reading_finds(tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]) -> None:
    path = tmp_path_factory.getbasetemp() / "hosts-by-hypothesis"
    path.write_bytes(b"".join(parts))
    expected = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        fields = line.split(b"#")[0].decode("utf-8", "replace").replace("\r", " ").split()
        if len(fields) > 1 and parse_address(fields[0]) and "web" in [f.lower().rstrip(".") for f in fields[1:]]:
            expected.append((number, fields[0]))
    assert _found(HostsFile(path).named("web")) == expected
