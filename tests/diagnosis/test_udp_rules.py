"""UDP datagrams that are lost for want of buffer, and whose they are."""

from collections import Counter
from typing import Any

from nettui.diagnosis.thresholds import Thresholds
from nettui.model.census import MOST, Census, Program, UdpLoss
from nettui.model.process import Owner
from nettui.model.vitals import KernelSettings, Vitals
from tests.diagnosis.world import START, World, server

LOSS = "udp.buffer-errors"
SETTINGS = KernelSettings(at=START, rmem_default=212_992, rmem_max=425_984)
SYSLOG = Program(owner=Owner(pid=812, name="rsyslogd"))


def socket(drops: float, port: int = 514, **more: Any) -> UdpLoss:
    return UdpLoss(address="0.0.0.0", port=port, drops=int(drops), queued=212_000, limit=212_992, **more)


class Receiver(World):
    """A host that loses so many datagrams a second; every 5 s a census tells of its sockets."""

    def __init__(self, thresholds: Thresholds | None = None) -> None:
        super().__init__(thresholds)
        self._lost: Counter[str | int] = Counter()

    def lose(self, seconds: int, pace: float, *sockets: tuple[float, dict[str, Any]], sending: float = 0) -> None:
        """So many seconds of it; of the `pace` a second, each socket so much."""
        for _ in range(seconds):
            self._lost.update({"all": pace, "sending": sending})
            self._lost.update({more.get("port", 514): each for each, more in sockets})
            at = self.now - START
            shown = tuple(socket(self._lost[more.get("port", 514)], **more) for _, more in sockets)
            census = Census(at=START, sockets=0, udp=shown) if at % 5 == 0 else None
            vitals = Vitals(
                at=START, udp_rcvbuf_errors=int(self._lost["all"]), udp_in_datagrams=int(900 * at),
                udp_sndbuf_errors=int(self._lost["sending"]),
            )
            self.tick(**server(vitals=vitals, settings=SETTINGS, census=census))


def test_a_quiet_host_and_one_burst() -> None:
    world = Receiver()
    world.lose(20, 0)
    world.lose(1, 5_000)
    world.lose(60, 0)
    world.lose(60, 0.5)
    assert world.told == []


def test_nobody_knows_whose_they_are() -> None:
    world = Receiver()
    world.lose(30, 20)
    assert world.names == [(LOSS, "host", "warning")]
    found = world.findings[0]
    assert found.title == (
        "20 UDP datagrams a second are lost, more than 1: a program reads too slowly for its buffer"
    )
    assert "net.core.rmem_default = 212,992 bytes, net.core.rmem_max = 425,984 bytes" in found.evidence
    assert "sysctl -w net.core.rmem_max=851968" in found.relief and found.target == "proto:udp"
    world.lose(60, 0)
    assert world.names == []


def test_the_socket_is_named() -> None:
    world = Receiver()
    world.lose(40, 20, (20, {"program": SYSLOG}))
    assert world.names == [(LOSS, ":514", "warning")]
    found = world.findings[0]
    assert found.title == "rsyslogd[812] on UDP port 514 loses 20 datagrams a second, more than 1: its buffer is full"
    assert "0.0.0.0:514: 212,000 bytes of 212,992 (SO_RCVBUF) wait to be read" in found.evidence
    assert found.target == "proto:udp sport:514"
    assert found.relief[0] == "ss -uamnp sport = :514"
    world.lose(60, 0, (0, {"program": SYSLOG}))
    assert world.names == []


def test_two_ports() -> None:
    world = Receiver()
    world.lose(40, 220, (20, {"program": SYSLOG}), (200, {"port": 6343}))
    assert world.names == [(LOSS, ":6343", "critical"), (LOSS, ":514", "warning")]
    assert world.findings[0].title.startswith("UDP port 6343 loses 200 datagrams a second")


def test_a_port_may_have_limits_of_its_own() -> None:
    for kind, name in (("port", "514"), ("process", "rsyslogd")):
        world = Receiver(Thresholds.from_settings({LOSS: {kind: {name: {"enabled": False}}}}))
        world.lose(60, 20, (20, {"program": SYSLOG}))
        assert world.names == []
        world.lose(60, 50, (20, {"program": SYSLOG}))  # and somebody else loses more
        assert world.names == [(LOSS, "host", "warning")]
        assert "30 UDP datagrams a second" in world.findings[0].title


def test_of_a_socket_that_was_not_listed_before_no_pace_is_known() -> None:
    world = Receiver()
    full = tuple(socket(1_000_000, port=port) for port in range(1, MOST + 1))
    late = (socket(5_000_000, port=9_999), *full[1:])
    for second in range(30):
        census = Census(at=START, sockets=0, udp=full if second % 2 else late)
        world.tick(**server(vitals=Vitals(at=START, udp_rcvbuf_errors=0), census=census))
    assert world.told == []


def test_sockets_that_share_a_port_are_one() -> None:
    world = Receiver()
    for second in range(40):
        shared = (socket(5 * second, program=SYSLOG), socket(8 * second), socket(7 * second))
        vitals = Vitals(at=START, udp_rcvbuf_errors=20 * second)
        world.tick(**server(vitals=vitals, census=Census(at=START, sockets=0, udp=shared)))
    assert world.names == [(LOSS, ":514", "warning")]
    assert "loses 20 datagrams a second" in world.findings[0].title


def test_what_cannot_be_sent() -> None:
    world = Receiver()
    world.lose(30, 0, sending=20)
    assert world.names == [(LOSS, "host", "warning")]
    assert "cannot be sent" in world.findings[0].title
