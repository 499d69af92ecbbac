"""Routes, neighbours and policy rules."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from nettui.engine.source import Unavailable
from nettui.model.history import Frame
from nettui.model.route import Route
from nettui.model.snapshot import Snapshot
from nettui.model.text import clean
from nettui.reports.details import neighbour_details, route_details
from nettui.reports.paragraphs import Paragraph
from nettui.reports.table import Column
from nettui.reports.tables import neighbours, routes
from nettui.tui.pane import Pane
from nettui.tui.screens.sheets import Prompt


class RoutesPane(Pane):
    """Every route of every table."""

    TITLE = "Routes"
    COLUMNS: ClassVar[tuple[Column, ...]] = routes.COLUMNS
    COLLECTORS = ("routes",)
    HELP = (
        "Where packets go: the most specific destination wins, then the lowest metric. Enter shows all of a route;"
        " w asks the kernel which way it would take to an address; n shows numbers for tables."
    )
    EMPTY = "no routes"
    MARK_CHANGES = True
    FULL = True
    BINDINGS: ClassVar[list[BindingType]] = [Binding("w", "which_way", "which way to", id="routes.which_way")]

    _rows: routes.RouteRows | None = None

    def chosen(self, snapshot: Snapshot) -> list[Route]:
        return routes.all_routes(snapshot)

    def parts(self, frame: Frame) -> tuple[object, ...]:
        snapshot = frame.snapshot
        return snapshot.routes, snapshot.neighbours, snapshot.links

    def fill(self, frame: Frame) -> None:
        chosen = self.chosen(frame.snapshot)
        self._rows = routes.RouteRows(frame.snapshot, chosen, self.FULL, self.nettui.numeric)
        self.table.show(self._rows)

    def note(self, frame: Frame) -> str:
        held, total = len(frame.snapshot.routes or ()), frame.snapshot.routes_total
        if total is not None and total > held:
            return f"the first {held:,} of {total:,}"
        return f"{held:,} in all tables"

    def action_which_way(self) -> None:
        self.nettui.push_screen(Prompt("Which way to", "an IPv4 or IPv6 address"), self.show_way)

    async def show_way(self, destination: str | None) -> None:
        """Ask the kernel which way it would take to an address, and show that."""
        if not destination or self.frame is None:
            return
        try:
            route = await self.nettui.engine.source.route_to(destination)
        except Unavailable as why:
            self.nettui.say(f"No way to {clean(destination, 60)}: {why}.")
        else:
            self.nettui.open_detail(f"The way to {clean(destination, 60)}", route_details(self.frame.snapshot, route))

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
    MARK_CHANGES = True

    def parts(self, frame: Frame) -> tuple[object, ...]:
        return frame.snapshot.neighbours, frame.snapshot.links

    def fill(self, frame: Frame) -> None:
        self.table.show(neighbours.neighbour_rows(frame.snapshot))

    def note(self, frame: Frame) -> str:
        return f"{self.table.total:,}"

    def detail(self) -> tuple[str, list[Paragraph]] | None:
        if self.frame is None:
            return None
        snapshot, key = self.frame.snapshot, self.table.cursor_key
        found = next((n for n in snapshot.neighbours or () if (n.ifindex, n.address) == key), None)
        return (found.address, neighbour_details(snapshot, found)) if found else None


class RulesPane(Pane):
    """The policy rules that choose a routing table."""

    TITLE = "Rules"
    COLUMNS: ClassVar[tuple[Column, ...]] = neighbours.RULE_COLUMNS
    COLLECTORS = ("rules",)
    HELP = "Policy rules (ip rule), asked from the lowest number on: the first table with a matching route decides."
    EMPTY = "no rules"

    def parts(self, frame: Frame) -> tuple[object, ...]:
        return (frame.snapshot.rules,)

    def fill(self, frame: Frame) -> None:
        self.table.show(neighbours.rule_rows(frame.snapshot))
