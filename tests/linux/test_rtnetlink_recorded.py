"""The decoders on what a kernel once answered, whole, cut short and damaged; no kernel and no privilege needed."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nettui.linux.addresses import decode_address
from nettui.linux.attributes import attribute, attribute_u32
from nettui.linux.counters import decode_link_stats, decode_stats
from nettui.linux.links import decode_link
from nettui.linux.monitor import subjects
from nettui.linux.neighbours import decode_neighbour
from nettui.linux.netlink import HEADER, NetlinkDecodeError, Sink
from nettui.linux.nexthops import decode_nexthop
from nettui.linux.route_table import RouteTable, choose
from nettui.linux.routes import decode_answer, decode_route
from nettui.linux.rtnetlink import Records
from nettui.linux.rules import decode_rule
from nettui.model.change import Subject
from nettui.model.route import NextHop, Route
from tests.linux import ip_truth
from tests.linux.record_netlink import RECORDED, recorded

NEWLINK, NEWADDR, NEWROUTE, NEWNEIGH, NEWRULE, NEWSTATS, NEWNEXTHOP = 16, 20, 24, 28, 32, 92, 104

DECODERS: dict[str, tuple[int, Callable[[bytes, int, int], Any]]] = {
    "links": (NEWLINK, decode_link),
    "addresses": (NEWADDR, decode_address),
    "routes4": (NEWROUTE, decode_route),
    "routes6": (NEWROUTE, decode_route),
    "rules": (NEWRULE, decode_rule),
    "neighbours": (NEWNEIGH, decode_neighbour),
    "nexthops": (NEWNEXTHOP, decode_nexthop),
    "counters": (NEWSTATS, decode_stats),
    "links_with_counters": (NEWLINK, decode_link_stats),
}
ALL = sorted(DECODERS)


def decoded(name: str, chunks: list[bytes] | None = None) -> list[Any]:
    sink: Records[Any] = Records(*DECODERS[name])
    for chunk in recorded(name) if chunks is None else chunks:
        sink.feed(chunk)
    return sink.found


def rows(name: str) -> list[ip_truth.Row]:
    return [json.loads(line) for line in (RECORDED / f"{name}.json").read_text().splitlines()]


@pytest.mark.parametrize("name", ["links", "addresses", "routes", "rules", "neighbours"])
def test_recorded_messages_mean_what_ip_says(name: str) -> None:
    ours = decoded("routes4") + decoded("routes6") if name == "routes" else decoded(name)
    if name == "links":
        ours = [raw.link for raw in ours]
    theirs = ip_truth.READERS[name](rows(name), ip_truth.indices(rows("links")))
    assert len(theirs) > 10
    ip_truth.alike(ours, theirs)


@pytest.mark.parametrize("name", ["counters", "links_with_counters"])
def test_recorded_counters_are_those_of_ip(name: str) -> None:
    ip_truth.alike(decoded(name), ip_truth.counters(rows("counters")))


def test_lifetimes_are_seconds_left() -> None:
    left = {a.address: (a.valid, a.preferred) for a in decoded("addresses") if a.valid is not None}
    assert left.keys() == {"10.2.0.1", "fd01::2", "fd01::3"}
    assert left["fd01::2"][1] == 0, "deprecated"
    assert 4900 < left["10.2.0.1"][0] <= 5000 and 2900 < left["10.2.0.1"][1] <= 3000
    (default,) = [r for r in decoded("routes6") if r.is_default]
    assert 800 < default.expires <= 900 and default.preference == "high"


def test_ages_of_neighbours_are_seconds_and_only_proven_ones_were_confirmed() -> None:
    found = {(n.address, n.state.value): n for n in decoded("neighbours")}
    assert 0 <= found["10.1.0.52", "STALE"].updated < 10
    assert found["10.1.0.52", "STALE"].confirmed is not None
    assert found["10.1.0.53", "FAILED"].confirmed is None, "it never answered"
    assert found["10.1.0.50", "PERMANENT"].confirmed is None, "somebody configured it"


def test_nexthop_objects() -> None:
    objects = {found.id: found for found in decoded("nexthops")}
    assert objects[11].way == NextHop(gateway="10.1.0.21", ifindex=ip_truth.indices(rows("links"))["va"])
    assert objects[13].group == ((11, 1), (12, 5))
    assert objects[14].way == NextHop()
    assert objects[15].way.gateway == "fd01::15"


@pytest.mark.parametrize(("name", "family"), [("routes4", 2), ("routes6", 10)])
def test_the_quick_way_through_a_table_is_exactly_the_careful_one(name: str, family: int) -> None:
    table = RouteTable(family, limit=10_000)
    for chunk in recorded(name) * 2:  # the second time every route that can have one finds a template
        table.feed(chunk)
    assert table.routes == decoded(name) * 2
    assert table.total == len(table.routes)


def route_message(*parts: bytes) -> bytes:
    body = bytes((2, 32, 0, 0, 254, 4, 0, 6, 0, 0, 0, 0)) + attribute_u32(15, 254) + b"".join(parts)
    return HEADER.pack(16 + len(body), NEWROUTE, 2, 7, 7) + body


@pytest.mark.parametrize("second", [
    route_message(attribute(1, bytes((10, 0, 0, 2)))),
    route_message(b"\x08\0\x01\0"),  # ends where the destination should begin
    route_message(attribute(1, bytes((10, 0, 0, 2))), attribute(1, bytes((10, 0, 0, 3)))),
    route_message(attribute(6, bytes(4)), attribute(1, bytes((10, 0, 0, 4)))),
])
def test_a_template_is_used_only_where_nothing_but_the_destination_differs(second: bytes) -> None:
    first = route_message(attribute(1, bytes((10, 0, 0, 1))))
    twice = route_message(attribute(1, bytes((10, 0, 0, 2))), attribute(1, bytes((10, 0, 0, 9))))
    for chunk in (first + second, first + second + first, twice + second, twice * 2 + second):
        table, careful = RouteTable(2, limit=100), Records(NEWROUTE, decode_route)
        assert fed(table, chunk) == fed(careful, chunk)
        assert table.routes == careful.found


def test_beyond_the_limit_routes_are_counted_and_defaults_kept() -> None:
    everything = decoded("routes4") + decoded("routes6")
    for family, name in ((2, "routes4"), (10, "routes6")):
        table = RouteTable(family, limit=2)
        for chunk in recorded(name):
            table.feed(chunk)
        whole = [route for route in everything if (route.family == "inet") == (family == 2)]
        assert table.total == len(whole)
        assert [r for r in table.routes if r.is_default] == [r for r in whole if r.is_default][:2]
        assert len(table.routes) <= 4


def made(number: int, prefixlen: int) -> Route:
    return Route(family="inet", table=254, destination=f"10.0.0.{number}", prefixlen=prefixlen)


lengths = st.lists(st.sampled_from([0, 24]), max_size=12)


@given(lengths, lengths, st.integers(1, 30))
def test_a_limit_costs_no_default_route_while_others_can_go(a: list[int], b: list[int], limit: int) -> None:
    first, second = ([made(n, length) for n, length in enumerate(each)] for each in (a, b))
    second = [msgspec.structs.replace(route, family="inet6") for route in second]
    chosen = choose([first, second], limit)
    assert len(chosen) == min(limit, len(a + b))
    assert [route for route in first + second if route in chosen] == list(chosen), "in their order"
    assert sum(route.is_default for route in chosen) == min(limit, (a + b).count(0))


def test_a_huge_table_leaves_room_for_a_small_one() -> None:
    huge, small = [made(n, 24) for n in range(100)], [made(n, 16) for n in range(5)]
    chosen = choose([huge, small], 20)
    assert chosen == (*huge[:15], *small)
    assert choose([small, huge], 20) == (*small, *huge[:15])


def fed(sink: Sink, chunk: bytes) -> bool:
    """Whether the sink took it; anything but its own error is a failure."""
    try:
        sink.feed(chunk)
    except NetlinkDecodeError:
        return False
    return True


@pytest.mark.parametrize("name", ALL)
def test_truncated_messages_are_an_error_or_fewer_records(name: str) -> None:
    whole = len(decoded(name))
    chunk = min(recorded(name), key=len)[:2000]
    for length in range(len(chunk)):
        sink: Records[Any] = Records(*DECODERS[name])
        fed(sink, chunk[:length])
        assert len(sink.found) <= whole


edits = st.lists(
    st.one_of(
        st.tuples(st.just("byte"), st.integers(0, 1 << 16), st.integers(0, 255)),
        st.tuples(st.just("word"), st.integers(0, 1 << 14), st.sampled_from([*range(18), 0x7FFF, 0xFFFF])),
        st.tuples(st.just("cut"), st.integers(0, 1 << 16), st.integers(0, 40)),
        st.tuples(st.just("copy"), st.integers(0, 1 << 16), st.integers(0, 1 << 16)),
    ),
    min_size=1, max_size=6,
)


def damaged(chunk: bytes, changes: list[tuple[str, int, int]]) -> bytes:
    data = bytearray(chunk)
    for how, place, value in changes:
        if not data:
            break
        place %= len(data)
        match how:
            case "byte":
                data[place] = value
            case "word":  # where lengths and types are
                data[place & ~3 : (place & ~3) + 2] = value.to_bytes(2, "little")
            case "cut":
                del data[place : place + value]
            case "copy":
                data[place : place + 8] = data[value % len(data) : value % len(data) + 8]
    return bytes(data)


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(ALL), st.integers(0, 99), edits)
def test_damaged_messages_raise_nothing_but_the_rooms_own_error(name: str, which: int, changes: list[Any]) -> None:
    chunks = recorded(name)
    chunk = damaged(chunks[which % len(chunks)], changes)
    fed(Records(*DECODERS[name]), chunk)
    fed(Records(NEWROUTE, decode_answer), chunk)
    assert subjects(chunk) <= set(Subject)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from([("routes4", 2), ("routes6", 10)]), edits)
@example(("routes4", 2), [("cut", 0, 0)])
def test_the_quick_and_the_careful_way_agree_on_damaged_tables_too(which: tuple[str, int], changes: list[Any]) -> None:
    name, family = which
    other = 12 - family
    table, careful = RouteTable(family, limit=10_000), Records(NEWROUTE, decode_route)
    for chunk in recorded(name):
        fed(table, chunk)
        fed(careful, chunk)
        bad = damaged(chunk, changes)
        assert fed(table, bad) == fed(careful, bad)
        assert table.routes == careful.found
        limited = RouteTable(family, limit=1)
        fed(limited, bad)
        assert limited.total <= table.total
    # A table of the wrong family is odd, but no reason to read it wrongly.
    wrong = RouteTable(other, limit=10_000)
    for chunk in recorded(name):
        wrong.feed(chunk)
    assert wrong.routes == decoded(name)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200))
def test_noise_is_an_error_or_nothing(noise: bytes) -> None:
    for name in ALL:
        fed(Records(*DECODERS[name]), noise)
