"""The thread of one notifier: takes messages at once, delivers them in order, tries again, and knows what is wrong."""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Thread
from typing import NamedTuple, cast

from nettui.model.finding import Finding
from nettui.notify.message import Message
from nettui.notify.notifier import Notifier, Refreshing, Undelivered
from nettui.notify.waiting import Entry, InMemory, Waiting

HANGING = 30.0
"""Seconds after which a delivery that has not come back is a problem."""


class Pace(NamedTuple):
    """How patiently a message is tried again; seconds."""

    first: float = 1.0
    """Before the second try; doubled with every further one."""
    most: float = 300.0
    """Between two tries."""
    age: float = 86_400.0
    """After which a message is of no use to anybody."""


PATIENT = Pace()


class Courier:
    """Delivers what `send` is given in a daemon thread; nothing but `close` ever waits for it."""

    def __init__(self, name: str, notifier: Notifier, waiting: Waiting | None = None, pace: Pace = PATIENT) -> None:
        self.name, self.notifier = name, notifier
        self._waiting = InMemory() if waiting is None else waiting
        self._pace = pace
        self._wake = Condition()
        self._thread: Thread | None = None
        self._closing = False
        self._refresh_every: float | None = getattr(notifier, "refresh_every", None)
        self._refreshed = time.monotonic()
        self._open: tuple[str, tuple[Finding, ...]] | None = None
        # What is wrong. Written by the thread, read by anyone: each is replaced as a whole.
        self._failing: tuple[float, str] | None = None
        self._trying: tuple[float, float] | None = None
        self._lost = 0
        if len(self._waiting):
            self._start()

    def send(self, message: Message) -> None:
        """Take a message; the oldest that waits is lost where too many do."""
        with self._wake:
            if self._closing:
                return
            self._lost += self._waiting.put(message)
            self._wake.notify()
            self._start()

    @property
    def refreshes(self) -> bool:
        """Whether it wants to know what is open."""
        return self._refresh_every is not None

    def note_open(self, host: str, findings: tuple[Finding, ...]) -> None:
        """What is open now, for a notifier whose receiver has to be told again and again."""
        if self._refresh_every is not None:
            with self._wake:
                self._open = host, findings
                self._start()

    def problem(self) -> str | None:
        """What is wrong with this notifier, in one sentence."""
        failing, trying = self._failing, self._trying
        count = len(self)
        if failing is not None:
            what = f"fails since {_clock(failing[0])}: {failing[1]}"
        elif trying is not None and time.monotonic() - trying[1] > HANGING:
            what = f"has not come back since {_clock(trying[0])}"
        elif self._waiting.trouble:
            what = f"works, but what waits cannot be kept on disk: {self._waiting.trouble}"
        elif self._lost:
            what = "works"
        else:
            return None
        more = [f"{count} wait"] * bool(count) + [f"{self._lost} lost"] * bool(self._lost)
        return f"notifier {self.name} {what}" + (f" ({', '.join(more)})" if more else "")

    def stop(self) -> None:
        """Begin to end: what waits is tried once more, without waits between."""
        with self._wake:
            self._closing = True
            self._wake.notify()

    def join(self, timeout: float) -> None:
        """Wait for the end, at most so many seconds."""
        if self._thread is not None:
            self._thread.join(max(timeout, 0))

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._waiting)

    def _start(self) -> None:
        if self._thread is None:
            thread = Thread(target=self._run, name=f"notify-{self.name}", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # as many as the system allows; the next message tries again
                self._fail("no thread can be started")
            else:
                self._thread = thread

    def _run(self) -> None:
        tries = 0
        while True:
            entry = self._waiting.first()
            if entry is None:
                if self._closing:
                    return
                self._rest(self._until_refresh())
                self._refresh()
                continue
            after = self._try(entry, tries)
            if after is None:
                tries = 0
            elif self._closing:
                return
            else:
                tries += 1
                self._pause(after)

    def _try(self, entry: Entry, tries: int) -> float | None:
        """Deliver it; returns the seconds to wait before it is tried again, None if it is done with."""
        try:
            self._guarded(lambda: self.notifier.deliver(entry.message))
        except Undelivered as error:
            old = time.time() - entry.message.at > self._pace.age
            if error.again and not old:
                wait = min(self._pace.first * 2.0 ** min(tries, 30), self._pace.most) * random.uniform(0.5, 1.0)
                return max(wait, error.after or 0.0)
            self._lost += 1
        self._waiting.done(entry)
        return None

    def _refresh(self) -> None:
        if self._until_refresh() != 0:
            return
        self._refreshed = time.monotonic()
        if self._open is not None:
            host, findings = self._open
            with suppress(Undelivered):  # noted; the next one comes soon enough
                self._guarded(lambda: cast(Refreshing, self.notifier).refresh(host, findings))

    def _until_refresh(self) -> float | None:
        if self._refresh_every is None:
            return None
        return max(self._refreshed + self._refresh_every - time.monotonic(), 0)

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do it, and note how it went; whatever goes wrong is Undelivered afterwards."""
        self._trying = time.time(), time.monotonic()
        try:
            work()
        except Undelivered as error:
            self._fail(str(error))
            raise
        except Exception as error:
            # A fault of ours. What it says may hold a secret, so only its kind is told.
            self._fail(f"a fault of its own ({type(error).__name__})")
            raise Undelivered("a fault of its own", again=False) from None
        else:
            self._failing = None
        finally:
            self._trying = None

    def _fail(self, what: str) -> None:
        since = time.time() if self._failing is None else self._failing[0]
        self._failing = since, what

    def _rest(self, seconds: float | None) -> None:
        """Wait for a message or the end, at most so long."""
        with self._wake:
            self._wake.wait_for(lambda: self._closing or len(self._waiting) > 0, seconds)

    def _pause(self, seconds: float) -> None:
        """Wait before the next try, or for the end."""
        with self._wake:
            self._wake.wait_for(lambda: self._closing, seconds)


def _clock(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
