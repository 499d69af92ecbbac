"""DNS: type a name, press Enter; type and server are chosen with keys, or typed as `nettui dns` takes them."""

from collections.abc import Hashable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from nettui.model.history import Frame
from nettui.reports.tables import dns
from nettui.tui.pane import Pane
from nettui.tui.widgets.line_input import LineInput


class NameInput(LineInput):
    """Where the name is typed; its keys beyond editing are the pane's."""

    def __init__(self) -> None:
        super().__init__("name or address, Enter")


class SessionPane(Pane):
    """A pane that shows the session, and is drawn again whenever that changes."""

    def on_mount(self) -> None:
        super().on_mount()
        self.nettui.dns.listeners.append(self.redraw)
        self.redraw()

    def on_unmount(self) -> None:
        self.nettui.dns.listeners.remove(self.redraw)


class DnsPane(SessionPane):
    """The question and its answers."""

    TITLE = "DNS"
    COLUMNS = dns.ANSWER_COLUMNS
    COLLECTORS = ("resolvers",)
    HELP = (
        "Type a name or an address and press Enter; a type and @server may follow, as in: example.com MX @192.0.2.53."
        " Nothing is asked before you do. Escape gives up a lookup that takes too long; Up and Down in the line bring"
        " back what was typed before."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "type_name", "type a name", id="dns.name"),
        Binding("ctrl+t", "next_type", "type", id="dns.type"),
        Binding("ctrl+o", "next_server", "server", id="dns.server"),
        Binding("up", "recall(-1)", "earlier names", show=False, id="dns.earlier"),
        Binding("down", "recall(1)", "later names", show=False, id="dns.later"),
        Binding("escape", "leave", "give up the lookup, leave the line", show=False, id="dns.leave"),
    ]

    def compose(self) -> ComposeResult:
        yield NameInput()
        yield self.table

    def parts(self, frame: Frame) -> tuple[object, ...]:
        return (frame.snapshot.resolvers,)

    def redraw(self) -> None:
        session = self.nettui.dns
        self.table.empty = f"asking {session.asking} ..." if session.asking else self._resolvers()
        self.table.show(dns.answer_rows(() if session.asking else session.answers))
        self.subtitle(f"{' '.join(session.types)} of {session.server}")

    def _resolvers(self) -> str:
        """What would be asked, while nothing has been."""
        snapshot = self.frame.snapshot if self.frame else None
        error = snapshot.error("resolvers") if snapshot else None
        config = snapshot.resolvers if snapshot else None
        if error is not None:
            return self._said(error)
        if config is None:
            return "reading ..."
        if not config.resolvers:
            return config.warnings[-1] if config.warnings else "no resolver configured"
        return "would ask " + ", ".join(f"{r.address}#{r.port}" for r in config.resolvers)

    @on(Input.Submitted)
    def _asked(self, event: Input.Submitted) -> None:
        if isinstance(event.input, NameInput):
            event.stop()
            config = self.frame.snapshot.resolvers if self.frame else None
            self.nettui.dns.ask(event.value, config)

    def action_type_name(self) -> None:
        self.query_one(NameInput).focus()

    def propose(self, name: str) -> None:
        """Have a question stand in the line, ready to be sent."""
        self.query_one(NameInput).value = name
        self.action_type_name()

    def action_next_type(self) -> None:
        self.nettui.dns.next_type()

    def action_next_server(self) -> None:
        self.nettui.dns.next_server()

    def action_recall(self, by: int) -> None:
        line, history = self.query_one(NameInput), self.nettui.dns.history
        line.value = history.previous(line.value) if by < 0 else history.next()
        line.cursor_position = len(line.value)

    async def action_leave(self) -> None:
        if self.nettui.dns.cancel():
            self.nettui.say("The lookup was given up.")
        elif self.query_one(NameInput).has_focus:
            self.table.focus()
        else:
            await self.nettui.action_back()

    def open_row(self, key: Hashable | None) -> None:
        self.action_type_name()


class LookupHistoryPane(SessionPane):
    """What was asked before."""

    TITLE = "Asked"
    COLUMNS = dns.HISTORY_COLUMNS
    HELP = "The lookups of this session, the newest first. Enter shows the answer again."
    EMPTY = "nothing asked yet"

    def parts(self, frame: Frame) -> tuple[object, ...]:
        return ()

    def redraw(self) -> None:
        self.table.empty = self.EMPTY
        self.table.show(dns.history_rows(self.nettui.dns.history.lookups))

    def open_row(self, key: Hashable | None) -> None:
        if isinstance(key, int):
            self.nettui.dns.show(key)
        else:
            self.nettui.say("Nothing has been asked yet.")


class ResolversPane(Pane):
    """The system's resolver configuration."""

    TITLE = "Resolvers"
    COLUMNS = dns.RESOLVER_COLUMNS
    COLLECTORS = ("resolvers",)
    HELP = "The name servers this host's programs ask, in their order, and what is odd about the configuration."
    EMPTY = "no resolver configured"

    def parts(self, frame: Frame) -> tuple[object, ...]:
        return (frame.snapshot.resolvers,)

    def fill(self, frame: Frame) -> None:
        self.table.show(dns.resolver_rows(frame.snapshot.resolvers))
