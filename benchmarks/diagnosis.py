"""All rules on one Snapshot of a host with 80,000 sockets, with as much past as is ever kept.

    python -m benchmarks.diagnosis
"""

import random
import time
from collections.abc import Iterator

from msgspec.structs import replace

from benchmarks.figures import Figure, single, table
from nettui.diagnosis.diagnose import Diagnosis
from nettui.engine.keeper import Keeper
from nettui.model.address import Address
from nettui.model.census import (
    Attempt,
    Census,
    Closing,
    Destination,
    HalfOpen,
    Holder,
    Listener,
    Pool,
    Program,
    Share,
    Silent,
    UdpLoss,
    Unanswered,
)
from nettui.model.link import Counters, Link, OperState
from nettui.model.neighbour import Neighbour, NeighbourState
from nettui.model.process import Owner
from nettui.model.resolver import Resolver, ResolverConfig
from nettui.model.route import Route
from nettui.model.snapshot import Snapshot
from nettui.model.tcp import TcpCounts, TcpState
from nettui.model.vitals import KernelSettings, Vitals
from nettui.model.watched import Lease, Leases, Processes, ProcessUse

PAST = 300
"""Readings before the first that is timed, one a second."""
GROUPS = 32
"""Of each kind in a census."""
BUSY = 4
"""Of these, on a busy host, the groups whose figures go up and down around the thresholds; the others are sound."""
UPDATES = 101


