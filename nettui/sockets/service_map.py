"""How the local service map is found: which program listens where, and which local program connects to what.

A connection within the host is two sockets, and only where both are found is it counted: that the peer's address looks
local is not enough. A connected UDP socket has no other end of its own; there the address must be one of this host's.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from nettui.model.process import Owner
from nettui.model.socket import UNCONN, Socket, Transport
from nettui.model.socket_table import ListedTable, SocketTable
from nettui.model.turns import breathe
from nettui.sockets.facts import Facts
from nettui.sockets.labels import NOBODYS
from nettui.sockets.programs import Programs, holders
from nettui.sockets.roles import Role, role_of
from nettui.sockets.service_tree import Edge, Listener, Program, ServiceMap, Step
from nettui.sockets.windows import WINDOW, windows

__all__ = ["Edge", "Listener", "Program", "ServiceMap", "Step", "service_map", "service_map_of"]

EPHEMERAL = range(32_768, 61_000)
"""Ports that Linux gives to who asks for none (ip_local_port_range): a UDP socket there is mostly a client's."""


class _End(NamedTuple):
    """What of a socket the map is made of: fields of Socket."""

    transport: Transport
    state: str
    local: str
    local_port: int | None
    peer: str
    peer_port: int | None
    inode: int
    uid: int | None
    owners: tuple[Owner, ...] | None
    peer_inode: int | None = None


_COLUMNS = _End._fields[:-2]


def service_map(sockets: Iterable[Socket], facts: Facts) -> ServiceMap:
    """The map of these sockets, with owners as far as the records or `facts` have them; in one go.

    For tens of thousands of sockets there is `service_map_of`.
    """
    survey = _Survey(facts)
    survey.add([_end(socket, facts) for socket in sockets])
    for _ in survey.steps():
        pass
    return survey.result()


async def service_map_of(table: SocketTable, facts: Facts) -> ServiceMap:
    """The map of all sockets of a table, with turns for others on the event loop."""
    survey = _Survey(facts)
    places = range(len(table))
    if isinstance(table, ListedTable):
        async for part, _ in windows(table, places):
            survey.add([_end(table.socket(place), facts) for place in part])
    else:
        async for part, columns in windows(table, places, *_COLUMNS):
            owners = [facts.owners.get(inode) for inode in columns[_COLUMNS.index("inode")]]
            ends = [_End(*values) for values in zip(*columns, owners, strict=True)]
            survey.add(
                _end(table.socket(place), facts) if end.transport == Transport.UNIX else end
                for place, end in zip(part, ends, strict=True)
            )
    for _ in survey.steps():
        await breathe()
    return survey.result()


def _end(socket: Socket, facts: Facts) -> _End:
    return _End(
        socket.transport, socket.state, socket.local, socket.local_port, socket.peer, socket.peer_port, socket.inode,
        socket.uid, facts.owners_of(socket), socket.peer_inode,
    )  # fmt: skip


_Place = tuple[Transport, str, int]
"""Where one can connect to: transport, address or path, port."""
_Party = int | tuple[str, Hashable]
"""A program by a pid of it; where that is not known, `place` and what it listens on, or `user` and whose it is."""


