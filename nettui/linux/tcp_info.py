"""What the kernel tells of one TCP connection (struct tcp_info, linux/tcp.h) and of a socket's memory, in our units.

The structure only ever grows: what an older kernel does not tell is None, what a newer one tells beyond it is left.
"""

import sys
from itertools import accumulate
from struct import Struct as Layout
from struct import calcsize

from nettui.linux.rtnetlink import names
from nettui.model.socket import SocketMemory
from nettui.model.tcp_info import TcpInfo

_FIELDS = (
    "state:B ca_state:B retransmits:B probes:B backoff:B options:B wscales:B flags:B"
    " rto:I ato:I snd_mss:I rcv_mss:I unacked:I sacked:I lost:I retrans:I fackets:I"
    " last_data_sent:I last_ack_sent:I last_data_recv:I last_ack_recv:I"
    " pmtu:I rcv_ssthresh:I rtt:I rttvar:I ssthresh:I cwnd:I advmss:I reordering:I rcv_rtt:I rcv_space:I"
    " total_retrans:I pacing_rate:Q max_pacing_rate:Q bytes_acked:Q bytes_received:Q segs_out:I segs_in:I"
    " notsent:I min_rtt:I data_segs_in:I data_segs_out:I delivery_rate:Q busy_time:Q rwnd_limited:Q sndbuf_limited:Q"
    " delivered:I delivered_ce:I bytes_sent:Q bytes_retrans:Q dsack_dups:I reord_seen:I rcv_ooopack:I snd_wnd:I"
    " rcv_wnd:I rehash:I total_rto:H"
)
"""Of struct tcp_info as far as it is shown: name and type, without gaps between them."""
_NAMES, _TYPES = zip(*(field.split(":") for field in _FIELDS.split()), strict=True)
_ENDS = tuple(accumulate(calcsize(f"={kind}") for kind in _TYPES))
_LAYOUT = Layout("=" + "".join(_TYPES))

_LISTEN, _SYN_SENT, _CLOSED = 10, 2, 7
_CA_STATES = ("Open", "Disorder", "CWR", "Recovery", "Loss")
_OPTIONS = (
    (1, "timestamps"), (2, "sack"), (4, "wscale"), (8, "ecn"), (16, "ecn-seen"), (32, "syn-data"), (64, "usec-ts"),
    (128, "tfo-child"),
)
_WSCALE = 4
_UNLIMITED = 0xFFFFFFFFFFFFFFFF
_NO_MINIMUM = 0xFFFFFFFF
_NO_THRESHOLD = 0x7FFFFFFF  # TCP_INFINITE_SSTHRESH

_LOW_BITS_FIRST = sys.byteorder == "little"  # where C puts the first of a byte's bit fields

_MEMORY = Layout("=8I")


