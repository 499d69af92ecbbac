"""The neighbour table and the policy rules as tables."""

from collections.abc import Hashable

from nettui.model.neighbour import NeighbourState
from nettui.model.route import Rule, table_name
from nettui.model.snapshot import Snapshot
from nettui.reports.format import age
from nettui.reports.table import Cell, Column, ListRows

NEIGHBOUR_COLUMNS = (
    Column("address", "ADDRESS", 16, grow=3),
    Column("mac", "MAC", 17),
    Column("interface", "DEV", 8, grow=1),
    Column("state", "STATE", 10),
    Column("confirmed", "SEEN", 7, align="right", priority=1),
    Column("flags", "FLAGS", 8, priority=2),
)

RULE_COLUMNS = (
    Column("family", "IP", 2),
    Column("priority", "PRIO", 5, align="right"),
    Column("selector", "PACKETS", 9, grow=4),
    Column("action", "THEN", 13, grow=1),
)

_ROLES = {
    NeighbourState.REACHABLE: "ok", NeighbourState.PERMANENT: "ok", NeighbourState.FAILED: "critical",
    NeighbourState.INCOMPLETE: "warning", NeighbourState.NOARP: "dim", NeighbourState.STALE: "dim",
}


def neighbour_rows(snapshot: Snapshot) -> ListRows:
    """Neighbours that somebody spoke to; without what needs no asking (NOARP: multicast, loopback), as `ip` has it."""
    found: dict[Hashable, tuple[Cell, ...]] = {}
    known = (n for n in snapshot.neighbours or () if n.state is not NeighbourState.NOARP)
    for n in sorted(known, key=lambda n: (n.family, n.ifindex)):
        found[n.ifindex, n.address] = (
            Cell(n.address),
            Cell(n.mac or "--", "" if n.mac else "dim"),
            Cell(snapshot.link_name(n.ifindex) or "--"),
            Cell(n.state, _ROLES.get(n.state, "")),
            Cell(age(n.confirmed), "dim", n.confirmed),
            Cell(" ".join(n.flags), "dim"),
        )
    return ListRows(found)


def rule_rows(snapshot: Snapshot) -> ListRows:
    """Policy rules in the order the kernel asks them, IPv4 first."""
    found: dict[Hashable, tuple[Cell, ...]] = {}
    for number, rule in enumerate(sorted(snapshot.rules or (), key=lambda r: (r.family, r.priority))):
        found[number, rule] = (
            Cell("v4" if rule.family == "inet" else "v6", "dim"),
            Cell(str(rule.priority), "", rule.priority),
            Cell(selector(rule)),
            Cell(_action(rule)),
        )
    return ListRows(found)


def selector(rule: Rule) -> str:
    """Which packets a rule is for, in ip-rule(8)'s words."""
    parts = ["not"] if rule.inverted else []
    parts += ["from", rule.source or "all"]
    if rule.destination:
        parts += ["to", rule.destination]
    if rule.tos:
        parts += ["tos", f"0x{rule.tos:02x}"]
    if rule.fwmark is not None:
        mask = "" if rule.fwmask in (None, 0xFFFFFFFF) else f"/0x{rule.fwmask:x}"
        parts += ["fwmark", f"0x{rule.fwmark:x}{mask}"]
    for word, name in (("iif", rule.iif), ("oif", rule.oif)):
        if name:
            parts += [word, name]
    if rule.ip_protocol is not None:
        parts += ["ipproto", str(rule.ip_protocol)]
    for word, span in (("sport", rule.source_ports), ("dport", rule.destination_ports), ("uid", rule.uid_range)):
        if span:
            parts += [word, f"{span[0]}-{span[1]}" if span[0] != span[1] else str(span[0])]
    return " ".join(parts)


def _action(rule: Rule) -> str:
    if rule.l3mdev:
        return "lookup of its VRF"
    if rule.action == "lookup":
        unless = "" if rule.suppress_prefixlength is None else f", no route of /{rule.suppress_prefixlength} or less"
        return f"table {table_name(rule.table or 0)}{unless}"
    return f"goto {rule.goto}" if rule.action == "goto" else rule.action
