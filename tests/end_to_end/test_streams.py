"""nettui without a screen: what it writes into pipes and files, and with which exit code."""

import json
import os
import subprocess
from pathlib import Path

import jsonschema
import pytest

import nettui as package
from tests.end_to_end.host import facts, gateways
from tests.end_to_end.terminal import environment, nettui

pytestmark = pytest.mark.terminal


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run nettui to its end, its output in pipes."""
    return subprocess.run(
        nettui(*arguments), env=environment(home), cwd=home, capture_output=True, text=True, timeout=60, check=False
    )


def test_version(tmp_path: Path) -> None:
    for option in ("--version", "-V"):
        done = run(tmp_path, option)
        assert (done.stdout, done.stderr, done.returncode) == (f"nettui {package.__version__}\n", "", 0)


def test_snapshot_as_text_shows_this_host(tmp_path: Path) -> None:
    done = run(tmp_path, "snapshot")
    assert (done.returncode, done.stderr) == (0, "")
    for fact in [*facts(), *gateways()]:
        assert fact in done.stdout
    assert "LISTEN" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("backend", ["linux", "portable"])
def test_snapshot_as_json_is_what_the_schema_says(tmp_path: Path, backend: str) -> None:
    schema = json.loads(run(tmp_path, "snapshot", "--schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    done = run(tmp_path, "snapshot", "--json", "--backend", backend)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    jsonschema.Draft202012Validator(schema).validate(found)
    truth = json.loads(subprocess.run(["ip", "-j", "addr"], capture_output=True, check=True).stdout)
    assert {i["name"] for i in found["interfaces"]} == {link["ifname"] for link in truth}
    assert {
        (link["name"], address["address"], address["prefix"])
        for link in found["interfaces"]
        for address in link["addresses"]
    } == {(link["ifname"], a["local"], a["prefixlen"]) for link in truth for a in link["addr_info"]}


@pytest.mark.parametrize("command", ["snapshot", "snapshot --json", "snapshot --schema", "config --print"])
def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path, command: str) -> None:
    """`nettui snapshot | head -1`, with the reader gone before the first byte: the worst case."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        nettui(*command.split()), env=environment(tmp_path), stdout=writing, stderr=subprocess.PIPE, timeout=60,
        check=False,
    )  # fmt: skip
    os.close(writing)
    assert done.stderr == b""
    assert done.returncode == 0


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            nettui("snapshot"), env=environment(tmp_path), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
            check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr


def test_a_wrong_command_line_is_exit_2(tmp_path: Path) -> None:
    for arguments in (["snapshots"], ["snapshot", "--backend", "no"], ["record"], ["--no-such-option"]):
        done = run(tmp_path, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Traceback" not in done.stderr
