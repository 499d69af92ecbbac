"""Whose sockets they are: by their owners where these are known, else by the user and the unit they belong to."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from itertools import islice

from nettui.model.census import UNKNOWN, Program
from nettui.model.process import Owner, Unit
from nettui.sockets.census.rows import CLOSE_WAIT, ESTABLISHED, SYN_RECV, Row, by

REPRESENTATIVES = 8
"""Sockets whose owners are asked for where all of a group are surely of one program."""
_ENOUGH = 64  # sockets of a group that are looked at to see whose most of it are
_NOT_ACCEPTED = frozenset((SYN_RECV, ESTABLISHED, CLOSE_WAIT))
"""Without inode a socket in one of these waits in the queue of its listener; in others its program is gone."""


class Programs:
    """What is known of the owners of sockets."""

    def __init__(
        self, owners: Mapping[int, Owner | None], unit: Callable[[int], Unit | None], listeners: Mapping[int, Row]
    ) -> None:
        """`owners` by inode (None: looked for in vain); `unit` names a cgroup; `listeners` are those of the ports."""
        self._owners = owners
        self._unit = unit
        self._listeners = listeners

    def held(self, row: Row) -> Row:
        """The socket that tells whose it is: for one that nobody has accepted yet its listener."""
        if row.inode or row.state not in _NOT_ACCEPTED:
            return row
        return self._listeners.get(row.local_port or 0, row)

    def key(self, row: Row) -> Hashable:
        """The same for all sockets of one program, as far as that is known."""
        held = self.held(row)
        owner = self._owners.get(held.inode) if held.inode else None
        return owner.pid if owner is not None else (held.uid, held.cgroup)

    def of(self, row: Row) -> Program:
        """Whose one socket is."""
        held = self.held(row)
        unit = self._unit(held.cgroup) if held.cgroup is not None else None
        owner = self._owners.get(held.inode) if held.inode else None
        if owner is None and held.uid is None and unit is None:
            return UNKNOWN
        return Program(owner=owner, uid=held.uid, unit=unit)

    def of_most(self, group: Iterable[Row]) -> Program:
        """Whose most of a group are, by its first sockets; a known owner tells more than none."""
        held = [self.held(row) for row in islice(group, _ENOUGH)]
        known = [row for row in held if row.inode and self._owners.get(row.inode) is not None]
        told = by(self.key, known or [row for row in held if row.inode] or held)
        return self.of(max(told.values(), key=len)[0]) if told else UNKNOWN

    def inodes(self, group: Iterable[Row], most: int | None = REPRESENTATIVES) -> list[int]:
        """By which to find the owners of a group: of its first sockets that have any, or (None) of all."""
        found: dict[int, None] = {}
        for row in group:
            if inode := self.held(row).inode:
                found[inode] = None
                if most is not None and len(found) >= most:
                    break
        return list(found)
