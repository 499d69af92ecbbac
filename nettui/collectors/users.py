"""Names of users from passwd(5).

Only the file is read: getpwuid(3) may ask a directory server (NSS), which takes as long as the network likes.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from nettui.model.text import clean

PASSWD = Path("/etc/passwd")
READ_LIMIT = 1 << 20
"""Bytes of the file that are looked at."""
NAME_LIMIT = 32
"""Characters of a name, as useradd(8) allows."""


def user_names(path: Path = PASSWD) -> Mapping[int, str]:
    """Login name by uid, the first where there are several; empty where there is no such file.

    Read again only when the file has changed.
    """
    try:
        stat = path.stat()
    except OSError:
        return {}
    return _read(path, stat.st_mtime_ns, stat.st_size, stat.st_ino)


@lru_cache(maxsize=1)
def _read(path: Path, *version: int) -> Mapping[int, str]:
    """`version`: the numbers by which a change of the file shows."""
    try:
        with path.open("rb") as file:
            lines = file.read(READ_LIMIT).splitlines()
    except OSError:
        return {}
    found: dict[int, str] = {}
    for line in lines:
        match line.split(b":", 3):
            # What begins with one of these is no user but an order to look elsewhere (nsswitch.conf(5)), or a remark.
            case [name, _, uid, _] if name[:1] not in b"+-#" and uid.isdigit() and len(uid) <= 10:
                found.setdefault(int(uid), clean(name, NAME_LIMIT))
    return found
