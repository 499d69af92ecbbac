"""Settings: what they change, and how a wrong one is told."""

import math
import subprocess
import sys
from typing import Any

import pytest
from msgspec import Struct

from nettui.diagnosis.rules import RULES
from nettui.diagnosis.thresholds import DEFAULTS, RULE_IDS, Thresholds


def test_the_defaults_are_the_operators_table() -> None:
    """What operators go by, as the documentation of the findings has it with its sources."""
    marks = {rule: (limits.warning, limits.critical) for rule, limits in DEFAULTS.items()}
    operators = {
        "tcp.close-wait-leak": (0, 50),
        "tcp.close-wait": (50, 100),
        "tcp.time-wait": (10_000, 15_000),
        "tcp.port-exhaustion": (50, 80),
        "process.descriptors": (80, 95),
        "nat.conntrack-full": (75, 90),
        "tcp.accept-queue": (80, 100),
        "link.down": (None, None),
    }
    assert {rule: marks[rule] for rule in operators} == operators


def test_a_subject_may_have_limits_of_its_own() -> None:
    found = Thresholds.from_settings(
        {"tcp.close-wait": {"critical": 300, "process": {"java": {"warning": 200}, "nginx": {"enabled": False}}}}
    )["tcp.close-wait"]
    java = found.of({"process": "java"})
    assert (java.warning, java.critical, java.lasting) == (200, 300, found.lasting)
    assert not found.of({"process": "nginx"}).enabled
    assert found.of({"process": "python"}) is found and found.of({}) is found


def test_every_rule_has_limits_and_every_limit_a_rule() -> None:
    """A rule that looks at two sections is there twice, one after the other."""
    assert tuple(dict.fromkeys(rule.id for rule in RULES)) == RULE_IDS


def test_what_is_not_set_stays() -> None:
    class Setting(Struct):
        warning: float | None = None
        lasting: float | None = None

    found = Thresholds.from_settings({"tcp.close-wait": {"critical": 80}, "tcp.time-wait": Setting(warning=9)})
    assert (found["tcp.close-wait"].warning, found["tcp.close-wait"].critical) == (50, 80)
    assert (found["tcp.time-wait"].warning, found["tcp.time-wait"].critical) == (9, 15_000)
    assert found["link.down"] == DEFAULTS["link.down"]
    assert Thresholds()["tcp.close-wait"].critical == 100


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"tcp.closewait": {}}, "no such rule"),
        ({"tcp.close-wait": {"warn": 1}}, "unknown field `warn`"),
        ({"tcp.close-wait": {"warning": "50"}}, r"`float \| null`, got `str` - at `\$.warning`"),
        ({"tcp.close-wait": {"warning": -1}}, r">= 0.*warning"),
        ({"tcp.close-wait": {"warning": math.nan}}, r">= 0.*warning"),
        ({"tcp.close-wait": {"lasting": math.inf}}, "<= 1000000000.*lasting"),
        ({"tcp.close-wait": {"warning": 200}}, "warning 200 is above critical 100; set both"),
        ({"link.down": {"warning": 1}}, "has no figure"),
        ({"tcp.close-wait": {"process": {"java": {"warning": 200}}}}, r'process."java": warning 200 is above'),
        ({"tcp.close-wait": {"port": {"80": {"warning": 1}}}}, "no such limits, expected one of process"),
        ({"tcp.memory": {"process": {"java": {"warning": 1}}}}, "no such limits, expected none"),
        ({"link.down": 7}, "got `int`"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_the_rule(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        Thresholds.from_settings(settings)
    assert f'rules."{next(iter(settings))}"' in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_ids_cost_nothing_but_msgspec() -> None:
    code = "import sys, nettui.diagnosis.thresholds; print(*(m for m in sys.modules if m.startswith('nettui.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["nettui.diagnosis", "nettui.diagnosis.thresholds"]
