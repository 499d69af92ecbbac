"""Names of TCP ports from services(5)."""

from functools import cache
from pathlib import Path

from nettui.model.text import clean

SERVICES = Path("/etc/services")
READ_LIMIT = 1 << 20
"""Bytes of the file that are looked at."""


@cache
def tcp_services(path: Path = SERVICES) -> dict[int, str]:
    """Name by port; empty where the system has no such file. Read once: it does not change."""
    try:
        with path.open("rb") as file:
            lines = file.read(READ_LIMIT).splitlines()
    except OSError:
        return {}
    found: dict[int, str] = {}
    for line in lines:
        words = line.partition(b"#")[0].split()
        if len(words) >= 2:
            port, _, protocol = words[1].partition(b"/")
            if protocol == b"tcp" and port.isdigit() and len(port) <= 5:
                found.setdefault(int(port), clean(words[0], 20))
    return found
