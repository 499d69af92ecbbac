"""Single sockets by psutil: against the kernel's own tables, and as other systems show theirs."""

import asyncio
import os
import re
import resource
import socket
import subprocess
import sys
import time
from collections import Counter, namedtuple
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest

from nettui.model.process import Owner
from nettui.model.socket import UNCONN, Socket, Transport
from nettui.model.socket_table import ListedTable, SocketRequest
from nettui.portable.host import PortableHost
from nettui.portable.shared import Unreadable
from nettui.portable.sockets import PortableSockets
from tests.lab_support import Lab
from tests.linux.tcp_zoo import SS_NAMES
from tests.portable import systems
from tests.portable.systems import addr, sconn

puids = namedtuple("puids", "real effective saved")
pconn = namedtuple("pconn", "fd family type laddr raddr status")

TCP, UDP, UNIX = (frozenset({transport}) for transport in (Transport.TCP, Transport.UDP, Transport.UNIX))


def read(transports: frozenset[Transport] = TCP) -> ListedTable:
    return asyncio.run(PortableSockets().table(SocketRequest(transports=transports)))


def records(table: ListedTable) -> list[Socket]:
    return [table.socket(place) for place in range(len(table))]


# Against ss


def open_some(stack: ExitStack) -> None:
    """Listeners, connections, half-closed ones and ended ones; IPv4, IPv6 and IPv4 by IPv6; UDP connected and not."""

    def pair(server: socket.socket, address: str) -> tuple[socket.socket, socket.socket]:
        client = stack.enter_context(socket.socket(server.family))
        client.connect((address, server.getsockname()[1]))
        return client, stack.enter_context(server.accept()[0])

    for family, bound, reached in (
        (socket.AF_INET, "127.0.0.1", "127.0.0.1"), (socket.AF_INET, "0.0.0.0", "127.0.0.2"),
        (socket.AF_INET6, "::1", "::1"), (socket.AF_INET6, "::", "::ffff:127.0.0.3"),
    ):  # fmt: skip
        server = stack.enter_context(socket.socket(family))
        server.bind((bound, 0))
        server.listen(16)
        pair(server, reached)
        pair(server, reached)[0].shutdown(socket.SHUT_WR)
        client, accepted = pair(server, reached)
        client.close()
        accepted.close()
        udp = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
        udp.bind((bound, 0))
        asking = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
        asking.connect((reached, udp.getsockname()[1]))


def by_ss(option: str) -> Counter[tuple[str, str, str, str, bool]]:
    """(state, local end, peer's end, process and descriptor, whether it has any)."""
    listed = subprocess.run(["ss", "-Hanp", option], capture_output=True, text=True, check=True, timeout=30).stdout
    found: Counter[tuple[str, str, str, str, bool]] = Counter()
    for line in listed.splitlines():
        state, _, _, local, peer, *rest = line.split(None, 5)
        owner = re.search(r"pid=(\d+),fd=(\d+)", rest[0]) if rest else None
        name = UNCONN if (state, option) == ("UNCONN", "-u") else SS_NAMES[state]
        found[name, plain(local), plain(peer), f"{owner[1]} {owner[2]}" if owner else "", bool(owner)] += 1
    return found


def plain(end: str) -> str:
    """An end that `ss` wrote, as nettui does: `*` for any, IPv4 where it is mapped, no interface, no port for `*`."""
    address, _, port = end.rpartition(":")
    address = address.strip("[]").partition("%")[0].removeprefix("::ffff:")
    address = "*" if address in ("0.0.0.0", "::", "*") else address
    return address if port == "*" else f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


@pytest.mark.lab
def test_tcp_and_udp_are_those_that_ss_lists(lab: Lab) -> None:
    def look() -> list[tuple[Any, Any]]:
        with ExitStack() as stack:
            open_some(stack)
            for _ in range(40):  # the last ACKs are on their way
                compared = []
                for transports, option in ((TCP, "-t"), (UDP, "-u")):
                    ours = Counter(
                        (
                            str(s.state), s.local_endpoint, s.peer_endpoint,
                            f"{s.owners[0].pid} {s.owners[0].fd}" if s.owners else "", bool(s.owners),
                        )
                        for s in records(read(transports))
                    )  # fmt: skip
                    compared.append((ours, by_ss(option)))
                if all(ours == theirs for ours, theirs in compared):
                    break
            return compared

    for ours, theirs in lab.call(look):
        assert ours == theirs
        assert theirs.total() >= 8


