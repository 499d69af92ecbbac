"""One socket in full, its process, a group, and the charts of a connection."""

import asyncio

import pytest
from msgspec.structs import replace

from nettui.model.process import Owner, Process
from nettui.model.socket import Socket
from nettui.reports.charts import chart, charts
from nettui.reports.format import elapsed
from nettui.reports.paragraphs import Paragraph
from nettui.reports.socket_brief import socket_brief
from nettui.reports.socket_details import accepted, group_details, process_details, socket_details
from nettui.sockets.frame import GROUP_STATES
from nettui.sockets.holdings import Holdings, holdings
from nettui.sockets.readings import Reading, Throughput, reading, throughput
from tests.reports.socket_world import FACTS, HIDDEN, LEAK, LISTENER, LOSSY, NOW, QUIC, RESTING, UNIX, frame, group

PROCESS = Process(
    pid=4711, name="java", command="java -jar shop.jar", uid=1000, user="app", started_at=NOW - 86_400,
    descriptors=4_061, descriptor_limit=4_096,
)  # fmt: skip


def told(socket: Socket, **more: object) -> dict[str, tuple[str, ...]]:
    return dict(socket_details(frame(socket), socket, **more))  # type: ignore[arg-type]  # options passed through


def test_a_leaked_connection_in_full() -> None:
    found = told(LEAK, width=120)
    assert found["State"][:2] == (
        "CLOSE_WAIT: The peer has closed; this program has not called close().",
        "It stays until the program closes it or ends: no timeout and no keepalive does that. Then comes LAST_ACK.",
    )
    assert "[CLOSE_WAIT]" in "".join(found["State"][2:]) and len(found["State"]) == 7
    assert {head: lines for head, lines in found.items() if head != "State"} == {
        "Between": ("tcp 192.0.2.2:http-alt ─ 10.0.3.18:40120, IPv4",),
        "Owner": ("java[4711], descriptor 812", "user app", "unit shop.service, cgroup /system.slice/shop.service"),
        "Queues": ("412 B not read by the program, 0 B not acknowledged by the peer",),
        "Path": (
            "rtt 1.0 ms ±0.2 ms, least 0.9 ms, rto 204 ms",
            "mss 1448 out, 536 in, 1448 advertised, path mtu 1500",
        ),
        "Windows": (
            "cwnd 10, ssthresh none yet, 0 segments on their way",
            "congestion control cubic, state Open",
            "the peer has room for 64.3 kB, this side for 65.5 kB",
        ),
        "Rates": (
            "now -- bit/s out, -- bit/s in (needs two readings)",
            "delivery 10.0M bit/s, held down by the program",
            "pacing -- bit/s",
        ),
        "Sent": ("22.4 kB, acknowledged 22.4 kB, in 30 segments (18 with data)",),
        "Received": ("9.1 kB, in 31 segments (9 with data)",),
        "Losses": ("0 segments sent again", "reordering 3"),
        "Held up": (
            "busy sending for 800 ms, 25.0 % of it held up by the peer's window, 0.0 % by a send buffer too small",
        ),
        "Last data": ("sent 13 min ago, received 13 min ago, ack 13 min ago",),
        "Options": ("timestamps sack wscale (window scale 7 out, 7 in)",),
        "Timer": ("none",),
        "Age": ("first seen 13 min ago",),
        "Number": ("inode 200, cookie 2",),
    }


def test_what_few_sockets_have() -> None:
    found = told(LOSSY)
    assert found["Losses"] == (
        "1,204 segments sent again (50 B, 5.0 % of what was sent)",
        "5 of them not acknowledged yet, 4 taken for lost, 3 timeouts in a row without an answer",
        "reordering --",
    )
    assert found["Timer"] == ("retransmit 204 ms, 3 tries",)
    assert found["Memory"] == (
        "received 0 B of 131 kB, sent 87.0 kB of 87.0 kB, 2 packets dropped for want of room",
        "queued 84.1 kB, forward 0 B, options 0 B, backlog 0 B",
    )
    assert [found[head] for head in ("Bound to", "Shut down", "MPTCP", "TOS", "Mark")] == [
        ("eth0",), ("will not send",), ("token 0000beef, join, 2 more subflows",), ("0xb8, DSCP 46",), ("0x10",),
    ]  # fmt: skip
    assert found["Age"] == ("more than 2 h: it was there before nettui looked",)


def test_what_is_not_known_says_why() -> None:
    assert told(LOSSY)["Owner"][0] == f"-- ({HIDDEN})"
    assert told(RESTING)["Owner"][0] == "-- (no program has it any more: it is over and only rests)"
    assert told(RESTING)["Path"] == ("-- (of a TIME_WAIT the kernel keeps the addresses and the timer only)",)
    assert told(replace(LEAK, info=None))["Path"] == ("-- (not read yet, or this system does not tell)",)
    assert told(replace(RESTING, state="LAST_ACK"))["Owner"][0].endswith("the kernel brings it to its end)")
    unasked = frame(LEAK, facts=replace(FACTS, owners={}, watching_since=None, born={}))
    found = dict(socket_details(unasked, LEAK))
    assert found["Owner"][0] == "-- (not looked for yet)"
    assert found["Age"] == ("-- (known only of what comes while nettui looks)",)


