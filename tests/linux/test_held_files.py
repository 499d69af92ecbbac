"""Files that are held open: read again from their start, and opened anew after they failed."""

from pathlib import Path

import pytest

from nettui.linux.held_files import HeldFiles


def open_descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def test_a_file_is_opened_once_and_read_from_its_start_each_time(tmp_path: Path) -> None:
    path = tmp_path / "snmp"
    path.write_bytes(b"one")
    held, before = HeldFiles(tmp_path), open_descriptors()
    assert held.read("snmp") == b"one"
    path.write_bytes(b"another")
    assert held.read("snmp") == held.read_table("snmp") == b"another"
    path.unlink()
    assert held.read("snmp") == b"another", "it is still the same file"
    held.close()
    assert open_descriptors() <= before
    with pytest.raises(FileNotFoundError):
        held.read("snmp")


def test_what_failed_is_let_go_and_opened_again(tmp_path: Path) -> None:
    (tmp_path / "stat").mkdir()
    held = HeldFiles(tmp_path)
    before = len(open_descriptors())
    for _ in range(3):
        with pytest.raises(IsADirectoryError):
            held.read("stat")
    assert len(open_descriptors()) == before
    (tmp_path / "stat").rmdir()
    (tmp_path / "stat").write_bytes(b"1")
    assert held.read("stat") == b"1"
    held.close()
