"""CLOSE_WAIT sockets by program: the peer has closed, the program has not (RFC 9293, section 3.6)."""

from collections.abc import Iterable

from nettui.model.census import MOST, Holder
from nettui.model.turns import breathe
from nettui.sockets.census.programs import Programs
from nettui.sockets.census.rows import CLOSE_WAIT, Row, by, largest, port_shares, shares

FEW = 10
"""Up to so many on the whole host nobody need be looked for."""


async def holders(found: Iterable[Row], programs: Programs, most: int = MOST) -> tuple[Holder, ...]:
    """The programs that hold sockets in CLOSE_WAIT, those with most first."""
    groups = by(programs.key, (row for row in found if row.state == CLOSE_WAIT))
    await breathe()
    made = [await _holder(group, programs) for group in groups.values()]
    return largest(made, lambda holder: holder.count, most)


def suspects(found: Iterable[Row], programs: Programs) -> list[int]:
    """Inodes whose owners are to be found: of each socket, since one program leaks and its neighbour does not."""
    waiting = [row for row in found if row.state == CLOSE_WAIT]
    return programs.inodes(waiting, None) if len(waiting) > FEW else []


async def _holder(group: list[Row], programs: Programs) -> Holder:
    """One may hold tens of thousands: to go over them once takes milliseconds."""
    local = port_shares(row.local_port for row in group)
    await breathe()
    peers = shares(row.peer for row in group)
    await breathe()
    remote = port_shares(row.peer_port for row in group)
    await breathe()
    unread = sum(row.recv_q is not None and row.recv_q > 1 for row in group)  # the FIN itself counts one
    return Holder(
        program=programs.of(group[0]), count=len(group), local=local, peers=peers, remote=remote, unread=unread
    )
