"""Tables of packed sockets against records made of each, however the datagrams were filled; and broken datagrams."""

import struct
import tracemalloc
from collections.abc import Sequence
from socket import AF_INET6

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from nettui.linux.inet_message import decode_inet
from nettui.linux.netlink import NetlinkDecodeError
from nettui.linux.socket_details import ChosenSockets
from nettui.linux.socket_payloads import Splitter
from nettui.linux.socket_sink import SocketSink
from nettui.linux.socket_table import JoinedTable, PackedTable
from nettui.model.socket import Socket, Transport
from nettui.model.socket_table import COLUMNS, ListedTable, SocketRequest, SocketTable
from nettui.model.tcp_info import TcpInfo
from tests.linux.made_sockets import DONE, attribute, message, payload, payloads, tcp_info

TCP, UDP = Transport.TCP, Transport.UDP
PLAIN = SocketRequest()
REQUESTS = [
    PLAIN, SocketRequest(measures=True), SocketRequest(cgroups=True), SocketRequest(measures=True, cgroups=True),
]


def datagrams(bodies: Sequence[bytes], sizes: Sequence[int], kind: int = 20) -> list[bytes]:
    """The sockets in datagrams of these many each, the last one with all the rest and the end of the dump."""
    made, start = [], 0
    for size in sizes:
        made.append(b"".join(message(body, kind) for body in bodies[start : start + size]))
        start += size
    return [*made, b"".join(message(body, kind) for body in bodies[start:]) + DONE]


def fed(transport: Transport, request: SocketRequest, chunks: Sequence[bytes]) -> SocketSink:
    sink = SocketSink(transport, request)
    for chunk in chunks:
        sink.feed(chunk)
    return sink


def record(transport: Transport, request: SocketRequest, body: bytes) -> Socket:
    """What a table should make of one message: its record, without what was not asked for."""
    socket = decode_inet(transport, body, 0, len(body))
    told = socket.info if request.measures and socket.info and socket.info.total_retrans is not None else None
    return replace(
        decode_inet(transport, body[:72], 0, 72),
        cgroup=socket.cgroup or None if request.cgroups else None,
        info=told and TcpInfo(
            rtt=told.rtt, total_retrans=told.total_retrans, last_data_sent=told.last_data_sent,
            last_data_recv=told.last_data_recv, last_ack_recv=told.last_ack_recv,
        ),
    )


def columns(table: SocketTable, start: int = 0, end: int | None = None) -> dict[str, list[object]]:
    return {name: list(table.column(name, start, end)) for name in COLUMNS}


SOME_UDP = st.lists(payloads(states=range(1, 8, 6)), max_size=6)


@given(
    st.lists(payloads(), max_size=30), SOME_UDP, st.lists(st.integers(0, 12), max_size=4), st.sampled_from(REQUESTS),
    st.sampled_from([18, 20]), st.integers(-40, 40), st.integers(-40, 40),
)
def test_columns_and_records_are_those_of_the_messages(
    tcp: list[bytes], udp: list[bytes], sizes: list[int], request: SocketRequest, kind: int, start: int, end: int
) -> None:
    table = PackedTable(
        [fed(TCP, request, datagrams(tcp, sizes, kind)), fed(UDP, request, datagrams(udp, sizes))], 12.5, "a note"
    )
    truth = ListedTable(
        [record(TCP, request, body) for body in tcp] + [record(UDP, request, body) for body in udp], 12.5
    )
    assert (len(table), table.taken_at, table.note) == (len(truth), 12.5, "a note")
    assert [table.socket(place) for place in range(len(table))] == [truth.socket(n) for n in range(len(truth))]
    assert columns(table) == columns(truth)
    assert columns(table, start, end) == columns(truth, start, end)
    assert list(table.keys()) == list(truth.keys()) and table.keys() is table.keys()


def test_without_cookies_sockets_are_known_by_their_ends() -> None:
    bodies = [payload(cookie=5), payload(cookie=0, peer_port=9), payload(cookie=2**64 - 1, peer_port=10)]
    table = PackedTable([fed(TCP, PLAIN, datagrams(bodies, []))], 0.0)
    named = ["tcp 192.0.2.1:80 198.51.100.7:9", "tcp 192.0.2.1:80 198.51.100.7:10"]
    assert table.keys() == [5, *named]
    assert [table.socket(place).key for place in range(3)] == table.keys()


def test_places_are_those_of_a_sequence() -> None:
    table = PackedTable([fed(TCP, PLAIN, datagrams([payload(cookie=1), payload(cookie=2)], []))], 0.0)
    assert table.socket(-1).key == 2
    for place in (2, -3):
        with pytest.raises(IndexError):
            table.socket(place)
        with pytest.raises(IndexError):
            JoinedTable([table], 0.0).socket(place)
    assert len(PackedTable([], 0.0)) == 0 and PackedTable([], 0.0).column("local") == []


@given(st.lists(st.lists(payloads(), max_size=5), max_size=4), st.integers(-20, 20), st.integers(-20, 20))
def test_joined_tables_are_one(parts: list[list[bytes]], start: int, end: int) -> None:
    tables: list[SocketTable] = [PackedTable([fed(TCP, PLAIN, datagrams(part, [2]))], 0.0) for part in parts]
    listed = ListedTable([table.socket(place) for table in tables for place in range(len(table))], 0.0)
    joined = JoinedTable([*tables[:-1], ListedTable([], 0.0), *tables[-1:]], 1.0, "two ways")
    assert (len(joined), joined.taken_at, joined.note) == (len(listed), 1.0, "two ways")
    assert [joined.socket(place) for place in range(len(joined))] == [listed.socket(n) for n in range(len(listed))]
    assert list(joined.keys()) == list(listed.keys())
    assert columns(joined, start, end) == columns(listed, start, end)


