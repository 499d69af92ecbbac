"""DHCP leases that nobody renews, and those that have ended; and the many that are well."""

from typing import Any

import pytest
from msgspec.structs import replace

from nettui.diagnosis.rules import leases
from nettui.diagnosis.thresholds import Thresholds
from nettui.model.address import Address
from nettui.model.watched import Lease, Leases
from tests.diagnosis.world import LO, LOOPBACK, START, World, address, case_of, link, server

EXPIRING, EXPIRED = "dhcp.lease-expiring", "dhcp.lease-expired"
HOUR = 3_600.0
STATIC = address(2, "192.0.2.2/24")
BARE: dict[str, Any] = {"addresses": LOOPBACK, "routes": (), "neighbours": ()}


def lent(ends: float, *, seconds: float | None = HOUR, text: str = "192.0.2.2", interface: str = "eth0") -> Leases:
    """A lease that ends so many seconds after the start."""
    end = START + ends
    lease = Lease(
        interface=interface, address=text, server="192.0.2.1", seconds=seconds, expires_at=end, source="a file"
    )
    return Leases(at=START, leases=(lease,))


def living(text: str = "192.0.2.2/24", valid: int = 400, **more: Any) -> Address:
    """An address that a client set: the kernel counts its time."""
    return replace(address(2, text, flags=("dynamic",)), valid=valid, **more)


def host(found: Leases | None, *addresses: Address, **more: Any) -> dict[str, Any]:
    return server(leases=found, addresses=(*LOOPBACK, *(addresses or (living(),))), **more)


V6 = "2001:db8::2"
QUIET: dict[str, dict[str, Any]] = {
    "just lent": host(lent(HOUR)),
    "being renewed": host(lent(0.3 * HOUR)),
    "for ever": host(Leases(at=START, leases=(Lease(interface="eth0", address="192.0.2.2"),))),
    "its length is not known": host(lent(60, seconds=None)),
    "a static address": host(Leases(at=START), STATIC),
    "leases not read": host(None),
    "an old file, the address static since": host(lent(-5 * HOUR), STATIC),
    "an old file, another address now": host(lent(-60), address(2, "192.0.2.9/24")),
    "an old file of a link that is not used": host(lent(-30 * 24 * HOUR, interface="eth1"), links=(
        LO, link(2, "eth0"), link(3, "eth1")
    )),
    "an old file of a link that is down": host(lent(-60, interface="eth1"), links=(
        LO, link(2, "eth0"), link(3, "eth1", up=False)
    )),
    "an old file of a link that is gone": host(lent(-60, interface="eth9")),
    "another client renewed it": host(lent(-60)),
    "made of a router's prefix": host(lent(60, text=V6), living(f"{V6}/64", flags=("mngtmpaddr",))),
    "a temporary address at its end": host(lent(60, text=V6), living(f"{V6}/64", flags=("temporary",))),
    "the address now on a bridge": host(
        lent(-60), address(5, "192.0.2.2/24"), links=(LO, link(2, "eth0"), link(5, "br0", "bridge"))
    ),
}


@pytest.mark.parametrize("sections", QUIET.values(), ids=QUIET.keys())
def test_what_is_no_trouble(sections: dict[str, Any]) -> None:
    world = World()
    world.stay(30, **sections)
    assert [told for told in world.told if told[1].startswith("dhcp")] == []


def test_a_lease_that_nobody_renews() -> None:
    """T2 of an hour is 450 s before its end."""
    world = World()
    world.stay(60, **host(lent(500)))
    assert world.told == [(56, EXPIRING, "eth0", "warning")]
    found = world.findings[0]
    assert found.title == (
        "The DHCP lease of 192.0.2.2 on eth0 ends in 7 min: 87.8 % of it is over, more than 87.5 %"
    )
    assert found.left == 500 - 59 and found.target == "eth0"
    assert "lent by 192.0.2.1" in found.evidence and found.relief[0] == "ip address show dev eth0"
    world.stay(400, **host(lent(500)))
    assert world.names == [(EXPIRING, "eth0", "critical")]
    world.stay(30, **host(lent(500 + HOUR)))
    assert world.names == []


