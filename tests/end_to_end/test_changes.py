"""The kernel announces a change, and it is on the screen at once: here nothing is read again for a whole minute."""

import re

import pytest

from tests.end_to_end.conftest import Start
from tests.lab_support import Lab

pytestmark = [pytest.mark.terminal, pytest.mark.lab]

AT_ONCE = 5.0
"""Seconds, for machines under load. With an interval of 60 s nothing but the announcement can have been in time."""


def test_links_addresses_and_routes(start: Start, lab: Lab) -> None:
    lab.ip(
        "link add up0 type veth peer name up1", "link set up0 up", "link set up1 up",
        "addr add 198.51.100.2/24 dev up0", "route add default via 198.51.100.1",
        "route add 203.0.113.0/24 via 198.51.100.9",
    )  # fmt: skip
    terminal = start("--interval", "60", inside=lab)
    terminal.until("203.0.113.0/24")
    terminal.until(re.compile(r"● up0 +198\.51\.100\.2/24"))

    lab.ip("addr add 198.51.100.77/24 dev up0")
    terminal.until("198.51.100.77/24", AT_ONCE)
    lab.ip("route del 203.0.113.0/24")
    terminal.until(lambda text: "203.0.113.0/24" not in text, AT_ONCE)
    lab.ip("link set up0 down")
    terminal.until(lambda text: not re.search(r"^│.{0,4}default", text, re.MULTILINE), AT_ONCE)
    terminal.until(re.compile(r"[▲✖·] up0"), AT_ONCE)
    lab.ip("link del up0")
    terminal.until(lambda text: " up0" not in text, AT_ONCE)
    lab.ip("link add late0 type veth peer name late1", "link set late0 up", "addr add 198.51.100.99/32 dev late0")
    terminal.until("198.51.100.99/32", AT_ONCE)


def test_a_display_on_hold_does_not_move_and_then_catches_up(start: Start, lab: Lab) -> None:
    terminal = start(inside=lab)
    terminal.type("Space")
    terminal.until("paused")
    lab.ip("link add late0 type veth peer name late1", "link set late0 up", "addr add 198.51.100.99/32 dev late0")
    assert "late0" not in terminal.settle(1.5)
    terminal.type("Space")
    terminal.until("198.51.100.99/32")
