"""From what a person typed to the question that is asked: a name, an address to reverse, or a pasted URL."""

import re
import unicodedata

from msgspec import Struct

from nettui.dns.servers import parse_address
from nettui.model.lookup import RECORD_TYPES
from nettui.model.resolver import ResolverConfig
from nettui.model.text import clean

ADDRESS_TYPES = ("A", "AAAA")

_TYPED_LIMIT = 1100
"""Characters of a name at its longest: 253 octets, each as a backslash and three digits."""
_DOTS = re.compile("[。．｡]")
_KEPT_BY_UTS46 = frozenset("ßς")
"""Letters that folding would change into others, though they make names of their own (UTS 46, deviations)."""
_INVISIBLE = frozenset("CZ")
"""Unicode categories that no name can hold: controls, unassigned, surrogates, separators."""
_REASONS = {
    "EmptyLabel": "a part of it is empty (two dots in a row, or one in front)",
    "LabelTooLong": "a part between its dots is longer than 63 octets",
    "NameTooLong": "it is longer than 253 octets",
    "BadEscape": "its backslash escape cannot be read",
}


class Question(Struct, frozen=True, kw_only=True):
    """What is to be asked, in any of the types."""

    typed: str
    """What was typed, made safe."""
    name: str
    """ASCII (A-labels), without the final dot; `.` is the root."""
    absolute: bool
    """No search domain may be appended: it was typed with a final dot, or it is a reversed address."""
    address: str | None = None
    """The address that was typed, where it was one."""


class BadName(ValueError):
    """What was typed cannot be a DNS name; the message says why in plain words."""


def parse_question(typed: str) -> Question:
    """A name (IDNs become A-labels), an IPv4 or IPv6 address, a URL, `host:port`, `user@host`, `address/prefix`.

    Raises BadName.
    """
    host = _host(typed.strip())
    if not host:
        raise BadName("no name was typed")
    if len(host) > _TYPED_LIMIT:
        raise BadName(f"“{clean(host, 60)}” cannot be a name: {_REASONS['NameTooLong']}")
    address = parse_address(host)
    if address is None:
        return Question(typed=clean(typed), name=_checked(host, host), absolute=_ends_in_dot(host))
    import ipaddress

    reverse = ipaddress.ip_address(address.partition("%")[0]).reverse_pointer
    return Question(typed=clean(typed), name=reverse, absolute=True, address=address)


def parse_type(typed: str) -> str:
    """A record type by its name, in any case, or as TYPE65 (RFC 3597).

    Raises ValueError, in plain words, for what is no type, and for those that ask for no record (ANY, AXFR).
    """
    import dns.exception
    import dns.rdatatype

    if typed.upper() in RECORD_TYPES:
        return typed.upper()
    try:
        number = dns.rdatatype.from_text(typed)
    except (dns.exception.DNSException, ValueError):
        raise ValueError(f"“{clean(typed, 40)}” is not a record type; known are {' '.join(RECORD_TYPES)}") from None
    if number == 0 or dns.rdatatype.is_metatype(number):
        raise ValueError(f"{clean(typed, 40).upper()} is not a type of record that can be looked up")
    return dns.rdatatype.to_text(number)


def types_for(question: Question, types: tuple[str, ...]) -> tuple[str, ...]:
    """The types to ask: PTR alone for an address, else `types` without repetition."""
    return ("PTR",) if question.address else tuple(dict.fromkeys(types))


def candidates(question: Question, config: ResolverConfig) -> tuple[str, ...]:
    """The names the system's resolver asks, in its order, until one has an answer (resolv.conf(5): search, ndots)."""
    if question.absolute:
        return (question.name,)
    searched: list[str] = []
    for domain in config.search:
        try:
            searched.append(question.name if domain == "." else _checked(f"{question.name}.{domain}", domain))
        except BadName:
            continue
    as_typed_first = question.name.count(".") >= config.ndots
    names = (question.name, *searched) if as_typed_first else (*searched, question.name)
    return tuple(dict.fromkeys(names))


def _host(text: str) -> str:
    _scheme, is_url, rest = text.partition("://")
    text = rest if is_url else text.removeprefix("//")
    # A reverse zone smaller than a /24 has a slash in its name (RFC 2317).
    if is_url or not text.lower().rstrip(".").endswith(".arpa"):
        text = re.split("[/?#]", text, maxsplit=1)[0]
    text = text.rpartition("@")[2].strip()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, colon, port = text.rpartition(":")
    return host if colon and ":" not in host and (port.isdigit() or not port) else text


def _ends_in_dot(host: str) -> bool:
    return _DOTS.sub(".", host).endswith(".") and not host.endswith("\\.")


def _checked(name: str, shown: str) -> str:
    """`name` as dnspython writes it, once it is known to fit into a query."""
    import dns.exception
    import dns.name

    reason = None
    try:
        text = name if name.isascii() else ".".join(_a_label(label) for label in _DOTS.sub(".", name).split("."))
        if not text.isprintable() or " " in text:
            reason = "it holds a blank or a character that cannot be seen"
        else:
            return dns.name.from_text(text).to_text(omit_final_dot=True)
    except dns.exception.DNSException as error:
        reason = _REASONS.get(type(error).__name__, "it cannot be read")
    except ValueError as error:
        reason = str(error)
    raise BadName(f"“{clean(shown, 60)}” cannot be a name: {reason}")


def _a_label(label: str) -> str:
    """One label as it goes over the wire: UTS 46 (non-transitional), as far as the standard library's tables tell."""
    if label.isascii():
        return label
    composed = unicodedata.normalize("NFKC", label)
    folded = "".join(char if char in _KEPT_BY_UTS46 else char.casefold() for char in composed)
    folded = unicodedata.normalize("NFKC", folded)
    if any(unicodedata.category(char)[0] in _INVISIBLE for char in folded) or "\\" in folded:
        raise ValueError("it holds a blank or a character that cannot be seen")
    return folded if folded.isascii() else "xn--" + folded.encode("punycode").decode("ascii")
