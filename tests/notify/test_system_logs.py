"""Syslog and the journal, against datagram sockets: what arrives, byte for byte, and what is said when nobody reads."""

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from nettui.model.finding import Severity
from nettui.notify import syslog
from nettui.notify.journal import Journal
from nettui.notify.notifier import Undelivered
from nettui.notify.syslog import LONGEST, Syslog
from tests.notify.making import HOSTILE, event, message

RFC5424 = re.compile(
    rb"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([!-~]{1,255}) nettui (\d+) ([!-~]{1,32}) - (.*)", re.S
)


@pytest.fixture
def daemon() -> Iterator[socket.socket]:
    """A datagram socket as /dev/log is; its path is short, as sun_path has to be."""
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(f"{folder}/log")
        receiver.settimeout(10)
        yield receiver


def parts(data: bytes) -> tuple[bytes, ...]:
    found = RFC5424.fullmatch(data)
    assert found is not None, data
    return found.groups()


def test_a_datagram_is_what_rfc_5424_says(daemon: socket.socket) -> None:
    Syslog(daemon.getsockname()).deliver(message(event(severity=Severity.CRITICAL)))
    assert parts(daemon.recv(9000)) == (
        b"26", b"1970-01-01T00:16:40.000000Z", b"web1", str(os.getpid()).encode(), b"tcp.close-wait-leak",
        b"web1: critical (new): java leaves 60 sockets in CLOSE_WAIT: 60 sockets; limit 50;"
        b" the program does not close",
    )  # fmt: skip


def test_priorities_are_facility_and_severity(daemon: socket.socket) -> None:
    sender = Syslog(daemon.getsockname(), facility=16)
    found = []
    for each in (event(), event(severity=Severity.NOTICE), event("closed", severity=Severity.CRITICAL)):
        sender.deliver(message(each))
        found.append(int(parts(daemon.recv(9000))[0]))
    assert found == [16 * 8 + 4, 16 * 8 + 5, 16 * 8 + 6]


def test_over_udp_too() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        Syslog(f"127.0.0.1:{receiver.getsockname()[1]}").deliver(message())
        assert parts(receiver.recv(9000))[2] == b"web1"


def test_many_at_once_are_one_datagram(daemon: socket.socket) -> None:
    Syslog(daemon.getsockname()).deliver(message(*[event(subject=str(n)) for n in range(12)], event("closed")))
    assert parts(daemon.recv(9000))[4:] == (b"many", b"web1: 13 at once: 12 warning, 1 over")
    daemon.setblocking(False)
    with pytest.raises(BlockingIOError):
        daemon.recv(9000)


def test_hostile_text_stays_one_line_of_bounded_length(daemon: socket.socket) -> None:
    Syslog(daemon.getsockname()).deliver(message(event(title=HOSTILE, cause=HOSTILE * 9, id="x y\n" * 30)))
    data = daemon.recv(99_000)
    assert len(data) <= LONGEST
    assert parts(data)[5].decode().isprintable()


def test_nobody_there_is_said(tmp_path: Path) -> None:
    for send in (Syslog(str(tmp_path / "log")), Journal(str(tmp_path / "log"))):
        with pytest.raises(Undelivered, match=r"cannot be reached: no such file or directory$"):
            send.deliver(message())


def test_a_daemon_that_does_not_read_is_said(daemon: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syslog, "SECONDS", 0.05)
    sender = Syslog(daemon.getsockname())
    with pytest.raises(Undelivered, match=r"^the syslog daemon does not read its socket$"):
        for _ in range(10_000):
            sender.deliver(message())


def fields(data: bytes) -> list[tuple[str, bytes]]:
    """The native protocol, as its description has it."""
    found = []
    while data:
        head, _, data = data.partition(b"\n")
        name, mark, value = head.partition(b"=")
        if not mark:
            size = int.from_bytes(data[:8], "little")
            value, data = data[8 : 8 + size], data[9 + size :]
        found.append((name.decode(), value))
    return found


def test_the_journal_gets_every_field(daemon: socket.socket) -> None:
    Journal(daemon.getsockname()).deliver(message(event(value=60.0, threshold=50.0)))
    found = fields(daemon.recv(99_000))
    said = dict(found)
    assert (said["PRIORITY"], said["SYSLOG_IDENTIFIER"], said["NETTUI_VALUE"]) == (b"4", b"nettui", b"60")
    assert said["MESSAGE"] == b"web1: warning (new): java leaves 60 sockets in CLOSE_WAIT"
    assert [value for name, value in found if name == "NETTUI_EVIDENCE"] == [b"60 sockets", b"limit 50"]
    assert "NETTUI_LEFT" not in said, "not known"
    assert re.fullmatch(rb"[0-9a-f]{32}", said["MESSAGE_ID"])


def test_hostile_text_forges_no_field(daemon: socket.socket) -> None:
    Journal(daemon.getsockname()).deliver(message(event(cause="x\nPRIORITY=0\n_UID=0", subject=HOSTILE)))
    found = fields(daemon.recv(99_000))
    assert [value for name, value in found if name == "PRIORITY"] == [b"4"]
    assert ("NETTUI_CAUSE", b"x\nPRIORITY=0\n_UID=0") in found
    assert all(re.fullmatch("[A-Z][A-Z_]*", name) for name, _ in found)


def test_many_are_an_entry_each(daemon: socket.socket) -> None:
    Journal(daemon.getsockname()).deliver(message(event(), event("closed")))
    assert [dict(fields(daemon.recv(99_000)))["NETTUI_EVENT"] for _ in range(2)] == [b"opened", b"closed"]


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="no files in memory here")
def test_what_is_too_large_for_a_datagram_goes_as_a_sealed_file(daemon: socket.socket) -> None:
    import fcntl

    evidence = tuple(f"line {number}" for number in range(60_000))
    Journal(daemon.getsockname()).deliver(message(event(evidence=evidence)))
    data, files, _, _ = socket.recv_fds(daemon, 100, 4)
    assert data == b"" and len(files) == 1
    with os.fdopen(files[0], "rb") as file:
        seals = fcntl.fcntl(file, fcntl.F_GET_SEALS)
        assert seals & fcntl.F_SEAL_WRITE and seals & fcntl.F_SEAL_SHRINK
        file.seek(0)
        assert sum(name == "NETTUI_EVIDENCE" for name, _ in fields(file.read())) == 60_000
