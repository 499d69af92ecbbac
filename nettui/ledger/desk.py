"""The desk: receives the findings of every Snapshot, knows what people said of them, and tells what becomes of them.

All it does at once is in memory; what is to outlive the program goes to the store, and what others wrote there
comes back with the next touch.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from nettui.engine.desk import Received
from nettui.engine.news import News
from nettui.ledger import entries
from nettui.ledger.entries import Key, Standing
from nettui.ledger.store import Store
from nettui.model.event import EventKind, FindingEvent, PastFinding, Silence
from nettui.model.finding import Finding, Severity

TOUCH = 15.0
"""Seconds between two looks into the file: what is open is noted as such, what others said is heard."""
ANSWER = 6.0
"""Seconds that news wait at most, at the start, for what the file says was known before."""
PLAUSIBLE = 10 * TOUCH
"""Seconds between two touches, beyond which the clock may have jumped: the next must agree before anything is ended."""
QUIET = 3.0
"""Seconds after the first Snapshot before the first of them: the start belongs to the screen."""
REMEMBERED = 500
"""Past findings kept in memory, for when there is no file."""
PATIENCE = 2.0
"""Seconds to wait for the file's history; then what is in memory must do."""

PACE = 5.0
"""Seconds between two calls of those who go along with what is open."""

Listener = Callable[[Sequence[FindingEvent]], None]
Companion = Callable[[Sequence[Finding], float], None]


