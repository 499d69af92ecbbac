"""TCP sockets in every state the kernel can be brought to, and `ss` to say how many there are."""

import contextlib
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable

from nettui.model.tcp import TcpState

PLAIN, LOSES_FIN, LOSES_SYN, LOSES_ACK = 7000, 7001, 7002, 7003
"""Ports listened on. What the name says is dropped on its way to them."""

RULES = f"""
table inet zoo {{
  chain input {{
    type filter hook input priority 0; policy accept;
    tcp dport {LOSES_FIN} tcp flags & fin == fin drop
    tcp dport {LOSES_SYN} tcp flags & (syn|ack) == syn drop
    tcp dport {LOSES_ACK} tcp flags & (syn|ack) == ack drop
  }}
}}
"""
"""For `nft -f -`."""

# `ss -a` before iproute2 6.8 lists what is named here; since then it adds sockets that are only bound, as UNCONN too.
SS_STATES = (
    "established syn-sent syn-recv fin-wait-1 fin-wait-2 time-wait closed close-wait last-ack listening closing"
)
SS_NAMES = {
    "ESTAB": TcpState.ESTABLISHED,
    "SYN-SENT": TcpState.SYN_SENT,
    "SYN-RECV": TcpState.SYN_RECV,
    "FIN-WAIT-1": TcpState.FIN_WAIT1,
    "FIN-WAIT-2": TcpState.FIN_WAIT2,
    "TIME-WAIT": TcpState.TIME_WAIT,
    "UNCONN": TcpState.CLOSED,
    "CLOSE-WAIT": TcpState.CLOSE_WAIT,
    "LAST-ACK": TcpState.LAST_ACK,
    "LISTEN": TcpState.LISTEN,
    "CLOSING": TcpState.CLOSING,
}


def seen_by_ss() -> Counter[tuple[TcpState, int]]:
    """All TCP sockets by (state, local port)."""
    states = [word for state in SS_STATES.split() for word in ("state", state)]
    listed = subprocess.run(["ss", "-Htan", *states], capture_output=True, text=True, check=True, timeout=30).stdout
    found: Counter[tuple[TcpState, int]] = Counter()
    for line in listed.splitlines():
        state, _, _, local, *_ = line.split()
        found[SS_NAMES[state], int(local.rpartition(":")[2])] += 1
    return found


def by_state(sockets: Counter[tuple[TcpState, int]]) -> Counter[TcpState]:
    found: Counter[TcpState] = Counter()
    for (state, _), count in sockets.items():
        found[state] += count
    return found


class Zoo:
    """Sockets held open. Every kind comes in a number of its own, so that none can be taken for another."""

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def fill(self) -> Counter[TcpState]:
        """Make everything, with IPv4, IPv6, and IPv4 through IPv6 sockets; returns how many there must be of each."""
        for family, local, remote in (
            (socket.AF_INET, "127.0.0.1", "127.0.0.1"),
            (socket.AF_INET6, "::1", "::1"),
            (socket.AF_INET6, "::ffff:127.0.0.2", "::ffff:127.0.0.2"),
        ):
            self._of(family, local, remote)
        self._held.append(socket.socket())
        self._held.append(socket.create_server(("127.0.0.3", 0)))
        bound = socket.socket()
        bound.bind(("127.0.0.3", 0))
        self._held.append(bound)
        return Counter({state: 3 * count for state, count in EACH.items()}) + Counter({TcpState.LISTEN: 1})

    def close(self) -> None:
        for held in self._held:
            held.close()

    def pair(self, listener: socket.socket, remote: str) -> tuple[socket.socket, socket.socket]:
        """A connection: the end that asked, the end that accepted."""
        client = socket.socket(listener.family)
        client.connect((remote, listener.getsockname()[1]))
        server, _ = listener.accept()
        self._held += client, server
        return client, server

    def listen(self, family: int, address: str, port: int) -> socket.socket:
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(64)
        self._held.append(listener)
        return listener

    def _of(self, family: int, local: str, remote: str) -> None:
        plain, loses_fin, _, loses_ack = (
            self.listen(family, local, port) for port in (PLAIN, LOSES_FIN, LOSES_SYN, LOSES_ACK)
        )
        for _ in range(7):  # 14 ESTABLISHED
            self.pair(plain, remote)
        for _ in range(2):  # SYN_SENT
            client = socket.socket(family)
            client.setblocking(False)
            self._held.append(client)
            with contextlib.suppress(BlockingIOError):
                client.connect((remote, LOSES_SYN))
        for _ in range(3):  # SYN_RECV, with an ESTABLISHED client
            client = socket.socket(family)
            client.connect((remote, loses_ack.getsockname()[1]))
            self._held.append(client)
        for _ in range(8):  # FIN_WAIT2 that a program holds, and CLOSE_WAIT
            self.pair(plain, remote)[0].shutdown(socket.SHUT_WR)
        for _ in range(9):  # FIN_WAIT2 that nobody holds, and CLOSE_WAIT
            self.pair(plain, remote)[0].close()
        for _ in range(11):  # TIME_WAIT
            for end in self.pair(plain, remote):
                end.close()
        for number in range(4):  # FIN_WAIT1, two of them orphans, with an ESTABLISHED server
            client, _ = self.pair(loses_fin, remote)
            if number % 2:
                client.shutdown(socket.SHUT_WR)
            else:
                client.close()
        for _ in range(5):  # CLOSING, with FIN_WAIT2 at the server
            client, server = self.pair(loses_fin, remote)
            client.shutdown(socket.SHUT_WR)
            server.shutdown(socket.SHUT_WR)
        for _ in range(6):  # LAST_ACK, with FIN_WAIT2 at the server
            client, server = self.pair(loses_fin, remote)
            server.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""
            client.close()


EACH = {
    TcpState.LISTEN: 4,
    TcpState.SYN_SENT: 2,
    TcpState.SYN_RECV: 3,
    TcpState.ESTABLISHED: 14 + 3 + 4,
    TcpState.FIN_WAIT1: 4,
    TcpState.FIN_WAIT2: 8 + 9 + 5 + 6,
    TcpState.TIME_WAIT: 11,
    TcpState.CLOSE_WAIT: 8 + 9,
    TcpState.LAST_ACK: 6,
    TcpState.CLOSING: 5,
}
"""What `Zoo` makes of each kind of address."""


def settled(expected: Counter[TcpState], patience: float = 10.0) -> Counter[tuple[TcpState, int]]:
    """What `ss` sees once it sees what is expected, or after `patience` seconds what it sees instead."""
    deadline = time.monotonic() + patience
    while by_state(found := seen_by_ss()) != expected and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def while_still(read: Callable[[], Counter[TcpState]]) -> tuple[Counter[TcpState], Counter[TcpState]]:
    """What `read` and what `ss` counted in a moment when nothing moved (or, where none comes, in the last try)."""
    for _ in range(100):
        before, found, after = by_state(seen_by_ss()), read(), by_state(seen_by_ss())
        if before == after and found == before:
            break
    return +found, +after
