"""The knowledge texts: there for all, and free of what operators would rightly laugh at."""

import re
import shutil
import subprocess

import pytest

from nettui.diagnosis.knowledge import cases, rule_about, rule_text, state_knowledge
from nettui.diagnosis.thresholds import DEFAULTS, RULE_IDS
from nettui.model.tcp import STATES, TcpState

NAMES = [f"{rule}/{case}".removesuffix("/") for rule in RULE_IDS for case in cases(rule)]
FACTS = {"count": "7", "rose": "3", "minutes": "2", "against": "more than 5", "family": "", "only": "x", "gateway": "a",
         "link": "l", "flag": "-4",
         "server": "192.0.2.53", "bare": "192.0.2.53", "name": "a.example", "rcode": "SERVFAIL",
         "ms": "900", "what": "", "tunnel": "wg0", "hosts": "0.0.0.0", "served": "192.0.2.7",
         "other": "o", "why": "w", "and": ""}


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
        assert shutil.which(said.split()[0]), said


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
    assert state_knowledge(TcpState.CLOSE_WAIT).who.startswith("The developer of the program that owns it")
