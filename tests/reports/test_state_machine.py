"""The TCP state machine as a drawing, as a path, and in words."""

import re
from itertools import pairwise

import pytest

from nettui.model.socket import UNCONN
from nettui.model.tcp import STATES
from nettui.reports.state_machine import drawing, path, words
from nettui.tui.glyphs import ASCII, UNICODE

EDGES = {
    "LISTEN": {"SYN_RECV"}, "SYN_SENT": {"ESTABLISHED"}, "SYN_RECV": {"ESTABLISHED"},
    "ESTABLISHED": {"FIN_WAIT1", "CLOSE_WAIT"}, "FIN_WAIT1": {"FIN_WAIT2", "CLOSING"}, "FIN_WAIT2": {"TIME_WAIT"},
    "CLOSING": {"TIME_WAIT"}, "TIME_WAIT": {"CLOSED"}, "CLOSE_WAIT": {"LAST_ACK"}, "LAST_ACK": {"CLOSED"},
}  # fmt: skip
"""Where a connection goes from each state: RFC 9293, figure 5, without what Linux does not do."""


def test_the_place_of_a_socket_is_marked_and_nothing_moves() -> None:
    assert drawing("CLOSE_WAIT") == (
        " accepted                        closed here first",
        " LISTEN ─ SYN_RECV ┐             ┌ FIN_WAIT1 ┬ FIN_WAIT2 ┬ TIME_WAIT ┐",
        "                   ├ ESTABLISHED ┤           └ CLOSING ──┘           │",
        " SYN_SENT ─────────┘             └[CLOSE_WAIT]── LAST_ACK ── CLOSED ─┘",
        " asked for                       closed by the peer first",
    )


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_marked_exactly_once(state: str) -> None:
    shown = drawing(state)
    assert re.findall(r"\[(\w+)\]", "\n".join(shown)) == [state]
    assert [line.replace("[", " ").replace("]", " ") for line in shown] == list(drawing(UNCONN))
    assert len(shown) <= 9 and max(map(len, shown)) <= 76


@pytest.mark.parametrize("state", STATES)
def test_ascii_can_stand_in_for_every_sign(state: str) -> None:
    for line in (*drawing(state), path(state, True), path(state, True, 20)):
        shown = ASCII.shown(line)
        assert shown.isascii() and "?" not in shown and len(shown) == len(line)
        assert UNICODE.shown(line) == line


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("accepted", [True, False, None])
def test_a_path_goes_only_where_a_connection_can_go(state: str, accepted: bool | None) -> None:
    line = path(state, accepted, 200)
    steps = re.findall(r"[A-Z][A-Z_0-9]+(?: or [A-Z_]+)?", line)
    assert f"[ {state} ]" in line or (line, len(steps)) == (f"[ {state} ]", 1)
    for before, after in pairwise(steps):
        assert set(after.split(" or ")) <= EDGES[before], line


def test_a_path_tells_who_opened_it_and_loses_its_beginning_where_there_is_no_room() -> None:
    assert path("CLOSE_WAIT", True) == "LISTEN ─ SYN_RECV ─ ESTABLISHED ─[ CLOSE_WAIT ]─ LAST_ACK ─ CLOSED"
    assert path("CLOSE_WAIT", False) == "SYN_SENT ─ ESTABLISHED ─[ CLOSE_WAIT ]─ LAST_ACK ─ CLOSED"
    assert path("CLOSE_WAIT") == "ESTABLISHED ─[ CLOSE_WAIT ]─ LAST_ACK ─ CLOSED"
    assert path("CLOSE_WAIT", True, 50) == "… ─ ESTABLISHED ─[ CLOSE_WAIT ]─ LAST_ACK ─ CLOSED"
    assert path("CLOSE_WAIT", True, 10) == "… ─[ CLOSE_WAIT ]─ LAST_ACK ─ CLOSED"
    assert path("ESTABLISHED", False) == "SYN_SENT ─[ ESTABLISHED ]─ FIN_WAIT1 or CLOSE_WAIT"


@pytest.mark.parametrize("state", [*STATES, UNCONN])
def test_every_state_has_words_of_its_own(state: str) -> None:
    meaning, next_step = words(state)
    assert meaning.endswith(".") and next_step.endswith(".")
    assert [other for other in (*STATES, UNCONN) if words(other).meaning == meaning] == [state]
    for named in re.findall(r"\b[A-Z]+_[A-Z0-9]+\b|ESTABLISHED", next_step):
        assert named in STATES


def test_the_words_know_what_people_get_wrong() -> None:
    assert "call close()" in words("CLOSE_WAIT").meaning.replace("called", "call")
    assert "no keepalive" in words("CLOSE_WAIT").next
    assert "60 s" in words("TIME_WAIT").next and "whatever tcp_fin_timeout says" in words("TIME_WAIT").next
