"""The map of the services of one host, as programs, their listeners and who connects to these; and as a tree."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from nettui.model.socket import Transport, endpoint
from nettui.sockets.roles import Role


class Listener(Struct, frozen=True, kw_only=True, order=True):
    """Where a program can be reached."""

    port: int = 0
    """0 for a unix socket."""
    transport: Transport
    address: str
    """`*` for any, IPv4 and IPv6 alike; of a unix socket its path."""

    @property
    def endpoint(self) -> str:
        """`*:443`, `/run/php-fpm.sock`."""
        return endpoint(self.address, self.port or None)


class Program(Struct, frozen=True, kw_only=True):
    """One program: a process, or several of one name that share what they listen on."""

    key: Hashable
    """By which it is known from reading to reading."""
    name: str | None
    """None where this user may not know whose it is."""
    pids: tuple[int, ...] = ()
    """The lowest first: mostly the one that began the others."""
    user: str | None = None
    listeners: tuple[Listener, ...] = ()
    """By port."""
    role: Role | None = None

    @property
    def label(self) -> str:
        """`nginx[812]`, of several processes the first; `--` where it is not known."""
        return f"{self.name}[{self.pids[0]}]" if self.pids else "--"


class Edge(Struct, frozen=True, kw_only=True):
    """One program's connections to one listener of another (or of its own)."""

    client: Program
    server: Program
    listener: Listener
    connections: int


class Step(NamedTuple):
    """One line of the tree."""

    depth: int
    program: Program
    edge: Edge | None
    """How it is reached from the line above it with a smaller depth; None at depth 0."""


class ServiceMap(Struct, frozen=True, kw_only=True):
    """All programs that listen on this host, and all that connect to them from this host."""

    programs: tuple[Program, ...] = ()
    """Those that listen by their lowest port, then the others by name."""
    edges: tuple[Edge, ...] = ()

    def walk(self) -> Iterator[Step]:
        """The tree from above: where the host is entered, down to what is behind; then the clients that listen nowhere.

        Each program is followed further down only where it comes first, so that circles end.
        """
        below: defaultdict[Hashable, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            below[edge.client.key].append(edge)
        followed: set[Hashable] = set()
        for root in self._roots(below):
            if root.key in followed:
                continue
            waiting = [Step(0, root, None)]
            while waiting:
                step = waiting.pop()
                yield step
                if step.program.key not in followed:
                    followed.add(step.program.key)
                    edges = reversed(below.get(step.program.key, ()))
                    waiting += [Step(step.depth + 1, edge.server, edge) for edge in edges]

    def _roots(self, below: Mapping[Hashable, Sequence[Edge]]) -> list[Program]:
        """Programs to which no other that listens connects, and what can be reached from none of these; clients."""
        servers = [program for program in self.programs if program.listeners]
        clients = [program for program in self.programs if not program.listeners]
        behind = {
            edge.server.key for edge in self.edges if edge.client.listeners and edge.client.key != edge.server.key
        }
        roots = [program for program in servers if program.key not in behind]
        reached: set[Hashable] = set()
        for root in roots:
            _follow(root.key, below, reached)
        for program in servers:  # those that connect to each other in a circle
            if program.key not in reached:
                roots.append(program)
                _follow(program.key, below, reached)
        return roots + clients


def _follow(start: Hashable, below: Mapping[Hashable, Sequence[Edge]], reached: set[Hashable]) -> None:
    """Add all that can be reached from there."""
    waiting = [start]
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            waiting += [edge.server.key for edge in below.get(key, ())]
