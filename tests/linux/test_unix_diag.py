"""Unix sockets of a real kernel, as the sockets themselves, `ss` and `lsof` have them."""

import asyncio
import os
import re
import socket
import struct
import subprocess
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.linux.attributes import attribute, attribute_u32
from nettui.linux.netlink import NetlinkDecodeError
from nettui.linux.unix_diag import decode_unix, path, unix_sockets
from nettui.model.socket import Socket, Transport
from tests.lab_support import Lab

SO_COOKIE = 57
STREAM, DGRAM, SEQPACKET = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET


class Sample:
    """Unix sockets of every kind, with paths below `folder`."""

    def __init__(self, folder: str) -> None:
        def made(kind: int, name: str | bytes | None = None) -> socket.socket:
            opened = socket.socket(socket.AF_UNIX, kind)
            if name is not None:
                opened.bind(name)
            return opened

        self.path = f"{folder}/app"
        self.listener = made(STREAM, self.path)
        self.listener.listen(7)
        self.client = made(STREAM)
        self.client.connect(self.path)
        self.server, _ = self.listener.accept()
        self.client.send(b"12345")
        self.waiting = [made(STREAM), made(STREAM)]
        for each in self.waiting:
            each.connect(self.path)
        self.log = made(DGRAM, f"{folder}/log")
        self.writer = made(DGRAM)
        self.writer.connect(f"{folder}/log")
        self.writer.send(b"message")
        self.abstract = made(SEQPACKET, b"\0name\0with")
        self.abstract.listen(3)
        self.alone = made(DGRAM, f"{folder}/alone")
        self.pair = socket.socketpair(socket.AF_UNIX, SEQPACKET)
        self.pair[0].shutdown(socket.SHUT_WR)
        self.all = (
            self.listener, self.client, self.server, *self.waiting, self.log, self.writer, self.abstract, self.alone,
            *self.pair,
        )


def number(of: socket.socket) -> int:
    return os.fstat(of.fileno()).st_ino


def by_ss() -> set[tuple[str, ...]]:
    """Kind, state, queues, name, inode, peer's name and inode (0: none)."""
    listed = subprocess.run(["ss", "-Hxan"], capture_output=True, text=True, check=True).stdout
    rows = [tuple(line.split()) for line in listed.splitlines()]
    names = {row[5]: row[4] for row in rows}  # `ss` itself tells only the peer's inode
    return {(*row[:6], names.get(row[7], "*"), row[7]) for row in rows}


def as_ss(found: Socket) -> tuple[str, ...]:
    return (
        {"stream": "u_str", "dgram": "u_dgr", "seqpacket": "u_seq"}[str(found.type)],
        {"ESTABLISHED": "ESTAB"}.get(found.state, found.state),
        str(found.recv_q), str(found.send_q), found.local or "*", str(found.inode),
        found.peer or "*", str(found.peer_inode or 0),
    )


@pytest.mark.lab
def test_real_sockets_are_told_as_they_are(lab: Lab) -> None:
    """Field by field, by what the sockets say of themselves."""

    def inside() -> None:
        with tempfile.TemporaryDirectory() as folder:
            sample = Sample(folder)
            records = asyncio.run(unix_sockets())
            by_key = {record.key: record for record in records}
            assert len(by_key) == len(records)
            for each in sample.all:
                record = by_key[struct.unpack("=Q", each.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0]]
                assert (record.transport, record.family) == (Transport.UNIX, "unix")
                assert (record.inode, record.uid) == (number(each), os.geteuid())
                assert record.type == {STREAM: "stream", DGRAM: "dgram", SEQPACKET: "seqpacket"}[each.type]
                assert record.memory is not None
                assert record.memory.send_limit == each.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
                assert record.memory.receive_limit == each.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
            found = {record.inode: record for record in records if record.inode}

            listener = found[number(sample.listener)]
            assert (listener.state, listener.local, listener.peer) == ("LISTEN", sample.path, "*")
            assert (listener.recv_q, listener.send_q) == (2, 7), "two wait to be accepted, seven may"
            client, server = found[number(sample.client)], found[number(sample.server)]
            assert (client.local, client.peer, client.peer_inode) == ("", sample.path, server.inode)
            assert (server.local, server.peer, server.peer_inode) == (sample.path, "", client.inode)
            assert (client.state, server.state, server.recv_q) == ("ESTABLISHED", "ESTABLISHED", 5)
            waiting = found[number(sample.waiting[0])]
            assert (waiting.state, waiting.peer, waiting.peer_inode) == ("ESTABLISHED", "", None)
            log, writer = found[number(sample.log)], found[number(sample.writer)]
            assert (log.peer, log.recv_q) == ("*", len("message"))
            assert (writer.peer, writer.peer_inode) == (log.local, log.inode)
            assert found[number(sample.abstract)].local == "@name@with"
            assert found[number(sample.alone)].state == "UNCONN"
            assert [found[number(end)].shutdown for end in sample.pair] == [2, 1]

    lab.call(inside)


