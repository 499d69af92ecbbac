"""The Sockets view: the table, and below it one socket in full or those that closed lately."""

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from nettui.reports.sockets import groups_csv, sockets_csv
from nettui.reports.sockets_fields import FIELDS
from nettui.sockets.language import parse
from nettui.tui import export
from nettui.tui.pane import Pane
from nettui.tui.panes.closed_sockets import ClosedSocketsPane
from nettui.tui.panes.follow import FollowPane
from nettui.tui.panes.sockets import SocketsPane
from nettui.tui.socket_session import SocketSession
from nettui.tui.view import View


class SocketsView(View):
    """Every socket. It is watched only while this is on show."""

    NAME = "Sockets"
    DEFAULT_CSS = """
    SocketsView { layout: grid; grid-size: 1 2; grid-rows: 13fr 9fr; }
    SocketsView #closed { display: none; }
    SocketsView.-closed #closed { display: block; }
    SocketsView.-closed #socket { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("c", "closed", "closed lately", id="sockets.closed")]

    def compose(self) -> ComposeResult:
        sockets = SocketsPane("sockets")
        yield sockets
        yield FollowPane("socket", sockets)
        yield ClosedSocketsPane("closed")

    def appear(self) -> None:
        self._session.begin()

    async def seek(self, target: str) -> None:
        """The sockets that a filter lets through."""
        pane = self.panes[0]
        if target and isinstance(pane, SocketsPane):
            wanted = parse(target)
            if wanted is not None:
                pane.narrow(wanted)

    async def vanish(self) -> None:
        await self._session.rest()

    async def export(self, head: str) -> Path:
        """All sockets that the filter shows with all their fields, or the groups, as CSV."""
        frame = await self._session.complete()
        pieces = groups_csv(frame) if frame.query.group else sockets_csv(frame, tuple(FIELDS))
        return await export.write("sockets", pieces, Path.cwd(), ".csv")

    def action_closed(self) -> None:
        """Show those that closed lately, or the detail again."""
        name = "#socket" if self.has_class("-closed") else "#closed"
        self.query_one(name, Pane).table.focus()

    def _choose(self, pane: Pane) -> None:
        """What closed lately and the detail share a place: the one that is gone to is shown."""
        if pane.id in ("closed", "socket"):
            self.set_class(pane.id == "closed", "-closed")
        super()._choose(pane)

    @property
    def _session(self) -> SocketSession:
        return self.panes[0].nettui.sockets
