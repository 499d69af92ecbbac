"""Draws a Frame in every way there is: what must not raise, whatever it holds."""

from collections.abc import Iterator, Sequence

from nettui.engine.keeper import Keeper
from nettui.model.history import Frame
from nettui.model.snapshot import Snapshot
from nettui.reports import details, paragraphs
from nettui.reports.headline import headline
from nettui.reports.snapshot_json import snapshot_json
from nettui.reports.table import Column, Rows
from nettui.reports.tables import dns, findings, interfaces, neighbours, routes, tcp
from nettui.reports.text import snapshot_text


def tables(frame: Frame) -> Iterator[tuple[Sequence[Column], Rows]]:
    """Every table with its columns."""
    snapshot = frame.snapshot
    yield interfaces.COLUMNS, interfaces.rows(frame, "bits")
    yield interfaces.DASHBOARD_COLUMNS, interfaces.dashboard_rows(frame, "bytes")[0]
    yield routes.COLUMNS, routes.RouteRows(snapshot, routes.all_routes(snapshot), full=True)
    yield routes.DASHBOARD_COLUMNS, routes.RouteRows(snapshot, routes.main_routes(snapshot), full=False)
    yield neighbours.NEIGHBOUR_COLUMNS, neighbours.neighbour_rows(snapshot)
    yield neighbours.RULE_COLUMNS, neighbours.rule_rows(snapshot)
    yield tcp.COLUMNS, tcp.rows(frame)
    yield findings.COLUMNS, findings.rows(frame.findings, snapshot.taken_at)
    yield findings.SHORT_COLUMNS, findings.short_rows(frame.findings, 30)
    yield dns.RESOLVER_COLUMNS, dns.resolver_rows(snapshot.resolvers)


def full(frame: Frame) -> Iterator[list[paragraphs.Paragraph]]:
    """Everything there are details of."""
    snapshot = frame.snapshot
    for link in snapshot.links or ():
        yield details.link_details(frame, link, "bits")
    for route in snapshot.routes or ():
        yield details.route_details(snapshot, route)
    for neighbour in snapshot.neighbours or ():
        yield details.neighbour_details(snapshot, neighbour)
    for finding in frame.findings:
        yield findings.paragraphs(finding)


def texts(frame: Frame) -> Iterator[str]:
    """Every text that is shown of a Frame."""
    yield from (cell.text for cell in headline(frame))
    for _, rows in tables(frame):
        for key in rows.keys:
            yield from (cell.text for cell in rows.cells(key))
    for found in full(frame):
        for head, lines in found:
            yield head
            yield from lines
    yield from snapshot_text(frame).split("\n")


def drawn(snapshot: Snapshot) -> None:
    """Draw all of one Snapshot."""
    frame = Frame(history=Keeper().add(snapshot))
    assert all(text.isprintable() for text in texts(frame))
    assert snapshot_json(frame)
