"""What each field of a filter means, on tables made by hand, with the places that pass written down by hand."""

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.model.process import Owner, Unit
from nettui.model.socket import UNCONN, Socket, Timer, Transport
from nettui.model.socket_filter import FIELDS, AllOf, AnyOf, Filter, Is, Not, Operator
from nettui.model.socket_table import COLUMNS, ListedTable
from nettui.model.tcp_info import TcpInfo
from nettui.sockets.facts import Facts
from nettui.sockets.match import Needs, matcher, needs
from nettui.sockets.quic import is_quic

NGINX = Unit(name="nginx.service", path="/system.slice/nginx.service")
DOCKER = Unit(name="docker 3f2a9c1b0d4e", path="/docker/3f2a9c1b0d4e", container=True)


def tcp(
    key: int, state: str, local: str, port: int, peer: str = "*", to: int | None = None, family: str = "", **more: Any
) -> Socket:
    return Socket(
        key=key, transport=Transport.TCP, family=family or ("inet6" if ":" in local else "inet"), state=state,
        local=local, local_port=port, peer=peer, peer_port=to, **more,
    )


SOCKETS = [
    # 0: a listener of IPv4, bound to eth0
    tcp(100, "LISTEN", "*", 80, ifindex=2, uid=0, inode=10, recv_q=3, send_q=511, cgroup=7, info=TcpInfo(rtt=None)),
    # 1: a listener of both
    tcp(101, "LISTEN", "*", 8080, family="inet6", uid=33, inode=11, recv_q=0, send_q=128),
    # 2: a connection that two processes share
    tcp(102, "ESTABLISHED", "10.0.0.1", 80, "192.0.2.7", 51000, uid=33, inode=12, recv_q=0, send_q=0, cgroup=7,
        info=TcpInfo(rtt=0.25, total_retrans=3, last_data_sent=7200.0, last_data_recv=30.0),
        timer=Timer(kind="keepalive", expires=90.0)),
    # 3: one of IPv6, its owner not looked for
    tcp(103, "CLOSE_WAIT", "2001:db8::1", 443, "2001:db8::5", 50080, uid=1000, inode=13, recv_q=1, send_q=0, cgroup=8,
        info=TcpInfo(rtt=0.2, total_retrans=0, last_data_recv=4000.0)),
    # 4: an IPv6 socket that speaks IPv4; looked for, and nobody has it open
    tcp(104, "ESTABLISHED", "10.0.0.1", 40000, "10.9.0.1", 5432, family="inet6", uid=1001, inode=14, cgroup=9),
    # 5: nobody's, all but nothing known
    tcp(105, "TIME_WAIT", "127.0.0.1", 80, "127.0.0.1", 60000, inode=0, timer=Timer(kind="time-wait", expires=12.5)),
    # 6: QUIC, the client's end
    Socket(key=106, transport=Transport.UDP, family="inet", state="ESTABLISHED", local="10.0.0.1", local_port=55555,
           peer="198.51.100.1", peer_port=443, uid=1000, inode=16),
    # 7: UDP without port, on a link-local address of a VLAN
    Socket(key=107, transport=Transport.UDP, family="inet6", state=UNCONN, local="fe80::1%eth0.5",
           peer_port=0, ifindex=2, inode=17),
    # 8: a unix socket whose path looks like an address, with its owner in the record
    Socket(key="u8", transport=Transport.UNIX, family="unix", state="LISTEN", local="10.0.0.1", inode=18,
           owners=(Owner(pid=42, name="Xorg"),), unit=NGINX),
    # 9: raw ICMP
    Socket(key=109, transport=Transport.RAW, family="inet", state=UNCONN, local="*", local_port=1, uid=0, inode=19),
    # 10: the rest of what a transport can be
    Socket(key=110, transport=Transport.MPTCP, family="inet", state="ESTABLISHED", local="10.0.0.1", local_port=443,
           peer="203.0.113.9", peer_port=1024, inode=20),
]
FACTS = Facts(
    owners={
        10: (Owner(pid=7, name="Nginx"),), 11: (Owner(pid=9, name="java"),),
        12: (Owner(pid=7, name="Nginx"), Owner(pid=8, name="java", fd=5)), 14: (),
        16: (Owner(pid=4711, name="firefox"),), 18: (Owner(pid=43, name="stale"),),
    },
    units={7: NGINX, 8: DOCKER, 9: None},
    users={0: "root", 33: "www-data", 1000: "Ann", 1001: "1000"},
    services={("tcp", 80): "http", ("tcp", 5432): "postgresql", ("tcp", 443): "https"},
    links={1: "lo", 2: "eth0"},
    born={102: 990.0, 103: 999.5, 106: 1000.0},
    watching_since=900.0,
)
EVERY = list(range(len(SOCKETS)))


