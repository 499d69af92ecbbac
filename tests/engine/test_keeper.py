"""The history: fixed memory, right rates, and no story made up where the past is another."""

import pytest
from msgspec.structs import replace

from nettui.engine.keeper import SAMPLES, SPAN, Keeper
from nettui.model.link import Counters
from nettui.model.snapshot import Snapshot
from nettui.model.tcp import TcpCounts


def counters(ifindex: int, rx: int, tx: int = 0, **more: int) -> Counters:
    rest = dict.fromkeys(("rx_packets", "tx_packets", "rx_errors", "tx_errors", "rx_dropped", "tx_dropped"), 0)
    return Counters(ifindex=ifindex, rx_bytes=rx, tx_bytes=tx, **{**rest, **more})


def at(time: float, *found: Counters, count: int = 0) -> Snapshot:
    tcp = TcpCounts(counts=(count, *[0] * 10), source="procfs")
    return Snapshot(taken_at=time, counters=found, counters_at=time, tcp=tcp, tcp_at=time)


def test_memory_is_fixed_over_a_hundred_thousand_snapshots() -> None:
    keeper = Keeper()
    for tick in range(100_000):
        keeper.add(at(float(tick), counters(tick // 500, tick), count=tick))
    history = keeper.add(at(1e5, *(counters(n, n) for n in range(1000))))
    assert history.tcp[-1].at == 1e5
    assert history.tcp[0].at == 1e5 - SPAN


def test_memory_is_fixed_also_at_an_interval_of_nothing() -> None:
    keeper = Keeper()
    for tick in range(10_000):
        history = keeper.add(at(100 + tick / 1000, counters(1, tick)))
    assert len(history.tcp) == SAMPLES


def test_rates_are_what_moved_divided_by_the_time_between_the_readings() -> None:
    keeper = Keeper()
    assert keeper.add(at(10.0, counters(1, 1000, 50))).rates == {}
    history = keeper.add(at(10.5, counters(1, 3000, 100, rx_packets=4, rx_errors=1, tx_errors=2, tx_dropped=5)))
    rates = history.rates[1]
    assert (rates.rx_bytes, rates.tx_bytes, rates.rx_packets, rates.errors, rates.drops) == (4000, 100, 8, 6, 10)


def test_the_same_reading_shown_again_changes_nothing() -> None:
    keeper = Keeper()
    keeper.add(at(10.0, counters(1, 0)))
    first = keeper.add(at(11.0, counters(1, 100), count=3))
    again = keeper.add(replace(first.snapshot, taken_at=11.3))
    assert (again.tcp, again.rates) == (first.tcp, first.rates)


@pytest.mark.parametrize("value", [0, 10**6 - 1], ids=["reset", "wrap"])
def test_counters_that_went_back_have_no_rate(value: int) -> None:
    """Also how a link made again with the same index looks."""
    keeper = Keeper()
    keeper.add(at(10.0, counters(1, 10**6), counters(2, 0)))
    history = keeper.add(at(11.0, counters(1, value), counters(2, 8)))
    assert set(history.rates) == {2}
    assert keeper.add(at(12.0, counters(1, value + 5), counters(2, 8))).rates[1].rx_bytes == 5


def test_a_link_that_is_gone_has_no_rate() -> None:
    keeper = Keeper()
    for tick in range(3):
        keeper.add(at(float(tick), counters(1, tick), counters(2, tick)))
    assert set(keeper.add(at(3.0, counters(1, 9))).rates) == {1}
    assert set(keeper.add(at(4.0, counters(1, 9), counters(2, 0))).rates) == {1}


def test_time_that_goes_back_begins_another_history() -> None:
    keeper = Keeper()
    for tick in range(5):
        keeper.add(at(100.0 + tick, counters(1, tick)))
    history = keeper.add(at(50.0, counters(1, 10**9)))
    assert (len(history.tcp), dict(history.rates)) == (1, {})
    assert keeper.add(at(51.0, counters(1, 10**9 + 7))).rates[1].rx_bytes == 7


def test_what_was_not_read_leaves_no_sample() -> None:
    keeper = Keeper()
    history = keeper.add(Snapshot(taken_at=1.0))
    assert (history.tcp, history.rates) == ((), {})


def test_a_history_handed_out_does_not_change_afterwards() -> None:
    keeper = Keeper()
    keeper.add(at(1.0, counters(1, 0)))
    history = keeper.add(at(2.0, counters(1, 1)))
    before = (history.tcp, dict(history.rates))
    keeper.add(at(3.0, counters(1, 100)))
    assert (history.tcp, dict(history.rates)) == before