def measure(updates: int = UPDATES, past: int = PAST) -> list[Figure]:
    """The medians of many updates, each with a new reading of everything."""
    busy, trouble = _seconds(updates, past, BUSY), _seconds(updates, past, GROUPS)
    worst = sorted(busy)[-max(1, len(busy) // 100)]
    return [
        single("all rules on a Snapshot of 80,000 sockets", 0.005, "s", busy),
        Figure("the slowest in a hundred of these", worst, None, "s", worst, None, len(busy)),
        single("the same on a host in trouble: every group of every kind", None, "s", trouble),
    ]


def _seconds(updates: int, past: int, beyond: int) -> list[float]:
    """How long each update took, once the past was there."""
    keeper, diagnosis = Keeper(), Diagnosis()
    seconds = []
    for number, snapshot in enumerate(snapshots(past + updates, beyond)):
        history = keeper.add(snapshot)
        start = time.perf_counter()
        diagnosis.update(history)
        if number >= past:
            seconds.append(time.perf_counter() - start)
    return seconds


def snapshots(count: int, beyond: int = GROUPS) -> Iterator[Snapshot]:
    """A large host, second by second: everything that is measured moves, tables stay.

    `beyond`: in how many groups of each kind the figures come to the thresholds.
    """
    luck = random.Random(4)
    still = _still()
    for second in range(count):
        at = 1_700_000_000.0 + second
        yield replace(
            still, taken_at=at, tcp_at=at, counters_at=at, tcp=_counts(luck), counters=_counters(second),
            vitals=_vitals(at, second), census=_census(at, luck, beyond), processes=_processes(at, luck, beyond),
            settings=KernelSettings(at=at, port_first=32_768, port_last=60_999, tcp_mem=(1 << 18, 1 << 19, 1 << 20),
                                    tcp_max_orphans=65_536, somaxconn=4_096, gc_thresh3=1_024),
        )  # fmt: skip


def _still() -> Snapshot:
    """The tables: 64 links, as many addresses, 2,000 routes, 500 neighbours."""
    links = tuple(
        Link(ifindex=n, name=f"eth{n}", kind="ethernet", state=OperState.UP, admin_up=True, carrier=True, speed=10_000)
        for n in range(1, 65)
    )
    addresses = tuple(
        Address(ifindex=n, family="inet", address=f"10.{n}.0.2", prefixlen=16, scope="global", flags=("permanent",))
        for n in range(1, 65)
    )
    default = Route(family="inet", table=254, destination="0.0.0.0", prefixlen=0, gateway="10.1.0.1", ifindex=1)
    routes = (default, *(
        Route(family="inet", table=254, destination=f"172.{16 + n // 256}.{n % 256}.0", prefixlen=24,
              gateway="10.1.0.1", ifindex=1)
        for n in range(2_000)
    ))  # fmt: skip
    neighbours = tuple(
        Neighbour(ifindex=1, family="inet", address=f"10.1.{n // 250}.{1 + n % 250}", state=NeighbourState.REACHABLE)
        for n in range(500)
    )
    resolvers = ResolverConfig(resolvers=(Resolver(address="10.1.0.53", port=53, source="resolv.conf"),))
    lease = Lease(interface="eth1", address="10.1.0.2", server="10.1.0.1", seconds=86_400.0,
                  expires_at=1_700_080_000.0)  # fmt: skip
    return Snapshot(
        taken_at=0.0, host="large", backend="linux", links=links, addresses=addresses, routes=routes, rules=(),
        neighbours=neighbours, resolvers=resolvers, leases=Leases(at=1_700_000_000.0, leases=(lease,)),
    )


def _counts(luck: random.Random) -> TcpCounts:
    return TcpCounts.of({
        TcpState.ESTABLISHED: 50_000 + luck.randrange(400), TcpState.TIME_WAIT: 24_000 + luck.randrange(400),
        TcpState.CLOSE_WAIT: 40 + luck.randrange(30), TcpState.FIN_WAIT2: 2_000 + luck.randrange(50),
        TcpState.LISTEN: 60, TcpState.SYN_RECV: luck.randrange(20),
    }, "sock_diag+proc")  # fmt: skip


def _counters(second: int) -> tuple[Counters, ...]:
    return tuple(
        Counters(ifindex=n, rx_bytes=second * 1_000_000, tx_bytes=second * 900_000, rx_packets=second * 1_000,
                 tx_packets=second * 900, rx_errors=second // 10, tx_errors=0, rx_dropped=second, tx_dropped=0)
        for n in range(1, 65)
    )  # fmt: skip


def _vitals(at: float, second: int) -> Vitals:
    return Vitals(
        at=at, tcp_in_segs=second * 90_000, tcp_out_segs=second * 80_000, tcp_retrans_segs=second * 300,
        tcp_estab_resets=second * 3, tcp_out_rsts=second * 4, listen_overflows=second // 5, listen_drops=second // 5,
        udp_in_datagrams=second * 500, udp_rcvbuf_errors=second // 3, softnet_processed=second * 100_000,
        softnet_dropped=second // 4, softnet_squeezed=second, tcp_orphans=100, tcp_memory=40_000, descriptors=90_000,
        descriptors_max=1_000_000, conntrack=100_000, conntrack_max=262_144, neighbours4=500, neighbours6=10,
        neighbour_overflows=0, syncookies_sent=0, req_q_full_drop=0, tcp_abort_on_memory=0, tcp_memory_pressures=0,
    )


def _program(number: int) -> Program:
    return Program(owner=Owner(pid=1_000 + number, name=f"service{number}"), uid=1_000)


def _census(at: float, luck: random.Random, beyond: int) -> Census:
    """Everything that can be counted. What is sound moves too: a few sockets of each group, whatever they do."""
    def some(n: int) -> int:
        return luck.randrange(1, 200 if n < beyond else 12)

    def lost(n: int) -> int:
        return luck.randrange(1, 200) if n < beyond else 7

    def retries(n: int) -> int:
        return luck.randrange(1, 15 if n < beyond else 3)

    def resent(n: int) -> int:
        return luck.randrange(1, 200) if n < beyond else luck.randrange(2)

    return Census(
        at=at, sockets=80_000,
        holders=tuple(Holder(program=_program(n), count=some(n), local=(Share(name=":8080", count=some(n)),))
                      for n in range(GROUPS)),
        destinations=tuple(Destination(source="10.1.0.2", address=f"10.9.0.{n}", port=443, live=some(n) * 60,
                                       time_wait=some(n) * 60, program=_program(n)) for n in range(GROUPS)),
        listeners=tuple(Listener(address="0.0.0.0", port=8_000 + n, waiting=some(n), backlog=128, drops=lost(n),
                                 program=_program(n)) for n in range(GROUPS)),
        attempts=tuple(Attempt(address=f"10.8.0.{n}", port=5_432, count=some(n), retried=resent(n),
                               retries=3 if n < beyond else 1, program=_program(n)) for n in range(GROUPS)),
        half_open=tuple(HalfOpen(port=8_000 + n, count=some(n), retried=resent(n), peers=some(n), backlog=128,
                                 program=_program(n)) for n in range(GROUPS)),
        unanswered=tuple(Unanswered(state="ESTABLISHED", address=f"10.7.0.{n}", port=443, local_port=None,
                                    count=some(n), retries=retries(n), kind="retransmit", queued=some(n),
                                    program=_program(n)) for n in range(GROUPS)),
        silent=tuple(Silent(program=_program(n), local_port=8_000 + n, port=None, count=some(n),
                            longest=some(n) * 60.0) for n in range(GROUPS)),
        pools=tuple(Pool(program=_program(n), address="10.6.0.1", port=5_432, role="PostgreSQL", established=20,
                         waiting=some(n) % 20, longest=1.0) for n in range(GROUPS)),
        closing=tuple(Closing(state="LAST_ACK", address=f"10.5.0.{n}", port=443, local_port=None, count=some(n),
                              retried=resent(n), program=_program(n)) for n in range(GROUPS)),
        udp=tuple(UdpLoss(address="0.0.0.0", port=5_000 + n, drops=lost(n), queued=some(n), limit=212_992,
                          program=_program(n)) for n in range(GROUPS)),
    )  # fmt: skip


def _processes(at: float, luck: random.Random, beyond: int) -> Processes:
    used = tuple(ProcessUse(pid=1_000 + n, name=f"service{n}", limit=1_024,
                            descriptors=luck.randrange(1, 1_024 if n < beyond else 600))
                 for n in range(GROUPS))  # fmt: skip
    return Processes(at=at, used=used, seen=500, hidden=0)


if __name__ == "__main__":
    print(table(measure(), []))
