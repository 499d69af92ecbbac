"""Sockets: every connection with its owner; filter, order, groups."""

from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from nettui.model.history import Frame
from nettui.model.socket import Socket, Transport
from nettui.model.socket_filter import Filter, Is
from nettui.reports.paragraphs import Paragraph
from nettui.reports.socket_brief import socket_brief
from nettui.reports.socket_details import group_details, socket_details
from nettui.reports.socket_details import title as socket_title
from nettui.reports.sockets_naming import Naming
from nettui.reports.table import EMPTY, Column
from nettui.reports.tables import socket_groups, sockets
from nettui.reports.tables.socket_groups import GroupKey, GroupRows, MoreKey
from nettui.reports.tables.sockets import SocketRows
from nettui.sockets.frame import GROUPS, SocketFrame
from nettui.sockets.spelling import to_text
from nettui.tui.pane import PaneTable
from nettui.tui.panes.socket_acts import SocketActs, records
from nettui.tui.widgets.filter_line import SocketFilterLine
from nettui.tui.widgets.order import HOLD

if TYPE_CHECKING:
    from textual.timer import Timer

    from nettui.tui.host_names import HostNames

EVERYDAY = frozenset({Transport.TCP, Transport.UDP})
KINDS: tuple[frozenset[Transport], ...] = (
    EVERYDAY,
    frozenset({Transport.TCP}),
    frozenset({Transport.UDP}),
    frozenset({Transport.MPTCP}),
    frozenset({Transport.RAW}),
    frozenset({Transport.UNIX}),
    frozenset(Transport),
)
"""What the switch goes through."""

NAMES = ("services", "host names and services", "numbers")

AMPLE = 18
"""Lines from which all that is known of a socket is worth showing, and the states as a drawing."""

CLOSE_WAITS = Is("state", "=", "CLOSE_WAIT")


class SocketTable(PaneTable):
    """The table of sockets: their order is the watch's business, and so is what is known of those on the screen."""

    def __init__(self) -> None:
        super().__init__(sockets.COLUMNS, empty="reading ...", given_order=True)
        self._seen: Sequence[Hashable] = ()

    def sort_by(self, key: str | None, reverse: bool | None = None) -> None:
        super().sort_by(key, reverse)
        self.pane.order_by(self.sort_key, self.sort_reverse)

    def sync(self) -> None:
        super().sync()
        seen = self.view_keys()
        if seen != self._seen:
            self._seen = seen
            self.pane.session.look([key for key in seen if isinstance(key, int | str)])

    def _go(self, at: int) -> None:
        super()._go(at)
        self.pane.cursor_moved()

    @property
    def pane(self) -> "SocketsPane":
        return self.query_ancestor(SocketsPane)