def test_a_listener_tells_of_its_accept_queue() -> None:
    assert told(LISTENER)["Queues"] == ("129 wait to be accepted, 128 may ✖ full: clients are turned away",)
    assert told(replace(LISTENER, recv_q=110))["Queues"] == ("110 wait to be accepted, 128 may ▲ nearly full",)
    assert told(LISTENER)["Owner"][:3] == tuple(f"nginx[{pid}], descriptor 6" for pid in (80, 81, 82))
    assert "Path" not in told(LISTENER)


def test_sockets_that_are_not_tcp_have_no_state_machine() -> None:
    assert told(QUIC)["State"][0].startswith("UNCONN: No connection")
    assert told(replace(QUIC, state="ESTABLISHED"))["State"] == (
        "ESTABLISHED: it is connected to one peer, and takes nothing from others.",
    )
    assert told(UNIX)["State"] == ("LISTEN: the program waits for connections.",)
    assert told(UNIX)["Between"] == ('unix /run/a,"b".sock, unix',)


@pytest.mark.parametrize("width", [40, 76, 80])
def test_where_the_drawing_has_no_room_a_line_stands_for_it(width: int) -> None:
    assert told(LEAK, width=width)["State"][2:] in (
        ("LISTEN ─ SYN_RECV ─ ESTABLISHED ─[ CLOSE_WAIT ]─ LAST_ACK ─ CLOSED",),
        ("… ─ ESTABLISHED ─[ CLOSE_WAIT ]─ LAST_ACK ─ CLOSED",),
        ("… ─ SYN_RECV ─ ESTABLISHED ─[ CLOSE_WAIT ]─ LAST_ACK ─ CLOSED",),
        ("… ─[ CLOSE_WAIT ]─ LAST_ACK ─ CLOSED",),
    )
    assert len(told(LEAK, width=width)["State"][2]) <= max(36, width - 12)


def test_who_opened_a_connection_shows_in_its_ports() -> None:
    assert accepted(LEAK) is True and accepted(LOSSY) is False
    assert accepted(replace(LEAK, peer_port=1024)) is None and accepted(QUIC) is None


def test_a_process_and_how_close_it_is_to_its_limit() -> None:
    found = dict(process_details(frame(), PROCESS))
    assert found["Process"][0].startswith("java[4711] of user app, started ")
    assert found["Command"] == ("java -jar shop.jar",)
    assert found["Descriptors"] == ("4,061 of 4,096 (soft limit), 99 % ✖",)
    assert "Sockets" not in found
    for open_now, mark in ((3_200, " ▲"), (3_900, " ✖"), (3_199, "")):
        some = replace(PROCESS, descriptors=open_now, descriptor_limit=4_000)
        assert dict(process_details(frame(), some))["Descriptors"][0].endswith(f" %{mark}")
    hidden = dict(process_details(frame(), Process(pid=1, name="init", uid=33)))
    assert hidden["Process"] == ("init[1] of user 33, started --",)
    assert hidden["Command"] == hidden["Descriptors"] == ("-- (needs root or CAP_SYS_PTRACE)",)
    assert socket_details(frame(LEAK), LEAK, PROCESS)[3:6] == process_details(frame(), PROCESS)


def test_the_sockets_of_a_process_are_counted_by_state_and_by_peer() -> None:
    sockets = [replace(LEAK, key=n, peer=f"10.0.0.{n % 3}") for n in range(10)]
    others = [replace(LEAK, key=11, inode=201), replace(RESTING, key=12), replace(LISTENER, inode=200, key=13)]
    owners = {200: (Owner(pid=1, name="init"), Owner(pid=4711, name="java")), 201: (Owner(pid=5, name="x"),)}
    held = asyncio.run(holdings(frame(*sockets, *others, facts=replace(FACTS, owners=owners)), 4711))
    assert {s: n for s, n in zip(GROUP_STATES, held.states, strict=True) if n} == {"CLOSE_WAIT": 10, "LISTEN": 1}
    assert held.peers == [("10.0.0.0", 4), ("10.0.0.1", 3), ("10.0.0.2", 3)]
    assert dict(process_details(frame(), PROCESS, held))["Sockets"] == (
        "1 LISTEN, 10 CLOSE_WAIT",
        "4 to 10.0.0.0, 3 to 10.0.0.1, 3 to 10.0.0.2",
    )
    many = Holdings((), [(f"10.0.0.{n}", 1) for n in range(7)])
    assert dict(process_details(frame(), PROCESS, many))["Sockets"][0].endswith("1 to 10.0.0.4 and 2 others")


