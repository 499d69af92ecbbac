"""Other systems as psutil 7 and netifaces 0.12 show them, in the shapes their C sources give on each.

Address families are this system's numbers where psutil hands out `socket` constants, and the other system's own where
netifaces has constants of its own; a test that puts a system on replaces those too.
"""

import socket
from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import netifaces
import psutil
import pytest

snicaddr = namedtuple("snicaddr", "family address netmask broadcast ptp")
snicstats = namedtuple("snicstats", "isup duplex speed mtu flags")
snetio = namedtuple("snetio", "bytes_sent bytes_recv packets_sent packets_recv errin errout dropin dropout")
addr = namedtuple("addr", "ip port")
sconn = namedtuple("sconn", "fd family type laddr raddr status pid")

V4, V6 = socket.AF_INET, socket.AF_INET6
FULL, UNKNOWN = psutil.NIC_DUPLEX_FULL, psutil.NIC_DUPLEX_UNKNOWN
ALL_ONES = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"


@dataclass
class System:
    """What psutil and netifaces answer on one system."""

    flags: set[str]
    """The constants of psutil that are true there."""
    af_link: int
    af_inet6: int
    addresses: dict[str, list[snicaddr]]
    stats: dict[str, snicstats]
    indices: dict[str, int]
    """What if_nametoindex(3) knows."""
    counters: dict[str, snetio] = field(default_factory=dict)
    gateways: dict[Any, Any] = field(default_factory=lambda: {"default": {}})
    adapters: dict[str, dict[int, list[dict[str, str]]]] = field(default_factory=dict)
    """netifaces.ifaddresses() by the name netifaces knows."""
    sockets: list[sconn] | Exception = field(default_factory=list)

    def put_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """From here on psutil and netifaces answer as on this system."""
        for name in ("LINUX", "MACOS", "WINDOWS", "BSD", "FREEBSD", "POSIX", "AIX", "SUNOS"):
            monkeypatch.setattr(psutil, name, name in self.flags)
        monkeypatch.setattr(psutil, "AF_LINK", self.af_link)
        monkeypatch.setattr(psutil, "net_if_addrs", lambda: self.addresses)
        monkeypatch.setattr(psutil, "net_if_stats", lambda: self.stats)
        monkeypatch.setattr(psutil, "net_io_counters", lambda pernic, nowrap: self.counters)
        monkeypatch.setattr(psutil, "net_connections", self._net_connections)
        monkeypatch.setattr(netifaces, "AF_INET6", self.af_inet6)
        monkeypatch.setattr(netifaces, "gateways", lambda: self.gateways)
        monkeypatch.setattr(netifaces, "interfaces", lambda: list(self.adapters))
        monkeypatch.setattr(netifaces, "ifaddresses", _looked_up(self.adapters, ValueError))
        monkeypatch.setattr(socket, "if_nametoindex", _looked_up(self.indices, OSError))

    def _net_connections(self, kind: str) -> list[sconn]:
        assert kind == "tcp"
        if isinstance(self.sockets, Exception):
            raise self.sockets
        return self.sockets


def _looked_up(known: Mapping[str, Any], error: type[Exception]) -> Callable[[str], Any]:
    def look(name: str) -> Any:
        if name not in known:
            raise error(name)
        return known[name]

    return look


def tcp(status: str, local: tuple[str, int] | None, remote: tuple[str, int] | None = None, pid: int = 7) -> sconn:
    """One TCP socket as psutil tells of it."""
    family = V6 if local and ":" in local[0] else V4
    return sconn(
        3, family, socket.SOCK_STREAM, addr(*local) if local else (), addr(*remote) if remote else (), status, pid
    )


