"""Faults of name resolution and of DHCP, with a real BIND, a real DHCP server and client, a real WireGuard tunnel."""

import contextlib
import time

from tests.lab.faults.host import Host
from tests.lab.faults.scenario import Scenario, Stage

ROUTER = "192.0.2.1"
CHECK = '[dns]\ncheck = ["www.example.com"]\ntimeout = 2.0\n'

NAMED = """
options {{ directory "{folder}"; listen-on port {port} {{ any; }}; listen-on-v6 {{ none; }}; pid-file none;
  recursion no; allow-query {{ any; }}; dnssec-validation no; session-keyfile none; }};
controls {{ }};
zone "example.com" {{ type master; file "{zone}"; }};
"""
ZONE = """$TTL 60
@ IN SOA ns.example.com. root.example.com. 1 3600 600 86400 60
@ IN NS ns.example.com.
ns IN A 192.0.2.1
www IN A 198.51.100.80
"""


def _bind(host: Host, zone: str = ZONE, port: int = 53) -> None:
    """A real BIND, authoritative for example.com; a zone that is broken makes it answer SERVFAIL."""
    folder = host.folder
    (folder / "zone").write_text(zone)
    (folder / "named.conf").write_text(NAMED.format(folder=folder, zone=folder / "zone", port=port))
    host.start("named", "-f", "-c", str(folder / "named.conf"), "-n", "1")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        said = host.run("dig", "+tries=1", "+time=1", "-p", str(port), "@127.0.0.1", "www.example.com", check=False)
        if "status:" in said:
            return
        time.sleep(0.1)
    raise AssertionError(f"named does not answer: {said}")


def _resolver(stage: Stage) -> None:
    router = stage.uplink()
    stage.kept["router"] = router
    _bind(router)
    stage.host.file("/etc/resolv.conf", f"nameserver {ROUTER}\n")


def _drop_dns(stage: Stage) -> float:
    stage.kept["router"].nft("in udp dport 53 drop", "in tcp dport 53 drop")
    return time.time()


def _resolver_far_away(stage: Stage) -> None:
    """BIND behind something that can hold its answers up (this kernel need not have netem)."""
    router = stage.uplink()
    _bind(router, port=5353)
    stage.kept["way"] = router.actor("forward_datagrams", port=53, to=5353, delay=0.9)
    stage.host.file("/etc/resolv.conf", f"nameserver {ROUTER}\n")


def _slow_dns(stage: Stage) -> float:
    stage.kept["way"].go_on()
    return time.time()


def _servfail(stage: Stage) -> float:
    router = stage.kept["router"]
    (router.folder / "zone").write_text("this is no zone\n")
    router.run("pkill", "named")
    time.sleep(0.5)
    _bind(router, "this is no zone\n")
    return time.time()


def _no_resolver(stage: Stage) -> float:
    stage.host.file("/etc/resolv.conf", "# nothing\n")
    return time.time()


def _override(stage: Stage) -> float:
    stage.host.file("/etc/hosts", "127.0.0.1 localhost\n203.0.113.9 www.example.com\n")
    return time.time()


def _tunnel(stage: Stage) -> None:
    """WireGuard to the router, by the userspace implementation; a resolver that is on the other network."""
    _resolver(stage)
    router, host = stage.kept["router"], stage.host
    for each in (host, router):
        each.empty("/run")  # where it puts its socket
        each.start("wireguard-go", "--foreground", "wg0", env={
            "PATH": "/usr/bin:/bin:/usr/sbin", "WG_PROCESS_FOREGROUND": "1", "LOG_LEVEL": "error",
        })
    keys = {}
    for each, name in ((host, "host"), (router, "router")):
        _wait(lambda each=each: "wg0" in each.run("ip", "-br", "link"))
        private = each.run("wg", "genkey").strip()
        keys[name] = private, each.run("wg", "pubkey", stdin=private).strip()
    _peer(host, keys["host"][0], keys["router"][1], "51820", f"{ROUTER}:51821", "10.8.0.2/24")
    _peer(router, keys["router"][0], keys["host"][1], "51821", "192.0.2.2:51820", "10.8.0.1/24")


def _peer(host: Host, private: str, public: str, port: str, endpoint: str, address: str) -> None:
    (host.folder / "key").write_text(private)
    host.run("wg", "set", "wg0", "private-key", str(host.folder / "key"), "listen-port", port, "peer", public,
             "endpoint", endpoint, "allowed-ips", "0.0.0.0/0")
    host.ip(f"addr add {address} dev wg0", "link set wg0 up")


