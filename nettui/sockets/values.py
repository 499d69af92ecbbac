"""What may stand after each field of a filter, and what it means."""

import re
from collections.abc import Callable, Iterable, Mapping

from nettui.model.socket import UNCONN
from nettui.model.socket_filter import ADDRESSES, MEASURES, PORTS, TEXTS, AllOf, AnyOf, Filter, Is, Operator
from nettui.model.tcp import STATES
from nettui.model.text import clean
from nettui.sockets.endpoints import may_become_endpoint, read_endpoint
from nettui.sockets.filter_error import FilterError, did_you_mean, shown
from nettui.sockets.quantities import BadQuantity, read_size, read_span
from nettui.sockets.tokens import Word

Services = Mapping[str, int]
"""Port by name, in lower case."""

ORDERED = (*PORTS, *MEASURES, "pid", "inode")
"""Fields that can be compared with > and <."""

SPAN_UNITS = {"rtt": "ms", "idle": "s", "age": "s", "timer": "s"}
"""The unit of a bare number, of the fields that are spans of time."""

ENDS = {"port": ("sport", "dport"), "addr": ("src", "dst")}
"""The fields that mean either end, and those that mean one."""

PORT_BESIDE = {"src": "sport", "dst": "dport", "addr": "port"}
"""The field of the port that belongs to an address."""

LAST_PORT = 65535

STATES_BY_NAME = {state.lower().replace("_", "-"): str(state) for state in (*STATES, UNCONN)}
"""What is typed and shown, and what it stands for. Cases, `-` and `_` do not matter."""


def _states(*excluded: str) -> Filter:
    return AnyOf(tuple(Is("state", "=", state) for name, state in STATES_BY_NAME.items() if name not in excluded))


STATE_GROUPS: dict[str, Filter] = {
    "connected": _states("listen", "closed", "unconn"),
    "synchronized": _states("listen", "closed", "unconn", "syn-sent"),
    "big": _states("syn-recv", "time-wait"),
    "bucket": AnyOf((Is("state", "=", "SYN_RECV"), Is("state", "=", "TIME_WAIT"))),
    "all": _states(),
}
"""As in ss(8), whose `closed` is here `closed` of TCP and `unconn` of other sockets."""

PROTOCOLS: dict[str, Filter] = {
    **{name: Is("proto", "=", name) for name in ("tcp", "udp", "quic", "unix", "raw", "mptcp", "ipv4", "ipv6")},
    **{
        transport + version: AllOf((Is("proto", "=", transport), Is("proto", "=", f"ipv{version}")))
        for transport in ("tcp", "udp", "raw", "mptcp")
        for version in "46"
    },
}

_STATE_ALIASES = {"listening": "listen", "estab": "established", "close": "closed", "synrcv": "synrecv"}
_PROTOCOL_ALIASES = {"inet": "ipv4", "inet6": "ipv6", "ip4": "ipv4", "ip6": "ipv6"}
_MOST = {"pid": 1 << 32, "inode": 1 << 64}
_RANGE = re.compile(r"([0-9]+)-([0-9]*)")


def read_value(field: str, operator: Operator, word: Word, services: Services) -> Filter:
    """One comparison with one value. Raises FilterError, `unfinished` where typing on may mend it."""
    try:
        return _READERS[field](field, operator, word.text, services)
    except _Wrong as wrong:
        message = f"{field}: expected {wrong.expected}"
        if word.text:
            message += f", not {shown(word.text)}{did_you_mean(word.text.lower(), wrong.names)}"
        raise FilterError(message, (word.start, word.end), wrong.unfinished or not word.text) from None


def is_port(text: str, services: Services) -> bool:
    """Whether text is meant as a port: a number, a range or a service."""
    return (text.isascii() and text.isdecimal()) or text.lower() in services or _RANGE.fullmatch(text) is not None


def fold_state(typed: str) -> str:
    """A state's name without what does not matter in it."""
    return typed.lower().replace("-", "").replace("_", "")


_STATES_BY_FOLDED: dict[str, Filter] = {
    **{fold_state(name): Is("state", "=", state) for name, state in STATES_BY_NAME.items()},
    **STATE_GROUPS,
}


class _Wrong(Exception):
    """Not a value of this field; `names` are those that it could be."""

    def __init__(self, expected: str, unfinished: bool = False, names: Iterable[str] = ()) -> None:
        super().__init__()
        self.expected = expected
        self.unfinished = unfinished
        self.names = names


