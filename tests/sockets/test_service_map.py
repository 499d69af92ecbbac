"""The local service map: made of records, and of real processes that serve each other in a namespace."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from itertools import count
from typing import Any

import pytest

from nettui.linux.host import LinuxHost
from nettui.model.process import Owner
from nettui.model.socket import UNCONN, Socket, Transport
from nettui.model.socket_table import ListedTable, SocketRequest
from nettui.portable.sockets import PortableSockets
from nettui.sockets.facts import Facts
from nettui.sockets.service_map import ServiceMap, service_map, service_map_of
from tests.lab_support import Lab, lab
from tests.sockets.crowd import Columns

__all__ = ["lab"]

_KEYS = count(1)


def holding(*owners: str) -> tuple[Owner, ...]:
    """`nginx/7`: name and pid."""
    return tuple(Owner(pid=int(pid), name=name) for name, _, pid in (text.partition("/") for text in owners))


def record(local: str, peer: str, state: str, owners: tuple[str, ...], **more: Any) -> Socket:
    def split(end: str) -> tuple[str, int | None]:
        address, colon, port = end.rpartition(":")
        return (address, int(port)) if colon else (end, None)

    here, there = split(local), split(peer)
    key = next(_KEYS)
    fields = {"transport": Transport.TCP, "family": "inet", "inode": key} | more
    return Socket(
        key=key, state=state, local=here[0], local_port=here[1], peer=there[0], peer_port=there[1],
        owners=holding(*owners) or None, **fields,
    )  # fmt: skip


def listener(local: str, *owners: str, **more: Any) -> Socket:
    return record(local, "*", "LISTEN", owners, **more)


def connection(client: str, server: str, client_owner: str, *accepted: str, **more: Any) -> list[Socket]:
    """Both ends."""
    return [
        record(client, server, "ESTABLISHED", (client_owner,) if client_owner else (), **more),
        record(server, client, "ESTABLISHED", accepted, **more),
    ]


def drawn(found: ServiceMap) -> list[str]:
    """The tree as text, one line for each step."""
    lines = []
    for depth, program, edge in found.walk():
        places = " ".join(listener.endpoint for listener in program.listeners)
        reached = f" <-{edge.connections}- {edge.listener.endpoint}" if edge else ""
        lines.append(f"{'  ' * depth}{program.label} [{places}]{reached}")
    return lines


def test_a_web_server_before_an_application_before_a_database() -> None:
    sockets = [
        listener("*:443", "nginx/10", "nginx/11", "nginx/12"),
        listener("*:443", "nginx/10", "nginx/11", "nginx/12", family="inet6"),
        listener("127.0.0.1:8000", "gunicorn/20", "gunicorn/21"),
        listener("127.0.0.1:5432", "postgres/30"),
        listener("*:22", "systemd/1", "sshd/5"),
        *connection("203.0.113.5:50000", "192.0.2.1:443", "", "nginx/11")[1:],
        *connection("127.0.0.1:40000", "127.0.0.1:8000", "nginx/11", "gunicorn/21"),
        *connection("127.0.0.1:40001", "127.0.0.1:8000", "nginx/12", "gunicorn/21"),
        *connection("127.0.0.1:40002", "127.0.0.1:5432", "gunicorn/21", "postgres/31"),
        *connection("127.0.0.1:40003", "127.0.0.1:5432", "psql/40", "postgres/32"),
        record("192.0.2.1:40004", "198.51.100.7:5432", "ESTABLISHED", ("gunicorn/21",)),  # of another host
        record("127.0.0.1:8000", "127.0.0.1:39999", "TIME_WAIT", (), inode=0),
    ]
    found = service_map(sockets, Facts())
    assert drawn(found) == [
        "sshd[5] [*:22]",
        "nginx[10] [*:443]",
        "  gunicorn[20] [127.0.0.1:8000] <-2- 127.0.0.1:8000",
        "    postgres[30] [127.0.0.1:5432] <-1- 127.0.0.1:5432",
        "psql[40] []",
        "  postgres[30] [127.0.0.1:5432] <-1- 127.0.0.1:5432",
    ]
    by_name = {program.name: program for program in found.programs}
    assert by_name["nginx"].pids == (10, 11, 12)
    assert by_name["postgres"].pids == (30, 31, 32)  # those that serve one connection each listen no more
    roles = {name: program.role.word for name, program in by_name.items() if program.role}
    assert roles == {
        "sshd": "SSH", "nginx": "web server", "gunicorn": "application server", "postgres": "database"
    }


def test_addresses_that_listeners_are_reached_by() -> None:
    """The exact one before any; IPv4 by an IPv6 socket, which is shown as IPv4."""
    found = service_map([
        listener("*:80", "any/1", family="inet6"),
        listener("127.0.0.2:80", "exact/2"),
        *connection("127.0.0.1:1000", "127.0.0.2:80", "a/11", "exact/2"),
        *connection("127.0.0.1:1001", "127.0.0.3:80", "b/12", "any/1"),
        *connection("2001:db8::1:1002", "2001:db8::1:80", "c/13", "any/1", family="inet6"),
    ], Facts())  # fmt: skip
    assert {(e.client.name, e.server.name, e.listener.endpoint) for e in found.edges} == {
        ("a", "exact", "127.0.0.2:80"), ("b", "any", "*:80"), ("c", "any", "*:80"),
    }  # fmt: skip


def test_who_connects_from_the_port_it_listens_on_is_the_client() -> None:
    found = service_map([
        listener("*:80", "web/1"), listener("*:9000", "peer/2"),
        *connection("127.0.0.1:9000", "127.0.0.1:80", "peer/2", "web/1"),
    ], Facts())  # fmt: skip
    assert [(e.client.name, e.server.name, e.connections) for e in found.edges] == [("peer", "web", 1)]


def test_one_end_alone_is_no_local_connection() -> None:
    """A port forward, or another namespace with the same address: the server's end is not here."""
    lonely = connection("10.0.0.1:1000", "10.0.0.1:80", "client/2")[0]
    found = service_map([listener("*:80", "web/1"), lonely], Facts())
    assert (drawn(found), found.edges) == (["web[1] [*:80]"], ())


