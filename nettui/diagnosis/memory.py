"""What a session has seen: links that once worked, the default routes they carried then, the addresses they had.

The state of one moment does not tell a cable that was pulled from a port that was never used.
"""

from collections.abc import Mapping, Set

from nettui.diagnosis.index import Index
from nettui.diagnosis.ways import Ways
from nettui.model.address import Address, Family
from nettui.model.link import Link
from nettui.model.neighbour import Gateway
from nettui.model.snapshot import Snapshot

_GRACE = 5.0
"""Seconds: a link that loses its default routes and goes down within this time carried them until it went
down. The kernel announces the two apart, and the two tables are read one after the other."""


_UNPROVEN = frozenset(("tentative", "dadfailed"))
"""An address that another host may have, or has, was never in use here (RFC 4862 section 5.4)."""


class Memory:
    """Fed with every Snapshot of a session, in order."""

    def __init__(self) -> None:
        self.up: set[int] = set()
        """ifindexes of links that were usable at some time."""
        self.down: tuple[Link, ...] = ()
        """Links that cannot be used now."""
        self.carried: dict[int, tuple[Gateway, ...]] = {}
        """By ifindex: the default routes through a link, as long as it is usable; those it had, once it is not."""
        self.links: Mapping[int, Link] = {}
        """The links there are, by ifindex."""
        self.addressed: dict[int, tuple[Address, ...]] = {}
        """By ifindex: the addresses of more than local scope that a link uses, or last used."""
        self.families: frozenset[Family] = frozenset()
        """Families that had a default route at some time."""
        self.former: dict[Family, Gateway] = {}
        """The preferred default route of each family, as it last was."""
        self.index = Index()
        """What rules made of the readings that are past."""
        self._lost: dict[int, float] = {}
        self._links: tuple[Link, ...] | None = None
        self._addresses: tuple[Address, ...] | None = None
        self._ways: Ways | None = None

    def see(self, snapshot: Snapshot, ways: Ways) -> None:
        """Remember what this Snapshot shows."""
        if ways is not self._ways:
            self.families |= ways.families
            self.former |= {way.family: way for way in reversed(ways.gateways)}
        if snapshot.links is not None and (snapshot.links is not self._links or ways is not self._ways):
            self._learn(snapshot.links, _by_link(ways.gateways), snapshot.taken_at)
        if snapshot.addresses is not None and snapshot.addresses is not self._addresses:
            self.addressed |= _by_place(snapshot.addresses)
        self._links, self._addresses, self._ways = snapshot.links, snapshot.addresses, ways
        for ifindex in [i for i, at in self._lost.items() if snapshot.taken_at - at > _GRACE]:
            del self._lost[ifindex], self.carried[ifindex]

    def _learn(self, links: tuple[Link, ...], now: Mapping[int, tuple[Gateway, ...]], at: float) -> None:
        down = []
        for link in links:
            carries = now.get(link.ifindex)
            if carries:
                self.carried[link.ifindex] = carries
            if link.usable:
                self.up.add(link.ifindex)
            else:
                down.append(link)
            if carries or not link.usable:
                self._lost.pop(link.ifindex, None)
            elif link.ifindex in self.carried:
                self._lost.setdefault(link.ifindex, at)
        self.down = tuple(down)
        self.links = {link.ifindex: link for link in links}
        self._forget(self.links.keys())

    def _forget(self, present: Set[int]) -> None:
        self.up &= present
        for gone in self.addressed.keys() - present:
            del self.addressed[gone]
        for gone in self.carried.keys() - present:
            del self.carried[gone]
            self._lost.pop(gone, None)


def _by_link(ways: tuple[Gateway, ...]) -> dict[int, tuple[Gateway, ...]]:
    found: dict[int, tuple[Gateway, ...]] = {}
    for gateway in ways:
        if gateway.ifindex is not None:
            found[gateway.ifindex] = (*found.get(gateway.ifindex, ()), gateway)
    return found


def _by_place(addresses: tuple[Address, ...]) -> dict[int, tuple[Address, ...]]:
    found: dict[int, tuple[Address, ...]] = {}
    for address in addresses:
        if wide(address) and not _UNPROVEN.intersection(address.flags):
            found[address.ifindex] = (*found.get(address.ifindex, ()), address)
    return found


def wide(address: Address) -> bool:
    """Whether others beyond the link can answer to it: no link-local one, of whatever scope it was set with."""
    return address.scope in ("global", "site") and not address.address.startswith("169.254.")
