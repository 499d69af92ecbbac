"""All notifiers together: none delays another or us, what fails is told, many at once are one, the end is quick."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nettui.model.finding import Severity
from nettui.notify import courier
from nettui.notify.bell import Bell
from nettui.notify.courier import Courier, Pace
from nettui.notify.message import Message
from nettui.notify.notifier import Notifier, Undelivered
from nettui.notify.notifiers import Notifiers, Post, trials
from nettui.notify.policy import Wishes
from nettui.notify.waiting import InMemory, OnDisk, Waiting
from tests.notify.making import event, eventually, finding, message

FAST = Pace(first=0.01, most=0.02)


class Basket:
    """Keeps what it is given; hangs while `gate` is shut; fails while `error` is set."""

    def __init__(self) -> None:
        self.got: list[Message] = []
        self.tries = 0
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None

    def deliver(self, message: Message) -> None:
        self.tries += 1
        assert self.gate.wait(60)
        if self.error is not None:
            raise self.error
        self.got.append(message)

    @property
    def subjects(self) -> list[str]:
        return [each.finding.subject for message in self.got for each in message.events]


@pytest.fixture
def good() -> Basket:
    return Basket()


@pytest.fixture
def bad() -> Iterator[Basket]:
    basket = Basket()
    yield basket
    basket.gate.set()


def both(good: Notifier, bad: Notifier, **more: object) -> Notifiers:
    return Notifiers("web1", [Post("bad", bad, pace=FAST), Post("good", good, pace=FAST)])


def test_one_that_hangs_delays_nobody(good: Basket, bad: Basket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "HANGING", 0.2)
    bad.gate.clear()
    notifiers = both(good, bad)
    began = time.monotonic()
    for number in range(5):
        notifiers.tell([event(subject=str(number))])
    told = time.monotonic() - began
    eventually(lambda: len(good.got) == 5)
    eventually(notifiers.problems)
    (problem,) = notifiers.problems()
    assert problem.startswith("notifier bad has not come back since ") and problem.endswith(" (5 wait)")
    began = time.monotonic()
    notifiers.close(0.2)
    assert told < 5 and time.monotonic() - began < 5, "bounded, not by the one that hangs"


def test_one_that_fails_says_so_until_it_works_again(good: Basket, bad: Basket) -> None:
    notifiers = both(good, bad)
    bad.error = Undelivered("the door is\x1b[2J locked")
    notifiers.tell([event(subject="a")])
    eventually(lambda: bad.tries > 2)
    (problem,) = notifiers.problems()
    assert problem.startswith("notifier bad fails since 2")
    assert problem.endswith(": the door is\\x1b[2J locked (1 wait)")
    notifiers.tell([event(subject="b")])
    bad.error = None
    eventually(lambda: bad.subjects == ["a", "b"])
    eventually(lambda: not notifiers.problems())
    notifiers.close()


def test_a_fault_of_ours_is_told_without_what_it_says(good: Basket, bad: Basket) -> None:
    notifiers = both(good, bad)
    bad.error = RuntimeError("Bearer hunter2")
    notifiers.tell([event()])
    eventually(notifiers.problems)
    eventually(lambda: "(1 lost)" in notifiers.problems()[0])
    assert "a fault of its own (RuntimeError)" in notifiers.problems()[0] and "hunter2" not in notifiers.problems()[0]
    bad.error = None
    notifiers.tell([event(subject="next")])
    eventually(lambda: bad.subjects == ["next"])
    notifiers.close()


def test_more_than_ten_at_once_are_one_message(good: Basket, bad: Basket) -> None:
    notifiers = both(good, bad)
    notifiers.tell([event(subject=str(n)) for n in range(10)])
    notifiers.tell([event(subject=str(n)) for n in range(10, 20)] + [event(subject="x", severity=Severity.CRITICAL)])
    eventually(lambda: len(good.got) == 11)
    assert [len(each.events) for each in good.got] == [1] * 10 + [11]
    assert good.got[-1].headline == "web1: 11 at once: 1 critical, 10 warning"
    notifiers.close()


def test_each_has_its_own_wishes_and_reminders(good: Basket, bad: Basket) -> None:
    grave = Wishes(severity=Severity.CRITICAL)
    notifiers = Notifiers("web1", [Post("grave", bad, grave), Post("all", good, Wishes(reminders=1))])
    notifiers.tell([])
    notifiers.tell([event(at=1_000.0), event(subject="db", severity=Severity.CRITICAL)])
    for at in (1_000.0, 15_400.0, 90_000.0):
        notifiers.tick([finding()], at)
    eventually(lambda: len(good.got) == 3 and len(bad.got) == 1)
    assert [each.events[0].kind for each in good.got] == ["opened", "opened", "reminder"]
    assert bad.subjects == ["db"]
    notifiers.close()
    notifiers.tell([event(subject="late")])
    assert notifiers.problems() == []


def test_what_waits_is_delivered_at_the_end(good: Basket, bad: Basket) -> None:
    notifiers = both(good, bad)
    notifiers.tell([event(subject=str(n)) for n in range(9)])
    notifiers.close(20)
    assert len(good.got) == len(bad.got) == 9


def test_too_many_that_wait_lose_the_oldest(bad: Basket) -> None:
    bad.gate.clear()
    carrier = Courier("bad", bad, InMemory(most=3), FAST)
    carrier.send(message(event(subject="first")))
    eventually(lambda: bad.tries)
    for number in range(20):
        carrier.send(message(event(subject=str(number))))
    assert len(carrier) == 3
    bad.gate.set()
    eventually(lambda: not len(carrier))
    assert bad.subjects == ["first", "18", "19"]
    assert carrier.problem() == "notifier bad works (18 lost)"
    carrier.stop()
    carrier.join(5)


def test_a_folder_that_cannot_be_used_is_said_and_done_without(good: Basket, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    def broken() -> Waiting:
        return OnDisk(tmp_path / "file" / "queue")

    notifiers = Notifiers("web1", [Post("good", good, waiting=broken)])
    assert notifiers.problems() == ["notifier good: what waits cannot be kept on disk, only in memory"]
    notifiers.tell([event()])
    eventually(lambda: good.got)
    notifiers.close()


def test_where_no_thread_can_be_started_that_is_said_and_tried_again(
    good: Basket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    notifiers = Notifiers("web1", [Post("good", good, waiting=lambda: OnDisk(tmp_path / "queue"))])
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refused)
        notifiers.tell([event(subject="a")])
        assert notifiers.problems()[0].endswith(": no thread can be started (1 wait)")
    notifiers.tell([event(subject="b")])
    eventually(lambda: good.subjects == ["a", "b"])
    eventually(lambda: not notifiers.problems())
    notifiers.close()
    assert [file.name for file in (tmp_path / "queue").iterdir()] == ["lock"]


def test_the_bell_rings_once_a_message_where_there_is_a_screen() -> None:
    rung: list[str] = []
    notifiers = Notifiers("web1", [Post("bell", Bell(lambda: rung.append(threading.current_thread().name)))])
    notifiers.tell([event(subject=str(n)) for n in range(20)])
    assert rung == [threading.current_thread().name]

    def broken() -> None:
        raise RuntimeError

    for ring in (None, broken):
        quiet = Notifiers("web1", [Post("bell", Bell(ring))])
        quiet.tell([event()])
        assert len(quiet.problems()) == (ring is broken)


def test_trials_go_past_policies_and_wait_for_nobody(good: Basket, bad: Basket) -> None:
    bad.gate.clear()
    broken = Basket()
    broken.error = KeyError("hunter2")
    posts = [Post("bad", bad), Post("good", good, Wishes(severity=Severity.CRITICAL)), Post("broken", broken)]
    found = trials(posts, message(), timeout=0.3)
    assert [tuple(trial) for trial in found] == [
        ("bad", "has not come back within 0.3 s"), ("good", None), ("broken", "a fault of its own (KeyError)"),
    ]  # fmt: skip
