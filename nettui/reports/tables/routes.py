"""Routes as tables: the dashboard's short one and the full one. Rows are made only when they are looked at."""

from collections.abc import Hashable, Sequence

from nettui.model.neighbour import Gateway, gateways
from nettui.model.route import LOCAL, MAIN, Route, table_name
from nettui.model.snapshot import Snapshot
from nettui.reports.format import age
from nettui.reports.naming import health_cell
from nettui.reports.table import Cell, Column

DASHBOARD_COLUMNS = (
    Column("destination", "DESTINATION", 14, grow=2),
    Column("gateway", "GATEWAY", 11, grow=2),
    Column("interface", "DEV", 5, grow=1),
    Column("health", "", 6, priority=1),
)

COLUMNS = (
    Column("destination", "DESTINATION", 18, grow=4),
    Column("gateway", "GATEWAY", 15, grow=3),
    Column("interface", "DEV", 8, grow=2),
    Column("health", "HEALTH", 6, priority=5),
    Column("source", "SOURCE", 15, grow=2, priority=3),
    Column("metric", "METRIC", 6, align="right", priority=2),
    Column("table", "TABLE", 7, priority=1),
    Column("protocol", "PROTO", 7, priority=4),
    Column("type", "TYPE", 11, priority=5),
    Column("scope", "SCOPE", 6, priority=6),
    Column("flags", "FLAGS", 10, grow=1, priority=7),
)

_NO_WAY = {"blackhole", "unreachable", "prohibit", "throw"}


class RouteRows:
    """Rows of routes, by the route's own key; a table of 200,000 costs what is shown of it."""

    def __init__(self, snapshot: Snapshot, routes: Sequence[Route], full: bool, numeric: bool = False) -> None:
        self._routes = {route.key: route for route in routes}
        self.keys: Sequence[Hashable] = tuple(self._routes)
        self._names = {link.ifindex: link.name for link in snapshot.links or ()}
        self._gateways = {(g.address, g.ifindex): g for g in gateways(snapshot.routes, snapshot.neighbours)}
        self._cells = self._full if full else self._short
        self._numeric = numeric

    def route(self, key: Hashable) -> Route | None:
        return self._routes.get(key)  # type: ignore[call-overload,no-any-return]  # any key may be asked for

    def cells(self, key: Hashable) -> Sequence[Cell]:
        route = self.route(key)
        return self._cells(route) if route is not None else ()

    def _short(self, route: Route) -> tuple[Cell, ...]:
        gateway = self._gateway(route)
        return (
            Cell(_destination(route), "accent" if route.is_default else ""),
            _way(route),
            Cell(self._device(route)),
            health_cell(gateway.health) if gateway and gateway.address else Cell(""),
        )

    def _full(self, route: Route) -> tuple[Cell, ...]:
        table = str(route.table) if self._numeric else table_name(route.table)
        return (
            *self._short(route),
            Cell(route.source or "--", "" if route.source else "dim"),
            Cell(str(route.metric) if route.metric is not None else "--", sort=route.metric),
            Cell(table, sort=route.table),
            Cell(route.protocol),
            Cell(route.type, "warning" if route.type in _NO_WAY else ""),
            Cell(route.scope),
            Cell(" ".join(route.flags)),
        )

    def _gateway(self, route: Route) -> Gateway | None:
        if not route.is_default or route.type != "unicast":
            return None
        way = route.nexthops[0] if route.nexthops else route
        return self._gateways.get((way.gateway, way.ifindex))

    def _device(self, route: Route) -> str:
        if route.nexthops:
            return ",".join(dict.fromkeys(self._name(hop.ifindex) for hop in route.nexthops))
        return self._name(route.ifindex)

    def _name(self, ifindex: int | None) -> str:
        return self._names.get(ifindex, f"if{ifindex}") if ifindex is not None else "--"


def main_routes(snapshot: Snapshot) -> list[Route]:
    """What decides where packets go, in the order of interest: main table, defaults first, no kernel bookkeeping."""
    chosen = [
        route for route in snapshot.routes or ()
        if route.table == MAIN and route.type != "multicast" and not _is_bookkeeping(route)
    ]
    chosen.sort(key=_interest)
    return chosen


def all_routes(snapshot: Snapshot) -> list[Route]:
    """Every route: main first, other tables, and the local table last."""
    return sorted(snapshot.routes or (), key=lambda r: (r.table != MAIN, r.table == LOCAL, r.table, *_interest(r)))


def gateway_lines(snapshot: Snapshot) -> list[tuple[Gateway, str]]:
    """Each gateway with a line that says where it is and when it was last known to be there."""
    found = []
    for gateway in gateways(snapshot.routes, snapshot.neighbours):
        parts = [gateway.address or "on link", "dev", snapshot.link_name(gateway.ifindex) or "--"]
        if gateway.mac:
            parts += ["mac", gateway.mac]
        if gateway.confirmed is not None:
            parts.append(f"seen {age(gateway.confirmed)} ago")
        found.append((gateway, " ".join(parts)))
    return found


def _destination(route: Route) -> str:
    return "default v6" if route.is_default and route.family == "inet6" else route.cidr


def _way(route: Route) -> Cell:
    if route.type in _NO_WAY:
        return Cell(route.type, "warning")
    if route.nexthops:
        return Cell(f"{len(route.nexthops)} ways: " + ", ".join(hop.gateway or "on link" for hop in route.nexthops))
    return Cell(route.gateway) if route.gateway else Cell("on link", "dim")


def _is_bookkeeping(route: Route) -> bool:
    return route.protocol == "kernel" and route.destination.startswith("fe80:")


def _interest(route: Route) -> tuple[object, ...]:
    return (not route.is_default, route.family, route.metric or 0)
