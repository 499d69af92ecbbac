"""Broken frames, packets thrown away, links that are full; and busy ones that are well."""

from collections import Counter
from typing import Any

import pytest

from nettui.diagnosis.thresholds import Thresholds
from nettui.model.link import Counters
from nettui.model.vitals import Vitals
from tests.diagnosis.world import LO, START, World, link, server

ERRORS, DROPS, FULL = "link.errors", "link.drops", "link.saturated"
GIGABIT = 125_000_000
"""Bytes a second."""


class Busy(World):
    """A host whose card moves so much a second; its totals go on from call to call."""

    def __init__(self, thresholds: Thresholds | None = None) -> None:
        super().__init__(thresholds)
        self._totals: Counter[str] = Counter()

    def move(
        self, seconds: int, *, ifindex: int = 2, errors: float = 0, drops: float = 0, packets: float = 1_000,
        received: float = 100_000, sent: float = 100_000, **sections: Any,
    ) -> None:
        """So many seconds of it, in either direction so many packets."""
        for _ in range(seconds):
            self._totals.update({
                "rx_bytes": received, "tx_bytes": sent, "rx_packets": packets, "tx_packets": packets,
                "rx_errors": errors, "tx_errors": 0, "rx_dropped": drops, "tx_dropped": 0,
            })
            totals = {name: int(total) for name, total in self._totals.items()}
            self.tick(**server(counters=(Counters(ifindex=ifindex, **totals),), **sections))


QUIET: dict[str, dict[str, Any]] = {
    "nothing lost": {},
    "a broken frame now and then": {"errors": 0.5},
    "a few broken among a hundred thousand": {"errors": 20, "packets": 50_000},
    "frames of protocols nobody speaks": {"drops": 8, "packets": 50},
    "many of them on a busy link": {"drops": 30, "packets": 5_000},
    "a virtual bridge that throws away what floods into it": {
        "drops": 500, "links": (LO, link(2, "docker0", "bridge")),
    },
    "a container's veth": {"drops": 500, "errors": 500, "links": (LO, link(2, "veth1", "veth"))},
    "the spare port of a bond": {
        "drops": 500, "packets": 10, "ifindex": 3,
        "links": (LO, link(2, "eth0"), link(3, "eth1", master=4), link(4, "bond0", "bond")),
    },
    "radio loses more": {"drops": 150, "links": (LO, link(2, "wlan0", "wifi"))},
    "a fast link at 89 %": {"received": 0.89 * GIGABIT, "links": (LO, link(2, "eth0", speed=1_000))},
    "a virtual link has no speed": {"received": 10 * GIGABIT},
    "a radio's rate is no speed": {"received": 2 * GIGABIT, "links": (LO, link(2, "wlan0", "wifi", speed=1_000))},
    "a VLAN shares its card": {
        "received": GIGABIT, "links": (LO, link(2, "eth0.7", "vlan", speed=1_000)),
    },
    "counters not read": {"errors": 500, "drops": 500, "links": None},
}


@pytest.mark.parametrize("moves", QUIET.values(), ids=QUIET.keys())
def test_what_is_no_trouble(moves: dict[str, Any]) -> None:
    world = Busy()
    world.move(90, **moves)
    assert [told for told in world.told if told[1] in (ERRORS, DROPS, FULL)] == []


def test_a_burst_is_not_told() -> None:
    world = Busy()
    world.move(10)
    world.move(5, errors=500, drops=5_000, links=(LO, link(2, "eth0", speed=1_000)), received=GIGABIT)
    world.move(60)
    assert world.told == []


def test_a_bad_cable() -> None:
    world = Busy()
    world.move(10)
    world.move(20, errors=5)
    assert world.names == [(ERRORS, "eth0", "warning")]
    found = world.findings[0]
    assert found.title == "eth0 has 5 errors a second, more than 1: 0.249 % of its packets are broken"
    assert (found.value, found.threshold, found.target) == (5, 1, "eth0")
    assert found.relief[0] == "ip -s -s link show dev eth0"
    assert any(line.startswith("since it was made: errors 100 received") for line in found.evidence)
    world.move(60)
    assert world.told == [(20, ERRORS, "eth0", "warning"), (50, ERRORS, "eth0", "closed")]


def test_critical_takes_a_good_share_of_the_packets() -> None:
    world = Busy()
    world.move(20, errors=150, packets=50_000)
    assert world.names == [(ERRORS, "eth0", "warning")]
    world.move(20, errors=150, packets=1_000)
    assert world.names == [(ERRORS, "eth0", "critical")]


def test_packets_thrown_away() -> None:
    world = Busy()
    world.move(32, drops=100)
    assert world.names == [(DROPS, "eth0", "warning")]
    assert world.findings[0].title == "eth0 drops 100 packets a second, more than 10: 4.76 % of what it moves"
    assert any("and 2 % of the packets" in line for line in world.findings[0].evidence)
    world.move(70)
    assert world.names == []


def test_a_bond_is_told_for_its_ports() -> None:
    links = (LO, link(2, "bond0", "bond"), link(3, "eth0", master=2), link(4, "eth1", master=2))
    world = Busy()
    world.move(35, drops=100, links=links)
    assert (DROPS, "bond0", "warning") in world.names


def test_drops_of_the_backlog_stand_under_it() -> None:
    world = Busy()
    for second in range(60):
        world.move(1, drops=90, vitals=Vitals(at=START, softnet_dropped=90 * second))
    assert world.names == [("softnet.drops", "host", "warning")]
    assert len(world.findings[0].follows) == 1 and "eth0 drops" in world.findings[0].follows[0]


@pytest.mark.parametrize("way", ["received", "sent"])
def test_a_link_that_is_full_in_one_direction(way: str) -> None:
    links = (LO, link(2, "eth0", speed=1_000, duplex="full"))
    world = Busy()
    world.move(18, links=links, **{way: 0.95 * GIGABIT})
    assert world.names == []
    world.move(10, links=links, **{way: 0.95 * GIGABIT})
    assert world.names == [(FULL, "eth0", "warning")]
    assert world.findings[0].title == f"eth0 is full: 95 % of its 1,000 Mbit/s {way}, more than 90 %"


def test_a_full_link_clears_five_points_lower() -> None:
    links = (LO, link(2, "eth0", speed=1_000))
    world = Busy()
    world.move(30, links=links, received=0.95 * GIGABIT)
    world.move(90, links=links, received=0.87 * GIGABIT)
    assert world.names == [(FULL, "eth0", "warning")]
    world.move(90, links=links, received=0.8 * GIGABIT)
    assert world.names == []


def test_an_interface_may_have_limits_of_its_own() -> None:
    settings = Thresholds.from_settings({
        ERRORS: {"interface": {"eth0": {"warning": 50}}},
        DROPS: {"interface": {"eth0": {"enabled": False}}},
        FULL: {"interface": {"eth0": {"warning": 50, "lasting": 5}}},
    })
    world = Busy(settings)
    world.move(40, errors=20, drops=900)
    assert world.names == []
    world.move(12, errors=60, received=0.6 * GIGABIT, links=(LO, link(2, "eth0", speed=1_000)))
    assert world.names == [(ERRORS, "eth0", "warning"), (FULL, "eth0", "warning")]
    assert [found.threshold for found in world.findings] == [50, 50]


def test_the_portable_backend_takes_docker0_for_a_card() -> None:
    world = Busy()
    world.move(60, ifindex=3, drops=500, backend="portable", links=(LO, link(2, "eth0"), link(3, "docker0")))
    assert world.names == []
    world.move(60, drops=500, backend="portable")
    assert world.names == [(DROPS, "eth0", "warning")]
