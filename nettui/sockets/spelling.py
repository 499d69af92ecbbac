"""A filter spelled out: the text that means it, as short as the language allows."""

from typing import NamedTuple, cast

from nettui.model.socket_filter import MEASURES, AnyOf, Filter, Is, Not
from nettui.sockets.endpoints import Network, endpoint_text
from nettui.sockets.quantities import size, span
from nettui.sockets.tokens import PLAIN, Token, Word, quote, tokens
from nettui.sockets.values import ENDS, PORT_BESIDE, PROTOCOLS, SPAN_UNITS, STATE_GROUPS, STATES_BY_NAME

_ANY, _ALL, _ONE = range(3)
"""How tightly a text holds together: joined by or, joined by and, not joined."""


class _Named(NamedTuple):
    """A field and a value that is looked for in it."""

    field: str
    value: str


_KNOWN: dict[Filter, _Named] = {
    **{meaning: _Named("proto", name) for name, meaning in PROTOCOLS.items()},
    **{meaning: _Named("state", name) for name, meaning in STATE_GROUPS.items()},
}
_STATE_NAMES = {state: name for name, state in STATES_BY_NAME.items()}
_EITHER = {ends: field for field, ends in ENDS.items()}


def to_text(wanted: Filter | None) -> str:
    """The text of a filter that `parse` made, of which it makes the same again; empty for None."""
    return "" if wanted is None else _spelled(wanted, _ANY)


def value_text(value: str) -> str:
    """A name as it may stand after a field: in quotes where it has to be."""
    return value if PLAIN.fullmatch(value) else quote(value)


def _spelled(wanted: Filter, at_least: int) -> str:
    """In parentheses where it holds together less than it has to."""
    if named := _term(wanted):
        return f"{named.field}:{named.value}"
    if isinstance(wanted, Is):
        return _free_text(str(wanted.value)) if wanted.field == "text" else _compared(wanted)
    if isinstance(wanted, Not):
        return f"not {_spelled(wanted.part, _ONE)}"
    holds = _ANY if isinstance(wanted, AnyOf) else _ALL
    text = f" {wanted.joined} ".join(_spelled(part, holds + 1) for part in wanted.parts)
    return f"({text})" if holds < at_least else text


def _term(wanted: Filter) -> _Named | None:
    """One field with one value or several, where all of `wanted` can be said so."""
    named = _named(wanted)
    if named or not isinstance(wanted, AnyOf):
        return named
    each = [part for part in map(_named, wanted.parts) if part]
    alike = len(each) == len(wanted.parts) and len({part.field for part in each}) == 1
    return _Named(each[0].field, ",".join(part.value for part in each)) if alike else None


def _named(wanted: Filter) -> _Named | None:
    """One field with one value, where all of `wanted` can be said so."""
    if wanted in _KNOWN:
        return _KNOWN[wanted]
    if isinstance(wanted, Is):
        single = wanted.operator == "=" and wanted.field != "text"
        return _Named(wanted.field, _value(wanted)) if single else None
    if isinstance(wanted, Not) or len(wanted.parts) != 2:
        return None
    first, second = wanted.parts
    if isinstance(wanted, AnyOf):
        return _either(first, second)
    return _endpoint(first, second) or _port_range(first, second)


def _either(first: Filter, second: Filter) -> _Named | None:
    """The same at one end or at the other, of what cannot be said with `port` or `addr` in the tree."""
    one, other = _named(first), _named(second)
    if isinstance(first, Is) or not (one and other and one.value == other.value):
        return None
    field = _EITHER.get((one.field, other.field))
    return _Named(field, one.value) if field else None


def _port_range(first: Filter, second: Filter) -> _Named | None:
    if not (isinstance(first, Is) and isinstance(second, Is) and first.field == second.field in ("sport", "dport")):
        return None
    low, high = int(cast(int, first.value)), int(cast(int, second.value))
    bounds = (first.operator, second.operator) == (">=", "<=") and low <= high
    return _Named(first.field, f"{low}-{high}") if bounds else None


def _endpoint(address: Filter, port: Filter) -> _Named | None:
    """An address and the port beside it."""
    named = _named(port)
    if named is None or not isinstance(address, Is) or PORT_BESIDE.get(address.field) != named.field:
        return None
    return _Named(address.field, endpoint_text(cast(Network, address.value), named.value))


def _compared(wanted: Is) -> str:
    return f"{wanted.field}{wanted.operator}{_value(wanted)}"


def _value(wanted: Is) -> str:
    field, _, value = wanted
    if isinstance(value, Network):
        return endpoint_text(value)
    if field == "state":
        return _STATE_NAMES[str(value)]
    if isinstance(value, str):
        return value_text(value)
    if field in SPAN_UNITS:
        return span(value)
    return size(int(value)) if field in MEASURES else str(value)


def _free_text(value: str) -> str:
    """In quotes where it would be read as anything else."""
    bare = tokens(value) == [Token("word", 0, len(value), (Word(value, 0, len(value)),))]
    return value if bare and value[0] not in ":<>=" else quote(value)
