"""Descriptors and limits of processes: against ls, prlimit(1) and psutil; made-up trees for what is not to be had."""

import asyncio
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from nettui.linux import descriptors
from nettui.linux.descriptors import KEPT, MOST, DescriptorWatch
from nettui.linux.units import unit_of_process
from nettui.model.watched import Processes, ProcessUse
from tests.linux.test_owners import as_nobody

Start = Callable[[int, int], "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a process with so many more descriptors and such a limit; each byte sent to it makes one more."""
    with ExitStack() as stack:

        def started(descriptors: int, limit: int) -> "subprocess.Popen[bytes]":
            code = (
                "import os, resource, sys;"
                f"held = [os.dup(0) for _ in range({descriptors})];"
                f"resource.setrlimit(resource.RLIMIT_NOFILE, ({limit}, 4000));"
                "print(flush=True)\nwhile os.read(0, 1): held.append(os.dup(0)); print(flush=True)"
            )
            running = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert running.stdin and running.stdout
            running.stdout.readline()
            stack.callback(running.stdout.close)
            stack.callback(running.wait, timeout=30)
            stack.callback(running.stdin.close)
            return running

        yield started


def sweep(watch: DescriptorWatch) -> Processes:
    return asyncio.run(watch.read())


def use_of(found: Processes, pid: int) -> ProcessUse:
    return next(use for use in found.used if use.pid == pid)


def listed(pid: int) -> int:
    return len(subprocess.run(["ls", f"/proc/{pid}/fd"], capture_output=True, check=True).stdout.split())


def limit_of(pid: int) -> int:
    command = ["prlimit", "--pid", str(pid), "--nofile", "--raw", "--noheadings", "--output", "SOFT"]
    return int(subprocess.run(command, capture_output=True, check=True).stdout)


class Proc:
    """A /proc in a directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "self/fd/0").mkdir(parents=True)

    def add(self, pid: int, count: int, name: bytes = b"daemon", limit: int | str = 100) -> None:
        """A process with so many descriptors."""
        directory = self.root / str(pid)
        (directory / "fd").mkdir(parents=True)
        for number in range(count):
            (directory / "fd" / str(number)).touch()
        (directory / "stat").write_bytes(b"%d (%s) S 1" % (pid, name) + b" 0" * 17 + b" 100 0 0\n")
        (directory / "status").write_bytes(b"Uid:\t0\t0\t0\t0\n")
        (directory / "cgroup").write_bytes(b"0::/\n")
        self.limit(pid, limit)

    def limit(self, pid: int, limit: int | str) -> None:
        text = f"Limit  Soft Limit  Hard Limit  Units\nMax open files  {limit}  4096  files\n"
        (self.root / str(pid) / "limits").write_text(text)


@pytest.fixture(params=["sizes", "lists"])
def proc(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Proc:
    """An empty one, whose directories of descriptors are as large as on Linux 6.2, or of no size as before."""
    real = os.stat

    def sized(path: str, *, dir_fd: int | None = None) -> os.stat_result:
        fields = list(real(path, dir_fd=dir_fd))
        if path.endswith("fd"):
            count = sum(1 for _ in (tmp_path / path).iterdir()) if path != "fd" else 0
            fields[stat.ST_SIZE] = count if request.param == "sizes" else 0
        return os.stat_result(fields)

    monkeypatch.setattr(descriptors.os, "stat", sized)
    return Proc(tmp_path)


def test_it_says_what_ls_and_prlimit_say(start: Start) -> None:
    other = start(200, 256)
    found, truth = use_of(sweep(DescriptorWatch()), other.pid), psutil.Process(other.pid)
    assert (found.descriptors, found.limit) == (listed(other.pid), limit_of(other.pid))
    assert found.descriptors > 200 and found.limit == 256
    assert (found.name, found.uid, found.unit) == (truth.name(), truth.uids().effective, unit_of_process(other.pid))
    assert found.started_at and abs(found.started_at - truth.create_time()) < 2


def test_the_largest_shares_come_first(start: Start) -> None:
    pids = [start(count, 300).pid for count in (250, 290, 270)]
    found = sweep(DescriptorWatch())
    places = [[use.pid for use in found.used].index(pid) for pid in pids]
    assert places[1] < places[2] < places[0]
    shares = [use.descriptors / use.limit for use in found.used]
    assert shares == sorted(shares, reverse=True) and len(shares) <= MOST


def test_everything_there_is_was_seen() -> None:
    before = set(psutil.pids())
    found = sweep(DescriptorWatch())
    assert found.seen + found.hidden >= len(before.intersection(psutil.pids()))
    assert not found.unlisted
    if os.geteuid() == 0:
        assert not found.hidden


def test_a_changed_limit_is_noticed_at_once_where_it_is_told(start: Start) -> None:
    other = start(200, 256)
    watch = DescriptorWatch()
    assert use_of(sweep(watch), other.pid).limit == 256
    resource.prlimit(other.pid, resource.RLIMIT_NOFILE, (1000, 4000))
    assert use_of(sweep(watch), other.pid).limit == limit_of(other.pid) == 1000


def test_a_limit_is_remembered_for_a_while(proc: Proc) -> None:
    now = [1000.0]
    watch = DescriptorWatch(proc.root, lambda: now[0])
    for pid in range(1, MOST + 2):
        proc.add(pid, 50, limit=100)
    proc.add(77, 5, limit=100)
    assert sweep(watch).used[-1].descriptors == 50
    proc.limit(77, 6)
    assert all(use.pid != 77 for use in sweep(watch).used), "it is remembered"
    now[0] += KEPT
    assert use_of(sweep(watch), 77).limit == 6


def test_the_next_process_of_the_same_number_is_another(proc: Proc) -> None:
    watch = DescriptorWatch(proc.root)
    proc.add(1, 1)
    proc.add(9, 50, name=b"first", limit=100)
    assert use_of(sweep(watch), 9).name == "first"
    (proc.root / "9").rename(proc.root / "keeps-the-inode")
    proc.add(9, 60, name=b"second", limit=200)
    found = use_of(sweep(watch), 9)
    assert (found.name, found.descriptors, found.limit) == ("second", 60, 200)


def test_a_descriptor_more_is_seen_by_the_next_sweep(start: Start) -> None:
    other = start(200, 256)
    watch = DescriptorWatch()
    before = use_of(sweep(watch), other.pid).descriptors
    assert other.stdin and other.stdout
    for more in range(1, 4):
        other.stdin.write(b"x")
        other.stdin.flush()
        other.stdout.readline()
        assert use_of(sweep(watch), other.pid).descriptors == listed(other.pid) == before + more


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to hide from others")
def test_what_may_not_be_seen_is_hidden_and_no_error(start: Start) -> None:
    pid = start(200, 256).pid
    found = as_nobody(lambda: sweep(DescriptorWatch()))
    if Path("/proc/self/fd").stat().st_size:  # since Linux 6.2 everybody may know how many
        assert use_of(found, pid).descriptors == listed(pid)
    else:
        assert found.hidden > 0


def test_who_has_no_limit_or_one_of_nothing_is_left_out(proc: Proc) -> None:
    proc.add(1, 3, limit=10)
    proc.add(2, 3, limit="unlimited")
    proc.add(3, 3, limit=0)
    proc.add(4, 3, limit="\x1b[2J")
    found = sweep(DescriptorWatch(proc.root))
    assert ([use.pid for use in found.used], found.seen, found.hidden) == ([1], 4, 0)


def test_what_vanishes_or_makes_no_sense_is_left_out(proc: Proc) -> None:
    proc.add(1, 3)
    proc.add(2, 3, name=b"a) R 1 (\x1b]0;owned\x07\xff")
    proc.add(3, 3)
    (proc.root / "3/limits").unlink()
    (proc.root / "4").mkdir()
    proc.add(5, 3)
    (proc.root / "5/stat").write_bytes(b"\0\0 nonsense")
    (proc.root / "12x").mkdir()
    proc.add(6, 2)
    (proc.root / "6/cgroup").unlink()  # a kernel without them
    found = sweep(DescriptorWatch(proc.root))
    assert [use.pid for use in found.used] == [1, 2, 6]
    assert found.used[1].name == r"a) R 1 (\x1b]0;owned\x07\xff"


def test_without_any_process_it_is_no_proc(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "none"):
        with pytest.raises(FileNotFoundError, match=str(root)):
            sweep(DescriptorWatch(root))


def test_many_descriptors_are_counted_to_the_last(proc: Proc) -> None:
    proc.add(9, 700, limit=1000)
    assert use_of(sweep(DescriptorWatch(proc.root)), 9).descriptors == 700


def test_others_that_are_not_even_listed_are_said_to_be(proc: Proc) -> None:
    proc.add(4711, 3)
    assert sweep(DescriptorWatch(proc.root)).unlisted
    proc.add(1, 3)
    assert not sweep(DescriptorWatch(proc.root)).unlisted


@pytest.mark.lab
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
@pytest.mark.parametrize(("hidepid", "unlisted"), [("1", False), ("2", True)])
def test_a_proc_that_hides_others(hidepid: str, unlisted: bool, start: Start) -> None:
    pid = start(200, 256).pid
    code = (
        "import asyncio, os; from nettui.linux.descriptors import DescriptorWatch;"
        "os.setgroups([]); os.setresgid(*[65534] * 3); os.setresuid(*[65534] * 3);"
        "found = asyncio.run(DescriptorWatch().read());"
        f"print(found.unlisted, found.hidden > 0, {pid} in [use.pid for use in found.used])"
    )
    mount = f'mount -t proc -o hidepid={hidepid} proc /proc && exec "$@"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", mount, "sh", sys.executable, "-c", code],
        capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[2],
    )
    if "mount" in done.stderr:
        pytest.skip(f"/proc cannot be mounted here: {done.stderr.strip()}")
    assert done.stdout.split() == [str(unlisted), str(not unlisted), "False"], done.stderr
