"""Every fault of the lab is named, with the right subject and nothing else; of hosts that are well nothing is told."""

import os

import pytest

from nettui.diagnosis.thresholds import RULE_IDS
from tests.lab.faults.every import RECORDED, SCENARIOS
from tests.lab.faults.scenario import Outcome, Scenario, missing_commands
from tests.lab.faults.together import outcomes

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest) -> dict[str, Outcome]:
    """All that were chosen, played together."""
    chosen = [item.callspec.params["scenario"] for item in request.session.items if hasattr(item, "callspec")
              and isinstance(item.callspec.params.get("scenario"), Scenario)]
    return {outcome.scenario.name: outcome for outcome in outcomes(s for s in chosen if not missing_commands(s))}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_it_is_named_and_nothing_else(scenario: Scenario, played: dict[str, Outcome]) -> None:
    if missing := missing_commands(scenario):
        reason = f"not installed: {', '.join(missing)}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    outcome = played[scenario.name]
    assert not outcome.error
    assert outcome.missing == [], f"told meanwhile: {outcome.opened}"
    assert outcome.wrong == []


def test_every_rule_has_its_fault() -> None:
    made = {rule for scenario in SCENARIOS for rule, _ in scenario.expected}
    assert made | RECORDED.keys() == set(RULE_IDS)
    assert not made & RECORDED.keys()
    assert sum(scenario.healthy for scenario in SCENARIOS) >= 12
