"""Owners that hide, pretend, hoard, hurry, succeed one another or live elsewhere: nobody is taken for another."""

import asyncio
import csv
import ctypes
import io
import json
import os
import resource
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator

import pytest

from nettui.engine.socket_watch import SocketWatch
from nettui.linux.sockets import LinuxSockets
from nettui.model.process import Owner
from nettui.sockets.frame import SocketQuery
from tests.lab.socket_actors import PART, actor, connection, fork_along, rename, until
from tests.lab.socket_shots import environment, rows, shot
from tests.lab_support import CLONE_NEWNET, Lab
from tests.linux.test_owners import NOBODY, as_nobody

pytestmark = pytest.mark.lab

SERVICE = 7100

NAMES = {
    b"\x1b[31mred\x07": r"\x1b[31mred\x07", b"one\ntwo\tthree": r"one\x0atwo\x09three", b"[/]x[bold]": "[/]x[bold]",
    b"a) R 1 (b": "a) R 1 (b", "\u202eevil\u2028".encode(): r"\u202eevil\u2028", b"\xff\xfe": r"\xff\xfe",
    b'a,"b";c': 'a,"b";c', b" ": " ", b"": "",
}


def test_whatever_a_program_calls_itself_is_one_line_without_a_control_character(lab: Lab) -> None:
    def masquerade() -> Iterator[list[int]]:
        pids = []
        for port, name in enumerate(NAMES, SERVICE):
            listener = socket.create_server(("127.0.0.1", port))
            pids.append(fork_along())
            if pids[-1] == 0:
                rename(name)
                listener.accept()
            listener.close()
        yield pids

    with actor(lab, masquerade, "plain") as troupe:
        def named() -> bool:
            return {row["process"][0] for row in rows(lab, "state:listen")} == set(NAMES.values())

        assert until(named)
        found = rows(lab, "state:listen", "--sort", "local")
        assert [(row["pid"], row["process"]) for row in found] == [
            ([pid], [name]) for pid, name in zip(troupe.answer, NAMES.values(), strict=True)
        ]
        ran = lab.call(lambda: shot("state:listen", "--csv", "-p"))
        assert [row["process"] for row in csv.DictReader(io.StringIO(ran.out))] == list(NAMES.values())
        for words in ([], ["--group-by", "process"], ["--map"], ["--columns", "process,local"]):
            ran = lab.call(lambda words=words: shot(*words))
            assert ran.code == 0 and all(line.isprintable() for line in ran.out.splitlines())
            assert len(ran.out.splitlines()) == len(NAMES) + ("--map" not in words), ran.out
        assert [row["pid"] for row in rows(lab, 'process:"x[bold]"')] == [[troupe.answer[2]]]


def test_a_program_with_twenty_thousand_descriptors_is_found_by_each_of_its_sockets(lab: Lab) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    many = 20_000 if hard == resource.RLIM_INFINITY else min(20_000, hard - 100)

    def hoarder() -> Iterator[set[int]]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        held, waste = [], os.open(os.devnull, os.O_RDONLY)
        for number in range(many):
            if number % 3 == 0:
                os.dup(waste)
                continue
            held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            held[-1].bind(("127.0.0.1", 1024 + number))
        yield {os.fstat(each.fileno()).st_ino for each in held}

    with actor(lab, hoarder, "hoarder") as hoarding:
        found = {row["inode"]: row["pid"] for row in rows(lab, "--udp", "--columns", "inode")}
        assert found == {inode: [hoarding.pid] for inode in hoarding.answer} and len(found) > many * 0.6


def test_sockets_that_come_and_go_while_they_are_read_get_no_wrong_owner(lab: Lab) -> None:
    def churning(port: int) -> PART:
        def part() -> Iterator[None]:
            listener = socket.create_server(("127.0.0.1", port))
            alive: deque[tuple[socket.socket, socket.socket]] = deque()
            if fork_along() == 0:
                while True:
                    alive.append(connection(listener, "127.0.0.1"))
                    for end in alive.popleft() if len(alive) > 8 else ():
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # no TIME_WAIT
                        end.close()
                    time.sleep(0.001)  # or there would be no processor left for who reads
            yield None

        return part

    with actor(lab, churning(SERVICE), "odd"), actor(lab, churning(SERVICE + 1), "even"):
        words = ("--json", "-p", "--columns", "key,local_port,peer_port,state", "--sort")
        readings = lab.call(lambda: [shot(*words, ("process", "state", "rtt")[turn % 3]) for turn in range(20)])
    brief: set[int] = set()
    for reading in readings:
        listeners = set()
        for row in reading.rows:
            rightful = "odd" if SERVICE in (row["local_port"], row["peer_port"]) else "even"
            assert not row["process"] or set(row["process"]) == {rightful}, row
            if row["state"] == "LISTEN":
                listeners.add((row["local_port"], len(row["pid"])))
            else:
                brief.add(row["key"])
        assert listeners == {(SERVICE, 2), (SERVICE + 1, 2)}
    assert len(brief) > 4 * 16, "the same all the time: nothing came and went"


