"""Whatever comes: never an exception, always the gravest first, each subject once, and never out of nothing."""

from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from nettui.diagnosis.diagnose import Diagnosis, diagnose_once
from nettui.diagnosis.thresholds import RULE_IDS
from nettui.engine.keeper import SERIES
from nettui.model.address import Address
from nettui.model.census import Census, UdpLoss
from nettui.model.history import History, TcpSample
from nettui.model.link import Link, OperState, Rates
from nettui.model.neighbour import Neighbour, NeighbourState
from nettui.model.resolver import Resolver, ResolverConfig
from nettui.model.route import NextHop, Route
from nettui.model.snapshot import CollectorError, Snapshot
from nettui.model.tcp import TcpCounts
from nettui.model.vitals import KernelSettings, Vitals
from nettui.model.watched import Lease, Leases, Processes, ProcessUse
from tests.diagnosis.world import START, World, counts, link, neighbour, server

INDEX = st.integers(1, 4)
MAYBE_INDEX = st.none() | INDEX
FAMILY = st.sampled_from(["inet", "inet6"])
ADDRESS = st.sampled_from(["192.0.2.1", "198.51.100.1", "fe80::1", "2001:db8::1", "0.0.0.0", "::", "{x}", ""])

LINK = st.builds(
    Link,
    ifindex=INDEX,
    name=st.sampled_from(["lo", "eth0", "eth1", "br0", "{0}", "a b;c", ""]),
    kind=st.sampled_from(["loopback", "ethernet", "wifi", "veth", "bridge", "bond", "vlan", "wireguard"]),
    speed=st.none() | st.sampled_from([0, 10, 1_000]),
    state=st.sampled_from(OperState),
    admin_up=st.booleans(),
    carrier=st.none() | st.booleans(),
    master=MAYBE_INDEX,
    parent=MAYBE_INDEX,
    peer_netns=st.booleans(),
)
ROUTE = st.builds(
    Route,
    family=FAMILY,
    table=st.sampled_from([254, 255, 100]),
    destination=ADDRESS,
    prefixlen=st.sampled_from([0, 0, 0, 1, 24]),
    type=st.sampled_from(["unicast", "unicast", "blackhole", "prohibit"]),
    protocol=st.sampled_from(["static", "ra"]),
    gateway=st.none() | ADDRESS,
    ifindex=MAYBE_INDEX,
    metric=st.none() | st.integers(0, 2000),
    nexthops=st.lists(st.builds(NextHop, gateway=st.none() | ADDRESS, ifindex=MAYBE_INDEX), max_size=2).map(tuple),
)
NEIGHBOUR = st.builds(
    Neighbour, ifindex=INDEX, family=FAMILY, address=ADDRESS, state=st.sampled_from(NeighbourState),
    updated=st.none() | st.floats(0, 1e6),
)
LOCAL = st.builds(
    Address, ifindex=INDEX, family=FAMILY, address=ADDRESS, prefixlen=st.integers(0, 32),
    scope=st.sampled_from(["global", "link", "host"]), valid=st.none() | st.integers(0, 5_000),
    flags=st.sampled_from([(), ("permanent",), ("tentative",), ("dadfailed", "tentative"), ("temporary",)]),
)
AT = st.floats(0, 2 * START)
FIGURE = st.none() | st.sampled_from([0, 1, 31, 32, 950, 1_024, 2**63]) | st.integers(0, 2_000)
VITALS = st.builds(Vitals, at=AT, **{name: FIGURE for name in Vitals.__struct_fields__ if name != "at"})
SETTINGS = st.builds(
    KernelSettings, at=AT, **dict.fromkeys(("gc_thresh3", "gc_thresh3_v6", "netdev_max_backlog", "rmem_max"), FIGURE)
)
NAME = st.sampled_from(["eth0", "java", "{0}", "a b;c", ""])
USE = st.builds(
    ProcessUse, pid=st.integers(1, 3), name=NAME, descriptors=st.integers(0, 2_000),
    limit=st.sampled_from([0, 9, 1_024]),
)
PROCESSES = st.builds(Processes, at=AT, used=st.lists(USE, max_size=3, unique_by=lambda use: use.label).map(tuple))
UDP = st.builds(
    UdpLoss, address=ADDRESS, port=st.integers(1, 2), drops=st.integers(0, 9_000), queued=st.integers(0, 9),
    limit=FIGURE,
)
CENSUS = st.builds(Census, at=AT, sockets=st.just(0), udp=st.none() | st.lists(UDP, max_size=3).map(tuple))
LEASE = st.builds(
    Lease, interface=NAME, address=ADDRESS, seconds=st.none() | st.floats(0, 9_000), source=NAME,
    expires_at=st.none() | st.floats(START - 9_000, START + 9_000),
)
LEASES = st.builds(Leases, at=AT, leases=st.lists(LEASE, max_size=3).map(tuple))
RATES = st.builds(Rates, ifindex=INDEX, **dict.fromkeys(
    ("rx_bytes", "tx_bytes", "rx_packets", "tx_packets", "errors", "drops"), st.just(0.0) | st.floats(0, 1e12)
))
COUNTS = st.lists(st.integers(0, 20_000) | st.integers(0, 130), min_size=11, max_size=11).map(tuple)


