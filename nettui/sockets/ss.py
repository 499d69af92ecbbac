"""A filter said to ss(8): the command that shows the same sockets, as nearly as ss can.

What ss cannot say is left out such that it shows more sockets than are wanted, never fewer. It takes tables (`-t`),
states and an expression, each for itself: `proto:udp or state:listen` is one of the things that it cannot say.
"""

import re
import shlex
from collections.abc import Collection, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple, cast

from nettui.model.socket import UNCONN, Transport
from nettui.model.socket_filter import ADDRESSES, PORTS, QUIC_PORT, AllOf, Filter, Is, Not, fields, without_not
from nettui.model.tcp import STATES
from nettui.sockets.endpoints import MAPPED, Network
from nettui.sockets.spelling import to_text
from nettui.sockets.values import ENDS, LAST_PORT

Cell = tuple[Transport, str]
"""The sockets of one table in one state. CLOSED stands for UNCONN too, as it does for ss."""


class SsCommand(NamedTuple):
    """What to type, and what it does not say."""

    command: str
    """For a shell."""
    left_out: tuple[str, ...]
    """Parts of the filter, in its own language."""


class _Said(NamedTuple):
    """How a filter is said: the sockets of these cells that an expression (empty: none needed) lets through."""

    cells: frozenset[Cell]
    expression: str = ""
    exact: bool = True
    """Whether these are all that are wanted and no others."""


class _Host(NamedTuple):
    """What there is to ask for."""

    every: frozenset[Cell]
    links: Collection[str] | None
    """Names of all interfaces, where they are known."""
    alone: bool
    """Whether ss has to compare by itself: the kernel knows no interfaces, and is asked for all conditions or none."""


_LETTERS = {
    Transport.TCP: "t", Transport.UDP: "u", Transport.RAW: "w", Transport.UNIX: "x", Transport.MPTCP: "M",
}
_SHOWN_BY = {
    "process": "p", "pid": "p", "text": "p", "user": "e", "inode": "e", "unit": "e", "timer": "o", "rtt": "i",
    "retrans": "i", "idle": "i",
}
"""The option that makes ss show what it cannot filter by."""
_STATE_NAMES = {state.value: state.lower().replace("_", "-") for state in STATES} | {
    "LISTEN": "listening", "FIN_WAIT1": "fin-wait-1", "FIN_WAIT2": "fin-wait-2",
}
_STATES = {Transport.UDP: ("ESTABLISHED", "CLOSED"), Transport.RAW: ("ESTABLISHED", "CLOSED")}
"""Of the tables that do not have all."""
_FAMILIES: dict[str, Network] = {"ipv4": IPv4Network("0.0.0.0/0"), "ipv6": IPv6Network("::/0")}
_NEVER = "sport < :0"
"""What no socket is: of no states at all, ss would show those it shows by itself."""
_IPV6_STARTS = tuple(map(IPv4Network, ("0.0.0.0/8", "32.0.0.0/3", "252.0.0.0/6")))
"""The first bits of IPv6 addresses there are: ::/8, 2000::/3, fc00::/6."""
_NAME = re.compile(r"[\w.@-]+", re.ASCII)
_KEYWORDS = frozenset((
    "and", "or", "not", "src", "dst", "sport", "dport", "dev", "fwmark", "cgroup", "autobound",
    "eq", "ne", "neq", "gt", "lt", "ge", "geq", "le", "leq",
))


def ss_command(
    wanted: Filter | None, transports: Collection[Transport], links: Collection[str] | None = None
) -> SsCommand:
    """The command for these transports; without the names of all interfaces, `links`, it cannot ask for any of them."""
    every = frozenset((table, state) for table in transports for state in _STATES.get(table, _STATE_NAMES))
    host = _Host(every, links, alone=links is not None and "iface" in fields(wanted))
    parts = [] if wanted is None else list(_conjuncts(without_not(wanted)))
    said = [_said(part, host) for part in parts]
    left_out = [
        part for part, each in zip(parts, said, strict=True) if not each.exact or each.cells != _hull(each.cells, host)
    ]
    looked_at = {field for part in left_out for field in fields(part)}
    columns = "".join(dict.fromkeys(option for field, option in _SHOWN_BY.items() if field in looked_at))
    total = _all_of(said, host)
    command = _command(total if total.cells else _Said(host.every, _NEVER), host, columns)
    return SsCommand(command, tuple(map(to_text, left_out)))


