"""What came and went between two readings of the sockets, how long what went had lived, and what it had moved."""

from collections import deque
from collections.abc import Callable, Container, Iterable, Sequence, Set
from itertools import islice

from nettui.model.socket import ClosedSocket, Socket, SocketKey
from nettui.model.socket_filter import fields
from nettui.model.socket_table import SocketRequest, SocketTable
from nettui.model.turns import breathe

KEPT = 500
"""Closed sockets remembered."""

DOUBT = 5.0
"""Seconds after the system lost count of what ended, in which what a reading misses counts as well."""

_SLICE = 1024
"""Sockets looked at before others on the event loop get a turn."""

_MOST_MISSED = 200
"""Sockets that one reading can find missing and remember each by itself; of more, those."""

_Keys = dict[SocketKey, None]
"""A set of keys that the garbage collector does not go through: it leaves a dict of numbers alone."""


class Changes:
    """Compares each table with the one before, as long as they were asked for in the same way."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.born: dict[SocketKey, float] = {}
        """Unix time of the reading that first saw a socket, of those that came while we looked."""
        self.since: float | None = None
        """Unix time of the first reading that the later ones are compared with."""
        self.new: frozenset[SocketKey] = frozenset()
        self.gone: frozenset[SocketKey] = frozenset()
        """What the newest reading has more and less than the one before."""
        self.closed: deque[ClosedSocket] = deque(maxlen=KEPT)
        """The last first."""
        self.told = False
        """Whether the system tells of every end; what a reading misses is then no news."""
        self._clock = clock
        self._request: SocketRequest | None = None
        self._table: SocketTable | None = None
        self._alive: _Keys = {}
        self._ended: dict[SocketKey, tuple[float, Socket]] = {}
        self._lost_at = float("-inf")

    def hear(self, sockets: Sequence[Socket]) -> None:
        """The system tells that these have ended; none at all: that it could not tell of some."""
        now = self._clock()
        if not sockets:
            self._lost_at = now
        for socket in sockets:
            self._ended.setdefault(socket.key, (now, socket))
        while len(self._ended) > KEPT:  # thousands may end between two readings, and the last are remembered
            del self._ended[next(iter(self._ended))]

    def forget(self) -> None:
        """Nobody has looked for a while: what is there at the next reading may have come at any time since."""
        self._request = self._table = None
        self.born = {}

    async def note(self, request: SocketRequest, table: SocketTable) -> None:
        """A new reading is there. 100,000 sockets are gone through in slices."""
        before, self._table = self._table, table
        asked = self._request if before is not None else None
        await breathe()
        if request != asked or before is None:
            await self._begin(request, table)
            await self._bury(before or table, asked, frozenset(), table.taken_at)
            return
        await breathe()
        if not table.same_as(before):
            alive = await _set_of(table.keys())
            new, gone = await _beyond(alive, self._alive), await _beyond(self._alive, alive)
            self._alive, self.new, self.gone = alive, frozenset(new), frozenset(gone)
            await breathe()
            self.born.update(dict.fromkeys(self.new, table.taken_at))
        else:
            self.new = self.gone = frozenset()
        await self._bury(before, asked, self.gone, table.taken_at)

    async def _begin(self, request: SocketRequest, table: SocketTable) -> None:
        """Another question: what it does not show may still be there, so nothing has come or gone."""
        self._request, self.since = request, table.taken_at
        self.new = self.gone = frozenset()
        self._alive = await _set_of(table.keys())
        for key in await _beyond(self.born, self._alive):
            del self.born[key]

    async def _bury(
        self, before: SocketTable, asked: SocketRequest | None, missing: frozenset[SocketKey], now: float
    ) -> None:
        """Remember what ended: as the system told it, or else what is missing `now`. `asked` is what `before` shows."""
        if not (self._ended or missing):
            return
        ended, self._ended = dict(islice(reversed(self._ended.items()), KEPT)), {}
        buried = {closed.socket.key for closed in self.closed}
        told = {key: end for key, end in reversed(ended.items()) if key not in buried}
        missed = self._missed(missing, ended.keys() | buried)
        known = await _last_seen(before, told.keys() | missed)
        for key, (at, socket) in told.items():
            shown = asked is not None and asked.wanted is None and socket.transport in asked.transports
            self._remember(socket, at, known.get(key), before.taken_at if shown else None)
        for key, seen in known.items():  # in the order of the table, which no hash decides
            if key in missed and seen.inode:
                self._remember(None, now, seen, None)
        for key in missing & self.born.keys():
            del self.born[key]

    def _missed(self, missing: frozenset[SocketKey], told: Set[SocketKey]) -> set[SocketKey]:
        """Of the missing those that are believed to have ended though nothing told so."""
        doubtful = not self.told or self._clock() < self._lost_at + DOUBT
        if not doubtful or self._request is None or "state" in fields(self._request.wanted):
            return set()
        return set(islice((key for key in missing if key not in told), _MOST_MISSED))

    def _remember(self, told: Socket | None, at: float, seen: Socket | None, looked_at: float | None) -> None:
        """`looked_at`: when a reading would have seen it, had it been there; None where it might not have."""
        socket = _merged(told, seen)
        if socket is None:
            return
        born = self.born.get(socket.key)
        self.closed.appendleft(
            ClosedSocket(
                socket=socket, closed_at=at, told=told is not None,
                lived=None if born is None else max(0.0, at - born),
                lived_at_most=None if seen is not None or looked_at is None else max(0.0, at - looked_at),
            )
        )


async def _set_of(keys: Sequence[SocketKey]) -> _Keys:
    """These keys, to look them up in."""
    found: _Keys = {}
    for start in range(0, len(keys), _SLICE):
        found.update(dict.fromkeys(keys[start : start + _SLICE]))
        await breathe()
    return found


async def _beyond(keys: Iterable[SocketKey], others: Container[SocketKey]) -> list[SocketKey]:
    """Those of the keys that the others do not have."""
    found: list[SocketKey] = []
    left = iter(keys)
    while some := list(islice(left, _SLICE)):
        found += [key for key in some if key not in others]
        await breathe()
    return found


async def _last_seen(table: SocketTable, wanted: Set[SocketKey]) -> dict[SocketKey, Socket]:
    """The records, as the table before had them, of some of its sockets."""
    found: dict[SocketKey, Socket] = {}
    keys = table.keys() if wanted else ()
    for start in range(0, len(keys), _SLICE):
        some = keys[start : start + _SLICE]
        if not wanted.isdisjoint(some):
            found |= {key: table.socket(start + at) for at, key in enumerate(some) if key in wanted}
        await breathe()
    return found


def _merged(told: Socket | None, seen: Socket | None) -> Socket | None:
    """What the end told (how much was moved), with what only the reading before knew: whose it was, and its state."""
    if told is None or seen is None:
        return told or seen
    from msgspec.structs import replace

    return replace(seen, info=told.info or seen.info, recv_q=told.recv_q, send_q=told.send_q)
