"""DNS lookups and their answers."""

from enum import StrEnum

from msgspec import Struct

RECORD_TYPES = ("A", "AAAA", "CNAME", "MX", "NS", "TXT", "SOA", "PTR")
"""The types offered, in the order offered."""


class Outcome(StrEnum):
    """How a lookup ended."""

    ANSWER = "answer"
    NO_DATA = "no data"
    """The name exists and has no record of this type (RFC 2308)."""
    NO_SUCH_NAME = "no such name"
    REFERRAL = "referral"
    """The server asked does not know, and names the servers that may (RFC 1034 section 4.3.1)."""
    REFUSED = "refused"
    SERVER_FAILURE = "server failure"
    OTHER_RCODE = "other rcode"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    MALFORMED = "malformed"
    """An answer came and could not be read."""
    NO_RESOLVER = "no resolver"
    BAD_NAME = "bad name"
    """What was typed cannot be a DNS name; nothing was sent."""
    CANCELLED = "cancelled"


class Record(Struct, frozen=True, kw_only=True, gc=False):
    """One resource record of an answer."""

    name: str
    type: str
    ttl: int
    """Seconds."""
    data: str
    """Presentation form (RFC 1035 section 5), made safe."""


class HostsEntry(Struct, frozen=True, kw_only=True, gc=False):
    """One line of the hosts file that matches a lookup."""

    address: str
    names: tuple[str, ...]
    source: str = "/etc/hosts"
    line: int = 0
    """1-based."""


class Lookup(Struct, frozen=True, kw_only=True):
    """One question of one type, and what came of it."""

    typed: str
    """What the user typed, made safe."""
    question: str
    """The name asked for; for a typed address its in-addr.arpa or ip6.arpa name."""
    type: str
    outcome: Outcome
    message: str
    """The outcome in plain words, one sentence."""
    asked_at: float
    """Unix time in seconds."""
    server: str | None = None
    """Address of the server that answered (or was asked last)."""
    port: int | None = None
    transport: str = "udp"
    rcode: str | None = None
    authoritative: bool | None = None
    """None: no answer came."""
    truncated: bool = False
    """The answer was cut short to fit into UDP, and TCP did not bring the rest."""
    elapsed: float | None = None
    """Seconds from the first packet to the answer."""
    chain: tuple[str, ...] = ()
    """The CNAMEs followed, in order, without the question itself."""
    records: tuple[Record, ...] = ()
    hosts: tuple[HostsEntry, ...] = ()
    """What the hosts file says; programs on this host get this first."""
