"""Diagnosis: feed it the history at every Snapshot, and it says what is wrong."""

from msgspec.structs import replace

from nettui.diagnosis.condition import Case, Key
from nettui.diagnosis.memory import Memory
from nettui.diagnosis.rules import RULES
from nettui.diagnosis.thresholds import RULE_IDS, Thresholds
from nettui.diagnosis.watch import Watch
from nettui.diagnosis.ways import WaysReader
from nettui.diagnosis.wording import finding
from nettui.model.finding import Finding
from nettui.model.history import History

_ONCE = "this is a single reading: whether it lasts is not known"

BACK = 1.0
"""Seconds by which time may go back (a clock that is put right) before it means another past."""


class Diagnosis:
    """The findings of one session. Its only clock is the times in the Snapshots."""

    def __init__(self, thresholds: Thresholds | None = None) -> None:
        self._thresholds = thresholds or Thresholds()
        self.reset()

    def reset(self) -> None:
        """Forget the session: what follows has another past."""
        self._ways = WaysReader()
        self._memory = Memory()
        self._watches = [
            Watch(rule, self._thresholds[rule.id]) for rule in RULES if self._thresholds[rule.id].enabled
        ]
        self._at = 0.0

    def update(self, history: History) -> tuple[Finding, ...]:
        """The open findings, the gravest first, after the newest Snapshot."""
        snapshot = history.snapshot
        if snapshot.taken_at < self._at - BACK:
            self.reset()
        self._at = max(self._at, snapshot.taken_at)  # the latest: a clock may creep back in small steps
        ways = self._ways.read(snapshot)
        self._memory.see(snapshot, ways)
        told: dict[Key, tuple[Finding, tuple[Key, ...]]] = {}
        for watch in self._watches:
            watch.look(Case(history=history, limits=watch.limits, ways=ways, memory=self._memory))
            for severity, life in watch.open():
                condition = life.condition
                told[watch.rule.id, condition.subject] = (
                    finding(watch.rule.id, condition, severity, life.since), condition.covers
                )
        return _arranged(told)


def diagnose_once(history: History, thresholds: Thresholds | None = None) -> tuple[Finding, ...]:
    """What is beyond its threshold in this one reading, the gravest first.

    Whether it lasts cannot be known from one reading, and each finding says so in its evidence. What is normal for
    a moment (a gateway being asked) is left out, and so is what takes a past to see (a link that used to work).
    """
    limits = thresholds or Thresholds()
    snapshot = history.snapshot
    ways = WaysReader().read(snapshot)
    memory = Memory()
    memory.see(snapshot, ways)
    told: dict[Key, tuple[Finding, tuple[Key, ...]]] = {}
    for rule in RULES:
        if not limits[rule.id].enabled or rule.blind(snapshot):
            continue
        case = Case(history=history, limits=limits[rule.id], ways=ways, memory=memory)
        for condition in rule.find(case):
            if condition.level is not None and condition.single:
                began = rule.at(snapshot) if condition.began is None else condition.began
                told[rule.id, condition.subject] = (
                    finding(rule.id, replace(condition, evidence=(*condition.evidence, _ONCE)), condition.level, began),
                    condition.covers,
                )
    return _arranged(told)


def _arranged(told: dict[Key, tuple[Finding, tuple[Key, ...]]]) -> tuple[Finding, ...]:
    """Without what only follows from another finding at least as grave; the gravest first, in a stable order."""
    covered: dict[Key, int] = {}
    for key, (each, covers) in told.items():
        for other in covers:
            if other != key:
                covered[other] = max(covered.get(other, -1), each.severity.rank)
    shown = [each for key, (each, _) in told.items() if covered.get(key, -1) < each.severity.rank]
    return tuple(sorted(shown, key=lambda f: (-f.severity.rank, RULE_IDS.index(f.id), f.subject)))
