"""`nettui.snapshot/1` against its schema, and the same picture as text."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from nettui.collectors.backend import open_backend
from nettui.engine.keeper import Keeper
from nettui.engine.live import LiveSource
from nettui.model.finding import Finding, Severity
from nettui.model.history import Frame
from nettui.model.link import Link, OperState
from nettui.model.route import Route
from nettui.model.snapshot import CollectorError, Snapshot
from nettui.model.tcp import STATES
from nettui.reports.snapshot_json import SCHEMA_FILE, snapshot_json
from nettui.reports.text import ROUTES_SHOWN, snapshot_text
from tests.reports.test_tables import recorded
from tests.strategies import frames

SCHEMA = json.loads(SCHEMA_FILE.read_text())
VALID = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
QUIET = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def document(frame: Frame) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(snapshot_json(frame))
    VALID.validate(found)
    return found


@QUIET
@given(frames())
def test_whatever_a_host_says_the_schema_holds(frame: Frame) -> None:
    found = document(frame)
    for section, name in (("links", "interfaces"), ("routes", "routes"), ("routes", "gateways"), ("rules", "rules"),
                          ("neighbours", "neighbours"), ("tcp", "tcp"), ("resolvers", "resolvers")):
        assert (found[name] is None) == (getattr(frame.snapshot, section) is None)


@pytest.mark.parametrize("name", ["linux", "portable"])
async def test_this_host_by_both_backends(name: str) -> None:
    source = LiveSource(open_backend(name), "here")
    try:
        found = document(Frame(history=Keeper().add(await source.once())))
    finally:
        source.close()
    assert found["backend"] == name and "lo" in [each["name"] for each in found["interfaces"]]
    unread = {"rules", "neighbours"} if name == "portable" else set()
    assert {key for key in ("rules", "neighbours", "routes", "tcp", "resolvers") if found[key] is None} == unread
    assert {error["collector"] for error in found["errors"]} == unread


@pytest.mark.parametrize("name", ["web-03.jsonl.gz", "build-7.jsonl"])
def test_recorded_hosts(name: str) -> None:
    document(recorded(name))


PROMISED = {
    "interfaces": {"name", "index", "kind", "state", "mac", "mtu", "addresses", "rx_bytes", "tx_bytes"},
    "gateways": {"family", "address", "interface", "mac", "state"},
    "routes": {"family", "table", "destination", "gateway", "interface", "source", "metric", "protocol",
               "scope", "type"},
    "neighbours": {"family", "address", "mac", "interface", "state"},
    "resolvers": {"address", "port", "source"},
}


def test_the_promised_names_are_there() -> None:
    found = document(recorded("web-03.jsonl.gz"))
    assert found["schema"] == "nettui.snapshot/1"
    assert {"taken_at", "host", "findings", "errors"} <= found.keys()
    for section, names in PROMISED.items():
        assert found[section] and all(names <= each.keys() for each in found[section]), section
    addresses = [address for each in found["interfaces"] for address in each["addresses"]]
    assert addresses and all({"address", "prefix", "family", "scope", "kind"} <= each.keys() for each in addresses)
    assert list(found["tcp"]["states"]) == [str(state) for state in STATES]
    assert found["tcp"]["source"] == "sock_diag+proc"
    priorities = [rule["priority"] for rule in found["rules"]]
    assert priorities == [0, 1000, 32766, 0, 32766]
    first = next(each for each in found["interfaces"] if each["name"] == "eth0")
    assert first["rx_bytes_per_second"] > 0 and first["addresses"][0]["kind"] == "documentation"
    assert found["gateways"][0] | {"mac": None} == {
        "family": "inet", "address": "192.0.2.1", "interface": "eth0", "mac": None, "state": "REACHABLE",
        "health": "ok", "table": "main", "metric": 100,
    }


def test_what_was_not_read_is_null() -> None:
    link = Link(ifindex=1, name="lo", kind="loopback", state=OperState.UP, admin_up=True)
    found = document(Frame(history=Keeper().add(Snapshot(taken_at=0.0, backend="linux", links=(link,)))))
    nulls = {key for key, value in found.items() if value is None}
    assert nulls == {"gateways", "routes", "routes_total", "rules", "neighbours", "tcp", "resolvers"}
    assert found["interfaces"][0]["addresses"] is None and found["interfaces"][0]["rx_bytes"] is None
    assert found["taken_at"] == "1970-01-01T00:00:00.000+00:00"


def objects(value: Any, path: str = "") -> Any:
    """Every object of a document, with a way to put something into it."""
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            yield from objects(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for inner in value[:1]:
            yield from objects(inner, f"{path}/0")


def test_the_schema_takes_no_key_more_and_none_less() -> None:
    frame = recorded("web-03.jsonl.gz")
    finding = Finding(id="a", severity=Severity.WARNING, subject="host", title="t")
    snapshot = replace(frame.snapshot, errors=(CollectorError(collector="links", message="m"),))
    found = document(Frame(history=replace(frame.history, snapshot=snapshot), findings=(finding,)))
    seen = 0
    for path, inner in objects(found):
        seen += 1
        inner["unknown"] = 1
        assert not VALID.is_valid(found), path
        del inner["unknown"]
        for key in list(inner):
            value = inner.pop(key)
            assert not VALID.is_valid(found), f"{path} without {key}"
            inner[key] = value
    assert seen >= 12


@QUIET
@given(frames())
def test_the_text_is_harmless_and_bounded(frame: Frame) -> None:
    lines = snapshot_text(frame).split("\n")
    assert all(line.isprintable() and line == line.rstrip() for line in lines)
    assert max(map(len, lines)) < 2500


def test_a_healthy_hosts_text_fits_its_paper() -> None:
    text = snapshot_text(recorded("web-03.jsonl.gz"))
    assert max(map(len, text.splitlines())) <= 100
    for words in ("web-03", "192.0.2.10/24", "default v6", "CLOSE_WAIT", "192.0.2.53#53", "Findings\n  none"):
        assert words in text


def test_nothing_read_and_nothing_there_are_told_apart() -> None:
    unread = snapshot_text(Frame(history=Keeper().add(Snapshot(taken_at=0.0))))
    assert "\nRoutes\n  --\n" in unread and "\nInterfaces (bit/s)\n  --\n" in unread and "\nGateways\n  --\n" in unread
    assert "\nTCP states\n  --\n" in unread and "\nResolvers\n  --\n" in unread and "0" not in unread.split("\n", 2)[2]
    empty = snapshot_text(Frame(history=Keeper().add(Snapshot(taken_at=0.0, links=(), routes=()))))
    assert "\nRoutes, table main (0)\n  none\n" in empty and "\nInterfaces (bit/s)\n  none\n" in empty
    assert "\nGateways\n  none\n" in empty


def test_a_huge_table_is_cut_and_says_so() -> None:
    routes = tuple(
        Route(family="inet", table=254, destination=f"10.{n >> 8}.{n & 255}.0", prefixlen=24) for n in range(5000)
    )
    text = snapshot_text(Frame(history=Keeper().add(Snapshot(taken_at=0.0, routes=routes))))
    assert f"... and {5000 - ROUTES_SHOWN:,} more: nettui snapshot --json has all" in text
    assert len(text.splitlines()) < ROUTES_SHOWN + 40


def test_findings_and_errors_are_told_in_full() -> None:
    finding = Finding(
        id="tcp.close-wait", severity=Severity.CRITICAL, subject="host", title="4,006 CLOSE_WAIT", evidence=("seen",),
        cause="word " * 60, relief=("a command " * 20,), cure="close it",
    )
    error = CollectorError(collector="rules", message="refused")
    frame = Frame(history=Keeper().add(Snapshot(taken_at=0.0, errors=(error,))), findings=(finding,))
    lines = snapshot_text(frame).splitlines()
    assert "  ✖ critical: 4,006 CLOSE_WAIT [tcp.close-wait]" in lines
    assert "  rules: refused" in lines
    assert sum("word" in line for line in lines) > 3 and all(len(line) <= 80 for line in lines if "word" in line)
    assert sum("a command" in line for line in lines) == 1, "a command stays one line"
