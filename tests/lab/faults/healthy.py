"""Hosts that are well, however busy: nothing may be told of them."""

import sys
import time

from tests.lab.faults.names import CHECK, _resolver
from tests.lab.faults.network import _uplink
from tests.lab.faults.scenario import Scenario, Stage


def _time_waits(stage: Stage) -> None:
    stage.uplink()
    stage.host.actor("serve", port=80, manner="close", name="nginx")
    client = stage.host.actor("connect", address="127.0.0.1", port=80, count=5_000, keep=0, sources=20,
                              source="127.0.1.1")
    client.go_on()


def _draining_burst(stage: Stage) -> float:
    crowd = stage.host.actor("hang_up", port=8080, count=200, name="java")
    crowd.go_on()
    time.sleep(2.5)
    crowd.go_on()
    return time.time()


def _restart(stage: Stage) -> None:
    stage.uplink()
    stage.kept["server"] = stage.host.actor("serve", port=8080, name="java")
    stage.kept["clients"] = stage.host.actor("connect", address="127.0.0.1", port=8080, count=300)


def _restarts(stage: Stage) -> None:
    stage.kept["server"].end()
    stage.kept["clients"].end()
    stage.host.actor("serve", port=8081, name="java")
    stage.kept["clients"] = stage.host.actor("connect", address="127.0.0.1", port=8081, count=300)


def _deploy(stage: Stage) -> None:
    for _ in range(3):
        stage.kept["clients"] = stage.host.actor("connect", address="127.0.0.1", port=8080, count=200, keep=0)
        stage.kept["clients"].go_on()
        time.sleep(1.0)


def _ipv6_only(stage: Stage) -> None:
    router = stage.another()
    stage.host.ip(f"link add eth0 type veth peer name gw netns {router.pid}")
    router.ip("addr add fe80::1/64 dev gw nodad", "addr add 2001:db8::1/64 dev gw nodad", "link set gw up")
    stage.host.ip("addr add 2001:db8::2/64 dev eth0 nodad", "link set eth0 up")
    stage.host.ip("route add default via fe80::1 dev eth0")
    stage.host.file("/etc/resolv.conf", "nameserver 2001:db8::1\n")


def _docker(stage: Stage) -> None:
    stage.uplink()
    stage.host.ip("link add docker0 type bridge", "addr add 172.17.0.1/16 dev docker0", "link set docker0 up",
                  "link add br-unused type bridge", "addr add 172.18.0.1/16 dev br-unused", "link set br-unused up")
    for number in range(3):
        container = stage.another()
        stage.host.ip(f"link add veth{number} type veth peer name eth0 netns {container.pid}",
                      f"link set veth{number} master docker0 up")
        container.ip(f"addr add 172.17.0.{number + 2}/16 dev eth0", "link set eth0 up",
                     "route add default via 172.17.0.1")
        stage.kept["container"] = container


def _container_goes(stage: Stage) -> None:
    stage.host.ip("link del veth0")


def _loopback(stage: Stage) -> None:
    """A container with nothing but lo, and its host's resolv.conf."""
    stage.host.file("/etc/resolv.conf", "nameserver 192.0.2.53\n")


def _keep_alive(stage: Stage) -> None:
    """A server with many open, quiet connections."""
    stage.uplink()
    stage.host.actor("serve", port=443, name="nginx")
    stage.host.actor("connect", address="127.0.0.1", port=443, count=2_000, source="127.0.1.1", sources=10)


def _pools(stage: Stage) -> None:
    """One pool that rests, one that is half busy."""
    router = stage.uplink()
    router.actor("serve", port=5432, manner="answer", delay=0.2)
    router.actor("serve", port=6379, manner="answer", delay=0.01)
    stage.host.actor("ask", address="192.0.2.1", port=5432, count=10, busy=0, name="java")
    stage.host.actor("ask", address="192.0.2.1", port=6379, count=10, busy=5, pause=0.05, name="python")


def _health_checks(stage: Stage) -> None:
    """A load balancer that opens and resets a connection now and then, and a port that refuses."""
    stage.uplink().actor("serve", port=9000, manner="reset")
    stage.host.actor("connect", address="192.0.2.1", port=9000, count=0, rate=3, name="haproxy").go_on()
    stage.host.actor("connect", address="192.0.2.1", port=9001, count=0, rate=2, name="haproxy").go_on()


def _transfer(stage: Stage) -> None:
    """A large transfer, as fast as it goes."""
    stage.uplink().actor("serve", port=9000)
    stage.kept["client"] = stage.host.actor("pour", address="192.0.2.1", port=9000, seconds=30, name="rsync")


def _pours(stage: Stage) -> None:
    client = stage.kept["client"]
    client.begin()


def _policy_routing(stage: Stage) -> None:
    """The default route is in another table; a blackhole for a summary; an unused card."""
    other = stage.another()
    _uplink(stage)
    stage.host.ip("route del default", "route add default via 192.0.2.1 table 100", "rule add from all lookup 100",
                  "route add blackhole 10.244.0.0/16 proto bird",
                  f"link add eth1 type veth peer name gw netns {other.pid}")


def _names(stage: Stage) -> None:
    _resolver(stage)


def _busy_listener(stage: Stage) -> None:
    """A listener that is slow for a moment: half its queue is full, and then it accepts."""
    stage.uplink()
    stage.host.actor("listen", port=9000, backlog=100, name="gunicorn")
    stage.host.actor("attempt", address="127.0.0.1", port=9000, count=40)


def _restless_routes(stage: Stage) -> None:
    _uplink(stage)
    stage.host.start(sys.executable, "-c", (
        "import subprocess, time\n"
        "for number in range(60):\n"
        "    subprocess.run(['ip', 'route', 'replace', f'203.0.113.{number}/32', 'via', '192.0.2.1'])\n"
        "    time.sleep(0.2)\n"
    ))


SCENARIOS = (
    Scenario("a web server with 5,000 TIME_WAIT", setting=_time_waits),
    Scenario("a burst of 200 CLOSE_WAIT that drains", fault=_draining_burst),
    Scenario("a service is restarted under load", setting=_restart, fault=_restarts),
    Scenario("a deploy replaces every connection, three times", setting=_restart, fault=_deploy),
    Scenario("IPv6 only", setting=_ipv6_only),
    Scenario("docker: bridges, veths, a container that goes", setting=_docker, fault=_container_goes),
    Scenario("a container with only lo", setting=_loopback),
    Scenario("2,000 keep-alive connections", setting=_keep_alive),
    Scenario("one pool rests, one is half busy", setting=_pools, seconds=35),
    Scenario("a load balancer's health checks", setting=_health_checks, seconds=20),
    Scenario("a large transfer", setting=_transfer, fault=_pours, seconds=25),
    Scenario("policy routing, a blackhole summary, an unused card", setting=_policy_routing),
    Scenario("names that resolve", setting=_names, config=CHECK, needs=("named",), seconds=20),
    Scenario("a listener whose queue is half full", setting=_busy_listener),
    Scenario("a routing table that never rests", setting=_restless_routes),
)