def macos() -> System:
    """A laptop on Wi-Fi with a VPN up (point-to-point, a scoped default route) and Apple's own interfaces."""
    return System(
        flags={"MACOS", "POSIX"},
        af_link=18,
        af_inet6=30,
        indices={"lo0": 1, "gif0": 2, "en0": 6, "awdl0": 8, "utun3": 15, "en5": 17},
        addresses={
            "lo0": [
                snicaddr(V4, "127.0.0.1", "255.0.0.0", None, None),
                snicaddr(V6, "::1", ALL_ONES, None, None),
                snicaddr(V6, "fe80::1%lo0", "ffff:ffff:ffff:ffff::", None, None),
            ],
            "en0": [
                snicaddr(V4, "192.168.1.12", "255.255.255.0", "192.168.1.255", None),
                snicaddr(18, "a4:83:e7:00:12:34", None, None, None),
                snicaddr(V6, "fe80::1c3a:88ff:fe12:3456%en0", "ffff:ffff:ffff:ffff::", None, None),
                snicaddr(V6, "2001:db8:1::5", "ffff:ffff:ffff:ffff::", None, None),
            ],
            "awdl0": [
                snicaddr(18, "ba:12:00:aa:bb:cc", None, None, None),
                snicaddr(V6, "fe80::b812:ff:feaa:bbcc%awdl0", "ffff:ffff:ffff:ffff::", None, None),
            ],
            "utun3": [
                snicaddr(V4, "10.8.0.6", "255.255.255.255", None, "10.8.0.5"),
                snicaddr(V6, "fe80::b20d:7f81:b8ac:55e3%utun3", "ffff:ffff:ffff:ffff::", None, None),
            ],
            "en5": [snicaddr(18, "ac:de:48:00:11:22", None, None, None)],
        },
        stats={
            "lo0": snicstats(True, UNKNOWN, 0, 16384, "up,loopback,running,multicast"),
            "gif0": snicstats(False, UNKNOWN, 0, 1280, "pointopoint,multicast"),
            "en0": snicstats(True, UNKNOWN, 0, 1500, "up,broadcast,running,simplex,multicast"),
            "awdl0": snicstats(True, UNKNOWN, 0, 1484, "up,broadcast,running,promisc,simplex,multicast"),
            "utun3": snicstats(True, UNKNOWN, 0, 1380, "up,pointopoint,running,multicast"),
            "en5": snicstats(True, FULL, 1000, 1500, "up,broadcast,running,simplex,multicast"),
        },
        counters={"en0": snetio(2_000, 1_000, 20, 10, 1, 2, 3, 0)},
        gateways={
            "default": {2: ("192.168.1.1", "en0")},
            2: [("10.8.0.5", "utun3", False), ("192.168.1.1", "en0", True)],
            18: [("link#15", "utun3", False)],
            30: [("fe80::%utun3", "utun3", False)],
        },
        adapters={"en0": {18: [{"addr": "a4:83:e7:00:12:34"}]}},
        sockets=psutil.AccessDenied(1),
    )


def windows() -> System:
    """A desktop: one cable in, one adapter unplugged, one of Hyper-V. Names with spaces; netifaces has GUIDs."""
    wired, hyper_v = "{1AB2C3D4-0000-4000-8000-00000000000A}", "{1AB2C3D4-0000-4000-8000-00000000000B}"
    return System(
        flags={"WINDOWS"},
        af_link=-1,
        af_inet6=23,
        indices={},
        addresses={
            "Ethernet 2": [
                snicaddr(-1, "F4-8E-38-00-12-34", None, None, None),
                snicaddr(V4, "192.168.1.20", "255.255.255.0", None, None),
                snicaddr(V6, "fe80::c93a:7f1:8d52:9a11", None, None, None),
                snicaddr(V6, "2001:db8:1::20", None, None, None),
            ],
            "Réseau local* 1": [
                snicaddr(-1, "F4-8E-38-00-12-35", None, None, None),
                snicaddr(V4, "169.254.77.3", "255.255.0.0", None, None),
            ],
            "vEthernet (WSL)": [
                snicaddr(-1, "00-15-5D-00-00-00", None, None, None),
                snicaddr(V4, "172.29.0.1", "255.255.240.0", None, None),
            ],
            "Loopback Pseudo-Interface 1": [
                snicaddr(V4, "127.0.0.1", "255.0.0.0", None, None),
                snicaddr(V6, "::1", None, None, None),
            ],
        },
        stats={
            "Ethernet 2": snicstats(True, FULL, 1000, 1500, ""),
            "Réseau local* 1": snicstats(False, FULL, 18446744073709, 1500, ""),
            "vEthernet (WSL)": snicstats(True, FULL, 10000, 1500, ""),
            "Loopback Pseudo-Interface 1": snicstats(True, FULL, 1073, 4294967295, ""),
        },
        counters={"Ethernet 2": snetio(2_000, 1_000, 20, 10, 1, 2, 3, 4)},
        gateways={
            "default": {2: ("192.168.1.1", wired)},
            2: [("172.29.0.254", hyper_v, False), ("192.168.1.1", wired, True)],
            23: [("fe80::1%12", wired, True)],
        },
        adapters={
            wired: {
                -1000: [{"addr": "f4:8e:38:00:12:34"}],
                2: [{"addr": "192.168.1.20", "netmask": "255.255.255.0", "broadcast": "192.168.1.255"}],
                23: [
                    {"addr": "fe80::c93a:7f1:8d52:9a11%12", "netmask": "ffff:ffff:ffff:ffff::/64"},
                    {"addr": "2001:db8:1::20", "netmask": "ffff:ffff:ffff:ffff::/64"},
                ],
            },
            hyper_v: {-1000: [{"addr": "00:15:5d:00:00:00"}], 2: [{"addr": "172.29.0.1"}]},
        },
        sockets=[
            tcp("LISTEN", ("0.0.0.0", 445), pid=4),
            tcp("LISTEN", ("::", 445), pid=4),
            tcp("ESTABLISHED", ("192.168.1.20", 50001), ("203.0.113.9", 443)),
            tcp("TIME_WAIT", ("192.168.1.20", 50002), ("203.0.113.9", 443), pid=0),
            tcp("DELETE_TCB", ("192.168.1.20", 50003), ("203.0.113.9", 443)),
        ],
    )


