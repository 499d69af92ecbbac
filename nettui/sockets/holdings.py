"""The sockets of one process, counted by state and by peer."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from nettui.model.turns import breathe
from nettui.sockets.frame import GROUP_STATES, SocketFrame

SLICE = 4096
"""Sockets looked at before others on the event loop get a turn."""


class Holdings(NamedTuple):
    """What one process holds, as far as the owners of sockets are known."""

    states: Sequence[int] = ()
    """How many in each of GROUP_STATES."""
    peers: Sequence[tuple[str, int]] = ()
    """To which addresses, and how many, the most first."""


async def holdings(frame: SocketFrame, pid: int) -> Holdings:
    """Counts the sockets of a frame's whole table, whatever its filter, that `pid` is known to have open."""
    owners, table = frame.facts.owners, frame.table
    states, peers = Counter[object](), Counter[str]()
    for start in range(0, len(table), SLICE):
        end = min(start + SLICE, len(table))
        inodes = table.column("inode", start, end)
        mine = [
            at for at, inode in enumerate(inodes)
            if isinstance(inode, int) and inode and any(owner.pid == pid for owner in owners.get(inode, ()))
        ]
        if mine:
            state, peer = table.column("state", start, end), table.column("peer", start, end)
            states.update([state[at] for at in mine])
            peers.update([str(peer[at]) for at in mine if peer[at] not in ("", "*", None)])
        await breathe()
    return Holdings([states[state] for state in GROUP_STATES], peers.most_common())
