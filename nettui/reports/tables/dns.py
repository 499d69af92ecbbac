"""Lookups as tables: the answers of one question, and the history of what was asked."""

from collections.abc import Hashable, Sequence

from nettui.model.lookup import Lookup, Outcome, Record
from nettui.model.resolver import ResolverConfig
from nettui.reports.format import clock, elapsed
from nettui.reports.table import EMPTY, Cell, Column, ListRows

ANSWER_COLUMNS = (
    Column("type", "TYPE", 6),
    Column("data", "ANSWER", 20, grow=1),
    Column("ttl", "TTL", 7, align="right", priority=1),
)

HISTORY_COLUMNS = (
    Column("typed", "ASKED", 18, grow=2),
    Column("type", "TYPE", 5),
    Column("result", "RESULT", 16, grow=3),
    Column("server", "SERVER", 15, grow=1, priority=2),
    Column("time", "TIME", 7, align="right", priority=1),
    Column("at", "AT", 8, priority=3),
)

RESOLVER_COLUMNS = (
    Column("server", "SERVER", 20, grow=1),
    Column("source", "FROM", 18, grow=1),
)

_BLANK = Cell("")
_GOOD = (Outcome.ANSWER, Outcome.NO_DATA)


def answer_rows(lookups: Sequence[Lookup]) -> ListRows:
    """For each lookup: the hosts file first, who answered how, the chain of names, the records."""
    found: dict[Hashable, tuple[Cell, ...]] = {}
    for number, lookup in enumerate(lookups):
        rows = [*_hosts(lookup), *_source(lookup), *_chain(lookup), *_records(lookup)]
        found.update(((number, line), row) for line, row in enumerate(rows))
    return ListRows(found)


def history_rows(lookups: Sequence[Lookup]) -> ListRows:
    """One row a lookup, the newest first."""
    found: dict[Hashable, tuple[Cell, ...]] = {}
    for number, lookup in reversed(list(enumerate(lookups))):
        found[number] = (
            Cell(lookup.typed),
            Cell(lookup.type, "accent"),
            Cell(summary(lookup), "" if lookup.outcome is Outcome.ANSWER else role(lookup)),
            Cell(server(lookup), "dim"),
            Cell(elapsed(lookup.elapsed), "dim", lookup.elapsed),
            Cell(clock(lookup.asked_at)[11:], "dim", lookup.asked_at),
        )
    return ListRows(found)


def resolver_rows(config: ResolverConfig | None) -> ListRows:
    """The servers in the order they are asked, the search list, and what was odd."""
    found: dict[Hashable, tuple[Cell, ...]] = {}
    if config is None:
        return EMPTY
    for number, resolver in enumerate(config.resolvers):
        found["server", number] = (Cell(f"{resolver.address}#{resolver.port}"), Cell(resolver.source, "dim"))
    if config.search:
        found["search"] = (Cell("search " + " ".join(config.search)), Cell(""))
    for number, warning in enumerate(config.warnings):
        found["warning", number] = (Cell(warning, "warning"), Cell(""))
    return ListRows(found)


def summary(lookup: Lookup) -> str:
    """The answer in a few words."""
    if lookup.hosts:
        return f"{lookup.hosts[0].address} by {lookup.hosts[0].source}"
    mine = [record.data for record in lookup.records if record.type == lookup.type]
    return ", ".join(mine) or lookup.message


def role(lookup: Lookup) -> str:
    """The role that colours an outcome."""
    if lookup.outcome in _GOOD or lookup.outcome is Outcome.CANCELLED:
        return "dim"
    return "warning" if lookup.outcome is Outcome.NO_SUCH_NAME else "critical"


def server(lookup: Lookup) -> str:
    """address#port of who answered, or was asked last."""
    return f"{lookup.server}#{lookup.port}" if lookup.server else "--"


def _row(first: Cell, second: Cell, third: Cell = _BLANK) -> tuple[Cell, ...]:
    return (first, second, third)


def _hosts(lookup: Lookup) -> list[tuple[Cell, ...]]:
    return [
        _row(Cell("hosts", "notice"), Cell(f"{entry.address}  {entry.source} line {entry.line}", "notice"))
        for entry in lookup.hosts
    ]


def _source(lookup: Lookup) -> list[tuple[Cell, ...]]:
    if lookup.outcome is Outcome.ANSWER:
        kind = "authoritative" if lookup.authoritative else "not authoritative"
        text = f"{lookup.question}  {elapsed(lookup.elapsed)}  {server(lookup)}  {kind}"
        if lookup.transport != "udp":
            text += f"  over {lookup.transport.upper()}"
        return [_row(Cell(lookup.type, "accent"), Cell(text, "dim"))]
    return [_row(Cell(lookup.type, "accent"), Cell(lookup.message, role(lookup)))]


def _chain(lookup: Lookup) -> list[tuple[Cell, ...]]:
    return [_row(Cell("via", "dim"), Cell(name)) for name in lookup.chain]


def _records(lookup: Lookup) -> list[tuple[Cell, ...]]:
    """The records of the type that was asked; the others of the answer (the CNAMEs) are told by the chain."""
    return [
        _row(Cell(record.type, "accent"), Cell(_shown(record, lookup)), Cell(str(record.ttl), "dim", record.ttl))
        for record in lookup.records
        if record.type == lookup.type
    ]


def _shown(record: Record, lookup: Lookup) -> str:
    owner = lookup.chain[-1] if lookup.chain else lookup.question
    same = record.name.rstrip(".").lower() == owner.rstrip(".").lower()
    return record.data if same else f"{record.data}  ({record.name})"
