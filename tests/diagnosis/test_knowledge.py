"""The knowledge texts: there for all, and free of what operators would rightly laugh at."""

import re
import shlex
import shutil
import subprocess

import pytest

from nettui.diagnosis.knowledge import cases, rule_about, rule_text, state_knowledge
from nettui.diagnosis.thresholds import DEFAULTS, RULE_IDS
from nettui.model.tcp import STATES, TcpState
from nettui.sockets.frame import GROUPS
from nettui.sockets.language import parse
from tests.diagnosis.world import MAY_BE_MISSING

NAMES = [f"{rule}/{case}".removesuffix("/") for rule in RULE_IDS for case in cases(rule)]
FACTS = {
    "count": "7", "rose": "3", "minutes": "2", "against": "more than 5", "family": "", "only": "x", "gateway":
    "a", "link": "l", "flag": "-4", "other": "o", "why": "w", "and": "", "had": "192.0.2.2/24", "address":
    "192.0.2.9", "length": "24", "rate": "12", "percent": "97", "speed": "1,000", "way": "received", "table":
    "254", "metric": "0", "first": "via a", "second": "via b", "type": "blackhole", "route": "192.0.2.0/24",
    "needed": "name server 192.0.2.53", "left": "12 min", "ago": "3 min", "server": "192.0.2.1", "process":
    "java[4711]", "pid": "4711", "limit": "1,024", "doubled": "2048", "doubled_again": "4096", "version": "4",
    "lost": "9", "port": "5432", "who": "java[4711]", "connections": "7 connections", "unit": "shop.service",
    "filter": "'state:close-wait and pid:4711'", "where": " on :8080", "peer": "192.0.2.9:5432", "share": "81",
    "dst": "'[2001:db8::9]'", "resting": "9", "live": "1", "soon": "", "peers": "6", "waiting": "9", "backlog":
    "8", "retries": "5", "hours": "3", "mark": "2", "seconds": "30", "pages": "9", "toward": "dst:192.0.2.9",
    "role": "PostgreSQL", "name": "orders", "used": "9", "most": "10",
    "bare": "192.0.2.53", "rcode": "SERVFAIL", "ms": "900", "what": "", "tunnel": "wg0", "hosts": "0.0.0.0",
    "served": "192.0.2.7", "held": "7",
}


def test_every_rule_has_its_text_and_says_what_it_is_for() -> None:
    assert {name.partition("/")[0] for name in NAMES} == set(RULE_IDS)
    for rule in RULE_IDS:
        assert rule_about(rule).looks_for.endswith(".")
        assert rule_about(rule).source or not DEFAULTS[rule].measures


@pytest.mark.parametrize("name", NAMES)
def test_a_text_is_whole(name: str) -> None:
    text = rule_text(*name.split("/"))
    for words in (text.cause, text.consequence, text.cure):
        assert words.endswith((".", ").")) and "{" not in words
    assert text.relief and text.screen in ("interfaces", "routes", "sockets", "dns")
    assert not re.search(r"[{}]", text.title.format_map(FACTS))


@pytest.mark.parametrize("name", NAMES)
def test_its_commands_are_words_a_shell_understands(name: str) -> None:
    for command in rule_text(*name.split("/")).relief:
        said = command.format_map(FACTS)
        assert subprocess.run(["sh", "-n", "-c", said], check=False).returncode == 0, said
        tool = said.split()[0]
        if tool == "nettui":
            _nettui_understands(said)
        else:
            assert shutil.which(tool) or tool in MAY_BE_MISSING, said


def _nettui_understands(said: str) -> None:
    """nettui may not be installed where the tests run; its own parsers are here."""
    words = shlex.split(said)
    assert words[1] in ("sockets", "config"), said
    if words[1] == "sockets":
        parse(words[2])
        for option, value in zip(words[3::2], words[4::2], strict=True):
            assert option == "--group-by" and value in GROUPS, said


@pytest.mark.parametrize("name", NAMES)
def test_one_of_its_commands_needs_nothing_that_may_be_missing(name: str) -> None:
    assert {command.split()[0] for command in rule_text(*name.split("/")).relief} - MAY_BE_MISSING


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_explained(state: TcpState) -> None:
    known = state_knowledge(state)
    assert known.meaning.endswith(".") and known.who.endswith(".") and known.first_steps


def test_the_facts_that_people_get_wrong() -> None:
    time_wait = state_knowledge(TcpState.TIME_WAIT)
    assert "60 s, fixed" in time_wait.meaning
    assert any("tcp_tw_recycle is gone" in step for step in time_wait.first_steps)
    assert "60 s" in rule_text("tcp.time-wait").cause and "28,232" in rule_text("tcp.time-wait").consequence
    assert "no kernel setting ends this state" in rule_text("tcp.close-wait").cause
    ports = rule_text("tcp.port-exhaustion", "time-wait")
    assert "60 s (TCP_TIMEWAIT_LEN, fixed" in ports.cause and "tcp_tw_recycle is gone since Linux 4.12" in ports.cure
    for case in cases("tcp.close-wait-leak"):
        cause = rule_text("tcp.close-wait-leak", case).cause
        assert "No kernel setting ends this state" in cause or "no kernel setting ends this state" in cause
        assert "nor keepalive" in cause
    assert "tcp_fin_timeout does not end them" in rule_text("tcp.fin-wait2", "held").cause
    assert "alone does nothing for sockets" in rule_text("tcp.zombie", "silent").cure
    assert state_knowledge(TcpState.CLOSE_WAIT).who.startswith("The developer of the program that owns it")
