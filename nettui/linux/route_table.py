"""A whole routing table, quickly and in bounded memory: an Internet router has a million routes.

Nearly all routes of a large table differ in nothing but their destination. So what was once decoded from all the
other bytes of a message is kept, and the next message with the same bytes around its destination needs only that.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from socket import AF_INET, AF_INET6, inet_ntop
from struct import Struct as Layout
from typing import Any

import msgspec

from nettui.linux.attributes import attributes, fixed
from nettui.linux.netlink import messages
from nettui.linux.nexthops import NextHopObject, ways_of
from nettui.linux.routes import RTM_F_CLONED, RTM_GETROUTE, RTMSG, decode_route
from nettui.model.route import Route

_RTM_NEWROUTE = RTM_GETROUTE - 2
_SIZE: dict[int, int] = {AF_INET: 4, AF_INET6: 16}
_HEADS = Layout("=HH4xHH")  # lengths and types of the first attribute, which holds four bytes, and the second
_RTA_DST, _RTA_TABLE = 1, 15
_TEMPLATES = 2048  # kept at most; a table with more kinds of routes is decoded more slowly


def request(family: int) -> bytes:
    """The body of RTM_GETROUTE for all tables of one family."""
    return RTMSG.pack(family, 0, 0, 0, 0, 0, 0, 0, 0)


class RouteTable:
    """A sink for the routes of one family: keeps the first `limit`, and as many default routes after them."""

    def __init__(self, family: int, limit: int) -> None:
        self._family = family
        self._limit = limit
        self._templates: dict[bytes, dict[str, Any]] = {}
        self.routes: list[Route] = []
        self.total = 0
        """How many were seen, kept or not."""

    def feed(self, chunk: bytes) -> None:
        """Decode, or beyond the limit count, the routes of one datagram. Raises NetlinkDecodeError."""
        family, routes, templates = self._family, self.routes, self._templates
        # Kernels put the destination after struct rtmsg (12 bytes), RTA_TABLE (8) and its own head (4).
        place = RTMSG.size + 12
        beyond = place + _SIZE[family]
        for kind, start, end in messages(chunk):
            if kind != _RTM_NEWROUTE:
                continue
            if self.total >= self._limit:
                self._count(chunk, start, end)
                continue
            # Including the message's header (16 bytes), where its length is.
            around = chunk[start - 16 : start + place] + chunk[start + beyond : end]
            template = templates.get(around)
            if template is not None:
                route = Route(destination=inet_ntop(family, chunk[start + place : start + beyond]), **template)
            else:
                decoded = decode_route(chunk, start, end)
                if decoded is None:
                    continue
                route = decoded
                if len(templates) < _TEMPLATES and self._destination_is_there(chunk, start, end):
                    templates[around] = _all_but_destination(route)
            routes.append(route)
            self.total += 1

    def _count(self, chunk: bytes, start: int, end: int) -> None:
        """A route beyond the limit."""
        family, prefixlen, *_, flags = fixed(RTMSG, chunk, start, end)
        if family != self._family or flags & RTM_F_CLONED:
            return
        self.total += 1
        if prefixlen == 0 and len(self.routes) < 2 * self._limit:
            route = decode_route(chunk, start, end)
            if route is not None:
                self.routes.append(route)

    def _destination_is_there(self, chunk: bytes, start: int, end: int) -> bool:
        """Whether a well-formed message has its destination where it is expected, and nowhere else."""
        size = _SIZE[self._family]
        heads = RTMSG.size + 12
        return (
            chunk[start] == self._family
            and end - start >= heads + size
            and _HEADS.unpack_from(chunk, start + RTMSG.size) == (8, _RTA_TABLE, 4 + size, _RTA_DST)
            and _RTA_DST not in attributes(chunk, start + heads + size, end)
        )


def choose(tables: Sequence[Sequence[Route]], limit: int) -> tuple[Route, ...]:
    """At most `limit` routes of several tables, in their order.

    Default routes go before all others; after them each table has its turn, so that a huge one leaves room for a
    small one.
    """
    routes = [route for table in tables for route in table]
    if len(routes) <= limit:
        return tuple(routes)
    turns = [(route.prefixlen > 0, turn) for table in tables for turn, route in enumerate(table)]
    chosen = sorted(range(len(routes)), key=turns.__getitem__)[:limit]
    return tuple(routes[place] for place in sorted(chosen))


def unresolved(route: Route) -> bool:
    """Whether a route leads nowhere but to a nexthop object (sysctl nexthop_compat_mode=0)."""
    return bool(route.nexthop_id) and route.gateway is None and route.ifindex is None and not route.nexthops


def resolve(routes: Iterable[Route], objects: Iterable[NextHopObject]) -> tuple[Route, ...]:
    """Routes with their nexthop objects looked up."""
    known = {found.id: found for found in objects}
    return tuple(_resolved(route, known) if unresolved(route) else route for route in routes)


def _resolved(route: Route, objects: Mapping[int, NextHopObject]) -> Route:
    ways = ways_of(route.nexthop_id or 0, objects)
    if len(ways) == 1:
        (way,) = ways
        return msgspec.structs.replace(route, gateway=way.gateway, ifindex=way.ifindex)
    return msgspec.structs.replace(route, nexthops=ways)


def _all_but_destination(route: Route) -> dict[str, Any]:
    """The other fields, without those that have their default value anyway."""
    return {name: value for name, default in _other_fields() if (value := getattr(route, name)) != default}


@cache
def _other_fields() -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.default) for field in msgspec.structs.fields(Route) if field.name != "destination")
