"""Sockets as tables, text, CSV and JSON."""

import csv
import io
import json
from array import array
from collections.abc import Sequence

import jsonschema
import pytest
from msgspec.structs import replace

from nettui.model.socket import Socket
from nettui.model.socket_table import ListedTable
from nettui.reports.format import shortened
from nettui.reports.sockets import SCHEMA_FILE, groups_csv, groups_json, sockets_csv, sockets_json
from nettui.reports.sockets_fields import FIELDS, SLICE, default_fields
from nettui.reports.sockets_naming import BY_NUMBER, Naming
from nettui.reports.sockets_text import groups_text, sockets_text
from nettui.reports.table import Cell
from nettui.reports.tables import closed_sockets, socket_groups
from nettui.reports.tables.socket_groups import GroupKey, GroupRows, MoreKey
from nettui.reports.tables.sockets import COLUMNS, SocketKeys, SocketRows
from nettui.sockets.frame import SORTS, Group, SocketFrame, SocketQuery
from nettui.tui.widgets.columns import fit, lay_out
from tests.reports.socket_world import (
    CLOSED,
    FACTS,
    HIDDEN,
    LEAK,
    LISTENER,
    LOSSY,
    NOW,
    QUIC,
    RESTING,
    UNIX,
    frame,
    group,
)

PLACE = {column.key: place for place, column in enumerate(COLUMNS)}


def cells(socket: Socket, **more: object) -> dict[str, Cell]:
    found = SocketRows(frame(socket, **more)).cells(socket.key)
    assert len(found) == len(COLUMNS)
    return {key: found[place] for key, place in PLACE.items()}


def texts(socket: Socket, **more: object) -> str:
    return "|".join(cell.text for cell in cells(socket, **more).values())


# The table


def test_every_column_can_be_sorted_by_and_nothing_else() -> None:
    assert set(PLACE) == set(SORTS)


def test_a_row_of_each_kind_of_socket() -> None:
    assert texts(LISTENER) == "LISTEN|tcp|*:https|*|nginx[80] +2|root|--|✖ 129|128||||>2 h||"
    assert texts(LEAK) == (
        "CLOSE_WAIT|tcp|192.0.2.2:http-alt|10.0.3.18:40120|java[4711]|app|shop.service|412|0|1.0 ms|0|13 min|13 min||"
    )
    assert texts(LOSSY) == (
        "ESTABLISHED|tcp|[2001:db8::2]:50000|[2001:db8:85a3::8a2e:370:7334]:https|user app|app|--|0|84.1k|250 ms|1,204"
        "|3 s|>2 h|retransmit 204 ms, 3 tries|eth0"
    )
    assert texts(RESTING) == (
        "TIME_WAIT|tcp|192.0.2.2:http-alt|10.0.3.19:40121|--|--|--|0|0||||>2 h|time-wait 42 s|"
    )
    assert texts(QUIC) == "UNCONN|quic|*:https|*|user 33|33|--|0|0||||>2 h||"
    assert texts(UNIX) == 'LISTEN|unix|/run/a,"b".sock||--|--|--|0|128||||>2 h||'


def test_numbers_and_host_names_by_choice() -> None:
    rows = SocketRows(frame(), BY_NUMBER)
    assert rows.cells(1)[PLACE["local"]].text == "*:443"
    named = SocketRows(frame(), Naming(host={"10.0.3.18": "client.example"}.get))
    assert named.cells(2)[PLACE["peer"]].text == "client.example:40120"
    assert named.cells(2)[PLACE["local"]].text == "192.0.2.2:http-alt"


@pytest.mark.parametrize(
    ("waiting", "text", "role"),
    [
        (0, "0", "dim"), (102, "102", "dim"), (103, "▲ 103", "warning"), (128, "▲ 128", "warning"),
        (129, "✖ 129", "critical"),
    ],
)
def test_an_accept_queue_is_marked_from_four_fifths_of_the_backlog_and_beyond_it(
    waiting: int, text: str, role: str
) -> None:
    assert cells(replace(LISTENER, recv_q=waiting))["recvq"] == Cell(text, role, waiting)


def test_an_owner_that_is_not_known_is_not_the_same_as_one_that_may_not_be_seen() -> None:
    unasked = replace(FACTS, owners={}, owners_note=None)
    assert cells(LOSSY, facts=unasked)["process"] == Cell("--", "dim")
    nobody = replace(FACTS, owners_note=None)
    assert cells(LOSSY, facts=nobody)["process"] == Cell("--", "dim")
    assert cells(LOSSY)["process"] == Cell("user app", "dim")


