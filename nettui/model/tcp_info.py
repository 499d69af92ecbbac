"""What TCP knows of one connection: struct tcp_info (linux/tcp.h), in units people use."""

from msgspec import Struct


class TcpInfo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One connection's inner state. None: this kernel does not tell it, or it means nothing in this state.

    Times and spans are seconds, sizes bytes, rates bytes per second, windows (cwnd, ssthresh) segments.
    """

    rtt: float | None = None
    rttvar: float | None = None
    min_rtt: float | None = None
    rcv_rtt: float | None = None
    rto: float | None = None
    ato: float | None = None
    """Delayed ACK timeout."""
    cwnd: int | None = None
    ssthresh: int | None = None
    """None also while slow start has no limit yet."""
    reordering: int | None = None
    reord_seen: int | None = None
    snd_mss: int | None = None
    rcv_mss: int | None = None
    advmss: int | None = None
    pmtu: int | None = None
    pacing_rate: int | None = None
    """None also where it is without limit."""
    max_pacing_rate: int | None = None
    delivery_rate: int | None = None
    app_limited: bool = False
    """Whether `delivery_rate` was held down by the program, not by the path."""
    bytes_sent: int | None = None
    """Retransmitted ones included."""
    bytes_acked: int | None = None
    """A byte each for SYN and FIN included."""
    bytes_received: int | None = None
    bytes_retrans: int | None = None
    segs_out: int | None = None
    segs_in: int | None = None
    data_segs_out: int | None = None
    data_segs_in: int | None = None
    notsent: int | None = None
    """Bytes written by the program and not sent yet."""
    unacked: int | None = None
    """Segments on their way. Of a listener: connections in the accept queue."""
    sacked: int | None = None
    """Of a listener: the backlog."""
    lost: int | None = None
    retrans: int | None = None
    """Retransmitted segments that are not acknowledged yet."""
    total_retrans: int | None = None
    """Segments retransmitted since the connection began."""
    retransmits: int | None = None
    """Timeouts in a row without an answer."""
    probes: int | None = None
    """Keepalive or window probes without an answer."""
    backoff: int | None = None
    dsack_dups: int | None = None
    rcv_ooopack: int | None = None
    """Segments that came out of order."""
    total_rto: int | None = None
    """Retransmission timeouts since the connection began."""
    rcv_space: int | None = None
    rcv_ssthresh: int | None = None
    snd_wnd: int | None = None
    """Bytes that the peer has room for."""
    rcv_wnd: int | None = None
    """Bytes that this side says it has room for."""
    last_data_sent: float | None = None
    """Seconds since."""
    last_data_recv: float | None = None
    last_ack_recv: float | None = None
    busy_time: float | None = None
    """Seconds in which there was something to send."""
    rwnd_limited: float | None = None
    """Of these, seconds in which the peer's window held it up."""
    sndbuf_limited: float | None = None
    """Of these, seconds in which the send buffer was too small."""
    ca_state: str | None = None
    """Open, Disorder, CWR, Recovery or Loss (enum tcp_ca_state)."""
    options: tuple[str, ...] = ()
    """Negotiated: timestamps, sack, wscale, ecn, ecn-seen, syn-data, ..."""
    snd_wscale: int | None = None
    rcv_wscale: int | None = None

    @property
    def payload_sent(self) -> int | None:
        """Bytes of the program's that were sent, each counted once; about them where the kernel tells only the ACKs."""
        if self.bytes_sent is None:
            return self.bytes_acked
        return self.bytes_sent - (self.bytes_retrans or 0)

    @property
    def idle(self) -> float | None:
        """Seconds without data in either direction."""
        known = [span for span in (self.last_data_sent, self.last_data_recv) if span is not None]
        return min(known) if known else None
