"""`nettui check`, run as a program: its exit codes, its first line as monitoring reads it, JSON, and time."""

import json
import os
import re
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from nettui.commands.check import PLAIN, configure
from nettui.reports.findings_json import SCHEMA_FILE
from tests.crowd import crowd
from tests.lab_support import Lab, required_lab
from tests.test_cli import ROOT, closed_pipe, run

pytestmark = pytest.mark.lab
VALID = jsonschema.Draft202012Validator(
    json.loads(SCHEMA_FILE.read_text()), format_checker=jsonschema.FormatChecker()
)
FIGURE = re.compile(r"([a-z0-9_]+)=(\d+)(?:;(\d*);(\d*);(\d*)(?:;(\d+))?)?")
"""Of the Monitoring Plugins Development Guidelines, as far as it is spoken here."""


@pytest.fixture
def healthy() -> Iterator[Lab]:
    """A host with an address, a way out and a gateway that nobody has asked for yet."""
    with required_lab() as lab:
        lab.ip("link add eth0 type veth peer name peer0", "link set peer0 up", "link set eth0 up",
               "addr add 192.0.2.2/24 dev eth0", "route add default via 192.0.2.1")
        yield lab


def check(lab: Lab, *words: str, config: str | Path = os.devnull, **more: Any) -> "subprocess.CompletedProcess[str]":
    argv = lab.command(
        "env", f"PYTHONPATH={ROOT}", f"NETTUI_CONFIG={config}", sys.executable, "-m", "nettui", "check", *words
    )
    return subprocess.run(argv, **{"capture_output": True, "text": True, "timeout": 60, **more})


def document(ran: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ran.stdout)
    VALID.validate(found)
    return found


def figures(text: str) -> dict[str, tuple[str, ...]]:
    """The performance data of the first line, each in the form of the guidelines."""
    first = text.splitlines()[0]
    assert first.count("|") == 1
    found = {}
    for word in first.partition("| ")[2].split(" "):
        match = FIGURE.fullmatch(word)
        assert match, word
        found[match[1]] = match.groups()[1:]
    return found


def test_a_host_that_is_well(healthy: Lab) -> None:
    ran = check(healthy)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    assert ran.stdout.startswith("NETTUI OK - nothing wrong, ")
    told = figures(ran.stdout)
    assert told["close_wait"] == ("0", "50", "100", "0", None) and told["established"] == ("0", "", "", "0", None)
    found = document(check(healthy, "--json"))
    assert (found["status"], found["findings"], found["errors"]) == ("OK", [], [])


def test_a_program_that_never_closes_is_critical(healthy: Lab) -> None:
    with crowd(healthy, 120):
        ran, told = check(healthy), check(healthy, "--json")
    assert (ran.returncode, ran.stderr, told.returncode) == (2, "", 2)
    lines = ran.stdout.splitlines()
    assert re.match(r"NETTUI CRITICAL - .*120.*CLOSE_WAIT.* \(1 critical\) \| ", lines[0])
    assert figures(ran.stdout)["close_wait"] == ("120", "50", "100", "0", None)
    assert "|" not in "".join(lines[1:])
    for head in ("Seen", "Means", "If left", "Now", "Cure"):
        assert any(line.startswith(f"  {head}") for line in lines), head
    found = document(told)
    [finding] = found["findings"]
    assert (found["status"], finding["id"], finding["severity"]) == ("CRITICAL", "tcp.close-wait", "critical")
    assert (finding["value"], finding["threshold"]) == (120, 100)


def test_fewer_are_a_warning_and_the_figures_are_those_of_the_config(healthy: Lab, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[rules."tcp.close-wait"]\nwarning = 3\ncritical = 90\n')
    with crowd(healthy, 60):
        assert check(healthy).returncode == 1
        ran = check(healthy, config=config)
        assert ran.returncode == 1 and figures(ran.stdout)["close_wait"] == ("60", "3", "90", "0", None)
        config.write_text('[rules."tcp.close-wait"]\nenabled = false\n')
        ran = check(healthy, config=config)
    assert ran.returncode == 0 and figures(ran.stdout)["close_wait"] == ("60", "", "", "0", None)


def test_only_the_rules_that_are_asked_for_are_applied(healthy: Lab) -> None:
    with crowd(healthy, 120):
        ran = check(healthy, "--rule", "tcp.time-wait", "--rule", "link.down")
        assert ran.returncode == 0 and ran.stdout.startswith("NETTUI OK - nothing wrong, 2 rules applied |")
        ran = check(healthy, "--rule", "link.down")
        assert ran.returncode == 0 and "|" not in ran.stdout, "sockets were not even counted"
        ran = check(healthy, "--rule", "tcp.close-wait", "--json")
    assert [finding["id"] for finding in document(ran)["findings"]] == ["tcp.close-wait"]


def test_for_some_seconds_only_what_lasts_is_told(healthy: Lab) -> None:
    with crowd(healthy, 120):
        early = check(healthy, "--for", "0.7", "--interval", "0.2", "--json")
        late = check(healthy, "--for", "7.5", "--interval", "0.5", "--json")
    assert (early.returncode, document(early)["findings"], document(early)["notes"]) == (0, [], [])
    assert late.returncode == 2
    [finding] = document(late)["findings"]
    assert finding["id"] == "tcp.close-wait" and not any("single reading" in line for line in finding["evidence"])


def test_so_short_that_nothing_was_read_is_one_reading(healthy: Lab) -> None:
    with crowd(healthy, 120):
        assert check(healthy, "--for", "0.000001").returncode == 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--rule", "tcp.bogus"], "there is no rule 'tcp.bogus'"),
        (["--rule", "a|b\n"], "there is no rule"),
        (["--for", "2", "--state", "s"], "--state"),
    ],
)
def test_wrong_usage_is_unknown_and_not_critical(words: list[str], why: str) -> None:
    ran = run("check", *words)
    assert (ran.returncode, ran.stderr) == (3, "")
    assert ran.stdout.startswith("NETTUI UNKNOWN - ") and why in ran.stdout
    assert ran.stdout.count("\n") == 1 and "|" not in ran.stdout


