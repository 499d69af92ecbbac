"""The sockets of web-03, at any second: what the screens, their tests and the recording show.

nginx :443 speaks to gunicorn :8000, that to postgres :5432 and redis :6379. java on :8080 never closes what its
clients in 10.0.3.0/24 have closed. Connections to the database on 10.0.9.5 are made anew for each request. One
listener's accept queue is full, and one connection gets no acknowledgement any more.
"""

from collections.abc import Iterator
from functools import lru_cache

from msgspec.structs import replace

from nettui.model.process import Owner, Unit
from nettui.model.socket import Socket, SocketMemory, Timer, Transport
from nettui.model.tcp_info import TcpInfo

MOMENTS = (*range(0, 165, 15), *range(165, 180))
"""Seconds at which the sockets are read anew: at first seldom, to keep the file small, then with every Snapshot."""

HERE, HERE6 = "192.0.2.10", "2001:db8:0:3::10"

USERS = {
    0: "root", 33: "www-data", 101: "systemd-resolve", 102: "systemd-network", 104: "postgres", 105: "redis",
    106: "_chrony", 1001: "app", 1002: "deploy",
}
"""Who is who on web-03."""

SERVICES = {
    ("tcp", 22): "ssh", ("tcp", 53): "domain", ("udp", 53): "domain", ("udp", 68): "bootpc", ("tcp", 80): "http",
    ("udp", 123): "ntp", ("tcp", 443): "https", ("udp", 443): "https", ("tcp", 5432): "postgresql",
    ("tcp", 6379): "redis", ("tcp", 8080): "http-alt",
}
"""What its ports are called."""


class Program:
    """What runs on the host: whose sockets are whose."""

    def __init__(self, name: str, uid: int, *pids: int, unit: str = "", container: bool = False) -> None:
        self.uid = uid
        self.owners = tuple(Owner(pid=pid, name=name, fd=6 + at) for at, pid in enumerate(pids))
        path = f"/system.slice/{unit or f'{name}.service'}"
        self.unit = Unit(name=unit or f"{name}.service", path=path, container=container)


NGINX = Program("nginx", 33, 812, 813, 814)
GUNICORN = Program("gunicorn", 33, 1203, 1210, 1211)
POSTGRES = Program("postgres", 104, 954, unit="postgresql.service")
REDIS = Program("redis-server", 105, 901)
JAVA = Program("java", 1001, 4711, unit="shop.service")
IMPORT = Program("python3", 1001, 2210, unit="import-api.service")
SSHD = Program("sshd", 0, 640, unit="ssh.service")
SESSION = Program("sshd", 0, 5120, unit="session-14.scope")
BACKUP = Program("restic", 0, 6120, unit="backup.service")
EXPORTER = Program("node_exporter", 1002, 700)
RESOLVED = Program("systemd-resolve", 101, 512, unit="systemd-resolved.service")
NETWORKD = Program("systemd-network", 102, 498, unit="systemd-networkd.service")
CHRONY = Program("chronyd", 106, 531)
REGISTRY = Program("docker-proxy", 0, 7001, unit="docker.service")


def sockets(second: int) -> tuple[Socket, ...]:
    """All that a Snapshot of this second holds; the same object until the next of the MOMENTS."""
    return _at(max((moment for moment in MOMENTS if moment <= second), default=0))


@lru_cache(maxsize=256)
def _at(second: int) -> tuple[Socket, ...]:
    return (
        *_listeners(second), *_datagrams(), *_inside(second), *_clients(second), *_others(second), *_leak(second),
        *_ended(second),
    )  # fmt: skip


def leaked(second: int) -> int:
    """How many connections java has not closed by then."""
    return 38 + second * 2


def _wave(second: int, period: int, low: float, high: float) -> float:
    """Up and down between `low` and `high`."""
    place = second % period / period
    return round(low + (high - low) * 2 * min(place, 1 - place), 6)


def _tcp(
    key: int, state: str, local: str, local_port: int, peer: str, peer_port: int | None, program: Program | None,
    **more: object,
) -> Socket:
    """A TCP socket; of a program it has an inode, of nobody none."""
    mine = _mine(key, program)
    return Socket(
        key=key, transport=Transport.TCP, family="inet6" if ":" in local else "inet", state=state, local=local,
        local_port=local_port, peer=peer, peer_port=peer_port,
        **{"recv_q": 0, "send_q": 0, **mine, **more},  # type: ignore[arg-type]  # fields by name
    )  # fmt: skip


def _mine(key: int, program: Program | None) -> dict[str, object]:
    if program is None:
        return {"uid": 0, "owners": ()}
    return {"uid": program.uid, "inode": 30_000 + key, "owners": program.owners, "unit": program.unit}


