"""The groups of a census over sockets made by chance: whatever there is, the counts add up, whole or in slices."""

from collections import Counter
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.model.census import UNKNOWN, Destination, Pool, Silent, Unanswered
from nettui.model.process import Owner, Unit
from nettui.model.socket import Socket, Timer, Transport
from nettui.model.socket_filter import AllOf, AnyOf, Filter, Is
from nettui.model.socket_table import ListedTable
from nettui.model.tcp_info import TcpInfo
from nettui.model.turns import finish
from nettui.sockets.census import destinations as where
from nettui.sockets.census import ending, holders, opening, standing
from nettui.sockets.census.comb import Comb, slices_for
from nettui.sockets.census.programs import Programs
from nettui.sockets.census.rows import CROWDED_STATES, FEW_STATES, Row, listening, rows, shares
from nettui.sockets.census.sweep import Slice, Sweep

EPHEMERAL = range(32_768, 61_000)
OWNERS = {inode: Owner(pid=inode % 3, name=f"p{inode % 3}") if inode % 4 else None for inode in range(1, 12)}
PORTS = st.one_of(st.sampled_from([None, 22, 80, 5432, 6379, 7000]), st.integers(1, 65_535))
ADDRESSES = st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1", "127.0.0.1"])


@st.composite
def made_rows(draw: st.DrawFn, states: tuple[str, ...] = FEW_STATES + CROWDED_STATES) -> Row:
    return Row(
        state=draw(st.sampled_from(states)), local=draw(ADDRESSES), local_port=draw(PORTS), peer=draw(ADDRESSES),
        peer_port=draw(PORTS), recv_q=draw(st.sampled_from([None, 0, 1, 2, 90_000])),
        send_q=draw(st.sampled_from([None, 0, 7])), uid=draw(st.sampled_from([None, 0, 33])),
        inode=draw(st.integers(0, 12)), cgroup=draw(st.sampled_from([None, 1, 2])),
        timer_kind=draw(st.sampled_from([None, "retransmit", "keepalive", "probe", "time-wait"])),
        retries=draw(st.sampled_from([None, 0, 1, 2, 9])), sent_ago=draw(st.sampled_from([None, 0.0, 1.0, 700.0])),
        received_ago=draw(st.sampled_from([None, 0.0, 2.0, 900.0])),
    )  # fmt: skip


CROWD = st.lists(made_rows(), max_size=60)


def programs(found: list[Row]) -> Programs:
    return Programs(OWNERS, {1: Unit(name="a.service", path="/a")}.get, listening(found))


def test_rows_are_those_of_the_records() -> None:
    info = TcpInfo(last_data_sent=3.0, last_data_recv=1.5)
    told = Socket(
        key=1, transport=Transport.TCP, family="inet", state="CLOSE_WAIT", local="192.0.2.1", local_port=80,
        peer="192.0.2.9", peer_port=4711, recv_q=1, send_q=2, uid=33, inode=7, cgroup=1, info=info,
        timer=Timer(kind="keepalive", expires=1.0, retries=3),
    )  # fmt: skip
    assert rows(ListedTable([told], 0.0)) == [
        Row("CLOSE_WAIT", "192.0.2.1", 80, "192.0.2.9", 4711, 1, 2, 33, 7, 1, "keepalive", 3, 3.0, 1.5)
    ]


@given(CROWD)
def test_every_socket_in_close_wait_is_held_once(found: list[Row]) -> None:
    told = finish(holders.holders(found, programs(found), most=1000))
    waiting = [row for row in found if row.state == "CLOSE_WAIT"]
    assert sum(holder.count for holder in told) == len(waiting)
    assert sum(holder.unread for holder in told) == sum((row.recv_q or 0) > 1 for row in waiting)
    assert all(0 <= holder.unread <= holder.count > 0 for holder in told)
    assert [holder.count for holder in told] == sorted((holder.count for holder in told), reverse=True)
    owned = Counter(
        owner.pid for row in waiting if row.inode and (owner := OWNERS.get(row.inode)) is not None
    )
    counted = {h.program.owner.pid: h.count for h in told if h.program.owner is not None}
    assert all(counted[pid] >= count for pid, count in owned.items())
    inherited = [row for row in waiting if not row.inode]
    assert sum(counted.values()) <= sum(owned.values()) + len(inherited)


@given(CROWD)
def test_what_opens_and_what_closes_is_counted_once(found: list[Row]) -> None:
    known = programs(found)
    states = Counter(row.state for row in found if row.peer_port)
    assert sum(each.count for each in opening.attempts(found, known, 1000)) == states["SYN_SENT"]
    half = opening.half_open(found, known, listening(found), 1000)
    assert sum(each.count for each in half) == sum(row.state == "SYN_RECV" and bool(row.local_port) for row in found)
    assert all(0 < each.peers <= each.count >= each.retried for each in half)
    closing = ending.closing(found, known, 1000)
    ends = [row for row in found if row.state in ("FIN_WAIT1", "FIN_WAIT2", "CLOSING", "LAST_ACK")]
    assert sum(each.count for each in closing) == len(ends)
    assert sum(each.orphans for each in closing) == sum(row.inode == 0 for row in ends)
    listeners = opening.listeners_in_need(found, known, {1: 5}, 1000)
    assert all(each.waiting or each.drops for each in listeners)
    assert sum(each.waiting for each in listeners) == sum(
        row.recv_q or 0 for row in found if row.state == "LISTEN" and row.local_port
    )


