"""Conditions on a socket, and the program that the kernel runs for them: inet_diag bytecode (linux/inet_diag.h).

A program is a row of instructions, each a test with two jumps forward, one for yes and one for no. Whoever arrives
exactly at the end has passed; who jumps one instruction further has not. inet_diag_bc_audit in net/ipv4/inet_diag.c
says what else the kernel asks of a program, inet_diag_bc_run what each instruction means.
"""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from socket import AF_INET, AF_INET6, AF_UNSPEC
from struct import Struct as Layout
from typing import NamedTuple

from msgspec import Struct

_JMP, _DEV_COND = 1, 9  # INET_DIAG_BC_
_OP = Layout("=BBH")  # struct inet_diag_bc_op: code, and how many bytes to go on if yes, and if no
_HOST = Layout("=BBxxi")  # struct inet_diag_hostcond: family, prefix length, port (-1: any); the address follows
_PORT = Layout("=xxH")  # a struct inet_diag_bc_op of which only `no` is used
_INDEX = Layout("=I")
_ACCEPT, _REJECT = 0, -4  # where a program ends, in bytes before its end
_HIGHEST = 0xFFFF


class End(NamedTuple):
    """The instructions for one end of a connection."""

    at_least: int
    at_most: int
    host: int


SOURCE, DESTINATION = End(2, 3, 7), End(4, 5, 8)
"""The local end and the peer's: S_GE, S_LE, S_COND, and the same with D."""


class Check(Struct, frozen=True):
    """One instruction."""

    number: int
    argument: bytes


class Both(Struct, frozen=True):
    """Every part holds."""

    parts: "tuple[Condition, ...]"


class Either(Struct, frozen=True):
    """At least one part holds."""

    parts: "tuple[Condition, ...]"


class Opposite(Struct, frozen=True):
    """The part does not hold."""

    part: "Condition"


Condition = Check | Both | Either | Opposite
ALWAYS, NEVER = Both(()), Either(())


def both(conditions: Iterable[Condition]) -> Condition:
    """Every one of them holds."""
    parts: list[Condition] = []
    for condition in conditions:
        parts += condition.parts if isinstance(condition, Both) else [condition]
    if NEVER in parts:
        return NEVER
    return parts[0] if len(parts) == 1 else Both(tuple(parts))


def either(conditions: Iterable[Condition]) -> Condition:
    """At least one of them holds."""
    parts: list[Condition] = []
    for condition in conditions:
        parts += condition.parts if isinstance(condition, Either) else [condition]
    if ALWAYS in parts:
        return ALWAYS
    return parts[0] if len(parts) == 1 else Either(tuple(parts))


def opposite(condition: Condition) -> Condition:
    """It does not hold."""
    if condition in (ALWAYS, NEVER):
        return NEVER if condition == ALWAYS else ALWAYS
    return Opposite(condition)


def port_between(end: End, low: int, high: int) -> Condition:
    """The port of an end is one of these, both included. 0 is no port."""
    low, high = max(low, 1), min(high, _HIGHEST)
    if low > high:
        return NEVER
    if low == high:  # older kernels have no instruction for one port, but a condition on any host takes one along
        return Check(end.host, _HOST.pack(AF_UNSPEC, 0, low))
    at_least = Check(end.at_least, _PORT.pack(low))
    return both([at_least, Check(end.at_most, _PORT.pack(high))]) if high < _HIGHEST else at_least


def address_in(end: End, network: IPv4Network | IPv6Network) -> Condition:
    """The address of an end is in a network. For one of IPv4 the kernel also looks into mapped IPv6 addresses."""
    family = AF_INET if network.version == 4 else AF_INET6
    return Check(end.host, _HOST.pack(family, network.prefixlen, -1) + network.network_address.packed)


BOUND = opposite(Check(_DEV_COND, _INDEX.pack(0)))
"""The socket is bound to some interface."""


def fitting(condition: Condition, room: int) -> Condition:
    """The same condition, or a weaker one, whose program has at most `room` bytes."""
    if not isinstance(condition, Both):
        return condition if _size(condition) <= room else ALWAYS
    kept = []
    for part in sorted(condition.parts, key=_size):
        room -= _size(part)
        if room < 0:
            break
        kept.append(part)
    return both(kept)


def _size(condition: Condition) -> int:
    """The most bytes a program for it can have: each instruction may need a jump behind it."""
    if isinstance(condition, Check):
        return _OP.size + len(condition.argument) + _OP.size
    parts = (condition.part,) if isinstance(condition, Opposite) else condition.parts
    return sum(map(_size, parts))


def assembled(condition: Condition) -> bytes:
    """The program for a condition; empty where it always holds."""
    program = _Program()
    program.put(condition, _ACCEPT, _REJECT)
    return b"".join(reversed(program.instructions))


class _Program:
    """Put together from its end to its start, so that every jump knows how far it goes."""

    def __init__(self) -> None:
        self.instructions: list[bytes] = []
        """The last one first."""
        self._length = 0

    def put(self, condition: Condition, accept: int, reject: int) -> None:
        """Put a condition before what is there. Where to go on is given in bytes before the end."""
        if isinstance(condition, Check):
            self._check(condition, accept, reject)
        elif isinstance(condition, Opposite):
            self.put(condition.part, reject, accept)
        else:
            for part in reversed(condition.parts):
                self.put(part, accept, reject)
                if isinstance(condition, Both):
                    accept = self._length
                else:
                    reject = self._length

    def _check(self, check: Check, accept: int, reject: int) -> None:
        """Yes goes on with the next instruction: where that is the wrong one, it is a jump to the right one."""
        if accept != self._length:
            self._add(_OP.pack(_JMP, _OP.size, self._length + _OP.size - accept))
        size = _OP.size + len(check.argument)
        self._add(_OP.pack(check.number, size, self._length + size - reject) + check.argument)

    def _add(self, instruction: bytes) -> None:
        self.instructions.append(instruction)
        self._length += len(instruction)
