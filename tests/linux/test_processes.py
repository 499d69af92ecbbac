"""One process: against psutil, and by texts that are odd."""

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.linux import processes
from nettui.linux.processes import COMMAND_LIMIT, Stat, parse_stat, process
from nettui.linux.procfs import ProcfsError
from nettui.linux.units import unit_of_process
from nettui.model.process import Process
from tests.linux.test_owners import as_nobody

STAT = (
    b"4711 (nginx) S 1 4711 4711 0 -1 4194560 2085 0 0 0 3 1 0 0 20 0 1 0 71942 226467840 1700 18446744073709551615\n"
)


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """A process with 50 sockets, a soft limit of its own and arguments that want a terminal's attention."""
    code = (
        "import resource, socket, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (321, 1000));"
        "held = [socket.socket() for _ in range(50)]; print(flush=True); sys.stdin.read()"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", code, "two words", "\x1b]0;title\x07"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert running.stdin and running.stdout
    running.stdout.readline()
    yield running
    running.stdin.close()
    running.wait(timeout=30)
    running.stdout.close()


def test_it_says_what_psutil_says(other: subprocess.Popen[bytes]) -> None:
    found, truth = asyncio.run(process(other.pid)), psutil.Process(other.pid)
    assert found == Process(
        pid=other.pid, name=truth.name(), command=found.command, executable=truth.exe(), uid=truth.uids().effective,
        started_at=found.started_at, descriptors=truth.num_fds(), descriptor_limit=321,
        unit=unit_of_process(other.pid),
    )
    assert found.command and found.command.endswith(r"sys.stdin.read() two words \x1b]0;title\x07")
    assert found.started_at and abs(found.started_at - truth.create_time()) < 2, "psutil knows whole seconds only"
    limit = resource.prlimit(other.pid, resource.RLIMIT_NOFILE)
    assert found.descriptor_limit == limit[0]


def test_descriptors_are_counted_by_hand_on_older_kernels(
    other: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsized(*_: object, **__: object) -> os.stat_result:
        return os.stat_result([0] * 10)

    monkeypatch.setattr(processes.os, "stat", unsized)
    assert asyncio.run(process(other.pid)).descriptors == psutil.Process(other.pid).num_fds()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to hide from others")
def test_without_rights_the_rest_is_still_told(other: subprocess.Popen[bytes]) -> None:
    found = as_nobody(lambda: asyncio.run(process(other.pid)))
    assert (found.name, found.uid, found.descriptor_limit) == (psutil.Process(other.pid).name(), 0, 321)
    assert found.executable is None
    assert found.command and "two words" in found.command
    assert found.elsewhere is False, "not to be seen is not elsewhere"


def test_there_is_no_such_process() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for pid in (gone.pid, 0, -1):
        with pytest.raises(ProcessLookupError, match=rf"^there is no process {pid}$"):
            asyncio.run(process(pid))


def test_a_thread_of_the_kernel_has_neither_command_nor_program(tmp_path: Path) -> None:
    directory = tmp_path / "2"
    (directory / "fd").mkdir(parents=True)
    (directory / "stat").write_bytes(STAT.replace(b"(nginx)", b"(kthreadd)").replace(b"4194560", b"2129984"))
    (directory / "cmdline").write_bytes(b"")
    found = asyncio.run(process(2, tmp_path))
    assert (found.name, found.command, found.executable, found.uid, found.unit) == ("kthreadd", None, None, None, None)
    assert parse_stat((directory / "stat").read_bytes()).kernel


def test_a_huge_command_line_is_cut(tmp_path: Path) -> None:
    (tmp_path / "9/fd").mkdir(parents=True)
    (tmp_path / "9/stat").write_bytes(STAT)
    (tmp_path / "9/cmdline").write_bytes(b"java\0" + b"-classpath\0" * 100_000)
    command = asyncio.run(process(9, tmp_path)).command
    assert command and len(command) == COMMAND_LIMIT
    assert command.startswith("java -classpath -classpath ")


def test_a_limit_may_be_none_at_all(tmp_path: Path) -> None:
    (tmp_path / "9/fd").mkdir(parents=True)
    (tmp_path / "9/stat").write_bytes(STAT)
    (tmp_path / "9/limits").write_text(
        "Limit  Soft Limit  Hard Limit  Units\nMax open files  unlimited unlimited files\n"
    )
    assert asyncio.run(process(9, tmp_path)).descriptor_limit is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"nginx", "nginx"),
        (b"a) R 1 (", "a) R 1 ("),
        (b"x) S 1 1 1 (y)", "x) S 1 1 1 (y)"),
        (b"\x1b[2J\n\xff", r"\x1b[2J\x0a\xff"),
        (b"", ""),
        (b"(((", "((("),
    ],
)
def test_a_name_ends_at_the_last_parenthesis(name: bytes, shown: str) -> None:
    assert parse_stat(STAT.replace(b"nginx", name)) == Stat(shown, "S", 71942, False)


@given(st.binary(max_size=60) | st.binary(max_size=30).map(lambda name: STAT.replace(b"nginx", name)[:-90]))
def test_what_is_no_stat_is_refused(text: bytes) -> None:
    with pytest.raises(ProcfsError):
        parse_stat(text)