def test_circles_end_and_nobody_is_lost() -> None:
    found = service_map([
        listener("*:1", "a/1"), listener("*:2", "b/2"), listener("*:3", "c/3"), listener("*:4", "d/4"),
        *connection("127.0.0.1:1000", "127.0.0.1:2", "a/1", "b/2"),
        *connection("127.0.0.1:1001", "127.0.0.1:1", "b/2", "a/1"),
        *connection("127.0.0.1:1002", "127.0.0.1:3", "c/3", "c/3"),
        *connection("127.0.0.1:1003", "127.0.0.1:4", "b/2", "d/4"),
    ], Facts())  # fmt: skip
    assert drawn(found) == [
        "c[3] [*:3]",
        "  c[3] [*:3] <-1- *:3",
        "a[1] [*:1]",
        "  b[2] [*:2] <-1- *:2",
        "    a[1] [*:1] <-1- *:1",
        "    d[4] [*:4] <-1- *:4",
    ]


def test_a_diamond_is_followed_down_once() -> None:
    found = service_map([
        listener("*:1", "top/1"), listener("*:2", "left/2"), listener("*:3", "right/3"), listener("*:4", "base/4"),
        listener("*:5", "under/5"),
        *connection("127.0.0.1:1000", "127.0.0.1:2", "top/1", "left/2"),
        *connection("127.0.0.1:1001", "127.0.0.1:3", "top/1", "right/3"),
        *connection("127.0.0.1:1002", "127.0.0.1:4", "left/2", "base/4"),
        *connection("127.0.0.1:1003", "127.0.0.1:4", "right/3", "base/4"),
        *connection("127.0.0.1:1004", "127.0.0.1:5", "base/4", "under/5"),
    ], Facts())  # fmt: skip
    assert [line.partition(" [")[0] for line in drawn(found)] == [
        "top[1]", "  left[2]", "    base[4]", "      under[5]", "  right[3]", "    base[4]",
    ]  # fmt: skip


