"""Names of ports from services(5)."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from nettui.model.text import clean

SERVICES = Path("/etc/services")
READ_LIMIT = 1 << 20
"""Bytes of the file that are looked at."""


@cache
def services(path: Path = SERVICES) -> Mapping[tuple[str, int], str]:
    """Name by transport (`tcp`, `udp`) and port; empty where the system has no such file. Read once."""
    try:
        with path.open("rb") as file:
            lines = file.read(READ_LIMIT).splitlines()
    except OSError:
        return {}
    found: dict[tuple[str, int], str] = {}
    for line in lines:
        words = line.partition(b"#")[0].split()
        if len(words) >= 2:
            port, _, transport = words[1].partition(b"/")
            if transport in (b"tcp", b"udp") and port.isdigit() and len(port) <= 5:
                found.setdefault((transport.decode(), int(port)), clean(words[0], 20))
    return found


@cache
def tcp_services(path: Path = SERVICES) -> dict[int, str]:
    """Name by TCP port."""
    return {port: name for (transport, port), name in services(path).items() if transport == "tcp"}
