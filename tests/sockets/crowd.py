"""Many sockets of every kind, made by chance but the same each time, for order and groups."""

import random
from collections.abc import Sequence

from nettui.model.process import Owner, Unit
from nettui.model.socket import UNCONN, Socket, Timer, Transport
from nettui.model.socket_table import ListedTable
from nettui.model.tcp import STATES
from nettui.model.tcp_info import TcpInfo
from nettui.sockets.facts import Facts

ADDRESSES = (
    "192.0.2.9", "192.0.2.10", "192.0.2.100", "10.0.3.1", "10.0.3.254", "127.0.0.1", "9.255.255.255", "::1",
    "2001:db8::9", "2001:db8::10", "2001:db8:0:0:8000::", "2001:db8:0:1::1", "fe80::1%eth0", "fe80::1%eth1",
)  # fmt: skip


def crowd(number: int, seed: int = 1) -> ListedTable:
    """`number` sockets of all transports and states; everything that may be unknown sometimes is."""
    chance = random.Random(seed)
    return ListedTable([one(chance, key) for key in range(1, number + 1)], taken_at=10_000.0)


def one(chance: random.Random, key: int) -> Socket:
    transport = chance.choice(tuple(Transport))
    is_tcp = transport in (Transport.TCP, Transport.MPTCP)
    state = chance.choice(STATES) if is_tcp else chance.choice((UNCONN, "ESTABLISHED"))
    connected = state not in ("LISTEN", UNCONN)
    unix = transport is Transport.UNIX
    measured = chance.random() < 0.7
    return Socket(
        key=key,
        transport=transport,
        family="unix" if unix else chance.choice(("inet", "inet6")),
        state=state,
        local=chance.choice(("", "@abstract", "/run/a.sock")) if unix else chance.choice(("*", *ADDRESSES)),
        local_port=None if unix else chance.choice((None, 22, 80, 443, 8080, chance.randrange(32_768, 61_000))),
        peer=("" if unix else chance.choice(ADDRESSES)) if connected else "*",
        peer_port=chance.randrange(1, 65_536) if connected and not unix else None,
        ifindex=chance.choice((None, None, 1, 2, 10)),
        recv_q=chance.choice((None, 0, 0, 0, 1, 1_000_000)),
        send_q=chance.choice((None, 0, chance.randrange(1000))),
        uid=chance.choice((None, 0, 33, 1000)),
        inode=0 if state == "TIME_WAIT" else chance.choice((0, key + 1000, key + 1000, key + 1000)),
        timer=chance.choice((None, Timer(kind="keepalive", expires=chance.uniform(0, 7200)))),
        cgroup=chance.choice((None, 1, 2, 3, 4)),
        info=TcpInfo(
            rtt=chance.choice((None, chance.uniform(0.0001, 2))), total_retrans=chance.choice((0, 0, 3)),
            last_data_sent=chance.choice((None, 5.0, chance.uniform(0, 9999))),
        ) if measured else None,
    )  # fmt: skip


def facts_of(table: ListedTable, seed: int = 2) -> Facts:
    """Owners of most that have an inode, some shared, some looked for in vain; ages of some."""
    chance = random.Random(seed)
    people = [Owner(pid=pid, name=name) for pid, name in ((7, "Nginx"), (70, "nginx"), (9, "java"), (10, "java"))]
    sockets = [table.socket(place) for place in range(len(table))]
    owners: dict[int, tuple[Owner, ...]] = {
        socket.inode: tuple(chance.sample(people, chance.choice((0, 1, 1, 1, 3))))
        for socket in sockets if socket.inode and chance.random() < 0.9
    }  # fmt: skip
    return Facts(
        owners=owners,
        units={1: Unit(name="nginx.service", path="/a"), 2: Unit(name="docker 3f2a", path="/b"), 3: None},
        users={0: "root", 33: "www-data"},
        links={1: "lo", 2: "eth0"},
        born={socket.key: chance.uniform(9_000, 10_000) for socket in sockets if chance.random() < 0.5},
    )  # fmt: skip


class Columns:
    """A table that has columns and no records, and notes how much of them is asked for at once."""

    taken_at = 0.0
    note = None

    def __init__(self, columns: dict[str, Sequence[object]]) -> None:
        self._columns = columns
        self.largest = 0
        self.read = 0

    def __len__(self) -> int:
        return len(self._columns["state"])

    def keys(self) -> Sequence[int]:
        return range(len(self))

    def socket(self, place: int) -> Socket:
        raise AssertionError("a record of one in 100,000 sockets")

    def column(self, name: str, start: int = 0, end: int | None = None) -> Sequence[object]:
        found = self._columns[name][start:end]
        self.largest = max(self.largest, len(found))
        self.read += len(found)
        return found