def test_what_matters_is_there_at_80_columns_and_everything_at_200() -> None:
    def shown(room: int) -> list[str]:
        return [COLUMNS[placed.place].key for placed in lay_out(COLUMNS, room)]

    assert shown(76) == ["state", "proto", "local", "peer", "process", "recvq"]
    assert {"sendq", "idle"} <= set(shown(96))
    assert {"rtt", "retrans"} <= set(shown(116))
    assert {"timer", "user"} <= set(shown(136))
    assert shown(196) == [column.key for column in COLUMNS]


def test_a_long_address_is_cut_in_its_middle_and_keeps_its_port() -> None:
    assert fit("[2001:db8:85a3::8a2e:370:7334]:443", 19, clip="middle") == "[2001:db8…7334]:443"
    assert fit("10.0.3.18:40120", 19, clip="middle") == "10.0.3.18:40120"


class CountingTable(ListedTable):
    """Counts the records that are made."""

    made = 0

    def socket(self, place: int) -> Socket:
        self.made += 1
        return super().socket(place)


def test_of_many_rows_only_those_looked_at_are_made() -> None:
    sockets = [replace(LEAK, key=number, peer_port=number) for number in range(1, 50_001)]
    table = CountingTable(sockets, NOW)
    rows = SocketRows(replace(frame(LEAK), table=table, order=array("I", range(49_999, -1, -1))))
    assert len(rows.keys) == 50_000
    assert rows.keys[:3] == [50_000, 49_999, 49_998]
    assert [rows.cells(key)[PLACE["peer"]].text for key in rows.keys[10:12]] == ["10.0.3.18:49990", "10.0.3.18:49989"]
    assert table.made == 2


def test_keys_behave_like_the_list_they_stand_for() -> None:
    of_all = frame(order=(5, 1, 3))
    keys, as_list = SocketKeys(of_all), [6, 2, 4]
    assert list(keys) == as_list and keys[-1] == 4 and keys[1:] == [2, 4] and len(keys) == 3
    assert keys.index(2) == 1 and 4 in keys
    assert 1 not in keys, "it is in the table, but does not pass the filter"
    for gone in (1, 99, "x", None, (1, 2)):
        with pytest.raises(ValueError):
            keys.index(gone)
    with pytest.raises(IndexError):
        keys[3]
    assert keys == SocketKeys(of_all) and hash(keys) == hash(SocketKeys(of_all))
    assert keys != SocketKeys(frame(order=(5, 1, 3)))


def test_a_row_is_found_that_was_never_given_out_and_one_that_is_gone_is_not() -> None:
    rows = SocketRows(frame(order=(1,)))
    assert rows.socket(2) is LEAK
    with pytest.raises(KeyError):
        rows.cells(77)


def test_details_take_the_place_of_what_the_table_says() -> None:
    bare = replace(LEAK, info=None)
    assert cells(bare)["rtt"].text == "--"
    assert cells(bare, details={LEAK.key: LEAK})["rtt"].text == "1.0 ms"


# Groups

GROUPS = (
    group("8080", (1, 3), CLOSE_WAIT=1, TIME_WAIT=1),
    group("443", (0, 4), LISTEN=1, UNCONN=1),
    group("--", (5,), LISTEN=1),
)


def grouped(groups: Sequence[Group] = GROUPS) -> SocketFrame:
    return frame(groups=tuple(groups), query=SocketQuery(group="port"))


def group_texts(rows: GroupRows) -> list[str]:
    return ["|".join(cell.text for cell in rows.cells(key)).rstrip("|") for key in rows.keys]


def test_groups_count_the_states_and_an_opened_one_shows_its_sockets() -> None:
    rows = GroupRows(grouped(), {"8080"})
    assert rows.keys == [GroupKey("8080"), 2, 4, GroupKey("443"), GroupKey("--")]
    assert group_texts(rows) == [
        "▾ 8080 http-alt|2|1|0|1|0|0|0|0",
        "    CLOSE_WAIT  192.0.2.2:http-alt    10.0.3.18:40120       java[4711]",
        "    TIME_WAIT   192.0.2.2:http-alt    10.0.3.19:40121       --",
        "▸ 443 https|2|0|0|0|1|0|0|1",
        "▸ --|1|0|0|0|1|0|0|0",
    ]
    assert rows.socket(2) is LEAK and rows.socket(GroupKey("8080")) is None
    assert rows.group(GroupKey("443")) is GROUPS[1] and rows.group(2) is None


