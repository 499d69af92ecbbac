"""Which processes are one program: those of one name that share what they listen on, or accept it for each other."""

from collections import Counter
from collections.abc import Sequence

from nettui.model.process import Owner

_ACTIVATORS = frozenset(("systemd", "launchd", "init"))
"""Open sockets for programs that they start when somebody connects, and keep them open beside these."""


def holders(owners: Sequence[Owner]) -> tuple[Owner, ...]:
    """The processes of the program that a socket is for, the lowest pid first.

    Others may have it open too: the service manager that opened it, and children that inherited it by mistake. The
    program is the name that most of them have.
    """
    serving = [owner for owner in owners if owner.name not in _ACTIVATORS] or owners
    ranked = sorted(serving, key=lambda owner: owner.pid)
    names = Counter(owner.name for owner in ranked)
    name = max(names, key=names.__getitem__)  # of several the one that was first
    return tuple(owner for owner in ranked if owner.name == name)


class Programs:
    """Puts processes together that are one program (union-find)."""

    def __init__(self) -> None:
        self._above: dict[int, int] = {}
        self._names: dict[int, str] = {}

    def add(self, owners: Sequence[Owner]) -> int:
        """These are one program; returns the pid of one of them."""
        first = owners[0].pid
        for owner in owners:
            self._names[owner.pid] = owner.name
            self._above.setdefault(owner.pid, owner.pid)
            self.join(first, owner.pid)
        return first

    def join(self, one: int, other: int) -> None:
        """The programs of these two pids are one."""
        low, high = sorted((self.of(one), self.of(other)))
        self._above[high] = low

    def of(self, pid: int) -> int:
        """The lowest pid of its program."""
        while (above := self._above[pid]) != pid:
            self._above[pid] = self._above[above]
            pid = above
        return pid

    def name(self, pid: int) -> str:
        return self._names[pid]

    def pids(self) -> dict[int, tuple[int, ...]]:
        """Those of each program, ascending, by the lowest."""
        found: dict[int, list[int]] = {}
        for pid in sorted(self._above):
            found.setdefault(self.of(pid), []).append(pid)
        return {first: tuple(pids) for first, pids in found.items()}
