"""The DNS servers this host would ask."""

from msgspec import Struct

from nettui.model.number import Count, Port, Span


class Resolver(Struct, frozen=True, kw_only=True, gc=False):
    """One name server of the system's configuration, in the order it is asked."""

    address: str
    port: Port = 53
    source: str = "/etc/resolv.conf"


class ResolverConfig(Struct, frozen=True, kw_only=True):
    """resolv.conf(5), as far as it could be understood."""

    resolvers: tuple[Resolver, ...] = ()
    search: tuple[str, ...] = ()
    ndots: Count = 1
    attempts: Count = 2
    """Times each server is asked."""
    timeout: Span = 5.0
    """Seconds to wait for one server."""
    warnings: tuple[str, ...] = ()
    """Lines that could not be understood, said in plain words."""
