"""A single reading without an event loop."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from nettui.engine import reading as reading_module
from nettui.engine.reading import FEW, Reading, are_few
from nettui.model.tcp import TcpCounts, TcpState
from nettui.model.turns import finish
from tests.collectors.fake import FakeHost


def test_what_fails_leaves_the_others_alone_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    host = FakeHost()

    async def refused() -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(host, "routes", lambda limit: refused())
    reading = Reading(host, "a\x1bb", ("links", "routes", "tcp"))
    snapshot = finish(reading.read())
    assert snapshot.links and snapshot.tcp and snapshot.routes is None and snapshot.counters is None
    assert [(error.collector, error.message) for error in snapshot.errors] == [("routes", "Operation not permitted")]
    assert snapshot.host == "a\\x1bb"
    later = finish(reading.read("tcp"))
    assert later.links is snapshot.links and later.taken_at >= snapshot.taken_at


def test_what_hangs_is_interrupted_and_the_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    host = FakeHost()

    async def hangs() -> None:
        time.sleep(60)

    monkeypatch.setattr(host, "links", hangs)
    monkeypatch.setattr(reading_module, "LIMIT", 0.2)
    before = signal.getsignal(signal.SIGALRM)
    snapshot = finish(Reading(host, "host", ("links", "tcp")).read())
    assert snapshot.links is None and snapshot.tcp
    assert [(error.collector, error.message) for error in snapshot.errors] == [("links", "no answer in 0.2 s")]
    assert signal.getsignal(signal.SIGALRM) == before and signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_a_few_sockets_are_looked_at_one_by_one_and_many_are_not() -> None:
    def counts(number: int) -> TcpCounts:
        return TcpCounts.of({TcpState.ESTABLISHED: number}, "sock_diag")

    assert are_few(None) and are_few(counts(FEW)) and not are_few(counts(FEW + 1))


def test_neither_reading_nor_its_parts_load_the_event_loop() -> None:
    code = (
        "import sys\n"
        "from nettui.collectors.backend import open_backend\n"
        "from nettui.engine.reading import Reading\n"
        "from nettui.model.turns import finish\n"
        "names = ('links', 'counters', 'addresses', 'routes', 'rules', 'neighbours', 'tcp', 'resolvers')\n"
        "snapshot = finish(Reading(open_backend('linux', brief=True), 'host', names).read())\n"
        "print(snapshot.links is not None, snapshot.tcp is not None, snapshot.errors, 'asyncio' in sys.modules)\n"
    )
    root = Path(__file__).parent.parent.parent
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == "True True () False\n"


def test_what_was_begun_is_taken_by_the_next_reading_and_read_anew_by_the_one_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host, asked = FakeHost(), []
    counts = host.tcp

    async def counted() -> TcpCounts:
        asked.append(threading.current_thread() is threading.main_thread())
        return await counts()

    monkeypatch.setattr(host, "tcp", counted)
    reading = Reading(host, "host")
    reading.begin("tcp")
    reading.narrow(("links", "tcp"))
    snapshot = finish(reading.read())
    assert snapshot.tcp and snapshot.links and snapshot.routes is None and asked == [False]
    assert finish(reading.read("tcp")).tcp and asked == [False, True]


def test_what_was_begun_and_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    host, over = FakeHost(), threading.Event()

    async def hangs() -> None:
        over.wait(60)

    monkeypatch.setattr(host, "tcp", hangs)
    monkeypatch.setattr(reading_module, "LIMIT", 0.2)
    reading = Reading(host, "host", ("links", "tcp"))
    reading.begin("tcp")
    try:
        snapshot = finish(reading.read())
    finally:
        over.set()
    assert snapshot.links and snapshot.tcp is None
    assert [(error.collector, error.message) for error in snapshot.errors] == [("tcp", "no answer in 0.2 s")]


def test_what_was_begun_and_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    host = FakeHost()

    async def refused() -> TcpCounts:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(host, "tcp", refused)
    monkeypatch.setattr("nettui.portable.tcp.counts", refused)
    reading = Reading(host, "host", ("tcp",))
    reading.begin("tcp")
    (error,) = finish(reading.read()).errors
    assert error.collector == "tcp" and "not permitted" in error.message
