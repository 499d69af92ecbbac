"""Descriptors by psutil: the same as Linux's own reader tells, and what is asked where there are no limits."""

import asyncio
import resource
import subprocess
import sys

import psutil
import pytest

from nettui.linux.descriptors import DescriptorWatch
from nettui.portable import descriptors
from nettui.portable.host import PortableHost
from nettui.portable.shared import Unreadable


def test_psutil_and_proc_tell_the_same_of_a_process() -> None:
    code = "import os; held = [os.dup(0) for _ in range(200)]; print(flush=True); os.read(0, 1)"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin and other.stdout
        resource.prlimit(other.pid, resource.RLIMIT_NOFILE, (220, 4000))
        other.stdout.readline()
        found, truth = (
            next(use for use in sweep.used if use.pid == other.pid)
            for sweep in (descriptors.read(), asyncio.run(DescriptorWatch().read()))
        )
        other.stdin.close()
    assert (found.name, found.descriptors, found.limit, found.uid) == (
        truth.name, truth.descriptors, truth.limit, truth.uid)
    assert found.limit == 220 and found.descriptors > 200
    assert found.started_at and truth.started_at and abs(found.started_at - truth.started_at) < 2


class Told:
    """A process, as psutil would have it."""

    def __init__(self, pid: int, descriptors: int | Exception, limit: int) -> None:
        self.pid, self._descriptors, self._limit = pid, descriptors, limit

    def oneshot(self) -> "Told":
        return self

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def num_fds(self) -> int:
        if isinstance(self._descriptors, Exception):
            raise self._descriptors
        return self._descriptors

    def rlimit(self, _: int) -> tuple[int, int]:
        return self._limit, self._limit

    def name(self) -> str:
        return "\x1b[2J"

    def uids(self) -> object:
        return type("Uids", (), {"effective": 7})

    def create_time(self) -> float:
        return 1.0


def test_who_has_no_limit_is_left_out_and_who_may_not_be_asked_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [
        Told(1, 5, 10), Told(2, 5, psutil.RLIM_INFINITY), Told(3, 5, 0), Told(4, 0, 10), Told(5, 9, 10),
        Told(6, psutil.AccessDenied(6), 1), Told(7, psutil.NoSuchProcess(7), 1), Told(8, psutil.ZombieProcess(8), 1),
    ]
    monkeypatch.setattr(psutil, "process_iter", lambda: iter(told))
    found = descriptors.read()
    assert [(use.pid, use.name, use.uid) for use in found.used] == [(5, r"\x1b[2J", 7), (1, r"\x1b[2J", 7)]
    assert (found.seen, found.hidden) == (5, 1)


async def test_where_psutil_knows_no_limits_the_section_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "TOLD", False)
    with pytest.raises(Unreadable, match="limits"):
        await PortableHost().processes()
