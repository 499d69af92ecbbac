"""What sockets are told apart by, port, peer, process and so on, and what each of these is called."""

from collections.abc import Hashable, Mapping, Sequence
from socket import AF_INET6, inet_ntop, inet_pton
from typing import Any

from nettui.model.process import Owner, Unit
from nettui.model.socket import Transport
from nettui.model.socket_table import ListedTable, SocketTable
from nettui.sockets.facts import Facts

UNKNOWN = "--"
"""The name of what is not known; its key is None."""
NO_PROCESS = 0
"""The key, in place of a pid, of sockets that no process has open: closing ones, and those not accepted yet."""
_PEERS: dict[Hashable, str] = {"*": "no peer", "": "unnamed"}

# A socket without inode is nobody's, but on systems that have no inodes. There these states say it.
NOBODYS = frozenset(("SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "LAST_ACK", "CLOSING"))


class Labels:
    """One way to tell sockets apart. This one: by the value of a column itself."""

    columns: tuple[str, ...]
    """What of a table is looked at."""

    def __init__(self, column: str, table: SocketTable, facts: Facts) -> None:
        self.columns = (column,)
        self._facts = facts

    def keys(self, columns: Sequence[Sequence[Any]]) -> Sequence[Hashable]:
        """One for each socket, by the values of its columns; None where it is not known."""
        return columns[0]

    def name(self, key: Hashable) -> str:
        """What it is called on the screen."""
        return UNKNOWN if key is None else str(key)

    def order(self, key: Hashable) -> str:
        """What it is sorted by."""
        return self.name(key)

    def is_known(self, key: Hashable) -> bool:
        """Whether there is something to sort by."""
        return key is not None


class Ports(Labels):
    """By local port, TCP and UDP together: the question is mostly about one service. Raw sockets: by protocol."""

    def __init__(self, table: SocketTable, facts: Facts) -> None:
        super().__init__("local_port", table, facts)
        self.columns = ("local_port", "transport")

    def keys(self, columns: Sequence[Sequence[Any]]) -> Sequence[Hashable]:
        ports, transports = columns
        if Transport.RAW not in transports:
            return ports
        return [
            f"protocol {port}" if transport == Transport.RAW else port
            for port, transport in zip(ports, transports, strict=True)
        ]

    def name(self, key: Hashable) -> str:
        return "no port" if key is None else str(key)

    def order(self, key: Hashable) -> str:
        return f"{key:05}" if isinstance(key, int) else self.name(key)


class Peers(Labels):
    """By the peer's address."""

    def __init__(self, table: SocketTable, facts: Facts) -> None:
        super().__init__("peer", table, facts)

    def name(self, key: Hashable) -> str:
        return _PEERS.get(key) or super().name(key)


class Networks(Peers):
    """By the peer's /24 or /64."""

    def __init__(self, table: SocketTable, facts: Facts) -> None:
        super().__init__(table, facts)
        self._networks = _Networks()

    def keys(self, columns: Sequence[Sequence[Any]]) -> Sequence[Hashable]:
        networks = self._networks
        return [networks[peer] for peer in columns[0]]


class _Networks(dict[str, str]):
    """The network by the address; made when it is first asked for."""

    def __missing__(self, address: str) -> str:
        self[address] = network = network_of(address)
        return network


def network_of(address: str) -> str:
    """`10.0.3.0/24`, `2001:db8::/64`; what is no address (`*`, a path) is its own network."""
    if ":" not in address:
        first, dot, _ = address.rpartition(".")
        return f"{first}.0/24" if dot and address.replace(".", "").isdecimal() else address
    try:
        upper = inet_pton(AF_INET6, address.partition("%")[0])[:8]
    except (OSError, ValueError):
        return address
    return f"{inet_ntop(AF_INET6, upper + bytes(8))}/64"


class Processes(Labels):
    """By process. A socket that several have open counts for the lowest pid: mostly the one that forked the others."""

    def __init__(self, table: SocketTable, facts: Facts) -> None:
        super().__init__("inode", table, facts)
        self._listed = isinstance(table, ListedTable)
        if self._listed:  # its records may know their owners themselves
            self.columns = ("inode", "owners", "state")
        self._found: dict[int, Owner] = {}

    def keys(self, columns: Sequence[Sequence[Any]]) -> Sequence[Hashable]:
        if self._listed:
            return [self._of_record(*values) for values in zip(*columns, strict=True)]
        key, owners_of = self._key, self._facts.owners.get
        return [key(owners_of(inode)) if inode else NO_PROCESS for inode in columns[0]]

    def _of_record(self, inode: int, owners: tuple[Owner, ...] | None, state: str) -> int | None:
        if owners is not None:
            return self._key(owners) if owners else NO_PROCESS
        if inode:
            return self._key(self._facts.owners.get(inode))
        return NO_PROCESS if state in NOBODYS else None

    def _key(self, owners: tuple[Owner, ...] | None) -> int | None:
        if not owners:
            return None
        owner = owners[0] if len(owners) == 1 else first_of(owners)
        self._found[owner.pid] = owner
        return owner.pid

    def name(self, key: Hashable) -> str:
        if key == NO_PROCESS:
            return "no process"
        return self._found[key].label if isinstance(key, int) else UNKNOWN

    def order(self, key: Hashable) -> str:
        return f"{self._found[key].name.casefold()} {key:010}" if self.is_known(key) and isinstance(key, int) else ""

    def is_known(self, key: Hashable) -> bool:
        return bool(key)


def first_of(owners: Sequence[Owner]) -> Owner:
    """Of several processes the one with the lowest pid."""
    return min(owners, key=lambda owner: owner.pid)


class Users(Labels):
    """By user."""

    def __init__(self, table: SocketTable, facts: Facts) -> None:
        super().__init__("uid", table, facts)

    def name(self, key: Hashable) -> str:
        return (self._facts.user(key) if isinstance(key, int) else None) or UNKNOWN


class Units(Labels):
    """By systemd unit or container."""

    def __init__(self, table: SocketTable, facts: Facts) -> None:
        super().__init__("cgroup", table, facts)
        self._listed = isinstance(table, ListedTable)
        if self._listed:
            self.columns = ("cgroup", "unit")
        self._found: dict[str, Unit] = {}

    def keys(self, columns: Sequence[Sequence[Any]]) -> Sequence[Hashable]:
        known: Mapping[int, Unit | None] = self._facts.units
        units = [known.get(cgroup) for cgroup in columns[0]]
        if self._listed:
            units = [own or unit for own, unit in zip(columns[1], units, strict=True)]
        for unit in set(units):
            if unit is not None:
                self._found[unit.path] = unit
        return [unit and unit.path for unit in units]

    def name(self, key: Hashable) -> str:
        return self._found[key].name if isinstance(key, str) else UNKNOWN


class Interfaces(Labels):
    """By the interface a socket is bound to."""

    def __init__(self, table: SocketTable, facts: Facts) -> None:
        super().__init__("ifindex", table, facts)

    def name(self, key: Hashable) -> str:
        return self._facts.links.get(key, str(key)) if isinstance(key, int) else UNKNOWN


def labels(by: str, table: SocketTable, facts: Facts) -> Labels:
    """`by`: one of GROUPS (`nettui.sockets.frame`), or iface."""
    if by == "state":
        return Labels(by, table, facts)
    kinds = {
        "port": Ports, "peer": Peers, "network": Networks, "process": Processes, "user": Users, "unit": Units,
        "iface": Interfaces,
    }  # fmt: skip
    return kinds[by](table, facts)
