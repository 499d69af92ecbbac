"""The name servers this host's programs ask: resolv.conf(5), read the way glibc reads it.

What glibc ignores is ignored here too, and said: a line it skips in silence is the commonest fault of such a
file. LOCALDOMAIN and RES_OPTIONS, which change the settings of one process, are not looked at.
"""

import re
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from nettui.dns.files import open_regular, why
from nettui.dns.servers import parse_address
from nettui.model.resolver import Resolver, ResolverConfig
from nettui.model.text import clean

RESOLV_CONF = Path("/etc/resolv.conf")

READ_LIMIT = 65_536
"""Bytes of the file that are looked at."""
GLIBC_SERVERS = 3
"""How many name servers glibc asks (MAXNS in resolv.h)."""

_KEPT = 32
"""Servers, search domains and warnings kept of each: a file of junk must not become a list of junk."""
_BLANKS = "[ \t]+"
_LEGACY_IPV4 = r"[0-9A-Fa-fxX]+(\.[0-9A-Fa-fxX]+){0,3}"
_NUMBERS: Mapping[str, tuple[int, int]] = {"ndots": (0, 15), "timeout": (1, 30), "attempts": (1, 5)}
"""Numeric options, and the bounds glibc holds them in (RES_MAXNDOTS, RES_MAXRETRANS, RES_MAXRETRY)."""
_FLAGS = frozenset((
    "debug", "rotate", "no-aaaa", "no-check-names", "inet6", "ip6-bytestring", "ip6-dotint", "no-ip6-dotint", "edns0",
    "single-request", "single-request-reopen", "no-tld-query", "use-vc", "no-reload", "trust-ad", "strict-error",
))  # fmt: skip
_NO_SERVER = "programs then ask 127.0.0.1"


def read_resolvers(path: Path | None = None) -> ResolverConfig:
    """The system's resolver configuration; of `path` where one is given.

    Never raises: what is missing or odd is told in the warnings. Where no name server is configured, there are
    none here (though the C library then tries 127.0.0.1), and the last warning says why.
    """
    if path is None and sys.platform == "win32":
        return _from_registry()
    path = path or RESOLV_CONF
    try:
        with open_regular(path) as file:
            data = file.read(READ_LIMIT + 1)
    except (OSError, ValueError) as error:
        reason = why(error, path) if isinstance(error, OSError) else "has an impossible name"
        return ResolverConfig(warnings=(clean(f"{path} {reason}: {_NO_SERVER}"),))
    return parse_resolvers(data, clean(str(path)), _host_domain())


def parse_resolvers(data: bytes, source: str, host_domain: str = "") -> ResolverConfig:
    """The bytes of a resolv.conf(5). `host_domain` is searched where the file names no domain, as glibc does."""
    reader = _Reader(source)
    for number, raw in enumerate(data[:READ_LIMIT].split(b"\n"), 1):
        reader.line(number, raw.decode("utf-8", "backslashreplace").rstrip(" \t"))
    if len(data) > READ_LIMIT:
        reader.warn(None, f"longer than {READ_LIMIT:,} bytes; the rest is not looked at")
    return reader.config(host_domain)


def _host_domain() -> str:
    return socket.gethostname().partition(".")[2]