def test_of_ipv6() -> None:
    world = World()
    world.stay(10, **host(lent(100, text=V6), living(f"{V6}/128")))
    assert world.names == [(EXPIRING, "eth0", "warning")]


def test_one_that_may_be_a_file_left_behind_is_a_notice() -> None:
    world = World()
    world.stay(10, **host(lent(100), STATIC))
    assert world.names == [(EXPIRING, "eth0", "notice")]
    assert world.findings[0].title.endswith("97.5 % of it is over; it may be static by now")
    assert any("perhaps it is static now" in line for line in world.findings[0].evidence)


def test_the_one_that_ends_first_is_told_of_an_interface() -> None:
    two = Leases(at=START, leases=(*lent(300).leases, *lent(100, text=V6).leases))
    world = World()
    world.stay(10, **host(two, living(), living(f"{V6}/128")))
    assert world.finding(EXPIRING).title.startswith(f"The DHCP lease of {V6} on eth0")


def test_a_lease_ends_and_with_it_everything() -> None:
    """The missing address and default route stand under it."""
    world = World()
    world.stay(20, **host(lent(20), links=(LO, link(2, "eth0"))))
    assert world.names == [(EXPIRING, "eth0", "critical")]
    world.stay(60, **server(leases=lent(20), **BARE))
    assert world.names == [(EXPIRED, "eth0", "critical")]
    found = world.findings[0]
    assert found.since == START + 20
    assert found.title == "The DHCP lease of 192.0.2.2 on eth0 ended 59 s ago, and there is no other address"
    assert set(found.follows) == {
        "eth0 works and has lost its address, 192.0.2.2/24",
        "No default route: this host reaches only connected networks",
    }
    world.stay(30, **host(lent(HOUR)))
    assert world.names == []


def test_it_had_ended_before_nettui_came() -> None:
    world = World()
    world.stay(3, **server(leases=lent(-60), **BARE))
    assert world.names == [(EXPIRED, "eth0", "warning")]


def test_the_link_gave_itself_an_address_instead() -> None:
    own = address(2, "169.254.7.9/16", scope="link")
    world = World()
    world.stay(30, **server(**{**BARE, "addresses": (*LOOPBACK, own)}, leases=lent(-60)))
    assert world.names == [(EXPIRED, "eth0", "warning")]
    assert world.findings[0].follows == ("eth0 gave itself the address 169.254.7.9: no DHCP server answers it",)


def test_the_address_stays_though_the_lease_has_ended() -> None:
    world = World()
    world.stay(30, **host(lent(-60), STATIC))
    assert world.names == [(EXPIRED, "eth0", "notice")]
    assert world.findings[0].title.endswith("and the address is still set")


def test_a_second_interface_loses_its_lease() -> None:
    links = (LO, link(2, "eth0"), link(3, "eth1"))
    world = World()
    world.stay(10, **host(lent(-60, interface="eth1", text="198.51.100.7"), links=links))
    assert world.names == [(EXPIRED, "eth1", "warning")]


def test_an_interface_may_have_limits_of_its_own() -> None:
    world = World(Thresholds.from_settings({
        EXPIRING: {"interface": {"eth0": {"warning": 50, "lasting": 2}}},
        EXPIRED: {"interface": {"eth0": {"enabled": False}}},
    }))
    world.stay(5, **host(lent(0.4 * HOUR)))
    assert world.names == [(EXPIRING, "eth0", "warning")]
    silent = World(Thresholds.from_settings({EXPIRED: {"interface": {"eth0": {"enabled": False}}}}))
    silent.stay(10, **server(leases=lent(-60), **BARE))
    assert EXPIRED not in [rule for rule, _, _ in silent.names]


def test_names_do_not_resolve_because_the_lease_has_ended() -> None:
    condition = next(iter(leases.expired(case_of(server(), server(leases=lent(-60), **BARE)))))
    assert {("dns.unreachable", "*"), ("link.no-address", "eth0"), ("link.self-assigned", "eth0")} <= set(
        condition.covers
    )