def _state(field: str, operator: Operator, text: str, services: Services) -> Filter:
    typed = fold_state(text)
    found = _STATES_BY_FOLDED.get(_STATE_ALIASES.get(typed, typed))
    if found is None:
        unfinished = _begins(typed, (*_STATES_BY_FOLDED, *_STATE_ALIASES))
        raise _Wrong("a state such as close-wait, or connected", unfinished, (*STATES_BY_NAME, *STATE_GROUPS))
    return found


def _protocol(field: str, operator: Operator, text: str, services: Services) -> Filter:
    typed = text.lower()
    found = PROTOCOLS.get(_PROTOCOL_ALIASES.get(typed, typed))
    if found is None:
        unfinished = _begins(typed, (*PROTOCOLS, *_PROTOCOL_ALIASES))
        raise _Wrong("a protocol such as tcp, udp6, quic, unix or ipv4", unfinished, PROTOCOLS)
    return found


def _number(field: str, operator: Operator, text: str, services: Services) -> Filter:
    if not (text.isascii() and text.isdecimal()) or len(text) > 20 or int(text) >= _MOST[field]:
        raise _Wrong("a number")
    return Is(field, operator, int(text))


def _port(field: str, operator: Operator, text: str, services: Services) -> Filter:
    bounds = None if text.lower() in services else _RANGE.fullmatch(text)
    if bounds is None:
        return Is(field, operator, _port_number(text, services))
    if operator != "=":
        raise _Wrong(f"one port after {operator}")
    first, last = (_port_number(bound, services) for bound in bounds.groups())
    if first > last:
        raise _Wrong("a range from the lower port to the higher", unfinished=len(bounds[2]) < len(bounds[1]))
    return _at_ends(field, lambda end: AllOf((Is(end, ">=", first), Is(end, "<=", last))))


def _port_number(text: str, services: Services) -> int:
    typed = text.lower()
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else services.get(typed)
    if number is None or not 0 <= number <= LAST_PORT:
        raise _Wrong(f"a number from 0 to {LAST_PORT}, a range or a service name", _begins(typed, services), services)
    return number


def _address(field: str, operator: Operator, text: str, services: Services) -> Filter:
    try:
        network, port, zone = read_endpoint(text)
    except ValueError:
        expected = "an address or a network, with a port or without, such as 10.0.0.0/8, 10.0.0.1:80 or [::1]:443"
        raise _Wrong(expected, may_become_endpoint(text)) from None
    if network is None:
        return _port(PORT_BESIDE[field], operator, port, services)

    def at(end: str) -> Filter:
        parts: list[Filter] = [Is(end, operator, network)]
        if port:
            parts.append(_port(PORT_BESIDE[end], operator, port, services))
        if zone:
            parts.append(Is("iface", operator, clean(zone).lower()))
        return AllOf(tuple(parts))

    return _at_ends(field, at) if port or zone else Is(field, operator, network)


def _at_ends(field: str, of: Callable[[str], Filter]) -> Filter:
    """`of` that end, or of either where the field is `port` or `addr`: what `of` asks for holds at one and the same."""
    ends = ENDS.get(field)
    return AnyOf(tuple(of(end) for end in ends)) if ends else of(field)


def _text(field: str, operator: Operator, text: str, services: Services) -> Filter:
    if not text:
        raise _Wrong("what to search for" if field == "text" else "a name, or a part of it")
    return Is(field, operator, clean(text).lower())


def _span(field: str, operator: Operator, text: str, services: Services) -> Filter:
    try:
        return Is(field, operator, read_span(text, SPAN_UNITS[field]))
    except BadQuantity as bad:
        raise _Wrong("a time such as 200ms, 10s, 5m, 1h or 2d", bad.unfinished) from None


def _size(field: str, operator: Operator, text: str, services: Services) -> Filter:
    try:
        return Is(field, operator, read_size(text))
    except BadQuantity as bad:
        raise _Wrong("a whole number such as 0, 1500 or 10k", bad.unfinished) from None


def _begins(typed: str, names: Iterable[str]) -> bool:
    return not typed or any(name.startswith(typed) for name in names)


_READERS: dict[str, Callable[[str, Operator, str, Services], Filter]] = {
    "state": _state,
    "proto": _protocol,
    "pid": _number,
    "inode": _number,
    **dict.fromkeys(PORTS, _port),
    **dict.fromkeys(ADDRESSES, _address),
    **dict.fromkeys((*TEXTS, "text"), _text),
    **dict.fromkeys(MEASURES, _size),
    **dict.fromkeys(SPAN_UNITS, _span),
}
