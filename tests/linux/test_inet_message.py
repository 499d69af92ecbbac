"""Records of single sockets: every field of a message, structures of any length, hostile bytes."""

import struct
from collections.abc import Iterator
from socket import AF_INET, AF_INET6

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.linux.inet_message import decode_inet, identity
from nettui.linux.netlink import NetlinkDecodeError
from nettui.linux.tcp_info import decode_memory, decode_tcp_info
from nettui.model.socket import Mptcp, Socket, SocketMemory, Timer, Transport
from nettui.model.tcp_info import TcpInfo
from tests.linux.made_sockets import attribute, payload, payloads, tcp_info

TCP, UDP = Transport.TCP, Transport.UDP


def decoded(body: bytes, transport: Transport = TCP) -> Socket:
    return decode_inet(transport, b"what is before" + body + b"and behind", 14, 14 + len(body))


def test_every_field_has_its_place() -> None:
    socket = decoded(payload(
        attribute(8, b"\3"), attribute(5, b"\x10"), attribute(15, struct.pack("=I", 0xBEEF)),
        attribute(21, struct.pack("=Q", 4711)), attribute(7, struct.pack("=9I", *range(1, 10))),
        attribute(4, b"cubic\0"),
        timer=1, retries=4, ifindex=5, cookie=0x1122334455667788, expires=1500, recv_q=6, send_q=7, uid=8, inode=9,
    ))
    assert socket == Socket(
        key=0x1122334455667788, transport=TCP, family="inet", state="ESTABLISHED", local="192.0.2.1", local_port=80,
        peer="198.51.100.7", peer_port=40_000, ifindex=5, recv_q=6, send_q=7, uid=8, inode=9,
        timer=Timer(kind="retransmit", expires=1.5, retries=4), cgroup=4711, mark=0xBEEF, tos=0x10, shutdown=3,
        congestion="cubic",
        memory=SocketMemory(
            received=1, receive_limit=2, sent=3, send_limit=4, forward=5, queued=6, options=7, backlog=8, drops=9,
        ),
    )


