"""Routes, neighbours and policy rules."""

from typing import ClassVar

from nettui.model.history import Frame
from nettui.model.route import Route
from nettui.model.snapshot import Snapshot
from nettui.reports.details import Paragraph, neighbour_details, route_details
from nettui.reports.table import Column
from nettui.reports.tables import neighbours, routes
from nettui.tui.pane import Pane


class RoutesPane(Pane):
    """Every route of every table. Rows are made anew only when what they are made of has changed."""

    TITLE = "Routes"
    COLUMNS: ClassVar[tuple[Column, ...]] = routes.COLUMNS
    COLLECTORS = ("routes",)
    HELP = (
        "Where packets go: the most specific destination wins, then the lowest metric. Enter shows all of a route;"
        " w asks the kernel which way it would take to an address; n shows numbers for tables."
    )
    EMPTY = "no routes"
    FULL = True

    _made_of: tuple[object, ...] = ()
    _rows: routes.RouteRows | None = None

    def chosen(self, snapshot: Snapshot) -> list[Route]:
        return routes.all_routes(snapshot)

    def fill(self, frame: Frame) -> None:
        snapshot = frame.snapshot
        parts = (snapshot.routes, snapshot.neighbours, snapshot.links, self.nettui.numeric)
        if self._rows is None or any(a is not b for a, b in zip(parts, self._made_of, strict=True)):
            self._made_of = parts
            self._rows = routes.RouteRows(snapshot, self.chosen(snapshot), self.FULL, self.nettui.numeric)
            self.table.show(self._rows)

    def note(self, frame: Frame) -> str:
        held, total = len(frame.snapshot.routes or ()), frame.snapshot.routes_total
        if total is not None and total > held:
            return f"the first {held:,} of {total:,}"
        return f"{held:,} in all tables"

    def detail(self) -> tuple[str, list[Paragraph]] | None:
        route = self._rows.route(self.table.cursor_key) if self._rows else None
        if route is None or self.frame is None:
            return None
        return f"Route to {route.cidr}", route_details(self.frame.snapshot, route)


class RoutesSummary(RoutesPane):
    """The main table, defaults first."""

    COLUMNS: ClassVar[tuple[Column, ...]] = routes.DASHBOARD_COLUMNS
    FULL = False

    def chosen(self, snapshot: Snapshot) -> list[Route]:
        return routes.main_routes(snapshot)

    def note(self, frame: Frame) -> str:
        return f"main, {len(self._rows.keys):,}" if self._rows else ""


class NeighboursPane(Pane):
    """Who is on the link."""

    TITLE = "Neighbours"
    COLUMNS: ClassVar[tuple[Column, ...]] = neighbours.NEIGHBOUR_COLUMNS
    COLLECTORS = ("neighbours",)
    HELP = "Who this host has spoken to on its links (ARP, Neighbour Discovery), and when they last proved to be there."
    EMPTY = "none: nobody on the link has been spoken to"

    def fill(self, frame: Frame) -> None:
        self.table.show(neighbours.neighbour_rows(frame.snapshot))

    def note(self, frame: Frame) -> str:
        return f"{len(frame.snapshot.neighbours or ()):,}"

    def detail(self) -> tuple[str, list[Paragraph]] | None:
        key, frame = self.table.cursor_key, self.frame
        found = next((n for n in (frame.snapshot.neighbours if frame else None) or () if (n.ifindex, n.address) == key), None)
        return (found.address, neighbour_details(frame.snapshot, found)) if found and frame else None


class RulesPane(Pane):
    """The policy rules that choose a routing table."""

    TITLE = "Rules"
    COLUMNS: ClassVar[tuple[Column, ...]] = neighbours.RULE_COLUMNS
    COLLECTORS = ("rules",)
    HELP = "Policy rules (ip rule), asked from the lowest number on: the first table with a matching route decides."
    EMPTY = "no rules"

    def fill(self, frame: Frame) -> None:
        self.table.show(neighbours.rule_rows(frame.snapshot))
