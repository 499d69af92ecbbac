"""What `ss` says of every TCP and UDP socket, in the words of our records."""

import re
import subprocess
from collections.abc import Callable
from typing import Any

import msgspec

from nettui.model.socket import Socket

Told = dict[str, Any]
"""By field: `local`, `timer.kind`, `info.rtt`, `memory.received` ..."""

_LIST = ["ss", "-HtuanoeimO", "--tos"]
_STATES = {
    "ESTAB": "ESTABLISHED", "SYN-SENT": "SYN_SENT", "SYN-RECV": "SYN_RECV", "FIN-WAIT-1": "FIN_WAIT1",
    "FIN-WAIT-2": "FIN_WAIT2", "TIME-WAIT": "TIME_WAIT", "CLOSE-WAIT": "CLOSE_WAIT", "LAST-ACK": "LAST_ACK",
}
_TIMERS = {"on": "retransmit", "keepalive": "keepalive", "timewait": "time-wait", "persist": "probe"}
_MEMORY = {
    "r": "received", "rb": "receive_limit", "t": "sent", "tb": "send_limit", "f": "forward", "w": "queued",
    "o": "options", "bl": "backlog", "d": "drops",
}
_OPTIONS = {"ts": "timestamps", "sack": "sack", "ecn": "ecn", "ecnseen": "ecn-seen", "fastopen": "syn-data"}
_TIMES = {
    "rto": "rto", "ato": "ato", "rcv_rtt": "rcv_rtt", "minrtt": "min_rtt", "lastsnd": "last_data_sent",
    "lastrcv": "last_data_recv", "lastack": "last_ack_recv", "busy": "busy_time", "rwnd_limited": "rwnd_limited",
    "sndbuf_limited": "sndbuf_limited",
}
"""In milliseconds."""
_NUMBERS = {"mss": "snd_mss", "rcvmss": "rcv_mss"} | {
    name: name
    for name in (
        "advmss", "pmtu", "cwnd", "ssthresh", "bytes_sent", "bytes_retrans", "bytes_acked", "bytes_received",
        "segs_out", "segs_in", "data_segs_out", "data_segs_in", "notsent", "unacked", "lost", "sacked", "dsack_dups",
        "reordering", "reord_seen", "rcv_space", "rcv_ssthresh", "rcv_ooopack", "snd_wnd", "rcv_wnd", "backoff",
    )
}
_RATES = {"pacing_rate": "pacing_rate", "delivery_rate": "delivery_rate"}
"""In bits per second, after a blank."""

MOVING = frozenset({"timer.expires", *(f"info.{_TIMES[name]}" for name in (
    "lastsnd", "lastrcv", "lastack", "busy", "rwnd_limited", "sndbuf_limited",
))})
"""What time alone changes."""
_SAYS = frozenset({f"info.{name}" for name in (*_TIMES.values(), *_NUMBERS.values(), *_RATES.values())} | {
    "info.rtt", "info.rttvar", "info.retrans", "info.total_retrans", "info.snd_wscale", "info.rcv_wscale", "mark",
    "timer.kind", "info.max_pacing_rate", "ifindex",
}) - {"info.rcv_wnd", "info.sacked"}
"""What `ss` 6.1 says wherever it is not nought."""
_UNSAID: dict[str, Callable[[Any], bool]] = {
    "info.reordering": lambda number: number == 3,
    "info.ssthresh": lambda number: number >= 0xFFFF,
    "info.rto": lambda seconds: seconds == 3.0,
}
"""And what it leaves out beside that."""


def told_by_ss(links: dict[str, int]) -> dict[int, Told]:
    """All sockets by cookie. `links`: ifindex by name."""
    listed = subprocess.run(_LIST, capture_output=True, text=True, check=True, timeout=30).stdout
    return {told["key"]: told for told in (_parsed(line, links) for line in listed.splitlines())}


def flat(socket: Socket) -> Told:
    """One of our records in the same form; `None`s, empty tuples and `False` left out."""
    told: Told = {}
    for name, value in msgspec.structs.asdict(socket).items():
        if isinstance(value, msgspec.Struct):
            told |= {f"{name}.{part}": each for part, each in msgspec.structs.asdict(value).items()}
        else:
            told[name] = value
    return {name: value for name, value in told.items() if value is not None and value is not False and value != ()}


def still(told: dict[int, Told]) -> dict[int, Told]:
    """Without what time changes."""
    return {key: {name: value for name, value in each.items() if name not in MOVING} for key, each in told.items()}