@pytest.mark.parametrize(("family", "written", "shown"), [
    (AF_INET, "0.0.0.0", "*"), (AF_INET, "127.0.0.1", "127.0.0.1"), (AF_INET6, "::", "*"), (AF_INET6, "::1", "::1"),
    (AF_INET6, "::ffff:192.0.2.9", "192.0.2.9"), (AF_INET6, "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
])
def test_addresses(family: int, written: str, shown: str) -> None:
    socket = decoded(payload(family=family, local=written, peer=written, peer_port=0))
    assert (socket.local, socket.peer, socket.peer_port) == (shown, shown, None)
    assert socket.family == ("inet" if family == AF_INET else "inet6")


@pytest.mark.parametrize(("transport", "code", "state"), [
    (TCP, 7, "CLOSED"), (TCP, 12, "SYN_RECV"), (TCP, 10, "LISTEN"), (UDP, 7, "UNCONN"), (UDP, 1, "ESTABLISHED"),
    (Transport.RAW, 7, "UNCONN"), (Transport.MPTCP, 7, "CLOSED"),
])
def test_states(transport: Transport, code: int, state: str) -> None:
    assert decoded(payload(state=code), transport).state == state


def test_what_the_kernel_leaves_open_is_not_known() -> None:
    """Minisockets have no user; without a cookie a socket is known by its ends; a timer may be just about to fire."""
    left = decoded(payload(state=6, timer=3, inode=0, uid=0, cookie=0, expires=0xFFFFFFFF))
    assert (left.uid, left.key) == (None, "tcp 192.0.2.1:80 198.51.100.7:40000")
    assert left.timer == Timer(kind="time-wait", expires=0.0)
    assert decoded(payload(cookie=2**64 - 1)).key == left.key
    assert decoded(payload(uid=0, inode=3)).uid == 0


def test_the_traffic_class_is_that_of_the_protocol_spoken() -> None:
    both = attribute(5, b"\x10"), attribute(6, b"\x20")
    assert decoded(payload(*both, family=AF_INET6, local="::1", peer="::1")).tos == 0x20
    assert decoded(payload(*both, family=AF_INET6, local="::ffff:1.2.3.4", peer="::ffff:1.2.3.4")).tos == 0x10


def test_mptcp() -> None:
    """A connection from struct mptcp_info of Linux 5.16 and 6.6, and a subflow by its upper-layer protocol."""
    older = struct.pack("=B7xII", 2, 2, 0xABCD).ljust(48, b"\0")
    newer = older.ljust(80, b"\0") + b"\5" + bytes(15)
    of_older, of_newer = (decoded(payload(attribute(2, info)), Transport.MPTCP) for info in (older, newer))
    assert of_older.mptcp == Mptcp(token=0xABCD, flags=("remote-key-received",), subflows=3)
    assert of_newer.mptcp is not None and of_newer.mptcp.subflows == 5
    assert of_newer.info is None
    subflow = attribute(2, struct.pack("=I", 0x1234)) + attribute(8, struct.pack("=I", 0x83))
    upper = attribute(1, b"mptcp\0") + attribute(3 | 0x8000, subflow)
    found = decoded(payload(attribute(19 | 0x8000, upper))).mptcp
    assert found == Mptcp(token=0x1234, flags=("capable-remote", "capable-local", "connected"))
    assert decoded(payload(attribute(19 | 0x8000, attribute(1, b"tls\0")))).mptcp is None


@given(payloads())
def test_a_socket_can_be_asked_for_as_it_was_told(body: bytes) -> None:
    assert identity(decoded(body)) == body[4:52]


def test_without_a_cookie_it_cannot() -> None:
    with pytest.raises(ValueError, match="no cookie"):
        identity(decoded(payload(cookie=0)))


# --- tcp_info ------------------------------------------------------------------------------------------------------

FULL = tcp_info(
    state=1, ca_state=4, retransmits=1, probes=2, backoff=3, options=0xFF, app_limited=1, rto=204_000, ato=40_000,
    snd_mss=1448, rcv_mss=536, unacked=4, sacked=5, lost=6, retrans=7, last_data_sent=1000, last_data_recv=2000,
    last_ack_recv=3000, pmtu=1500, rcv_ssthresh=8, rtt=20_500, rttvar=250, ssthresh=9, cwnd=10, advmss=1460,
    reordering=11, rcv_rtt=30_000, rcv_space=12, total_retrans=13, pacing_rate=14, max_pacing_rate=15, bytes_acked=16,
    bytes_received=17, segs_out=18, segs_in=19, notsent=20, min_rtt=5_000, data_segs_in=21, data_segs_out=22,
    delivery_rate=23, busy_time=1_500_000, rwnd_limited=2_000, sndbuf_limited=3_000, bytes_sent=24, bytes_retrans=25,
    dsack_dups=26, reord_seen=27, rcv_ooopack=28, snd_wnd=29, rcv_wnd=30, total_rto=31,
)
TOLD = TcpInfo(
    ca_state="Loss", retransmits=1, probes=2, backoff=3, app_limited=True, rto=0.204, ato=0.04, snd_mss=1448,
    rcv_mss=536, unacked=4, sacked=5, lost=6, retrans=7, last_data_sent=1.0, last_data_recv=2.0, last_ack_recv=3.0,
    pmtu=1500, rcv_ssthresh=8, rtt=0.0205, rttvar=0.00025, ssthresh=9, cwnd=10, advmss=1460, reordering=11,
    rcv_rtt=0.03, rcv_space=12, total_retrans=13, pacing_rate=14, max_pacing_rate=15, bytes_acked=16,
    bytes_received=17, segs_out=18, segs_in=19, notsent=20, min_rtt=0.005, data_segs_in=21, data_segs_out=22,
    delivery_rate=23, busy_time=1.5, rwnd_limited=0.002, sndbuf_limited=0.003, bytes_sent=24, bytes_retrans=25,
    dsack_dups=26, reord_seen=27, rcv_ooopack=28, snd_wnd=29, rcv_wnd=30, total_rto=31, snd_wscale=10, rcv_wscale=7,
    options=("timestamps", "sack", "wscale", "ecn", "ecn-seen", "syn-data", "usec-ts", "tfo-child"),
)


def test_every_field_of_tcp_info_has_its_place_and_unit() -> None:
    assert decode_tcp_info(FULL) == TOLD
    assert decode_tcp_info(FULL + b"\xff" * 40) == TOLD


def told(info: TcpInfo) -> Iterator[tuple[str, object]]:
    return ((name, value) for name, value in msgspec.structs.asdict(info).items() if value not in (None, (), False))


def test_of_an_older_structure_what_is_whole_is_told() -> None:
    """Lengths are those of Linux 2.6, 3.15, 4.9 and 5.4 (git log of include/uapi/linux/tcp.h), and all between."""
    complete, last = dict(told(TOLD)), 0
    for size in range(len(FULL) + 1):
        found = dict(told(decode_tcp_info(FULL[:size])))
        assert found.items() <= complete.items()
        assert last <= len(found)
        last = len(found)
    assert last == len(complete)
    for size, newest, missing in ((104, "total_retrans", "pacing_rate"), (120, "max_pacing_rate", "bytes_acked"),
                                  (168, "delivery_rate", "busy_time"), (232, "snd_wnd", "rcv_wnd")):
        found = dict(told(decode_tcp_info(FULL[:size])))
        assert newest in found and missing not in found
        assert newest not in dict(told(decode_tcp_info(FULL[: size - 1])))


def test_what_means_nothing_is_not_told() -> None:
    unlimited = decode_tcp_info(tcp_info(
        state=1, rtt=0, rttvar=250_000, min_rtt=0xFFFFFFFF, pacing_rate=2**64 - 1, max_pacing_rate=2**64 - 1, options=0,
    ))
    assert not dict(told(unlimited)).keys() & {
        "rtt", "rttvar", "min_rtt", "ssthresh", "pacing_rate", "max_pacing_rate", "delivery_rate", "snd_wscale",
    }
    opening = decode_tcp_info(tcp_info(state=2, last_data_sent=99_999, last_data_recv=99_999, last_ack_recv=9))
    assert (opening.idle, opening.last_ack_recv) == (None, None)
    listening = decode_tcp_info(tcp_info(state=10, unacked=3, sacked=128, cwnd=10, reordering=3))
    assert listening == TcpInfo(unacked=3, sacked=128, cwnd=10, reordering=3)


def test_memory_of_older_and_newer_kernels() -> None:
    numbers = struct.pack("=8I", 1, 2, 3, 4, 0xFFFFFFF0, 6, 7, 8)
    told = decode_memory(numbers)
    assert told is not None and (told.forward, told.drops) == (0, None)  # a debt, and a kernel before 4.13
    assert decode_memory(numbers[:-1]) is None


# --- hostile -------------------------------------------------------------------------------------------------------


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    body = bytearray(draw(payloads()))
    for _ in range(draw(st.integers(0, 4))):
        body[draw(st.one_of(st.integers(0, len(body) - 1), st.integers(0, 1)))] = draw(st.integers(0, 255))
    return bytes(body[: draw(st.integers(0, len(body)))]) + draw(st.binary(max_size=12))


ULP = attribute(19, attribute(3, attribute(2, b"")))


@given(st.sampled_from([TCP, UDP, Transport.MPTCP]), st.one_of(broken(), st.binary(max_size=200)))
def test_broken_messages_are_refused_or_read_but_never_crash(transport: Transport, body: bytes) -> None:
    for candidate in (body, body + ULP):
        try:
            socket = decode_inet(transport, candidate, 0, len(candidate))
        except NetlinkDecodeError:
            continue
        assert msgspec.convert(msgspec.to_builtins(socket), Socket) == socket  # all within what a record may hold


@pytest.mark.parametrize("body", [
    payload()[:71], payload(family=1), payload(state=0), payload(state=13), payload() + b"\3\0\2\0",
    payload() + b"\xff\0\2\0", payload(attribute(19, b"\xff\xff\3\0")),
])
def test_what_makes_no_sense_is_refused(body: bytes) -> None:
    with pytest.raises(NetlinkDecodeError):
        decoded(body)