@pytest.mark.lab
def test_a_socket_keeps_its_key_and_is_gone_from_the_details_when_it_is_gone(lab: Lab) -> None:
    async def look() -> None:
        backend = PortableSockets()
        with ExitStack() as stack:
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            client = stack.enter_context(socket.create_connection(server.getsockname()))
            waiting = await backend.table(SocketRequest(transports=TCP))
            accepted = stack.enter_context(server.accept()[0])
            table = await backend.table(SocketRequest(transports=TCP))
            assert set(table.keys()) == set(waiting.keys())  # to accept it makes it no other socket
            assert len(set(table.keys())) == len(table) == 3
            before = records(table)
            assert await backend.details(before) == {s.key: s for s in before}
            client.shutdown(socket.SHUT_WR)
            accepted.close()
            client.close()
            server.close()
            left = await backend.details(before)
            assert {left[s.key].state if s.key in left else None for s in before} == {None, "TIME_WAIT"}
            assert await backend.details([]) == {}

    lab.call(lambda: asyncio.run(look()))


def test_unix_sockets_and_hostile_paths(tmp_path: Any) -> None:
    path = str(tmp_path / "a\x1b[2Jb")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        (found,) = [s for s in records(read(UNIX)) if s.local.endswith("a\\x1b[2Jb")]
    assert (found.transport, found.family, found.type, found.peer) == (Transport.UNIX, "unix", "stream", "*")
    assert [owner.pid for owner in found.owners or ()] == [os.getpid()]


def test_two_listeners_on_one_port_are_two() -> None:
    with ExitStack() as stack:
        ports = []
        for _ in range(2):
            made = stack.enter_context(socket.socket())
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            made.bind(("127.0.0.1", ports[0] if ports else 0))
            made.listen()
            ports.append(made.getsockname()[1])
        found = [s for s in records(read()) if s.local_port == ports[0]]
    assert len({s.key for s in found}) == 2
    assert {(s.local, s.state, s.uid) for s in found} == {("127.0.0.1", "LISTEN", os.geteuid())}


# Processes


