"""`nettui snapshot`, run as a program on this host."""

import json
import sys

import jsonschema
import pytest

from nettui.reports.snapshot_json import SCHEMA_FILE
from tests.lab_support import Lab, required_lab
from tests.test_cli import ROOT, run


def test_schema_is_the_file() -> None:
    ran = run("snapshot", "--schema")
    assert (ran.returncode, ran.stdout) == (0, SCHEMA_FILE.read_text())
    jsonschema.Draft202012Validator.check_schema(json.loads(ran.stdout))


@pytest.mark.parametrize("backend", ["linux", "portable"])
def test_json_is_what_the_schema_says_whatever_could_not_be_read(backend: str) -> None:
    ran = run("snapshot", "--json", "--backend", backend)
    assert (ran.returncode, ran.stderr) == (0, "")
    found = json.loads(ran.stdout)
    jsonschema.validate(found, json.loads(SCHEMA_FILE.read_text()))
    assert found["backend"] == backend
    assert [each["collector"] for each in found["errors"]] == (["rules", "neighbours"] if backend == "portable" else [])
    assert all(each["rx_bytes_per_second"] is not None for each in found["interfaces"])


def test_text_names_what_could_not_be_read() -> None:
    ran = run("snapshot", "--backend", "portable", "--units", "bytes")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "\nInterfaces (byte/s)\n" in ran.stdout
    assert "\nNot everything could be read\n  rules: " in ran.stdout


def test_text_in_a_locale_without_the_signs() -> None:
    ran = run("snapshot", env={"PYTHONIOENCODING": "ascii"})
    assert (ran.returncode, ran.stderr) == (0, "") and ran.stdout.isascii() and "lo" in ran.stdout


@pytest.mark.lab
def test_a_host_with_nothing_but_lo() -> None:
    with required_lab() as lab:
        found = json.loads(_inside(lab, "--json"))
        assert [each["name"] for each in found["interfaces"]] == ["lo"]
        assert (found["gateways"], found["neighbours"], found["errors"]) == ([], [], [])
        assert "no default route" in _inside(lab)


def _inside(lab: Lab, *words: str) -> str:
    return lab.run("env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "nettui", "snapshot", *words)
