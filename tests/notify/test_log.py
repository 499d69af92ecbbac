"""The log file: lines, rotation, several processes, and disks that take no more."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nettui.notify.log import Log
from nettui.notify.notifier import Undelivered
from tests.notify.making import HOSTILE, event, message

ROOT = Path(__file__).parents[2]


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_an_event_is_a_line_with_every_field(tmp_path: Path) -> None:
    path = tmp_path / "new" / "findings.jsonl"
    Log(path).deliver(message(event(title=HOSTILE.replace("\udcff", "")), event("closed")))
    first, second = lines(path)
    assert (first["kind"], second["kind"], first["host"], first["time"]) == (
        "opened", "closed", "web1", "1970-01-01T00:16:40Z",
    )  # fmt: skip
    found = first["finding"]
    assert isinstance(found, dict) and found["evidence"] == ["60 sockets", "limit 50"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_rotated_by_size_and_so_many_old_files_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = Log(path, size=1_000, keep=2)
    for number in range(20):
        log.deliver(message(event(subject=f"n{number}")))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["log", "log.1", "log.2"]
    assert all(file.stat().st_size <= 1_000 for file in tmp_path.iterdir())
    kept = [line["finding"]["subject"] for name in ("log.2", "log.1", "log") for line in lines(tmp_path / name)]  # type: ignore[index]
    assert kept == [f"n{number}" for number in range(20 - len(kept), 20)], "the newest, without a gap"


def test_none_kept_means_none(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", size=1_000, keep=0)
    for _ in range(9):
        log.deliver(message())
    assert [file.name for file in tmp_path.iterdir()] == ["log"]


WRITER = """
import sys
from pathlib import Path
from nettui.notify.log import Log
from tests.notify.making import event, message
log = Log(Path(sys.argv[1]), size=3_000, keep=99)
print("ready", flush=True)
sys.stdin.readline()
for number in range(100):
    log.deliver(message(event(subject=f"{sys.argv[2]}-{number}")))
"""


def test_several_processes_lose_and_mix_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, path, str(n)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for n in range(3)
    ]
    for writer in writers:
        assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    found = [line["finding"]["subject"] for file in tmp_path.iterdir() for line in lines(file)]  # type: ignore[index]
    assert sorted(found) == sorted(f"{n}-{number}" for n in range(3) for number in range(100))
    assert len(list(tmp_path.iterdir())) > 20, "it was rotated meanwhile"


LIMITED = """
import resource, sys
from pathlib import Path
from nettui.notify.log import Log
from nettui.notify.notifier import Undelivered
from tests.notify.making import message
resource.setrlimit(resource.RLIMIT_FSIZE, (1_500, 1_500))
log = Log(Path(sys.argv[1]))
for _ in range(9):
    try:
        log.deliver(message())
    except Undelivered as error:
        print(error)
"""


def test_a_file_that_may_not_grow_keeps_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, path], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert set(ran.stdout.splitlines()) == {"the log file could not be written: file too large"}
    assert lines(path) and path.read_bytes().endswith(b"\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_said() -> None:
    with pytest.raises(Undelivered, match=r"^the log file could not be written: no space left on device$") as caught:
        Log(Path("/dev/full")).deliver(message())
    assert caught.value.again


def test_a_path_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    with pytest.raises(Undelivered, match=r"^the log file could not be opened: is a directory$"):
        Log(tmp_path).deliver(message())
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(Undelivered, match="could not be opened"):
        Log(tmp_path / "fifo").deliver(message())
