"""sock_diag messages made by hand, from the layouts in linux/inet_diag.h and linux/netlink.h."""

import struct
from socket import AF_INET, AF_INET6, inet_pton

from hypothesis import strategies as st

TCP_STATES = range(1, 13)
DONE = struct.pack("=IHHIIi", 20, 3, 2, 1, 1, 0)


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def packed(address: str) -> bytes:
    """As in struct inet_diag_sockid: sixteen bytes, of which IPv4 takes the first four."""
    return inet_pton(AF_INET6, address) if ":" in address else inet_pton(AF_INET, address) + bytes(12)


def payload(
    *attributes: bytes, family: int = AF_INET, state: int = 1, timer: int = 0, retries: int = 0,
    local: str = "192.0.2.1", local_port: int = 80, peer: str = "198.51.100.7", peer_port: int = 40_000,
    ifindex: int = 0, cookie: int = 77, expires: int = 0, recv_q: int = 0, send_q: int = 0, uid: int = 0,
    inode: int = 1,
) -> bytes:
    """struct inet_diag_msg and what follows it."""
    ports = struct.pack("!HH", local_port, peer_port)
    rest = (ifindex, cookie & 0xFFFFFFFF, cookie >> 32, expires, recv_q, send_q, uid, inode)
    head = bytes([family, state, timer, retries]) + ports + packed(local) + packed(peer) + struct.pack("=8I", *rest)
    return head + b"".join(attributes)


def message(body: bytes, kind: int = 20) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, 2, 7, 9) + body + b"\0" * (-len(body) % 4)


def tcp_info(**fields: int) -> bytes:
    """struct tcp_info of Linux 6.7, with what a new connection has where nothing else is said."""
    values = {"ca_state": 0, "options": 7, "wscales": 0x7A, "ssthresh": 0x7FFFFFFF, "rtt": 20_000} | fields
    return b"".join(
        struct.pack(f"={kind}", values.get(name, 0)) for name, kind in (field.split(":") for field in INFO.split())
    )


INFO = (
    "state:B ca_state:B retransmits:B probes:B backoff:B options:B wscales:B app_limited:B rto:I ato:I snd_mss:I"
    " rcv_mss:I unacked:I sacked:I lost:I retrans:I fackets:I last_data_sent:I last_ack_sent:I last_data_recv:I"
    " last_ack_recv:I pmtu:I rcv_ssthresh:I rtt:I rttvar:I ssthresh:I cwnd:I advmss:I reordering:I rcv_rtt:I"
    " rcv_space:I total_retrans:I pacing_rate:Q max_pacing_rate:Q bytes_acked:Q bytes_received:Q segs_out:I segs_in:I"
    " notsent:I min_rtt:I data_segs_in:I data_segs_out:I delivery_rate:Q busy_time:Q rwnd_limited:Q sndbuf_limited:Q"
    " delivered:I delivered_ce:I bytes_sent:Q bytes_retrans:Q dsack_dups:I reord_seen:I rcv_ooopack:I snd_wnd:I"
    " rcv_wnd:I rehash:I total_rto:H total_rto_recoveries:H total_rto_time:I"
)

_WORDS = st.integers(0, 0xFFFFFFFF)
_ADDRESSES = {
    AF_INET: st.sampled_from(["0.0.0.0", "127.0.0.1", "192.0.2.1", "255.255.255.255"]),
    AF_INET6: st.sampled_from(["::", "::1", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1", "::192.0.2.1"]),
}


@st.composite
def payloads(draw: st.DrawFn, states: range = TCP_STATES, cookies: bool = True) -> bytes:
    """Any socket, with some of the attributes that a table looks at: of each choice the lengths are its own, as they
    are in what one kernel tells."""
    family, state = draw(st.sampled_from([AF_INET, AF_INET6])), draw(st.sampled_from(states))
    timer = draw(st.integers(0, 4))
    attributes = [
        *draw(st.sampled_from([[], [attribute(8, b"\3")], [attribute(15, bytes(4)), attribute(11, b"\1")]])),
        *draw(st.sampled_from([[], [attribute(21, struct.pack("=Q", draw(st.sampled_from([0, 1, 4711, 2**63]))))]])),
    ]
    if draw(st.booleans()):
        measures = {name: draw(_WORDS) for name in ("rtt", "total_retrans", "last_data_sent", "last_data_recv")}
        # All ones would be four hours of RTT, 49 days of silence: taken for what is not known.
        info = tcp_info(state=state, **{name: min(value, 0xFFFFFFFE) for name, value in measures.items()})
        attributes.append(attribute(2, info + bytes(draw(st.sampled_from([0, 32])))))
    return payload(
        *attributes, family=family, state=state, timer=timer, retries=draw(st.integers(0, 255)),
        local=draw(_ADDRESSES[family]), peer=draw(_ADDRESSES[family]), local_port=draw(st.integers(0, 65535)),
        peer_port=draw(st.integers(0, 65535)), ifindex=draw(st.integers(0, 3)), expires=draw(_WORDS),
        cookie=draw(st.integers(1, 2**64 - 2) if cookies else st.sampled_from([0, 2**64 - 1])),
        recv_q=draw(_WORDS), send_q=draw(_WORDS), uid=draw(st.sampled_from([0, 1000])), inode=draw(st.integers(0, 9)),
    )