class _Reader:
    """What the lines so far have said."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._resolvers: list[Resolver] = []
        self._search: tuple[str, ...] | None = None
        self._numbers: dict[str, int] = {}
        self._warnings: list[str] = []
        self._keywords: Mapping[str, Callable[[int, list[str]], None]] = {
            "nameserver": self._nameserver, "search": self._searches, "domain": self._domain,
            "options": self._options, "sortlist": self._sortlist,
        }

    def warn(self, number: int | None, text: str) -> None:
        where = self._source if number is None else f"{self._source} line {number}"
        self._warnings.append(f"{where}: {text}")

    def line(self, number: int, text: str) -> None:
        if not text.strip() or text[0] in "#;":
            return
        keyword, *values = re.split(_BLANKS, text.strip(" \t"))
        if keyword in ("nameserver", "domain"):
            del values[1:]  # glibc looks no further, so a comment may follow
        if text[0] in " \t":
            if values and keyword[0] not in "#;":
                self.warn(number, "begins with a blank, so it is ignored")
        elif keyword not in self._keywords:
            self.warn(number, f"“{clean(keyword, 40)}” is not a keyword of this file, so it is ignored")
        elif not values:
            self.warn(number, f"“{keyword}” has no value, so it is ignored")
        elif not values[-1].endswith("\r") or keyword == "options":
            self._keywords[keyword](number, [value.rstrip("\r") for value in values])
        else:
            # glibc takes it for a part of the value: an address it is no more, nor a domain that exists.
            self.warn(number, "ends in a carriage return, as Windows ends lines, so it is ignored")

    def config(self, host_domain: str) -> ResolverConfig:
        if len(self._resolvers) > GLIBC_SERVERS:
            self.warn(None, f"names {len(self._resolvers)} servers; glibc asks only the first {GLIBC_SERVERS}")
        if not self._resolvers:
            self.warn(None, f"names no server that can be asked: {_NO_SERVER}")
        search = (clean(host_domain),) if self._search is None and host_domain else self._search or ()
        warnings = self._warnings
        if len(warnings) > _KEPT:
            warnings = [*warnings[: _KEPT - 2], f"{len(warnings) - _KEPT + 1} more lines are odd", warnings[-1]]
        return ResolverConfig(
            resolvers=tuple(self._resolvers[:_KEPT]),
            # `search .` is how systemd-resolved writes that nothing is searched.
            search=() if set(search) == {"."} else search[:_KEPT],
            ndots=self._numbers.get("ndots", 1),
            attempts=self._numbers.get("attempts", 2),
            timeout=float(self._numbers.get("timeout", 5)),
            warnings=tuple(warnings),
        )

    def _nameserver(self, number: int, values: list[str]) -> None:
        address = parse_address(values[0]) or _legacy_ipv4(values[0])
        if address is None:
            self.warn(number, f"“{clean(values[0], 60)}” is not an address, so it is ignored")
        else:
            self._resolvers.append(Resolver(address=address, source=self._source))

    def _searches(self, number: int, values: list[str]) -> None:
        # The last search or domain line counts, whichever it is.
        self._search = tuple(clean(value if value == "." else value.rstrip(".")) for value in values)

    def _domain(self, number: int, values: list[str]) -> None:
        self._searches(number, values)

    def _options(self, number: int, values: list[str]) -> None:
        for value in values:
            name, colon, digits = value.partition(":")
            if name in _NUMBERS and digits.isascii() and digits.isdigit() and len(digits) < 10:
                low, high = _NUMBERS[name]
                self._numbers[name] = min(max(int(digits), low), high)
            elif colon or value not in _FLAGS:
                self.warn(number, f"the option “{clean(value, 40)}” is not known, so it is ignored")

    def _sortlist(self, number: int, values: list[str]) -> None:
        """Known, and of no matter here: it orders the addresses a program gets."""


def _legacy_ipv4(text: str) -> str | None:
    """The short and hexadecimal forms that inet_aton(3), and so glibc, takes: 127.1 is 127.0.0.1."""
    try:
        return socket.inet_ntoa(socket.inet_aton(text)) if re.fullmatch(_LEGACY_IPV4, text) else None
    except OSError:
        return None


def _from_registry() -> ResolverConfig:
    """What Windows keeps in its registry, as dnspython reads it."""
    import dns.exception
    import dns.resolver

    try:
        system = dns.resolver.Resolver()
    except (dns.exception.DNSException, OSError) as error:
        return ResolverConfig(warnings=(clean(f"the registry names no server: {error}"),))
    return ResolverConfig(
        resolvers=tuple(Resolver(address=str(server), source="registry") for server in system.nameservers),
        search=tuple(clean(name.to_text(omit_final_dot=True)) for name in system.search),
        warnings=() if system.nameservers else ("the registry names no server",),
    )
