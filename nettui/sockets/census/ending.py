"""Connections that are being closed, and those that send again and again without an answer."""

from collections.abc import Collection, Hashable, Iterable, Mapping

from msgspec.structs import replace

from nettui.model.census import MOST, Closing, Unanswered
from nettui.sockets.census.merging import kept, merged
from nettui.sockets.census.programs import Programs
from nettui.sockets.census.rows import (
    CLOSE_WAIT,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT1,
    FIN_WAIT2,
    LAST_ACK,
    Row,
    by,
    largest,
    only,
    service,
)

_CLOSING = frozenset((FIN_WAIT1, FIN_WAIT2, CLOSING, LAST_ACK))
_AWAITING = {ESTABLISHED: 2, CLOSE_WAIT: 1, FIN_WAIT1: 1, LAST_ACK: 1, CLOSING: 1}
"""States in which an answer is waited for, and from how many repetitions on its absence is told. One segment lost is
nothing on a connection that stands; a keepalive or a probe that hears nothing tells from the first on."""
_KINDS = frozenset(("retransmit", "keepalive", "probe"))
FEW = 10
"""Up to so many in one state toward one peer nobody need be looked for."""


def closing(found: Iterable[Row], programs: Programs, most: int = MOST) -> tuple[Closing, ...]:
    """FIN_WAIT1, FIN_WAIT2, CLOSING and LAST_ACK by state and peer."""
    groups = by(lambda row: (row.state, row.peer), (row for row in found if row.state in _CLOSING))
    made = (
        Closing(
            state=state, address=address, port=only(row.peer_port for row in group),
            local_port=only(row.local_port for row in group), count=len(group),
            retried=sum(row.timer_kind == "retransmit" and row.sent_again > 0 for row in group),
            orphans=sum(not row.inode for row in group), program=programs.of_most(group),
        )
        for (state, address), group in groups.items()
    )
    return largest(made, lambda group: group.count, most)


def is_unanswered(row: Row) -> bool:
    """Whether a connection has sent the same again without hearing anything."""
    if row.timer_kind not in _KINDS or row.state not in _AWAITING:
        return False
    return row.sent_again >= (_AWAITING[row.state] if row.timer_kind == "retransmit" else 1)


def unanswered(
    found: Iterable[Row], programs: Programs, listened: Collection[int]
) -> dict[Hashable, Unanswered]:
    """By state, peer, what is sent, and the service that is spoken to or, on a port in `listened`, given."""
    groups = by(lambda row: (row.state, row.peer, row.timer_kind or "", *service(row, listened)),
                (row for row in found if is_unanswered(row)))
    made: dict[Hashable, Unanswered] = {
        key: Unanswered(
            state=key[0], address=key[1], kind=key[2], port=only(row.peer_port for row in group),
            local_port=only(row.local_port for row in group), count=len(group),
            retries=max(row.sent_again for row in group), queued=sum(row.send_q or 0 for row in group),
            program=programs.of_most(group),
        )
        for key, group in groups.items()
    }
    return kept(made, _count)


def merged_unanswered(
    slices: Iterable[Mapping[Hashable, Unanswered]], most: int = MOST
) -> tuple[Unanswered, ...]:
    """Those of several slices as those of all."""
    return largest(merged(slices, _one_unanswered), _count, most)


def suspects(found: Collection[Row], programs: Programs, listened: Collection[int]) -> list[int]:
    """Inodes whose owners are to be found."""
    chosen: list[int] = []
    stuck = by(lambda row: (row.state, row.peer, service(row, listened)), (row for row in found if is_unanswered(row)))
    for group in stuck.values():
        chosen += programs.inodes(group)
    for group in by(lambda row: (row.state, row.peer), (row for row in found if row.state in _CLOSING)).values():
        if len(group) > FEW:
            chosen += programs.inodes(group)
    return chosen


def _count(group: Unanswered) -> int:
    return group.count


def _one_unanswered(one: Unanswered, other: Unanswered) -> Unanswered:
    return replace(
        one, count=one.count + other.count, retries=max(one.retries, other.retries), queued=one.queued + other.queued,
        port=only((one.port, other.port)), local_port=only((one.local_port, other.local_port)),
        program=one.program if one.program.owner or one.count >= other.count else other.program,
    )