def _leaks(stage: Stage) -> float:
    stage.host.ip(f"route add {ROUTER}/32 dev eth0", "route replace default via 10.8.0.1 dev wg0")
    return time.time()


DHCPD = """
default-lease-time {seconds}; max-lease-time {seconds}; min-lease-time {seconds}; authoritative;
subnet 192.0.2.0 netmask 255.255.255.0 {{ range 192.0.2.100 192.0.2.110; option routers 192.0.2.1; }}
"""


def _dhcp(seconds: int) -> object:
    def setting(stage: Stage) -> None:
        """A real server beside, a real client here; the lease is as short as the test."""
        router = stage.another()
        stage.host.ip(f"link add eth0 type veth peer name gw netns {router.pid}", "link set eth0 up")
        router.ip(f"addr add {ROUTER}/24 dev gw", "link set gw up")
        (router.folder / "dhcpd.conf").write_text(DHCPD.format(seconds=seconds))
        (router.folder / "dhcpd.leases").write_text("")
        stage.kept["router"] = router
        stage.kept["server"] = router.start(
            "dhcpd", "-f", "-q", "-cf", str(router.folder / "dhcpd.conf"), "-lf", str(router.folder / "dhcpd.leases"),
            "-pf", str(router.folder / "dhcpd.pid"), "gw",
        )
        time.sleep(1.0)
        stage.host.start("dhclient", "-d", "-q", "-pf", str(stage.host.folder / "dhclient.pid"), "eth0")
        _wait(lambda: "192.0.2.1" in stage.host.ip("-4 addr show dev eth0"))
        stage.kept["leased"] = time.time()

    return setting


def _server_ends(stage: Stage) -> None:
    stage.kept["router"].run("pkill", "-9", "dhcpd")
    stage.kept["router"].nft("in udp dport 67 drop")


def _expires(share: float, seconds: int) -> object:
    def fault(stage: Stage) -> float:
        """The server is gone; the client renews at half the lease and has no answer."""
        _server_ends(stage)
        return float(stage.kept["leased"]) + share * seconds

    return fault


def _wait(for_what: object, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(AssertionError):
            if for_what():  # type: ignore[operator]
                return
        time.sleep(0.1)
    raise AssertionError("what was waited for did not come")


SCENARIOS = (
    Scenario(
        "DNS is dropped on the way", (("dns.unreachable", r"192\.0\.2\.1"),), setting=_resolver, fault=_drop_dns,
        lasting=10, seconds=25, tick=10.0,
        config=CHECK, needs=("named", "nft"),
    ),
    Scenario(
        "BIND answers slowly", (("dns.slow", r".*192\.0\.2\.1.*"),), setting=_resolver_far_away, fault=_slow_dns,
        lasting=20,
        seconds=45, tick=10.0, config=CHECK, needs=("named",),
    ),
    Scenario(
        "BIND cannot load its zone: SERVFAIL", (("dns.failing", ".*www.example.com.*"),), setting=_resolver,
        fault=_servfail, lasting=10, seconds=25, tick=10.0, config=CHECK, needs=("named",),
    ),
    Scenario(
        "resolv.conf names no server", (("dns.no-resolver", "host"),), setting=_resolver, fault=_no_resolver,
        lasting=10,
        tick=5.0, needs=("named",),
    ),
    Scenario(
        "the hosts file says something else than DNS", (("dns.hosts-override", "www.example.com"),),
        setting=_resolver, fault=_override, lasting=0, seconds=25, tick=10.0, config=CHECK, needs=("named",),
    ),
    Scenario(
        "a tunnel is up and DNS goes past it", (("dns.leak", ".*"),), setting=_tunnel, fault=_leaks, lasting=10,
        needs=("named", "wireguard-go", "wg"),
    ),
    Scenario(
        "the DHCP server is gone and the lease runs out", (("dhcp.lease-expiring", "eth0"),), setting=_dhcp(80),
        fault=_expires(0.875, 80), lasting=2, seconds=70, config='[rules."dhcp.lease-expiring"]\nlasting = 2\n',
        needs=("dhcpd", "dhclient"), known={"lease": "80 s", "lasting": "2 s instead of 5"},
    ),
    Scenario(
        "the lease has run out", (("dhcp.lease-expired", "eth0"),), setting=_dhcp(40), fault=_expires(1.0, 40),
        lasting=5, seconds=60, needs=("dhcpd", "dhclient"), known={"lease": "40 s"},
    ),
)
