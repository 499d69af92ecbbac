"""What interfaces are called: psutil's names, interface numbers, and what netifaces says on Windows instead."""

import socket
import zlib
from typing import Any

import netifaces
import psutil


def ifindex(name: str) -> int | None:
    """The number of the interface that psutil calls `name`; None when it has gone meanwhile.

    Windows numbers its interfaces too, but not by the names people see ("Ethernet 2"). There the number is made of
    the name: the same in every reading and every run, and above all real ones.
    """
    try:
        return socket.if_nametoindex(name)
    except (OSError, ValueError):
        return None if psutil.POSIX else 1 << 30 | zlib.crc32(name.encode("utf-8", "replace")) >> 2


def adapters(addresses: dict[str, list[Any]]) -> dict[str, str]:
    """Windows: psutil's names by the GUIDs that netifaces calls the same adapters by.

    `addresses`: what psutil.net_if_addrs() gave. An adapter is recognized by an address it carries.
    """
    owners = {_bare(entry.address): name for name, entries in addresses.items() for entry in entries if entry.address}
    found = {}
    for guid in netifaces.interfaces():
        carried = [_bare(entry["addr"]) for entry in _entries(guid) if entry.get("addr")]
        owner = next((owners[address] for address in carried if address in owners), None)
        if owner is not None:
            found[guid] = owner
    return found


def netmasks() -> dict[str, str]:
    """Windows: netmasks by address. netifaces has those of IPv6, psutil has not."""
    entries = [entry for guid in netifaces.interfaces() for entry in _entries(guid)]
    return {_bare(entry["addr"]): entry["netmask"] for entry in entries if "addr" in entry and "netmask" in entry}


def _entries(guid: str) -> list[dict[str, str]]:
    try:
        return [entry for entries in netifaces.ifaddresses(guid).values() for entry in entries]
    except ValueError:  # the adapter was taken away a moment ago
        return []


def _bare(address: str) -> str:
    """An address without its zone, a MAC address with colons: the same in both libraries."""
    return address.partition("%")[0].replace("-", ":").lower()
