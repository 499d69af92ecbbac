"""`nettui explain`, run as a program: what is known of every rule and state, in any spelling, at any width."""

import json
import os
import pty
import re
import struct
import subprocess
import sys
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import pytest

from nettui.commands.explain import state_of
from nettui.diagnosis.rules import RULES
from nettui.diagnosis.thresholds import RULE_IDS
from nettui.model.tcp import STATES, TcpState
from nettui.reports.explanation import explanation_text
from tests.test_cli import ROOT, run


def test_without_a_name_everything_is_listed_a_line_each() -> None:
    ran = run("explain")
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    first = [line.split()[0] for line in lines if line.startswith("  ")]
    assert first == [*RULE_IDS, *map(str, STATES)]
    assert all(len(line) <= 80 and line == line.rstrip() for line in lines)
    found = json.loads(run("explain", "--json").stdout)
    assert list(found["rules"]) == list(RULE_IDS) and list(found["states"]) == [str(state) for state in STATES]


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_every_rule_is_explained(rule: str) -> None:
    ran = run("explain", rule)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    assert lines[0] == rule and {"Cause", "If left", "Now", "Cure", "Thresholds in force"} <= set(lines)
    assert not re.search(r"\{[a-z_]+\}", ran.stdout), "every place is filled; awk has braces of its own"
    found = json.loads(run("explain", rule, "--json").stdout)
    assert (found["schema"], found["id"]) == ("nettui.explanation/1", rule) and found["cases"]
    prose = re.sub(r"(?ms)^Now\n(  .*?\n)+", "", ran.stdout)  # commands stay whole, to be copied
    assert all(len(line) <= 80 for line in prose.splitlines())


def test_the_thresholds_are_those_in_force_and_how_to_change_them(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[rules."tcp.close-wait"]\nwarning = 7\nlasting = 9\n'
        '[rules."tcp.close-wait".process.java]\nwarning = 3\ncritical = 2000\n'
    )
    text = run("explain", "tcp.close-wait", env={"NETTUI_CONFIG": str(config)}).stdout
    for words in (
        "  warning  above 7 sockets\n  critical above 100 sockets\n  lasting  9 s\n",
        "  process java\n    warning  above 3 sockets\n    critical above 2,000 sockets\n    lasting  9 s\n",
        '  [rules."tcp.close-wait"]\n  warning = 7\n  critical = 100\n  lasting = 9\n  enabled = true\n',
        '  [rules."tcp.close-wait".process."NAME"]  # for one process alone\n',
    ):
        assert words in text, words
    config.write_text('[rules."link.down"]\nenabled = false\n')
    assert "the rule is switched off" in run("explain", "link.down", env={"NETTUI_CONFIG": str(config)}).stdout


@pytest.mark.parametrize(
    ("spelling", "state"),
    [
        *((str(state), state) for state in STATES),
        ("close-wait", TcpState.CLOSE_WAIT), ("closewait", TcpState.CLOSE_WAIT), (" Close Wait ", TcpState.CLOSE_WAIT),
        ("FIN-WAIT-1", TcpState.FIN_WAIT1), ("fin_wait_2", TcpState.FIN_WAIT2), ("estab", TcpState.ESTABLISHED),
        ("SYN-RECEIVED", TcpState.SYN_RECV), ("unconn", TcpState.CLOSED),
    ],
)  # fmt: skip
def test_a_state_in_every_spelling(spelling: str, state: TcpState) -> None:
    assert state_of(spelling) is state


@pytest.mark.parametrize("spelling", ["", "wait", "tcp.close-wait", "\x1b[2J"])
def test_what_is_no_state(spelling: str) -> None:
    assert state_of(spelling) is None


def test_a_state_is_explained_and_leads_to_its_rules() -> None:
    text = run("explain", "close-wait").stdout
    assert text.startswith("CLOSE_WAIT\n\nMeans\n") and "\nWho acts\n" in text and "\nFirst\n" in text
    assert "tcp.close-wait-leak, tcp.close-wait" in text
    assert json.loads(run("explain", "CLOSE_WAIT", "--json").stdout)["state"] == "CLOSE_WAIT"


@pytest.mark.parametrize(
    ("word", "near"),
    [("tcp.closewait", "tcp.close-wait"), ("TCP.TIME_WAIT.", "tcp.time-wait"), ("clsoe-wait", "close-wait"),
     ("descriptors", "process.descriptors"), ("zzzz", "nettui explain lists them"), ("\x1b[2J", "\\x1b[2J")],
)  # fmt: skip
def test_what_is_unknown_gets_what_is_near(word: str, near: str) -> None:
    ran = run("explain", word)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert near in ran.stderr and ran.stderr.count("\n") == 1 and "\x1b" not in ran.stderr


def test_it_is_wrapped_to_the_width_of_the_terminal() -> None:
    primary, secondary = pty.openpty()
    ioctl(secondary, TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"} | {"NETTUI_CONFIG": os.devnull}
    process = subprocess.Popen(
        [sys.executable, "-m", "nettui", "explain", "TIME_WAIT"], cwd=ROOT, stdout=secondary, env=environment
    )
    os.close(secondary)
    said = b""
    while True:
        try:
            piece = os.read(primary, 4096)
        except OSError:  # the end of a terminal
            break
        if not piece:
            break
        said += piece
    os.close(primary)
    assert process.wait(30) == 0
    lines = said.decode().splitlines()
    assert 45 < max(map(len, lines)) <= 50 and "\x1b" not in said.decode()


def test_places_that_a_case_fills_are_words() -> None:
    document = {
        "id": "a.b", "looks_for": "Something.", "source": "",
        "limits": {"enabled": True, "notice": None, "warning": None, "critical": None, "lasting": 5, "unit": "",
                   "kinds": [], "special": {}},
        "cases": [{"case": "", "title": "{link} is down, {against}: bad", "cause": "c", "consequence": "d",
                   "relief": ["ip link set dev {link} up | awk '{print $1}'"], "cure": "e", "screen": "sockets"}],
    }  # fmt: skip
    text = "\n".join(explanation_text(document, 60))
    assert "LINK is down: bad" in text and "  ip link set dev LINK up | awk '{print $1}'" in text
    assert '  [rules."a.b"]\n  lasting = 5\n  enabled = true\n' in text and "NAME" not in text


def test_what_it_says_to_change_can_be_pasted(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    lines = run("explain", "tcp.close-wait").stdout.splitlines()
    begin = lines.index('  [rules."tcp.close-wait"]')
    config.write_text("\n".join(lines[begin : begin + 6]).replace("warning = 50", "warning = 51"))
    assert "above 51 sockets" in run("explain", "tcp.close-wait", env={"NETTUI_CONFIG": str(config)}).stdout
