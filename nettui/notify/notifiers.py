"""All notifiers of a process: each with its own policy and its own thread, so that none can delay another, or us."""

import time
from collections.abc import Callable, Sequence
from threading import Thread
from typing import NamedTuple

from nettui.model.event import FindingEvent
from nettui.model.finding import Finding
from nettui.notify.bell import Bell
from nettui.notify.courier import Courier, Pace
from nettui.notify.message import FOLDED, Message
from nettui.notify.notifier import Notifier, Undelivered
from nettui.notify.policy import Policy, Wishes
from nettui.notify.waiting import OnDisk, Waiting

TRIAL = 40.0
"""Seconds a notifier has for a test message."""


class Post(NamedTuple):
    """One notifier as it is set up."""

    name: str
    notifier: Notifier
    wishes: Wishes = Wishes()
    waiting: Callable[[], Waiting] | None = None
    """Opens the queue on disk; may raise OSError, and then what waits is kept in memory."""
    pace: Pace = Pace()


class Trial(NamedTuple):
    """What became of a test message."""

    name: str
    error: str | None
    """In plain words; None: it arrived."""


class Notifiers:
    """Receives news from the event loop and hands it to the threads; every method but `close` and `test` is cheap."""

    def __init__(self, host: str, posts: Sequence[Post]) -> None:
        self._host = host
        self._posts = posts
        self._remarks: list[str] = []
        self._queues: list[OnDisk] = []
        self._routes = [(Policy(post.wishes), self._courier(post)) for post in posts]

    def tell(self, events: Sequence[FindingEvent]) -> None:
        """The news of one round."""
        for policy, courier in self._routes if events else ():
            self._send(courier, policy.choose(events))

    def tick(self, findings: Sequence[Finding], at: float) -> None:
        """What is open at `at` (Unix time), after `tell` of the same round: reminders are told when they are due."""
        for policy, courier in self._routes:
            self._send(courier, policy.remind(findings, at))
            if isinstance(courier, Courier) and courier.refreshes:
                courier.note_open(self._host, tuple(filter(policy.wishes.want, findings)))

    def problems(self) -> Sequence[str]:
        """One sentence for each notifier that fails or hangs."""
        found = (courier.problem() for _, courier in self._routes)
        return [*self._remarks, *(problem for problem in found if problem is not None)]

    def close(self, timeout: float = 2.0) -> None:
        """Deliver what waits, within so many seconds; afterwards nothing is taken any more."""
        until = time.monotonic() + timeout
        couriers = [courier for _, courier in self._routes if isinstance(courier, Courier)]
        for courier in couriers:
            courier.stop()
        for courier in couriers:
            courier.join(until - time.monotonic())
        for queue in self._queues:
            queue.close()
        self._routes, self._queues = [], []

    def _courier(self, post: Post) -> "Courier | Bell":
        if isinstance(post.notifier, Bell):
            return post.notifier
        waiting = None
        if post.waiting is not None:
            try:
                waiting = post.waiting()
            except BlockingIOError:
                pass  # another nettui of this user has it: ours waits in memory
            except OSError:
                self._remarks.append(f"notifier {post.name}: what waits cannot be kept on disk, only in memory")
            if isinstance(waiting, OnDisk):
                self._queues.append(waiting)
        return Courier(post.name, post.notifier, waiting, post.pace)

    def _send(self, courier: "Courier | Bell", events: Sequence[FindingEvent]) -> None:
        at = time.time()
        if len(events) > FOLDED:
            courier.send(Message(host=self._host, at=at, events=tuple(events)))
            return
        for event in events:
            courier.send(Message(host=self._host, at=at, events=(event,)))


def trials(posts: Sequence[Post], message: Message, timeout: float = TRIAL) -> list[Trial]:
    """Deliver one message by every notifier, all at once and past all policies, and say how it went."""
    found: dict[str, str | None] = {}
    threads = [Thread(target=_try, args=(post, message, found), daemon=True) for post in posts]
    for thread in threads:
        thread.start()
    until = time.monotonic() + timeout
    for thread in threads:
        thread.join(max(until - time.monotonic(), 0))
    hung = f"has not come back within {timeout:g} s"
    return [Trial(post.name, found.get(post.name, hung)) for post in posts]


def _try(post: Post, message: Message, found: dict[str, str | None]) -> None:
    try:
        post.notifier.deliver(message)
    except Undelivered as error:
        found[post.name] = str(error)
    except Exception as error:
        # A fault of ours. What it says may hold a secret, so only its kind is told.
        found[post.name] = f"a fault of its own ({type(error).__name__})"
    else:
        found[post.name] = None
