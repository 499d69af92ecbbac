"""What TCP tells of one connection, as headed paragraphs."""

from collections.abc import Sequence

from nettui.model.socket import Socket
from nettui.model.tcp_info import TcpInfo
from nettui.reports.format import UNKNOWN, Units, age, rate, rate_unit, size, thousands
from nettui.reports.paragraphs import Paragraph
from nettui.reports.sockets_naming import latency
from nettui.sockets.readings import Reading, throughput


def tcp_details(socket: Socket, info: TcpInfo, readings: Sequence[Reading], units: Units) -> list[Paragraph]:
    """Everything of a connection's TcpInfo; what was not told is `--` where it matters, else left out."""
    return [
        ("Path", _path(info)),
        ("Windows", _windows(socket, info)),
        ("Rates", _rates(info, readings, units)),
        ("Sent", (_sent(info),)),
        ("Received", (_received(info),)),
        ("Losses", _losses(info)),
        ("Held up", (_held_up(info),)),
        ("Last data", (_last(info),)),
        ("Options", (_options(info),)),
    ]


def _path(info: TcpInfo) -> tuple[str, ...]:
    spread = f" ±{latency(info.rttvar)}" if info.rttvar is not None else ""
    times = f"rtt {latency(info.rtt)}{spread}, least {latency(info.min_rtt)}, rto {latency(info.rto)}"
    if info.rcv_rtt:
        times += f", rtt seen by the receiver {latency(info.rcv_rtt)}"
    if info.ato:
        times += f", delayed ack {latency(info.ato)}"
    sizes = f"mss {_plain(info.snd_mss)} out, {_plain(info.rcv_mss)} in, {_plain(info.advmss)} advertised"
    return times, f"{sizes}, path mtu {_plain(info.pmtu)}"


def _windows(socket: Socket, info: TcpInfo) -> tuple[str, ...]:
    slow_start = "none yet" if info.ssthresh is None else thousands(info.ssthresh)
    lines = [f"cwnd {thousands(info.cwnd)}, ssthresh {slow_start}, {thousands(info.unacked)} segments on their way"]
    lines.append(f"congestion control {socket.congestion or UNKNOWN}, state {info.ca_state or UNKNOWN}")
    lines.append(f"the peer has room for {size(info.snd_wnd)}, this side for {size(info.rcv_wnd)}")
    return tuple(lines)


def _rates(info: TcpInfo, readings: Sequence[Reading], units: Units) -> tuple[str, ...]:
    unit = rate_unit(units)
    newest = throughput(readings[-2:])
    out, into = (newest[-1].sent, newest[-1].received) if newest else (None, None)
    why = "" if newest else " (needs two readings)"
    limited = ", held down by the program" if info.app_limited and info.delivery_rate is not None else ""
    most = "" if info.max_pacing_rate is None else f", at most {rate(info.max_pacing_rate, units)} {unit}"
    return (
        f"now {rate(out, units)} {unit} out, {rate(into, units)} {unit} in{why}",
        f"delivery {rate(info.delivery_rate, units)} {unit}{limited}",
        f"pacing {rate(info.pacing_rate, units)} {unit}{most}",
    )


def _sent(info: TcpInfo) -> str:
    text = f"{size(info.bytes_sent)}, acknowledged {size(info.bytes_acked)}"
    text += f", in {thousands(info.segs_out)} segments ({thousands(info.data_segs_out)} with data)"
    return text + (f", {size(info.notsent)} not sent yet" if info.notsent else "")


def _received(info: TcpInfo) -> str:
    text = f"{size(info.bytes_received)}, in {thousands(info.segs_in)} segments"
    text += f" ({thousands(info.data_segs_in)} with data)"
    return text + (f", {thousands(info.rcv_ooopack)} out of order" if info.rcv_ooopack else "")


def _losses(info: TcpInfo) -> tuple[str, ...]:
    again = f"{thousands(info.total_retrans)} segments sent again"
    if info.bytes_retrans:
        again += f" ({size(info.bytes_retrans)}{_share(info.bytes_retrans, info.bytes_sent, ' of what was sent')})"
    others = (
        (info.retrans, "{} of them not acknowledged yet"),
        (info.lost, "{} taken for lost"),
        (info.sacked, "{} acknowledged out of order"),
        (info.dsack_dups, "{} that had arrived after all"),
        (info.total_rto, "{} timeouts"),
        (info.retransmits, "{} timeouts in a row without an answer"),
        (info.probes, "{} probes without an answer"),
        (info.backoff, "timeout doubled {} times"),
    )
    found = ", ".join(text.format(thousands(count)) for count, text in others if count)
    order = f"reordering {_plain(info.reordering)}"
    order += f", seen {thousands(info.reord_seen)} times" if info.reord_seen else ""
    return tuple(line for line in (again, found, order) if line)


def _held_up(info: TcpInfo) -> str:
    if info.busy_time is None:
        return UNKNOWN
    peer = _share(info.rwnd_limited, info.busy_time, " of it held up by the peer's window")
    buffer = _share(info.sndbuf_limited, info.busy_time, " by a send buffer too small")
    return f"busy sending for {_span(info.busy_time)}{peer}{buffer}"


def _last(info: TcpInfo) -> str:
    return f"sent {_ago(info.last_data_sent)}, received {_ago(info.last_data_recv)}, ack {_ago(info.last_ack_recv)}"


def _options(info: TcpInfo) -> str:
    scales = "" if info.snd_wscale is None else f" (window scale {info.snd_wscale} out, {_plain(info.rcv_wscale)} in)"
    return (" ".join(info.options) or "none negotiated") + scales


def _plain(value: int | None) -> str:
    return UNKNOWN if value is None else str(value)


def _share(part: float | None, whole: float | None, what: str) -> str:
    return f", {100 * part / whole:.1f} %{what}" if part is not None and whole else ""


def _span(seconds: float) -> str:
    return latency(seconds) if seconds < 60 else age(seconds)


def _ago(seconds: float | None) -> str:
    return UNKNOWN if seconds is None else f"{_span(seconds)} ago"