def _command(said: _Said, host: _Host, columns: str) -> str:
    tables, states = _sides(said.cells)
    words = ["ss"]
    if Transport.UNIX in tables and said.expression:  # after -x, ss takes every address for a path
        words += ["-an" + columns, "-A", ",".join(tables)]
    else:
        words.append("-" + "".join(map(_LETTERS.__getitem__, tables)) + "an" + columns)
    words += _states(states, _sides(frozenset(cell for cell in host.every if cell[0] in tables))[1])
    if said.expression:
        words.append(shlex.quote(said.expression))
    return " ".join(words)


def _states(states: set[str], possible: set[str]) -> list[str]:
    missing = possible - states
    if len(missing) < len(states):
        return [f"exclude {name}" for state, name in _STATE_NAMES.items() if state in missing]
    return [f"state {name}" for state, name in _STATE_NAMES.items() if state in states]


def _sides(cells: frozenset[Cell]) -> tuple[list[Transport], set[str]]:
    """The tables and the states."""
    tables = {transport for transport, _ in cells}
    return [transport for transport in Transport if transport in tables], {state for _, state in cells}


def _hull(cells: frozenset[Cell], host: _Host) -> frozenset[Cell]:
    """What ss shows when it is asked for these tables and these states."""
    tables, states = _sides(cells)
    return frozenset((transport, state) for transport, state in host.every if transport in tables and state in states)


def _conjuncts(wanted: Filter) -> Iterator[Filter]:
    if isinstance(wanted, AllOf) and _port_range(wanted.parts) is None:
        for part in wanted.parts:
            yield from _conjuncts(part)
    else:
        yield wanted


def _said(wanted: Filter, host: _Host) -> _Said:
    """`wanted` has no Not but before comparisons."""
    if isinstance(wanted, Is):
        return _comparison(wanted, host, negated=False)
    if isinstance(wanted, Not):
        return _comparison(cast(Is, wanted.part), host, negated=True)
    parts = [_said(part, host) for part in wanted.parts]
    if not isinstance(wanted, AllOf):
        return _any_of(parts)
    found = _port_range(wanted.parts)
    return _all_of(parts, host)._replace(expression=found.yes) if found else _all_of(parts, host)


def _all_of(parts: Sequence[_Said], host: _Host) -> _Said:
    cells = host.every.intersection(*(part.cells for part in parts))
    expressions = [part.expression for part in parts if part.expression]
    return _Said(cells, _joined("and", expressions), all(part.exact for part in parts))


def _any_of(parts: Sequence[_Said]) -> _Said:
    """Where parts differ both in their cells and in their expressions, each is asked for with those of the others."""
    possible = [part for part in parts if part.cells]
    cells = frozenset[Cell]().union(*(part.cells for part in possible))
    exact = all(part.exact for part in parts)
    expressions = list(dict.fromkeys(part.expression for part in possible))
    if len(expressions) > 1:
        exact = exact and len({part.cells for part in possible}) == 1
    return _Said(cells, "" if "" in expressions else _joined("or", expressions), exact)


def _joined(word: str, expressions: Sequence[str]) -> str:
    """For ss, `and` binds no more than `or`: parentheses say what belongs together."""
    different = list(dict.fromkeys(expressions))
    return f"( {f' {word} '.join(different)} )" if len(different) > 1 else "".join(different)


def _comparison(wanted: Is, host: _Host, negated: bool) -> _Said:
    field, value = wanted.field, wanted.value
    if field == "state":
        cells = frozenset(cell for cell in host.every if _named(cell) == value)
        return _Said(host.every - cells if negated else cells)
    if field == "proto":
        return _protocol(str(value), host, negated)
    if field in PORTS or field in ADDRESSES:
        return _at_ends(wanted, host, negated)
    if field == "iface" and host.links is not None:
        return _interface(str(value), host, negated)
    return _Said(host.every, exact=False)


def _named(cell: Cell) -> str:
    """A state as nettui calls it."""
    transport, state = cell
    return UNCONN if state == "CLOSED" and transport not in (Transport.TCP, Transport.MPTCP) else state


def _protocol(name: str, host: _Host, negated: bool) -> _Said:
    if name in _FAMILIES:
        return _at_ends(Is("src", "=", _FAMILIES[name]), host, negated)
    quic = name == "quic"
    cells = frozenset(cell for cell in host.every if cell[0] == ("udp" if quic else name))
    if quic:
        ports = _at_ends(Is("port", "=", QUIC_PORT), host, negated=False)
        return _Said(host.every, exact=False) if negated else _Said(cells, ports.expression)
    return _Said(host.every - cells if negated else cells)


