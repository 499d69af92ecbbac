"""Sieves for single comparisons: what each field of the filter language means.

What is not known, or not there, compares with nothing: a socket whose RTT is not known is neither above nor below
200 ms, and one without a port is at no port. (Only of address `*` is more said, see `_within`.)
"""

import operator
from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from math import nan
from socket import AF_INET, AF_INET6, inet_pton
from typing import Any

from nettui.model.process import Owner, Unit
from nettui.model.socket import Transport, endpoint
from nettui.model.socket_filter import QUIC_PORT, Is
from nettui.sockets.facts import Facts
from nettui.sockets.sieve import Sieve, both, either, inverse, remembered, tested

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}
_NUMBERS = {
    "rtt": "rtt", "retrans": "retrans", "idle": "idle", "timer": "timer", "recvq": "recv_q", "sendq": "send_q",
    "inode": "inode",
}
"""The column of each field that is a number."""

_ADDRESS, _OWNER, _MEASURE = 2, 3, 4
"""What it costs to look at such things; the rest is cheaper."""


def leaf(wanted: Is, facts: Facts, now: float) -> Sieve:
    """What lets through the sockets of which one comparison is true.

    `facts` is what is known, at `now` (Unix time in seconds), beside the table.
    """
    field, sign, value = wanted
    match field:
        case "state":
            return tested(partial(operator.eq, value), "state")
        case "proto":
            return _PROTOCOLS.get(str(value)) or tested(partial(operator.eq, value), "transport")
        case "sport":
            return _port("local_port", sign, value)
        case "dport":
            return _port("peer_port", sign, value)
        case "port":
            return either([_port("local_port", sign, value), _port("peer_port", sign, value)])
        case "src":
            return _address("local", value)
        case "dst":
            return _address("peer", value)
        case "addr":
            return either([_address("local", value), _address("peer", value)])
        case "process":
            return _process(str(value))
        case "pid":
            compare = _COMPARE[sign]
            return _owned(lambda owner: compare(owner.pid, value))
        case "user":
            return tested(remembered(partial(_user, facts, str(value))), "uid")
        case "unit":
            return tested(partial(_unit, str(value)), "unit", cost=_OWNER)
        case "iface":
            return tested(remembered(partial(_contains, facts.links.get, str(value))), "ifindex")
        case "age":
            return tested(_age(facts, now, sign, value), "key", cost=_OWNER)
        case "text":
            return _text(str(value), facts)
        case _:
            return tested(_number(sign, value), _NUMBERS[field], cost=_MEASURE)


def _number(sign: str, wanted: Any) -> Callable[[Any], bool]:
    compare = _COMPARE[sign]
    return lambda value: value is not None and compare(value, wanted)


def _port(column: str, sign: str, wanted: Any) -> Sieve:
    compare = _COMPARE[sign]
    if sign == "=" and wanted:
        return tested(partial(compare, wanted), column)
    return tested(lambda port: bool(port) and compare(port, wanted), column)


def _address(column: str, network: Any) -> Sieve:
    return tested(remembered(_within(network)), column, "family", cost=_ADDRESS)


def _within(network: IPv4Network | IPv6Network) -> Callable[[tuple[str, str]], bool]:
    """Whether an address, with the family of its socket, is in a network.

    `*` is 0.0.0.0 or ::, as it is for `ss`. IPv4 addresses are in no IPv6 network, whatever the socket's family.
    """
    version, nothing = (AF_INET, "0.0.0.0") if network.version == 4 else (AF_INET6, "::")
    only = "inet" if network.version == 4 else "inet6"
    mask, base = int(network.netmask), int(network.network_address)

    def test(row: tuple[str, str]) -> bool:
        address, family = row
        if family == "unix" or (address == "*" and family != only):
            return False
        try:
            packed = inet_pton(version, nothing if address == "*" else address.partition("%")[0])
        except (OSError, ValueError):
            return False
        return int.from_bytes(packed) & mask == base

    return test


def _is_ipv4(address: str) -> bool:
    return "." in address and ":" not in address