class Desk:
    """One for a session. It has the shape of `nettui.engine.desk.Keeping`."""

    def __init__(self, store: Store | None = None) -> None:
        """Without a `store` nothing is kept beyond the session: for recordings."""
        self._store = store
        self._news = News()
        self._silent: set[Key] = set()
        """What is open, and whose opening was not told because it is silenced."""
        self._waiting: list[FindingEvent] = []
        """News that wait until the file has said what was known before this session."""
        self._open: dict[Key, Finding] = {}
        self._acknowledged: dict[Key, tuple[float, Severity]] = {}
        self._silences: tuple[Silence, ...] = ()
        self._past: list[PastFinding] = []
        self._gravest: dict[Key, Finding] = {}
        """Each open finding in the gravest form it had."""
        self._opened_at: dict[Key, float] = {}
        self._listeners: list[Listener] = []
        self._troubles: list[Callable[[], Sequence[str]]] = []
        self._companions: list[Companion] = []
        self._ends: list[Callable[[], None]] = []
        self._accompanied_at: float | None = None
        self._began_at: float | None = None
        self._answered_once = False
        self._before: set[Key] = set()
        """What was open before this session, by the file: its opening was told then."""
        self._touched_at: float | None = None
        self._sure = False
        """Whether the last two touches agree about the time."""
        self._said = 0
        """How often somebody said something here: what the file said before that is out of date."""
        self._heard: tuple[int, Mapping[Key, Standing], tuple[Silence, ...]] | None = None
        """What the file said last; put here by the store's thread."""

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with the news of each Snapshot that has any. An acknowledged finding says so.

        Of what is silenced nothing is told but the end of what was told before; when the silence ends while it is
        still open, that is told as an opening.
        """
        self._listeners.append(listener)

    def add_problems(self, source: Callable[[], Sequence[str]]) -> None:
        """Ask `source` too for what is wrong with telling."""
        self._troubles.append(source)

    def accompany(self, companion: Companion, end: Callable[[], None]) -> None:
        """Call `companion` with what is open every few seconds, and `end` when the session ends."""
        self._companions.append(companion)
        self._ends.append(end)

    def close(self) -> None:
        """The session ends: what is open is noted, for whoever comes next."""
        for end in self._ends:
            end()
        if self._store is not None:
            if self._touched_at is not None:
                open_now = tuple(self._open.values())
                self._store.do(partial(entries.touched, open_now=open_now, at=self._touched_at, sure=self._sure))
            self._store.close()

    # The engine's side

    def receive(self, findings: tuple[Finding, ...], at: float) -> Received:
        """See `nettui.engine.desk.Desk`."""
        self._hear()
        events = [*self._news.of(findings, at)]
        self._note(events, at)
        self._open = {finding.key: finding for finding in findings}
        self._touch(at)
        shown: list[Finding] = []
        silenced: list[Finding] = []
        for finding in findings:
            known = self._known_since(finding)
            told = finding if known is None else replace(finding, acknowledged=known)
            (silenced if self._is_silent(finding, at) else shown).append(told)
        self._tell(events, shown, silenced, at)
        self._go_along(tuple(shown), at)
        return Received(tuple(shown), tuple(silenced), tuple(self._problems()))

    def _tell(
        self, events: Sequence[FindingEvent], shown: Sequence[Finding], silenced: Sequence[Finding], at: float
    ) -> None:
        """Tell the listeners what they may hear, once it is known what was said before this session."""
        self._waiting += events
        if not self._has_heard(at):
            return
        news, self._waiting = self._waiting, []
        by_key = {finding.key: finding for finding in shown}
        silent = {finding.key for finding in silenced}
        told = []
        for event in news:
            key = event.finding.key
            if event.kind is EventKind.CLOSED:
                if key not in self._silent:
                    told.append(event)
                self._silent.discard(key)
            elif key in silent:
                if event.kind is EventKind.OPENED:
                    self._silent.add(key)
            elif key in by_key and not (event.kind is EventKind.OPENED and self._was_told_before(key, at)):
                told.append(replace(event, finding=by_key[key]))
        heard_again = [by_key[key] for key in self._silent & by_key.keys()]
        told += [FindingEvent(kind=EventKind.OPENED, at=at, finding=finding) for finding in heard_again]
        self._silent -= by_key.keys()
        if told:
            for listener in self._listeners:
                listener(tuple(told))

    def _was_told_before(self, key: Key, at: float) -> bool:
        """Whether a session before this one saw it open, not long ago: then somebody was told."""
        known = key in self._before and at - (self._began_at or at) < entries.GONE
        self._before.discard(key)
        return known

    def _has_heard(self, at: float) -> bool:
        """Whether the file has answered, or there is none, or it has had its time."""
        began = self._began_at if self._began_at is not None else at
        return self._store is None or self._answered_once or at - began >= ANSWER or bool(self._store.problem)

    def _go_along(self, shown: tuple[Finding, ...], at: float) -> None:
        if self._accompanied_at is None or not 0 <= at - self._accompanied_at < PACE:
            self._accompanied_at = at
            for companion in self._companions:
                companion(shown, at)

    def _note(self, events: Sequence[FindingEvent], at: float) -> None:
        for event in events:
            finding, key = event.finding, event.finding.key
            if event.kind is EventKind.CLOSED:
                self._write(partial(entries.closed, key=key, at=at))
                self._remember(finding, at)
            else:
                self._opened_at.setdefault(key, at)
                before = self._gravest.get(key)
                if before is None or finding.severity.rank >= before.severity.rank:
                    self._gravest[key] = finding
                self._write(partial(entries.opened, finding=finding, at=at))

    def _remember(self, finding: Finding, at: float) -> None:
        opened_at = self._opened_at.pop(finding.key, at)
        finding = self._gravest.pop(finding.key, finding)
        self._acknowledged.pop(finding.key, None)
        self._past.insert(0, PastFinding(finding=finding, opened_at=opened_at, closed_at=at, known_until=at))
        del self._past[REMEMBERED:]

    def _known_since(self, finding: Finding) -> float | None:
        """Since when somebody knows of it; what has become graver is news again."""
        found = self._acknowledged.get(finding.key)
        if found is None:
            return None
        if finding.severity.rank > found[1].rank:
            self.unacknowledge(finding)
            return None
        return found[0]

    def _is_silent(self, finding: Finding, at: float) -> bool:
        return any(silence.covers(finding, at) for silence in self._silences)

    def _problems(self) -> Sequence[str]:
        own = [self._store.problem] if self._store is not None and self._store.problem else []
        return [*own, *(problem for source in self._troubles for problem in source())]

    # People's side

    def acknowledge(self, finding: Finding, at: float) -> None:
        """See `nettui.engine.desk.Keeping`, here and below."""
        self._acknowledged[finding.key] = at, finding.severity
        self._said += 1
        self._write(partial(entries.acknowledged, key=finding.key, at=at))

    def unacknowledge(self, finding: Finding) -> None:
        self._acknowledged.pop(finding.key, None)
        self._said += 1
        self._write(partial(entries.acknowledged, key=finding.key, at=None))

    def silence(self, rule: str, subject: str | None, seconds: float | None, at: float) -> Silence:
        fresh = Silence(rule=rule, subject=subject, until=None if seconds is None else at + seconds)
        self._silences = (*self._without(fresh), fresh)
        self._said += 1
        self._write(partial(entries.silence, each=fresh))
        return fresh

    def unsilence(self, silence: Silence) -> None:
        self._silences = self._without(silence)
        self._said += 1
        self._write(partial(entries.unsilence, each=silence))

    def silences(self) -> Sequence[Silence]:
        return self._silences

    async def past(self, limit: int) -> Sequence[PastFinding]:
        """From the file, where that answers in time; else what this session remembers."""
        if self._store is not None:
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[Sequence[PastFinding]] = loop.create_future()
            self._store.do(partial(entries.past, limit=limit), partial(_answered, loop, answer))
            try:
                async with asyncio.timeout(PATIENCE):
                    return await answer
            except TimeoutError:
                pass
        still = [
            PastFinding(finding=finding, opened_at=self._opened_at.get(key, finding.since))
            for key, finding in self._open.items()
        ]
        return [*sorted(still, key=lambda each: -each.opened_at), *self._past][:limit]

    # The file

    def _write(self, operation: Callable[..., object]) -> None:
        if self._store is not None:
            self._store.do(operation)

    def _touch(self, at: float) -> None:
        """Now and then, and whenever the clock was put back."""
        self._began_at = at if self._began_at is None else min(self._began_at, at)
        if self._touched_at is None:
            due = at - self._began_at >= QUIET or bool(self._open)
        else:
            due = not 0 <= at - self._touched_at < TOUCH
        if self._store is not None and due:
            self._sure = self._touched_at is not None and 0 <= at - self._touched_at < PLAUSIBLE
            self._touched_at = at
            touched = partial(entries.touched, open_now=tuple(self._open.values()), at=at, sure=self._sure)
            self._store.do(touched, partial(self._put, self._said))

    def _put(self, said: int, heard: tuple[Mapping[Key, Standing], tuple[Silence, ...]]) -> None:
        """In the store's thread."""
        self._heard = said, *heard

    def _hear(self) -> None:
        """Take over what the file says: what was said before this session, or by another program."""
        heard, self._heard = self._heard, None
        if heard is None:
            return
        said_here, standing, silences = heard
        if not self._answered_once:
            self._answered_once = True
            self._before = {key for key, said in standing.items() if said.opened < (self._began_at or 0.0)}
        if said_here != self._said:
            return
        self._silences = silences
        for key, said in standing.items():
            if key in self._open:
                self._opened_at[key] = said.opened
                if said.acknowledged is None:
                    self._acknowledged.pop(key, None)
                elif key not in self._acknowledged:
                    self._acknowledged[key] = said.acknowledged, self._open[key].severity

    def _without(self, silence: Silence) -> tuple[Silence, ...]:
        """Those of other rules and subjects."""
        return tuple(s for s in self._silences if (s.rule, s.subject) != (silence.rule, silence.subject))


def _answered(
    loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[Sequence[PastFinding]]", found: Sequence[PastFinding]
) -> None:
    """In the store's thread: hand over to the loop, if it still waits."""

    def give() -> None:
        if not answer.done():
            answer.set_result(found)

    if not loop.is_closed():
        loop.call_soon_threadsafe(give)