def passes(wanted: Filter, local_port: int, peer_port: int) -> bool:
    """Whether a filter on ports lets a connection through."""
    if isinstance(wanted, AllOf | AnyOf):
        told = [passes(part, local_port, peer_port) for part in wanted.parts]
        return all(told) if isinstance(wanted, AllOf) else any(told)
    assert isinstance(wanted, Is) and isinstance(wanted.value, int)
    port = {"sport": local_port, "dport": peer_port}[wanted.field]
    return {">=": port >= wanted.value, "<=": port <= wanted.value, ">": port > wanted.value,
            "<": port < wanted.value}[wanted.operator]  # fmt: skip


RANGES = st.tuples(st.integers(1, 65_535), st.integers(1, 65_535)).map(lambda pair: range(min(pair), max(pair) + 1))


@given(st.sampled_from([1, 2, 8, 64, 1024]), RANGES, st.integers(1, 65_535), st.integers(1, 65_535))
def test_every_connection_is_in_one_slice_and_the_kernel_is_asked_for_it(
    slices: int, ephemeral: range, local: int, peer: int
) -> None:
    comb = Comb(slices, ephemeral)
    assert 0 <= comb.slice_of(local, peer) < slices
    near = {comb.slice_of(local, peer), 0, slices - 1, (comb.slice_of(local, peer) + 1) % slices}
    for number in near:
        assert passes(comb.wanted(number), local, peer) == (comb.slice_of(local, peer) == number)
    assert sum(comb.ports(number) for number in range(slices)) == len(ephemeral)


@given(st.integers(0, 10**6), st.integers(1, 20_000), st.sampled_from([1, 2, 4, 8, 16, 64]))
def test_slices_are_of_the_size_that_was_wished_for(sockets: int, most: int, now: int) -> None:
    slices = slices_for(sockets, most, now)
    assert slices * most >= sockets and slices & (slices - 1) == 0
    assert slices == 1 or sockets / slices > most / 4
    assert slices_for(sockets, most, slices) == slices


def slice_at(at: float, found: list[Row], listened: dict[int, Row], known: Programs) -> Slice:
    traffic = where.Traffic.none()
    traffic.add(found, listened, EPHEMERAL)
    asking = standing.asking(found, listened, EPHEMERAL)
    silent = standing.silent(found)
    return Slice(
        at, len(found), traffic, standing.pools(asking, known), standing.silences(silent, known, listened),
        ending.unanswered(found, known, listened),
    )


def comparable(group: Pool | Silent | Unanswered) -> tuple[object, ...]:
    """What must not depend on slices: all but whose sockets they are by user and unit, where they are several's."""
    owner = group.program.owner
    return owner, *(getattr(group, name) for name in group.__struct_fields__ if name != "program")


@given(st.lists(made_rows(CROWDED_STATES), max_size=80), st.lists(made_rows(("LISTEN",)), max_size=3))
def test_slices_add_up_to_the_whole(crowd: list[Row], few: list[Row]) -> None:
    listened = listening(few)
    known = Programs(OWNERS, lambda _: None, listened)
    sweep, whole = Sweep(most=4, whole=0), Sweep(most=4, whole=1000)
    sweep.prepare(len(crowd) or 1, EPHEMERAL)
    whole.prepare(len(crowd), EPHEMERAL)
    whole.add(slice_at(5.0, crowd, listened, known))
    for number in range(sweep.comb.slices):
        assert sweep.standing().pools is None
        part = [row for row in crowd if sweep.comb.slice_of(row.local_port, row.peer_port) == number]
        sweep.add(slice_at(float(number), part, listened, known))
    one, other = sweep.standing(), whole.standing()
    assert one.pools is not None and other.pools is not None and one.silent is not None and other.silent is not None
    assert Counter(map(comparable, one.pools)) == Counter(map(comparable, other.pools))
    assert Counter(map(comparable, one.silent)) == Counter(map(comparable, other.silent))
    unanswered = [Counter(each[1:] for each in map(comparable, each.unanswered({}))) for each in (sweep, whole)]
    assert unanswered[0] == unanswered[1]
    assert (one.since, other.since) == (0.0, 5.0)
    assert sum(each.count for each in other.silent) == len(standing.silent(crowd))


@given(CROWD)
def test_a_destination_has_as_many_ports_as_sockets(found: list[Row]) -> None:
    listened = listening(found)
    traffic = where.Traffic.none()
    traffic.add(found, listened, EPHEMERAL)
    told = where.destinations(traffic, (), 20, noticeable=0.0, most=1000)
    out = [row for row in found if row.state != "LISTEN" and row.peer_port and row.local_port in EPHEMERAL
           and row.local_port not in listened]  # fmt: skip
    assert sum(each.used for each in told) == len(out)
    assert sum(each.time_wait for each in told) == sum(row.state == "TIME_WAIT" for row in out)
    few = where.destinations(traffic, (), 20, noticeable=0.1, most=1000)
    assert {*few} == {each for each in told if each.used >= 2}


