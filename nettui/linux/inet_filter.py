"""What of a filter the kernel can do: a mask of states, and a program for all else (inet_diag bytecode).

A program can look at ports, addresses and the interface a socket is bound to. What else a filter says is left out such
that more sockets pass than are wanted, never fewer. States are no part of a program: those of an `or` are joined.
"""

from functools import reduce
from ipaddress import IPv4Network, IPv6Network
from operator import and_, or_
from typing import NamedTuple, cast

from nettui.linux.inet_bytecode import (
    ALWAYS,
    BOUND,
    DESTINATION,
    NEVER,
    SOURCE,
    Condition,
    End,
    address_in,
    assembled,
    both,
    either,
    fitting,
    opposite,
    port_between,
)
from nettui.linux.inet_message import STATES
from nettui.linux.tcp_states import EVERY_STATE
from nettui.model.socket import Transport
from nettui.model.socket_filter import ADDRESSES, PORTS, QUIC_PORT, AllOf, Filter, Is, Not, without_not

LONGEST = 4096
"""Bytes a program may have. The kernel checks each jump by a walk from the start, and runs the program for each socket:
past some hundred comparisons it is cheaper to look at more sockets here."""

_CONNECTED_OR_NOT = 1 << 1 | 1 << 7  # the numbers of ESTABLISHED and CLOSED stand for all states that UDP has
_ENDS: dict[str, tuple[End, ...]] = {
    "sport": (SOURCE,), "dport": (DESTINATION,), "port": (SOURCE, DESTINATION),
    "src": (SOURCE,), "dst": (DESTINATION,), "addr": (SOURCE, DESTINATION),
}
_IPV4 = IPv4Network("0.0.0.0/0")
_MAPPED = IPv6Network("::ffff:0:0/96")


class KernelFilter(NamedTuple):
    """What the kernel is asked for."""

    states: int
    """A bit for each number of a state (net/tcp_states.h)."""
    bytecode: bytes
    """For the attribute INET_DIAG_REQ_BYTECODE; empty: every socket in these states."""


def plan(wanted: Filter | None, transport: Transport) -> KernelFilter | None:
    """How to ask for the sockets that a filter wants and as few others as can be; the answer is to be filtered again.

    None: no socket of this transport can pass.
    """
    states, condition = (_states(transport), ALWAYS) if wanted is None else _reach(without_not(wanted), transport)
    if not states or condition == NEVER:
        return None
    return KernelFilter(states, assembled(fitting(condition, LONGEST)))


class _Reach(NamedTuple):
    """What holds all that is wanted: the sockets that are in these states and meet a condition."""

    states: int
    condition: Condition


def _reach(wanted: Filter, transport: Transport) -> _Reach:
    if isinstance(wanted, Is):
        return _comparison(wanted, transport)
    if isinstance(wanted, Not):
        return _comparison(cast(Is, wanted.part), transport, negated=True)
    reaches = [_reach(part, transport) for part in wanted.parts]
    if isinstance(wanted, AllOf):
        states = reduce(and_, [reach.states for reach in reaches], _states(transport))
        return _Reach(states, both(reach.condition for reach in reaches))
    possible = [reach for reach in reaches if reach.states and reach.condition != NEVER]
    return _Reach(reduce(or_, [reach.states for reach in possible], 0), either(reach.condition for reach in possible))


def _comparison(wanted: Is, transport: Transport, negated: bool = False) -> _Reach:
    every = _states(transport)
    if wanted.field == "state":
        mask = _mask(wanted.value, transport)
        return _Reach(every & ~mask if negated else mask, ALWAYS)
    condition = _exact(wanted, transport)
    if condition is not None:
        return _Reach(every, opposite(condition) if negated else condition)
    # Which interfaces a part of a name means can change; but few sockets are bound to any.
    return _Reach(every, BOUND if wanted.field == "iface" and not negated else ALWAYS)


def _states(transport: Transport) -> int:
    """All that its sockets can be in."""
    return _CONNECTED_OR_NOT if transport in (Transport.UDP, Transport.RAW) else EVERY_STATE


def _mask(name: object, transport: Transport) -> int:
    """One state, by its name."""
    return sum(1 << number for number, state in STATES[transport].items() if state == name) & _states(transport)


def _exact(wanted: Is, transport: Transport) -> Condition | None:
    """The condition that says the same; None where none does."""
    field, sign, value = wanted
    if field == "proto":
        return _protocol(str(value), transport)
    if transport is Transport.UNIX:
        return NEVER if field in (*PORTS, *ADDRESSES, "iface") else None
    if field in PORTS and isinstance(value, int) and transport is not Transport.RAW:
        low = {"=": value, ">=": value, ">": value + 1}.get(sign, 0)
        high = {"=": value, "<=": value, "<": value - 1}.get(sign, 0xFFFF)
        return either(port_between(end, low, high) for end in _ENDS[field])
    if field in ADDRESSES and isinstance(value, IPv4Network | IPv6Network):
        return either(_at(end, value) for end in _ENDS[field])
    return None


def _protocol(name: str, transport: Transport) -> Condition:
    """A transport, or a family: an IPv6 socket that speaks IPv4 counts as that."""
    if name in ("ipv4", "ipv6") and transport is not Transport.UNIX:
        ipv4 = either(address_in(end, _IPV4) for end in (SOURCE, DESTINATION))
        return ipv4 if name == "ipv4" else opposite(ipv4)
    if name == "quic" and transport is Transport.UDP:
        return either(port_between(end, QUIC_PORT, QUIC_PORT) for end in (SOURCE, DESTINATION))
    return ALWAYS if name == transport else NEVER


def _at(end: End, network: IPv4Network | IPv6Network) -> Condition:
    """An IPv4 address is in no IPv6 network, also where the kernel has it mapped into one."""
    if isinstance(network, IPv6Network) and network.overlaps(_MAPPED):
        return both([address_in(end, network), opposite(address_in(end, _IPV4))])
    return address_in(end, network)
