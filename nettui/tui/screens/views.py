"""The views: which panes each screen has, and where they stand."""

from collections.abc import Callable
from typing import NamedTuple

from textual.app import ComposeResult

from nettui.tui.panes.dns import DnsPane, LookupHistoryPane, ResolversPane
from nettui.tui.panes.findings import FindingsPane, FindingsSummary
from nettui.tui.panes.follow import FollowPane
from nettui.tui.panes.interfaces import InterfacesPane, InterfacesSummary
from nettui.tui.panes.routes import NeighboursPane, RoutesPane, RoutesSummary, RulesPane
from nettui.tui.panes.tcp_states import TcpStatesPane
from nettui.tui.view import View


class DashboardView(View):
    """Everything together."""

    NAME = "Dashboard"
    # The grid is filled row by row, so this order is: top left, top right, then down both columns.
    DEFAULT_CSS = """
    DashboardView { layout: grid; grid-size: 2 22; grid-columns: 44fr 36fr; }
    DashboardView #interfaces { row-span: 8; }
    DashboardView #tcp { row-span: 13; }
    DashboardView #routes { row-span: 7; }
    DashboardView #findings { row-span: 9; }
    DashboardView #dns { row-span: 7; }
    DashboardView.-tall { grid-size: 2 38; }
    DashboardView.-tall #interfaces { row-span: 14; }
    DashboardView.-tall #tcp { row-span: 15; }
    DashboardView.-tall #routes { row-span: 12; }
    DashboardView.-tall #findings { row-span: 23; }
    DashboardView.-tall #dns { row-span: 12; }
    """

    def compose(self) -> ComposeResult:
        yield InterfacesSummary("interfaces", show_header=False)
        yield TcpStatesPane("tcp", show_header=False)
        yield RoutesSummary("routes", show_header=False)
        yield FindingsSummary("findings", show_header=False)
        yield DnsPane("dns", show_header=False)


class InterfacesView(View):
    """Every interface."""

    NAME = "Interfaces"
    DEFAULT_CSS = "InterfacesView { layout: grid; grid-size: 1 2; grid-rows: 1fr 1fr; }"

    def compose(self) -> ComposeResult:
        interfaces = InterfacesPane("all-interfaces")
        yield interfaces
        yield FollowPane("interface", interfaces)

    async def seek(self, target: str) -> None:
        self.query_one("#all-interfaces", InterfacesPane).seek(target)


class RoutesView(View):
    """Every route, the neighbours, the rules."""

    NAME = "Routes"
    DEFAULT_CSS = """
    RoutesView { layout: grid; grid-size: 2 2; grid-rows: 3fr 2fr; grid-columns: 3fr 2fr; }
    RoutesView #all-routes { column-span: 2; }
    """

    def compose(self) -> ComposeResult:
        yield RoutesPane("all-routes")
        yield NeighboursPane("neighbours")
        yield RulesPane("rules")

    async def seek(self, target: str) -> None:
        """The way to an address, as the kernel would go."""
        await self.query_one("#all-routes", RoutesPane).show_way(target)


class DnsView(View):
    """Lookups, their history, the resolvers."""

    NAME = "DNS"
    DEFAULT_CSS = """
    DnsView { layout: grid; grid-size: 2 2; grid-rows: 3fr 2fr; grid-columns: 3fr 2fr; }
    DnsView #lookup { column-span: 2; }
    """

    def compose(self) -> ComposeResult:
        yield DnsPane("lookup")
        yield LookupHistoryPane("asked")
        yield ResolversPane("resolvers")

    async def seek(self, target: str) -> None:
        """Ready to be asked: nothing is sent before Enter."""
        self.query_one("#lookup", DnsPane).propose(target)


class FindingsView(View):
    """What is wrong."""

    NAME = "Findings"
    DEFAULT_CSS = "FindingsView { layout: grid; grid-size: 1 2; grid-rows: 1fr 2fr; }"

    def compose(self) -> ComposeResult:
        findings = FindingsPane("all-findings")
        yield findings
        yield FollowPane("finding", findings)


class Place(NamedTuple):
    """A view that may be shown."""

    name: str
    load: Callable[[], type[View]]


def _sockets() -> type[View]:
    from nettui.tui.screens.sockets import SocketsView  # with all it needs a tenth of the start, and seldom the first

    return SocketsView


VIEWS: dict[int, Place] = {
    1: Place("Dashboard", lambda: DashboardView),
    2: Place("Interfaces", lambda: InterfacesView),
    3: Place("Routes", lambda: RoutesView),
    4: Place("Sockets", _sockets),
    5: Place("DNS", lambda: DnsView),
    7: Place("Findings", lambda: FindingsView),
}
"""By the number of their key."""
