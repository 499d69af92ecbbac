"""Play the scenarios, some at a time, and print the table of what was named."""

import argparse
import sys
from collections.abc import Iterable

from tests.lab.faults.every import SCENARIOS
from tests.lab.faults.scenario import Outcome, Scenario
from tests.lab.faults.table import table
from tests.lab.faults.together import TOGETHER, outcomes


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.faults", description=__doc__)
    parser.add_argument("words", nargs="*", help="only scenarios with one of these in their name or rule")
    parser.add_argument("--together", type=int, default=TOGETHER, help="how many at a time")
    parser.add_argument("--markdown", action="store_true", help="as docs/lab.md has it")
    arguments = parser.parse_args()
    found = []
    for outcome in outcomes(_chosen(arguments.words), arguments.together):
        found.append(outcome)
        print(_line(outcome), file=sys.stderr, flush=True)
    found.sort(key=lambda outcome: SCENARIOS.index(outcome.scenario))
    print(table(found, arguments.markdown))
    return 0 if all(outcome.ok for outcome in found) else 1


def _chosen(words: Iterable[str]) -> list[Scenario]:
    wanted = list(words)
    return [
        each for each in SCENARIOS
        if not wanted or any(word in f"{each.name} {' '.join(rule for rule, _ in each.expected)}" for word in wanted)
    ]


def _line(outcome: Outcome) -> str:
    said = "ok  " if outcome.ok else "FAIL"
    late = "" if outcome.late is None else f"{outcome.late:+.1f} s"
    rest = outcome.error or (f"missing {outcome.missing} wrong {outcome.wrong}" if not outcome.ok else "")
    return f"{said} {outcome.scenario.name} {late} {rest}"


if __name__ == "__main__":
    sys.exit(main())
