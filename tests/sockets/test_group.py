"""Groups of sockets, against the same groups made the slow way."""

import asyncio
import random
from array import array
from collections import defaultdict
from collections.abc import Callable, Hashable
from ipaddress import ip_network

import pytest

from nettui.model.process import Owner
from nettui.model.socket import Socket, Transport
from nettui.model.socket_table import ListedTable
from nettui.model.tcp import STATES
from nettui.sockets.facts import Facts
from nettui.sockets.frame import GROUP_STATES, GROUPS, Group
from nettui.sockets.group import grouped
from nettui.sockets.windows import WINDOW
from tests.sockets.crowd import Columns, crowd, facts_of


def network(socket: Socket) -> str:
    peer = socket.peer.partition("%")[0]
    if not peer or peer == "*":
        return peer
    return str(ip_network((peer, 64 if ":" in peer else 24), strict=False))


def process(socket: Socket, facts: Facts) -> int | None:
    if not socket.inode:
        return 0 if socket.state in CLOSING else None
    owners = facts.owners_of(socket)
    return min(owner.pid for owner in owners) if owners else None


CLOSING = {"SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "LAST_ACK", "CLOSING"}


def expected_key(by: str, facts: Facts) -> Callable[[Socket], Hashable]:
    return {
        "state": lambda s: s.state,
        "port": lambda s: f"protocol {s.local_port}" if s.transport is Transport.RAW else s.local_port,
        "peer": lambda s: s.peer,
        "network": network,
        "process": lambda s: process(s, facts),
        "user": lambda s: s.uid,
        "unit": lambda s: unit.path if (unit := facts.unit_of(s)) else None,
    }[by]


@pytest.mark.parametrize("by", GROUPS)
async def test_every_group_has_its_sockets_in_their_order(by: str) -> None:
    table = crowd(700)
    facts = facts_of(table)
    key = expected_key(by, facts)
    shuffled = random.Random(4).sample(range(700), 700)
    for places in (shuffled, array("I", shuffled[:60]), []):
        expected: defaultdict[Hashable, list[int]] = defaultdict(list)
        for place in places:
            expected[key(table.socket(place))].append(place)
        groups = await grouped(table, places, facts, by)
        assert {group.key: list(group.places) for group in groups} == expected
        for group in groups:
            states = [table.socket(place).state for place in group.places]
            assert group.counts == tuple(states.count(state) for state in GROUP_STATES)
        sizes = [len(group.places) for group in groups]
        assert sizes == sorted(sizes, reverse=True)


def names(groups: tuple[Group, ...]) -> list[str]:
    return [group.name for group in groups]


def tcp(key: int, port: int, peer: str = "192.0.2.1", **more: object) -> Socket:
    state = more.pop("state", "ESTABLISHED")
    return Socket(
        key=key, transport=Transport.TCP, family="inet", state=state, local="127.0.0.1", local_port=port, peer=peer,
        peer_port=9, **more,
    )  # fmt: skip


async def test_equally_large_ones_by_name_ports_by_number() -> None:
    table = ListedTable([tcp(1, 8080), tcp(2, 443), tcp(3, 22), tcp(4, 10_000), tcp(5, 22)], 0.0)
    assert names(await grouped(table, range(5), Facts(), "port")) == ["22", "443", "8080", "10000"]


async def test_what_is_not_known_and_what_no_process_has() -> None:
    table = ListedTable([
        tcp(1, 80, inode=11), tcp(2, 80, inode=12), tcp(3, 80, inode=13), tcp(4, 80, state="TIME_WAIT"),
        tcp(5, 80, state="TIME_WAIT"), tcp(6, 80, owners=(Owner(pid=12, name="a"), Owner(pid=3, name="b"))),
        tcp(7, 80, inode=14), tcp(8, 80, owners=()),
    ], 0.0)  # fmt: skip
    facts = Facts(owners={11: (Owner(pid=3, name="b"),), 12: (), 14: ()})
    groups = await grouped(table, range(8), facts, "process")
    assert [(group.key, group.name, list(group.places)) for group in groups] == [
        (None, "--", [1, 2, 6]),
        (0, "no process", [3, 4, 7]),
        (3, "b[3]", [0, 5]),
    ]


async def test_names_of_groups() -> None:
    table = ListedTable([
        tcp(1, 80, "10.0.3.7", uid=33), tcp(2, 80, "10.0.3.8", uid=4711), tcp(3, 80, "2001:db8:0:0:8000::1"),
        tcp(4, 80, "*"), tcp(5, 80, "10.0.4.1", uid=33),
    ], 0.0)  # fmt: skip
    facts = Facts(users={33: "www-data"})
    unix = Socket(key=9, transport=Transport.UNIX, family="unix", state="ESTABLISHED", local="", peer="")
    raw = Socket(key=8, transport=Transport.RAW, family="inet", state="UNCONN", local="*", local_port=1)
    others = ListedTable([unix, raw], 0.0)
    assert names(await grouped(others, range(2), facts, "port")) == ["no port", "protocol 1"]
    assert names(await grouped(others, range(2), facts, "peer")) == ["no peer", "unnamed"]
    assert names(await grouped(table, range(5), facts, "network")) == [
        "10.0.3.0/24", "10.0.4.0/24", "2001:db8::/64", "no peer",
    ]  # fmt: skip
    assert names(await grouped(table, range(5), facts, "user")) == ["--", "www-data", "4711"]


async def test_100_000_sockets_in_as_many_groups_are_made_in_slices() -> None:
    size = 100_000
    table = Columns({
        "state": random.Random(5).choices(STATES, k=size),
        "peer": [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(size)],
    })  # fmt: skip
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(count())
    groups = await grouped(table, range(size), Facts(), "peer")
    other.cancel()
    assert len(groups) == size
    assert {place for group in groups for place in group.places} == set(range(size))
    assert table.largest <= WINDOW
    assert turns >= 5 * (size // WINDOW)  # reading, putting into groups, counting, naming, making
