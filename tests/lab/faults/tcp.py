"""Faults of TCP, each really made."""

import time

from tests.lab.faults.scenario import Scenario, Stage

PEER = "192.0.2.1"


def _leaking_server(stage: Stage) -> float:
    server = stage.host.actor("leak", port=8080, rate=4, most=400, name="java")
    server.go_on()
    return time.time()


def _close_wait_crowd(stage: Stage) -> float:
    crowd = stage.host.actor("hang_up", port=8080, count=130, name="java")
    crowd.go_on()
    return time.time()


def _narrow(stage: Stage) -> None:
    stage.uplink().actor("serve", port=5432)
    stage.host.sysctl("ipv4/ip_local_port_range", "40000 40999")


def _storm(stage: Stage) -> float:
    client = stage.host.actor("connect", address=PEER, port=5432, count=850, keep=0, name="python")
    client.go_on()
    return time.time()


def _time_wait_crowd(stage: Stage) -> float:
    stage.host.actor("serve", port=80, manner="close", name="nginx")
    client = stage.host.actor("connect", address="127.0.0.1", port=80, count=400, keep=0)
    client.go_on()
    return time.time()


def _black_hole(stage: Stage) -> None:
    stage.uplink().nft("in tcp dport 5432 drop")


def _attempts(stage: Stage) -> float:
    stage.host.actor("attempt", address=PEER, port=5432, count=5, name="python")
    return time.time() + 3.0  # two SYNs unanswered: 1 s and 2 s


def _lossy_clients(stage: Stage) -> None:
    router = stage.uplink()
    router.nft("in tcp sport 443 tcp flags & (syn|ack) == syn|ack drop")
    stage.kept["router"] = router
    stage.host.actor("serve", port=443, name="nginx")


def _half_open(stage: Stage) -> float:
    stage.kept["router"].actor("attempt", address="192.0.2.2", port=443, count=80)
    return time.time()


def _flood(stage: Stage) -> None:
    router = stage.uplink("198.18.0.2/15", "198.18.0.1")
    router.run("sh", "-c", "for i in $(seq 1 250); do ip addr add 198.19.0.$i/15 dev gw; done")
    router.nft("in tcp sport 443 tcp flags & (syn|ack) == syn|ack drop")
    stage.kept["router"] = router
    stage.host.actor("serve", port=443, name="nginx")


def _flooded(stage: Stage) -> float:
    stage.kept["router"].actor("attempt", address="198.18.0.2", port=443, count=500, source="198.19.0.1", sources=250)
    return time.time()


def _full_queue(stage: Stage) -> float:
    stage.host.actor("listen", port=9000, backlog=16, name="gunicorn")
    stage.host.actor("attempt", address="127.0.0.1", port=9000, count=30)
    return time.time()


def _connected(stage: Stage) -> None:
    router = stage.uplink()
    router.actor("serve", port=5432)
    stage.kept["router"] = router
    stage.kept["client"] = stage.host.actor("send", address=PEER, port=5432, count=4, name="python")


def _peer_vanishes(stage: Stage) -> float:
    stage.kept["router"].nft("in tcp dport 5432 drop")
    stage.kept["client"].go_on()
    return time.time() + 3.0  # until the fourth retransmission: 0.2, 0.4, 0.8, 1.6 s


def _lossy(stage: Stage) -> None:
    router = stage.uplink()
    router.actor("serve", port=9000)
    router.nft("in tcp dport 9000 numgen random mod 100 < 25 drop")
    stage.kept["clients"] = [
        stage.host.actor("pour", address=PEER, port=9000, seconds=90, name="rsync") for _ in range(3)
    ]


def _pours(stage: Stage) -> float:
    for client in stage.kept["clients"]:
        client.begin()
    return time.time()


def _clients_of_a_server(stage: Stage) -> None:
    router = stage.uplink()
    stage.kept["server"] = stage.host.actor("take", port=8080, count=40, name="java")
    stage.kept["router"] = router


