"""Interfaces and their counters, from psutil.net_if_stats(), net_if_addrs() and net_io_counters()."""

from itertools import takewhile
from typing import Any

import netifaces
import psutil

from nettui.model.address_facts import kind as address_kind
from nettui.model.link import Counters, Link, OperState
from nettui.model.text import clean
from nettui.portable.names import ifindex

_DUPLEX = {psutil.NIC_DUPLEX_FULL: "full", psutil.NIC_DUPLEX_HALF: "half"}
_SPEEDS = range(1, 10_000_000)
"""Mbit/s that a link may have: Windows says 2^64 - 1 bit/s for what it does not know."""
_BSD_KINDS = {
    "awdl": "awdl", "bridge": "bridge", "epair": "veth", "gif": "gif", "gre": "gre", "lagg": "bond", "llw": "awdl",
    "stf": "6to4", "tap": "tap", "tun": "tun", "utun": "tun", "vlan": "vlan", "wg": "wireguard", "wlan": "wifi",
}
"""BSD and macOS call an interface by its driver, with a number (ifconfig(8))."""


def read() -> tuple[Link, ...]:
    """All interfaces by number. Who they belong to, and what drives them, is not known here. Blocks."""
    addresses = psutil.net_if_addrs()
    found = [_link(name, stats, addresses.get(name, [])) for name, stats in psutil.net_if_stats().items()]
    return tuple(sorted((link for link in found if link is not None), key=lambda link: link.ifindex))


def counters() -> tuple[Counters, ...]:
    """The counters of all interfaces; on macOS `tx_dropped` is always 0, as psutil knows none. Blocks."""
    found = []
    for name, io in psutil.net_io_counters(pernic=True, nowrap=False).items():
        index = ifindex(name)
        if index is not None:
            found.append(
                Counters(
                    ifindex=index,
                    rx_bytes=io.bytes_recv,
                    tx_bytes=io.bytes_sent,
                    rx_packets=io.packets_recv,
                    tx_packets=io.packets_sent,
                    rx_errors=io.errin,
                    tx_errors=io.errout,
                    rx_dropped=io.dropin,
                    tx_dropped=io.dropout,
                )
            )
    return tuple(found)


def _link(name: str, stats: Any, addresses: list[Any]) -> Link | None:
    index = ifindex(name)
    if index is None:
        return None
    flags = stats.flags.split(",") if stats.flags else []
    # Windows and Solaris give no flags. What is not up there may still be meant to be: that is not known.
    admin_up = "up" in flags if flags else stats.isup
    mac = _mac(name, addresses)
    return Link(
        ifindex=index,
        name=clean(name),
        kind=_kind(name, flags, mac, addresses),
        state=_state(stats.isup) if admin_up else OperState.DOWN,
        admin_up=admin_up,
        mac=mac,
        mtu=max(0, stats.mtu),
        speed=stats.speed if stats.speed in _SPEEDS else None,
        duplex=None if psutil.WINDOWS else _DUPLEX.get(stats.duplex),  # on Windows psutil says "full" of everything
    )


def _state(running: bool) -> OperState:
    """IFF_RUNNING follows the cable on Linux, Windows and Solaris; on BSD and macOS only the driver's readiness."""
    if not running:
        return OperState.DOWN
    return OperState.UNKNOWN if psutil.BSD or psutil.MACOS else OperState.UP


def _mac(name: str, addresses: list[Any]) -> str | None:
    text = next((entry.address for entry in addresses if entry.family == psutil.AF_LINK and entry.address), "")
    if text.endswith(":00") and psutil.POSIX:
        text = _unpadded(name) or text
    octets = text.replace("-", ":").lower().split(":")
    # Shorter ones are the IPv4 address of a tunnel's end; 8 octets have FireWire and others, 20 InfiniBand.
    return ":".join(octets) if len(octets) in (6, 8, 20) and set(octets) != {"00"} else None


def _unpadded(name: str) -> str | None:
    """The hardware address as netifaces has it: psutil fills up one that is too short with zeroes."""
    try:
        entries = netifaces.ifaddresses(name).get(psutil.AF_LINK, [])
    except ValueError:  # it has just gone
        return None
    return next((entry["addr"] for entry in entries if entry.get("addr")), None)


def _kind(name: str, flags: list[str], mac: str | None, addresses: list[Any]) -> str:
    if "loopback" in flags or (not flags and _carries_loopback(addresses)):
        return "loopback"
    driver = "".join(takewhile(str.isalpha, name))
    if (psutil.BSD or psutil.MACOS) and driver in _BSD_KINDS:
        return _BSD_KINDS[driver]
    if mac:
        return "ethernet"
    return "point-to-point" if "pointopoint" in flags else "unknown"


def _carries_loopback(addresses: list[Any]) -> bool:
    return any(address_kind(a.address) == "loopback" for a in addresses if a.family != psutil.AF_LINK and a.address)