def test_an_estimate_is_scaled_and_what_was_counted_is_not() -> None:
    place = ("192.0.2.1", "192.0.2.9", 443)
    exact = where.Traffic(Counter(), Counter(), Counter({place: 7}))
    slices = [(where.Traffic(Counter({place: 30}), Counter({place: 10}), Counter()), 100)] * 2
    assert where.destinations(exact, slices, 1000) == (
        Destination(source=place[0], address=place[1], port=443, live=307, time_wait=100, sampled=True),
    )
    assert where.destinations(exact, slices, 10_000) == (
        Destination(source=place[0], address=place[1], port=443, live=3007, time_wait=1000, sampled=True),
    )
    assert where.destinations(exact, [(where.Traffic.none(), 100)], 1000) == ()


def test_the_filter_for_one_destination_names_it() -> None:
    wanted = where.wanted(("192.0.2.1", "2001:db8::1", 443), range(40_000, 40_100))
    assert isinstance(wanted, AllOf)
    told = {(part.field, part.operator): part.value for part in wanted.parts if isinstance(part, Is)}
    assert told["dport", "="] == 443 and told["sport", ">="] == 40_000 and told["sport", "<="] == 40_099
    assert ip_address("192.0.2.1") in told["src", "="] and ip_address("2001:db8::1") in told["dst", "="]  # type: ignore[operator]


def test_a_crowd_cut_anew_shows_what_it_had_until_all_was_seen_again() -> None:
    sweep = Sweep(most=10, whole=10)
    sweep.prepare(5, EPHEMERAL)
    pool = [
        Row("ESTABLISHED", "192.0.2.1", port, "192.0.2.2", 5432, sent_ago=1.0, received_ago=2.0)
        for port in range(40_000, 40_004)
    ]
    sweep.add(slice_at(1.0, pool, {}, Programs({}, lambda _: None, {})))
    assert [(p.role, p.established, p.waiting, p.longest) for p in sweep.standing().pools or ()] == [
        ("PostgreSQL", 4, 4, 1.0)
    ]
    sweep.prepare(35, EPHEMERAL)
    assert sweep.comb.slices == 4 and not sweep.is_whole and sweep.standing().since == 1.0
    for number in range(4):
        assert sweep.standing().pools
        sweep.add(slice_at(2.0 + number, [], {}, Programs({}, lambda _: None, {})))
    assert sweep.standing().pools == () and sweep.standing().since == 2.0
    sweep.prepare(22, EPHEMERAL)
    assert sweep.comb.slices == 4


@pytest.mark.parametrize(
    ("sent", "received", "acknowledged", "used"),
    [
        (1.0, 2.0, 1.0, True),
        (3.008, 0.008, 0.008, True),
        (3.0, 0.2, 0.2, False),
        (100.0, 100.0, 99.96, True),
        (100.0, 100.0, 100.0, False),
        (100.004, 100.0, 100.0, False),
        (0.15, 0.0, 0.0, False),
        (0.0, 0.0, 0.0, False),
        (0.008, 0.004, 0.004, False),
        (None, 1.0, None, False),
    ],
    ids=[
        "waits", "answered a moment ago", "answered", "asked in the tick of the answer", "answered in the same tick",
        "a quick answer long ago", "a quick answer now", "a quick answer in this tick", "a quick answer before",
        "not known",
    ],
)
def test_a_pooled_connection_is_in_use(
    sent: float | None, received: float, acknowledged: float | None, used: bool
) -> None:
    row = Row(
        "ESTABLISHED", "192.0.2.1", 40_000, "192.0.2.2", 5432, sent_ago=sent, received_ago=received,
        acknowledged_ago=acknowledged,
    )
    (pool,) = standing.pools([row], Programs({}, lambda _: None, {})).values()
    assert pool.waiting == used


def test_programs_are_known_by_owner_then_by_unit_then_by_user() -> None:
    listener = Row("LISTEN", "*", 80, inode=1, uid=0)
    known = programs([listener])
    assert known.of(listener).label == "p1[1]"
    assert known.of(Row("CLOSE_WAIT", "*", 80)).label == "p1[1]", "not accepted yet: the listener's"
    assert known.of(Row("LAST_ACK", "*", 80)) == UNKNOWN, "nobody's any more"
    assert known.of(Row("ESTABLISHED", "*", 9, inode=4, cgroup=1, uid=5)).label == "a.service"
    assert known.of(Row("ESTABLISHED", "*", 9, inode=4, uid=5)).label == "uid 5"


def test_the_commonest_come_first_and_equals_by_name() -> None:
    assert [(share.name, share.count) for share in shares("bbacdd", 3)] == [("b", 2), ("d", 2), ("a", 1)]
