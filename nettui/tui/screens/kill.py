"""The window that closes sockets: it shows exactly what will be closed, asks, does it, and reports what happened.

One socket takes a `y`. Several take their number, typed, and Enter: some keys in an emergency, and nothing that
a slip of a finger, or a key meant for another window, could do.
"""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from nettui.model.socket import Socket, Transport
from nettui.model.socket_table import ListedTable
from nettui.reports.paragraphs import Paragraph, as_text, rows
from nettui.sockets.facts import Facts
from nettui.sockets.frame import Group
from nettui.sockets.group import grouped
from nettui.tui.closing import Closing
from nettui.tui.screens.sheets import Sheet
from nettui.tui.widgets.framed import Framed
from nettui.tui.widgets.line_input import LineInput
from nettui.tui.widgets.prose import Prose

SHOWN = 12
"""Of each kind; how many more there are is said."""
EXAMPLES = 3
"""Sockets named with each reason why some could not be closed."""
PROGRESS = 0.1
"""Seconds between two tellings of how far it has come."""

_RESET = frozenset({"ESTABLISHED", "CLOSE_WAIT", "FIN_WAIT1", "FIN_WAIT2", "SYN_RECV"})
"""States in which Linux tells the peer with a reset that a connection has been aborted (tcp_need_reset)."""