async def test_a_process() -> None:
    before = time.time()
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()", "an\x1b[31margument"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    backend = PortableSockets()
    try:
        assert child.stdout and child.stdout.readline()
        found = await backend.process(child.pid)
        assert (found.pid, found.uid) == (child.pid, os.geteuid())
        assert found.command and found.command.endswith("an\\x1b[31margument")
        assert found.executable == os.path.realpath(f"/proc/{child.pid}/exe")
        assert found.descriptors == len(list(Path(f"/proc/{child.pid}/fd").iterdir()))
        assert found.descriptor_limit == resource.prlimit(child.pid, resource.RLIMIT_NOFILE)[0]
        assert found.started_at and before - 2 < found.started_at < time.time() + 2  # to a clock tick, boot to a second
    finally:
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    dead = await backend.process(child.pid)  # nobody has waited for it yet
    assert (dead.pid, dead.command, dead.descriptors or None) == (child.pid, None, None)
    child.communicate()
    with pytest.raises(ProcessLookupError):
        await backend.process(child.pid)


async def test_what_may_not_be_known_of_a_process_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(process: psutil.Process) -> None:
        raise psutil.AccessDenied(process.pid)

    for name in ("cmdline", "exe", "num_fds", "username"):
        monkeypatch.setattr(psutil.Process, name, refuse)
    monkeypatch.setattr(psutil.Process, "rlimit", lambda process, which: (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
    found = await PortableSockets().process(os.getpid())
    assert (found.command, found.executable, found.descriptors, found.user) == (None, None, None, None)
    assert found.descriptor_limit is None
    assert found.started_at


# As other systems show theirs


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`on("macos", connections)`: psutil tells of these there; process 7 is called web, and all others have gone."""

    class Known:
        def __init__(self, pid: int) -> None:
            if pid not in (4, 7, 100, 101):
                raise psutil.NoSuchProcess(pid)
            self.pid = pid

        def oneshot(self) -> ExitStack:
            return ExitStack()

        def name(self) -> str:
            if self.pid == 4:
                raise psutil.AccessDenied(4)
            return "web\x1b[2J"

        def uids(self) -> Any:
            return puids(501, 501, 501)

    def put_on(system: str, connections: list[sconn]) -> None:
        made = systems.ALL[system]()
        made.sockets = connections
        made.put_on(monkeypatch)
        monkeypatch.setattr(psutil, "Process", Known)

    return put_on


def tcp(status: str, local: tuple[str, int] | None, remote: tuple[str, int] | None = None, pid: int | None = 7) -> Any:
    return systems.tcp(status, local, remote, pid)


def test_windows(on: Any) -> None:
    on("windows", [
        tcp("LISTEN", ("0.0.0.0", 445), pid=4),
        tcp("LISTEN", ("::", 445), pid=4),
        tcp("ESTABLISHED", ("192.168.1.20", 50001), ("203.0.113.9", 443)),
        tcp("TIME_WAIT", ("192.168.1.20", 50002), ("203.0.113.9", 443), pid=0),
        tcp("DELETE_TCB", ("::ffff:192.168.1.20", 50003), ("::ffff:203.0.113.9", 443), pid=99),
        tcp("ESTABLISHED", ("fe80::1%12", 50004), ("fe80::2%12", 443), pid=None),
        tcp("LISTEN", ("0.0.0.0", 445), pid=4),
    ])  # fmt: skip
    table = read()
    assert [(s.family, s.state, s.local_endpoint, s.peer_endpoint, s.uid) for s in records(table)] == [
        ("inet", "LISTEN", "*:445", "*", None),
        ("inet6", "LISTEN", "*:445", "*", None),
        ("inet", "ESTABLISHED", "192.168.1.20:50001", "203.0.113.9:443", None),
        ("inet", "TIME_WAIT", "192.168.1.20:50002", "203.0.113.9:443", None),
        ("inet6", "CLOSED", "192.168.1.20:50003", "203.0.113.9:443", None),
        ("inet6", "ESTABLISHED", "[fe80::1]:50004", "[fe80::2]:443", None),
        ("inet", "LISTEN", "*:445", "*", None),
    ]
    web, system = Owner(pid=7, name="web\\x1b[2J", fd=3), Owner(pid=4, name="?", fd=3)
    # nobody's, one that has gone meanwhile, one that is not told
    assert [s.owners for s in records(table)] == [(system,), (system,), (web,), (), None, None, (system,)]
    assert len(set(table.keys())) == 7


def test_macos_tells_of_a_socket_once_for_each_process(on: Any) -> None:
    peer = ("198.51.100.4", 50_000)
    on("macos", [
        *(tcp("LISTEN", ("0.0.0.0", 80), pid=pid) for pid in (7, 100, 101)),
        *(tcp("ESTABLISHED", ("192.168.1.12", 80), peer, pid=pid) for pid in (100, 101)),
    ])  # fmt: skip
    table = read()
    assert [[owner.pid for owner in s.owners or ()] for s in records(table)] == [[7, 100, 101], [100, 101]]
    assert {s.uid for s in records(table)} == {501}
    assert "TIME_WAIT" in (table.note or "")


def test_macos_without_root_shows_ones_own(on: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        pid = 1

        def net_connections(self, kind: str) -> Any:
            raise psutil.AccessDenied(1)

    class Own:
        pid = 7

        def net_connections(self, kind: str) -> Any:
            return [pconn(5, socket.AF_INET, socket.SOCK_STREAM, addr("127.0.0.1", 80), (), "LISTEN")]

    on("macos", psutil.AccessDenied(1))
    monkeypatch.setattr(psutil, "process_iter", lambda: [Other(), Own()])
    table = read()
    assert [(s.local_endpoint, s.owners) for s in records(table)] == [
        ("127.0.0.1:80", (Owner(pid=7, name="web\\x1b[2J", fd=5),))
    ]
    assert table.note == "this system shows the sockets of other users only to root"
    monkeypatch.setattr(psutil, "process_iter", lambda: [Other()])
    with pytest.raises(Unreadable, match="shows TCP sockets only to root"):
        read()


async def test_what_cannot_be_had_says_so() -> None:
    backend = PortableHost().sockets()
    assert isinstance(backend, PortableSockets)
    some = Socket(key="x", transport=Transport.TCP, family="inet", state="LISTEN", local="*")
    with pytest.raises(OSError, match="cannot close the sockets of other programs"):
        await backend.destroy(some)
    with pytest.raises(OSError, match="does not tell of sockets that end"):
        await anext(backend.endings())
    assert (await backend.owners([1, 2])).by_inode == {}
    assert backend.unit(1) is None
    table = await backend.table(SocketRequest(transports=frozenset({Transport.RAW, Transport.MPTCP})))
    assert (len(table), table.note) == (0, "psutil does not tell of raw and mptcp sockets")


def test_the_host_has_one_way_to_its_sockets() -> None:
    host = PortableHost()
    assert host.sockets() is host.sockets()
