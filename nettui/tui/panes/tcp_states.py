"""TCP states: how many sockets are in each, how that went lately, and which ports they belong to."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from nettui.diagnosis.knowledge import state_knowledge
from nettui.engine.source import Unavailable
from nettui.model.history import Frame
from nettui.model.tcp import TcpState
from nettui.reports.paragraphs import Paragraph
from nettui.reports.tables import tcp
from nettui.tui.pane import Pane


class TcpStatesPane(Pane):
    """One row a state; states that have been empty lately share a line."""

    TITLE = "TCP states"
    COLUMNS = tcp.COLUMNS
    COLLECTORS = ("tcp",)
    HELP = (
        "TCP sockets by state, IPv4 and IPv6 together, with the last minutes (5 s a sign) and the change in a minute."
        " Enter explains a state; p counts the states by local port."
    )
    EMPTY = "no TCP sockets"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("p", "ports", "by port", id="tcp.ports")]

    def parts(self, frame: Frame) -> tuple[object, ...]:
        return frame.snapshot.tcp_at, frame.snapshot.tcp, frame.findings

    def fill(self, frame: Frame) -> None:
        self.table.show(tcp.rows(frame, self.nettui.glyphs.sparks))

    def note(self, frame: Frame) -> str:
        counts = frame.snapshot.tcp
        if counts is None:
            return ""
        return f"by {counts.source}: {counts.note}" if counts.note else ""

    def detail(self) -> tuple[str, list[Paragraph]] | None:
        key = self.table.cursor_key
        if not isinstance(key, TcpState):
            return None
        known = state_knowledge(key)
        return str(key), [
            ("Means", (known.meaning,)),
            ("Who acts", (known.who,)),
            ("First", tuple(known.first_steps)),
        ]

    async def action_ports(self) -> None:
        try:
            ports = await self.nettui.engine.source.tcp_ports()
        except Unavailable as why:
            self.nettui.say(f"No counts by port: {why}.")
        else:
            self.nettui.open_ports(ports)