def decode_tcp_info(data: bytes) -> TcpInfo:
    """INET_DIAG_INFO of a TCP socket, of whatever length.

    Of a listener the kernel fills in little, of a connection that does not stand yet nothing about data that went
    over it: what it left out or what means nothing is None.
    """
    raw = _raw(data)
    if raw["state"] == _LISTEN:
        return TcpInfo(
            unacked=raw["unacked"], sacked=raw["sacked"], cwnd=raw["cwnd"], reordering=raw["reordering"],
            pacing_rate=_rate(raw["pacing_rate"]), max_pacing_rate=_rate(raw["max_pacing_rate"]),
        )
    options, ca_state = raw["options"] or 0, raw["ca_state"]
    snd_wscale, rcv_wscale = _nibbles(raw["wscales"] or 0) if options & _WSCALE else (None, None)
    stands = raw["state"] not in (_SYN_SENT, _CLOSED, None)
    ssthresh, min_rtt = raw["ssthresh"], raw["min_rtt"]
    return TcpInfo(
        rtt=_micro(raw["rtt"]),
        rttvar=_spent(raw["rttvar"]) if raw["rtt"] else None,
        min_rtt=None if min_rtt == _NO_MINIMUM else _micro(min_rtt),
        rcv_rtt=_micro(raw["rcv_rtt"]),
        rto=_micro(raw["rto"]),
        ato=_micro(raw["ato"]),
        cwnd=raw["cwnd"],
        ssthresh=None if ssthresh is None or ssthresh >= _NO_THRESHOLD else ssthresh,
        reordering=raw["reordering"],
        reord_seen=raw["reord_seen"],
        snd_mss=raw["snd_mss"] or None,
        rcv_mss=raw["rcv_mss"] or None,
        advmss=raw["advmss"] or None,
        pmtu=raw["pmtu"] or None,
        pacing_rate=_rate(raw["pacing_rate"]),
        max_pacing_rate=_rate(raw["max_pacing_rate"]),
        delivery_rate=_rate(raw["delivery_rate"]),
        app_limited=bool((raw["flags"] or 0) & (0x01 if _LOW_BITS_FIRST else 0x80)),
        bytes_sent=raw["bytes_sent"],
        bytes_acked=raw["bytes_acked"],
        bytes_received=raw["bytes_received"],
        bytes_retrans=raw["bytes_retrans"],
        segs_out=raw["segs_out"],
        segs_in=raw["segs_in"],
        data_segs_out=raw["data_segs_out"],
        data_segs_in=raw["data_segs_in"],
        notsent=raw["notsent"],
        unacked=raw["unacked"],
        sacked=raw["sacked"],
        lost=raw["lost"],
        retrans=raw["retrans"],
        total_retrans=raw["total_retrans"],
        retransmits=raw["retransmits"],
        probes=raw["probes"],
        backoff=raw["backoff"],
        dsack_dups=raw["dsack_dups"],
        rcv_ooopack=raw["rcv_ooopack"],
        total_rto=raw["total_rto"],
        rcv_space=raw["rcv_space"],
        rcv_ssthresh=raw["rcv_ssthresh"],
        snd_wnd=raw["snd_wnd"] if stands else None,
        rcv_wnd=raw["rcv_wnd"],
        last_data_sent=_milli(raw["last_data_sent"]) if stands else None,
        last_data_recv=_milli(raw["last_data_recv"]) if stands else None,
        last_ack_recv=_milli(raw["last_ack_recv"]) if stands else None,
        busy_time=_spent(raw["busy_time"]),
        rwnd_limited=_spent(raw["rwnd_limited"]),
        sndbuf_limited=_spent(raw["sndbuf_limited"]),
        ca_state=_CA_STATES[ca_state] if ca_state is not None and ca_state < len(_CA_STATES) else None,
        options=names(options, _OPTIONS),
        snd_wscale=snd_wscale,
        rcv_wscale=rcv_wscale,
    )


def decode_memory(data: bytes) -> SocketMemory | None:
    """INET_DIAG_SKMEMINFO: numbers in the order of SK_MEMINFO_* (linux/sock_diag.h); None where it is cut short."""
    if len(data) < _MEMORY.size:
        return None
    received, receive_limit, sent, send_limit, forward, queued, options, backlog = _MEMORY.unpack_from(data)
    return SocketMemory(
        received=received, receive_limit=receive_limit, sent=sent, send_limit=send_limit,
        forward=0 if forward >> 31 else forward,  # the kernel lets a socket run a little into debt
        queued=queued, options=options, backlog=backlog,
        drops=int.from_bytes(data[32:36], sys.byteorder) if len(data) >= 36 else None,
    )


def _raw(data: bytes) -> dict[str, int | None]:
    """The fields by name; None for those that are not there, or not whole."""
    values = _LAYOUT.unpack(data[: _LAYOUT.size].ljust(_LAYOUT.size, b"\0"))
    size = len(data)
    return {name: value if end <= size else None for name, value, end in zip(_NAMES, values, _ENDS, strict=True)}


def _nibbles(byte: int) -> tuple[int, int]:
    """Two bit fields of four bits each, the first one first."""
    return (byte & 15, byte >> 4) if _LOW_BITS_FIRST else (byte >> 4, byte & 15)


def _micro(value: int | None) -> float | None:
    """Seconds from microseconds; 0 was not measured."""
    return value / 1e6 if value else None


def _spent(value: int | None) -> float | None:
    """Seconds from microseconds, of which there may have been none."""
    return None if value is None else value / 1e6


def _milli(value: int | None) -> float | None:
    return None if value is None else value / 1e3


def _rate(value: int | None) -> int | None:
    """Bytes per second; 0 is not known yet."""
    return None if value == _UNLIMITED else value or None
