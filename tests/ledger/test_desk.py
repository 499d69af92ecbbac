"""The desk: what people say of findings, what becomes of them, and what outlives a session, however that ends."""

import asyncio
import contextlib
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nettui.engine.desk import Keeping
from nettui.ledger.desk import Desk
from nettui.ledger.store import FILE, Store
from nettui.model.event import FindingEvent, PastFinding
from nettui.model.finding import Finding, Severity

AT = 1_700_000_000.0


def found(subject: str = "host", severity: str = "warning", rule: str = "tcp.close-wait", since: float = AT) -> Finding:
    return Finding(id=rule, subject=subject, severity=Severity(severity), title=f"{subject} is {severity}", since=since)


def kept(folder: Path) -> Desk:
    return Desk(Store(lambda: folder))


def past(desk: Desk, limit: int = 100) -> list[PastFinding]:
    return list(asyncio.run(desk.past(limit)))


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_has_the_shape_that_the_engine_and_the_screen_need() -> None:
    assert isinstance(Desk(), Keeping)


def test_news_are_told_once_each() -> None:
    desk, heard = Desk(), list[tuple[str, str]]()
    desk.subscribe(lambda events: heard.extend((event.kind.value, event.finding.subject) for event in events))
    for second, now in enumerate(((), (found(),), (found(),), (found(severity="critical"),), (found(),), (), ())):
        desk.receive(now, AT + second)
    assert heard == [("opened", "host"), ("graver", "host"), ("milder", "host"), ("closed", "host")]


def test_what_is_acknowledged_says_so_until_it_becomes_graver_or_closes() -> None:
    desk = Desk()
    desk.receive((found(),), AT)
    desk.acknowledge(found(), AT + 1)
    assert desk.receive((found(),), AT + 2).findings[0].acknowledged == AT + 1
    assert desk.receive((found(severity="critical"),), AT + 3).findings[0].acknowledged is None
    assert desk.receive((found(),), AT + 4).findings[0].acknowledged is None
    desk.acknowledge(found(), AT + 5)
    desk.receive((), AT + 6)
    assert desk.receive((found(since=AT + 7),), AT + 7).findings[0].acknowledged is None
    desk.acknowledge(found(), AT + 8)
    desk.unacknowledge(found())
    assert desk.receive((found(),), AT + 9).findings[0].acknowledged is None


def test_what_is_silenced_is_neither_shown_nor_told_and_comes_back_by_itself() -> None:
    desk, heard = Desk(), list[str]()
    desk.subscribe(lambda events: heard.extend(f"{event.kind} {event.finding.subject}" for event in events))
    one = desk.silence("tcp.close-wait", "java[7]", 60.0, AT)
    received = desk.receive((found("java[7]"), found("host")), AT + 1)
    assert [f.subject for f in received.findings] == ["host"]
    assert [f.subject for f in received.silenced] == ["java[7]"]
    assert desk.receive((found("java[7]"),), AT + 59).findings == ()
    assert [f.subject for f in desk.receive((found("java[7]"),), AT + 60).findings] == ["java[7]"]
    desk.silence("tcp.close-wait", None, None, AT + 61)
    assert desk.receive((found("java[7]"), found("host")), AT + 1e6).findings == ()
    for silence in desk.silences():
        desk.unsilence(silence)
    assert len(desk.receive((found("java[7]"),), AT + 1e6 + 1).findings) == 1
    assert one.covers(found("java[7]"), AT) and not one.covers(found("host"), AT)
    assert heard == ["opened host", "closed host", "opened java[7]"], "a silence is no end, its end no news of an end"


def test_the_history_is_kept_in_memory_where_there_is_no_file() -> None:
    desk = Desk()
    desk.receive((found("a"), found("b")), AT)
    desk.receive((found("b"),), AT + 10)
    assert [(p.finding.subject, p.opened_at, p.closed_at) for p in past(desk)] == [
        ("b", AT, None), ("a", AT, AT + 10),
    ]


def test_what_is_open_and_what_was_said_outlive_a_session(tmp_path: Path) -> None:
    desk = kept(tmp_path)
    desk.receive((found("a"), found("b")), AT)
    desk.acknowledge(found("a"), AT + 1)
    desk.silence("link.down", None, None, AT + 1)
    desk.receive((found("a"),), AT + 5)
    desk.close()

    again = kept(tmp_path)
    again.receive((), AT + 20)
    again.receive((found("a"),), AT + 60)  # it has been found again
    until(lambda: again._heard is not None)
    received = again.receive((found("a"),), AT + 61)
    assert received.findings[0].acknowledged == AT + 1
    assert [(s.rule, s.until) for s in again.silences()] == [("link.down", None)]
    told = {p.finding.subject: (p.opened_at, p.closed_at) for p in past(again)}
    assert told == {"a": (AT, None), "b": (AT, AT + 5)}
    again.close()


def test_what_does_not_come_back_is_closed_as_it_was_last_known(tmp_path: Path) -> None:
    desk = kept(tmp_path)
    desk.receive((found("a"),), AT)
    desk.receive((found("a"),), AT + 100)
    desk.close()
    again = kept(tmp_path)
    for second in (0, 5, 20):
        again.receive((), AT + 5_000 + second)
    told = past(again)
    assert [(p.opened_at, p.closed_at) for p in told] == [(AT, AT + 100)]
    again.close()