_INET, _INET6, _UNIX = (tested(partial(operator.eq, family), "family") for family in ("inet", "inet6", "unix"))
_IPV4 = either([
    _INET,
    both([
        _INET6,
        either([tested(_is_ipv4, "local", cost=_ADDRESS), tested(_is_ipv4, "peer", cost=_ADDRESS)]),
    ]),
])
_PROTOCOLS = {
    "ipv4": _IPV4,
    "ipv6": both([_INET6, inverse(_IPV4)]),
    "quic": both([
        tested(partial(operator.eq, Transport.UDP), "transport"),
        either([_port("local_port", "=", QUIC_PORT), _port("peer_port", "=", QUIC_PORT)]),
    ]),
}
"""Those that are not the name of a transport. An IPv6 socket that speaks IPv4 counts as that: so it is shown."""


def _owned(test: Callable[[Owner], bool]) -> Sieve:
    """At least one of its owners is like that."""
    return tested(lambda owners: any(map(test, owners or ())), "owners", cost=_OWNER)


def _process(needle: str) -> Sieve:
    """In the name of an owner; a needle with a bracket is looked for in `name[pid]`."""
    if "[" in needle or "]" in needle:
        return _owned(lambda owner: needle in owner.label.lower())
    named = remembered(lambda name: needle in name.lower())
    return _owned(lambda owner: bool(named(owner.name)))


def _user(facts: Facts, wanted: str, uid: int | None) -> bool:
    """By name or by number; no part of either will do."""
    return uid is not None and wanted in ((facts.user(uid) or "").lower(), str(uid))


def _unit(needle: str, unit: Unit | None) -> bool:
    return unit is not None and (needle in unit.name.lower() or needle in unit.path.lower())


def _contains(name_of: Callable[[Any], str | None], needle: str, number: int | None) -> bool:
    name = name_of(number)
    return name is not None and needle in name.lower()


def _age(facts: Facts, now: float, sign: str, wanted: Any) -> Callable[[Any], bool]:
    """Of a socket that was there before anybody looked it is known that it is at least as old as the watch."""
    compare, born = _COMPARE[sign], facts.born.get
    since = facts.watching_since if sign in (">", ">=") else None
    unknown = nan if since is None else since
    return lambda key: compare(now - born(key, unknown), wanted)


def _text(needle: str, facts: Facts) -> Sieve:
    """Anywhere in what a row shows."""
    sieves = [
        tested(remembered(partial(_in_state, needle)), "state"),
        tested(remembered(lambda transport: needle in transport), "transport"),
        *_text_of_end(needle, facts, "local", "local_port"),
        *_text_of_end(needle, facts, "peer", "peer_port"),
        _owned(lambda owner: needle in owner.label.lower()),
        tested(remembered(partial(_contains, facts.user, needle)), "uid"),
        tested(lambda unit: unit is not None and needle in unit.name.lower(), "unit", cost=_OWNER),
        tested(remembered(partial(_contains, facts.links.get, needle)), "ifindex"),
    ]
    if needle in "quic":
        sieves.append(_PROTOCOLS["quic"])
    return either(sieves)


def _in_state(needle: str, state: str) -> bool:
    """Also as `ss` writes it: close-wait, fin-wait-1."""
    return needle.replace("-", "_").replace("wait_", "wait") in state.lower()


def _text_of_end(needle: str, facts: Facts, address: str, port: str) -> Iterator[Sieve]:
    """In the address, the port or the service of one end, or across address and port."""
    yield tested(operator.methodcaller("__contains__", needle), address, cost=_ADDRESS)
    yield both([_UNIX, tested(lambda path: needle in path.lower(), address, cost=_ADDRESS)])  # not all in lower case
    if ":" in needle:
        yield tested(lambda row: needle in endpoint(*row), address, port, cost=_MEASURE)
    if needle.isdecimal():
        yield tested(remembered(lambda number: needle in str(number)), port)
    served = {ends for ends, name in facts.services.items() if needle in name.lower()}
    served |= {(Transport.MPTCP, number) for transport, number in served if transport == Transport.TCP}
    if served:
        yield tested(served.__contains__, "transport", port)