REUSE = """
import asyncio, json, os, signal, socket, sys
from tests.lab.socket_actors import rename
from nettui.engine import socket_facts
from nettui.engine.socket_watch import SocketWatch
from nettui.linux.sockets import LinuxSockets
from nettui.sockets.frame import SocketQuery
socket_facts.AGAIN = 0.0
shared = socket.create_server(("127.0.0.1", 7100))
own = socket.create_server(("127.0.0.1", 7101))
def start(name, *closed):
    pid = os.fork()
    if pid == 0:
        for each in closed:
            each.close()
        rename(name)
        signal.pause()
    while open(f"/proc/{pid}/comm", "rb").read().strip() != name:
        pass
    return pid
async def main():
    watch, told = SocketWatch(LinuxSockets()), []
    async def look():
        frame = await watch.read(SocketQuery(), owners=True)
        told.append({
            frame.table.socket(place).local_port: [
                [owner.pid, owner.name] for owner in frame.facts.owners_of(frame.table.socket(place)) or ()
            ] for place in frame.order
        })
    rename(b"parent")
    first = start(b"first")
    own.close()
    await look()
    os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)
    other = socket.create_server(("127.0.0.1", 7102))
    with open("/proc/sys/kernel/ns_last_pid", "w") as last:
        last.write(str(first - 1))
    second = start(b"second", shared)
    other.close()
    await look()
    print(json.dumps([os.getpid(), first, second, told]))
    os.kill(second, signal.SIGKILL)
asyncio.run(main())
"""


def test_the_successor_of_a_pid_inherits_nothing_from_it(lab: Lab) -> None:
    """In a PID namespace of its own, where the next PID can be chosen."""
    ran = subprocess.run(
        lab.command("unshare", "-pfm", "--mount-proc", sys.executable, "-c", REUSE), env=environment(),
        capture_output=True, text=True, timeout=60, check=False,
    )
    assert ran.returncode == 0, ran.stderr
    parent, first, second, (before, after) = json.loads(ran.stdout)
    assert first == second, "the PID was not used again"
    assert before == {"7100": [[parent, "parent"], [first, "first"]], "7101": [[first, "first"]]}
    assert after == {"7100": [[parent, "parent"]], "7102": [[second, "second"]]}


def test_a_program_in_another_namespace_that_has_a_socket_of_this_one_is_named(lab: Lab) -> None:
    def emigrant() -> Iterator[int]:
        listener = socket.create_server(("127.0.0.1", SERVICE))
        assert ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0
        abroad = socket.create_server(("127.0.0.1", SERVICE + 1))
        yield os.getpid()
        assert listener and abroad

    async def owners() -> list[tuple[int | None, tuple[Owner, ...] | None]]:
        backend = LinuxSockets()
        try:
            frame = await SocketWatch(backend).read(SocketQuery(), owners=True)
        finally:
            backend.close()
        made = [frame.table.socket(place) for place in frame.order]
        return [(each.local_port, frame.facts.owners_of(each)) for each in made]

    with actor(lab, emigrant, "emigrant") as away:
        ((port, its),) = lab.call(lambda: asyncio.run(owners()))
        assert port == SERVICE and its is not None
        assert [(each.pid, each.name, each.elsewhere) for each in its] == [(away.pid, "emigrant", True)]
        (row,) = rows(lab, "process:emigrant")
        assert (row["local_port"], row["pid"]) == (SERVICE, [away.pid])


def test_without_rights_the_owners_of_others_are_unknown_and_it_is_said_why(lab: Lab) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be another user for a while")

    def privileged() -> Iterator[None]:
        listener = socket.create_server(("127.0.0.1", SERVICE))
        ends = connection(listener, "127.0.0.1")
        yield None
        assert ends

    def clerk() -> Iterator[None]:
        listener = socket.create_server(("127.0.0.1", SERVICE + 1))
        yield None
        assert listener

    words = ("--columns", "local_port,process,pid,uid,user")
    with actor(lab, privileged, "privileged"), actor(lab, clerk, "clerk", uid=NOBODY):
        shots = lab.call(lambda: (shot(), as_nobody(lambda: [
            shot(*words, "--json"), shot(*words), shot("--group-by", "process", "--json"), shot("process:privileged"),
        ])))[1]  # fmt: skip
        document, text, groups, none = shots
        assert [each.code for each in shots] == [0] * 4
        hidden = [row for row in document.rows if row["uid"] == 0]
        assert [(row["process"], row["pid"], row["user"]) for row in hidden] == [(None, None, "root")] * 3
        (own,) = (row for row in document.rows if row["local_port"] == SERVICE + 1)
        assert own["process"] == ["clerk"] and own["uid"] == NOBODY
        (note,) = json.loads(document.out)["notes"]
        assert "cannot be looked into" in note and "root" in note
        assert note in text.err and "user root" in text.out and "clerk" in text.out
        assert {each["name"] for each in json.loads(groups.out)["groups"]} >= {None}
        assert none.out == "" and note in none.err
