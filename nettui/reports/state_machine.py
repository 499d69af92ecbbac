"""The states of TCP as a drawing (RFC 9293, section 3.3.2), and what one socket's state means in plain words."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nettui.model.socket import UNCONN


class StateWords(NamedTuple):
    """What a state means for the one socket that is in it."""

    meaning: str
    next: str
    """What has to happen for it to go on, and where to."""


_DRAWING = """\
 accepted                        closed here first
 LISTEN ─ SYN_RECV ┐             ┌ FIN_WAIT1 ┬ FIN_WAIT2 ┬ TIME_WAIT ┐
                   ├ ESTABLISHED ┤           └ CLOSING ──┘           │
 SYN_SENT ─────────┘             └ CLOSE_WAIT ── LAST_ACK ── CLOSED ─┘
 asked for                       closed by the peer first\
"""

_SERVER, _CLIENT = ("LISTEN", "SYN_RECV", "ESTABLISHED"), ("SYN_SENT", "ESTABLISHED")
_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "FIN_WAIT1": ("FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSED"),
    "FIN_WAIT2": ("FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSED"),
    "TIME_WAIT": ("FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSED"),
    "CLOSING": ("FIN_WAIT1", "CLOSING", "TIME_WAIT", "CLOSED"),
    "CLOSE_WAIT": ("CLOSE_WAIT", "LAST_ACK", "CLOSED"),
    "LAST_ACK": ("CLOSE_WAIT", "LAST_ACK", "CLOSED"),
}


def words(state: str) -> StateWords:
    """What a state means; of one there is no such state of, that too."""
    return _WORDS.get(state, StateWords(f"{state} is no state of TCP.", "--"))


def drawing(state: str) -> tuple[str, ...]:
    """All states and the ways between them, `state` in brackets. ASCII can stand in for every sign of it."""
    return tuple(_marked(line, state) for line in _DRAWING.splitlines())


def path(state: str, accepted: bool | None = None, width: int = 76) -> str:
    """The way of one connection in a line: `SYN_SENT ─ ESTABLISHED ─[ CLOSE_WAIT ]─ LAST_ACK ─ CLOSED`.

    `accepted`: it came in through a listener; None where that is not known. What does not fit in `width` is left out at
    the beginning.
    """
    steps, first = _steps(state, accepted), 0
    line = _joined(steps, state)
    while len(line) > width and steps[first] != state:
        first += 1
        line = _joined(["…", *steps[first:]], state)
    return line


def _steps(state: str, accepted: bool | None) -> list[str]:
    opening: Sequence[str] = ("ESTABLISHED",) if accepted is None else _SERVER if accepted else _CLIENT
    if state in ("LISTEN", "SYN_RECV"):
        return list(_SERVER)
    if state == "SYN_SENT":
        return list(_CLIENT)
    if state == "ESTABLISHED":
        return [*opening, "FIN_WAIT1 or CLOSE_WAIT"]
    return [*opening, *_ENDINGS[state]] if state in _ENDINGS else [state]


def _joined(steps: Sequence[str], state: str) -> str:
    line = " ─ ".join(f"[ {step} ]" if step == state else step for step in steps)
    return line.replace("─ [", "─[").replace("] ─", "]─")


def _marked(line: str, state: str) -> str:
    return line.replace(f" {state} ", f"[{state}]")


_WORDS: Mapping[str, StateWords] = {
    "LISTEN": StateWords(
        "The program waits for connections on this port.",
        "Each SYN that comes makes a socket of its own; this one stays until the program closes it.",
    ),
    "SYN_SENT": StateWords(
        "This host has asked for a connection (SYN) and has no answer yet.",
        "An answer makes it ESTABLISHED; without one the SYN is sent again, with longer and longer pauses, "
        "for a minute or two (tcp_syn_retries).",
    ),
    "SYN_RECV": StateWords(
        "A client's SYN was answered (SYN-ACK); its ACK has not come yet.",
        "The ACK makes it ESTABLISHED and puts it into the listener's accept queue; without one it goes after "
        "about a minute (tcp_synack_retries).",
    ),
    "ESTABLISHED": StateWords(
        "The connection is open both ways.",
        "The side that closes first goes to FIN_WAIT1, the other to CLOSE_WAIT.",
    ),
    "FIN_WAIT1": StateWords(
        "This side has closed (FIN sent); the peer has not acknowledged it yet.",
        "The peer's ACK brings FIN_WAIT2. Until then the FIN is sent again; that heals, unless peer or path are gone.",
    ),
    "FIN_WAIT2": StateWords(
        "This side has closed and the peer knows it; the peer has not closed its own side.",
        "The peer's FIN brings TIME_WAIT. If no program here holds it any more, tcp_fin_timeout (60 s) ends it; "
        "if one does, it stays as long as the peer likes.",
    ),
    "TIME_WAIT": StateWords(
        "The connection is over; this side closed first. Its addresses and ports rest, so that the last ACK can be "
        "sent again and no stray segment reaches a new connection.",
        "On Linux it goes after 60 s, whatever tcp_fin_timeout says. No program holds it and nothing needs to be done.",
    ),
    "CLOSE_WAIT": StateWords(
        "The peer has closed; this program has not called close().",
        "It stays until the program closes it or ends: no timeout and no keepalive does that. Then comes LAST_ACK.",
    ),
    "LAST_ACK": StateWords(
        "Both sides have closed; this side's FIN waits for its acknowledgement.",
        "The peer's ACK ends it. Until then the FIN is sent again; that heals, unless peer or path are gone.",
    ),
    "CLOSING": StateWords(
        "Both sides closed at the same moment; each waits for the other's acknowledgement.",
        "The peer's ACK brings TIME_WAIT. Rare and brief: if it lasts, the path loses packets.",
    ),
    "CLOSED": StateWords(
        "No connection: the program made this socket and has not connected it, or still holds it after its end.",
        "connect() brings SYN_SENT, listen() brings LISTEN, close() ends it.",
    ),
    UNCONN: StateWords(
        "No connection: the socket takes what comes to its address and port, from anybody.",
        "connect() would bind it to one peer; it stays until the program closes it.",
    ),
}