def _at_ends(wanted: Is, host: _Host, negated: bool) -> _Said:
    """A port or an address, of one end or of either. No unix socket has one."""
    test = _port if wanted.field in PORTS else _address
    tests = [test(end, wanted) for end in ENDS.get(wanted.field, (wanted.field,))]
    exact = not (host.alone and wanted.field in ADDRESSES and _ambiguous(cast(Network, wanted.value)))
    if negated:
        return _Said(host.every, _joined("and", [test.no for test in tests if test]), exact)
    cells = frozenset(cell for cell in host.every if cell[0] is not Transport.UNIX)
    expression = _joined("or", [test.yes for test in tests if test])
    return _Said(cells if expression else frozenset(), expression, exact)


class _Test(NamedTuple):
    """A condition, and its opposite."""

    yes: str
    no: str


def _port(end: str, wanted: Is) -> _Test | None:
    """None where no port will do."""
    return _between(end, *_bounds(wanted))


def _port_range(parts: Sequence[Filter]) -> _Test | None:
    """Two comparisons of one port, said together."""
    both = [part for part in parts if isinstance(part, Is) and part.field in ("sport", "dport")]
    if len(both) != len(parts) or len({part.field for part in both}) != 1:
        return None
    lows, highs = zip(*map(_bounds, both), strict=True)
    return _between(both[0].field, max(lows), min(highs))


def _bounds(wanted: Is) -> tuple[int, int]:
    """The lowest and the highest port. What has no port has port 0 for ss, and is at no port here."""
    value = cast(int, wanted.value)
    low = {"=": value, ">=": value, ">": value + 1}.get(wanted.operator, 1)
    high = {"=": value, "<=": value, "<": value - 1}.get(wanted.operator, LAST_PORT)
    return max(low, 1), min(high, LAST_PORT)


def _between(end: str, low: int, high: int) -> _Test | None:
    if low > high:
        return None
    if low == high:
        return _Test(f"{end} = :{low}", f"{end} != :{low}")
    if high == LAST_PORT:
        return _Test(f"{end} >= :{low}", f"{end} < :{low}")
    yes = f"( {end} >= :{low} and {end} <= :{high} )"
    return _Test(yes, f"not {yes}")


def _address(end: str, wanted: Is) -> _Test:
    network = cast(Network, wanted.value)
    ipv4, ipv6 = f"{end} 0.0.0.0/0", f"{end} [::/0]"
    not_mapped = f"not {end} [::ffff:0:0/96]"  # for ss, IPv4-mapped addresses are in IPv6 networks
    if network.prefixlen == 0:  # ss cannot deny a network of all addresses
        only_ipv6 = f"( {ipv6} and {not_mapped} )"
        return _Test(ipv4, only_ipv6) if network.version == 4 else _Test(only_ipv6, ipv4)
    alone = network.prefixlen == network.max_prefixlen
    text = str(network.network_address if alone else network)
    yes = f"{end} {text}" if network.version == 4 else f"{end} [{text}]"
    if network.version == 6 and MAPPED.subnet_of(network):
        yes = f"( {yes} and {not_mapped} )"
    others = ipv6 if network.version == 4 else ipv4
    return _Test(yes, f"( not {yes} or {others} )" if _ambiguous(network) else f"not {yes}")


def _ambiguous(network: Network) -> bool:
    """Whether ss, which compares bits alone after the kernel has compared well, finds addresses of the other family."""
    if network.version == 6:
        return int(network.network_address) % (1 << 96) == 0
    return any(network.overlaps(start) for start in _IPV6_STARTS)


def _interface(part: str, host: _Host, negated: bool) -> _Said:
    """Those whose name has `part` in it."""
    names = [name for name in host.links or () if part in name.lower()]
    if not all(_NAME.fullmatch(name) and name not in _KEYWORDS for name in names):
        return _Said(host.every, exact=False)
    if negated:
        return _Said(host.every, _joined("and", [f"dev != {name}" for name in names]))
    cells = frozenset(cell for cell in host.every if names and cell[0] is not Transport.UNIX)
    return _Said(cells, _joined("or", [f"dev = {name}" for name in names]))