@pytest.mark.parametrize("words", [("--for", "0"), ("--for", "soon"), ("--bogus",), ("--interval", "often")])
def test_what_cannot_be_understood_is_unknown_too(words: tuple[str, ...]) -> None:
    ran = run("check", *words)
    assert ran.returncode == 3 and ran.stderr and "Traceback" not in ran.stderr


def test_a_wrong_setting_is_unknown(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[rules."tcp.close-wait"]\nwarning = "many"\n')
    ran = run("check", env={"NETTUI_CONFIG": str(config)})
    assert ran.returncode == 3 and str(config) in ran.stderr


def test_rules_that_are_all_switched_off_are_unknown(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[rules."tcp.close-wait"]\nenabled = false\n')
    ran = run("check", "--rule", "tcp.close-wait", env={"NETTUI_CONFIG": str(config)})
    assert (ran.returncode, ran.stdout) == (3, "NETTUI UNKNOWN - every rule that was asked for is switched off\n")


NOTHING_COUNTED = """\
import sys
from nettui.linux.host import LinuxHost
async def refused(self):
    raise PermissionError(1, "not for|you\\n")
LinuxHost.tcp = refused
import nettui.portable.tcp
nettui.portable.tcp.counts = lambda: refused(None)
from nettui.cli import main
sys.exit(main(["check", *sys.argv[1:]]))
"""


def test_what_cannot_be_read_is_told_and_alone_it_is_unknown(healthy: Lab) -> None:
    def refused(*words: str) -> "subprocess.CompletedProcess[str]":
        argv = healthy.command("env", f"PYTHONPATH={ROOT}", f"NETTUI_CONFIG={os.devnull}", sys.executable, "-c",
                               NOTHING_COUNTED, *words)  # fmt: skip
        return subprocess.run(argv, capture_output=True, text=True, timeout=60)

    ran = refused()
    assert ran.returncode == 0 and "Could not read tcp: " in ran.stdout and "tcp.time-wait" in ran.stdout
    first, *rest = ran.stdout.splitlines()
    assert "close_wait=" not in first, "what was not counted has no figure"
    assert "|" not in "".join(rest) and any("not for¦you" in line for line in rest)
    ran = refused("--rule", "tcp.time-wait")
    assert ran.returncode == 3 and ran.stdout.startswith("NETTUI UNKNOWN - tcp: ")
    found = document(refused("--rule", "tcp.time-wait", "--json"))
    assert found["status"] == "UNKNOWN"
    assert [(error["collector"], error["rules"]) for error in found["errors"]] == [("tcp", ["tcp.time-wait"])]


def test_a_reader_that_has_gone_does_not_change_the_exit_code(healthy: Lab) -> None:
    with crowd(healthy, 120):
        pipe = closed_pipe()
        ran = check(healthy, capture_output=False, stdout=pipe, stderr=subprocess.PIPE)
        os.close(pipe)
        assert (ran.returncode, ran.stderr) == (2, "")
        argv = healthy.command("env", f"PYTHONPATH={ROOT}", "sh", "-c", f'"{sys.executable}" -m nettui check >&- 2>&-')
        assert subprocess.run(argv, timeout=60).returncode == 2


def test_an_output_that_is_full_is_unknown(healthy: Lab) -> None:
    with Path("/dev/full").open("w") as full:
        ran = check(healthy, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert ran.returncode == 3 and "No space left on device" in ran.stderr


def test_the_schema_is_printed() -> None:
    ran = run("check", "--schema")
    assert ran.returncode == 0 and json.loads(ran.stdout) == json.loads(SCHEMA_FILE.read_text())


def test_the_portable_backend_checks_too(healthy: Lab) -> None:
    with crowd(healthy, 120):
        ran = check(healthy, "--backend", "portable", "--rule", "tcp.close-wait", "--json")
    assert ran.returncode == 2 and document(ran)["findings"][0]["id"] == "tcp.close-wait"


def test_a_command_line_with_nothing_on_it_says_what_argparse_says() -> None:
    parser = ArgumentParser()
    configure(parser)
    assert vars(PLAIN) == vars(parser.parse_args([]))
