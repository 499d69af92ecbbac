"""Makes the recordings that the screenshots and the screen tests show: `python -m tests.recordings.make`.

Two hosts, with addresses from the documentation ranges. `web-03` is in trouble: a program leaks CLOSE_WAIT, TIME_WAIT
is past its threshold, a tunnel's route was lost on the way; its sockets are held too, the few hundred that tell most.
`build-7` is well, and its recording older than sockets are. Everything is computed from the number of the second, so
the files are the same whenever they are made.
"""

from pathlib import Path

from msgspec.structs import replace

from nettui.engine.recording import RecordingWriter
from nettui.model.address import Address
from nettui.model.link import Counters, Link, OperState
from nettui.model.neighbour import Neighbour, NeighbourState
from nettui.model.resolver import Resolver, ResolverConfig
from nettui.model.route import LOCAL, MAIN, NextHop, Route, Rule
from nettui.model.snapshot import CollectorError, Snapshot
from nettui.model.socket import Transport
from nettui.model.tcp import TcpCounts, TcpState
from tests.recordings.sockets import leaked, sockets

FOLDER = Path(__file__).parent
START = 1_790_000_000.0
SECONDS = 180


def make() -> None:
    """Write both files anew."""
    for name, snapshot in (("web-03.jsonl.gz", web_03), ("build-7.jsonl", build_7)):
        path = FOLDER / name
        path.unlink(missing_ok=True)
        writer = RecordingWriter(path)
        previous: Snapshot | None = None
        for second in range(SECONDS):
            previous = _kept(previous, snapshot(second))
            writer.append(previous)
        writer.close()


def _kept(before: Snapshot | None, now: Snapshot) -> Snapshot:
    """`now`, with the sections that have not changed being the same objects, as the collectors leave them."""
    if before is None:
        return now
    same = {
        name: getattr(before, name)
        for name in Snapshot.__struct_fields__
        if getattr(before, name) == getattr(now, name)
    }
    return replace(now, **same)


def _wave(second: int, low: int, high: int, period: int) -> int:
    """A triangle between `low` and `high`."""
    place = second % period
    half = period / 2
    return round(low + (high - low) * (place / half if place < half else (period - place) / half))


def web_03(second: int) -> Snapshot:
    """A host in trouble."""
    at = START + second
    tcp = TcpCounts.of(
        {
            TcpState.LISTEN: 17,
            TcpState.SYN_SENT: 1 if second % 7 < 3 else 0,
            TcpState.ESTABLISHED: 5_180 + _wave(second, 0, 240, 50),
            TcpState.FIN_WAIT2: 60 + _wave(second, 0, 25, 36),
            TcpState.TIME_WAIT: 10_400 + second * 11,
            TcpState.CLOSE_WAIT: leaked(second),
        },
        "sock_diag+proc",
    )
    held = sockets(second)
    return Snapshot(
        taken_at=at,
        host="web-03",
        backend="linux",
        links=(
            Link(
                ifindex=1, name="lo", kind="loopback", state=OperState.UNKNOWN, admin_up=True, carrier=True, mtu=65536
            ),
            Link(
                ifindex=2, name="eth0", kind="ethernet", state=OperState.UP, admin_up=True, carrier=True, mtu=1500,
                mac="02:00:5e:10:00:02", speed=10_000, duplex="full", driver="ixgbe",
            ),
            Link(
                ifindex=3, name="eth1", kind="ethernet", state=OperState.DOWN, admin_up=True, carrier=False, mtu=1500,
                mac="02:00:5e:10:00:03", driver="ixgbe",
            ),
            Link(
                ifindex=4, name="wg0", kind="wireguard", state=OperState.UNKNOWN, admin_up=True, carrier=True, mtu=1420
            ),
            Link(
                ifindex=5, name="docker0", kind="bridge", state=OperState.UP, admin_up=True, carrier=True, mtu=1500,
                mac="02:42:5e:10:00:05",
            ),
            *(
                Link(
                    ifindex=10 + n, name=f"veth{0x5a1c + n * 977:04x}", kind="veth", state=OperState.UP, admin_up=True,
                    carrier=True, mtu=1500, mac=f"9a:00:5e:10:01:{n:02x}", speed=10_000, duplex="full", driver="veth",
                    master=5, parent=2, peer_netns=True,
                )
                for n in range(3)
            ),
        ),
        counters=(
            _counters(1, second, 3_100, 3_100),
            _counters(2, second, 10_500_000, 1_150_000, wave=900_000),
            _counters(3, 0, 0, 0),
            _counters(4, second, 152_000, 14_000, wave=11_000),
            _counters(5, second, 880_000, 2_400_000),
            *(_counters(10 + n, second, 290_000, 800_000) for n in range(3)),
        ),
        counters_at=at,
        addresses=(
            _v4(1, "127.0.0.1", 8, scope="host"),
            _v6(1, "::1", 128, scope="host"),
            _v4(2, "192.0.2.10", 24),
            _v6(2, "2001:db8:0:3::10", 64),
            _v6(2, "fe80::5eff:fe10:2", 64, scope="link"),
            _v4(4, "10.8.0.2", 32),
            _v4(5, "172.17.0.1", 16),
        ),
        routes=(
            _route(
                "inet", "0.0.0.0", 0, gateway="192.0.2.1", ifindex=2, metric=100, protocol="dhcp", source="192.0.2.10"
            ),
            _route("inet6", "::", 0, gateway="fe80::1", ifindex=2, metric=1024, protocol="ra", expires=1782),
            _route("inet", "10.8.0.0", 16, ifindex=4, scope="link", protocol="static"),
            _route("inet", "10.9.0.0", 16, type="blackhole", protocol="static"),
            _route("inet", "172.17.0.0", 16, ifindex=5, scope="link", protocol="kernel", source="172.17.0.1"),
            _route("inet", "192.0.2.0", 24, ifindex=2, scope="link", protocol="kernel", source="192.0.2.10"),
            _route(
                "inet", "198.51.100.0", 24, protocol="static",
                nexthops=(NextHop(gateway="192.0.2.3", ifindex=2), NextHop(gateway="192.0.2.4", ifindex=2, weight=2)),
            ),
            _route("inet6", "2001:db8:0:3::", 64, ifindex=2, metric=256, protocol="kernel"),
            _route("inet", "192.0.2.10", 32, table=LOCAL, type="local", scope="host", ifindex=2, protocol="kernel"),
            _route("inet", "0.0.0.0", 0, table=100, gateway="10.8.0.1", ifindex=4, protocol="static"),
        ),
        routes_total=10,
        rules=(
            Rule(family="inet", priority=0, table=LOCAL),
            Rule(family="inet", priority=1000, table=100, fwmark=0x51, fwmask=0xFFFFFFFF, inverted=True),
            Rule(family="inet", priority=32766, table=MAIN),
            Rule(family="inet6", priority=0, table=LOCAL),
            Rule(family="inet6", priority=32766, table=MAIN),
        ),
        neighbours=(
            Neighbour(
                ifindex=2, family="inet", address="192.0.2.1", mac="02:00:5e:00:00:01", state=NeighbourState.REACHABLE,
                confirmed=float(second % 20), used=0.0,
            ),
            Neighbour(
                ifindex=2, family="inet", address="192.0.2.3", mac="02:00:5e:00:00:03", state=NeighbourState.STALE,
                confirmed=340.0, used=300.0,
            ),
            Neighbour(ifindex=2, family="inet", address="192.0.2.77", state=NeighbourState.FAILED, used=4.0),
            Neighbour(
                ifindex=2, family="inet6", address="fe80::1", mac="02:00:5e:00:00:01", state=NeighbourState.DELAY,
                confirmed=31.0, used=1.0, flags=("router",),
            ),
        ),
        tcp=tcp,
        tcp_at=at,
        resolvers=ResolverConfig(
            resolvers=(Resolver(address="192.0.2.53"), Resolver(address="2001:db8::53")), search=("example.net",)
        ),
        sockets=held,
        sockets_total=tcp.total + sum(socket.transport is Transport.UDP for socket in held),
    )