def test_every_state_is_counted_in_exactly_one_column() -> None:
    each = Group("x", "x", tuple(1 << place for place in range(12)), ())
    counts = [cell.sort for cell in GroupRows(grouped([each])).cells(GroupKey("x"))][1:]
    assert counts[0] == sum(counts[1:]) == (1 << 12) - 1


def test_of_a_large_group_the_first_are_shown_until_all_are_asked_for() -> None:
    sockets = [replace(LEAK, key=number) for number in range(250)]
    large = group("8080", tuple(range(250)), CLOSE_WAIT=250)
    shown = frame(*sockets, groups=(large,), query=SocketQuery(group="port"))
    rows = GroupRows(shown, {"8080"})
    assert list(rows.keys[-2:]) == [199, MoreKey("8080")] and len(rows.keys) == 202
    assert rows.cells(MoreKey("8080"))[0].text == "    ... 50 more: Enter shows more"
    assert rows.group(MoreKey("8080")) is large
    assert list(GroupRows(shown, {"8080"}, {"8080"}).keys) == [GroupKey("8080"), *range(250)]


def test_of_very_many_groups_the_largest_are_shown() -> None:
    groups = [group(str(number), (0,), LISTEN=1) for number in range(socket_groups.MOST + 3)]
    rows = GroupRows(grouped(groups), sort="name", reverse=True)
    assert len(rows.keys) == socket_groups.MOST + 1 and rows.keys[0] == GroupKey(str(socket_groups.MOST - 1))
    assert rows.cells(rows.keys[-1])[0].text == "  ... 3 more groups: narrow them with a filter"
    assert rows.socket(rows.keys[-1]) is rows.group(rows.keys[-1]) is None


@pytest.mark.parametrize(
    ("sort", "reverse", "first"), [("closewait", True, "last"), ("total", True, "0"), ("total", False, "last")]
)
def test_a_small_group_is_shown_where_it_comes_first_in_the_order_chosen(sort: str, reverse: bool, first: str) -> None:
    groups = [group(str(number), (0, 1), LISTEN=2) for number in range(socket_groups.MOST + 3)]
    rows = GroupRows(grouped([*groups, group("last", (0,), CLOSE_WAIT=1)]), sort=sort, reverse=reverse)
    assert rows.keys[0] == GroupKey(first) and len(rows.keys) == socket_groups.MOST + 1


def test_the_order_of_other_rows_can_be_kept() -> None:
    before = GroupRows(grouped(), sort="name", reverse=False)
    grown = [group("443", (0, 4, 1, 2), LISTEN=4), group("8080", (1,), CLOSE_WAIT=1), group("new", (2,), CLOSED=1)]
    rows = GroupRows(grouped(grown), sort="total", reverse=True, like=before)
    assert rows.keys[:2] == [GroupKey("443"), GroupKey("8080")]
    assert [cell.text for cell in rows.cells(rows.keys[0])][1] == "4"
    assert rows.cells(rows.keys[2])[0].text == "  ... 1 more groups: narrow them with a filter"


def test_a_socket_of_two_opened_groups_has_one_row() -> None:
    both = (group("nginx[80]", (0,), LISTEN=1), group("nginx[81]", (0,), LISTEN=1))
    rows = GroupRows(grouped(both), {"nginx[80]", "nginx[81]"})
    assert rows.keys == [GroupKey("nginx[80]"), 1, GroupKey("nginx[81]")]


@pytest.mark.parametrize(
    ("sort", "reverse", "names"),
    [
        (None, False, ["8080", "443", "--"]),
        ("name", False, ["443", "8080", "--"]),
        ("name", True, ["8080", "443", "--"]),
        ("closewait", True, ["8080", "443", "--"]),
        ("listen", False, ["8080", "443", "--"]),
        ("total", False, ["--", "8080", "443"]),
    ],
)
def test_groups_in_another_order(sort: str | None, reverse: bool, names: list[str]) -> None:
    assert GroupRows(grouped(), sort=sort, reverse=reverse).keys == [GroupKey(name) for name in names]


