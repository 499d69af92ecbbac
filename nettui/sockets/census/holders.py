"""CLOSE_WAIT sockets by program: the peer has closed, the program has not (RFC 9293, section 3.6)."""

from collections.abc import Iterable

from nettui.model.census import MOST, Holder
from nettui.sockets.census.programs import Programs
from nettui.sockets.census.rows import CLOSE_WAIT, Row, by, largest, port_shares, shares

FEW = 10
"""Up to so many on the whole host nobody need be looked for."""


def holders(found: Iterable[Row], programs: Programs, most: int = MOST) -> tuple[Holder, ...]:
    """The programs that hold sockets in CLOSE_WAIT, those with most first."""
    groups = by(programs.key, (row for row in found if row.state == CLOSE_WAIT))
    return largest((_holder(group, programs) for group in groups.values()), lambda holder: holder.count, most)


def suspects(found: Iterable[Row], programs: Programs) -> list[int]:
    """Inodes whose owners are to be found: of each socket, since one program leaks and its neighbour does not."""
    waiting = [row for row in found if row.state == CLOSE_WAIT]
    return programs.inodes(waiting, None) if len(waiting) > FEW else []


def _holder(group: list[Row], programs: Programs) -> Holder:
    return Holder(
        program=programs.of(group[0]),
        count=len(group),
        local=port_shares(row.local_port for row in group),
        peers=shares(row.peer for row in group),
        remote=port_shares(row.peer_port for row in group),
        unread=sum(row.recv_q is not None and row.recv_q > 1 for row in group),  # the FIN itself counts one
    )
