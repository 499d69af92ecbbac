"""The kernel's settings behind the symptoms: /proc/sys/net (ip-sysctl.rst and sysctl/net.rst of its documentation).

They are those of the network namespace of the thread that asks. What there is in the first namespace only (tcp_mem,
tcp_max_orphans, gc_thresh3, netdev_max_backlog, ...) is not to be seen in another, although it holds there too.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from nettui.linux.vitals import PROC_SYS, words_of
from nettui.model.vitals import KernelSettings

_NAMES = {
    name: f"net/ipv4/{name}" for name in (
        "tcp_tw_reuse", "tcp_fin_timeout", "tcp_keepalive_time", "tcp_keepalive_intvl", "tcp_keepalive_probes",
        "tcp_retries2", "tcp_syn_retries", "tcp_syncookies", "tcp_max_syn_backlog", "tcp_max_orphans",
        "tcp_orphan_retries",
    )
} | {name: f"net/core/{name}" for name in ("somaxconn", "rmem_default", "rmem_max", "netdev_max_backlog")} | {
    "gc_thresh3": "net/ipv4/neigh/default/gc_thresh3",
    "gc_thresh3_v6": "net/ipv6/neigh/default/gc_thresh3",
}
"""Files with one number each, by the field of the record."""

_LONGEST = 1 << 18
"""Bytes: 32,768 single ports, of which no two are neighbours, take 200,000."""
_PORTS = 1 << 16


def read_settings(root: Path = PROC_SYS) -> KernelSettings:
    """All that can be read. Raises OSError where that is nothing."""
    found: dict[str, Any] = {}
    failure: OSError | None = None
    for field, name in _NAMES.items():
        try:
            words = words_of(_read(root / name))
        except OSError as error:
            failure = failure or error
        else:
            found[field] = words[0] if len(words) == 1 else None
    first, last = _port_range(root)
    if failure is not None and first is None and not found:
        raise failure
    return KernelSettings(
        at=time.time(), port_first=first, port_last=last, ports_reserved=_reserved(root, first, last),
        tcp_mem=_tcp_mem(root), **found,
    )


def _read(path: Path) -> bytes:
    """A file of /proc/sys, which comes in one piece. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _LONGEST)
    finally:
        os.close(descriptor)


def _port_range(root: Path) -> tuple[int | None, int | None]:
    with suppress(OSError):
        match words_of(_read(root / "net/ipv4/ip_local_port_range")):
            case (int(first), int(last)) if first <= last < _PORTS:
                return first, last
    return None, None


def _reserved(root: Path, first: int | None, last: int | None) -> int:
    """How many ports of the range are set aside."""
    if first is not None and last is not None:
        with suppress(OSError):
            return reserved_ports(_read(root / "net/ipv4/ip_local_reserved_ports"), first, last)
    return 0


def reserved_ports(text: bytes, first: int, last: int) -> int:
    """How many of the ports from `first` to `last` are in a list such as `8080,9148,32768-32770`."""
    listed: set[int] = set()
    for piece in text.strip().split(b","):
        low, _, high = piece.partition(b"-")
        match words_of(low + b" " + (high or low)):
            case (int(begin), int(end)) if end < _PORTS:
                listed.update(range(max(begin, first), min(end, last) + 1))
    return len(listed)


def _tcp_mem(root: Path) -> tuple[int, ...]:
    with suppress(OSError):
        match words_of(_read(root / "net/ipv4/tcp_mem")):
            case (int(low), int(pressure), int(high)):
                return low, pressure, high
    return ()
