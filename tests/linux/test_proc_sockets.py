"""Sockets out of /proc/net: real tables against sock_diag and `ss`, odd text, hostile text."""

import asyncio
import contextlib
import os
import re
import socket
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.linux.proc_sockets import TableReader, proc_sockets
from nettui.linux.procfs import ProcfsError
from nettui.linux.unix_diag import unix_sockets
from nettui.model.socket import Socket, Transport
from tests.lab_support import Lab
from tests.linux.sockets_listed import listed
from tests.linux.tcp_zoo import RULES, SS_NAMES, Zoo, settled

# Written by Linux 6.18: a listener with two waiting, a retransmitting connection, one in TIME_WAIT, one half open.
TCP = (
    b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode \n"
    b"   0: 0100007F:1B58 00000000:0000 0A 00000000:00000002 00:00000000 00000000  1000        0 5021 1 0 100 0 0\n"
    b"   1: 0100007F:1B58 0200007F:B5C0 01 00000400:00000010 01:00000064 00000003     0        2 5023 1 0 20 4 0\n"
    b"   2: 0100007F:B5CC 0100007F:1B58 06 00000000:00000000 03:00001769 00000000     0        0 0 3 0\n"
    b"   3: 0100007F:1B58 0100007F:B5CE 03 00000000:00000000 01:0000000A 00000001  1000        0 0 1 0\n"
)
UNIX = (
    b"Num       RefCount Protocol Flags    Type St Inode Path\n"
    b"000000008f602bb2: 00000002 00000000 00010000 0001 01 20001 /run/app\n"
    b"00000000308edf5a: 00000003 00000000 00000000 0005 03 20002\n"
    b"000000003904ecc2: 00000003 00000000 00000000 0001 02     0 /run/app\n"
    b"00000000c59f1e90: 00000002 00000000 00000000 0002 01 20004 @abstract@name\n"
)


def read(text: bytes, transport: Transport, size: int = 1 << 16) -> list[Socket]:
    reader = TableReader(transport, transport)
    for start in range(0, len(text), size):
        reader.feed(text[start : start + size])
    return reader.finish()


def test_every_column() -> None:
    listener, connection, waiting, half_open = read(TCP, Transport.TCP)
    assert (listener.state, listener.local_endpoint, listener.peer_endpoint) == ("LISTEN", "127.0.0.1:7000", "*")
    assert (listener.recv_q, listener.send_q, listener.uid, listener.inode) == (2, None, 1000, 5021)
    assert (connection.state, connection.peer_endpoint) == ("ESTABLISHED", "127.0.0.2:46528")
    assert (connection.recv_q, connection.send_q, connection.uid) == (16, 1024, 0)
    assert connection.timer and (connection.timer.kind, connection.timer.retries) == ("retransmit", 3)
    assert connection.timer.expires == pytest.approx(100 / os.sysconf("SC_CLK_TCK"))
    assert (waiting.state, waiting.uid, waiting.inode) == ("TIME_WAIT", None, 0)
    assert waiting.timer and waiting.timer.kind == "time-wait"
    assert (half_open.state, half_open.uid) == ("SYN_RECV", 1000)
    assert listener.timer is None
    assert len({each.key for each in (listener, connection, waiting, half_open)}) == 4


def test_unix_columns() -> None:
    listener, connected, abstract = read(UNIX, Transport.UNIX)
    assert (listener.state, listener.type, listener.local, listener.inode) == ("LISTEN", "stream", "/run/app", 20001)
    assert (connected.state, connected.type, connected.local) == ("ESTABLISHED", "seqpacket", "")
    assert (abstract.state, abstract.type, abstract.local) == ("UNCONN", "dgram", "@abstract@name")


@pytest.mark.parametrize("size", [1, 7, 100, 4096])
def test_pieces_of_any_size(size: int) -> None:
    assert read(TCP, Transport.TCP, size) == read(TCP, Transport.TCP)
    assert read(UNIX, Transport.UNIX, size) == read(UNIX, Transport.UNIX)


def test_a_socket_told_twice_is_one() -> None:
    lines = TCP.splitlines(keepends=True)
    assert len(read(b"".join([*lines, lines[2].replace(b"   1:", b"   9:")]), Transport.TCP)) == 4


