"""What is written to the file of findings, and read from it: one function for each, in SQL."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from nettui.model.event import PastFinding, Silence
from nettui.model.finding import Finding

if TYPE_CHECKING:
    from sqlite3 import Connection

GONE = 600.0
"""Seconds without a word after which a finding that was open is taken to be over: whoever saw it has ended, and who
began anew had time to find it again."""
KEPT = 10_000
"""Findings kept, the newest."""
OLDEST = 90 * 86_400.0
"""Seconds for which they are kept."""

Key = tuple[str, str]

_decoder = msgspec.json.Decoder(Finding)


class Standing(NamedTuple):
    """What the file says of a finding that is open."""

    opened: float
    known: float
    acknowledged: float | None


def opened(connection: "Connection", finding: Finding, at: float) -> None:
    """Note a finding that is open now. One that another program, or this one before it ended, saw lately goes on."""
    rank, data = finding.severity.rank, msgspec.json.encode(finding)
    row = connection.execute(
        "SELECT opened, rank FROM findings WHERE rule = ? AND subject = ? AND closed IS NULL AND known >= ?"
        " ORDER BY opened DESC LIMIT 1", (*finding.key, at - GONE),
    ).fetchone()
    if row is None:
        connection.execute(
            "INSERT OR REPLACE INTO findings VALUES (?, ?, ?, ?, NULL, ?, NULL, ?)", (*finding.key, at, at, rank, data)
        )
    elif rank >= row[1]:  # kept in the gravest form it had
        connection.execute(
            "UPDATE findings SET known = ?, rank = ?, data = ?, acknowledged = CASE WHEN ? > rank THEN NULL"
            " ELSE acknowledged END WHERE rule = ? AND subject = ? AND opened = ?",
            (at, rank, data, rank, *finding.key, row[0]),
        )


def closed(connection: "Connection", key: Key, at: float) -> None:
    connection.execute(
        "UPDATE findings SET closed = max(opened, ?) WHERE rule = ? AND subject = ? AND closed IS NULL", (at, *key)
    )


def acknowledged(connection: "Connection", key: Key, at: float | None) -> None:
    connection.execute(
        "UPDATE findings SET acknowledged = ? WHERE rule = ? AND subject = ? AND closed IS NULL", (at, *key)
    )


def silence(connection: "Connection", each: Silence) -> None:
    unsilence(connection, each)
    connection.execute("INSERT INTO silences VALUES (?, ?, ?)", (each.rule, each.subject, each.until))


def unsilence(connection: "Connection", each: Silence) -> None:
    connection.execute("DELETE FROM silences WHERE rule = ? AND subject IS ?", (each.rule, each.subject))


def touched(
    connection: "Connection", open_now: Sequence[Finding], at: float, sure: bool
) -> tuple[dict[Key, Standing], tuple[Silence, ...]]:
    """Note that these are open, and give what the file says of them, and what is silent: perhaps others said so.

    Those that it does not have yet, because the disk refused them, are noted now.

    What nobody has seen open for long is closed as of then; what is too old is taken out. Unless it is `sure` that
    the time is right (a clock may jump, and back) nothing is changed.
    """
    if not sure:
        return standing(connection), silences(connection)
    known = standing(connection)
    for finding in open_now:
        if finding.key not in known:
            opened(connection, finding, at)
    connection.executemany(
        "UPDATE findings SET known = max(known, ?) WHERE rule = ? AND subject = ? AND closed IS NULL",
        [(at, *finding.key) for finding in open_now],
    )
    connection.execute("UPDATE findings SET closed = known WHERE closed IS NULL AND known < ?", (at - GONE,))
    connection.execute("DELETE FROM silences WHERE until < ?", (at,))
    connection.execute("DELETE FROM findings WHERE closed < ?", (at - OLDEST,))
    connection.execute(
        "DELETE FROM findings WHERE opened < (SELECT opened FROM findings ORDER BY opened DESC LIMIT 1 OFFSET ?)",
        (KEPT,),
    )
    return standing(connection), silences(connection)


def standing(connection: "Connection") -> dict[Key, Standing]:
    """All that are open, by rule and subject."""
    rows = connection.execute(
        "SELECT rule, subject, opened, known, acknowledged FROM findings WHERE closed IS NULL ORDER BY opened"
    )
    return {(rule, subject): Standing(*rest) for rule, subject, *rest in rows}


def silences(connection: "Connection") -> tuple[Silence, ...]:
    rows = connection.execute("SELECT rule, subject, until FROM silences ORDER BY rule, subject")
    return tuple(Silence(rule=rule, subject=subject, until=until) for rule, subject, until in rows)


def past(connection: "Connection", limit: int) -> Sequence[PastFinding]:
    """The newest first. A row that cannot be understood is left out."""
    rows = connection.execute(
        "SELECT opened, known, closed, acknowledged, data FROM findings ORDER BY opened DESC, rank DESC LIMIT ?",
        (limit,),
    )
    return [found for row in rows if (found := _past(*row)) is not None]


def _past(opened: float, known: float, closed: float | None, acknowledged: float | None, data: Any) -> (
    PastFinding | None
):
    try:
        finding = _decoder.decode(data)
    except (msgspec.DecodeError, TypeError):
        return None
    return PastFinding(
        finding=msgspec.structs.replace(finding, acknowledged=acknowledged), opened_at=opened, closed_at=closed,
        known_until=known,
    )
