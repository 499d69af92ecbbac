"""A check as JSON, `nettui.findings/1`; promised in schemas/findings.schema.json."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from nettui.model.finding import Finding
from nettui.reports.checked import Checked

SCHEMA = "nettui.findings/1"
SCHEMA_FILE = Path(__file__).parent / "schemas" / "findings.schema.json"


def findings_json(checked: Checked) -> bytes:
    """One JSON document, indented, with a newline at its end."""
    return msgspec.json.format(msgspec.json.encode(findings_document(checked)), indent=1) + b"\n"


def findings_document(checked: Checked) -> dict[str, Any]:
    """The document as plain values."""
    return {
        "schema": SCHEMA,
        "status": checked.status.name,
        "taken_at": moment(checked.snapshot.taken_at),
        "host": checked.snapshot.host,
        "findings": [finding_document(finding) for finding in checked.findings],
        "errors": [msgspec.to_builtins(error) for error in checked.errors],
        "notes": list(checked.notes),
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """One finding, as it stands in every document of ours."""
    document: dict[str, Any] = msgspec.to_builtins(finding)
    return document


def moment(at: float) -> str:
    """A Unix time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
