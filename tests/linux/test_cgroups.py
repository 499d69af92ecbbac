"""Cgroups by id: as the kernel gives it to a socket, and in trees of our own making."""

import asyncio
import os
import socket
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from pyroute2 import DiagSocket

from nettui.linux.cgroups import REFRESH, Cgroups, directories, mounted
from nettui.linux.units import unit_of_process

SERVER = """
import os, socket, sys
open(sys.argv[1], "w").write(str(os.getpid()))
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


class Clock:
    """Stands still until it is moved, or moves a little each time it is read."""

    def __init__(self, step: float = 0.0) -> None:
        self.now = 100.0
        self.step = step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def inode(path: Path) -> int:
    return path.stat().st_ino


def name(cgroups: Cgroups, path: Path) -> str | None:
    unit = cgroups.unit(inode(path))
    return unit and unit.name


def test_the_id_a_socket_bears_names_its_unit() -> None:
    place = mounted()
    if place is None or not os.access(place[0], os.W_OK):
        pytest.skip("no cgroup2 tree that this user may write to")
    above = Path(place[0]) / f"nettui-{os.getpid()}.slice"
    mine = above / "web.service"
    mine.mkdir(parents=True)
    try:
        running = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(mine / "cgroup.procs")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        assert running.stdin and running.stdout
        try:
            port = int(running.stdout.readline())
            with DiagSocket() as diag:
                diag.bind()
                (ours,) = [
                    message for message in diag.get_sock_stats(family=socket.AF_INET)
                    if message["idiag_sport"] == port
                ]
            listed = subprocess.run(
                ["ss", "-Htnl", "--cgroup", f"sport = :{port}"], capture_output=True, text=True, check=True
            ).stdout
            unit = Cgroups().unit(ours.get_attr("INET_DIAG_CGROUP_ID"))
            assert unit is not None
            assert f"cgroup:{unit.path}" in listed.split()
            assert (unit.name, unit.container) == ("web.service", False)
            assert unit_of_process(running.pid) == unit
        finally:
            running.stdin.close()
            running.wait(timeout=30)
            running.stdout.close()
    finally:
        mine.rmdir()
        above.rmdir()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for below in ("system.slice/nginx.service", "system.slice/cron.service", "user.slice/user-1000.slice/a.scope"):
        (tmp_path / below).mkdir(parents=True)
    (tmp_path / "system.slice/cgroup.procs").write_text("1\n")
    (tmp_path / "link.service").symlink_to(tmp_path / "system.slice")
    return tmp_path


def test_every_directory_is_found_as_find_finds_it(tree: Path) -> None:
    listed = subprocess.run(
        ["find", str(tree), "-type", "d", "-printf", "%i /%P\n"], capture_output=True, text=True, check=True
    ).stdout
    assert {f"{number} {path}" for number, path in directories(str(tree), "/")} == set(listed.splitlines())


def test_a_new_cgroup_is_found_after_a_while_and_a_removed_one_forgotten(tree: Path) -> None:
    clock = Clock()
    cgroups = Cgroups(tree, clock)
    assert name(cgroups, tree / "system.slice/nginx.service") == "nginx.service"
    assert name(cgroups, tree) is None
    added = tree / "user.slice/user-1000.slice/b.scope"
    added.mkdir()
    removed = inode(tree / "system.slice/cron.service")
    (tree / "system.slice/cron.service").rmdir()
    assert name(cgroups, added) is None, "not again so soon"
    clock.now += REFRESH
    assert cgroups.unit(removed) is not None
    assert name(cgroups, added) == "b.scope"
    assert cgroups.unit(removed) is None


def test_a_large_tree_is_walked_little_by_little(tree: Path) -> None:
    for number in range(200):
        (tree / f"{number}.service/within").mkdir(parents=True)
    clock = Clock(step=0.001)  # each directory takes a millisecond
    cgroups = Cgroups(tree, clock)
    unknown = 1 << 60
    before = clock.now
    cgroups.unit(unknown)
    assert clock.now - before < 0.02
    known = 0
    for calls in count(1):
        clock.now += 1
        cgroups.unit(unknown)
        known = sum(name(cgroups, directory) is not None for directory in tree.glob("*.service"))
        if known == 201:
            break
        assert calls < 1_000
    assert calls > 20

    patient = Cgroups(tree, Clock(step=0.001))
    asyncio.run(patient.learn([inode(tree / "7.service/within")]))
    assert name(patient, tree / "7.service/within") == "7.service"
    asyncio.run(patient.learn([unknown]))  # ends, though it finds nothing
    assert all(name(patient, directory) for directory in tree.glob("*.service"))


def test_without_cgroup2_nothing_is_known(tmp_path: Path) -> None:
    assert Cgroups(tmp_path / "nowhere").unit(1) is None
    (tmp_path / "mountinfo").write_text("31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n25 - cgroup2\n\n")
    assert mounted(tmp_path / "mountinfo") is None
    assert mounted(tmp_path / "nowhere") is None


def test_where_it_is_mounted(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text(
        "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
        "41 31 0:38 /docker/3f /sys/my\\040cgroups rw,relatime shared:9 - cgroup2 cgroup2 rw\n"
    )
    assert mounted(tmp_path / "mountinfo") == ("/sys/my cgroups", "/docker/3f")
