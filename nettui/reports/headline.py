"""The first line of everything: which host, its way out, is it well."""

from nettui.model.finding import Severity
from nettui.model.history import Frame
from nettui.model.neighbour import Gateway, gateways
from nettui.model.snapshot import Snapshot
from nettui.reports.format import thousands
from nettui.reports.naming import HEALTH_ROLES, HEALTH_WORDS, MARKS
from nettui.reports.table import Cell


def headline(frame: Frame) -> list[Cell]:
    """Host; interface, main address and gateway with its mark; sockets; findings by severity."""
    snapshot = frame.snapshot
    return [Cell(snapshot.host or "--", "accent"), *_way_out(snapshot), _sockets(snapshot), *_findings(frame)]


def _way_out(snapshot: Snapshot) -> list[Cell]:
    gateway = next(iter(gateways(snapshot.routes, snapshot.neighbours)), None)
    if gateway is None:
        known = snapshot.routes is not None
        return [Cell("no default route" if known else "routes --", "warning" if known else "dim")]
    name = snapshot.link_name(gateway.ifindex) or "--"
    return [Cell(f"{name} {_main_address(snapshot, gateway)}"), *_towards(gateway)]


def _towards(gateway: Gateway) -> list[Cell]:
    if gateway.address is None:
        return []
    role = HEALTH_ROLES[gateway.health]
    return [Cell(f"→ {gateway.address}"), Cell(f"{MARKS[role]} {HEALTH_WORDS[gateway.health]}", role)]


def _main_address(snapshot: Snapshot, gateway: Gateway) -> str:
    mine = [a for a in snapshot.addresses or () if a.ifindex == gateway.ifindex and a.family == gateway.family]
    best = min(mine, key=lambda a: (a.scope == "link", bool({"secondary", "temporary"} & set(a.flags))), default=None)
    return f"{best.address}/{best.prefixlen}" if best else "--"


def _sockets(snapshot: Snapshot) -> Cell:
    return Cell(f"TCP {thousands(snapshot.tcp.total if snapshot.tcp else None)}")


def _findings(frame: Frame) -> list[Cell]:
    found = []
    for severity in reversed(Severity):
        count = sum(finding.severity is severity for finding in frame.findings)
        if count:
            found.append(Cell(f"{MARKS[severity]} {count}", str(severity)))
    if not found and frame.snapshot.tcp is not None:
        found.append(Cell(f"{MARKS['ok']} no findings", "ok"))
    return found
