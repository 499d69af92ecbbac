"""Groups of sockets as a table: how many in each state, and below an opened group its sockets."""

from collections.abc import Collection, Hashable, Sequence
from heapq import nlargest, nsmallest

from msgspec import Struct

from nettui.model.socket import Socket
from nettui.reports.format import UNKNOWN, shortened, thousands
from nettui.reports.sockets_naming import BY_SERVICE, Naming, local_end, peer_end
from nettui.reports.table import Cell, Column
from nettui.reports.tables.sockets import owner_cell, state_cell
from nettui.sockets.frame import GROUP_STATES, Group, SocketFrame

FIRST = 200
"""Sockets shown below an opened group, until more are asked for."""

WHOLE = 2_000
"""Sockets shown below it then; nobody reads on, and more would hold the screen up."""

MOST = 1_000
"""Groups shown: of more, the largest, or those that come first in the order chosen."""

RANKED = 20_000
"""Groups of which those are chosen: of more, the largest. So many take a few milliseconds."""

SUMS = (
    ("closewait", ("CLOSE_WAIT",)),
    ("established", ("ESTABLISHED",)),
    ("timewait", ("TIME_WAIT",)),
    ("listen", ("LISTEN",)),
    ("syn", ("SYN_SENT", "SYN_RECV")),
    ("fin", ("FIN_WAIT1", "FIN_WAIT2", "LAST_ACK", "CLOSING")),
    ("other", ("CLOSED", "UNCONN")),
)
"""The states that each column counts."""

COLUMNS = (
    Column("name", "GROUP", 19, grow=1),
    Column("total", "TOTAL", 7, align="right"),
    Column("closewait", "CLOSE_W", 7, align="right", help="CLOSE_WAIT: the peer has closed, the program has not"),
    Column("established", "ESTAB", 7, align="right", help="ESTABLISHED: open both ways"),
    Column("timewait", "TIME_W", 7, align="right", priority=1, help="TIME_WAIT: closed here first, rests for 60 s"),
    Column("listen", "LISTEN", 6, align="right", priority=4, help="Waiting for connections"),
    Column("syn", "SYN", 6, align="right", priority=3, help="Opening: SYN_SENT and SYN_RECV"),
    Column("fin", "FIN", 6, align="right", priority=2, help="Closing: FIN_WAIT1, FIN_WAIT2, LAST_ACK and CLOSING"),
    Column("other", "OTHER", 6, align="right", priority=5, help="UNCONN (UDP and others without connection), CLOSED"),
)

_PLACES = {name: tuple(GROUP_STATES.index(state) for state in states) for name, states in SUMS}
_BLANK = Cell("")
_END = 21  # characters of an IPv4 address with its port


class GroupKey(Struct, frozen=True):
    """The row of a group, by the group's own key."""

    group: Hashable


class MoreKey(Struct, frozen=True):
    """The row that stands for the sockets of a group that are not shown."""

    group: Hashable


class RestKey(Struct, frozen=True):
    """The row that stands for the smallest groups, where there are too many."""