@pytest.mark.parametrize(
    "text",
    [
        b"", b"one line", TCP[:-1], b"nothing of the kind\n", TCP[TCP.index(b"\n") + 1 :], TCP + b"\n",
        TCP.replace(b"0100007F:1B58 0200", b"100007F:1B58 0200"), TCP.replace(b" 01 0000", b" 0F 0000"),
        TCP.replace(b"5023", b"-5023"), TCP.replace(b" 2 5023", b" " + b"9" * 5000 + b" 5023"), TCP + b"\x1b[31m\xff\n",
    ],
)
def test_what_is_no_table_is_refused(text: bytes) -> None:
    with pytest.raises(ProcfsError, match=r"^tcp ") as refusal:
        read(text, Transport.TCP)
    assert str(refusal.value).isprintable()


def test_a_line_feed_in_a_path() -> None:
    """The kernel writes paths as they are; a line that follows none is still refused."""
    text = UNIX.replace(b"@abstract@name", b"/a\nb\x1b\n\nc")
    assert read(text, Transport.UNIX)[-1].local == "/a\\x0ab\\x1b\\x0a\\x0ac"
    with pytest.raises(ProcfsError, match="unix has a line that is no socket: or else"):
        read(UNIX.replace(b"20002\n", b"20002\nor else\n"), Transport.UNIX)