def test_a_group_in_words() -> None:
    found: list[Paragraph] = group_details(frame(), group("8080", (1, 3), CLOSE_WAIT=4_000, TIME_WAIT=6))
    assert dict(found) == {
        "Group": ("4,006 sockets",),
        "Most are": (
            "CLOSE_WAIT: The peer has closed; this program has not called close().",
            "It stays until the program closes it or ends: no timeout and no keepalive does that. Then comes LAST_ACK.",
        ),
        "Sockets": ("6 TIME_WAIT, 4,000 CLOSE_WAIT", "1 to 10.0.3.18, 1 to 10.0.3.19"),
        "Owners": ("1 of java[4711]",),
    }


# Readings and charts

READINGS = (
    Reading(0.0, 0.001, 10, 0, 0),
    Reading(1.0, 0.002, 20, 1_000, 500),
    Reading(3.0, None, 40, 5_000, None),
    Reading(4.0, 0.004, 40, 5_000, 500),
)


def test_rates_come_from_two_readings_and_from_nothing_else() -> None:
    assert throughput(READINGS) == [Throughput(1_000, 500), Throughput(2_000, None), Throughput(0, None)]
    assert throughput(READINGS[:1]) == []
    backwards = [Reading(5.0, None, None, 10, 10), Reading(5.0, None, None, 20, 5), Reading(4.0, None, None, 30, 30)]
    assert throughput(backwards) == [Throughput(None, None), Throughput(None, None)]


def test_a_reading_is_made_of_what_tcp_told() -> None:
    assert reading(LEAK, 7.0) == Reading(7.0, 0.001, 10, 22_400, 9_100)
    assert reading(RESTING, 7.0) is None
    assert LOSSY.info is not None
    assert reading(LOSSY, 7.0) == Reading(7.0, 0.25, None, 950, None)


def test_charts_have_the_newest_at_the_right_with_its_value_and_the_span() -> None:
    assert charts(READINGS, "bytes", width=6) == (
        "rtt     ▁▃ █  now 4.0 ms, 1.0 ms to 4.0 ms",
        "cwnd    ▁▃██  now 40, 10 to 40",
        "out      ▅█▁  now 0 byte/s, 0 byte/s to 2.0k byte/s",
    )
    few = charts(READINGS, width=2)
    assert [line.split()[0] for line in few] == ["cwnd", "out"], "one value alone has no course"
    assert few[0].endswith("  now 40"), "what does not change has no span"


def test_a_chart_in_ascii() -> None:
    assert chart("rtt", [0.1, 0.2, 0.3], elapsed, "_.-:=+*#", 4) == "rtt    _=#  now 300 ms, 100 ms to 300 ms"
    assert chart("rtt", [0.1], elapsed) == chart("rtt", [None, None], elapsed) == ""


def test_a_detail_draws_charts_once_there_are_readings() -> None:
    assert "Course" not in told(LEAK, readings=READINGS[:1])
    found = told(LEAK, readings=READINGS, units="bytes")
    assert found["Rates"][0] == "now 0 byte/s out, -- byte/s in"
    assert [line.split()[0] for line in found["Course"]] == ["rtt", "cwnd", "out"]


# In a few lines


def in_brief(socket: Socket, **more: object) -> dict[str, tuple[str, ...]]:
    return dict(socket_brief(frame(socket), socket, **more))  # type: ignore[arg-type]  # options passed through


def test_in_brief_what_it_means_whose_it_is_and_what_it_moved_come_first() -> None:
    found = in_brief(LEAK, process=PROCESS)
    assert list(found) == ["State", "Owner", "Descriptors", "Path", "Moved", "Queues", "Then"]
    assert found["State"] == (
        "CLOSE_WAIT: The peer has closed; this program has not called close().",
        "LISTEN ─ SYN_RECV ─ ESTABLISHED ─[ CLOSE_WAIT ]─ LAST_ACK ─ CLOSED",
    )
    assert found["Owner"] == ("java[4711], user app, unit shop.service",)
    assert found["Descriptors"] == ("4,061 of 4,096 (soft limit), 99 % ✖",)
    assert found["Path"] == ("rtt 1.0 ms ±0.2 ms, rto 204 ms, cwnd 10, 0 sent again",)
    assert found["Moved"] == ("22.4 kB out, 9.1 kB in, last data 13 min ago",)
    assert "Course" in in_brief(LEAK, readings=READINGS)


def test_in_brief_nothing_is_said_of_what_there_is_not() -> None:
    assert list(in_brief(LISTENER)) == ["State", "Owner", "Queues", "Then"]
    assert in_brief(LISTENER)["Owner"] == ("nginx[80], nginx[81], nginx[82], user root",)
    resting = in_brief(RESTING)
    assert list(resting) == ["State", "Owner", "Timer", "Then"] and resting["Timer"] == ("time-wait 42 s",)
    assert resting["Owner"] == ("-- (no program has it any more: it is over and only rests)",)
    assert list(in_brief(replace(QUIC, state="ESTABLISHED"))) == ["State", "Owner", "Queues"]
    assert "4 taken for lost" in in_brief(LOSSY)["Path"][0]