def _last_ack(stage: Stage) -> float:
    """The peers have closed; then nothing that the host sends reaches them, and the server closes too."""
    client = stage.kept["router"].actor("connect", address="192.0.2.2", port=8080, count=40, keep=0)
    client.go_on()
    time.sleep(0.5)
    stage.kept["router"].nft("in tcp sport 8080 drop")
    stage.kept["server"].go_on()
    return time.time()


def _half_closed(stage: Stage) -> float:
    stage.host.actor("half_close", address=PEER, port=9000, count=60, name="python").go_on()
    return time.time()


def _deaf_peer(stage: Stage) -> None:
    stage.uplink().actor("serve", port=9000, manner="leak")


def _resetting(stage: Stage) -> None:
    stage.uplink().actor("serve", port=9000, manner="reset")


def _resets(stage: Stage) -> float:
    stage.host.actor("connect", address=PEER, port=9000, count=0, rate=100, name="python").go_on()
    return time.time()


def _database(stage: Stage) -> None:
    stage.uplink().actor("serve", port=5432, manner="answer", delay=3.0)


def _pool_full(stage: Stage) -> float:
    stage.host.actor("ask", address=PEER, port=5432, count=10, busy=10, pause=0.01, name="java")
    return time.time()


SCENARIOS = (
    Scenario(
        "a server never closes its connections", (("tcp.close-wait-leak", r"java\[\d+\]"),),
        meanwhile=(("tcp.close-wait", "host"),),
        fault=_leaking_server, lasting=40, seconds=25, config='[rules."tcp.close-wait-leak"]\nlasting = 40\n',
        known={"lasting": "40 s instead of 120"},
    ),
    Scenario("130 connections are left in CLOSE_WAIT at once", (("tcp.close-wait", "host"),), fault=_close_wait_crowd),
    Scenario(
        "a client uses up the ports toward one database", (("tcp.port-exhaustion", r"192\.0\.2\.1:5432"),),
        setting=_narrow, fault=_storm,
    ),
    Scenario(
        "a web server hangs up first, 400 times", (("tcp.time-wait", "host"),), fault=_time_wait_crowd,
        config='[rules."tcp.time-wait"]\nwarning = 200\ncritical = 1000\n', known={"warning": "200 instead of 10,000"},
    ),
    Scenario(
        "a firewall drops SYNs to a database", (("tcp.syn-sent-stuck", r"192\.0\.2\.1:5432"),),
        setting=_black_hole, fault=_attempts,
    ),
    Scenario(
        "SYN-ACKs are lost on the way to one network of clients", (("tcp.syn-backlog", ":443"),),
        setting=_lossy_clients, fault=_half_open,
    ),
    Scenario("a SYN flood from 250 addresses", (("tcp.syn-backlog", ":443"),), setting=_flood, fault=_flooded),
    Scenario("a listener never accepts", (("tcp.accept-queue", ":9000"),), fault=_full_queue),
    Scenario(
        "a peer is gone without a word", (("tcp.zombie", r".*192\.0\.2\.1.*"),), setting=_connected,
        fault=_peer_vanishes, lasting=10,
    ),
    Scenario(
        "a quarter of the packets is lost", (("tcp.retransmit", "host"),), setting=_lossy, fault=_pours,
        lasting=15,
    ),
    Scenario(
        "the last ACKs never come", (("tcp.last-ack", ".*"),), setting=_clients_of_a_server, fault=_last_ack,
        lasting=15,
    ),
    Scenario(
        "a peer never closes its side", (("tcp.fin-wait2", ".*"),), setting=_deaf_peer, fault=_half_closed, lasting=15,
        config='[rules."tcp.fin-wait2"]\nwarning = 30\n', known={"warning": "30 instead of 1,000"},
    ),
    Scenario(
        "a server resets every connection", (("tcp.resets", "host"),), setting=_resetting, fault=_resets,
        lasting=15,
    ),
    Scenario(
        "every connection of a pool waits for the database", (("pool.exhausted", r".*java\[\d+\].*"),),
        setting=_database, fault=_pool_full, lasting=30,
    ),
)