class GroupRows:
    """A frame's groups. The rows below an opened one have the sockets' own keys."""

    def __init__(
        self, frame: SocketFrame, expanded: Collection[Hashable] = (), whole: Collection[Hashable] = (),
        naming: Naming = BY_SERVICE, sort: str | None = None, reverse: bool = False,
        like: "GroupRows | None" = None,
    ) -> None:
        """`expanded` names the opened groups by their keys, `whole` those that show more than the first.

        `sort` is the key of one of COLUMNS; None leaves the groups as they come, the largest first. `like` are rows
        whose order is to be kept.
        """
        self._frame = frame
        self._naming = naming
        self._expanded, self._whole = expanded, whole
        self._groups: dict[Hashable, Group] = {}
        self._places: dict[Hashable, int] = {}
        self._left: dict[Hashable, int] = {}
        keys: list[Hashable] = []
        for group in like._kept(frame.groups) if like is not None else _first(frame.groups, sort, reverse):
            keys.append(GroupKey(group.key))
            self._groups[group.key] = group
            if group.key in expanded:
                keys += self._members(group, group.key in whole)
        if len(frame.groups) > len(self._groups):
            keys.append(RestKey())
        self.keys: Sequence[Hashable] = keys

    def group(self, key: Hashable) -> Group | None:
        """The group that a row is, or stands for the rest of; None for a socket's row."""
        return self._groups.get(key.group) if isinstance(key, GroupKey | MoreKey) else None

    def socket(self, key: Hashable) -> Socket | None:
        """The socket of a row; None for the other rows."""
        place = self._places.get(key)
        return None if place is None else self._frame.socket(place)

    def cells(self, key: Hashable) -> Sequence[Cell]:
        if isinstance(key, GroupKey):
            return self._group_cells(self._groups[key.group])
        if isinstance(key, MoreKey):
            hint = "narrow them with a filter" if key.group in self._whole else "Enter shows more"
            return _wide(f"    ... {self._left[key.group]:,} more: {hint}", "dim")
        if isinstance(key, RestKey):
            more = len(self._frame.groups) - len(self._groups)
            return _wide(f"  ... {more:,} more groups: narrow them with a filter", "dim")
        return self._socket_cells(self._frame.socket(self._places[key]))

    def _kept(self, groups: Sequence[Group]) -> Sequence[Group]:
        """Those that are shown now, as they are in newer groups, in the order they have."""
        newer = {group.key: group for group in groups}
        return [newer[key] for key in self._groups if key in newer]

    def _members(self, group: Group, whole: bool) -> list[Hashable]:
        every = self._frame.table.keys()
        places = group.places[: WHOLE if whole else FIRST]
        # Of two opened groups that share a socket (two programs have it open) the first shows it.
        found: dict[Hashable, int] = {every[place]: place for place in places if every[place] not in self._places}
        self._places.update(found)
        self._left[group.key] = left = len(group.places) - len(places)
        return [*found, MoreKey(group.key)] if left else list(found)

    def _group_cells(self, group: Group) -> tuple[Cell, ...]:
        sign = "▾" if group.key in self._expanded else "▸"
        total = sum(group.counts)
        return (
            Cell(f"{sign} {self._name(group)}", "accent", group.name),
            Cell(thousands(total), "", total),
            *(_count(group, name, states) for name, states in SUMS),
        )

    def _name(self, group: Group) -> str:
        return group_name(self._frame, group, self._naming)

    def _socket_cells(self, socket: Socket) -> tuple[Cell, ...]:
        facts, state = self._frame.facts, state_cell(socket.state)
        ends = (local_end(socket, facts, self._naming), peer_end(socket, facts, self._naming))
        local, peer = (f"{shortened(end, _END):<{_END}}" for end in ends)
        return _wide(f"    {state.text:<11} {local} {peer} {owner_cell(socket, facts).text}", state.role)


def group_name(frame: SocketFrame, group: Group, naming: Naming = BY_SERVICE) -> str:
    """What a group is called; a port also by its service."""
    if frame.query.group == "port" and naming.services and group.name.isdigit():
        port = int(group.name)
        service = frame.facts.services.get(("tcp", port)) or frame.facts.services.get(("udp", port))
        return f"{group.name} {service}" if service else group.name
    return group.name


def _wide(text: str, role: str) -> tuple[Cell, ...]:
    """One text over the whole row."""
    return (Cell(text, role), *[_BLANK] * (len(COLUMNS) - 1))


def _first(groups: Sequence[Group], sort: str | None, reverse: bool) -> Sequence[Group]:
    """At most MOST of the groups, which come the largest first, in the order chosen.

    Those of which it is not known what they are (`--`) come last by name, in reverse too.
    """
    if sort in _PLACES:
        ranked = groups[:RANKED]
        sums = [_sum(group, sort) for group in ranked]
        return [ranked[at] for at in (nlargest if reverse else nsmallest)(MOST, range(len(sums)), sums.__getitem__)]
    if sort == "total" and not reverse:
        return sorted(groups[-MOST:], key=lambda group: sum(group.counts))
    first = groups[:MOST]
    if sort in (None, "total"):
        return first
    named = sorted((group for group in first if group.name != UNKNOWN), key=_by_name, reverse=reverse)
    return [*named, *(group for group in first if group.name == UNKNOWN)]


def _by_name(group: Group) -> tuple[bool, int, str]:
    """Numbers before names, and as numbers."""
    number = group.name.isdecimal()
    return not number, int(group.name) if number else 0, group.name.casefold()


def _sum(group: Group, name: str) -> int:
    return sum([group.counts[place] for place in _PLACES[name]])


def _count(group: Group, name: str, states: Sequence[str]) -> Cell:
    count = _sum(group, name)
    return Cell(thousands(count), f"state.{states[0]}" if count and name != "other" else "dim", count)
