"""Lookups as plain text and as JSON, `nettui.dns/1`.

The names and shapes of the JSON are a promise, written down in schemas/dns.schema.json.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from nettui.model.lookup import HostsEntry, Lookup, Record
from nettui.reports.format import elapsed, thousands

SCHEMA = "nettui.dns/1"
SCHEMA_FILE = Path(__file__).parent / "schemas" / "dns.schema.json"

_DULL = frozenset({"NOERROR", "NXDOMAIN"})
"""Response codes that the message tells already."""


def dns_text(lookups: Sequence[Lookup]) -> str:
    """A paragraph for each lookup: the hosts file first, then what DNS says, then who said it."""
    return "\n".join("\n".join(_paragraph(lookup)) + "\n" for lookup in lookups)


def dns_json(lookups: Sequence[Lookup]) -> bytes:
    """One JSON document, indented, with a newline at its end."""
    document = {"schema": SCHEMA, "lookups": [_document(lookup) for lookup in lookups]}
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def provenance(lookup: Lookup) -> str:
    """Who answered, with what right, how and how fast: `192.0.2.53#53, authoritative, 14 ms`; empty if nobody did."""
    if lookup.rcode is None:
        return ""
    parts = [f"{lookup.server}#{lookup.port}", "authoritative" if lookup.authoritative else "not authoritative"]
    if lookup.rcode not in _DULL:
        parts.append(lookup.rcode)
    if lookup.transport != "udp":
        parts.append(f"over {lookup.transport.upper()}")
    if lookup.elapsed is not None:
        parts.append(elapsed(lookup.elapsed))
    return ", ".join(parts)


def _paragraph(lookup: Lookup) -> Iterator[str]:
    yield f"{lookup.question}  {lookup.type}" + (f"  ({lookup.typed})" if _retold(lookup) else "")
    yield from _hosts(lookup.hosts)
    yield f"  {lookup.message}"
    yield from _records(lookup)
    if said := provenance(lookup):
        yield f"  {said}"


def _retold(lookup: Lookup) -> bool:
    """Was something else asked than what was typed (an address reversed, an IDN, a URL, a name completed)?"""
    return lookup.typed.strip().rstrip(".").lower() != lookup.question.lower()


def _hosts(entries: Sequence[HostsEntry]) -> Iterator[str]:
    width = max((len(entry.address) for entry in entries), default=0)
    for entry in entries:
        yield f"  {entry.address.ljust(width)}  {' '.join(entry.names)}  ({entry.source} line {entry.line}, before DNS)"


def _records(lookup: Lookup) -> Iterator[str]:
    records = lookup.records
    names = {record.name for record in records}
    named = len(names) > 1 or names - {lookup.question}
    rows = [_row(record) for record in records]
    widths = [max(len(row[at]) for row in rows) for at in range(3)] if rows else []
    for name, ttl, kind, data in rows:
        left = f"{name.ljust(widths[0])}  " if named else ""
        yield f"    {left}{ttl.rjust(widths[1])} s  {kind.ljust(widths[2])}  {data}"


def _row(record: Record) -> tuple[str, str, str, str]:
    return record.name, thousands(record.ttl), record.type, record.data


def _document(lookup: Lookup) -> dict[str, Any]:
    return {
        "typed": lookup.typed,
        "question": lookup.question,
        "type": lookup.type,
        "outcome": str(lookup.outcome),
        "message": lookup.message,
        "asked_at": datetime.fromtimestamp(lookup.asked_at, UTC).isoformat(timespec="milliseconds"),
        "server": lookup.server,
        "port": lookup.port,
        "transport": None if lookup.server is None else lookup.transport,
        "rcode": lookup.rcode,
        "authoritative": lookup.authoritative,
        "truncated": lookup.truncated,
        "elapsed_seconds": lookup.elapsed,
        "chain": lookup.chain,
        "records": [msgspec.to_builtins(record) for record in lookup.records],
        "hosts": [msgspec.to_builtins(entry) for entry in lookup.hosts],
    }
