"""Sockets that ended lately, as a table: how long they lived and what they moved."""

import time
from collections.abc import Callable, Hashable, Sequence

from nettui.model.socket import ClosedSocket, SocketKey
from nettui.reports.format import UNKNOWN, age, elapsed, size
from nettui.reports.sockets_naming import BY_SERVICE, Naming, local_end, peer_end
from nettui.reports.table import Cell, Column
from nettui.reports.tables.sockets import owner_cell, state_cell
from nettui.sockets.facts import Facts

COLUMNS = (
    Column("closed", "CLOSED", 8, help="When it ended"),
    Column("state", "LAST STATE", 11, priority=6, help="The state it was last seen in"),
    Column("local", "LOCAL", 17, grow=1, priority=3, clip="middle"),
    Column("peer", "PEER", 21, grow=1, clip="middle"),
    Column("process", "OWNER", 13, grow=1, priority=1, clip="middle", help="The program that had it open"),
    Column("lived", "LIVED", 8, align="right", help="How long; --: it was there before nettui looked"),
    Column("sent", "SENT", 8, align="right", priority=2),
    Column("received", "RECEIVED", 8, align="right", priority=2),
    Column("told", "BY", 6, priority=4, help="told: the kernel told of its end; missed: it was found missing"),
)


def key_of(closed: ClosedSocket) -> tuple[SocketKey, float]:
    """By what a closed socket's row is known: a text made of addresses may come again."""
    return closed.socket.key, closed.closed_at


class ClosedRows:
    """A row for each, in the order they come; made when it is looked at."""

    def __init__(self, ended: Sequence[ClosedSocket], facts: Facts, naming: Naming = BY_SERVICE) -> None:
        self._ended: dict[Hashable, ClosedSocket] = {key_of(each): each for each in ended}
        self._facts = facts
        self._naming = naming
        self.keys: Sequence[Hashable] = tuple(self._ended)

    def cells(self, key: Hashable) -> Sequence[Cell]:
        return _cells(self._ended[key], self._facts, self._naming)


def lived_text(closed: ClosedSocket) -> str:
    """How long: `1.2 s`, `14 min`, or `< 0.9 s` where no reading saw it."""
    if closed.lived is not None:
        return _span(closed.lived)
    return UNKNOWN if closed.lived_at_most is None else f"< {_span(closed.lived_at_most)}"


def _cells(closed: ClosedSocket, facts: Facts, naming: Naming) -> tuple[Cell, ...]:
    socket, info = closed.socket, closed.socket.info
    lived = closed.lived if closed.lived is not None else closed.lived_at_most
    sent = None if info is None else info.payload_sent
    return (
        Cell(time.strftime("%H:%M:%S", time.localtime(closed.closed_at)), "dim", closed.closed_at),
        state_cell(socket.state),
        Cell(local_end(socket, facts, naming)),
        Cell(peer_end(socket, facts, naming)),
        owner_cell(socket, facts),
        Cell(lived_text(closed), "" if lived is not None else "dim", lived),
        _number(sent, size),
        _number(info.bytes_received if info else None, size),
        Cell("told" if closed.told else "missed", "dim"),
    )


def _span(seconds: float) -> str:
    return elapsed(seconds) if seconds < 60 else age(seconds)


def _number(value: int | None, shown: Callable[[int], str]) -> Cell:
    return Cell(UNKNOWN, "dim") if value is None else Cell(shown(value), "" if value else "dim", value)
