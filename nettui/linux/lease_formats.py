"""What DHCP clients write down of their leases: dhclient.leases(5), systemd-networkd's and NetworkManager's variables.

All of it may be half-written or no lease at all: what does not make sense is left out. Interfaces are named here as the
files name them; files that name none leave that to their own names.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

from nettui.model.address import Family
from nettui.model.text import clean
from nettui.model.watched import Lease

_HEADS = (b"lease {", b"lease6 {")  # a server's file has `lease 192.0.2.7 {`
_END = b"}"
_FOR_EVER = 0xFFFFFFFF
_LATEST = 253402300800  # the year 10000, as `UnixTime` has it

_INTERFACE = re.compile(rb'interface "([^"]+)";')
_ADDRESS = re.compile(rb"fixed-address ([0-9.]{7,15});")
_SERVER = re.compile(rb"option dhcp-server-identifier ([0-9.]{7,15});")
_LENGTH = re.compile(rb"option dhcp-lease-time (\d{1,10});")
_DATE = re.compile(rb"expire \d (\d{4})/(\d\d?)/(\d\d?) (\d\d?):(\d\d?):(\d\d?);")
_EPOCH = re.compile(rb"expire epoch (\d{1,12});")
_ADDRESS6 = re.compile(rb"iaaddr ([0-9a-f:.]{2,45}) \{")
_STARTS = re.compile(rb"starts (\d{1,12});")
_LENGTH6 = re.compile(rb"max-life (\d{1,10});")
_VARIABLE = re.compile(rb"^(ADDRESS|SERVER_ADDRESS|LIFETIME)=(.*)$", re.M)


def dhclient_leases(text: bytes, source: str) -> list[Lease]:
    """The leases of dhclient, IPv4 and IPv6, in the order in which they were taken. Never raises."""
    found: list[Lease] = []
    for block in _blocks(text):
        name = _first(_INTERFACE, block)
        if name is not None:
            found += _leases4(block, clean(name), source)
            found += _leases6(block, clean(name), source)
    return found


def variables_lease(text: bytes, source: str) -> list[Lease]:
    """The one lease of a file of variables, of no interface yet. It does not say since when. Never raises."""
    values = dict(_VARIABLE.findall(text))
    address = address_text(values.get(b"ADDRESS", b""), "inet")
    if address is None:
        return []
    server, length = address_text(values.get(b"SERVER_ADDRESS", b""), "inet"), _length(values.get(b"LIFETIME"))
    return [Lease(interface="", address=address, server=server, seconds=length, source=source)]


def address_text(word: bytes, family: Family) -> str | None:
    """An address in the form of RFC 5952; None for what is none."""
    number = AF_INET if family == "inet" else AF_INET6
    try:
        return inet_ntop(number, inet_pton(number, word.decode("ascii")))
    except (OSError, ValueError):
        return None


def _blocks(text: bytes) -> Iterator[list[bytes]]:
    """The lines of each lease that is written to its end."""
    block: list[bytes] | None = None
    for line in text.splitlines():
        if line in _HEADS:
            block = []
        elif line == _END and block is not None:
            yield block
            block = None
        elif block is not None:
            block.append(line.strip())


def _leases4(block: list[bytes], interface: str, source: str) -> Iterator[Lease]:
    address = address_text(_first(_ADDRESS, block) or b"", "inet")
    if address is None:
        return
    with suppress(ValueError):
        yield Lease(
            interface=interface, address=address, server=address_text(_first(_SERVER, block) or b"", "inet"),
            seconds=_length(_first(_LENGTH, block)), expires_at=_expires(block), source=source,
        )


def _leases6(block: list[bytes], interface: str, source: str) -> Iterator[Lease]:
    """A server of DHCPv6 is known by its DUID, not by an address: it is not told of."""
    if b"released;" in block:
        return
    for place, line in enumerate(block):
        if (found := _ADDRESS6.fullmatch(line)) is None or (address := address_text(found[1], "inet6")) is None:
            continue
        rest = block[place : place + 4]
        starts, length = _first(_STARTS, rest), _length(_first(_LENGTH6, rest))
        if starts is not None and int(starts) < _LATEST - _FOR_EVER:
            expires = None if length is None else int(starts) + length
            yield Lease(interface=interface, address=address, seconds=length, expires_at=expires, source=source)


def _first(pattern: re.Pattern[bytes], lines: list[bytes]) -> bytes | None:
    return next((found[1] for line in lines if (found := pattern.match(line))), None)


def _length(word: bytes | None) -> float | None:
    """Seconds; None where it is for ever, or not known."""
    if word is None or not word.isdigit() or len(word) > len(str(_FOR_EVER)) or int(word) >= _FOR_EVER:
        return None
    return float(word)


def _expires(lines: list[bytes]) -> float | None:
    """Unix time; None: never. Raises ValueError where it does not say."""
    for line in lines:
        if line.startswith(b"expire never"):
            return None
        if found := _EPOCH.match(line):
            return _moment(float(found[1]))
        if found := _DATE.match(line):
            year, month, day, hour, minute, second = map(int, found.groups())
            return _moment(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
    raise ValueError("a lease without an end")


def _moment(seconds: float) -> float:
    if not 0 <= seconds < _LATEST:
        raise ValueError("a lease of another age")
    return seconds
