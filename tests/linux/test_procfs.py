"""The readers of /proc/net: real text, odd text, hostile text."""

import asyncio
import itertools
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.linux.procfs import ProcfsError, ProcNet, SocketTable, Totals, snmp_number, sockstat_number

SOCKSTAT = b"sockets: used 412\nTCP: inuse 21 orphan 1 tw 7 alloc 30 mem 5\nUDP: inuse 4 mem 2\nRAW: inuse 0\n"
SOCKSTAT6 = b"TCP6: inuse 3\nUDP6: inuse 2\n"
SNMP = (
    b"Ip: Forwarding DefaultTTL\nIp: 1 64\n"
    b"Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens EstabResets CurrEstab InSegs\n"
    b"Tcp: 1 200 120000 -1 5 0 17 4711\n"
)
# Written by Linux 6.18; the number of a socket (sl) takes more room from the ten-thousandth on.
TCP = (
    b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
    b"                                                     \n"
    b"   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 127 1"
    b" 0000000023d7a5ad 100 0 0 10 0                       \n"
    b"   1: 0100007F:1B58 0100007F:B5C0 01 00000000:00000000 00:00000000 00000000     0        0 5023 1"
    b" 00000000c57b2a45 20 4 0 10 -1                      \n"
    b"99999: 0100007F:B5CC 0100007F:1B58 06 00000000:00000000 03:00001769 00000000     0        0 0 3"
    b" 0000000055ad54d7                                      \n"
)
TCP_COUNTS = {(10, 0x07E8): 1, (1, 0x1B58): 1, (6, 0xB5CC): 1}
TCP6 = (
    b"  sl  local_address                         remote_address                        st tx_queue\n"
    b"   0: 00000000000000000000000001000000:1B58 00000000000000000000000000000000:0000 0A 00000000:00000000\n"
)


def table(*pieces: bytes) -> Counter[tuple[int, int]]:
    reader = SocketTable("tcp")
    for piece in pieces:
        reader.feed(piece)
    return Counter({(state, port): count for state, port, count in reader.finish()})


def proc(root: Path, **files: bytes) -> ProcNet:
    for name, text in files.items():
        (root / name).write_bytes(text)
    return ProcNet(root)


def test_totals(tmp_path: Path) -> None:
    reader = proc(tmp_path, sockstat=SOCKSTAT, sockstat6=SOCKSTAT6, snmp=SNMP)
    assert reader.totals() == Totals(established=17, time_wait=7, hashed=24)
    (tmp_path / "sockstat").write_bytes(SOCKSTAT.replace(b"tw 7", b"tw 8"))
    assert reader.totals().time_wait == 8, "the file is held open, and read again"
    reader.close()


def test_totals_where_ipv6_is_off(tmp_path: Path) -> None:
    assert proc(tmp_path, sockstat=SOCKSTAT, snmp=SNMP).totals().hashed == 21


def test_a_hidden_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="snmp"):
        proc(tmp_path, sockstat=SOCKSTAT).totals()
    with pytest.raises(FileNotFoundError, match="tcp"):
        asyncio.run(ProcNet(tmp_path).ports())


@pytest.mark.parametrize(
    ("sockstat", "snmp"),
    [
        (b"", SNMP),
        (SOCKSTAT.replace(b" tw 7", b""), SNMP),
        (SOCKSTAT.replace(b"tw 7", b"tw many"), SNMP),
        (SOCKSTAT.replace(b"tw 7", b"tw -7"), SNMP),
        (SOCKSTAT.replace(b"tw 7 alloc 30 mem 5", b"tw"), SNMP),
        (SOCKSTAT, b""),
        (SOCKSTAT, SNMP.replace(b" CurrEstab", b"")),
        (SOCKSTAT, SNMP.replace(b" 17 4711", b"")),
        (SOCKSTAT, SNMP[: SNMP.rindex(b"Tcp:")]),
    ],
)
def test_totals_that_are_not_there_are_an_error(tmp_path: Path, sockstat: bytes, snmp: bytes) -> None:
    with pytest.raises(ProcfsError):
        proc(tmp_path, sockstat=sockstat, snmp=snmp).totals()


def test_the_tables_of_both_families_are_counted_together(tmp_path: Path) -> None:
    reader = proc(tmp_path, tcp=TCP, tcp6=TCP6)
    found = Counter({(state, port): count for state, port, count in asyncio.run(reader.ports())})
    assert found == Counter(TCP_COUNTS) + Counter({(10, 0x1B58): 1})


@given(st.lists(st.integers(0, len(TCP)), max_size=8))
def test_a_table_may_come_in_any_pieces(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(TCP)]
    assert table(*(TCP[a:b] for a, b in itertools.pairwise(places))) == TCP_COUNTS


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n",
        TCP[:-20],
        TCP[TCP.index(b"\n") + 1 :],
        TCP + b"garbage\n",
        TCP + b"\n",
        TCP.replace(b" 0A ", b" 0D "),
        TCP.replace(b" 0A ", b" 00 "),
        TCP.replace(b"07E8", b"07e8"),
    ],
)
def test_a_table_that_is_none_is_an_error_and_not_a_smaller_count(text: bytes) -> None:
    with pytest.raises(ProcfsError):
        table(text)


def test_the_error_shows_a_hostile_line_harmlessly() -> None:
    with pytest.raises(ProcfsError) as raised:
        table(TCP + b"\x1b]0;owned\x07\xff\n")
    assert str(raised.value) == r"tcp has a line that is no socket: \x1b]0;owned\x07\xff"


HOSTILE = st.builds(
    lambda text, place, inserted, cut: (text[:place] + inserted + text[place:])[:cut],
    st.sampled_from([TCP, TCP6, SOCKSTAT, SNMP]),
    st.integers(0, len(TCP)),
    st.binary(max_size=12),
    st.integers(0, len(TCP) + 12),
) | st.binary(max_size=200)


@given(HOSTILE)
def test_no_text_makes_the_parsers_raise_anything_but_their_own_error(text: bytes) -> None:
    for parse in (
        lambda: table(text),
        lambda: sockstat_number(text, b"TCP", b"tw"),
        lambda: snmp_number(text, b"Tcp", b"CurrEstab"),
    ):
        try:
            result = parse()
        except ProcfsError as error:
            assert str(error).isprintable()
        else:
            assert result >= 0 if isinstance(result, int) else sum(result.values()) <= text.count(b"\n")