def test_closed_sockets_say_how_long_they_lived_and_what_they_moved(utc: None) -> None:
    rows = closed_sockets.ClosedRows(CLOSED, FACTS)
    assert ["|".join(cell.text for cell in rows.cells(key)) for key in rows.keys] == [
        "22:13:20|CLOSE_WAIT|192.0.2.2:http-alt|10.0.3.18:40120|java[4711]|13 min|22.4 kB|9.1 kB|told",
        "22:13:19|ESTABLISHED|[2001:db8::2]:50000|[2001:db8:85a3::8a2e:370:7334]:https|user app|--|950 B|--|missed",
        "22:13:18|TIME_WAIT|192.0.2.2:http-alt|10.0.3.19:40121|--|< 900 ms|--|--|told",
    ]
    assert len(socket_groups.COLUMNS) == 9 and len(closed_sockets.COLUMNS) == 9


# Text


def test_the_text_in_a_pipe_has_everything_uncut() -> None:
    text = "".join(sockets_text(frame(), default_fields("text", False)))
    assert text == """\
STATE        PROTO  RECV-Q  SEND-Q  LOCAL                PEER                                  OWNER         USER
LISTEN       tcp     ✖ 129     128  *:https              *                                     nginx[80] +2  root
CLOSE_WAIT   tcp       412       0  192.0.2.2:http-alt   10.0.3.18:40120                       java[4711]    app
ESTABLISHED  tcp         0   84100  [2001:db8::2]:50000  [2001:db8:85a3::8a2e:370:7334]:https  user app      app
TIME_WAIT    tcp         0       0  192.0.2.2:http-alt   10.0.3.19:40121                       --            --
UNCONN       quic        0       0  *:https              *                                     user 33       33
LISTEN       unix        0     128  /run/a,"b".sock      *                                     --            --
"""


@pytest.mark.parametrize("width", [40, 60, 80, 100, 113])
def test_the_text_on_a_terminal_fits_and_keeps_state_and_both_ends(width: int) -> None:
    text = "".join(sockets_text(frame(), default_fields("text", False), width))
    lines = text.splitlines()
    assert len(lines) == 7 and max(map(len, lines)) <= width
    assert [title for title in ("STATE", "LOCAL", "PEER") if title not in lines[0]] == []
    assert all("https" in line for line in (lines[1], lines[3])), "the port stays where an address is cut"


def test_the_text_of_80_columns() -> None:
    text = "".join(sockets_text(frame(LEAK, LOSSY), default_fields("text", False), 80))
    assert text == """\
STATE        PROTO  RECV-Q  LOCAL                PEER                 OWNER
CLOSE_WAIT   tcp       412  192.0.2.2:http-alt   10.0.3.18:40120      java[4711]
ESTABLISHED  tcp         0  [2001:db8::2]:50000  [2001:db8…34]:https  user app
"""


def test_a_text_is_cut_in_its_middle() -> None:
    assert [shortened("abcdefgh", width) for width in (8, 7, 6, 3)] == ["abcdefgh", "abc…fgh", "ab…fgh", "a…h"]


def test_no_sockets_no_lines() -> None:
    assert "".join(sockets_text(frame(order=()), default_fields("text", False))) == ""
    assert "".join(groups_text(grouped(()))) == ""


def test_groups_as_text_have_the_states_that_occur() -> None:
    assert "".join(groups_text(grouped())) == """\
GROUP          TOTAL  LISTEN  TIME_WAIT  CLOSE_WAIT  UNCONN
8080 http-alt      2       0          1           1       0
443 https          2       1          0           0       1
--                 1       1          0           0       0
"""


# CSV and JSON


def test_csv_holds_plain_values_and_quotes_what_needs_it() -> None:
    fields = ("proto", "state", "local", "local_port", "peer", "peer_port", "recvq", "timer", "process", "pid", "unit")
    text = b"".join(sockets_csv(frame(), fields)).decode()
    assert text == """\
proto,state,local,local_port,peer,peer_port,recvq,timer,process,pid,unit
tcp,LISTEN,,443,,,129,,nginx;nginx;nginx,80;81;82,
tcp,CLOSE_WAIT,192.0.2.2,8080,10.0.3.18,40120,412,,java,4711,shop.service
tcp,ESTABLISHED,2001:db8::2,50000,2001:db8:85a3::8a2e:370:7334,443,0,0.204,,,
tcp,TIME_WAIT,192.0.2.2,8080,10.0.3.19,40121,0,42.0,,,
quic,UNCONN,,443,,,0,,,,
unix,LISTEN,"/run/a,""b"".sock",,,,0,,,,
"""
    assert list(csv.reader(io.StringIO(text)))[6][2] == UNIX.local


def test_without_asking_for_them_there_are_no_owners_in_csv_and_json() -> None:
    for form in ("csv", "json"):
        assert not {"process", "pid"} & set(default_fields(form, False))
        assert {"process", "pid"} <= set(default_fields(form, True))