def places(wanted: Filter, sockets: Sequence[Socket] = SOCKETS, facts: Facts = FACTS, size: int = 4) -> list[int]:
    """In slices that do not fit the table."""
    table, test = ListedTable(sockets, taken_at=1000.0), matcher(wanted)
    return [
        place for start in range(0, len(table), size)
        for place in test.places(table, facts, start, min(start + size, len(table)))
    ]


MEANINGS: list[tuple[str, Operator, Any, list[int]]] = [
    ("state", "=", "LISTEN", [0, 1, 8]),
    ("state", "=", "CLOSE_WAIT", [3]),
    ("state", "=", "CLOSED", []),
    ("state", "=", UNCONN, [7, 9]),
    ("proto", "=", "tcp", [0, 1, 2, 3, 4, 5]),
    ("proto", "=", "udp", [6, 7]),
    ("proto", "=", "raw", [9]),
    ("proto", "=", "unix", [8]),
    ("proto", "=", "mptcp", [10]),
    ("proto", "=", "quic", [6]),
    ("proto", "=", "ipv4", [0, 2, 4, 5, 6, 9, 10]),
    ("proto", "=", "ipv6", [1, 3, 7]),
    ("sport", "=", 80, [0, 2, 5]),
    ("dport", "=", 80, []),
    ("port", "=", 443, [3, 6, 10]),
    ("dport", "<", 1024, [6]),
    ("dport", "<=", 1024, [6, 10]),
    ("sport", ">", 8080, [4, 6]),
    ("sport", ">=", 8080, [1, 4, 6]),
    ("dport", ">=", 0, [2, 3, 4, 5, 6, 10]),
    ("port", "=", 0, []),
    ("src", "=", ip_network("10.0.0.0/8"), [2, 4, 6, 10]),
    ("src", "=", ip_network("10.0.0.0/32"), []),
    ("dst", "=", ip_network("192.0.2.6/31"), [2]),
    ("addr", "=", ip_network("10.9.0.0/16"), [4]),
    ("src", "=", ip_network("0.0.0.0/0"), [0, 2, 4, 5, 6, 9, 10]),
    ("src", "=", ip_network("0.0.0.0/32"), [0, 9]),
    ("dst", "=", ip_network("0.0.0.0/32"), [0, 9]),
    ("src", "=", ip_network("::/0"), [1, 3, 7]),
    ("src", "=", ip_network("::/128"), [1]),
    ("addr", "=", ip_network("2001:db8::5/128"), [3]),
    ("src", "=", ip_network("fe80::/10"), [7]),
    ("process", "=", "nginx", [0, 2]),
    ("process", "=", "java", [1, 2]),
    ("process", "=", "av", [1, 2]),
    ("process", "=", "org", [8]),
    ("process", "=", "7", []),
    ("process", "=", "stale", []),
    ("process", "=", "nginx[7]", [0, 2]),
    ("process", "=", "java[8]", [2]),
    ("pid", "=", 7, [0, 2]),
    ("pid", "=", 8, [2]),
    ("pid", "=", 42, [8]),
    ("user", "=", "root", [0, 9]),
    ("user", "=", "0", [0, 9]),
    ("user", "=", "ro", []),
    ("user", "=", "ann", [3, 6]),
    ("user", "=", "1000", [3, 4, 6]),
    ("unit", "=", "nginx", [0, 2, 8]),
    ("unit", "=", "system.slice", [0, 2, 8]),
    ("unit", "=", "docker", [3]),
    ("iface", "=", "eth0", [0, 7]),
    ("iface", "=", "eth", [0, 7]),
    ("iface", "=", "lo", []),
    ("inode", "=", 13, [3]),
    ("inode", "=", 0, [5]),
    ("rtt", ">", 0.2, [2]),
    ("rtt", ">=", 0.2, [2, 3]),
    ("rtt", "<", 1.0, [2, 3]),
    ("rtt", "=", 0.25, [2]),
    ("retrans", ">", 0, [2]),
    ("retrans", "=", 0, [3]),
    ("recvq", ">", 0, [0, 3]),
    ("recvq", "<=", 0, [1, 2]),
    ("sendq", ">=", 128, [0, 1]),
    ("idle", ">", 3600.0, [3]),
    ("idle", "<", 60.0, [2]),
    ("timer", "<", 60.0, [5]),
    ("timer", ">=", 12.5, [2, 5]),
    ("age", "<", 10.0, [3, 6]),
    ("age", "<=", 10.0, [2, 3, 6]),
    ("age", ">", 5.0, [0, 1, 2, 4, 5, 7, 8, 9, 10]),
    ("age", ">", 99.0, [0, 1, 4, 5, 7, 8, 9, 10]),
    ("age", ">=", 100.0, [0, 1, 4, 5, 7, 8, 9, 10]),
    ("age", ">", 100.0, []),
    ("age", "=", 10.0, [2]),
    ("age", "<", 500.0, [2, 3, 6]),
    ("text", "=", "udp", [6, 7]),
    ("text", "=", "close-wait", [3]),
    ("text", "=", "time_w", [5]),
    ("text", "=", "-wait", [3, 5]),
    ("text", "=", "192.0.2", [2]),
    ("text", "=", "2001:db8", [3]),
    ("text", "=", "10.0.0.1:80", [2]),
    ("text", "=", "[2001:db8::1]:443", [3]),
    ("text", "=", "08", [1, 3]),
    ("text", "=", "postgres", [4]),
    ("text", "=", "https", [3, 10]),
    ("text", "=", "java[8", [2]),
    ("text", "=", "firefox[4711]", [6]),
    ("text", "=", "www", [1, 2]),
    ("text", "=", "3f2a9c", [3]),
    ("text", "=", "slice", []),
    ("text", "=", "eth", [0, 7]),
    ("text", "=", "xorg", [8]),
    ("text", "=", "quic", [6]),
    ("text", "=", "fe80", [7]),
    ("text", "=", "nowhere", []),
]


