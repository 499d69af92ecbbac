"""Who owns a socket: against lsof, ss and the owners themselves, and in a /proc of our own making."""

import asyncio
import contextlib
import json
import os
import pickle
import re
import resource
import shutil
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from nettui.linux import owners
from nettui.linux.owners import OwnerFinder
from nettui.model.process import Owner, Owners
from tests.lab_support import Lab

NOBODY = 65534


@contextlib.contextmanager
def program(code: str, *command: str) -> Iterator[Any]:
    """Run Python code that prints one JSON value and then waits for its input to end; gives that value."""
    running = subprocess.Popen(
        [*command, sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert running.stdin and running.stdout
    try:
        yield json.loads(running.stdout.readline())
    finally:
        running.stdin.close()
        running.wait(timeout=30)
        running.stdout.close()


def as_nobody(function: Callable[[], Any]) -> Any:
    """What `function` returns in a process without rights; where we have none ourselves, in this one."""
    if os.geteuid() != 0:
        return function()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            answer = pickle.dumps(function())
        except BaseException:
            answer = pickle.dumps(traceback.format_exc())
        os.write(writing, answer)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answered:
        result = pickle.loads(answered.read())
    os.waitpid(child, 0)
    assert not isinstance(result, str), result
    return result


def find(finder: OwnerFinder, *inodes: int, thorough: bool = False) -> dict[int, tuple[Owner, ...]]:
    return dict(asyncio.run(finder.find(inodes, thorough)).by_inode)


def holders(found: dict[int, tuple[Owner, ...]]) -> dict[int, list[tuple[int, int | None]]]:
    return {inode: [(owner.pid, owner.fd) for owner in its] for inode, its in found.items()}


SERVER = """
import json, os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
udp.bind(("::1", 0))
pair = socket.socketpair()
again = os.dup(listener.fileno())
pids = [os.getpid()]
for worker in range(2):
    pids.append(os.fork())
    if pids[-1] == 0:
        udp.close()
        sys.stdin.read()
        os._exit(0)
sockets = [listener, udp, *pair]
print(json.dumps([pids, [os.fstat(held.fileno()).st_ino for held in sockets]]), flush=True)
sys.stdin.read()
"""


def seen_by_lsof(pids: list[int]) -> dict[int, list[tuple[int, int]]]:
    """Every socket of these processes by inode: who has it by which lowest descriptor."""
    listed = subprocess.run(
        ["lsof", "-nP", "-F", "pftdi", "-p", ",".join(map(str, pids))],
        capture_output=True, text=True, check=False, timeout=60,
    ).stdout
    found: dict[int, dict[int, int]] = {}
    pid = number = -1
    kind = ""
    for line in listed.splitlines():
        if line[0] == "p":
            pid = int(line[1:])
        elif line[0] == "f":
            number = int(line[1:]) if line[1:].isdigit() else -1
        elif line[0] == "t":
            kind = line[1:]
        elif (line[0], kind) in {("d", "IPv4"), ("d", "IPv6"), ("i", "sock"), ("i", "unix")} and number >= 0:
            by_pid = found.setdefault(int(line[1:]), {})
            by_pid[pid] = min(number, by_pid.get(pid, number))
    return {inode: sorted(by_pid.items()) for inode, by_pid in found.items()}


def test_all_who_share_a_socket_are_found_as_lsof_finds_them() -> None:
    with program(SERVER) as (pids, inodes):
        truth = seen_by_lsof(pids)
        assert truth.keys() == set(inodes)
        assert [pid for pid, _ in truth[inodes[0]]] == sorted(pids), "a listener shared by three, or lsof is no truth"
        found = find(OwnerFinder(), *inodes, thorough=True)
        assert holders(found) == truth
        finder = OwnerFinder()
        assert holders(find(finder, inodes[1])) == {inodes[1]: truth[inodes[1]]}
        assert find(finder, *inodes).keys() == set(inodes), "at least one owner of each, without all the work"


@pytest.mark.lab
def test_in_a_namespace_each_socket_has_the_owners_that_ss_names(lab: Lab) -> None:
    def inside() -> tuple[dict[int, list[tuple[int, int | None]]], dict[int, list[tuple[int, int]]]]:
        listed = subprocess.run(["ss", "-Htuanpe"], capture_output=True, text=True, check=True, timeout=30).stdout
        truth: dict[int, list[tuple[int, int]]] = {}
        for line in listed.splitlines():
            (inode,) = re.findall(r"\bino:(\d+)", line)
            by_pid: dict[int, int] = {}
            for pid, number in re.findall(r"pid=(\d+),fd=(\d+)", line):
                by_pid[int(pid)] = min(int(number), by_pid.get(int(pid), int(number)))
            truth[int(inode)] = sorted(by_pid.items())
        return holders(find(OwnerFinder(), *truth, thorough=True)), truth

    with program(SERVER, *lab.command()) as (pids, inodes):
        found, truth = lab.call(inside)
        assert truth.keys() == set(inodes[:2])
        assert found == truth
        (listener,) = find(OwnerFinder(), inodes[0], thorough=True).values()
        assert [(owner.pid, owner.elsewhere) for owner in listener] == [(pid, True) for pid in sorted(pids)]
    with socket.socket() as ours:
        inode = os.fstat(ours.fileno()).st_ino
        assert [owner.elsewhere for owner in find(OwnerFinder(), inode)[inode]] == [False]


CROWD = """
import fcntl, json, os, resource, socket, sys
number = COUNT
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
held = [socket.socket() for _ in range(number)]
for place in range(0, number, 3):  # holes, and some above all others
    high = fcntl.fcntl(held[place], fcntl.F_DUPFD, number + 10) if place % 9 == 0 else None
    held[place].close()
    if high is not None:
        held[place] = socket.socket(fileno=high)
inodes = {os.fstat(one.fileno()).st_ino: one.fileno() for one in held if one.fileno() >= 0}
print(json.dumps([os.getpid(), inodes]), flush=True)
sys.stdin.read()
"""


async def test_a_crowd_of_descriptors_is_read_to_the_last_and_holds_up_nobody() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    many = 20_000 if hard == resource.RLIM_INFINITY else min(20_000, hard * 3 // 4)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    with program(CROWD.replace("COUNT", str(many))) as (pid, listed):
        truth = {int(inode): [(pid, number)] for inode, number in listed.items()}
        assert len(truth) > many * 0.7
        waiting = asyncio.create_task(others())
        await asyncio.sleep(0)
        turns = 0
        found = await OwnerFinder().find(truth)
        waiting.cancel()
        assert holders(dict(found.by_inode)) == truth
        assert turns >= 5


DISGUISED = """
import ctypes, json, os, socket
held = socket.socket()
os.set_inheritable(held.fileno(), True)
ctypes.CDLL(None).prctl(15, b"a) R 1 (\\x1b]\\xff", 0, 0, 0)
print(json.dumps([os.getpid(), os.fstat(held.fileno()).st_ino]), flush=True)
os.read(0, 4)
os.execv("/bin/cat", ["cat"])
"""


def test_a_process_that_renames_itself_is_followed_and_its_name_made_safe() -> None:
    running = subprocess.Popen([sys.executable, "-c", DISGUISED], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert running.stdin and running.stdout
    try:
        pid, inode = json.loads(running.stdout.readline())
        finder = OwnerFinder()
        assert find(finder, inode) == {inode: (Owner(pid=pid, name=r"a) R 1 (\x1b]\xff", fd=3),)}
        running.stdin.write(b"now\ncat\n")  # what it gives back, it gives back as cat
        running.stdin.flush()
        assert running.stdout.readline() == b"cat\n"
        assert [owner.name for owner in find(finder, inode)[inode]] == ["cat"]
    finally:
        running.kill()
        running.wait()
        running.stdin.close()
        running.stdout.close()


def test_without_rights_it_is_said_how_many_processes_are_closed_to_us() -> None:
    def denied() -> set[int]:
        """Processes with a program in them whose descriptors may not be listed."""
        found = set()
        for directory in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                try:
                    for link in (directory / "fd").iterdir():
                        link.readlink()
                except PermissionError:
                    if (directory / "cmdline").read_bytes():
                        found.add(int(directory.name))
        return found

    with socket.socket() as ours:
        inode = os.fstat(ours.fileno()).st_ino

        def unprivileged() -> tuple[set[int], Owners, int]:
            """In a moment when no process came or went; or, where there is none, in the last try."""
            for _ in range(200):
                before = denied()
                found = asyncio.run(OwnerFinder().find([inode], thorough=True))
                told = re.fullmatch(r"(\d+) process(?:es)? cannot be looked into: needs root or \w+", str(found.hidden))
                number = int(told[1]) if told else 0
                if before == denied() and number == len(before):
                    break
            return before, found, number

        closed, found, number = as_nobody(unprivileged)
    if not closed:
        pytest.skip("this user may look into every process there is")
    assert number == len(closed), found.hidden
    if os.geteuid() == 0:
        (owner,) = found.by_inode[inode]
        assert owner.pid not in closed | {os.getpid()}, "the child without rights sees itself, and not us"


class Proc:
    """A /proc in a directory. Its links lead nowhere, as those of sockets do."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.add(1, {})

    def add(self, pid: int, sockets: dict[int, int], name: str = "daemon", started: int = 100) -> None:
        """A process with sockets, given as inode by descriptor."""
        directory = self.root / str(pid) / "fd"
        directory.mkdir(parents=True, exist_ok=True)
        for number, inode in sockets.items():
            (directory / str(number)).symlink_to(f"socket:[{inode}]")
        state = "S 1" + " 0" * 17
        (directory.parent / "stat").write_text(f"{pid} ({name}) {state} {started} 0 0\n")

    def remove(self, pid: int) -> None:
        shutil.rmtree(self.root / str(pid))


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes whose descriptors were read, in that order."""
    pids: list[int] = []
    read = owners.sockets_in

    def reading(directory: int) -> Iterator[tuple[int, dict[int, int]]]:
        pids.append(int(Path(f"/proc/self/fd/{directory}").readlink().parent.name))
        yield from read(directory)

    monkeypatch.setattr(owners, "sockets_in", reading)
    return pids


def test_a_search_looks_only_where_it_must(proc: Proc, looked_at: list[int]) -> None:
    proc.add(10, {3: 1003, 4: 1004})
    proc.add(20, {})
    finder = OwnerFinder(proc.root)
    assert find(finder, 1003).keys() == {1003}
    looked_at.clear()
    assert find(finder, 1003, 1004).keys() == {1003, 1004}
    assert looked_at == [], "both were seen the first time"

    proc.add(10, {5: 1005})
    assert find(finder, 1005).keys() == {1005}
    assert looked_at == [10], "who has sockets is asked first"

    looked_at.clear()
    find(finder, 4711)
    assert looked_at[0] == 10
    assert set(looked_at) == {1, 10, 20}

    looked_at.clear()
    proc.add(30, {3: 3003})
    assert find(finder, 3003).keys() == {3003}
    assert looked_at == [10, 30], "then who is new"

    looked_at.clear()
    proc.add(20, {3: 2003})
    assert find(finder, 2003).keys() == {2003}
    assert looked_at[:2] == [30, 10], "the one where something was found last is the likeliest"
    assert looked_at[-1] == 20

    for number, before in ((6, [20, 30, 10]), (7, [10])):
        looked_at.clear()
        proc.add(10, {number: 1000 + number})
        find(finder, 1000 + number)
        assert looked_at == before


def test_a_pid_that_comes_back_is_new(proc: Proc, looked_at: list[int]) -> None:
    for pid in range(2, 40):
        proc.add(pid, {})
    finder = OwnerFinder(proc.root)
    find(finder, 4711)
    proc.remove(20)
    proc.add(50, {3: 5003})
    find(finder, 5003)
    proc.add(20, {3: 2003})
    looked_at.clear()
    assert find(finder, 2003).keys() == {2003}
    assert looked_at == [50, 20]


def test_owners_come_by_pid_whoever_was_found_first(proc: Proc) -> None:
    proc.add(10, {3: 1003})
    proc.add(20, {3: 2003})
    finder = OwnerFinder(proc.root)
    find(finder, 1003, 2003)
    proc.add(20, {4: 7})
    find(finder, 7)
    proc.add(10, {4: 7, 5: 1005})
    find(finder, 1005)
    assert holders(find(finder, 7)) == {7: [(10, 4), (20, 4)]}


def test_a_search_that_ends_early_forgets_nothing(proc: Proc, looked_at: list[int]) -> None:
    first = {number: 5000 + number for number in range(3, 300)}
    proc.add(10, first)
    finder = OwnerFinder(proc.root)
    assert find(finder, *first.values()).keys() == set(first.values())
    proc.add(10, {300: 9000})
    (proc.root / "10/fd/3").unlink()
    assert find(finder, 9000)[9000][0].fd == 300
    looked_at.clear()
    every = find(finder, *first.values(), 9000)
    assert looked_at == [], "nor was the lowest looked at again"
    assert holders(every) == {inode: [(10, number)] for number, inode in (first | {300: 9000}).items()}


def test_what_is_gone_is_forgotten(proc: Proc) -> None:
    proc.add(10, {3: 1003}, "old")
    proc.add(20, {3: 1003, 7: 2007})
    finder = OwnerFinder(proc.root)
    assert [owner.pid for owner in find(finder, 1003, thorough=True)[1003]] == [10, 20]
    proc.remove(20)
    assert [owner.pid for owner in find(finder, 1003)[1003]] == [10]
    assert find(finder, 2007) == {}
    (proc.root / "10/fd/3").unlink()
    assert find(finder, 1003, thorough=True) == {}
    proc.add(30, {3: 3003})
    assert find(finder, 3003, thorough=True).keys() == {3003}
    proc.remove(30)
    assert find(finder, 3003, thorough=True) == {}


def test_the_successor_of_a_pid_does_not_inherit(proc: Proc) -> None:
    proc.add(10, {3: 1003}, "old")
    finder = OwnerFinder(proc.root)
    assert find(finder, 1003)[1003][0].name == "old"
    proc.remove(10)
    proc.add(10, {3: 1010}, "new", started=200)
    assert find(finder, 1003) == {}
    assert find(finder, 1010) == {1010: (Owner(pid=10, name="new", fd=3),)}


async def test_a_process_that_ends_while_it_is_read_is_passed_over(
    proc: Proc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owners, "_BREATH", -1.0)  # others get a turn after every few descriptors
    proc.add(10, {number: 5000 + number for number in range(3, 300)})
    proc.add(20, {3: 1003})
    descriptors = psutil.Process().num_fds()
    reading = asyncio.create_task(OwnerFinder(proc.root).find([1003, 5003], thorough=True))
    read = owners.sockets_in
    ended = asyncio.Event()

    def watched(directory: int) -> Iterator[tuple[int, dict[int, int]]]:
        for step in read(directory):
            yield step
            if 5299 in step[1] and not ended.is_set():
                proc.remove(10)
                ended.set()

    monkeypatch.setattr(owners, "sockets_in", watched)
    found = await reading
    assert ended.is_set()
    assert holders(dict(found.by_inode)) == {1003: [(20, 3)]}
    assert psutil.Process().num_fds() == descriptors


def test_an_odd_process_spoils_nothing(proc: Proc) -> None:
    proc.add(10, {3: 1003})
    proc.add(20, {3: 2003})
    (proc.root / "20/stat").write_bytes(b"20 (no more to say")
    (proc.root / "sys").mkdir()
    proc.add(30, {})
    (proc.root / "30/fd/0").symlink_to("pipe:[1003]")
    (proc.root / "30/fd/1").symlink_to("/tmp/socket:[1003]")
    assert holders(find(OwnerFinder(proc.root), 1003, 2003, thorough=True)) == {1003: [(10, 3)]}


def test_hidepid_is_recognized_by_the_absence_of_init(proc: Proc) -> None:
    proc.add(10, {3: 1003})
    proc.remove(1)
    found = asyncio.run(OwnerFinder(proc.root).find([1003, 4711]))
    assert found.by_inode.keys() == {1003}
    assert "hidepid" in (found.hidden or "")


def test_without_proc_an_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        find(OwnerFinder(tmp_path / "nowhere"), 1)
