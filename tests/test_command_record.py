"""`nettui record`, run as a program: it stops when told, and says what became of the file."""

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nettui.engine.recording import Recording
from tests.lab_support import required_lab
from tests.test_cli import ROOT, run

FAST = ("--interval", "0.2", "--backend", "linux")


def start(path: Path, *words: str, ignoring: int | None = None) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-m", "nettui", "record", str(path), *FAST, *words],
        cwd=ROOT, stderr=subprocess.PIPE, text=True,
        preexec_fn=(lambda: signal.signal(ignoring, signal.SIG_IGN) and None) if ignoring else None,
    )
    deadline = time.monotonic() + 30
    while not (path.exists() and path.read_bytes().count(b"\n") >= 3):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_stops_when_told_and_the_file_is_whole(tmp_path: Path, number: int) -> None:
    path = tmp_path / "r.jsonl"
    process = start(path)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    recording = Recording(path)
    assert (process.returncode, said) == (0, f"{len(recording):,} snapshots in {path}\n")
    assert recording.problem is None and recording.snapshot(len(recording) - 1).links


def test_under_nohup_it_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    process = start(path, ignoring=signal.SIGHUP)
    process.send_signal(signal.SIGHUP)
    lines = path.read_bytes().count(b"\n")
    deadline = time.monotonic() + 30
    while path.read_bytes().count(b"\n") < lines + 2:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.terminate()
    assert process.wait(timeout=30) == 0
    assert process.stderr is not None
    process.stderr.close()


def test_killed_and_begun_again_both_sessions_are_there(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    process = start(path)
    process.kill()
    process.communicate(timeout=30)
    first = len(Recording(path))
    ran = run("record", str(path), *FAST, "--for", "0.5")
    assert ran.returncode == 0
    assert len(Recording(path)) == first + int(ran.stderr.split()[0])


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_for_so_many_seconds_compressed_by_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"r.{suffix}"
    ran = run("record", str(path), *FAST, "--for", "0.5")
    recording = Recording(path)
    assert (ran.returncode, ran.stderr) == (0, f"{len(recording)} snapshots in {path}\n")
    assert recording.problem is None


@pytest.mark.parametrize(
    ("name", "words"),
    [("/dev/full", "No space left on device"), ("/nonexistent/r", "No such file"), ("/", "Is a directory")],
)
def test_a_file_that_cannot_take_it_is_one_sentence(name: str, words: str) -> None:
    ran = run("record", name, *FAST)
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"nettui record: {name}: ") and words in ran.stderr and ran.stderr.count("\n") == 1


def test_a_disk_that_fills_while_it_records(tmp_path: Path) -> None:
    path = tmp_path / "r"
    first = start(path)
    first.terminate()
    first.communicate(timeout=30)
    limit = path.stat().st_size + 1000
    ran = run("record", str(path), *FAST, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert (ran.returncode, ran.stderr) == (1, f"nettui record: {path}: File too large\n")
    assert len(Recording(path)) > 1


def test_a_foreign_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("mine\n")
    ran = run("record", os.fspath(path), *FAST)
    assert ran.returncode == 1 and "nothing was written" in ran.stderr
    assert path.read_text() == "mine\n"


@pytest.mark.lab
def test_with_its_sockets_and_whose_they_are(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"

    def record() -> int:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port: int = server.getsockname()[1]
            client = socket.create_connection(("127.0.0.1", port))
            accepted, _ = server.accept()
            client.close()
            process = start(path, "--sockets")
            deadline = time.monotonic() + 30
            while b'"sockets":[{' not in path.read_bytes():
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.02)
            process.terminate()
            process.communicate(timeout=30)
            accepted.close()
        return port

    with required_lab() as lab:  # of this host's own sockets there may be more than a recording holds
        lab.ip("link set lo up")
        port = lab.call(record)
    recording = Recording(path)
    snapshot = recording.snapshot(len(recording) - 1)
    found = {each.state: each for each in snapshot.sockets or () if each.local_port == port}
    assert set(found) == {"LISTEN", "CLOSE_WAIT"}
    [[mine], [same]] = (each.owners or () for each in found.values())
    assert mine.pid == same.pid and mine.name
    info = found["CLOSE_WAIT"].info
    assert info is not None and info.rtt is not None
    assert snapshot.sockets_total == len(snapshot.sockets or ()) == 3, "the client's end is in FIN_WAIT2"
