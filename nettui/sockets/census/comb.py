"""A slice of a busy host's sockets: those whose port lies under one of many narrow teeth, spread evenly over all ports.

Ports toward one destination are given out nearly one after the other (RFC 6056, algorithm 4), so one broad slice would
hold all of a destination's or none. Of a connection that was accepted here the peer's port counts, for ours is always
the same. In as many slices as there are every connection is exactly once.
"""

from collections.abc import Iterator
from typing import NamedTuple

from nettui.model.socket_filter import AllOf, AnyOf, Filter, Is

TEETH = 16
"""Of each slice; the kernel tries them one by one on every socket it has."""
_ALL = range(1, 65_536)


class Comb(NamedTuple):
    """One way to cut all sockets into `slices`."""

    slices: int
    ephemeral: range = range(32_768, 61_000)

    def slice_of(self, local_port: int | None, peer_port: int | None) -> int:
        """The slice that a connection is in."""
        local, peer = local_port or 0, peer_port or 0
        ports, port = (self.ephemeral, local) if local in self.ephemeral else (_ALL, max(peer, 1))
        return (port - ports.start) // self._width(ports) % self.slices

    def wanted(self, number: int) -> Filter:
        """What the kernel is to be asked for."""
        first, last = self.ephemeral.start, self.ephemeral.stop - 1
        ours = AnyOf(tuple(_between("sport", tooth) for tooth in self._teeth(self.ephemeral, number)))
        theirs = AnyOf(tuple(_between("dport", tooth) for tooth in self._teeth(_ALL, number)))
        elsewhere = AnyOf((Is("sport", "<", first), Is("sport", ">", last)))
        return AnyOf((ours, AllOf((elsewhere, theirs))))

    def ports(self, number: int) -> int:
        """How many ephemeral ports a slice has."""
        return sum(map(len, self._teeth(self.ephemeral, number)))

    def _teeth(self, ports: range, number: int) -> Iterator[range]:
        width = self._width(ports)
        for start in range(ports.start + number * width, ports.stop, width * self.slices):
            yield range(start, min(start + width, ports.stop))

    def _width(self, ports: range) -> int:
        return max(1, -(-len(ports) // (TEETH * self.slices)))


def slices_for(sockets: int, most: int, now: int = 1) -> int:
    """In how many slices to look at so many sockets: a power of two, none of them with much more than `most`.

    A number of slices that is in use (`now`) stays until it is clearly wrong: with every other all begins anew.
    """
    needed = 1
    while needed * most < sockets:
        needed *= 2
    return now if needed * 2 == now and sockets * 4 > now * most else needed


def _between(field: str, ports: range) -> Filter:
    return AllOf((Is(field, ">=", ports.start), Is(field, "<=", ports.stop - 1)))