def freebsd() -> System:
    """A jail host: a renamed card with an alias, a bridge, a jail's epair, a tunnel, KAME's address on loopback."""
    return System(
        flags={"BSD", "FREEBSD", "POSIX"},
        af_link=18,
        af_inet6=28,
        indices={"backplane": 1, "lo0": 2, "bridge0": 3, "epair0a": 4, "tun0": 5},
        addresses={
            "backplane": [
                snicaddr(18, "64:9d:99:00:8a:00", None, "ff:ff:ff:ff:ff:ff", None),
                snicaddr(V4, "192.0.2.3", "255.255.255.0", "192.0.2.255", None),
                snicaddr(V4, "192.0.2.40", "255.255.255.255", "192.0.2.40", None),
                snicaddr(V6, "fe80::669d:99ff:fe00:8a00%backplane", "ffff:ffff:ffff:ffff::", None, None),
            ],
            "lo0": [
                snicaddr(V6, "fe80:2::1", "ffff:ffff:ffff:ffff::", None, None),
                snicaddr(V4, "127.0.0.1", "255.0.0.0", None, None),
            ],
            "bridge0": [snicaddr(18, "58:9c:fc:00:00:01", None, None, None)],
            "epair0a": [snicaddr(18, "02:12:34:00:00:0a", None, None, None)],
            "tun0": [snicaddr(V4, "10.9.0.1", "255.255.255.0", None, "10.9.0.2")],
        },
        stats={
            "backplane": snicstats(True, FULL, 1000, 1500, "up,broadcast,running,simplex,multicast"),
            "lo0": snicstats(True, UNKNOWN, 0, 16384, "up,loopback,running,multicast"),
            "bridge0": snicstats(False, UNKNOWN, 0, 1500, "up,broadcast,simplex,multicast"),
            "epair0a": snicstats(True, FULL, 10000, 1500, "up,broadcast,running,simplex,multicast"),
            "tun0": snicstats(True, UNKNOWN, 0, 1500, "up,pointopoint,running,multicast"),
        },
        gateways={"default": {2: ("192.0.2.1", "backplane")}, 2: [("192.0.2.1", "backplane", True)]},
        adapters={"backplane": {18: [{"addr": "64:9d:99:00:8a:00"}]}},
        sockets=[
            tcp("LISTEN", ("192.0.2.3", 22)),
            tcp("ESTABLISHED", ("192.0.2.3", 22), ("198.51.100.4", 50000)),
            tcp("CLOSE", None),
        ],
    )


def linux() -> System:
    """Beside an ordinary card: the stand-in tunnels of ipip and sit, and labelled and peered addresses."""
    return System(
        flags={"LINUX", "POSIX"},
        af_link=17,
        af_inet6=10,
        indices={"lo": 1, "eth0": 2, "tunl0": 3, "gre1": 4},
        addresses={
            "eth0": [
                snicaddr(V4, "192.0.2.2", "255.255.255.0", "192.0.2.255", None),
                snicaddr(V4, "198.51.100.1", "255.255.255.255", "198.51.100.2", None),
                snicaddr(17, "02:fc:00:00:00:00", None, "ff:ff:ff:ff:ff:ff", None),
            ],
            "eth0:1": [snicaddr(V4, "192.0.2.77", "255.255.255.0", "192.0.2.255", None)],
            "lo": [snicaddr(17, "00:00:00:00:00:00", None, None, None)],
            "tunl0": [snicaddr(17, "00:00:00:00:00:00", None, None, None)],
            "gre1": [snicaddr(17, "c0:00:02:02:00:00", None, None, None)],
        },
        stats={
            "lo": snicstats(True, UNKNOWN, 0, 65536, "up,loopback,running"),
            "eth0": snicstats(True, FULL, 1000, 1500, "up,broadcast,running,multicast"),
            "tunl0": snicstats(False, UNKNOWN, 0, 1480, "noarp"),
            "gre1": snicstats(True, UNKNOWN, 0, 1476, "up,pointopoint,running,noarp"),
        },
        adapters={
            "eth0": {17: [{"addr": "02:fc:00:00:00:00"}]},
            "gre1": {17: [{"addr": "c0:00:02:02", "peer": "c6:33:64:09"}]},
        },
    )


ALL = {"macos": macos, "windows": windows, "freebsd": freebsd, "linux": linux}