@pytest.mark.parametrize(("field", "sign", "value", "expected"), MEANINGS)
def test_a_comparison_passes_these(field: str, sign: Operator, value: Any, expected: list[int]) -> None:
    wanted = Is(field, sign, value)
    assert places(wanted) == expected
    assert places(Not(wanted)) == [place for place in EVERY if place not in expected]


def test_every_field_has_a_meaning_here() -> None:
    assert {field for field, *_ in MEANINGS} == set(FIELDS)


def test_age_is_not_known_where_nothing_was_watched() -> None:
    assert places(Is("age", ">", 0.0), facts=Facts()) == places(Is("age", "<", 1e9), facts=Facts()) == []


def test_parts_are_combined() -> None:
    listening, java, eighty = Is("state", "=", "LISTEN"), Is("process", "=", "java"), Is("sport", "=", 80)
    assert places(AllOf((listening, java))) == [1]
    assert places(AllOf((java, listening, Not(eighty)))) == [1]
    assert places(AnyOf((java, eighty))) == [0, 1, 2, 5]
    assert places(AnyOf((eighty, AllOf((listening, Not(java))), Is("pid", "=", 9)))) == [0, 1, 2, 5, 8]
    assert places(Not(AnyOf((java, eighty)))) == [3, 4, 6, 7, 8, 9, 10]
    assert places(Not(Not(java))) == [1, 2]
    assert places(AllOf(())) == places(Not(AnyOf(()))) == EVERY
    assert places(AnyOf(())) == places(Not(AllOf(()))) == []


LEAVES = st.sampled_from([Is(field, sign, value) for field, sign, value, _ in MEANINGS])
EXPECTED = {Is(field, sign, value): set(expected) for field, sign, value, expected in MEANINGS}
TREES: st.SearchStrategy[Filter] = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=4).map(tuple).map(AllOf) | st.lists(part, max_size=4).map(tuple).map(AnyOf)
    | part.map(Not),
    max_leaves=15,
)


def meaning(wanted: Filter) -> set[int]:
    """By sets, from the places written down above."""
    if isinstance(wanted, Is):
        return EXPECTED[wanted]
    if isinstance(wanted, Not):
        return set(EVERY) - meaning(wanted.part)
    parts = [meaning(part) for part in wanted.parts]
    return set(EVERY).intersection(*parts) if isinstance(wanted, AllOf) else set().union(*parts)