def test_rows_come_in_the_frames_order_over_several_slices_and_from_few_of_many() -> None:
    many = [replace(LEAK, key=number, peer_port=number % 60_000 + 1) for number in range(3 * SLICE)]
    for order in (range(3 * SLICE - 1, -1, -1), (3 * SLICE - 1, 5, 4_000)):
        whole = replace(frame(LEAK), table=ListedTable(many, NOW), order=order)
        lines = b"".join(sockets_csv(whole, ("key",))).decode().split()
        assert lines == ["key", *map(str, order)]
        found = json.loads(b"".join(sockets_json(whole, ("key",))))
        assert [each["key"] for each in found["sockets"]] == list(order)


def test_json_tells_numbers_null_and_lists_and_obeys_the_schema() -> None:
    document = json.loads(b"".join(sockets_json(frame(note="no raw sockets"), tuple(FIELDS))))
    _validator().validate(document)
    assert (document["schema"], document["taken_at"]) == ("nettui.sockets/1", "2023-11-14T22:13:20.250+00:00")
    assert (document["count"], document["notes"]) == (6, ["no raw sockets", HIDDEN])
    listener, leak, lossy, resting, *_ = document["sockets"]
    assert (listener["local"], listener["peer"], listener["pid"]) == (None, None, [80, 81, 82])
    assert leak == {
        "proto": "tcp", "state": "CLOSE_WAIT", "family": "inet", "local": "192.0.2.2", "local_port": 8080,
        "peer": "10.0.3.18", "peer_port": 40120, "recvq": 412, "sendq": 0, "process": ["java"], "pid": [4711],
        "user": "app", "uid": 1000, "unit": "shop.service", "iface": None, "rtt": 0.001, "retrans": 0, "idle": 792.0,
        "timer": None, "inode": 200, "key": 2, "age": 820.0,
    }  # fmt: skip
    assert (lossy["iface"], lossy["process"], lossy["timer"]) == ("eth0", None, 0.204)
    assert (resting["process"], resting["user"], resting["inode"]) == (None, None, 0)


def test_json_of_one_line_is_the_same_document() -> None:
    for order in ((), tuple(range(6))):
        shown = frame(order=order)
        line = b"".join(sockets_json(shown, ("proto", "key"), one_line=True))
        assert line.count(b"\n") == 1 and line.endswith(b"\n")
        assert json.loads(line) == json.loads(b"".join(sockets_json(shown, ("proto", "key"))))


def test_groups_as_csv_and_json() -> None:
    assert b"".join(groups_csv(grouped())).decode() == """\
group,total,LISTEN,SYN_SENT,SYN_RECV,ESTABLISHED,FIN_WAIT1,FIN_WAIT2,TIME_WAIT,CLOSE_WAIT,LAST_ACK,CLOSING,CLOSED,UNCONN
8080,2,0,0,0,0,0,0,1,1,0,0,0,0
443,2,1,0,0,0,0,0,0,0,0,0,0,1
--,1,1,0,0,0,0,0,0,0,0,0,0,0
"""
    document = json.loads(b"".join(groups_json(grouped())))
    _validator().validate(document)
    assert (document["group_by"], document["count"]) == ("port", 5)
    assert [(each["name"], each["total"]) for each in document["groups"]] == [("8080", 2), ("443", 2), (None, 1)]
    assert document["groups"][0]["states"]["CLOSE_WAIT"] == 1
    assert json.loads(b"".join(groups_json(grouped(()), one_line=True)))["groups"] == []


def test_the_schema_knows_every_field_and_refuses_others() -> None:
    schema = json.loads(SCHEMA_FILE.read_text())
    assert set(schema["$defs"]["socket"]["properties"]) == set(FIELDS)
    document = json.loads(b"".join(sockets_json(frame(), ("key",))))
    document["sockets"][0]["invented"] = 1
    with pytest.raises(jsonschema.ValidationError):
        _validator().validate(document)


def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text()))


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> object:
    """Local time is UTC."""
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_link_local_address_names_its_interface() -> None:
    local = replace(LOSSY, local="fe80::99", peer="fe80::1")
    there = frame(local)
    assert texts(local).split("|")[2:4] == ["[fe80::99%eth0]:50000", "[fe80::1%eth0]:https"]
    assert "[fe80::99%eth0]:50000  [fe80::1%eth0]:https" in "".join(sockets_text(there, ("local", "peer")))