def _listeners(second: int) -> Iterator[Socket]:
    """The seventeen of the totals."""
    found = (
        ("*", 22, "inet", SSHD, 128), ("*", 22, "inet6", SSHD, 128), ("*", 80, "inet", NGINX, 511),
        ("*", 80, "inet6", NGINX, 511), ("*", 443, "inet", NGINX, 511), ("*", 443, "inet6", NGINX, 511),
        ("127.0.0.1", 8000, "inet", GUNICORN, 2048), ("127.0.0.1", 5432, "inet", POSTGRES, 200),
        ("::1", 5432, "inet6", POSTGRES, 200), ("127.0.0.1", 6379, "inet", REDIS, 511),
        ("*", 8080, "inet6", JAVA, 100), ("127.0.0.1", 9010, "inet", JAVA, 50), (HERE, 9000, "inet", IMPORT, 128),
        ("*", 9100, "inet6", EXPORTER, 4096), ("127.0.0.53", 53, "inet", RESOLVED, 4096),
        ("*", 5000, "inet", REGISTRY, 4096), ("*", 5000, "inet6", REGISTRY, 4096),
    )  # fmt: skip
    for at, (local, port, family, program, backlog) in enumerate(found):
        waiting = {9000: 129, 8080: 83 + second % 5}.get(port, 0)
        listener = _tcp(101 + at, "LISTEN", local, port, "*", None, program, recv_q=waiting, send_q=backlog)
        yield replace(listener, family=family)


def _datagrams() -> Iterator[Socket]:
    """UDP; the tunnel's is the kernel's own."""
    found: tuple[tuple[str, int, str, int | None, Program | None], ...] = (
        ("*", 443, "*", None, NGINX), (HERE, 443, "203.0.113.71", 51_820, NGINX),
        ("127.0.0.53", 53, "*", None, RESOLVED), (HERE, 68, "*", None, NETWORKD),
        (HERE, 46_123, "192.0.2.123", 123, CHRONY), ("127.0.0.1", 323, "*", None, CHRONY),
        ("*", 51_821, "*", None, None), (HERE6, 58_204, "2001:db8:44::9", 443, JAVA),
    )  # fmt: skip
    for at, (local, port, peer, peer_port, program) in enumerate(found):
        key = 131 + at
        yield Socket(
            key=key, transport=Transport.UDP, family="inet6" if ":" in local else "inet",
            state="UNCONN" if peer_port is None else "ESTABLISHED", local=local, local_port=port, peer=peer,
            peer_port=peer_port, recv_q=0, send_q=0,
            **_mine(key, program),  # type: ignore[arg-type]  # fields by name
        )  # fmt: skip


def _inside(second: int) -> Iterator[Socket]:
    """The ways from program to program on this host: both ends of each."""
    ways = (
        *((NGINX, 8000, GUNICORN, 41_000 + at) for at in range(5)),
        *((GUNICORN, 5432, POSTGRES, 42_000 + at) for at in range(4)),
        *((GUNICORN, 6379, REDIS, 43_000 + at) for at in range(2)),
        (JAVA, 6379, REDIS, 43_100), (JAVA, 5432, POSTGRES, 42_100),
    )  # fmt: skip
    for at, (client, port, server, source) in enumerate(ways):
        asked, told = 900 * (second + 60) * (at + 1), 14_000 * (second + 60) * (at + 1)
        rtt = _wave(second + at, 9, 0.00004, 0.00011)
        for key, program, mine, theirs, sent, received in (
            (201 + 2 * at, client, source, port, asked, told), (202 + 2 * at, server, port, source, told, asked),
        ):
            info = TcpInfo(
                rtt=rtt, rttvar=0.00002, rto=0.2, cwnd=10, snd_mss=32_768, pmtu=65_535, total_retrans=0,
                bytes_acked=sent, bytes_received=received, last_data_sent=0.2 * at, last_data_recv=0.1 * at,
            )
            yield _tcp(key, "ESTABLISHED", "127.0.0.1", mine, "127.0.0.1", theirs, program, info=info)


def _clients(second: int) -> Iterator[Socket]:
    """nginx's: each second one goes and one comes, the last ones resting in FIN_WAIT2."""
    for number in range(second, second + 22):
        port, since = 40_000 + number * 7 % 20_000, second + 22 - number
        peer = f"203.0.113.{10 + number % 60}" if number % 4 else f"2001:db8:{number % 9 + 1}::{number % 77 + 2:x}"
        local = HERE6 if ":" in peer else HERE
        if number < second + 8:
            rests = Timer(kind="time-wait", expires=float(52 - since))
            yield _tcp(5000 + number, "FIN_WAIT2", local, 443, peer, port, None, timer=rests)
            continue
        rtt = _wave(second + number, 13, 0.012 + number % 5 * 0.011, 0.019 + number % 5 * 0.014)
        info = TcpInfo(
            rtt=rtt, rttvar=round(rtt / 4, 6), min_rtt=0.011, rto=round(0.2 + rtt, 6), cwnd=10 + (second + number) % 31,
            ssthresh=28 if number % 3 else None, snd_mss=1428, rcv_mss=536, advmss=1448, pmtu=1500,
            bytes_sent=61_000 * since, bytes_acked=60_000 * since, bytes_received=1_900 * since, segs_out=45 * since,
            segs_in=31 * since, total_retrans=number % 7 // 5, last_data_sent=0.3 * (number % 3),
            last_data_recv=0.4 * (number % 4), delivery_rate=1_400_000, ca_state="Open",
            options=("timestamps", "sack", "wscale"), snd_wscale=7, rcv_wscale=7,
        )  # fmt: skip
        yield _tcp(1000 + number, "ESTABLISHED", local, 443, peer, port, NGINX, info=info, congestion="bbr")


