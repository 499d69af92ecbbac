"""Sockets in real trouble: what `nettui sockets` makes of them, beside `ss`."""

import asyncio
import contextlib
import csv
import io
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from nettui.engine.socket_watch import SocketWatch
from nettui.linux.sockets import LinuxSockets
from nettui.model.socket import Socket, SocketKey
from nettui.sockets.frame import SocketQuery
from nettui.sockets.language import parse
from tests.lab.socket_actors import PART, actor, connection, until
from tests.lab.socket_shots import nettui, rows
from tests.lab.socket_truth import Told, keys_by_ss, told_by_ss
from tests.lab_support import Lab

pytestmark = pytest.mark.lab

SERVICE = 7100

HOLE = f"""
table inet hole {{
  chain input {{
    type filter hook input priority 0; policy accept;
    tcp dport {SERVICE} drop
  }}
}}
"""
"""For `nft -f -`."""


def leaking(number: int, port: int = SERVICE) -> PART:
    """A server that does not close what its clients have closed."""

    def part() -> Iterator[None]:
        listener = socket.create_server(("127.0.0.1", port))
        kept = [connection(listener, "127.0.0.1") for _ in range(number)]
        for client, _ in kept:
            client.shutdown(socket.SHUT_WR)
        yield None

    return part


def test_a_close_wait_leak_is_grouped_under_the_process_that_leaks(lab: Lab) -> None:
    with actor(lab, leaking(40), "leaky-app") as leak, actor(lab, leaking(2, SERVICE + 1), "better"):
        ran = nettui(lab, "state:close-wait", "--group-by", "process")
        titles, first, second = ran.stdout.splitlines()
        assert titles.split() == ["GROUP", "TOTAL", "CLOSE_WAIT"]
        assert first.split() == [f"leaky-app[{leak.pid}]", "40", "40"] and second.split()[1:] == ["2", "2"]
        found = rows(lab, "state:close-wait", "process:leaky", "--columns", "key,local_port,recvq")
        by_ss = keys_by_ss(lab, "state", "close-wait")
        assert len(by_ss) == 42 and len(found) == 40 and {row["key"] for row in found} < by_ss
        assert all(row["pid"] == [leak.pid] and row["local_port"] == SERVICE and row["recvq"] == 1 for row in found)


def storm() -> Iterator[None]:
    listener = socket.create_server(("127.0.0.1", SERVICE), backlog=64)
    for _ in range(400):
        for end in connection(listener, "127.0.0.1"):
            end.close()
    yield None


def test_a_storm_of_time_wait_is_counted_to_the_last_and_belongs_to_nobody(lab: Lab) -> None:
    with actor(lab, storm, "hasty"):
        waiting = until(lambda: len(found := keys_by_ss(lab, "state", "time-wait")) == 400 and found)
        found = rows(lab, "state:time-wait")
        assert {row["key"] for row in found} == waiting
        assert {(row["state"], row["peer_port"], row["inode"]) for row in found} == {("TIME_WAIT", SERVICE, 0)}
        assert all(row["pid"] is row["process"] is row["user"] is None and 0 < row["timer"] <= 60 for row in found)
        ran = nettui(lab, f"port:{SERVICE}", "--group-by", "process", "--csv")
        groups = {row["group"].partition("[")[0]: row for row in csv.DictReader(io.StringIO(ran.stdout))}
        assert groups.keys() == {"hasty", "no process"} and groups["no process"]["TIME_WAIT"] == "400"


def test_a_socket_that_sends_in_vain_shows_its_timer_its_tries_and_what_it_repeats(lab: Lab) -> None:
    def speaker() -> Iterator[None]:
        listener = socket.create_server(("127.0.0.1", SERVICE))
        client, server = connection(listener, "127.0.0.1")
        yield None
        client.sendall(b"does anybody hear me?")
        yield None
        assert server

    async def read() -> Mapping[SocketKey, Socket]:
        backend = LinuxSockets()
        try:
            watch = SocketWatch(backend)
            frame = await watch.read(SocketQuery(wanted=parse("retrans>0 and timer>0 and sendq>0")))
            return await backend.details([frame.table.socket(place) for place in frame.order])
        finally:
            backend.close()

    with actor(lab, speaker, "speaker") as speaking:
        lab.run("nft", "-f", "-", stdin=HOLE)
        speaking.go_on()

        def seen() -> dict[int, Told]:
            return told_by_ss(lab, owners=False)

        def alike() -> Any:
            """One reading between two of `ss` that agree."""
            before, ours, after = seen(), lab.call(lambda: asyncio.run(read())), seen()
            tried = [told for told in before.values() if told.retries >= 2 and told.timer == "on"]
            return tried and after[tried[0].key].still == tried[0].still and (tried[0], ours)

        (told, ours) = until(alike)
        (mine,) = ours.values()
        assert mine.key == told.key and mine.timer is not None and mine.info is not None
        assert (mine.timer.kind, mine.timer.retries) == ("retransmit", told.retries)
        assert mine.info.total_retrans == told.retrans >= 2 and mine.info.retransmits == told.retries
        assert mine.send_q == told.sendq == 21
        (row,) = rows(lab, "retrans>=2", "state:established", "--columns", "key,retrans,sendq,timer")
        assert row["key"] == told.key and row["retrans"] >= told.retrans and row["pid"] == [speaking.pid]


def test_a_full_accept_queue_is_marked(lab: Lab) -> None:
    def stalled() -> Iterator[None]:
        listener = socket.create_server(("127.0.0.1", SERVICE), backlog=4)
        calm = socket.create_server(("127.0.0.1", SERVICE + 1), backlog=4)
        callers = []
        for _ in range(9):
            callers.append(socket.socket())
            callers[-1].setblocking(False)
            with contextlib.suppress(BlockingIOError):
                callers[-1].connect(("127.0.0.1", SERVICE))
        yield None
        assert listener and calm

    with actor(lab, stalled, "stalled"):
        assert until(lambda: any(told.recvq == 5 for told in told_by_ss(lab, owners=False).values()))
        full, calm = rows(lab, "state:listen", "--sort", "recvq", "--reverse")
        assert [(row["local_port"], row["recvq"], row["sendq"]) for row in (full, calm)] == [
            (SERVICE, 5, 4), (SERVICE + 1, 0, 4),
        ]
        lines = nettui(lab, "state:listen", "--sort", "recvq", "--reverse").stdout.splitlines()
        assert lines[1].split()[:5] == ["LISTEN", "tcp", "✖", "5", "4"]
        assert lines[2].split()[:4] == ["LISTEN", "tcp", "0", "4"]