def test_without_the_right_to_see_owners_it_is_whose_they_are() -> None:
    facts = Facts(users={33: "www-data", 70: "postgres"})
    found = service_map([
        listener("127.0.0.1:5432", uid=70),
        *connection("127.0.0.1:1000", "127.0.0.1:5432", "", uid=33),
        *connection("127.0.0.1:1001", "127.0.0.1:5432", "", uid=33),
    ], facts)  # fmt: skip
    ((edge),) = found.edges
    assert (edge.client.label, edge.client.user, edge.connections) == ("--", "www-data", 2)
    assert (edge.server.label, edge.server.user, edge.server.role and edge.server.role.product) == (
        "--", "postgres", "PostgreSQL",
    )  # fmt: skip


def test_udp_and_unix_sockets() -> None:
    udp: dict[str, Any] = {"transport": Transport.UDP}
    unix: dict[str, Any] = {"transport": Transport.UNIX, "family": "unix"}
    found = service_map([
        record("127.0.0.53:53", "*", UNCONN, ("systemd-resolve/3",), **udp),
        record("*:5353", "*", UNCONN, ("avahi-daemon/4",), **udp),
        record("*:41000", "*", UNCONN, ("browser/5",), **udp),  # asks, does not serve
        record("*:45000", "*", UNCONN, ("game/8",), **udp),
        record("127.0.0.1:45001", "127.0.0.1:45000", "ESTABLISHED", ("player/9",), **udp),
        record("127.0.0.1:42000", "127.0.0.53:53", "ESTABLISHED", ("curl/6",), **udp),
        record("192.0.2.1:42001", "224.0.0.251:5353", "ESTABLISHED", ("curl/6",), **udp),  # not an address of ours
        listener("/run/php.sock", "php-fpm8.2/20", "php-fpm8.2/21", **unix),
        record("/run/php.sock", "", "ESTABLISHED", ("php-fpm8.2/21",), inode=901, peer_inode=902, **unix),
        record("", "/run/php.sock", "ESTABLISHED", ("nginx/10",), inode=902, peer_inode=901, **unix),
        listener("*:80", "nginx/10"),
    ], Facts())  # fmt: skip
    assert drawn(found) == [
        "systemd-resolve[3] [127.0.0.53:53]",
        "nginx[10] [*:80]",
        "  php-fpm8.2[20] [/run/php.sock] <-1- /run/php.sock",
        "avahi-daemon[4] [*:5353]",
        "game[8] [*:45000]",
        "curl[6] []",
        "  systemd-resolve[3] [127.0.0.53:53] <-1- 127.0.0.53:53",
        "player[9] []",
        "  game[8] [*:45000] <-1- *:45000",
    ]


def test_who_accepted_decides_between_programs_on_one_port() -> None:
    found = service_map([
        listener("*:80", "old/1"), listener("*:80", "new/2"),
        *connection("127.0.0.1:1000", "127.0.0.1:80", "client/9", "new/2"),
    ], Facts())  # fmt: skip
    assert [(edge.client.name, edge.server.name) for edge in found.edges] == [("client", "new")]