def _others(second: int) -> Iterator[Socket]:
    """The administrator's session, the backup that gets no answer, and a SYN that gets none either."""
    keepalive = Timer(kind="keepalive", expires=float(7200 - second % 60))
    calm = TcpInfo(
        rtt=_wave(second, 11, 0.021, 0.027), rttvar=0.003, rto=0.224, cwnd=10, snd_mss=1448, pmtu=1500, total_retrans=0,
        bytes_acked=88_000 + 410 * second, bytes_received=21_000 + 60 * second, last_data_sent=0.1, last_data_recv=0.4,
    )
    yield _tcp(301, "ESTABLISHED", HERE, 22, "198.51.100.20", 52_344, SESSION, info=calm, timer=keepalive)
    tries = 3 + second // 60
    lost = TcpInfo(
        rtt=0.081, rttvar=0.032, min_rtt=0.034, rto=round(0.281 * 2**tries, 3), cwnd=1, ssthresh=7, snd_mss=1448,
        rcv_mss=536, advmss=1448, pmtu=1500, bytes_sent=9_410_000, bytes_acked=9_280_000, bytes_retrans=130_000,
        bytes_received=41_000, segs_out=6_702, segs_in=3_310, data_segs_out=6_640, data_segs_in=44, unacked=58,
        lost=58, retrans=1, total_retrans=91 + tries, retransmits=tries, backoff=tries, reordering=3,
        last_data_sent=float(second % 60), last_data_recv=44.0 + second, last_ack_recv=40.0 + second, busy_time=310.0,
        rwnd_limited=2.0, sndbuf_limited=41.0, ca_state="Loss", snd_wnd=64_256, rcv_wnd=65_536,
        options=("timestamps", "sack", "wscale"), snd_wscale=7, rcv_wscale=7,
    )  # fmt: skip
    memory = SocketMemory(
        received=0, receive_limit=131_072, sent=332_800, send_limit=332_800, forward=768, queued=298_496, options=0,
        backlog=0, drops=0,
    )  # fmt: skip
    yield _tcp(
        302, "ESTABLISHED", HERE, 51_044, "198.51.100.9", 443, BACKUP, info=lost, send_q=83_984, memory=memory,
        timer=Timer(kind="retransmit", expires=float(9 - second % 9), retries=tries), congestion="cubic", tos=0x20,
    )  # fmt: skip
    if second % 7 < 3:
        opening = Timer(kind="retransmit", expires=3.0 - second % 7, retries=1)
        yield _tcp(303, "SYN_SENT", HERE, 50_410, "10.0.9.77", 443, JAVA, timer=opening, send_q=1)


def _leak(second: int) -> Iterator[Socket]:
    """What java does not close: the peers hung up, the oldest ten minutes ago."""
    for number in range(leaked(second)):
        idle = float(second - (number - 38) // 2 if number >= 38 else second + 16 * (38 - number))
        info = TcpInfo(
            rtt=0.0008 + number % 9 * 0.0003, rttvar=0.0002, rto=0.204, cwnd=10, snd_mss=1448, rcv_mss=536, advmss=1448,
            pmtu=1500, total_retrans=0, bytes_acked=22_400 + number % 13 * 512, bytes_received=9_100,
            last_data_sent=idle, last_data_recv=idle,
        )  # fmt: skip
        yield replace(
            _tcp(
                2000 + number, "CLOSE_WAIT", HERE, 8080, f"10.0.3.{17 + number % 11}", 38_000 + number * 26, JAVA,
                recv_q=412 if number % 8 == 3 else 1, info=info, congestion="cubic",
            ),
            family="inet6",
        )  # fmt: skip


def _ended(second: int) -> Iterator[Socket]:
    """Of the many that rest after a request to the database, the newest."""
    for number in range(second * 11, second * 11 + 44):
        rests = Timer(kind="time-wait", expires=float(59 - (second * 11 + 43 - number) // 11))
        yield _tcp(10_000 + number, "TIME_WAIT", HERE, 32_768 + number * 3, "10.0.9.5", 5432, None, timer=rests)
