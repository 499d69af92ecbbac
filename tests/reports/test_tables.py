"""The tables: whole rows with keys of their own, the order and the marks that the dashboard promises."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from nettui.engine.keeper import Keeper
from nettui.engine.recording import Recording
from nettui.model.address import Address
from nettui.model.finding import Finding, Severity
from nettui.model.history import Frame
from nettui.model.link import Link, OperState
from nettui.model.neighbour import Neighbour, NeighbourState
from nettui.model.route import LOCAL, NextHop, Route, Rule
from nettui.model.snapshot import Snapshot
from nettui.model.tcp import STATES, PortCounts, TcpCounts, TcpState
from nettui.reports.headline import headline
from nettui.reports.paragraphs import as_text
from nettui.reports.paragraphs import rows as paragraph_rows
from nettui.reports.table import Cell, Column, ListRows, arranged
from nettui.reports.tables import findings, interfaces, neighbours, routes, tcp
from tests.replayed import RECORDINGS
from tests.reports.everything import full, tables, texts
from tests.strategies import frames

QUIET = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def frame_of(snapshot: Snapshot, *found: Finding) -> Frame:
    return Frame(history=Keeper().add(snapshot), findings=found)


def recorded(name: str, number: int = 100) -> Frame:
    recording, keeper = Recording(RECORDINGS / name), Keeper()
    for place in range(number):
        keeper.add(recording.snapshot(place))
    return Frame(history=keeper.add(recording.snapshot(number)))


def column(rows: Any, place: int) -> list[str]:
    return [rows.cells(key)[place].text for key in rows.keys]


@QUIET
@given(frames())
def test_every_table_is_whole_and_harmless_whatever_the_host_says(frame: Frame) -> None:
    for columns, rows in tables(frame):
        assert len(rows.keys) == len(set(rows.keys))
        assert all(len(rows.cells(key)) == len(columns) for key in rows.keys)
        for name in (None, *(c.key for c in columns)):
            assert sorted(map(repr, arranged(rows, columns, "", name, True))) == sorted(map(repr, rows.keys))
    assert all(text.isprintable() for text in texts(frame))
    for found in full(frame):
        assert "\x1b" not in as_text("title", found)
        cells = paragraph_rows(found, 40)
        assert all(len(cells.cells(key)[1].text) <= 40 for key in cells.keys)


@pytest.mark.parametrize("name", ["web-03.jsonl.gz", "build-7.jsonl"])
def test_the_recorded_hosts_can_be_drawn_whole(name: str) -> None:
    frame = recorded(name)
    assert all(text.isprintable() for text in texts(frame))


def test_nothing_read_is_nothing_made_up() -> None:
    frame = frame_of(Snapshot(taken_at=1.0))
    assert all(not rows.keys for _, rows in tables(frame))
    assert [cell.text for cell in headline(frame)] == ["--", "routes --", "TCP --"]


COLUMNS = (Column("name", "N", 5), Column("value", "V", 5))


def listed(*rows: tuple[str, Any]) -> ListRows:
    return ListRows({n: (Cell(text), Cell(str(value), sort=value)) for n, (text, value) in enumerate(rows)})


@pytest.mark.parametrize(
    ("needle", "sort", "reverse", "keys"),
    [
        ("", None, False, [0, 1, 2, 3, 4]),
        ("ETH", None, False, [0, 2]),
        ("eth", "value", False, [2, 0]),
        ("", "value", False, [2, 0, 3, 1, 4]),
        ("", "value", True, [3, 0, 2, 1, 4]),
        ("", "name", False, [1, 0, 2, 3, 4]),
        ("", "no such column", True, [0, 1, 2, 3, 4]),
        ("h010", None, False, []),
    ],
)
def test_arranged(needle: str, sort: str | None, reverse: bool, keys: Sequence[int]) -> None:
    rows = listed(("eth0", 10), ("7", float("nan")), ("Eth1", 9), ("wg0", "text"), ("--", "--"))
    assert arranged(rows, COLUMNS, needle, sort, reverse) == keys


def link(ifindex: int, name: str, kind: str = "ethernet", **more: Any) -> Link:
    return Link(**{"ifindex": ifindex, "name": name, "kind": kind, "state": OperState.UP, "admin_up": True, **more})


def address(ifindex: int, text: str, **more: Any) -> Address:
    family = "inet6" if ":" in text else "inet"
    given = {"ifindex": ifindex, "family": family, "address": text, "prefixlen": 24, "scope": "global"}
    return Address(**{**given, **more})


DEFAULT = Route(family="inet", table=254, destination="0.0.0.0", prefixlen=0, gateway="192.0.2.1", ifindex=7)
CONTAINERS = Snapshot(
    taken_at=1.0,
    links=(
        link(1, "lo", "loopback", state=OperState.UNKNOWN),
        link(2, "eth1", carrier=False, state=OperState.DOWN),
        link(3, "docker0", "bridge"),
        *(link(10 + n, f"veth{n}", "veth", master=3) for n in range(4)),
        link(4, "docker1", "bridge", state=OperState.DOWN, carrier=False),
        link(5, "ifb0", "ifb", state=OperState.DOWN, admin_up=False),
        link(6, "veth-with-address", "veth", master=3),
        link(7, "eth0"),
    ),
    addresses=(address(1, "127.0.0.1", scope="host"), address(3, "172.17.0.1"), address(6, "10.0.0.1"),
               address(7, "fe80::1", scope="link"), address(7, "192.0.2.2"), address(10, "fe80::2", scope="link")),
    routes=(DEFAULT,),
)


def test_the_dashboard_is_not_drowned_by_containers() -> None:
    rows, hidden = interfaces.dashboard_rows(frame_of(CONTAINERS), "bits")
    shown = [name for name in column(rows, 1) if name]
    assert shown == ["eth0", "docker0", "veth-with-address", "eth1", "lo"]
    assert hidden == 6
    assert column(interfaces.rows(frame_of(CONTAINERS), "bits"), 1)[0] == "eth0"
    assert len([name for name in column(interfaces.rows(frame_of(CONTAINERS), "bits"), 1) if name]) == 11


def test_marks_words_and_addresses_of_links() -> None:
    rows = interfaces.rows(frame_of(CONTAINERS), "bits")
    cells = {rows.cells(key)[1].text: rows.cells(key) for key in rows.keys}
    assert [cell.text for cell in cells["eth0"][:4]] == ["●", "eth0", "up", "192.0.2.2/24"]
    assert [cell.text for cell in cells["eth1"][:4]] == ["▲", "eth1", "no carrier", "--"]
    assert [cell.text for cell in cells["ifb0"][:3]] == ["·", "ifb0", "off"]
    assert cells["veth0"][11].text == "docker0"
    assert [cell.text for cell in cells["eth0"][5:7]] == ["--", "--"], "no rate from one reading"
    gone = frame_of(replace(CONTAINERS, links=(link(9, "port", master=99),)))
    assert column(interfaces.rows(gone, "bits"), 11) == ["if99"]


def test_addresses_say_what_is_wrong_with_them() -> None:
    failed = interfaces.address_cell(address(1, "::1", flags=("dadfailed", "tentative")))
    assert (failed.text, failed.role) == ("::1/24 dadfailed", "critical")
    assert interfaces.address_cell(address(1, "::1", flags=("deprecated",))).text == "::1/24 deprecated"


def test_routes_in_the_order_of_interest_with_their_ways() -> None:
    hops = (NextHop(gateway="192.0.2.3", ifindex=7), NextHop(gateway="192.0.2.4", ifindex=3))
    others = (
        Route(family="inet", table=LOCAL, destination="127.0.0.1", prefixlen=32, type="local"),
        Route(family="inet", table=100, destination="0.0.0.0", prefixlen=0, ifindex=7),
        Route(family="inet6", table=254, destination="fe80::", prefixlen=64, protocol="kernel", ifindex=7),
        Route(family="inet", table=254, destination="10.0.0.0", prefixlen=8, type="blackhole"),
        Route(family="inet", table=254, destination="198.51.100.0", prefixlen=24, nexthops=hops),
        Route(family="inet6", table=254, destination="::", prefixlen=0, ifindex=7),
    )
    silent = Neighbour(ifindex=7, family="inet", address="192.0.2.1", state=NeighbourState.FAILED)
    snapshot = replace(CONTAINERS, routes=(*others, DEFAULT), neighbours=(silent,))
    main = routes.RouteRows(snapshot, routes.main_routes(snapshot), full=False)
    assert [[cell.text for cell in main.cells(key)] for key in main.keys] == [
        ["default", "192.0.2.1", "eth0", "✖ fail"],
        ["default v6", "on link", "eth0", ""],
        ["10.0.0.0/8", "blackhole", "--", ""],
        ["198.51.100.0/24", "2 ways: 192.0.2.3, 192.0.2.4", "eth0,docker0", ""],
    ]
    every = routes.RouteRows(snapshot, routes.all_routes(snapshot), full=True)
    assert len(every.keys) == 7 and every.cells(every.keys[-1])[6].text == "local"
    assert every.cells(("no", "such", "key")) == ()
    assert main.route(main.keys[0]) is DEFAULT


def test_rules_in_the_words_of_ip_rule() -> None:
    rule = Rule(family="inet", priority=5, source="10.0.0.0/8", fwmark=1, fwmask=0xFF, iif="eth0", inverted=True,
                destination_ports=(80, 90), uid_range=(0, 0), table=254)
    assert neighbours.selector(rule) == "not from 10.0.0.0/8 fwmark 0x1/0xff iif eth0 dport 80-90 uid 0"
    rows = neighbours.rule_rows(Snapshot(taken_at=1.0, rules=(rule, replace(rule, action="goto", goto=9), Rule(
        family="inet", priority=0, l3mdev=True))))
    assert column(rows, 3) == ["lookup of its VRF", "table main", "goto 9"]


def finding(id: str, severity: Severity, subject: str = "host") -> Finding:
    return Finding(id=id, severity=severity, subject=subject, title="one two three four five six", cause="c")


def counted(**counts: int) -> TcpCounts:
    return TcpCounts.of({TcpState(state): count for state, count in counts.items()}, "procfs")


def test_states_with_their_history_change_and_alarm() -> None:
    keeper = Keeper()
    for second in range(121):
        snapshot = Snapshot(taken_at=1000.0 + second, tcp=counted(LISTEN=3, CLOSE_WAIT=second), tcp_at=1000.0 + second)
        history = keeper.add(snapshot)
    alarms = (finding("tcp.close-wait", Severity.WARNING), finding("tcp.close-wait-leak", Severity.CRITICAL))
    rows = tcp.rows(Frame(history=history, findings=alarms))
    assert rows.keys[:2] == (TcpState.LISTEN, TcpState.CLOSE_WAIT)
    assert [cell.text for cell in rows.cells(TcpState.LISTEN)] == ["LISTEN", "3", "▅" * 25, ""]
    _, count, graph, by = rows.cells(TcpState.CLOSE_WAIT)
    assert (count.text, count.role, count.sort, by.text) == ("✖ 120", "critical", 120, "+60")
    assert graph.text[0] == "▁" and graph.text[-1] == "█" and list(graph.text) == sorted(graph.text)
    told = " ".join(text for text in column(rows, 0))
    assert all(told.count(state) == 1 for state in STATES)


def test_a_state_that_has_just_emptied_still_has_its_row() -> None:
    keeper = Keeper()
    keeper.add(Snapshot(taken_at=1.0, tcp=counted(SYN_SENT=4), tcp_at=1.0))
    rows = tcp.rows(Frame(history=keeper.add(Snapshot(taken_at=9.0, tcp=counted(), tcp_at=9.0))))
    assert [cell.text for cell in rows.cells(TcpState.SYN_SENT)] == ["SYN_SENT", "0", "█▁", "-4"]


def test_ports_with_and_without_their_names() -> None:
    ports = (PortCounts(port=22, counts=(1, 0, 0, 5, 0, 0, 0, 2, 0, 0, 0), service="ssh"),)
    cells = tcp.port_rows(ports).cells(22)
    assert [cell.text for cell in cells[:6]] == ["22", "ssh", "8", "5", "2", "0"]
    assert tcp.port_rows(ports, numeric=True).cells(22)[1].text == ""
    assert len(cells) == len(tcp.PORT_COLUMNS) and {c.key for c in tcp.PORT_COLUMNS[3:]} == set(STATES)


def test_findings_are_wrapped_and_found_again() -> None:
    found = (finding("a", Severity.CRITICAL), finding("a", Severity.NOTICE, "other"))
    rows = findings.short_rows(found, 10)
    assert column(rows, 1)[:3] == ["one two", "three four", "five six"]
    assert column(rows, 0)[:4] == ["✖", "", "", "●"]
    assert [findings.find(found, key) for key in rows.keys] == [found[0]] * 3 + [found[1]] * 3 + [None]
    assert findings.short_rows((), 10).keys == ()
    assert findings.find(found, "no such key") is None


def test_the_headline_names_host_way_out_and_trouble() -> None:
    frame = recorded("web-03.jsonl.gz")
    assert [cell.text for cell in headline(frame)][:4] == ["web-03", "eth0 192.0.2.10/24", "→ 192.0.2.1", "● ok"]
    assert headline(frame)[-1].text == "● no findings"
    troubled = Frame(history=frame.history, findings=(finding("a", Severity.CRITICAL), finding("b", Severity.NOTICE)))
    assert [cell.text for cell in headline(troubled)][-2:] == ["✖ 1", "● 1"]
    assert headline(frame_of(Snapshot(taken_at=1.0, routes=())))[1].text == "no default route"


@pytest.mark.parametrize("needle", ["eth0", "2001:db8:0:3::10", "02:00:5e:10:00:02"])
def test_a_filter_finds_a_link_with_all_its_rows_by_any_of_them(needle: str) -> None:
    rows, _ = interfaces.dashboard_rows(recorded("web-03.jsonl.gz"), "bits")
    keys = arranged(rows, interfaces.DASHBOARD_COLUMNS, needle, None, False)
    assert [interfaces.ifindex_of(key) for key in keys] == [2, 2, 2]