async def test_of_a_table_without_records_the_map_is_the_same() -> None:
    sockets = [
        listener("*:443", "nginx/10", "nginx/11"), listener("127.0.0.1:8000", "gunicorn/20"),
        *(
            end for port in range(10_000, 13_000)
            for end in connection(f"127.0.0.1:{port}", "127.0.0.1:8000", f"nginx/{10 + port % 2}", "gunicorn/20")
        ),
    ]  # fmt: skip
    facts = Facts(owners={socket.inode: socket.owners for socket in sockets if socket.owners})
    names = ["transport", "state", "local", "local_port", "peer", "peer_port", "inode", "uid"]
    columns = Columns({name: [getattr(socket, name) for socket in sockets] for name in names})
    expected = service_map(sockets, Facts())
    assert await service_map_of(columns, facts) == expected
    assert await service_map_of(ListedTable(sockets, 0.0), Facts()) == expected
    assert [edge.connections for edge in expected.edges] == [3_000]


@pytest.mark.lab
def test_the_table_of_the_kernel_with_unix_sockets(lab: Lab) -> None:
    """Both ends in this process, which listens: its connection is one to itself."""

    async def look() -> list[tuple[str, int, bool]]:
        backend = LinuxHost().sockets()
        with ExitStack() as stack:
            server = stack.enter_context(socket.socket(socket.AF_UNIX))
            server.bind("\0map")
            server.listen()
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.connect("\0map")
            stack.enter_context(server.accept()[0])
            table = await backend.table(SocketRequest(transports=frozenset({Transport.TCP, Transport.UNIX})))
            inodes = [inode for inode in table.column("inode") if isinstance(inode, int) and inode]
            facts = Facts(owners=(await backend.owners(inodes, thorough=True)).by_inode)
            edges = (await service_map_of(table, facts)).edges
        backend.close()
        return [
            (e.listener.endpoint, e.connections, e.client.pids == e.server.pids == (os.getpid(),))
            for e in edges if e.listener.address == "@map"
        ]  # fmt: skip

    assert lab.call(lambda: asyncio.run(look())) == [("@map", 1, True)]


SERVER = """
import os, signal, socket, sys
name, port, forwards_to, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
open("/proc/self/comm", "w").write(name)
listener = socket.create_server(("127.0.0.1", port))
worker = os.fork() if workers else 0
if worker:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    print("ready", flush=True)
    signal.sigwait({signal.SIGTERM})
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    sys.exit()
if not workers:
    print("ready", flush=True)
held = []
while True:
    held.append(listener.accept()[0])
    if forwards_to:
        held.append(socket.create_connection(("127.0.0.1", forwards_to)))
"""

CLIENT = """
import signal, socket, sys
open("/proc/self/comm", "w").write(sys.argv[1])
held = [socket.create_connection(("127.0.0.1", int(sys.argv[2]))) for _ in range(int(sys.argv[3]))]
print("ready", flush=True)
signal.pause()
"""


@pytest.mark.lab
def test_real_processes(lab: Lab) -> None:
    def start(stack: ExitStack, script: str, *arguments: str) -> None:
        process = subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE)
        stack.callback(process.wait, timeout=20)
        stack.callback(process.terminate)
        assert process.stdout and process.stdout.readline() == b"ready\n"

    async def look() -> ServiceMap:
        return await service_map_of(await PortableSockets().table(SocketRequest()), Facts())

    def inside() -> list[str]:
        expected = 2 + 2 + 3
        with ExitStack() as stack:
            start(stack, SERVER, "postgres", "5432", "0", "0")
            start(stack, SERVER, "gunicorn", "8000", "5432", "1")
            start(stack, SERVER, "nginx", "443", "8000", "0")
            start(stack, CLIENT, "psql", "5432", "3")
            start(stack, CLIENT, "curl", "443", "2")
            deadline = time.monotonic() + 50
            found = asyncio.run(look())
            while sum(edge.connections for edge in found.edges) < expected + 2 and time.monotonic() < deadline:
                time.sleep(0.05)
                found = asyncio.run(look())
            return [f"{'  ' * s.depth}{s.program.name} {s.edge.connections if s.edge else ''}" for s in found.walk()]

    assert lab.call(inside) == [
        "nginx ", "  gunicorn 2", "    postgres 2", "curl ", "  nginx 2", "psql ", "  postgres 3",
    ]  # fmt: skip
