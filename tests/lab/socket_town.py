"""A lab with programs of several users whose sockets differ in everything that can be filtered by, and then stay."""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tests.lab.socket_actors import IPPROTO_MPTCP, Actor, actor, connection, fork_along
from tests.lab.socket_truth import Told, told_by_ss
from tests.lab_support import PATIENCE, Lab

WEB, DATABASE, SILENT, QUEUE, NARROW = 8080, 5432, 9999, 6100, 6200
LINK_LOCAL = "fe80::99"
CLERK = 4711
"""A user without a name."""

RULES = f"""
table inet town {{
  chain input {{
    type filter hook input priority 0; policy accept;
    tcp dport {SILENT} drop
  }}
}}
"""
"""For `nft -f -`: a black hole."""

_SO_BINDTODEVICE, _ANY_V4 = 25, "0.0.0.0"


class Town(NamedTuple):
    lab: Lab
    actors: dict[str, Actor]
    kinds: tuple[str, ...]
    tables: str
    """MPTCP among them if this kernel has it."""

    def told(self, owners: bool = False) -> dict[int, Told]:
        return told_by_ss(self.lab, self.tables, owners)


def while_still(
    place: Town, ours: Callable[[], Any], alike: Callable[[Any, dict[int, Told], dict[int, Told]], Any],
    owners: bool = False,
) -> Any:
    """What differs between what `ours` gives and what `ss` says before and after: nothing as soon as nothing does."""

    def compared() -> Any:
        before, mine, after = place.told(owners), ours(), place.told(owners)
        if {key: each.still for key, each in before.items()} != {key: each.still for key, each in after.items()}:
            return "the sockets never stood still"
        return alike(mine, before, after)

    deadline = time.monotonic() + PATIENCE / 3
    while (different := compared()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return different


@contextlib.contextmanager
def town(lab: Lab) -> Iterator[dict[str, Actor]]:
    """Its programs by name."""
    lab.ip(
        "link add eth0 type veth peer name eth1", "link set eth0 up", "link set eth1 up",
        f"addr add {LINK_LOCAL}/64 dev eth0 nodad", "addr add 10.77.0.1/24 dev eth0",
    )
    # Since Linux 6.5 a SYN is repeated each second at first; with ever longer pauses there are times of stillness.
    lab.run("tee", "/proc/sys/net/ipv4/tcp_syn_linear_timeouts", stdin="0\n", check=False)
    lab.run("nft", "-f", "-", stdin=RULES)
    with contextlib.ExitStack() as stack:
        yield {
            name: stack.enter_context(actor(lab, part, name, uid))
            for name, part, uid in (
                ("webd", _web, None), ("postgres-like", _database, CLERK), ("worker: two)", _sharing, None),
            )
        }


def _web() -> Iterator[int]:
    """Listeners of every family, and their clients: with data unread and unsent, half closed, closed, waiting.

    Whenever it is told to go on, there are new ones in TIME_WAIT.
    """
    plain = socket.create_server(("127.0.0.1", WEB), backlog=100)
    dual = socket.create_server(("::", WEB + 1), family=socket.AF_INET6, dualstack_ipv6=True)
    six = socket.create_server(("::1", WEB), family=socket.AF_INET6)
    local = socket.socket(socket.AF_INET6)
    local.bind((LINK_LOCAL, WEB, 0, socket.if_nametoindex("eth0")))
    local.listen(7)
    held = [*connection(plain, "127.0.0.1"), *connection(dual, "::1"), *connection(six, "::1")]
    held += [*connection(dual, "::ffff:10.77.0.1"), *connection(plain, "127.0.0.1", local="127.9.8.7")]
    linked = socket.socket(socket.AF_INET6)
    linked.connect((LINK_LOCAL, WEB, 0, socket.if_nametoindex("eth0")))
    unread, _full = connection(plain, "127.0.0.1")
    unread.sendall(b"x" * 777)
    narrow = socket.create_server(("127.0.0.1", NARROW))
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # accepted ones inherit it, so that it is soon full
    stuck, _slow = connection(narrow, "127.0.0.1")
    stuck.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            stuck.send(b"x" * 65536)
    kept, _keeps = connection(plain, "127.0.0.1")
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    leaked = [connection(plain, "127.0.0.1") for _ in range(3)]
    for client, _ in leaked:
        client.shutdown(socket.SHUT_WR)
    waiting = socket.create_server(("127.0.0.1", QUEUE), backlog=5)
    knocking = [socket.create_connection(("127.0.0.1", QUEUE)) for _ in range(2)]
    assert held and local and linked and waiting and knocking
    while True:
        for _ in range(4):
            for end in connection(plain, "127.0.0.1"):
                end.close()
        yield os.getpid()


def _database() -> Iterator[int]:
    """Of another user: SYN_SENT, a listener bound to an interface, UDP connected and not, QUIC of both families.

    Whenever it is told to go on, a query goes over the one connection.
    """
    listener = socket.create_server(("10.77.0.1", DATABASE), backlog=9)
    client, server = connection(listener, "10.77.0.1")
    bound = socket.create_server(("127.0.0.1", DATABASE + 1))
    if os.geteuid() == 0:
        bound.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, b"lo\0")
    calling = []
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        caller = socket.socket(family)
        caller.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            caller.connect((address, SILENT))
        calling.append(caller)
    datagrams = [_udp(socket.AF_INET, _ANY_V4, 5300), _udp(socket.AF_INET6, "::", 5301)]
    asking = _udp(socket.AF_INET, "127.0.0.1", 5302)
    asking.connect(("127.0.0.1", 5300))
    asking.send(b"a question that nobody reads")
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        datagrams.append(_udp(family, address, 0))
        datagrams[-1].connect((address, 443))
    assert calling
    while True:
        client.sendall(b"select")
        assert server.recv(6, socket.MSG_WAITALL) == b"select"
        yield os.getpid()


def _sharing() -> Iterator[list[int]]:
    """A listener that two processes have open, sockets of other kinds, and Multipath TCP if the kernel has it."""
    shared = socket.create_server(("127.0.0.1", 7300))
    child = fork_along()
    if child == 0:
        shared.accept()
    with contextlib.suppress(OSError):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
        listener.bind(("127.0.0.1", 7400))
        listener.listen(3)
        _ends = connection(listener, "127.0.0.1", IPPROTO_MPTCP)
    hall = socket.socket(socket.AF_UNIX)
    hall.bind("\0town-hall")
    hall.listen()
    visitor = socket.socket(socket.AF_UNIX)
    visitor.connect("\0town-hall")
    _served, _ = hall.accept()
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    yield [os.getpid(), child]
    assert raw


def _udp(family: int, address: str, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.bind((address, port))
    return made
