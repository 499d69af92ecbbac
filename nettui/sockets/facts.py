"""What is known about sockets beside the table: whose they are, how old, and what numbers are called."""

from collections.abc import Collection, Mapping

from msgspec import Struct

from nettui.model.process import Owner, Unit
from nettui.model.socket import Socket, SocketKey


class Facts(Struct, frozen=True, kw_only=True):
    """Looked up as far as was needed. What is not in a mapping is not known (yet)."""

    owners: Mapping[int, tuple[Owner, ...]] = {}
    """By inode; an empty tuple: looked for, and no process that may be seen has it open."""
    names: Collection[str] = ()
    """Of all processes that are among the owners."""
    owners_note: str | None = None
    """Why some owners cannot be seen, and what would help."""
    units: Mapping[int, Unit | None] = {}
    """By cgroup id."""
    users: Mapping[int, str] = {}
    """Login name by uid, where there is one."""
    services: Mapping[tuple[str, int], str] = {}
    """Name by transport (tcp, udp) and port."""
    links: Mapping[int, str] = {}
    """Name by ifindex."""
    born: Mapping[SocketKey, float] = {}
    """Unix time at which a socket was first seen, of those that were not there when nettui began to look."""
    watching_since: float | None = None
    """Unix time since when every reading has been compared with the one before; None where only one is made."""

    def owners_of(self, socket: Socket) -> tuple[Owner, ...] | None:
        """Who has a socket open; None where that is not known."""
        if socket.owners is not None or not socket.inode:
            return socket.owners
        return self.owners.get(socket.inode)

    def unit_of(self, socket: Socket) -> Unit | None:
        """What runs the program that made a socket."""
        return socket.unit or (self.units.get(socket.cgroup) if socket.cgroup is not None else None)

    def user(self, uid: int | None) -> str | None:
        """A user's name, else the number; None where it is not known whose."""
        return None if uid is None else self.users.get(uid, str(uid))

    def age(self, key: SocketKey, now: float) -> float | None:
        """Seconds since a socket was first seen; None where it was there before nettui looked."""
        born = self.born.get(key)
        return None if born is None else max(0.0, now - born)
