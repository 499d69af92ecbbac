"""What a rule is, what it is given, and what it answers."""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from nettui.diagnosis.memory import Memory
from nettui.diagnosis.thresholds import Limits
from nettui.diagnosis.ways import Ways
from nettui.model.finding import Severity
from nettui.model.history import History
from nettui.model.snapshot import Snapshot

Key = tuple[str, str]
"""A rule's id and a subject: what makes a finding this one and not another."""

HOST = "host"
"""The subject of what concerns no part of the host more than another."""

ANY = "*"
"""In `Condition.covers`: whatever subject the rule tells of."""


class Case(Struct, frozen=True, kw_only=True):
    """All that a rule may look at."""

    history: History
    limits: Limits
    """Its own."""
    ways: Ways
    memory: Memory
    others: Mapping[str, Limits] = {}
    """The limits of every rule at work, by id: what another rule tells need not be told twice."""

    @property
    def snapshot(self) -> Snapshot:
        return self.history.snapshot

    def limits_of(self, **subject: object) -> Limits:
        """The limits of a subject, such as `process="java"` or `port=8080`: those set for it, else the rule's own."""
        if not self.limits.special:
            return self.limits
        return self.limits.of({kind: str(name) for kind, name in subject.items() if name is not None})


class Condition(Struct, frozen=True, kw_only=True):
    """How one subject stands with one rule in this reading. The life cycle makes a Finding of it when it lasts."""

    subject: str
    level: Severity | None
    """How grave it is by this reading alone; None: not at all."""
    held: Severity | None = None
    """The gravity that an open finding keeps: what cleared would have to fall below. Never less than `level`."""
    began: float | None = None
    """Unix time since which `level` holds, where the reading itself tells; it then need not be seen to last."""
    single: bool = True
    """Whether one reading alone is worth telling; False for what is normal for a moment."""
    value: float | None = None
    marks: Mapping[Severity, float] = {}
    """The threshold of each severity."""
    text: str = ""
    """Which of the rule's knowledge texts fits, where it has several."""
    facts: Mapping[str, str] = {}
    """Fills the places of the knowledge text: names, addresses, figures."""
    evidence: tuple[str, ...] = ()
    trend: tuple[float, ...] = ()
    left: float | None = None
    """Seconds until exhaustion, where that can be computed."""
    target: str = ""
    """See Finding."""
    limits: Limits | None = None
    """The subject's own, where they are not the rule's: how long it must last is theirs."""
    covers: tuple[Key, ...] = ()
    """Findings that only follow from this one, and need not be told beside it."""


def taken_at(snapshot: Snapshot) -> float:
    """The time of sections that are pushed when they change, and so are always up to date."""
    return snapshot.taken_at


def read_at(section: str) -> Callable[[Snapshot], float]:
    """The time of a section that has a clock of its own: a reading that is shown twice is not two."""

    def at(snapshot: Snapshot) -> float:
        reading = getattr(snapshot, section)
        return snapshot.taken_at if reading is None else float(reading.at)

    return at


class Rule(Struct, frozen=True, kw_only=True):
    """One thing to look for. Its knowledge text and its default limits are found by its id.

    What is looked for in two sections, each read in its own time, is two Rules of one id with different subjects.
    """

    id: str
    find: Callable[[Case], Iterable[Condition]]
    """A pure function; at most one Condition for each subject."""
    needs: tuple[str, ...]
    """Sections of the Snapshot without which nothing can be said, neither good nor bad."""
    at: Callable[[Snapshot], float] = taken_at
    """When what it looks at was read, Unix time."""
    part: str = ""
    """A part of the section without which nothing can be said either, such as `holders` of a census; it may be None
    though the section was read."""

    def uncounted(self, snapshot: Snapshot) -> bool:
        """Whether the part it looks at was not counted this time."""
        return bool(self.part) and getattr(getattr(snapshot, self.needs[0]), self.part) is None

    def blind(self, snapshot: Snapshot) -> bool:
        """Whether a section it needs was not read, or could not be read again."""
        return any(getattr(snapshot, section) is None for section in self.needs) or (
            bool(snapshot.errors) and snapshot.error(*self.needs) is not None
        )