class _Survey:
    """Gathers sockets, then finds programs, what they listen on, and connections between them."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._programs = Programs()
        self._listening: defaultdict[_Place, list[_End]] = defaultdict(list)
        self._connected: list[_End] = []
        self._addresses: set[str] = set()
        self._servers: dict[_Place, dict[_Party, None]] = {}
        self._uids: dict[_Party, int | None] = {}
        self._accepted: dict[tuple[object, ...], _End] = {}
        self._links: Counter[tuple[_Party, _Party, _Place]] = Counter()

    def add(self, ends: Iterable[_End]) -> None:
        """Take more sockets."""
        for end in ends:
            self._addresses.add(end.local)
            if _listens(end):
                self._listening[_kind(end), end.local, end.local_port or 0].append(end)
            elif end.state != "TIME_WAIT" and (end.peer_port is not None or end.transport == Transport.UNIX):
                self._connected.append(end)

    def steps(self) -> Iterator[None]:
        """The work, in pieces of some milliseconds."""
        for place, ends in self._listening.items():
            self._servers[place] = dict.fromkeys(self._serving(place, end) for end in _owned(ends))
        yield
        for work in (self._note_accepted, self._link):
            for start in range(0, len(self._connected), WINDOW):
                for end in self._connected[start : start + WINDOW]:
                    work(end)
                yield

    def result(self) -> ServiceMap:
        """The map, once all steps are done."""
        links: Counter[tuple[_Party, _Party, _Place]] = Counter()
        for (client, server, place), count in self._links.items():
            links[self._root(client), self._root(server), place] += count
        clients = {client for client, _, _ in links}
        listeners: defaultdict[_Party, set[Listener]] = defaultdict(set)
        used = {place for _, _, place in links}
        for place, servers in self._servers.items():
            if place in used or place[0] != Transport.UDP or place[2] not in EPHEMERAL:
                for server in servers:
                    listeners[self._root(server)].add(_listener(place))
        pids = self._programs.pids()
        programs = {party: self._program(party, pids, listeners.get(party, set())) for party in {*listeners, *clients}}
        edges = [
            Edge(client=programs[client], server=programs[server], listener=_listener(place), connections=count)
            for (client, server, place), count in links.items()
        ]
        return ServiceMap(
            programs=tuple(sorted(programs.values(), key=_by_port)),
            edges=tuple(sorted(edges, key=lambda edge: (_by_port(edge.client), edge.listener, _by_port(edge.server)))),
        )

    def _serving(self, place: _Place, end: _End) -> _Party:
        """Who serves those that connect there."""
        party: _Party = self._programs.add(holders(end.owners)) if end.owners else ("place", place)
        self._uids.setdefault(party, end.uid)
        return party

    def _note_accepted(self, end: _End) -> None:
        """Keep a server's end of a connection, and put its process to the listening ones if it is their like."""
        place = self._place(end, end.local, end.local_port)
        if place is None:
            return
        key = (end.inode,) if end.transport == Transport.UNIX else (_kind(end), *end[2:6])
        self._accepted[key] = end
        if end.owners:
            its = holders(end.owners)
            for server in self._servers[place]:
                if isinstance(server, int) and self._is_called(server, its[0].name):
                    self._programs.join(self._programs.add(its), server)

    def _link(self, end: _End) -> None:
        """Count a client's end of a connection."""
        place = self._place(end, end.peer, end.peer_port)
        if place is None or not self._is_local(end, place):
            return
        if end.owners is None and not end.inode and end.state in NOBODYS:
            return  # closed by its program
        client: _Party = self._programs.add(holders(end.owners)) if end.owners else ("user", end.uid)
        self._uids.setdefault(client, end.uid)
        self._links[client, self._server(end, place), place] += 1

    def _place(self, end: _End, address: str, port: int | None) -> _Place | None:
        """The listener that is reached there."""
        kind = _kind(end)
        for place in ((kind, address, port or 0), (kind, "*", port or 0)):
            if place in self._servers:
                return place
        return None

    def _is_local(self, end: _End, place: _Place) -> bool:
        """Whether a client's end has its other end here."""
        if end.transport == Transport.UDP:
            return end.peer in self._addresses or end.peer.startswith("127.") or end.peer == "::1"
        other = self._other(end)
        # Where both ends have a listener's port, the lower one is the server's.
        return other is not None and not (self._mirrored(end) and (end.local_port or 0) < (end.peer_port or 0))

    def _other(self, end: _End) -> _End | None:
        """The server's end."""
        if end.transport == Transport.UNIX:
            return self._accepted.get((end.peer_inode,)) if end.peer_inode else None
        return self._accepted.get((_kind(end), end.peer, end.peer_port, end.local, end.local_port))

    def _mirrored(self, end: _End) -> bool:
        return end.transport != Transport.UNIX and (_kind(end), *end[2:6]) in self._accepted

    def _server(self, end: _End, place: _Place) -> _Party:
        """Of several programs that listen there the one that has accepted this connection, else the first."""
        first, *others = self._servers[place]
        other = self._other(end) if others else None
        if other is not None and other.owners:
            name = holders(other.owners)[0].name
            return next((server for server in (first, *others) if self._is_called(server, name)), first)
        return first

    def _is_called(self, party: _Party, name: str) -> bool:
        return isinstance(party, int) and self._programs.name(party) == name

    def _root(self, party: _Party) -> _Party:
        return self._programs.of(party) if isinstance(party, int) else party

    def _program(self, party: _Party, pids: dict[int, tuple[int, ...]], listeners: set[Listener]) -> Program:
        name = self._programs.name(party) if isinstance(party, int) else None
        return Program(
            key=party, name=name, pids=pids[party] if isinstance(party, int) else (),
            user=self._facts.user(self._uids.get(party)), listeners=tuple(sorted(listeners)),
            role=_role(name, sorted(listeners)),
        )  # fmt: skip


def _listens(end: _End) -> bool:
    if end.transport == Transport.UDP:
        return end.state == UNCONN and bool(end.local_port) and end.peer_port is None
    return end.state == "LISTEN" and bool(end.local)


def _kind(end: _End) -> Transport:
    """An MPTCP socket and its subflows, which are TCP, are one to who connects."""
    return Transport.TCP if end.transport == Transport.MPTCP else end.transport


def _owned(ends: Sequence[_End]) -> Sequence[_End]:
    """Of sockets at one place those whose owners are known, if there are any."""
    return [end for end in ends if end.owners] or ends


def _listener(place: _Place) -> Listener:
    transport, address, port = place
    return Listener(transport=transport, address=address, port=port)


def _by_port(program: Program) -> tuple[bool, int, str, tuple[int, ...], str]:
    """Those that listen first, by their lowest port, those on unix sockets only after them."""
    ports = [listener.port or 1 << 16 for listener in program.listeners]
    return not ports, min(ports, default=0), program.name or "", program.pids, str(program.key)


def _role(name: str | None, listeners: Sequence[Listener]) -> Role | None:
    """By the port that says more than the name alone, if there is one."""
    if not listeners:
        return role_of(name, None)
    by_name = role_of(name, 0)
    by_port = [role_of(name, listener.port) for listener in listeners]
    return next((role for role in by_port if role not in (None, by_name)), by_name)