def test_tables_are_the_same_while_sockets_places_and_states_are() -> None:
    def table(*bodies: bytes) -> PackedTable:
        return PackedTable([fed(TCP, PLAIN, datagrams(bodies, []))], 0.0)

    before = table(payload(cookie=1), payload(cookie=2**40))
    assert before.same_as(table(payload(cookie=1), payload(cookie=2**40, recv_q=5)))
    assert not before.same_as(table(payload(cookie=1, state=8), payload(cookie=2**40)))
    assert not before.same_as(table(payload(cookie=2**40), payload(cookie=1)))
    assert not before.same_as(table(payload(cookie=1)))
    assert not before.same_as(table(payload(cookie=1), payload(cookie=2**41)))
    assert not before.same_as(ListedTable([before.socket(0), before.socket(1)], 0.0))


def test_a_socket_takes_less_than_eighty_bytes() -> None:
    chunks = [b"".join(message(payload(cookie=n * 200 + k)) for k in range(1, 201)) for n in range(100)]
    tracemalloc.start()
    try:
        table = PackedTable([fed(TCP, PLAIN, chunks)], 0.0)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(table) == 20_000 and held / len(table) < 80


# --- taking datagrams apart ----------------------------------------------------------------------------------------


@given(st.lists(st.lists(payloads(), max_size=12), max_size=6), st.booleans())
def test_datagrams_are_split_as_a_walk_splits_them(parts: list[list[bytes]], whole: bool) -> None:
    """Known lengths or not, in whatever order they come."""
    splitter = Splitter(whole)
    for part in parts:
        for _ in range(2):
            assert splitter.split(datagrams(part, [99])[0]) == [body if whole else body[:72] for body in part]


def test_more_lengths_than_are_worth_knowing() -> None:
    bodies = [payload(attribute(99, bytes(4 * size))) for size in range(60)] * 2
    splitter = Splitter(whole=True)
    for body in bodies:
        assert splitter.split(message(body)) == [body]
    assert splitter.split(b"".join(map(message, bodies))) == bodies


def test_what_looks_like_a_header_in_a_socket_is_none() -> None:
    """Whoever chooses his addresses and ports chooses bytes of a message, but not where it begins."""
    trap = struct.unpack("!HH", message(payload())[:4])
    bodies = [payload(local_port=trap[0], peer_port=trap[1], cookie=number) for number in range(1, 4)]
    splitter = Splitter(whole=False)
    for _ in range(2):
        assert splitter.split(b"".join(map(message, bodies))) == bodies


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A datagram with some bytes changed, half of them in the first headers and states, cut off or put in."""
    chunk = bytearray(b"".join(message(body) for body in draw(st.lists(payloads(), min_size=1, max_size=5))))
    for _ in range(draw(st.integers(0, 4))):
        where = draw(st.one_of(st.integers(0, len(chunk) - 1), st.sampled_from([0, 1, 2, 4, 16, 17, 88, 89, 90])))
        chunk[where % len(chunk)] = draw(st.integers(0, 255))
    place = draw(st.integers(0, len(chunk)))
    chunk[place:place] = draw(st.binary(max_size=6))
    return bytes(chunk[: draw(st.integers(0, len(chunk)))])


@given(st.lists(st.one_of(broken(), st.binary(max_size=300)), max_size=3), st.sampled_from(REQUESTS), st.booleans())
def test_broken_datagrams_are_refused_or_read_but_never_crash(
    chunks: list[bytes], request: SocketRequest, primed: bool
) -> None:
    for transport in (TCP, UDP, Transport.MPTCP):
        sink, sound = SocketSink(transport, request), []
        for chunk in [message(payload()) * primed, *chunks]:
            try:
                sink.feed(chunk)
                sound.append(chunk)
            except NetlinkDecodeError:
                continue
        table = PackedTable([sink], 0.0)
        truth = ListedTable([table.socket(place) for place in range(len(table))], 0.0)
        assert columns(table) == columns(truth)
        assert table.keys() == PackedTable([fed(transport, request, sound)], 0.0).keys()


@given(st.lists(st.one_of(broken(), st.binary(max_size=300)), max_size=3))
def test_broken_datagrams_while_some_sockets_are_looked_for(chunks: list[bytes]) -> None:
    sink = ChosenSockets(TCP, [77])
    for chunk in [message(payload(cookie=77)), *chunks]:
        try:
            sink.feed(chunk)
        except NetlinkDecodeError:
            continue
    assert set(sink.found) == {77}


@pytest.mark.parametrize("chunk", [
    message(payload())[:-1], message(payload()) + b"\0" * 8, message(payload(family=1)), message(payload(state=0)),
    message(payload(state=13)), message(payload()[:60]),
    message(payload()) + message(payload(family=AF_INET6, state=99)),
])
def test_what_makes_no_sense_is_refused(chunk: bytes) -> None:
    sink = SocketSink(TCP, PLAIN)
    sink.feed(message(payload()))
    with pytest.raises(NetlinkDecodeError):
        sink.feed(chunk)
    assert len(sink) == 1


def test_an_attribute_that_is_cut_short_is_refused() -> None:
    sink = SocketSink(TCP, SocketRequest(measures=True))
    with pytest.raises(NetlinkDecodeError):
        sink.feed(message(payload(b"\xff\0\2\0" + bytes(4))))


def test_a_tcp_info_too_short_for_the_measures_has_none() -> None:
    request = SocketRequest(measures=True)
    bodies = [payload(attribute(2, tcp_info(state=1, total_retrans=7)[:size])) for size in (103, 104)]
    for body, known in zip(bodies, (None, 7), strict=True):
        table = PackedTable([fed(TCP, request, [message(body)])], 0.0)
        assert list(table.column("retrans")) == [known]
