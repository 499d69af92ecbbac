"""A Frame as JSON, `nettui.snapshot/1`: flat records with names instead of indices, for scripts.

The names and shapes are a promise, written down in schemas/snapshot.schema.json.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from nettui.model.address import Address
from nettui.model.address_facts import kind
from nettui.model.history import Frame
from nettui.model.link import Link
from nettui.model.neighbour import gateways
from nettui.model.route import Route, Rule, table_name
from nettui.model.snapshot import Snapshot

SCHEMA = "nettui.snapshot/1"
SCHEMA_FILE = Path(__file__).parent / "schemas" / "snapshot.schema.json"


def snapshot_json(frame: Frame) -> bytes:
    """One JSON document, indented, with a newline at its end."""
    return msgspec.json.format(msgspec.json.encode(snapshot_document(frame)), indent=1) + b"\n"


def snapshot_document(frame: Frame) -> dict[str, Any]:
    """The document as plain values. A section that was not read is null, never empty."""
    snapshot = frame.snapshot
    names = _Names((link.ifindex, link.name) for link in snapshot.links or ())
    return {
        "schema": SCHEMA,
        "taken_at": datetime.fromtimestamp(snapshot.taken_at, UTC).isoformat(timespec="milliseconds"),
        "host": snapshot.host,
        "backend": snapshot.backend,
        "interfaces": None if snapshot.links is None else list(_interfaces(frame, names)),
        "gateways": None if snapshot.routes is None else list(_gateways(snapshot, names)),
        "routes": None if snapshot.routes is None else [_route(route, names) for route in snapshot.routes],
        "routes_total": snapshot.routes_total,
        "rules": None if snapshot.rules is None else [_rule(rule) for rule in snapshot.rules],
        "neighbours": None if snapshot.neighbours is None else list(_neighbours(snapshot, names)),
        "tcp": None if snapshot.tcp is None else {
            "states": {str(state): count for state, count in snapshot.tcp.items()},
            "source": snapshot.tcp.source,
            "note": snapshot.tcp.note,
        },
        "resolvers": None if snapshot.resolvers is None else [
            {"address": r.address, "port": r.port, "source": r.source} for r in snapshot.resolvers.resolvers
        ],
        "findings": [msgspec.to_builtins(finding) for finding in frame.findings],
        "errors": [msgspec.to_builtins(error) for error in snapshot.errors],
    }


class _Names(dict[int | None, str | None]):
    """Names of links by index: `if7` for one that is gone, None for no link."""

    def __missing__(self, ifindex: int | None) -> str | None:
        return None if ifindex is None else f"if{ifindex}"


def _interfaces(frame: Frame, names: _Names) -> Iterator[dict[str, Any]]:
    snapshot = frame.snapshot
    counters = {c.ifindex: c for c in snapshot.counters or ()}
    for link in snapshot.links or ():
        mine = counters.get(link.ifindex)
        rate = frame.history.rates.get(link.ifindex)
        totals = {
            name: getattr(mine, name, None)
            for name in ("rx_bytes", "tx_bytes", "rx_packets", "tx_packets", "rx_errors", "tx_errors",
                         "rx_dropped", "tx_dropped")
        }
        yield {
            **_link(link, names),
            "addresses": None if snapshot.addresses is None else [
                _address(address) for address in snapshot.addresses if address.ifindex == link.ifindex
            ],
            **totals,
            "rx_bytes_per_second": rate.rx_bytes if rate else None,
            "tx_bytes_per_second": rate.tx_bytes if rate else None,
        }


def _link(link: Link, names: _Names) -> dict[str, Any]:
    return {
        "name": link.name, "index": link.ifindex, "kind": link.kind, "state": str(link.state),
        "admin_up": link.admin_up, "carrier": link.carrier, "mac": link.mac, "mtu": link.mtu,
        "speed_mbps": link.speed, "duplex": link.duplex, "driver": link.driver,
        "master": names[link.master], "alias": link.alias,
    }


def _address(address: Address) -> dict[str, Any]:
    return {
        "address": address.address, "prefix": address.prefixlen, "family": address.family, "scope": address.scope,
        "kind": kind(address.address), "flags": address.flags, "valid": address.valid,
        "preferred": address.preferred, "peer": address.peer, "broadcast": address.broadcast,
    }


def _gateways(snapshot: Snapshot, names: _Names) -> Iterator[dict[str, Any]]:
    for gateway in gateways(snapshot.routes, snapshot.neighbours):
        yield {
            "family": gateway.family, "address": gateway.address, "interface": names[gateway.ifindex],
            "mac": gateway.mac, "state": gateway.state, "health": str(gateway.health),
            "table": table_name(gateway.table), "metric": gateway.metric,
        }


def _route(route: Route, names: _Names) -> dict[str, Any]:
    return {
        "family": route.family, "table": table_name(route.table),
        "destination": "default" if route.is_default else f"{route.destination}/{route.prefixlen}",
        "gateway": route.gateway, "interface": names[route.ifindex], "source": route.source,
        "metric": route.metric, "protocol": route.protocol, "scope": route.scope, "type": route.type,
        "flags": route.flags, "expires": route.expires, "mtu": route.mtu,
        "nexthops": [
            {"gateway": n.gateway, "interface": names[n.ifindex], "weight": n.weight, "flags": n.flags}
            for n in route.nexthops
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    table = None if rule.table is None else table_name(rule.table)
    return {**msgspec.to_builtins(rule), "table": table}


def _neighbours(snapshot: Snapshot, names: _Names) -> Iterator[dict[str, Any]]:
    for n in snapshot.neighbours or ():
        yield {
            "family": n.family, "address": n.address, "mac": n.mac, "interface": names[n.ifindex],
            "state": str(n.state), "flags": n.flags, "confirmed": n.confirmed,
        }
