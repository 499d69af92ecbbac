"""What is looked up about sockets beside the table, as far as it is needed, and not more often than it is worth."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice

from nettui.collectors.services import services
from nettui.collectors.socket_backend import SocketBackend
from nettui.collectors.users import user_names
from nettui.model.process import Owner, Unit
from nettui.model.socket import SocketKey
from nettui.model.socket_table import SocketTable
from nettui.model.turns import breathe
from nettui.sockets.facts import Facts

REST = 10.0
"""A search for owners that took t seconds is not made again for REST * t: a tenth of the time at most."""

SELDOM = 200.0
"""A thorough search that took t seconds is made out of doubt every SELDOM * t at most: half a percent of the time."""

AGAIN = 30.0
"""Seconds after which owners are looked for again: a process may be gone by then, be called otherwise, or have handed
its sockets on; and another may have its PID."""

SLICE = 4096
"""Inodes looked at before others on the event loop get a turn."""

MOST_OWNERS = 200_000
"""Owners remembered; then it is begun anew."""


class FactFinder:
    """Finds and remembers."""

    def __init__(self, backend: SocketBackend, links: Callable[[], Mapping[int, str]]) -> None:
        self._backend = backend
        self._links = links
        self._owners: dict[int, tuple[Owner, ...]] = {}
        self._names: set[str] = set()
        self._units: dict[int, Unit | None] = {}
        self._note: str | None = None
        self._rests_until = float("-inf")
        self._doubted_at = time.monotonic()
        self._cost = 0.0  # seconds of CPU, of the dearest thorough search

    def facts(self, born: Mapping[SocketKey, float], since: float | None) -> Facts:
        """What is known now."""
        return Facts(
            owners=self._owners, names=self._names, owners_note=self._note, units=self._units,
            users=user_names(), services=services(), links=self._links(), born=born, watching_since=since,
        )

    def find_units(self, table: SocketTable) -> None:
        """Name the cgroups of a table that was asked for them."""
        for cgroup in set(table.column("cgroup")):
            if isinstance(cgroup, int) and self._units.get(cgroup) is None:
                self._units[cgroup] = self._backend.unit(cgroup)

    async def unknown(self, inodes: Sequence[object], anew: bool = False) -> set[int]:
        """Those of the inodes whose owners were not looked for yet; `anew`, or from time to time, all of them."""
        known: Collection[int] = () if anew or self._in_doubt else self._owners
        found: set[int] = set()
        for start in range(0, len(inodes), SLICE):
            found.update([i for i in inodes[start : start + SLICE] if isinstance(i, int) and i and i not in known])
            await breathe()
        return found

    @property
    def _in_doubt(self) -> bool:
        """Whether what is remembered may no longer be so."""
        return time.monotonic() >= self._doubted_at + max(AGAIN, SELDOM * self._cost)

    @property
    def rested(self) -> bool:
        """Whether another search for owners is in order."""
        return time.monotonic() >= self._rests_until

    async def find_owners(self, inodes: Collection[int], thorough: bool) -> None:
        """Look for the owners of these; what is not found has none that may be seen."""
        if not inodes:
            return
        if len(self._owners) > MOST_OWNERS:
            self._owners, self._names = {}, set()
        if self._in_doubt:
            self._doubted_at, thorough = time.monotonic(), True
        began = time.thread_time()
        found = await self._backend.owners(inodes, thorough)
        spent = time.thread_time() - began
        self._cost = max(self._cost, spent) if thorough else self._cost
        self._rests_until = time.monotonic() + REST * spent
        self._note = found.hidden
        looked_for = iter(inodes)
        while some := list(islice(looked_for, SLICE)):
            owners = [found.by_inode.get(inode, ()) for inode in some]
            self._owners.update(zip(some, owners, strict=True))
            self._names.update([owner.name for each in owners for owner in each])
            await breathe()
