"""One look at the sockets of a host: the rows that were read, and what a census makes of them, a piece at a time."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from nettui.model.census import Attempt, Closing, HalfOpen, Holder, Listener, Unanswered
from nettui.model.turns import breathe
from nettui.sockets.census import ending, holders, opening, standing
from nettui.sockets.census.destinations import Traffic
from nettui.sockets.census.programs import Programs
from nettui.sockets.census.rows import Row, listening
from nettui.sockets.census.sweep import Slice


class Look(NamedTuple):
    """The rows of one reading."""

    few: Sequence[Row]
    """All sockets in `FEW_STATES`."""
    crowd: Sequence[Row] | None
    """Sockets in `CROWDED_STATES`: all, or those of one slice, or (None) none this time."""
    listeners: Mapping[int, Row]
    """By the ports they listen on."""
    asking: Sequence[Row]
    """Of the crowd: connections that programs of this host have opened."""
    silent: Sequence[Row]
    """Of the crowd: connections through which nothing has come for long."""
    ephemeral: range
    drops: Mapping[int, int]
    """What listeners have thrown away, by inode, as far as they were asked."""

    @property
    def has_queues(self) -> bool:
        """Whether the system tells queues and timers."""
        return _told(row.recv_q for row in (*self.few[:100], *(self.crowd or ())[:100]))

    @property
    def has_times(self) -> bool:
        """Whether it tells when data went and came."""
        return _told(row.sent_ago for row in (self.crowd or ())[:1000] if row.state == "ESTABLISHED")


class Found(NamedTuple):
    """The groups of the sockets that were all looked at. None: the system does not tell what it takes."""

    holders: tuple[Holder, ...]
    listeners: tuple[Listener, ...] | None
    attempts: tuple[Attempt, ...] | None
    half_open: tuple[HalfOpen, ...] | None
    closing: tuple[Closing, ...] | None
    unanswered: dict[Hashable, Unanswered] | None


async def look(
    few: Sequence[Row], crowd: Sequence[Row] | None, ephemeral: range, silent: float, drops: Mapping[int, int]
) -> Look:
    """A look at these rows; `silent`: seconds from which on a connection is."""
    listeners = listening(few)
    await breathe()
    asking = standing.asking(crowd or (), listeners, ephemeral)
    await breathe()
    return Look(few, crowd, listeners, asking, standing.silent(crowd or (), silent), ephemeral, drops)


async def suspects(seen: Look, programs: Programs, slices: int) -> list[int]:
    """The inodes whose owners are to be found: of what may be alarming. `slices`: the crowd is one of so many."""
    chosen = holders.suspects(seen.few, programs)
    await breathe()
    chosen += opening.suspects(seen.few, programs, seen.drops)
    await breathe()
    chosen += ending.suspects((*seen.few, *(seen.crowd or ())), programs, seen.listeners)
    await breathe()
    chosen += standing.suspects(seen.asking, programs, slices)
    await breathe()
    return chosen + programs.inodes(seen.silent, None)


async def found(seen: Look, programs: Programs) -> Found:
    """The groups of the sockets that were all looked at."""
    held = await holders.holders(seen.few, programs)
    await breathe()
    if not seen.has_queues:
        return Found(held, None, None, None, None, None)
    attempts = opening.attempts(seen.few, programs)
    half_open = opening.half_open(seen.few, programs, seen.listeners)
    await breathe()
    listeners = opening.listeners_in_need(seen.few, programs, seen.drops)
    closing = ending.closing(seen.few, programs)
    await breathe()
    return Found(
        held, listeners, attempts, half_open, closing, ending.unanswered(seen.few, programs, seen.listeners)
    )


async def slice_of(seen: Look, programs: Programs, at: float) -> Slice:
    """What the crowd is like, which was looked at at that time."""
    crowd = seen.crowd or ()
    traffic = Traffic.none()
    for start in range(0, len(crowd), 2048):
        traffic.add(crowd[start : start + 2048], seen.listeners, seen.ephemeral)
        await breathe()
    pools = standing.pools(seen.asking, programs) if seen.has_times else None
    await breathe()
    silences = standing.silences(seen.silent, programs, seen.listeners) if seen.has_times else None
    await breathe()
    unanswered = ending.unanswered(crowd, programs, seen.listeners) if seen.has_queues else None
    return Slice(at, len(crowd), traffic, pools, silences, unanswered)


def _told(values: Iterable[object]) -> bool:
    """Whether any is known, or there is none."""
    known = [value is not None for value in values]
    return any(known) or not known
