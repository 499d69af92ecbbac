"""Diagnosis: feed it the history at every Snapshot, and it says what is wrong."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec.structs import replace

from nettui.diagnosis.condition import Case, Key, Rule
from nettui.diagnosis.folding import Told, folded
from nettui.diagnosis.memory import Memory
from nettui.diagnosis.rules import RULES
from nettui.diagnosis.thresholds import Limits, Thresholds
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

    def __init__(self, thresholds: Thresholds | None = None, only: Collection[str] = ()) -> None:
        """`only`: the rules to apply, by id; by default all that are enabled."""
        self._thresholds = thresholds or Thresholds()
        self._rules = tuple(chosen(self._thresholds, only))
        self._others = _limits(self._rules, self._thresholds)
        self.reset()

    def reset(self) -> None:
        """Forget the session: what follows has another past."""
        self._ways = WaysReader()
        self._memory = Memory()
        self._watches = [Watch(rule, self._thresholds[rule.id]) for rule in self._rules]
        self._at = 0.0
        self._folded: frozenset[Key] = frozenset()
        """What stood under its cause at the last reading."""

    def update(self, history: History, at_once: bool = False) -> tuple[Finding, ...]:
        """The open findings, the gravest first, after the newest Snapshot.

        `at_once`: also what is beyond its threshold in this one reading, whether it has lasted or not, for whoever
        reads seldom.
        """
        snapshot = history.snapshot
        if snapshot.taken_at < self._at - BACK:
            self.reset()
        self._at = max(self._at, snapshot.taken_at)  # the latest: a clock may creep back in small steps
        ways = self._ways.read(snapshot)
        self._memory.see(snapshot, ways)
        told: list[Told] = []
        fading: set[Key] = set()
        for watch in self._watches:
            case = Case(history=history, limits=watch.limits, ways=ways, memory=self._memory, others=self._others)
            watch.look(case)
            lasting = []
            for severity, life in watch.open():
                lasting.append(Told(life.finding(watch.rule.id, severity), life.condition.covers))
                if life.fading:
                    fading.add((watch.rule.id, life.condition.subject))
            told += _gravest((*lasting, *_seen(watch.rule, case))) if at_once else lasting
        # What followed from a cause that is over now, and is over itself, is not news for the rest of its life.
        done = fading & self._folded
        found = tuple(each for each in folded(told) if each.key not in done)
        self._folded = frozenset(each.finding.key for each in told) - {each.key for each in found}
        return found


def diagnose_once(
    history: History, thresholds: Thresholds | None = None, only: Collection[str] = ()
) -> tuple[Finding, ...]:
    """What is beyond its threshold in this one reading, the gravest first.

    Whether it lasts cannot be known from one reading, and each finding says so in its evidence. What is normal for
    a moment (a gateway being asked) is left out, and so is what takes a past to see (a link that used to work).
    """
    limits = thresholds or Thresholds()
    snapshot = history.snapshot
    ways = WaysReader().read(snapshot)
    memory = Memory()
    memory.see(snapshot, ways)
    told: list[Told] = []
    rules = tuple(chosen(limits, only))
    others = _limits(rules, limits)
    for rule in rules:
        told += _seen(
            rule, Case(history=history, limits=limits[rule.id], ways=ways, memory=memory, others=others)
        )
    return folded(told)


def _seen(rule: Rule, case: Case) -> Iterator[Told]:
    """What a rule tells of one reading."""
    if rule.blind(case.snapshot):
        return
    for condition in rule.find(case):
        if condition.level is not None and condition.single:
            began = rule.at(case.snapshot) if condition.began is None else condition.began
            alone = replace(condition, evidence=(*condition.evidence, _ONCE))
            yield Told(finding(rule.id, alone, condition.level, began), condition.covers)


def _gravest(told: Iterable[Told]) -> Iterable[Told]:
    """Of each subject once, as it is gravest; of two alike the first, which has lasted."""
    found: dict[str, Told] = {}
    for each in told:
        before = found.get(each.finding.subject)
        if before is None or each.finding.severity.rank > before.finding.severity.rank:
            found[each.finding.subject] = each
    return found.values()


def chosen(thresholds: Thresholds, only: Collection[str]) -> Iterator[Rule]:
    """The enabled rules, or of them those named."""
    for rule in RULES:
        if thresholds[rule.id].enabled and (not only or rule.id in only):
            yield rule


def _limits(rules: Iterable[Rule], thresholds: Thresholds) -> Mapping[str, Limits]:
    return {rule.id: thresholds[rule.id] for rule in rules}
