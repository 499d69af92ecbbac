"""Connections that do not stand yet: listeners and their queues, SYNs out (SYN_SENT), SYN-ACKs out (SYN_RECV)."""

from collections.abc import Iterable, Mapping

from nettui.model.census import MOST, Attempt, HalfOpen, Listener
from nettui.sockets.census.programs import Programs
from nettui.sockets.census.rows import LISTEN, SYN_RECV, SYN_SENT, Row, by, largest, shares


def attempts(found: Iterable[Row], programs: Programs, most: int = MOST) -> tuple[Attempt, ...]:
    """SYN_SENT by destination."""
    groups = by(_destination, (row for row in found if row.state == SYN_SENT and row.peer_port))
    made = (
        Attempt(
            address=address, port=port, count=len(group), retried=sum(row.sent_again > 0 for row in group),
            retries=max(row.sent_again for row in group), program=programs.of_most(group),
        )
        for (address, port), group in groups.items()
    )
    return largest(made, lambda attempt: attempt.count, most)


def half_open(
    found: Iterable[Row], programs: Programs, listeners: Mapping[int, Row], most: int = MOST
) -> tuple[HalfOpen, ...]:
    """SYN_RECV by local port."""
    groups = by(lambda row: row.local_port or 0, (row for row in found if row.state == SYN_RECV and row.local_port))
    made = (
        HalfOpen(
            port=port, count=len(group), retried=sum(row.sent_again > 0 for row in group),
            peers=len({row.peer for row in group}), most=shares(row.peer for row in group),
            backlog=listeners[port].send_q if port in listeners else None, program=programs.of_most(group),
        )
        for port, group in groups.items()
    )
    return largest(made, lambda group: group.count, most)


def listeners_in_need(
    found: Iterable[Row], programs: Programs, drops: Mapping[int, int], most: int = MOST
) -> tuple[Listener, ...]:
    """Listeners at which connections wait, or that have thrown some away; the fullest first.

    `drops` by inode, of those that were asked. A listener that does not tell its queue is none of them.
    """
    made = (
        Listener(
            address=row.local, port=row.local_port, waiting=row.recv_q, backlog=row.send_q or 0,
            drops=drops.get(row.inode), program=programs.of(row),
        )
        for row in found
        if row.state == LISTEN and row.local_port and row.recv_q is not None and (row.recv_q or drops.get(row.inode))
    )
    return largest(made, lambda each: (each.waiting / (each.backlog + 1), each.drops or 0), most)


def suspects(found: Iterable[Row], programs: Programs, drops: Mapping[int, int]) -> list[int]:
    """Inodes whose owners are to be found."""
    chosen: list[int] = []
    for row in found:
        if row.state == LISTEN and (row.recv_q or drops.get(row.inode)):
            chosen += programs.inodes([row])
    stuck = [row for row in found if row.state in (SYN_SENT, SYN_RECV) and row.sent_again]
    for group in by(lambda row: (row.state, *_service(row)), stuck).values():
        chosen += programs.inodes(group)
    return chosen


def _destination(row: Row) -> tuple[str, int]:
    return row.peer, row.peer_port or 0


def _service(row: Row) -> tuple[str, int | None]:
    return (row.peer, row.peer_port) if row.state == SYN_SENT else ("", row.local_port)