@given(TREES, st.integers(1, 12))
def test_any_tree_means_what_its_parts_mean(wanted: Filter, size: int) -> None:
    assert places(wanted, size=size) == sorted(meaning(wanted))


class Columns:
    """A table that has columns only, as those that the kernel fills; asked for anything else it fails."""

    taken_at = 1000.0
    note: str | None = None

    def __init__(self, sockets: Sequence[Socket]) -> None:
        self._listed = ListedTable(sockets, 1000.0)
        self.asked: list[str] = []

    def __len__(self) -> int:
        return len(self._listed)

    def keys(self) -> Sequence[Any]:
        return self._listed.keys()

    def socket(self, place: int) -> Socket:
        raise AssertionError("a record was made")

    def column(self, name: str, start: int = 0, end: int | None = None) -> Sequence[object]:
        assert name in COLUMNS
        self.asked.append(name)
        return self._listed.column(name, start, end)


@pytest.mark.parametrize(("field", "sign", "value", "expected"), MEANINGS)
def test_no_record_is_made(field: str, sign: Operator, value: Any, expected: list[int]) -> None:
    table = Columns([socket for socket in SOCKETS if socket.owners is None])
    known = [place - (place > 8) for place in expected if SOCKETS[place].owners is None]
    assert matcher(Is(field, sign, value)).places(table, FACTS, 0, len(table)) == known


def test_what_is_costly_is_looked_at_only_where_it_matters() -> None:
    table = Columns(SOCKETS)
    wanted = AllOf((Is("text", "=", "java"), Is("rtt", ">", 0.0), Is("state", "=", "CLOSED")))
    assert matcher(wanted).places(table, FACTS, 0, len(table)) == []
    assert table.asked == ["state"]


def test_a_matcher_takes_what_is_new_into_account() -> None:
    test = matcher(AllOf((Is("process", "=", "java"), Is("user", "=", "ann"))))
    one, two = ([tcp(1, "ESTABLISHED", "*", 1, inode=5, uid=uid)] for uid in (1, 2))
    knows = Facts(owners={5: (Owner(pid=1, name="java"),)}, users={1: "ann"})
    table = ListedTable(one, 0.0)
    assert test.places(table, Facts(), 0, 1) == []
    assert test.places(table, knows, 0, 1) == [0]
    assert test.places(ListedTable(two, 0.0), knows, 0, 1) == []
    young, facts = matcher(Is("age", "<", 5.0)), Facts(born={1: 990.0})
    assert young.places(ListedTable(one, 992.0), facts, 0, 1) == [0]
    assert young.places(ListedTable(one, 1000.0), facts, 0, 1) == []


def test_hostile_text_is_only_text() -> None:
    odd = [tcp(1, "LISTEN", text, 80) for text in ("10.0.0.1\0", "%", "", ":", "1.2.3.4.5", "::1%", "fe80::1%10.0.0.1")]
    assert places(Is("src", "=", ip_network("0.0.0.0/0")), odd) == []
    assert places(Is("src", "=", ip_network("::/0")), odd) == [5, 6]


def test_text_is_found_in_a_path_whatever_its_case() -> None:
    path = Socket(key=1, transport=Transport.UNIX, family="unix", state=UNCONN, local="/tmp/.X11-unix/X0", peer="@Bus")
    for text in ("x11", "unix/x0", "@bus", "x0"):
        assert places(Is("text", "=", text), [path]) == [0]
    assert places(Is("text", "=", "bus2"), [path]) == []


def test_quic_is_udp_at_443() -> None:
    assert [place for place, socket in enumerate(SOCKETS) if is_quic(socket)] == [6]


def test_what_has_to_be_looked_up() -> None:
    assert needs(None) == Needs(measures=False, cgroups=False, owners=False)
    assert needs(AllOf((Is("state", "=", "LISTEN"), Not(Is("user", "=", "root"))))) == needs(None)
    assert needs(Is("pid", "=", 1)) == needs(Is("process", "=", "a")) == Needs(False, False, True)
    assert needs(Not(Is("unit", "=", "a"))) == Needs(False, True, False)
    assert needs(Is("text", "=", "a")) == Needs(False, True, True)
    for measure in ("rtt", "retrans", "idle"):
        assert needs(AnyOf((Is(measure, ">", 1),))) == needs(None, sort=measure) == Needs(True, False, False)
    assert needs(Is("unit", "=", "a"), sort="process") == Needs(False, True, True)