def some(each: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.lists(each, max_size=4).map(tuple)


ERROR = st.builds(CollectorError, collector=st.sampled_from(["links", "routes", "tcp"]), message=st.just("x"))
SECTIONS = st.fixed_dictionaries({
    "links": some(LINK),
    "addresses": some(LOCAL),
    "routes": some(ROUTE),
    "neighbours": some(NEIGHBOUR),
    "resolvers": st.none() | st.just(
        ResolverConfig(resolvers=(Resolver(address="192.0.2.1"), Resolver(address="{x}")))
    ),
    "counters": st.none() | st.just(()),
    "counters_at": st.none() | st.floats(0, 2 * START),
    "vitals": st.none() | VITALS,
    "settings": st.none() | SETTINGS,
    "processes": st.none() | PROCESSES,
    "census": st.none() | CENSUS,
    "leases": st.none() | LEASES,
    "tcp": st.none() | COUNTS.map(lambda found: TcpCounts(counts=found, source="procfs")),
    "errors": st.lists(ERROR, max_size=1).map(tuple),
})
STAYS = st.lists(
    st.tuples(SECTIONS, st.integers(1, 12), st.sampled_from([0.0, 0.3, 1.0, 1.0, 7.0, 100.0, -0.5, -50.0])), max_size=8
)


@settings(max_examples=150, deadline=None)
@given(
    STAYS, st.lists(st.tuples(st.floats(0, 2 * START), COUNTS), max_size=40), st.lists(RATES, max_size=4),
    st.fixed_dictionaries({}, optional={
        "vitals": st.lists(VITALS, min_size=1, max_size=6).map(tuple),
        "census": st.lists(CENSUS, min_size=1, max_size=4).map(tuple),
        "processes": st.lists(PROCESSES, min_size=1, max_size=4).map(tuple),
    }),
)
def test_no_history_is_too_odd(
    stays: list[tuple[dict[str, Any], int, float]], counted: list[tuple[float, Any]], moved: list[Rates],
    series: dict[str, Any],
) -> None:
    diagnosis, now = Diagnosis(), START
    samples = tuple(TcpSample(at=at, counts=found) for at, found in counted)
    for sections, ticks, step in stays:
        for _ in range(ticks):
            now += step
            at = now if sections["tcp"] else None
            read = {name: replace(part, at=now) for name, part in sections.items() if hasattr(part, "at")}
            past = {name: (*series.get(name, ()), read[name]) for name in SERIES if name in read}
            history = History(
                snapshot=Snapshot(taken_at=now, tcp_at=at, **sections | read), tcp=samples,
                rates={each.ifindex: each for each in moved}, **past,
            )
            for findings in (diagnosis.update(history), diagnose_once(history)):
                keys = [(f.id, f.subject) for f in findings]
                assert len(keys) == len(set(keys))
                assert {f.id for f in findings} <= set(RULE_IDS)
                assert [f.severity.rank for f in findings] == sorted((f.severity.rank for f in findings), reverse=True)
                assert all(f.since <= now + 1 and f.title and f.cause and f.evidence for f in findings)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["good", "down", "silent", "gone", "crowded"]), st.integers(1, 4)),
        max_size=30,
    )
)
def test_trouble_shorter_than_it_must_last_is_never_told(stays: list[tuple[str, int]]) -> None:
    """However it is mixed: each trouble at most four seconds, a healthy second after each."""
    world = World()
    world.tick(**server())
    troubles = {
        "good": {},
        "down": {"links": (link(1, "lo", "loopback"), link(2, "eth0", carrier=False))},
        "silent": {"neighbours": (neighbour(2, "192.0.2.1", "INCOMPLETE"),)},
        "gone": {"routes": ()},
        "crowded": {"tcp": counts(CLOSE_WAIT=400, TIME_WAIT=40_000)},
    }
    for trouble, seconds in stays:
        world.stay(seconds, **server(**troubles[trouble]))
        world.tick(**server())
    assert world.told == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 130), st.integers(1, 12)), max_size=20).map(lambda runs: [
    value for value, ticks in runs for _ in range(ticks)
]))
def test_no_count_makes_a_finding_flap(values: list[int]) -> None:
    """Rising takes five seconds and falling ten: however it dances, it does not rise to the same twice within 15."""
    world = World()
    world.count("CLOSE_WAIT", values)
    ranks = ["closed", "warning", "critical"]
    changes = [(at, ranks.index(what)) for at, rule, _, what in world.told if rule == "tcp.close-wait"]
    for rank in (1, 2):
        rises = [at for (_, was), (at, now) in pairwise([(0.0, 0), *changes]) if was < rank <= now]
        assert all(later - earlier >= 15 for earlier, later in pairwise(rises))
