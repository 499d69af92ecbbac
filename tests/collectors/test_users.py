"""Users' names: against the C library where it reads the same file, and from odd files."""

import os
import pwd
from pathlib import Path

from nettui.collectors.users import NAME_LIMIT, READ_LIMIT, user_names


def test_the_names_are_those_the_system_gives() -> None:
    found = user_names()
    in_file = {line.split(":")[0] for line in Path("/etc/passwd").read_text().splitlines()}
    assert found
    assert {uid: name for uid, name in found.items() if name in in_file} == found
    assert {uid: pwd.getpwuid(uid).pw_name for uid in found} == found


def test_lines_that_are_no_users(tmp_path: Path) -> None:
    path = tmp_path / "passwd"
    path.write_bytes(
        b"root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n+::::::\n+@netgroup:x:5:5:::\n# a: b: c: d\n"
        b"short:x:7\nminus:x:-1:0:::\nhuge:x:99999999999:0:::\n\xb2:x:\xb2:0:::\n:x:8:8:::\n"
        b"evil\x1b]0;t\x07\xff:x:1001:1001:::\n" + b"l" * 200 + b":x:1002:1:::\nlast:x:1003:1::/:/bin/sh"
    )
    found = dict(user_names(path))
    assert len(found.pop(1002)) == NAME_LIMIT
    assert found == {0: "root", 1001: r"evil\x1b]0;t\x07\xff", 1003: "last"}
    assert user_names(tmp_path / "none") == user_names(tmp_path) == {}


def test_a_file_that_changed_is_read_again_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "passwd"
    path.write_text("alice:x:1000:1000:::\n")
    first = user_names(path)
    assert first == {1000: "alice"}
    assert user_names(path) is first
    (tmp_path / "new").write_text("bobby:x:1000:1000:::\n")
    stat = path.stat()
    os.utime(tmp_path / "new", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    (tmp_path / "new").rename(path)
    assert user_names(path) == {1000: "bobby"}


def test_a_huge_file_is_read_in_part(tmp_path: Path) -> None:
    path = tmp_path / "passwd"
    path.write_bytes(b"alice:x:1000:1000:::\n" + b"#" * READ_LIMIT + b"\nlate:x:1001:1:::\n")
    assert user_names(path) == {1000: "alice"}
