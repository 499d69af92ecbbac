"""Datagrams of sock_diag: recorded ones, made ones, broken ones."""

import base64
import struct
import zlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.linux.netlink import NLMSG_DONE, NetlinkDecodeError
from nettui.linux.sock_diag import PortTally, StateTally, common_length

# One datagram of Linux 6.18: TCPDIAG_GETSOCK answered in a namespace in which `ss -Htan` listed
# LISTEN 3, ESTAB 5, SYN-RECV 1, CLOSE-WAIT 4, FIN-WAIT-2 4 (2 of them orphans), TIME-WAIT 2; IPv4 and IPv6.
RECORDED = zlib.decompress(base64.b85decode(
    b"c-ozmJ5Iwu5QcwmaAXV;B67mRyfHaJiZtO_00jZLij;<fAkk3R#omY`L?}h>5Fw?cO2vA$LB{sLWT&x5TL0hdKc0C5(15^n1!%{B"
    b"?*rig#c)s&L4WgCzG|KqUmdvc^t+2S{jrA)ov)+$BUVRCv4NLD4Z_s$N^tYhBx>m8YM|IL#UAq5ErNY+$@abM-f8fU_d4IovGWHW"
    b"40~D64Ljnnw+Z&6C0nQivm_iAJ+JD)PQmj<JlXc!$?h#j9QH23zOwDNW+!uw=OMwqVXzwnJDHazy^_60u&<fy=OVjaL+bO``-a{5"
    b"Eb|x4lD@0-1D^hY(eM7DU-Hfc(uk*jNO;#b-ial>6E#Qer&+@JUyls?UGVQF^d697j{Y&R2W}aAAg0+94*P^)-`ld)0XYf>9QG;E"
    b"(@W+aDD_m$gZ$vJBa3+uY98d6r+;QK4?@j@obdG9gm-t0dC0u`1_{7+4*"
))
BY_STATE = {10: 3, 1: 5, 3: 1, 8: 4, 5: 4, 6: 2}
LISTENING_PORTS = {(10, 7000): 2, (10, 7003): 1, (3, 7003): 1, (8, 7000): 4, (1, 7000): 2}
DONE = struct.pack("=IHHIIi", 20, NLMSG_DONE, 2, 1, 1, 0)


def message(length: int, state: int, timer: int, port: int, kind: int = 18) -> bytes:
    header = struct.pack("=IHHII", length, kind, 2, 7, 9)
    return (header + struct.pack("!BBBBH", 2, state, timer, 0, port)).ljust((length + 3) & ~3, b"\x05")


def test_the_recorded_datagram_is_counted_as_ss_did() -> None:
    tally = StateTally()
    tally.feed(RECORDED)
    assert tally.counts == BY_STATE
    assert tally.fin_wait2_minisocks == 2


def test_the_recorded_datagram_by_port() -> None:
    tally = PortTally()
    tally.feed(RECORDED)
    found: Counter[tuple[int, int]] = Counter()
    for state, port, count in tally:
        found[state, port] += count
    assert LISTENING_PORTS.items() <= found.items()
    assert found.total() == sum(BY_STATE.values())


SOCKETS = st.tuples(
    st.sampled_from([88, 96, 124]),
    st.integers(1, 12),
    st.sampled_from([0, 1, 2, 3, 4]),
    st.integers(0, 65535),
    st.sampled_from([18, 20]),
)
ALIKE = st.tuples(st.sampled_from([88, 96, 124, 132]), st.sampled_from([18, 20])).flatmap(
    lambda same: st.lists(
        SOCKETS.map(lambda each: (same[0], *each[1:4], same[1])), min_size=1, max_size=40
    )
)


@given(st.one_of(ALIKE, st.lists(SOCKETS, max_size=40)), st.booleans())
def test_any_mixture_of_sockets_is_counted(sockets: list[tuple[int, int, int, int, int]], done: bool) -> None:
    """In one slice where they are alike, else by walking."""
    chunk = b"".join(message(*each) for each in sockets) + (DONE if done else b"")
    states, ports = StateTally(), PortTally()
    states.feed(chunk)
    ports.feed(chunk)
    assert states.counts == Counter(state for _, state, *_ in sockets)
    assert states.fin_wait2_minisocks == sum((state, timer) == (5, 3) for _, state, timer, *_ in sockets)
    found: Counter[tuple[int, int]] = Counter()
    for state, port, count in ports:
        found[state, port] += count
    assert found == Counter((state, port) for _, state, _, port, _ in sockets)


def test_a_slice_is_only_taken_of_messages_that_are_alike() -> None:
    alike, longer, other = message(96, 6, 3, 80), message(124, 1, 0, 80), message(96, 6, 3, 80, kind=20)
    assert common_length(alike * 300) == 96
    unlike = (alike + longer, longer + alike, alike + other, alike + DONE, DONE, b"", alike[:-1], alike + bytes(96))
    for chunk in unlike:
        assert common_length(chunk) == 0


def mutations() -> st.SearchStrategy[bytes]:
    """The recorded datagram with some bytes changed, cut off, or put in."""

    def mutate(changes: list[tuple[int, int]], cut: int, inserted: bytes, place: int) -> bytes:
        broken = bytearray(RECORDED)
        for where, value in changes:
            broken[where] = value
        broken[place:place] = inserted
        return bytes(broken[:cut])

    # Half of the changes strike where they hurt: the length of a message.
    where = st.one_of(st.integers(0, len(RECORDED) - 1), st.sampled_from([0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128]))
    return st.builds(
        mutate,
        st.lists(st.tuples(where, st.integers(0, 255)), max_size=6),
        st.integers(0, len(RECORDED) + 8),
        st.binary(max_size=8),
        st.integers(0, len(RECORDED)),
    )


@given(st.one_of(mutations(), st.binary(max_size=600)))
def test_broken_datagrams_are_refused_or_read_but_never_crash(chunk: bytes) -> None:
    for make in (StateTally, PortTally):
        tally = make()
        try:
            tally.feed(chunk)
            counted = sum(tally.counts.values()) if isinstance(tally, StateTally) else sum(n for *_, n in tally)
        except NetlinkDecodeError:
            continue
        assert counted <= len(chunk) // 88


@pytest.mark.parametrize("size", [15, 16, 87, 100, len(RECORDED) - 1])
def test_a_cut_datagram_is_refused(size: int) -> None:
    with pytest.raises(NetlinkDecodeError):
        StateTally().feed(RECORDED[:size])


@pytest.mark.parametrize("state", [0, 13, 255])
def test_a_state_that_was_not_asked_for_is_refused(state: int) -> None:
    tally = StateTally()
    with pytest.raises(NetlinkDecodeError, match=f"state {state},"):
        tally.feed(message(96, 6, 3, 80) + message(96, state, 0, 80))
    assert not tally.counts
    ports = PortTally()
    ports.feed(message(96, state, 0, 80))
    with pytest.raises(NetlinkDecodeError, match=f"state {state},"):
        list(ports)
