"""The table of faults and hosts that are well: what was named, and how soon."""

from collections.abc import Sequence

from tests.lab.faults.every import RECORDED
from tests.lab.faults.scenario import TICK, Outcome


def table(outcomes: Sequence[Outcome], markdown: bool = False) -> str:
    """All outcomes, and what they come to."""
    faults = [outcome for outcome in outcomes if not outcome.scenario.healthy]
    well = [outcome for outcome in outcomes if outcome.scenario.healthy]
    parts = []
    if faults:
        rows = [("fault", "named", "as", "late, s", "in ticks", "set for the test")]
        rows += [_fault(outcome) for outcome in faults]
        parts.append(_drawn(rows, markdown))
    if well:
        rows = [("host that is well", "told")]
        rows += [(outcome.scenario.name, _told(outcome)) for outcome in well]
        parts.append(_drawn(rows, markdown))
    named, silent = (sum(outcome.ok for outcome in group) for group in (faults, well))
    late = [outcome.late / outcome.scenario.tick for outcome in faults if outcome.late is not None]
    parts.append(
        f"{named} of {len(faults)} faults named with the right subject and nothing else, "
        f"{silent} of {len(well)} hosts silent"
        + (f", at most {max(late):.1f} ticks late" if late else "")
    )
    parts.append("\n".join(f"not made here: {rule}: {why}" for rule, why in RECORDED.items()))
    return "\n\n".join(parts)


def _fault(outcome: Outcome) -> tuple[str, ...]:
    scenario = outcome.scenario
    named = "yes" if outcome.ok else "NO"
    subjects = ", ".join(f"{rule} {subject}" for rule, subject, _ in outcome.named) or "--"
    late = ("--", "--") if outcome.late is None else (f"{outcome.late:.1f}", f"{outcome.late / scenario.tick:.1f}")
    notes = [f"{key}: {value}" for key, value in scenario.known.items()]
    notes += [f"a tick is {scenario.tick:g} s here"] if scenario.tick != TICK else []
    return scenario.name, named, subjects, *late, "; ".join([*notes, *([outcome.error] if outcome.error else [])])


def _told(outcome: Outcome) -> str:
    said = [f"{rule} {subject} ({severity})" for rule, subject, severity in outcome.wrong]
    return ", ".join([*said, *([outcome.error] if outcome.error else [])]) or "nothing"


def _drawn(rows: Sequence[tuple[str, ...]], markdown: bool) -> str:
    if markdown:
        head, *rest = rows
        lines = [head, tuple("---" for _ in head), *rest]
        return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in lines)
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows)
