"""`nettui record` and `nettui --replay`: what was recorded is what is shown, whatever became of the file."""

import re
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Start
from tests.end_to_end.host import facts
from tests.end_to_end.terminal import PATIENCE, environment, nettui

pytestmark = pytest.mark.terminal


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some seconds of this host, in each of the formats: host.jsonl, host.jsonl.gz."""
    home = tmp_path_factory.mktemp("recording")
    command = nettui("record", "--for", "2", "--interval", "0.2")
    recorders = [
        subprocess.Popen([*command, name], cwd=home, env=environment(home), stderr=subprocess.PIPE, text=True)
        for name in ("host.jsonl", "host.jsonl.gz")
    ]
    for recorder in recorders:
        said = recorder.communicate(timeout=60)[1]
        assert recorder.returncode == 0, said
        assert "snapshots in host.jsonl" in said
    assert len((home / "host.jsonl").read_bytes().splitlines()) > 5
    return home


@pytest.fixture
def recording(folder: Path) -> Path:
    return folder / "host.jsonl"


def position(text: str) -> int:
    """Which snapshot is on show, from the headline's `3/15`."""
    words = text.split("\n")[0].split()
    return next((int(word.partition("/")[0]) for word in words if word.replace("/", "").isdigit() and "/" in word), 0)


def test_a_replay_shows_the_recorded_host_and_takes_its_keys(start: Start, recording: Path) -> None:
    terminal = start("--replay", str(recording), live=False)
    terminal.until("replay")
    for fact in facts():
        terminal.until(fact)
    terminal.until("end of replay")
    assert "live" not in terminal.lines[0]
    last = position(terminal.text)
    terminal.type(",")
    terminal.until(lambda text: position(text) == last - 1)
    terminal.type(",")
    terminal.until(lambda text: position(text) == last - 2 and "replay held" in text)
    terminal.type(".")
    terminal.until(lambda text: position(text) == last - 1)
    terminal.type("[")
    terminal.until(lambda text: position(text) == 1)
    terminal.type("<", "<")
    terminal.until("0.25x")
    terminal.type(">", ">", ">", ">", ">")
    terminal.until("10x")
    terminal.type("Space")
    terminal.until(lambda text: position(text) > 2)
    terminal.until("end of replay")
    terminal.type("]")
    terminal.until(lambda text: position(text) == last)
    terminal.type("+")
    terminal.until("interval it was made with")
    terminal.type("2")
    terminal.until("ADDRESS")
    terminal.type("q")
    assert terminal.end() == 0


def test_the_keys_of_a_recording_are_no_keys_of_the_live_host(start: Start) -> None:
    terminal = start()
    terminal.type("[", "]", ",", ".", "<", ">")
    terminal.settle()
    assert terminal.lines[0].endswith("live")


@pytest.mark.parametrize(
    ("number", "name"),
    [(signal.SIGINT, "host.jsonl"), (signal.SIGTERM, "host.jsonl.gz"), (signal.SIGHUP, "host.jsonl.zst")],
)
def test_a_recording_ended_by_a_signal_is_whole(tmp_path: Path, start: Start, name: str, number: int) -> None:
    file = tmp_path / name
    # Whoever runs the tests may ignore SIGHUP (nohup does), and so would the recorder, as it should.
    command = ["env", "--default-signal", *nettui("record", name, "--interval", "0.2")]
    recorder = subprocess.Popen(command, cwd=tmp_path, env=environment(tmp_path), stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + PATIENCE
        while (not file.exists() or file.stat().st_size < 500) and time.monotonic() < deadline:
            time.sleep(0.02)
        recorder.send_signal(number)
        said = recorder.communicate(timeout=PATIENCE)[1]
    finally:
        recorder.kill()
        recorder.wait()
    assert recorder.returncode == 0, said
    assert f"snapshots in {name}" in said
    terminal = start("--replay", name, live=False)
    terminal.until("replay")
    for fact in facts():
        terminal.until(fact)
    assert f"{name}: line" not in terminal.settle(), "no word of damage"


@pytest.mark.parametrize("name", ["host.jsonl", "host.jsonl.gz"])
def test_of_a_damaged_recording_the_rest_is_shown(start: Start, folder: Path, tmp_path: Path, name: str) -> None:
    """The last line is cut in its middle, or what follows the last flush (RFC 1951, 3.2.4) is no deflate block."""
    data = (folder / name).read_bytes()
    cut = data[:-40] if name.endswith(".jsonl") else data[: data.rindex(b"\0\0\xff\xff") + 4] + b"\xff" * 99
    (tmp_path / name).write_bytes(cut)
    terminal = start("--replay", name, live=False, size=(160, 40))
    terminal.until(re.compile(rf"{name}: line \d+"))
    for fact in facts():
        terminal.until(fact)


FOREIGN = {
    "empty": b"",
    "script": b"#!/bin/sh\necho hello\n",
    "gzip": b"\x1f\x8b\x08 not gzip",
    "binary": bytes(range(256)) * 40,
    "other": b'{"schema": "other/1"}\n',
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_file_is_refused_in_one_sentence(start: Start, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "foreign").write_bytes(content)
    terminal = start("--replay", "foreign", live=False)
    assert terminal.end() == 1
    said = terminal.text.strip()
    assert said.startswith("nettui: foreign: ")
    assert "\n" not in said
    assert b"\x1b" not in terminal.raw
    if content:
        command = nettui("record", "foreign", "--for", "1")
        done = subprocess.run(
            command, env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert (tmp_path / "foreign").read_bytes() == content, "nothing of the user's is written over"


def test_a_missing_file(start: Start) -> None:
    terminal = start("--replay", "nowhere.jsonl", live=False)
    assert terminal.end() == 1
    assert "nettui: nowhere.jsonl: No such file" in terminal.text


@pytest.mark.parametrize("name", ["host.jsonl", "host.jsonl.gz"])
def test_a_disk_that_fills_up_ends_a_recording_with_a_sentence(
    tmp_path: Path, folder: Path, start: Start, name: str
) -> None:
    """A limit on the file's size stands for the disk: a write fails in its middle, and what was there stays."""
    file = tmp_path / name
    file.write_bytes((folder / name).read_bytes())
    room = file.stat().st_size + 300

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    done = subprocess.run(
        nettui("record", name, "--interval", "0.2"), env=environment(tmp_path), cwd=tmp_path, capture_output=True,
        text=True, timeout=60, check=False, preexec_fn=limit,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == f"nettui record: {name}: File too large\n"
    assert file.stat().st_size == room
    terminal = start("--replay", name, live=False)
    terminal.until("replay")
    for fact in facts():
        terminal.until(fact)


def test_a_device_that_takes_nothing(tmp_path: Path) -> None:
    command = nettui("record", "/dev/full")
    done = subprocess.run(
        command, env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (1, "nettui record: /dev/full: No space left on device\n")