class KillSheet(Sheet, inherit_bindings=False):
    """Asks, closes, reports; stays until it is closed."""

    DEFAULT_CSS = "KillSheet > Framed > LiveTable { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "confirm", "close the socket", id="kill.confirm"),
        Binding("y", "copy", "copy", id="sheet.copy"),
        Binding("enter", "remind", show=False),
        Binding("escape,q", "leave", "give up", id="kill.leave"),
        Binding("up", "rows('move', -1)", show=False),
        Binding("down", "rows('move', 1)", show=False),
        Binding("pageup", "rows('page', -1)", show=False),
        Binding("pagedown", "rows('page', 1)", show=False),
    ]

    def __init__(self, sockets: Sequence[Socket], facts: Facts, destroy: Callable[[Socket], Awaitable[None]]) -> None:
        """`sockets` are one or more; `destroy` closes one, or raises OSError or ValueError with a plain sentence."""
        super().__init__(f"Close {_sockets(len(sockets))}?", Prose())
        self.closing = Closing(sockets, destroy)
        self._sockets, self._facts = sockets, facts
        self._line = LineInput(f"type {len(sockets)}, then Enter") if len(sockets) > 1 else None
        self._said: Sequence[Paragraph] = [("", ("counting ...",))]
        self._asking = self._done = False

    def compose(self) -> ComposeResult:
        lower = "Esc gives up" if self._line else "y closes it  Esc gives up"
        inside = [self.table, self._line] if self._line else [self.table]
        yield Framed(*inside, upper=self.heading, lower=lower)

    def on_mount(self) -> None:
        super().on_mount()
        self._wrap()
        self.run_worker(self._ask(), name="what is to be closed")

    def on_resize(self) -> None:
        self._wrap()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("confirm", "remind"):
            return self._line is None and not self.closing.begun
        return self._done if action == "copy" else True

    def text(self) -> str:
        return as_text(self.heading, self._said)

    def action_confirm(self) -> None:
        self._begin()

    def action_remind(self) -> None:
        self.nettui.say("y closes it, Esc gives up.")

    def action_leave(self) -> None:
        """While it runs no more are begun; before and after, the window goes."""
        if self.closing.begun and not self._done and not self.closing.stopped:
            self.closing.stop()
        else:
            self.dismiss()

    def action_rows(self, how: str, by: int) -> None:
        self.table.action_move(by) if how == "move" else self.table.action_page(by)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip().replace(",", "") == str(len(self._sockets)):
            self._begin()
        else:
            self.nettui.say(f"Nothing is closed: type the number of the sockets, {len(self._sockets)}, and Enter.")

    async def _ask(self) -> None:
        *common, one_by_one = await described(self._sockets, self._facts)
        self._say([*_mind(self._sockets), *common, _then(self._sockets), one_by_one])
        self._asking = True
        if self._line:
            self._line.focus()

    def _begin(self) -> None:
        if not self._asking:  # what will be closed is not on the screen yet
            return
        self._asking = False
        if self._line:
            self.table.focus()
            self._line.remove()
        self.run_worker(self._close(), name="closing sockets")

    async def _close(self) -> None:
        self._progress()
        progress = self.set_interval(PROGRESS, self._progress)
        await self.closing.run()
        progress.stop()
        self._say(await report(self.closing, self._facts))
        self._done = True
        self._edges(f"Closed {len(self.closing.closed):,} of {_sockets(self.closing.total)}", "y copies  Esc goes back")

    def _progress(self) -> None:
        self._edges(f"Closing: {self.closing.tried:,} of {_sockets(self.closing.total)}", "Esc stops")

    def _edges(self, upper: str, lower: str) -> None:
        self.heading = upper
        self.query_one(Framed).edges(upper, lower)

    def _say(self, paragraphs: Sequence[Paragraph]) -> None:
        self._said = paragraphs
        self._wrap()

    def _wrap(self) -> None:
        made = rows(self._said, min(110, self.size.width * 9 // 10) - 5)
        room = self.size.height * 9 // 10 - 2 - (self._line is not None and not self.closing.begun)
        self.table.styles.height = max(1, min(len(made.keys), room))
        self.table.show(made)


async def described(sockets: Sequence[Socket], facts: Facts) -> list[Paragraph]:
    """What sockets have in common, and last the first of them one by one."""
    shown = [f"{_told(socket)}  {_owner(socket, facts)}" for socket in sockets[:SHOWN]]
    if len(sockets) == 1:
        return [("Socket", tuple(shown))]
    table = ListedTable(sockets, 0.0)
    places = range(len(sockets))
    peers, kind = await grouped(table, places, facts, "peer"), "addresses"
    if len(peers) > SHOWN:
        peers, kind = await grouped(table, places, facts, "network"), "networks"
    return [
        ("Owners", (_counted(await grouped(table, places, facts, "process"), "processes"),)),
        ("Peers", (_counted(peers, kind),)),
        ("States", (_counted(await grouped(table, places, facts, "state"), "states"),)),
        ("Sockets", (*shown, *_more(len(sockets) - SHOWN))),
    ]


async def report(closing: Closing, facts: Facts) -> list[Paragraph]:
    """What went, what did not, and why."""
    closed = closing.closed
    said: list[Paragraph] = [("Closed", (f"{len(closed):,} of {closing.total:,}",))]
    reasons = sorted(closing.kept.items(), key=lambda kept: -len(kept[1]))
    for number, (reason, kept) in enumerate(reasons[:SHOWN]):
        lines = (f"{len(kept):,}: {reason}", *map(_told, kept[:EXAMPLES]), *_more(len(kept) - EXAMPLES))
        said.append(("Not closed" if number == 0 else "", lines))
    if len(reasons) > SHOWN:
        others = sum(len(kept) for _, kept in reasons[SHOWN:])
        said.append(("", (f"{others:,}: {len(reasons) - SHOWN:,} other reasons",)))
    if closing.untried:
        why = "it would end the same" if closing.forbidden else "you stopped it"
        said.append(("Not tried", (f"{closing.untried:,}: {why}",)))
    return [*said, *(await described(closed, facts) if closed else ())]


def login(environ: Mapping[str, str]) -> tuple[str, str, str, str] | None:
    """The connection that the user is logged in over, as sshd(8) tells of it: peer and its port, local and its port."""
    match environ.get("SSH_CONNECTION", "").split():
        case [peer, peer_port, local, local_port]:
            return peer, peer_port, local, local_port
    return None


def _mind(sockets: Sequence[Socket]) -> list[Paragraph]:
    """What the user may not have thought of."""
    lines: list[str] = []
    mine = login(os.environ)
    if any((one.peer, str(one.peer_port), one.local, str(one.local_port)) == mine for one in sockets if mine):
        lines.append("The connection that you are logged in over is among them: this session ends with it.")
    listening = list(dict.fromkeys(one.local_endpoint for one in sockets if one.is_listener))
    for name in listening[:SHOWN]:
        lines += [f"{name} listens: nobody can connect there any more until its program listens again."]
    lines += _more(len(listening) - SHOWN)
    return [("Mind", tuple(lines))] if lines else []


def _then(sockets: Sequence[Socket]) -> Paragraph:
    """What will happen (tcp_abort and udp_abort of Linux)."""
    states = {one.state for one in sockets}
    reset = any(one.state in _RESET and one.transport is not Transport.UDP for one in sockets)
    if states == {"TIME_WAIT"}:
        will = "The kernel forgets that they were, and no peer is told."
    elif states == {"LISTEN"}:
        will = "The program can accept no more connections here."
    else:
        will = f"The program sees ECONNABORTED, {'the peer a reset' if reset else 'the peer nothing'}."
    return "Then", (f"{will} No process is ended.",)


def _counted(groups: Sequence[Group], kind: str) -> str:
    """The largest, and how many more there are."""
    said = [f"{group.name if group.key is not None else 'not known'} {len(group.places):,}" for group in groups[:SHOWN]]
    rest = groups[SHOWN:]
    if rest:
        said.append(f"{len(rest):,} other {kind} {sum(len(group.places) for group in rest):,}")
    return "; ".join(said)


def _more(count: int) -> tuple[str, ...]:
    return (f"and {count:,} more",) if count > 0 else ()


def _told(socket: Socket) -> str:
    return f"{socket.transport} {socket.state} {socket.local_endpoint} to {socket.peer_endpoint}"


def _owner(socket: Socket, facts: Facts) -> str:
    owners = facts.owners_of(socket)
    if owners:
        labels = list(dict.fromkeys(owner.label for owner in owners))
        more = len(labels) - EXAMPLES
        return ", ".join(labels[:EXAMPLES]) + (f" and {more} more" if more > 0 else "")
    user = facts.user(socket.uid)
    if owners is not None or not socket.inode or user is None:
        return ""
    return f"a process of user {user}"


def _sockets(count: int) -> str:
    return f"{count:,} sockets" if count != 1 else "1 socket"