class SocketsPane(SocketActs):
    """One row a socket, or one a group of them."""

    TITLE = "Sockets"
    COLUMNS: ClassVar[tuple[Column, ...]] = sockets.COLUMNS
    HELP = (
        "Every TCP and UDP socket with its owner. / filters as you type: state:close-wait port:8080 process:java"
        " rtt>200ms idle>1h ..., with and, or, not and ( ). b groups them, p by local port, w says who holds the"
        " CLOSE_WAITs. Enter tells all about one."
    )
    EMPTY = "no sockets"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "group", "group by", id="sockets.group"),
        Binding("p", "ports", "by port", show=False, id="sockets.ports"),
        Binding("w", "close_waits", "who holds CLOSE_WAIT", id="sockets.close_waits"),
        Binding("m", "service_map", "map of services", id="sockets.map"),
        Binding("u", "kinds", "TCP, UDP, MPTCP, raw, unix", show=False, id="sockets.kinds"),
        Binding("n", "names", "names or numbers", show=False, id="sockets.names"),
    ]

    def __init__(self, id: str) -> None:
        super().__init__(id=id, table=SocketTable())
        self._rows: SocketRows | GroupRows | None = None
        self._unfolded: set[Hashable] = set()
        self._whole: set[Hashable] = set()
        self._names = 0
        self._hold: Timer | None = None

    def on_mount(self) -> None:
        super().on_mount()
        self.session.listeners.append(self.redraw)

    def on_unmount(self) -> None:
        self.session.listeners.remove(self.redraw)

    # What is shown

    def parts(self, frame: Frame) -> tuple[object, ...]:
        """What else of the screen hangs on: the sockets, and what is known of them."""
        return self.session.frame, self.session.error, self._names

    def draw(self, frame: Frame) -> None:
        """The sockets come by themselves; of the Frame only the totals are shown."""
        self.frame = frame
        self.subtitle(self._summary())

    def redraw(self) -> None:
        frame, error = self.session.frame, self.session.error
        self.table.empty = error or ("reading ..." if frame is None else self.EMPTY)
        if frame is None:
            self.table.show(EMPTY)
        else:
            self._fill(frame)
        self.heading(self._title())
        self.subtitle(f"{self.nettui.glyphs.warning} {error}" if error and frame is not None else self._summary())

    def _fill(self, frame: SocketFrame) -> None:
        if self._names == 1:
            self._ask_names()
        if frame.query.group:
            like = self._rows if self._hold is not None and isinstance(self._rows, GroupRows) else None
            sort, reverse = self.table.sort_key, self.table.sort_reverse
            self._rows = GroupRows(frame, self._unfolded, self._whole, self._naming, sort, reverse, like)
        else:
            self._rows = SocketRows(frame, self._naming)
        columns: Sequence[Column] = socket_groups.COLUMNS if frame.query.group else sockets.COLUMNS
        if self.table.columns is not columns:
            self.table.show(EMPTY)
            self.table.columns = columns
        self.table.show(self._rows, frame)

    def _title(self) -> str:
        query, text = self.session.query, self.session.text
        kinds = "" if query.transports == EVERYDAY else ", ".join(sorted(query.transports))
        grouped = f"by {query.group}" if query.group else ""
        return "  ".join(filter(None, (self.TITLE, kinds, grouped, text and f"/ {text}")))

    def _summary(self) -> str:
        frame = self.session.frame
        if frame is None:
            return ""
        shown, known = len(frame.order), self.frame.snapshot.tcp if self.frame else None
        total = max(len(frame.table), known.total if known and Transport.TCP in frame.query.transports else 0)
        part = frame.query.wanted is not None or frame.table.note is not None
        notes = [
            f"{shown:,} of {total:,}" if part else f"{shown:,}",
            f"{len(frame.groups):,} group{'s' if len(frame.groups) != 1 else ''}" if frame.query.group else "",
            frame.table.note or "",
        ]
        return ", ".join(filter(None, notes))

    @cached_property
    def _host_names(self) -> "HostNames":
        from nettui.tui.host_names import HostNames

        names = HostNames(self.nettui.settings.dns.timeout)
        names.listeners.append(self.redraw)
        self.session.at_end.append(names.stop)
        return names

    @property
    def _naming(self) -> Naming:
        return Naming(services=self._names != 2, host=self._host_names.name if self._names == 1 else None)

    # The cursor

    def cursor_moved(self) -> None:
        """Rows keep their places for a moment."""
        self.session.hold(True)
        if self._hold is None:
            self._hold = self.set_timer(HOLD, self._let_go)
        else:
            self._hold.reset()

    def _let_go(self) -> None:
        self._hold = None
        self.session.hold(False)

    @property
    def socket(self) -> Socket | None:
        """The socket under the cursor, as it was last seen."""
        rows, key = self._rows, self.table.cursor_key
        if rows is None or isinstance(key, GroupKey | MoreKey) or key is None:
            return None
        try:
            return rows.socket(key)
        except KeyError:
            return None  # it has gone; its row is still marked as such

    async def chosen(self) -> list[Socket]:
        """The socket under the cursor, or all of the group."""
        rows, frame, socket = self._rows, self.session.frame, self.socket
        if socket is not None:
            return [socket]
        group = rows.group(self.table.cursor_key) if isinstance(rows, GroupRows) else None
        return await records(frame, group.places) if group and frame else []

    def detail(self) -> tuple[str, list[Paragraph]] | None:
        return self.detail_beside(min(110, self.nettui.size.width * 9 // 10) - 5, AMPLE)

    def detail_beside(self, width: int, height: int) -> tuple[str, list[Paragraph]] | None:
        frame, socket = self.session.frame, self.socket
        if frame is None:
            return None
        if socket is None:
            return self._group_detail(frame)
        self.session.follow(socket.key)
        owner = self.owner_of(socket)
        process = self.session.process(owner.pid) if owner else None
        title = socket_title(socket, frame, self._naming)
        readings, sparks, units = self.session.readings(socket.key), self.nettui.glyphs.sparks, self.nettui.units
        if height < AMPLE:
            return title, socket_brief(frame, socket, process, readings, sparks, units, width)
        return title, socket_details(frame, socket, process, readings, self._naming, sparks, units, width)

    def _group_detail(self, frame: SocketFrame) -> tuple[str, list[Paragraph]] | None:
        group = self._rows.group(self.table.cursor_key) if isinstance(self._rows, GroupRows) else None
        if group is None:
            return None
        return socket_groups.group_name(frame, group, self._naming), group_details(frame, group, self._naming)

    def open_row(self, key: Hashable | None) -> None:
        """A group opens in place, and closes again; a socket opens in full."""
        if isinstance(key, GroupKey):
            self._unfolded ^= {key.group}
            self._whole.discard(key.group)
        elif isinstance(key, MoreKey):
            self._whole.add(key.group)
        else:
            super().open_row(key)
            return
        self.redraw()

    # Filter, order, groups

    async def action_filter(self) -> None:
        found = self.query(SocketFilterLine)
        saved = self.nettui.settings.filters
        line = found.first() if found else SocketFilterLine(saved, self._known, self._service_ports)
        if not found:
            await self.mount(line)
        line.begin(self.session.text)

    @property
    def _service_ports(self) -> dict[str, int]:
        frame = self.session.frame
        return {name.lower(): port for (_, port), name in frame.facts.services.items()} if frame else {}

    def _known(self) -> dict[str, Sequence[str]]:
        """What there is now, for the completion."""
        frame = self.session.frame
        if frame is None:
            return {}
        facts = frame.facts
        return {
            "process": sorted(facts.names), "user": sorted(facts.users.values()),
            "unit": sorted({unit.name for unit in facts.units.values() if unit}), "iface": sorted(facts.links.values()),
        }

    @on(SocketFilterLine.Accepted)
    def _filter_accepted(self, event: SocketFilterLine.Accepted) -> None:
        event.stop()
        self.session.filter(event.wanted, event.text)

    @on(SocketFilterLine.Left)
    def _filter_left(self, event: SocketFilterLine.Left) -> None:
        event.stop()
        self.table.focus()

    def narrow(self, wanted: Filter, group: str | None = None) -> None:
        """Show only these, in groups or not."""
        self.session.filter(wanted, to_text(wanted))
        self._group_by(group)

    def order_by(self, sort: str | None, reverse: bool) -> None:
        """The rows are wanted in another order."""
        if self.session.query.group is None:
            self.session.ask(sort=sort or "state", reverse=reverse)
        else:
            self.redraw()

    def action_group(self) -> None:
        places: list[str | None] = [None, *GROUPS]
        self._group_by(places[(places.index(self.session.query.group) + 1) % len(places)])

    def action_ports(self) -> None:
        self._group_by(None if self.session.query.group == "port" else "port")

    def action_close_waits(self) -> None:
        self.narrow(CLOSE_WAITS, "process")

    def _group_by(self, group: str | None) -> None:
        self._unfolded.clear()
        self._whole.clear()
        if (group is None) != (self.session.query.group is None):
            self.table.sort_by(None)
        self.session.ask(group=group)
        self.redraw()

    def action_kinds(self) -> None:
        now = self.session.query.transports
        kinds = KINDS[(KINDS.index(now) + 1) % len(KINDS)] if now in KINDS else EVERYDAY
        self.session.ask(transports=kinds)
        self.nettui.say(f"Showing {', '.join(sorted(kinds))}.")

    def action_names(self) -> None:
        self._names = (self._names + 1) % len(NAMES)
        self.nettui.say(f"{NAMES[self._names].capitalize()}.")
        self.redraw()

    def _ask_names(self) -> None:
        frame = self.session.frame
        if frame is not None:
            config = self.frame.snapshot.resolvers if self.frame else None
            self._host_names.ask({socket.peer for socket in frame.details.values() if socket.peer != "*"}, config)