def test_after_a_restart_nothing_is_told_anew(tmp_path: Path) -> None:
    """What was open before, what somebody knew of and what was silenced: told then, or not to be told."""
    desk = kept(tmp_path)
    desk.receive((found("told"), found("known"), found("silent")), AT)
    desk.acknowledge(found("known"), AT + 1)
    desk.silence("tcp.close-wait", "silent", None, AT + 1)
    desk.receive((found("told"), found("known"), found("silent")), AT + 5)
    desk.close()

    again, heard = kept(tmp_path), list[tuple[str, str]]()
    again.subscribe(lambda events: heard.extend((event.kind.value, event.finding.subject) for event in events))
    now = (found("told"), found("known"), found("silent"), found("new", since=AT + 30))
    again.receive(now, AT + 30)
    until(lambda: again._heard is not None)
    received = again.receive(now, AT + 31)
    assert heard == [("opened", "new")]
    assert [f.subject for f in received.silenced] == ["silent"]
    assert {f.subject: f.acknowledged for f in received.findings}["known"] == AT + 1
    again.receive((), AT + 32)
    assert sorted(heard[1:]) == [("closed", "known"), ("closed", "new"), ("closed", "told")]
    again.close()


def test_what_a_locked_file_refused_is_written_when_it_is_free(tmp_path: Path) -> None:
    desk = kept(tmp_path)
    desk.receive((), AT)
    past(desk)
    everything: tuple[Finding, ...] = ()
    with sqlite3.connect(tmp_path / FILE, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        for second in range(3):
            everything = (*everything, found(f"process {second}"))
            desk.receive(everything, AT + 10 + second)
        until(lambda: bool(desk.receive(everything, AT + 14).problems))
        other.execute("ROLLBACK")
    other.close()
    for second in range(20, 140, 20):
        desk.receive(everything, AT + second)
        past(desk)
    assert {p.finding.subject for p in past(desk)} == {"process 0", "process 1", "process 2"}
    assert desk.receive(everything, AT + 150).problems == ()
    desk.close()


def test_what_was_said_while_the_file_was_locked_is_neither_forgotten_nor_overruled(tmp_path: Path) -> None:
    desk = kept(tmp_path)
    desk.receive((found("a"), found("b")), AT)
    past(desk)
    with sqlite3.connect(tmp_path / FILE, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        desk.silence("link.down", None, None, AT + 1)
        desk.acknowledge(found("a"), AT + 2)
        for second in range(3, 90, 16):
            desk.receive((found("a"), found("b")), AT + second)
        until(lambda: bool(desk.receive((found("a"), found("b")), AT + 95).problems))
        assert [s.rule for s in desk.silences()] == ["link.down"]
        other.execute("ROLLBACK")
    other.close()
    for second in range(100, 200, 16):
        desk.receive((found("a"), found("b")), AT + second)
        past(desk)
    assert [s.rule for s in desk.silences()] == ["link.down"]
    with sqlite3.connect(tmp_path / FILE) as reader:
        assert reader.execute("SELECT rule FROM silences").fetchall() == [("link.down",)]
        known = reader.execute("SELECT acknowledged FROM findings WHERE subject = 'a'").fetchall()
    reader.close()
    assert known == [(AT + 2,)]
    desk.close()


def test_nobody_writes_between_what_an_operation_reads_and_what_it_writes(tmp_path: Path) -> None:
    """Else two programs that find the same at the same moment would both note it as new."""
    store, inside, go_on = Store(lambda: tmp_path), threading.Event(), threading.Event()
    done = threading.Event()

    def slow(connection: sqlite3.Connection) -> None:
        inside.set()
        assert go_on.wait(10)

    store.do(slow, lambda _: done.set())
    assert inside.wait(10)
    with contextlib.closing(sqlite3.connect(tmp_path / FILE, timeout=0, isolation_level=None)) as other:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        go_on.set()
        assert done.wait(10)
        other.execute("BEGIN IMMEDIATE")
    store.close()


def test_a_clock_that_jumps_far_ahead_and_back_ends_nothing(tmp_path: Path) -> None:
    desk = kept(tmp_path)
    desk.silence("link.down", None, 86_400.0, AT)
    desk.receive((found("over"), found("open")), AT)
    desk.receive((found("open"),), AT + 16)
    past(desk)
    for at in (AT + 400 * 86_400, AT + 32, AT + 48, AT + 64):
        desk.receive((found("open"),), at)
        past(desk)
    assert {p.finding.subject: p.closed_at for p in past(desk)} == {"over": AT + 16, "open": None}
    assert [s.rule for s in desk.silences()] == ["link.down"]
    desk.close()


def test_the_history_has_the_gravest_form_with_a_file_and_without(tmp_path: Path) -> None:
    for desk in (Desk(), kept(tmp_path)):
        for second, now in enumerate(((found(),), (found(severity="critical"),), (found(),), ())):
            desk.receive(now, AT + second)
        assert [p.finding.severity for p in past(desk)] == [Severity.CRITICAL]
        desk.close()


CHILD = """
import sys, time
from pathlib import Path
from tests.ledger.test_desk import AT, found, kept
desk = kept(Path(sys.argv[1]))
for second in range(200):
    desk.receive(tuple(found(f"process {n}") for n in range(second + 1)), AT + second)
desk._store.do(lambda connection: print("written", flush=True))
for second in range(200, 1_000_000):
    desk.receive(tuple(found(f"process {n}") for n in range(second % 300)), AT + second)
    time.sleep(0.001)
"""


def test_a_killed_process_leaves_what_it_had_written(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE)
    assert child.stdout is not None and child.stdout.readline() == b"written\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    again = kept(tmp_path)
    assert len(past(again, 1_000)) >= 200
    assert again.receive((), AT + 9_999).problems == ()
    again.close()


def test_a_damaged_file_is_set_aside_and_said_to_be(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database, whatever its name" * 100)
    desk = kept(tmp_path)
    desk.receive((found(),), AT)
    assert [p.finding.subject for p in past(desk)] == ["host"]
    (problem,) = desk.receive((found(),), AT + 1).problems
    assert "set aside as findings.damaged1" in problem
    assert (tmp_path / "findings.damaged1").read_bytes().startswith(b"this is no database")
    desk.close()


@pytest.mark.parametrize("kind", ["a file in its place", "another version"])
def test_where_nothing_can_be_kept_it_is_said_and_all_goes_on_in_memory(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "state"
    if kind == "a file in its place":
        folder.write_text("")
    else:
        folder.mkdir()
        with sqlite3.connect(folder / FILE) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
    desk = kept(folder)
    desk.receive((found(),), AT)
    until(lambda: bool(desk.receive((found(),), AT + 1).problems))
    (problem,) = desk.receive((found(),), AT + 2).problems
    assert problem.startswith("Findings are not kept: ")
    desk.acknowledge(found(), AT + 3)
    assert desk.receive((found(),), AT + 4).findings[0].acknowledged == AT + 3
    desk.close()


def full_disk() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


FULL = """
import sys
from pathlib import Path
from tests.ledger.test_desk import AT, found, kept, until
desk = kept(Path(sys.argv[1]))
def grow(n=[0]):
    n[0] += 1
    return bool(desk.receive(tuple(found(f"{n[0]} {i}") for i in range(50)), AT + n[0]).problems)
until(grow)
print(desk.receive((found(),), AT + 1e5).problems[0])
desk.close()
"""


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, timeout=60, preexec_fn=full_disk,
        check=True,
    )
    assert done.stdout.startswith("Findings are not kept: "), done.stderr


def test_quitting_does_not_wait_for_a_file_that_another_program_holds(tmp_path: Path) -> None:
    first = kept(tmp_path)
    first.receive((found(),), AT)
    past(first)
    with sqlite3.connect(tmp_path / FILE, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        for second in range(1, 60):
            first.receive((found(f"{second}"),), AT + second)
        began = time.monotonic()
        first.close()
        took = time.monotonic() - began
        other.execute("ROLLBACK")
    other.close()
    assert took < 5.0, "a moment, not the time that a locked file is waited for"


def test_two_programs_keep_one_history(tmp_path: Path) -> None:
    one, other = kept(tmp_path), kept(tmp_path)
    one.receive((found(),), AT)
    past(one)
    other.receive((found(),), AT + 1)
    assert [p.opened_at for p in past(other)] == [AT]
    one.acknowledge(found(), AT + 2)
    past(one)
    other.receive((found(),), AT + 40)
    past(other)
    assert other.receive((found(),), AT + 41).findings[0].acknowledged == AT + 2
    one.close()
    other.close()


def test_a_clock_that_is_put_back_does_no_harm(tmp_path: Path) -> None:
    desk = kept(tmp_path)
    for at in (AT, AT + 100, AT - 50_000, AT - 49_990, AT + 5):
        desk.receive((found("a"),), at)
    desk.receive((), AT - 60_000)
    (told,) = past(desk)
    assert told.closed_at is not None and told.closed_at >= told.opened_at
    assert desk.receive((), AT).problems == ()
    desk.close()


def test_a_thousand_at_once() -> None:
    desk, heard = Desk(), list[FindingEvent]()
    desk.subscribe(heard.extend)
    many = tuple(found(f"process {n}") for n in range(1_000))
    assert len(desk.receive(many, AT).findings) == 1_000
    desk.receive(many, AT + 1)
    desk.receive((), AT + 2)
    assert [event.kind.value for event in heard] == ["opened"] * 1_000 + ["closed"] * 1_000


def test_there_is_no_thread_before_there_is_something_to_keep(tmp_path: Path) -> None:
    before = {thread.name for thread in threading.enumerate()}
    desk = kept(tmp_path)
    desk.receive((), AT)
    desk.receive((), AT + 1)
    assert {thread.name for thread in threading.enumerate()} == before
    assert not list(tmp_path.iterdir())
    desk.close()
