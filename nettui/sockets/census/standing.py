"""Connections that stand: pools toward a service, and those through which nothing has come for long.

On a busy host they are looked at slice by slice (`nettui.sockets.census.comb`), and what the slices hold is merged.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping

from msgspec.structs import replace

from nettui.model.census import MOST, Pool, Silent
from nettui.sockets.census.merging import kept, merged
from nettui.sockets.census.programs import Programs
from nettui.sockets.census.rows import ESTABLISHED, Row, by, largest, only, service
from nettui.sockets.roles import BROKER, CACHE, DATABASE, POOL, SEARCH, role_of

SILENT = 600.0
"""Seconds without data from which on a connection without keepalive is told of."""
ENOUGH = 5
"""Connections of one program to a service that is none of those known: a pool from there on."""
BREATH = 0.05
"""Of the time that an answer took, the share for which its connection stays in use afterwards: the answer is read, and
the next question follows. Without it connections that ask in step with the readings look idle, or busy, by chance."""
TICK = 0.01
"""Seconds by which what the kernel says of times may be off: its clock ticks 100 to 1,000 times a second."""
_POOLED = frozenset((DATABASE, CACHE, BROKER, SEARCH, POOL))


def asking(found: Iterable[Row], listened: Collection[int], ephemeral: range) -> list[Row]:
    """The connections that programs of this host have opened.

    Not those accepted here; nor those whose listener is gone: there it is the peer that has an ephemeral port.
    """
    return [
        row for row in found
        if row.state == ESTABLISHED and row.peer_port and row.local_port not in listened
        and (row.local_port in ephemeral or row.peer_port not in ephemeral)
    ]


def suspects(found: Iterable[Row], programs: Programs, slices: int = 1) -> list[int]:
    """Inodes of those `asking`, one of so many slices of all, whose owners are to be found: of all in a pool."""
    chosen: list[int] = []
    for (_, port), group in by(lambda row: (row.peer, row.peer_port or 0), found).items():
        if len(group) * slices >= ENOUGH or role(port):
            chosen += programs.inodes(group, None)
    return chosen


def pools(found: Iterable[Row], programs: Programs) -> dict[Hashable, Pool]:
    """Those `asking` by program and destination, whatever their number."""
    groups = by(lambda row: (programs.key(row), row.peer, row.peer_port or 0), found)
    return kept({key: _pool(key[1], key[2], group, programs) for key, group in groups.items()}, _weight)


def merged_pools(slices: Iterable[Mapping[Hashable, Pool]], most: int = MOST) -> tuple[Pool, ...]:
    """The pools of several slices as those of all; what is too small to be one is left out."""
    added = merged(slices, _one_pool)
    return largest((pool for pool in added if pool.role or pool.established >= ENOUGH), _weight, most)


def silent(found: Iterable[Row], seconds: float = SILENT) -> list[Row]:
    """The connections through which no data came or went for so long, and whose peer nobody asks after."""
    return [row for row in found if row.state == ESTABLISHED and row.timer_kind is None and _idle(row) >= seconds]


def silences(found: Iterable[Row], programs: Programs, listened: Collection[int]) -> dict[Hashable, Silent]:
    """Those `silent` by program and by the service that is given here or spoken to."""
    groups = by(lambda row: (programs.key(row), *service(row, listened)), found)
    made: dict[Hashable, Silent] = {
        key: Silent(
            program=programs.of(group[0]), local_port=only(row.local_port for row in group),
            port=only(row.peer_port for row in group), count=len(group), longest=max(map(_idle, group)),
        )
        for key, group in groups.items()
    }
    return kept(made, _count)


def merged_silences(slices: Iterable[Mapping[Hashable, Silent]], most: int = MOST) -> tuple[Silent, ...]:
    """The silent ones of several slices as those of all."""
    return largest(merged(slices, _one_silence), _count, most)


def role(port: int) -> str:
    """`PostgreSQL`, `cache`, ... where a port is that of a service that programs keep pools to; else empty."""
    known = role_of(None, port)
    return (known.product or known.word) if known is not None and known.word in _POOLED else ""


def _pool(address: str, port: int, group: list[Row], programs: Programs) -> Pool:
    waits = [row.sent_ago for row in group if row.sent_ago is not None and _waits(row)]
    return Pool(
        program=programs.of(group[0]), address=address, port=port, role=role(port), established=len(group),
        waiting=len(waits) + sum(map(_just_answered, group)), longest=max(waits, default=None),
    )


def _waits(row: Row) -> bool:
    """Whether data went out after the last that came in: asked, and not answered yet.

    Both in one tick of the kernel's clock are a quick answer, or the next question at once after the last answer;
    that question has been acknowledged since.
    """
    if row.sent_ago is None or row.received_ago is None:
        return False
    if row.sent_ago == row.received_ago:
        return row.acknowledged_ago is not None and row.acknowledged_ago < row.sent_ago
    return row.sent_ago < row.received_ago


def _just_answered(row: Row) -> bool:
    """Whether the answer has only just come, for one that took so long; or still comes."""
    if row.sent_ago is None or row.received_ago is None:
        return False
    return row.received_ago + TICK <= BREATH * row.sent_ago


def _idle(row: Row) -> float:
    if row.sent_ago is None or row.received_ago is None:
        return 0.0
    return min(row.sent_ago, row.received_ago)


def _weight(pool: Pool) -> tuple[bool, int]:
    """Known services come first: their pools have an end."""
    return pool.role != "", pool.established


def _count(each: Silent) -> int:
    return each.count


def _one_pool(one: Pool, other: Pool) -> Pool:
    longest = max((span for span in (one.longest, other.longest) if span is not None), default=None)
    return replace(
        one, established=one.established + other.established, waiting=one.waiting + other.waiting, longest=longest
    )


def _one_silence(one: Silent, other: Silent) -> Silent:
    return replace(
        one, count=one.count + other.count, longest=max(one.longest, other.longest),
        local_port=only((one.local_port, other.local_port)), port=only((one.port, other.port)),
    )
