"""TCP states as tables: the counts with their history, and the states by local port."""

import textwrap
from collections.abc import Hashable, Sequence

from nettui.model.finding import Finding, Severity
from nettui.model.history import Frame, TcpSample
from nettui.model.tcp import STATES, PortCounts, TcpState
from nettui.reports.format import change, sparkline, thousands
from nettui.reports.naming import MARKS
from nettui.reports.table import EMPTY, Cell, Column, ListRows

COLUMNS = (
    Column("state", "STATE", 11),
    Column("count", "SOCKETS", 8, align="right"),
    Column("history", "HISTORY", 5, grow=1, priority=2, clip="start"),
    Column("change", "1 MIN", 5, align="right", priority=1),
)

PORT_COLUMNS = (
    Column("port", "PORT", 5, align="right"),
    Column("service", "SERVICE", 10, grow=1, priority=5),
    Column("total", "TOTAL", 9, align="right"),
    Column(TcpState.ESTABLISHED, "ESTAB", 8, align="right"),
    Column(TcpState.CLOSE_WAIT, "CLOSE_W", 8, align="right"),
    Column(TcpState.TIME_WAIT, "TIME_W", 8, align="right"),
    Column(TcpState.LISTEN, "LISTEN", 6, align="right", priority=1),
    Column(TcpState.SYN_RECV, "SYN_RCV", 7, align="right", priority=2),
    Column(TcpState.SYN_SENT, "SYN_SNT", 7, align="right", priority=2),
    Column(TcpState.FIN_WAIT1, "FIN_W1", 7, align="right", priority=3),
    Column(TcpState.FIN_WAIT2, "FIN_W2", 7, align="right", priority=3),
    Column(TcpState.LAST_ACK, "LASTACK", 7, align="right", priority=4),
    Column(TcpState.CLOSING, "CLOSING", 7, align="right", priority=6),
    Column(TcpState.CLOSED, "CLOSED", 6, align="right", priority=6),
)

BUCKET = 5.0
"""Seconds that one character of the history stands for; its highest count is drawn."""

HISTORY = 40
"""Characters of history at most."""

MINUTE = 60.0

NARROWEST = 32
"""Cells that the table has on the smallest screen: the empty states are wrapped to it."""

_RULES = {"tcp.close-wait": TcpState.CLOSE_WAIT, "tcp.close-wait-leak": TcpState.CLOSE_WAIT,
          "tcp.time-wait": TcpState.TIME_WAIT}


def rows(frame: Frame, blocks: str = "▁▂▃▄▅▆▇█") -> ListRows:
    """A row for each state that was not empty lately, then the empty ones together."""
    samples = frame.history.tcp
    if not samples:
        return EMPTY
    buckets = _buckets(samples)
    alarms = _alarms(frame.findings)
    earlier = next(s for s in samples if s.at >= samples[-1].at - MINUTE)
    found: dict[Hashable, tuple[Cell, ...]] = {}
    quiet: list[str] = []
    for place, state in enumerate(STATES):
        series = [bucket[place] for bucket in buckets]
        if not any(series):
            quiet.append(state)
            continue
        count, alarm = samples[-1].counts[place], alarms.get(state)
        found[state] = (
            Cell(state, f"state.{state}"),
            Cell(f"{MARKS[alarm]} {count:,}" if alarm else f"{count:,}", alarm or ("" if count else "dim"), count),
            Cell(sparkline(series, blocks), f"state.{state}"),
            Cell(change(count - earlier.counts[place]), "dim", count - earlier.counts[place]),
        )
    together = textwrap.wrap(" ".join(quiet), NARROWEST, initial_indent="· no ", subsequent_indent="  ")
    for at, line in enumerate(together):
        found["quiet", at] = (Cell(line, "dim"), *[Cell("")] * (len(COLUMNS) - 1))
    return ListRows(found)


def port_rows(ports: Sequence[PortCounts], numeric: bool = False) -> ListRows:
    """The states of each local port, the most sockets first; `numeric` leaves the services' names out."""
    found: dict[Hashable, tuple[Cell, ...]] = {}
    for port in ports:
        found[port.port] = (
            Cell(str(port.port), "accent", port.port),
            Cell("" if numeric else port.service or "", "dim"),
            Cell(thousands(port.total), "", port.total),
            *(_count(port, column.key) for column in PORT_COLUMNS[3:]),
        )
    return ListRows(found)


def _count(port: PortCounts, state: str) -> Cell:
    count = port[TcpState(state)]
    return Cell(thousands(count), f"state.{state}" if count else "dim", count)


def _buckets(samples: Sequence[TcpSample]) -> list[tuple[int, ...]]:
    """The highest count of each state in each span of BUCKET seconds, on a grid of time that does not move."""
    found: dict[int, tuple[int, ...]] = {}
    for sample in samples:
        span = int(sample.at // BUCKET)
        before = found.get(span)
        found[span] = sample.counts if before is None else tuple(map(max, before, sample.counts))
    return list(found.values())[-HISTORY:]


def _alarms(findings: Sequence[Finding]) -> dict[TcpState, str]:
    """The gravest severity of the findings about each state."""
    found: dict[TcpState, Severity] = {}
    for finding in findings:
        state = _RULES.get(finding.id)
        if state is not None and (state not in found or finding.severity.rank > found[state].rank):
            found[state] = finding.severity
    return {state: str(severity) for state, severity in found.items()}
