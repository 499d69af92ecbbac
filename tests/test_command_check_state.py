"""`nettui check --state FILE`, as cron runs it: the trend from run to run; files that are not ours."""

import fcntl
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nettui.engine.check_state import KEPT
from nettui.engine.recording import Recording
from tests.crowd import crowd
from tests.lab_support import Lab, required_lab
from tests.test_cli import run
from tests.test_command_check import check, document

MINUTE = 60.0


@pytest.fixture
def lab() -> Iterator[Lab]:
    with required_lab() as made:
        yield made


def older(path: Path, seconds: float) -> None:
    """Let time pass: everything that was kept happened so much earlier."""

    def shifted(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: shifted(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [shifted(each) for each in value]
        return value - seconds if name == "at" or (name.endswith("_at") and value is not None) else value

    lines = [json.dumps(shifted(json.loads(line))) for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.lab
def test_a_leak_shows_after_some_runs_however_few_the_sockets_are(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "state"
    told: list[set[str]] = []
    with crowd(lab) as held:
        for _ in range(30):
            ran = check(lab, "--state", str(path), "--json")
            told.append({finding["id"] for finding in document(ran)["findings"]})
            assert ran.returncode == (1 if told[-1] else 0)
            held.grow(1)
            older(path, MINUTE)
            if told[-1]:
                break
    assert told[-1] == {"tcp.close-wait-leak"} and len(told) >= 24, told
    assert not any(told[:-1])


@pytest.mark.lab
def test_a_crowd_that_stays_is_no_leak(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "state"
    with crowd(lab, 30):
        for _ in range(28):
            assert check(lab, "--state", str(path)).returncode == 0
            older(path, MINUTE)


@pytest.mark.lab
def test_the_first_run_already_tells_a_count_beyond_its_threshold_and_later_it_has_lasted(
    lab: Lab, tmp_path: Path
) -> None:
    path = tmp_path / "state"
    with crowd(lab, 120):
        seen = []
        for _ in range(5):
            [finding] = document(check(lab, "--state", str(path), "--json"))["findings"]
            seen.append((finding["id"], any("single reading" in line for line in finding["evidence"])))
            older(path, MINUTE)
    assert seen[0] == ("tcp.close-wait", True) and seen[-1] == ("tcp.close-wait", False)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["state"], "nothing is left beside it"


def test_it_is_bounded_and_can_be_replayed(tmp_path: Path) -> None:
    path = tmp_path / "state"
    words = ("check", "--state", str(path), "--rule", "link.down")
    assert run(*words).returncode == 0
    older(path, 600.0)
    head, first = path.read_bytes().splitlines()
    taken_at = json.loads(first)["taken_at"]
    many = [first, *(json.dumps({"taken_at": taken_at + n}).encode() for n in range(1, 3 * KEPT))]
    path.write_bytes(b"\n".join([head, *many]) + b"\n")
    assert run(*words).returncode == 0
    recording = Recording(path)
    assert recording.problem is None and len(recording) == KEPT
    assert recording.snapshot(KEPT - 1).links and recording.times == sorted(recording.times)


def test_a_clock_that_was_put_back_forgets_what_is_yet_to_come(tmp_path: Path) -> None:
    path = tmp_path / "state"
    words = ("check", "--state", str(path), "--rule", "link.down")
    assert run(*words).returncode == 0
    older(path, -3600.0)
    assert run(*words).returncode == 0
    recording = Recording(path)
    assert len(recording) == 1 and recording.times[0] <= time.time()


FOREIGN = {
    "notes": b"mine\n",
    "a recording": b'{"schema":"nettui.recording/1"}\n{"whole":true,"taken_at":1.0}\n',
    "json": b"{}\n",
    "binary": bytes(range(256)),
    "deep": b"[" * 100_000,
    "cut off": b'{"schema":"nettui.recording/1","state":"nettui.check/1"}\n{"whole":true,"tak',
    "damaged": b'{"schema":"nettui.recording/1","state":"nettui.check/1"}\n{"whole":true,"taken_at":"\x1b[2J"}\n',
    "nonsense": b'{"schema":"nettui.recording/1","state":"nettui.check/1"}\n{"whole":true,"taken_at":1.0,"routes":'
                b'[{"family":"inet","table":254,"destination":"no address","prefixlen":24}]}\n',
    "timeless": b'{"schema":"nettui.recording/1","state":"nettui.check/1"}\n{"whole":true}\n',
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_not_ours_or_damaged_is_left_alone(name: str, tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(FOREIGN[name])
    ran = run("check", "--state", str(path))
    assert (ran.returncode, ran.stderr) == (3, "")
    assert ran.stdout.startswith(f"NETTUI UNKNOWN - {path}: ")
    assert ran.stdout.count("\n") == 1 and "\x1b" not in ran.stdout
    assert path.read_bytes() == FOREIGN[name] and len(list(tmp_path.iterdir())) == 1


def test_an_empty_file_is_one_of_a_run_that_was_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.touch()
    assert run("check", "--state", str(path)).returncode != 3
    assert len(Recording(path)) == 1


def test_links_pipes_and_folders_are_refused(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("")
    link, hard, fifo = (tmp_path / name for name in ("link", "hard", "fifo"))
    link.symlink_to(target)
    os.link(target, hard)
    os.mkfifo(fifo)
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "nowhere")
    words = {link: "symbolic link", dangling: "symbolic link", hard: "hard link", fifo: "not a regular file",
             tmp_path: "directory", tmp_path / "no" / "such": "No such file"}  # fmt: skip
    for path, why in words.items():
        ran = run("check", "--state", str(path))
        assert ran.returncode == 3 and why in ran.stdout and ran.stdout.count("\n") == 1, ran.stdout
    assert target.read_text() == "" and not (tmp_path / "nowhere").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.touch()
    os.chown(path, 65534, 65534)
    ran = run("check", "--state", str(path))
    assert ran.returncode == 3 and "belongs to another user (uid 65534)" in ran.stdout and path.stat().st_size == 0


def test_runs_at_the_same_time_wait_for_each_other_and_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "state"
    argv = [sys.executable, "-m", "nettui", "check", "--state", str(path), "--rule", "link.down"]
    environment = {**os.environ, "NETTUI_CONFIG": os.devnull}
    root = Path(__file__).parent.parent
    started = [subprocess.Popen(argv, cwd=root, env=environment, stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [process.wait(60) for process in started] == [0] * 4
    assert len(Recording(path)) == 4


def test_one_that_never_ends_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with path.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ran = run("check", "--state", str(path))
    assert (ran.returncode, ran.stdout) == (3, f"NETTUI UNKNOWN - {path}: another run is using it\n")


def test_a_disk_that_is_full_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "state"
    assert run("check", "--state", str(path)).returncode != 3
    before = path.read_bytes()
    limit = len(before) // 2
    ran = run("check", "--state", str(path),
              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))  # fmt: skip
    assert (ran.returncode, ran.stdout) == (3, f"NETTUI UNKNOWN - {path}: File too large\n")
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1
