"""The dashboard as plain text, for pipes, mails and people without a screen."""

import textwrap
from collections.abc import Iterator, Sequence

from nettui.model.history import Frame
from nettui.reports.format import Units, clock, rate_unit
from nettui.reports.headline import headline
from nettui.reports.naming import MARKS, health_cell
from nettui.reports.table import Cell, Column, Rows
from nettui.reports.tables import findings, interfaces, routes, tcp

WIDTH = 80
"""Characters of a line of prose at most."""

ROUTES_SHOWN = 40
"""Routes printed at most; `--json` has them all."""


def snapshot_text(frame: Frame, units: Units = "bits") -> str:
    """The whole report, lines of about 80 characters, without colour."""
    return "\n".join(_sections(frame, units)) + "\n"


def _sections(frame: Frame, units: Units) -> Iterator[str]:
    snapshot = frame.snapshot
    yield "  ".join(cell.text for cell in headline(frame))
    yield clock(snapshot.taken_at)
    yield from _section(
        f"Interfaces ({rate_unit(units)})", interfaces.rows(frame, units), interfaces.COLUMNS[:7],
        read=snapshot.links is not None,
    )
    yield from _gateways(frame)
    yield from _routes(frame)
    yield from _section(_tcp_title(frame), tcp.rows(frame), tcp.COLUMNS[:2], read=snapshot.tcp is not None)
    yield from _resolvers(frame)
    yield from _findings(frame)
    if snapshot.errors:
        yield from _titled("Not everything could be read", (f"{e.collector}: {e.message}" for e in snapshot.errors))


def _titled(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield ""
    yield title
    for line in lines:
        yield f"  {line}".rstrip()


def _section(title: str, rows: Rows, columns: Sequence[Column], *, read: bool) -> Iterator[str]:
    if not rows.keys:
        return _titled(title, iter(("none" if read else "--",)))
    return _titled(title, _table([rows.cells(key)[: len(columns)] for key in rows.keys], columns))


def _table(rows: Sequence[Sequence[Cell]], columns: Sequence[Column]) -> Iterator[str]:
    """Columns as wide as their widest text: on paper nothing moves. The last one is not padded."""
    # A text with nothing to its right runs on, so it does not widen its column.
    widths = [
        max([len(column.title), *(len(row[at].text) for row in rows if any(c.text for c in row[at + 1 :]))])
        for at, column in enumerate(columns)
    ]
    for row in ([Cell(column.title) for column in columns], *rows):
        fields = []
        for cell, column, width in zip(row, columns, widths, strict=True):
            fields.append(cell.text.rjust(width) if column.align == "right" else cell.text.ljust(width))
        yield "  ".join(fields)


def _gateways(frame: Frame) -> Iterator[str]:
    lines = (f"{health_cell(gateway.health).text:<6}  {line}" for gateway, line in routes.gateway_lines(frame.snapshot))
    return _titled("Gateways", _or_none(lines, "none" if frame.snapshot.routes is not None else "--"))


def _routes(frame: Frame) -> Iterator[str]:
    snapshot = frame.snapshot
    chosen = routes.main_routes(snapshot)
    shown = routes.RouteRows(snapshot, chosen[:ROUTES_SHOWN], full=True)
    read = snapshot.routes is not None
    title = f"Routes, table main ({len(chosen):,})" if read else "Routes"
    yield from _section(title, shown, routes.COLUMNS[:6], read=read)
    if len(chosen) > ROUTES_SHOWN:
        yield f"  ... and {len(chosen) - ROUTES_SHOWN:,} more: nettui snapshot --json has all"


def _tcp_title(frame: Frame) -> str:
    counts = frame.snapshot.tcp
    if counts is None:
        return "TCP states"
    why = f", {counts.note}" if counts.note else ""
    return f"TCP states ({counts.total:,} sockets, by {counts.source}{why})"


def _resolvers(frame: Frame) -> Iterator[str]:
    config = frame.snapshot.resolvers
    lines = [f"{r.address}#{r.port}  {r.source}" for r in config.resolvers] if config else []
    if config and config.search:
        lines.append("search " + " ".join(config.search))
    lines += config.warnings if config else ()
    return _titled("Resolvers", _or_none(iter(lines), "none configured" if config else "--"))


def _findings(frame: Frame) -> Iterator[str]:
    yield from _titled("Findings", iter(() if frame.findings else ("none",)))
    for finding in frame.findings:
        yield f"  {MARKS[finding.severity]} {finding.severity}: {finding.title} [{finding.id}]"
        for head, lines in findings.paragraphs(finding):
            wrapped = [part for line in lines for part in _wrapped(line, head)]
            for number, line in enumerate(wrapped):
                yield f"      {head if number == 0 else '':<8}{line}".rstrip()


def _wrapped(line: str, head: str) -> list[str]:
    """A line in parts that fit the paper; commands stay whole, to be copied."""
    return [line] if head == "Now" else textwrap.wrap(line, WIDTH - 14)


def _or_none(lines: Iterator[str], none: str) -> Iterator[str]:
    first = next(lines, none)
    yield first
    yield from lines
