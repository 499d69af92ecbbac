"""The kernel's totals: figures a second, over a quarter of a minute."""

from typing import Any

import pytest

from nettui.model.vitals import Vitals
from tests.diagnosis.crowd import USUAL, Host
from tests.diagnosis.world import START

AGAIN, RESETS, ORPHANS, MEMORY = "tcp.retransmit", "tcp.resets", "tcp.orphans", "tcp.memory"


@pytest.mark.parametrize(("resent", "share", "severity"), [(110, 9.91, "warning"), (500, 33.3, "critical")])
def test_a_path_that_loses(resent: float, share: float, severity: str) -> None:
    host = Host()
    host.totals(20, tcp_out_segs=1_000, tcp_retrans_segs=resent)
    assert host.names == [(AGAIN, "host", severity)]
    found = host.findings[0]
    assert found.value == pytest.approx(share, abs=0.1)
    assert host.told[0][0] <= 16 and found.since <= START + 1
    assert set(found.trend) == {resent}


@pytest.mark.parametrize(
    "rates",
    [
        {"tcp_out_segs": 1_000, "tcp_retrans_segs": 40},
        {"tcp_out_segs": 8, "tcp_retrans_segs": 2},  # two of ten
        {"tcp_out_segs": 100_000},
        # Nobody answers the SYNs of this host: that is another rule's.
        {"tcp_out_segs": 300, "tcp_retrans_segs": 200, "syn_retrans": 198},
    ],
)
def test_segments_sent_again_that_are_no_trouble(rates: dict[str, float]) -> None:
    host = Host()
    host.totals(60, **rates)
    assert host.told == []


def test_a_burst_of_losses() -> None:
    host = Host()
    for _ in range(4):
        host.totals(15, tcp_out_segs=1_000)
        host.totals(4, tcp_out_segs=1_000, tcp_retrans_segs=900)
    assert host.told == []


def test_it_ends_when_the_path_is_sound_again() -> None:
    host = Host()
    host.totals(20, tcp_out_segs=1_000, tcp_retrans_segs=110)
    host.totals(45, tcp_out_segs=1_000)
    assert [what for _, _, _, what in host.told] == ["warning", "closed"]


def test_counters_that_begin_again() -> None:
    host = Host()
    host.totals(30, tcp_out_segs=1_000, tcp_retrans_segs=10)
    host.restart_counters()
    host.totals(30, tcp_out_segs=1_000, tcp_retrans_segs=10)
    assert host.told == []


@pytest.mark.parametrize("interval", [0.5, 10.0])
def test_at_another_pace(interval: float) -> None:
    host = Host(interval=interval)
    host.totals(60, tcp_out_segs=1_000, tcp_retrans_segs=110)
    assert host.names == [(AGAIN, "host", "warning")]


def test_vitals_that_do_not_tell() -> None:
    host = Host()
    host.run(30, lambda n: {"settings": USUAL, "vitals": Vitals(at=0)})
    host.run(30, lambda n: {"settings": USUAL, "vitals": Vitals(at=0, tcp_out_segs=1_000 * n)})
    host.run(30, lambda n: {"settings": None, "vitals": Vitals(at=0, tcp_orphans=60_000, tcp_memory=10**9)})
    host.run(30, lambda n: {"settings": USUAL, "vitals": None})
    assert host.told == []


def test_a_service_that_refuses() -> None:
    host = Host()
    host.totals(20, tcp_attempt_fails=200, tcp_active_opens=210)
    assert host.names == [(RESETS, "host", "warning")]
    assert "most fail before they stand" in host.findings[0].title
    assert host.findings[0].value == pytest.approx(200)


def test_connections_that_are_reset_while_they_stand() -> None:
    host = Host()
    host.totals(20, tcp_estab_resets=600, tcp_passive_opens=700, tcp_out_rsts=550)
    assert host.names == [(RESETS, "host", "critical")]
    assert any("550 resets per second were sent by this host itself" in line for line in host.findings[0].evidence)


@pytest.mark.parametrize(
    "rates",
    [
        {"tcp_out_rsts": 5_000},  # a port scan
        {"tcp_attempt_fails": 40},  # health checks that break off the handshake
        {"tcp_estab_resets": 40, "tcp_passive_opens": 40},  # and those that finish it and reset
        # A busy web server: one client in twenty goes away without a farewell.
        {"tcp_estab_resets": 100, "tcp_passive_opens": 2_000, "tcp_active_opens": 500},
    ],
)
def test_resets_of_every_day(rates: dict[str, float]) -> None:
    host = Host()
    host.totals(60, **rates)
    assert host.told == []


def test_a_restart_resets_all_once() -> None:
    host = Host()
    host.totals(20, tcp_passive_opens=50)
    host.totals(2, tcp_estab_resets=4_000, tcp_passive_opens=50)
    host.totals(60, tcp_passive_opens=50)
    assert host.told == []


def held(host: Host, seconds: float, **figures: Any) -> None:
    host.run(seconds, lambda n: {"settings": USUAL, "vitals": Vitals(at=0, **{
        name: each(n) if callable(each) else each for name, each in figures.items()
    })})


@pytest.mark.parametrize(
    ("orphans", "severity"), [(16_000, None), (16_500, "warning"), (33_000, "critical")],
)
def test_orphans_against_their_limit(orphans: int, severity: str | None) -> None:
    """65,536 are allowed; a quarter of them may already be too many, for the kernel counts some four times."""
    host = Host()
    held(host, 10, tcp_orphans=orphans)
    assert host.names == ([(ORPHANS, "host", severity)] if severity else [])


def test_orphans_that_become_more_have_an_end() -> None:
    host = Host()
    held(host, 30, tcp_orphans=lambda n: 20_000 + 500 * n)
    # 34,500 of 65,536: 31,036 to go at 500 a second.
    assert host.finding(ORPHANS).left == pytest.approx(62, abs=1)


@pytest.mark.parametrize(
    ("pages", "severity", "words"),
    [
        (90_000, None, ""),
        (100_000, "warning", "TCP holds 83 % of the memory"),
        (130_000, "critical", "TCP is under memory pressure"),
        (180_000, "critical", "TCP is out of memory"),
    ],
)
def test_memory_against_its_marks(pages: int, severity: str | None, words: str) -> None:
    """Pressure from 120,000 pages, refusal from 180,000."""
    host = Host()
    held(host, 10, tcp_memory=pages)
    assert host.names == ([(MEMORY, "host", severity)] if severity else [])
    if severity:
        assert words in host.findings[0].title
        assert any("net.ipv4.tcp_mem = 90000 120000 180000" in line for line in host.findings[0].evidence)
