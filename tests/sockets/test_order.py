"""Every order of sockets, against the same order made the slow way; and that nobody is held up by it."""

import asyncio
import random
from array import array
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from nettui.model.socket import Socket, Transport
from nettui.model.tcp import STATES
from nettui.sockets.facts import Facts
from nettui.sockets.frame import SORTS
from nettui.sockets.order import ordered
from nettui.sockets.windows import RUN, WINDOW, sorted_positions
from tests.sockets.crowd import Columns, crowd, facts_of

STATE_ORDER = ["LISTEN", "UNCONN", *STATES[1:]]


def address(text: str) -> tuple[object, ...]:
    if text == "*":
        return (0,)
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return (7, text)
    return (found.version, int(found), text.partition("%")[2])


def by_state(socket: Socket) -> tuple[object, ...]:
    return STATE_ORDER.index(socket.state), socket.local_port or 0, socket.peer_port or 0


def expected_key(sort: str, facts: Facts) -> Callable[[Socket], Any]:
    """A key by which `sorted` makes that order; None for what is not known."""

    def process(socket: Socket) -> object:
        owners = facts.owners_of(socket)
        if not owners:
            return None
        owner = sorted(owners, key=lambda owner: owner.pid)[0]
        return owner.name.lower(), owner.pid

    def unit(socket: Socket) -> object:
        found = facts.unit_of(socket)
        return found and found.name

    def iface(socket: Socket) -> object:
        return None if socket.ifindex is None else facts.links.get(socket.ifindex, str(socket.ifindex))

    keys: dict[str, Callable[[Socket], Any]] = {
        "state": by_state,
        "proto": lambda s: (
            list(Transport).index(s.transport), ["inet", "inet6", "unix"].index(s.family), *by_state(s)
        ),
        "local": lambda s: (address(s.local), s.local_port or 0) if s.local else None,
        "peer": lambda s: (address(s.peer), s.peer_port or 0) if s.peer not in ("", "*") else None,
        "recvq": lambda s: s.recv_q,
        "sendq": lambda s: s.send_q,
        "process": process,
        "user": lambda s: facts.user(s.uid),
        "unit": unit,
        "iface": iface,
        "rtt": lambda s: s.info and s.info.rtt,
        "retrans": lambda s: s.info and s.info.total_retrans,
        "idle": lambda s: s.info and s.info.idle,
        "age": lambda s: facts.age(s.key, 10_000.0),
        "timer": lambda s: s.timer and s.timer.expires,
    }  # fmt: skip
    return keys[sort]


@pytest.mark.parametrize("sort", SORTS)
async def test_every_order_and_its_reverse(sort: str) -> None:
    table = crowd(600)
    facts = facts_of(table)
    key = expected_key(sort, facts)
    chosen = random.Random(3)
    scattered = array("I", sorted(chosen.sample(range(600), 90)))
    for places in (range(600), scattered, array("I", [5]), range(0)):
        known = [place for place in places if key(table.socket(place)) is not None]
        unknown = [place for place in places if key(table.socket(place)) is None]
        for reverse in (False, True):
            expected = sorted(known, key=lambda place: key(table.socket(place)), reverse=reverse) + unknown
            assert list((await ordered(table, places, facts, sort, reverse)).places) == expected
    assert len({key(socket) for socket in map(table.socket, range(600))}) >= 3  # it was a test of something


async def test_listeners_first_then_as_a_connection_lives() -> None:
    table = crowd(2000)
    places = (await ordered(table, range(2000), Facts(), "state")).places
    states = [table.socket(place).state for place in places]
    assert list(dict.fromkeys(states)) == STATE_ORDER


async def test_nothing_is_sorted_again_that_is_as_it_was() -> None:
    first = await ordered(crowd(300), range(300), Facts(), "state")
    assert await ordered(crowd(300), range(300), Facts(), "state", before=first) is first
    for table, places, reverse in (
        (crowd(300, seed=9), range(300), False),
        (crowd(300), range(299), False),
        (crowd(300), range(300), True),
    ):
        again = await ordered(table, places, Facts(), "state", reverse, before=first)
        assert again.places == (await ordered(table, places, Facts(), "state", reverse)).places != first.places
    alike = Columns({name: [0] * 300 for name in ("state", "recv_q")})
    earlier = await ordered(alike, range(2), Facts(), "recvq")
    assert list((await ordered(alike, array("I", [4, 7]), Facts(), "recvq", before=earlier)).places) == [4, 7]
    by_queue = await ordered(crowd(300), range(300), Facts(), "recvq", before=first)
    assert by_queue.places == (await ordered(crowd(300), range(300), Facts(), "recvq")).places


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("different", [1, 2, 40, 1 << 30])
async def test_sorting_in_runs_is_sorting(different: int, reverse: bool) -> None:
    chance = random.Random(different)
    for size in (0, 1, RUN, RUN + 1, 3 * RUN + 17):
        values = [float(chance.randrange(different)) for _ in range(size)]
        expected = sorted(range(size), key=values.__getitem__, reverse=reverse)
        assert await sorted_positions(values, reverse) == expected
        climbing = sorted(values)
        assert await sorted_positions(climbing) == list(range(size))


async def test_others_get_their_turn_while_100_000_are_sorted() -> None:
    size, chance = 100_000, random.Random(1)
    table = Columns({
        "state": chance.choices(STATES, k=size),
        "ports": [chance.choice((443, 8080)) << 16 | chance.randrange(1024, 61_000) for _ in range(size)],
    })  # fmt: skip
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(count())
    found = await ordered(table, range(size), Facts(), "state")
    other.cancel()
    assert list(found.places[:3]) == sorted(range(size), key=found.values.__getitem__)[:3]
    assert sorted(found.places) == list(range(size))
    assert table.largest <= WINDOW
    # once for each window, each run, and each part of the merge
    assert turns >= size // WINDOW + 2 * (size // RUN)


async def test_few_of_many_are_read_alone() -> None:
    table = Columns({name: [7] * 100_000 for name in ("state", "recv_q")})
    places = array("I", range(5, 100_000, 1_000))
    assert (await ordered(table, places, Facts(), "recvq")).places == places
    assert table.read == len(places)