def differences(ours: Told, before: Told, after: Told) -> dict[str, tuple[object, object]]:
    """What a record says otherwise than `ss`, which was asked before and after: (ours, theirs) by field."""
    found = {}
    for name, theirs in before.items():
        mine = ours.get(name)
        if name in MOVING:
            low, high = sorted((theirs, after[name]))
            slack = 60.0 if low > 500 else 1.0 if low > 9 else 0.002  # of long spans `ss` gives but minutes, or seconds
            alike = isinstance(mine, float) and low - slack <= mine <= high + slack
        elif isinstance(theirs, float):
            alike = isinstance(mine, int | float) and abs(mine - theirs) <= 1e-5 * theirs + 1e-6
        elif name == "uid":
            alike = (mine or 0) == theirs
        else:
            alike = mine == theirs
        if not alike:
            found[name] = (mine, theirs)
    for name in _SAYS & ours.keys() - before.keys():
        mine = ours[name]
        less_than_a_millisecond = name in MOVING and mine < 0.001
        if mine and not less_than_a_millisecond and not _UNSAID.get(name, lambda _: False)(mine):
            found[name] = (mine, "nothing")
    return found


def _parsed(line: str, links: dict[str, int]) -> Told:
    transport, state, recv_q, send_q, local, peer, *words = line.split()
    rest = " ".join(words)
    told: Told = {
        "transport": transport, "state": _STATES.get(state, state), "recv_q": int(recv_q), "send_q": int(send_q),
        "key": int(_word("sk", rest) or "0", 16), "inode": int(_word("ino", rest) or 0),
        "uid": int(_word("uid", rest) or 0),
    }
    _end(told, "local", local, links)
    _end(told, "peer", peer, links)
    if mark := _word("fwmark", rest):
        told["mark"] = int(mark, 16)
    if timer := re.search(r"timer:\((\w+),(?:(\d+)min)?(?:(\d+)(?:sec|\.))?(?:(\d+)ms)?,(\d+)\)", rest):
        kind, minutes, seconds, milli, retries = timer.groups()
        told |= {"timer.kind": _TIMERS[kind], "timer.retries": int(retries)}
        told["timer.expires"] = int(minutes or 0) * 60 + int(seconds or 0) + int(milli or 0) / 1000
    if memory := re.search(r"skmem:\((.*?)\)", rest):
        for letters, number in re.findall(r"([a-z]+)(\d+)", memory[1]):
            told[f"memory.{_MEMORY[letters]}"] = int(number)
    if transport == "tcp":
        told |= {f"info.{name}": value for name, value in _info(told["state"], rest).items()}
    return told


def _end(told: Told, which: str, text: str, links: dict[str, int]) -> None:
    address, _, port = text.rpartition(":")
    address, _, link = address.strip("[]").partition("%")
    if link:
        told["ifindex"] = links[link.strip("]")]
    address = address.removeprefix("::ffff:").rstrip("]")
    told[which] = "*" if address in ("0.0.0.0", "::", "*") else address
    if port != "*":
        told[f"{which}_port"] = int(port)


def _info(state: str, rest: str) -> Told:
    words = set(rest.split())
    told: Told = {name: _seconds(found) for word, name in _TIMES.items() if (found := _word(word, rest))}
    told |= {name: int(found) for word, name in _NUMBERS.items() if (found := _word(word, rest))}
    for word, name in _RATES.items():
        if found := re.search(rf"(?<!\S){word} (\d+)(?:bps)?(?:/(\d+)bps)?", rest):
            told[name] = int(found[1]) / 8
            if found[2]:
                told["max_pacing_rate"] = int(found[2]) / 8
    if found := re.search(r"(?<!\S)rtt:([\d.]+)/([\d.]+)", rest):
        told |= {"rtt": float(found[1]) / 1e3, "rttvar": float(found[2]) / 1e3}
    if found := re.search(r"(?<!\S)retrans:(\d+)/(\d+)", rest):
        told |= {"retrans": int(found[1]), "total_retrans": int(found[2])}
    if found := re.search(r"(?<!\S)wscale:(\d+),(\d+)", rest):
        told |= {"snd_wscale": int(found[1]), "rcv_wscale": int(found[2])}
    options = [name for word, name in _OPTIONS.items() if word in words]
    if "snd_wscale" in told:
        options.insert(sum(name in options for name in ("timestamps", "sack")), "wscale")
    if options:
        told["options"] = tuple(options)
    if "app_limited" in words:
        told["app_limited"] = True
    if state == "SYN_SENT":
        for name in ("last_data_sent", "last_data_recv", "last_ack_recv"):
            told.pop(name, None)  # `ss` gives the time since the host was started
    return told


def _word(name: str, rest: str) -> str:
    found = re.search(rf"(?<!\S){name}:(\S+)", rest)
    return found[1] if found else ""


def _seconds(text: str) -> float:
    return float(text.partition("ms")[0]) / 1e3