@pytest.mark.lab
def test_ss_and_lsof_see_the_same(lab: Lab) -> None:
    async def read() -> tuple[list[Socket], set[tuple[str, ...]]]:
        return await unix_sockets(), by_ss()

    def inside() -> None:
        with tempfile.TemporaryDirectory() as folder:
            sample = Sample(folder)
            records, truth = asyncio.run(read())
            assert {as_ss(record) for record in records} == truth
            told = {
                record.inode: f"{record.local} type={record.type.upper()}".strip() for record in records if record.type
            }
            lsof = subprocess.run(
                ["lsof", "-nPU", "-a", "-p", str(os.getpid()), "-F", "in"], capture_output=True, text=True, check=True
            ).stdout
            names = {int(inode): name for inode, name in re.findall(r"^i(\d+)\nn(.*)$", lsof, re.M)}
            for each in (sample.listener, sample.server, sample.log, *sample.pair):
                assert names[number(each)].partition(" (")[0].startswith(told[number(each)])

    lab.call(inside)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"", ""), (b"/run/app.sock\0", "/run/app.sock"), (b"relative", "relative"), (b"\0abstract", "@abstract"),
        (b"\0", "@"), (b"\0a\0\0", "@a@@"), (b"/\x1b]0;x\x07", "/\\x1b]0;x\\x07"),
    ],
)
def test_names(name: bytes, shown: str) -> None:
    assert path(name) == shown


def message(kind: int = STREAM, state: int = 1) -> bytes:
    return (
        struct.pack("=BBBxIII", socket.AF_UNIX, kind, state, 4711, 5, 6)
        + attribute(0, b"/run/app\0") + attribute_u32(2, 4712) + attribute(4, struct.pack("=II", 3, 4))
        + attribute(5, struct.pack("=9I", *range(9))) + attribute(6, b"\1") + attribute_u32(7, 1000)
    )


def test_what_an_old_kernel_leaves_out_is_none() -> None:
    record = decode_unix(message()[:16], 0, 16)
    assert (record.key, record.local, record.peer) == (5 | 6 << 32, "", "*")
    assert (record.uid, record.recv_q, record.send_q, record.memory, record.peer_inode) == (None,) * 5


@pytest.mark.parametrize("broken", [message(kind=9), message(state=99), message()[:15], message()[:-1]])
def test_what_makes_no_sense_is_refused(broken: bytes) -> None:
    with pytest.raises(NetlinkDecodeError):
        decode_unix(broken, 0, len(broken))


@given(st.lists(st.tuples(st.integers(0, len(message()) - 1), st.integers(0, 255)), max_size=8), st.integers(0, 200))
def test_broken_messages_are_refused_or_read_but_never_crash(changes: list[tuple[int, int]], cut: int) -> None:
    broken = bytearray(message())
    for place, value in changes:
        broken[place] = value
    chunk = bytes(broken[:cut])
    try:
        record = decode_unix(chunk, 0, len(chunk))
    except NetlinkDecodeError:
        return
    assert record.local.isprintable() and record.inode >= 0