@given(
    st.sampled_from([TCP, UNIX]),
    st.lists(st.tuples(st.integers(0, len(UNIX) - 1), st.integers(0, 255)), max_size=8), st.integers(0, 1000),
)
def test_broken_tables_are_refused_or_read_but_never_crash(
    text: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    broken = bytearray(text)
    for place, value in changes:
        broken[place] = value
    try:
        found = read(bytes(broken[:cut]), Transport.UNIX if text is UNIX else Transport.TCP)
    except ProcfsError:
        return
    assert all(each.local.isprintable() for each in found)


def test_without_ipv6_there_is_one_table_and_without_any_an_error(tmp_path: Path) -> None:
    (tmp_path / "tcp").write_bytes(TCP)
    assert len(asyncio.run(proc_sockets(Transport.TCP, tmp_path))) == 4
    with pytest.raises(FileNotFoundError):
        asyncio.run(proc_sockets(Transport.UDP, tmp_path))
    with pytest.raises(ProcfsError, match="no table of mptcp sockets"):
        asyncio.run(proc_sockets(Transport.MPTCP, tmp_path))


async def test_others_get_their_turn_while_a_long_table_is_read(tmp_path: Path) -> None:
    heading, row, *_ = TCP.splitlines(keepends=True)
    rows = [row.replace(b"5021", b"%d" % number) for number in range(30_000)]
    (tmp_path / "tcp").write_bytes(heading + b"".join(rows))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    assert len(await proc_sockets(Transport.TCP, tmp_path)) == 30_000
    counting.cancel()
    assert turns > 5


Row = tuple[object, ...]


def rows(sockets: Iterable[Socket]) -> set[Row]:
    """What both /proc and sock_diag tell of sockets."""
    return {
        (
            each.transport, each.family, each.state, each.local_endpoint, each.peer_endpoint, each.recv_q,
            each.send_q if each.state != "LISTEN" else None, each.uid, each.inode,
            each.timer and (each.timer.kind, each.timer.retries),
        )
        for each in sockets
    }


def rows_of_ss() -> set[Row]:
    """State, queues (of a listener only the first), ends, inode, timer's kind."""
    kinds = {"timewait": "time-wait", "on": "retransmit", "persist": "probe"}
    listed = subprocess.run(["ss", "-Htaneo"], capture_output=True, text=True, check=True).stdout
    found: set[Row] = set()
    for line in listed.splitlines():
        state, recv_q, send_q, local, peer = line.split()[:5]
        timer, inode = re.search(r"timer:\((\w+)", line), re.search(r"ino:(\d+)", line)
        found.add((
            SS_NAMES[state], int(recv_q), None if state == "LISTEN" else int(send_q), end_of_ss(local), end_of_ss(peer),
            int(inode[1]) if inode else 0, timer and kinds.get(timer[1], timer[1]),
        ))
    return found


def end_of_ss(end: str) -> tuple[str, str]:
    address, _, port = end.rpartition(":")
    address = address.strip("[]").removeprefix("::ffff:")
    return ("*" if address in ("0.0.0.0", "::", "*") else address, port)


def as_ss(each: Socket) -> Row:
    return (
        each.state, each.recv_q, each.send_q, (each.local, str(each.local_port or "*")),
        (each.peer, str(each.peer_port or "*")), each.inode, each.timer and each.timer.kind,
    )


@pytest.mark.lab
def test_the_zoo_is_as_sock_diag_and_ss_have_it(lab: Lab) -> None:
    lab.run("nft", "-f", "-", stdin=RULES)

    async def compare() -> None:
        for _ in range(50):  # until nothing moved meanwhile: what is lost is sent again and again
            before, found, after = await listed(Transport.TCP), await proc_sockets(Transport.TCP), rows_of_ss()
            if rows(found) == rows(before) and {as_ss(each) for each in found} == after:
                break
            await asyncio.sleep(0.05)
        assert rows(found) == rows(before)
        assert {as_ss(each) for each in found} == after
        assert len({each.key for each in found}) == len(found) == len(before)
        again = await proc_sockets(Transport.TCP)
        held = {each.key for each in found if each.inode}
        assert held <= {each.key for each in again}, "keys are those of the reading before"

        def waits(sockets: Iterable[Socket]) -> dict[Row, float]:
            return {
                (each.local_endpoint, each.peer_endpoint): each.timer.expires
                for each in sockets if each.timer and each.state == "TIME_WAIT"
            }

        early, late = waits(before), waits(await listed(Transport.TCP))
        assert len(late) == 33
        for ends, left in waits(again).items():
            assert late[ends] - 0.02 <= left <= early[ends] + 0.02, "between the readings of sock_diag around it"

    def inside() -> None:
        zoo = Zoo()
        try:
            settled(zoo.fill())
            asyncio.run(compare())
        finally:
            zoo.close()

    lab.call(inside)


@pytest.mark.lab
def test_udp_and_raw(lab: Lab) -> None:
    def inside() -> None:
        def made(family: int, kind: int, protocol: int, local: str, peer: str | None = None) -> socket.socket:
            opened = socket.socket(family, kind, protocol)
            opened.bind((local, 0))
            if peer:
                opened.connect((peer, 9))
            return opened

        v4, v6, udp = socket.AF_INET, socket.AF_INET6, socket.SOCK_DGRAM
        held = [
            made(v4, udp, 0, "127.0.0.1"), made(v4, udp, 0, "0.0.0.0"), made(v4, udp, 0, "127.0.0.1", "127.0.0.1"),
            made(v6, udp, 0, "::"), made(v6, udp, 0, "::1", "::1"),
            made(v6, udp, 0, "::ffff:127.0.0.1", "::ffff:127.0.0.1"),
        ]
        held[0].sendto(b"unread", held[0].getsockname())

        async def compare() -> None:
            found = await proc_sockets(Transport.UDP)
            assert rows(found) == rows(await listed(Transport.UDP))
            assert {each.inode for each in found} == {os.fstat(each.fileno()).st_ino for each in held}
            assert {each.inode: each for each in found}[os.fstat(held[0].fileno()).st_ino].recv_q

        asyncio.run(compare())
        icmp, icmp6 = socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6
        raw = [
            made(v4, socket.SOCK_RAW, icmp, "127.0.0.1"),
            made(v4, socket.SOCK_RAW, icmp, "127.0.0.2", "127.0.0.3"),
            made(v6, socket.SOCK_RAW, icmp6, "::1"),
        ]
        told = {each.inode: each for each in asyncio.run(proc_sockets(Transport.RAW))}
        four, connected, six = (told[os.fstat(each.fileno()).st_ino] for each in raw)
        assert (four.family, four.state, four.local, four.local_port) == ("inet", "UNCONN", "127.0.0.1", icmp)
        assert (four.peer, four.peer_port, four.uid) == ("*", None, os.geteuid())
        assert (connected.state, connected.local, connected.peer) == ("ESTABLISHED", "127.0.0.2", "127.0.0.3")
        assert (six.family, six.state, six.local, six.local_port) == ("inet6", "UNCONN", "::1", icmp6)

    lab.call(inside)


@pytest.mark.lab
def test_unix_sockets_are_those_of_unix_diag(lab: Lab) -> None:
    """One has a path that would look like a line of the table if it were not for the line feed before it."""

    async def compare() -> None:
        def known(sockets: Iterable[Socket]) -> dict[int, Row]:
            return {each.inode: (each.type, each.state, each.local, each.family) for each in sockets}

        assert known(await proc_sockets(Transport.UNIX)) == known(await unix_sockets())

    def inside() -> None:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(f"{folder}/listener")
            listener.listen(4)
            client, waiting = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
            client.connect(f"{folder}/listener")
            server, _ = listener.accept()
            waiting.connect(f"{folder}/listener")
            hostile = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            hostile.bind(f"{folder}/\n0: \x1b[31m 7\n".encode() + b"\xff")
            begun = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            begun.bind("\nbegins with a line feed")
            abstract = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            abstract.bind(b"\0with\0nul")
            asyncio.run(compare())
            for each in (listener, client, server, waiting, hostile, begun, abstract):
                each.close()

    lab.call(inside)