def build_7(second: int) -> Snapshot:
    """A host that is well, read without netlink, and not everything could be read."""
    at = START + second
    return Snapshot(
        taken_at=at,
        host="build-7",
        backend="portable",
        links=(
            Link(ifindex=1, name="lo0", kind="loopback", state=OperState.UP, admin_up=True, mtu=16384),
            Link(
                ifindex=4, name="en0", kind="ethernet", state=OperState.UP, admin_up=True, mtu=1500,
                mac="02:00:5e:20:00:04", speed=1000, duplex="full",
            ),
        ),
        counters=(_counters(1, second, 900, 900), _counters(4, second, 4_200, 1_800)),
        counters_at=at,
        addresses=(
            _v4(1, "127.0.0.1", 8, scope="host"),
            _v4(4, "198.51.100.7", 24),
            _v6(4, "2001:db8:7::7", 64),
        ),
        routes=(_route("inet", "0.0.0.0", 0, gateway="198.51.100.1", ifindex=4),),
        routes_total=1,
        tcp=TcpCounts.of({TcpState.LISTEN: 6, TcpState.ESTABLISHED: 9, TcpState.TIME_WAIT: second % 3}, "psutil"),
        tcp_at=at,
        resolvers=ResolverConfig(resolvers=(Resolver(address="198.51.100.53"),)),
        errors=(
            CollectorError(
                collector="neighbours", message="this system's neighbour table cannot be read through psutil"
            ),
            CollectorError(collector="rules", message="policy rules can be read on Linux only"),
        ),
    )


def _counters(ifindex: int, second: int, rx: int, tx: int, wave: int = 0) -> Counters:
    """Totals of a link that has moved about `rx` and `tx` bytes in each second since an hour."""
    seconds = 3600 + second
    extra = _wave(second, 0, wave, 24)
    return Counters(
        ifindex=ifindex, rx_bytes=rx * seconds + extra, tx_bytes=tx * seconds + extra, rx_packets=rx * seconds // 900,
        tx_packets=tx * seconds // 700, rx_errors=0, tx_errors=0, rx_dropped=12 if ifindex == 2 else 0, tx_dropped=0,
    )


def _v4(ifindex: int, address: str, prefixlen: int, scope: str = "global") -> Address:
    return Address(
        ifindex=ifindex, family="inet", address=address, prefixlen=prefixlen, scope=scope, flags=("permanent",)
    )


def _v6(ifindex: int, address: str, prefixlen: int, scope: str = "global") -> Address:
    return Address(
        ifindex=ifindex, family="inet6", address=address, prefixlen=prefixlen, scope=scope, flags=("permanent",)
    )


def _route(family: str, destination: str, prefixlen: int, table: int = MAIN, **more: object) -> Route:
    return Route(family=family, table=table, destination=destination, prefixlen=prefixlen, **more)  # type: ignore[arg-type]


if __name__ == "__main__":
    make()
