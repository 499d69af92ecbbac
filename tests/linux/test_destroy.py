"""Closing sockets of others: what their owners and peers see of it, and that nobody else is hit."""

import asyncio
import contextlib
import ctypes
import errno
import os
import socket
import struct
import time
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from nettui.linux.destroy import destroy
from nettui.linux.netlink import NetlinkError, NetlinkSocket
from nettui.model.socket import Socket, Transport
from tests.lab_support import Lab
from tests.linux.sockets_listed import listed
from tests.linux.tcp_zoo import LOSES_ACK, LOSES_SYN, RULES, Zoo

SO_COOKIE, SO_REUSEPORT, CLONE_NEWUSER = 57, 15, 0x10000000
PATIENCE = 20.0
TCP, UDP = Transport.TCP, Transport.UDP
FAMILIES = (
    (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_INET6, "::ffff:127.0.0.1"),
    (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"), (socket.AF_INET6, "::ffff:0.0.0.0"),
)


def cookie(of: socket.socket) -> int:
    return int(struct.unpack("=Q", of.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0])


def all_of(transport: Transport) -> dict[object, Socket]:
    return {each.key: each for each in asyncio.run(listed(transport))}


def record(of: socket.socket, transport: Transport = TCP) -> Socket:
    return all_of(transport)[cookie(of)]


def close(wanted: Socket) -> str:
    """What came of it: `closed`, or the sentence."""
    try:
        asyncio.run(destroy(wanted))
    except OSError as error:
        return f"{errno.errorcode[error.errno or 0]}: {error.strerror}"
    return "closed"


def complaint(of: socket.socket) -> int | None:
    """The error that a program gets from its socket, None if it gets data or an end instead."""
    of.settimeout(PATIENCE)
    try:
        of.recv(1)
    except OSError as error:
        return error.errno
    return None


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextlib.contextmanager
def zoo() -> Iterator[Zoo]:
    made = Zoo()
    try:
        yield made
    finally:
        made.close()


@pytest.mark.lab
def test_a_connection_is_closed_and_only_that(lab: Lab) -> None:
    """Its owner gets ECONNABORTED, its peer a RST; its neighbours go on talking."""

    def inside() -> None:
        with zoo() as made:
            for port, (family, address) in enumerate(FAMILIES[:3], 7100):
                listener = made.listen(family, address, port)
                (client, server), (other, other_server) = (made.pair(listener, address) for _ in range(2))
                assert close(record(server)) == "closed"
                assert complaint(server) == errno.ECONNABORTED
                assert complaint(client) == errno.ECONNRESET
                assert not {cookie(client), cookie(server)} & all_of(TCP).keys()
                other.send(b"x")
                other_server.settimeout(PATIENCE)
                assert other_server.recv(1) == b"x"

    lab.call(inside)


@pytest.mark.lab
def test_who_has_the_addresses_now_is_not_hit(lab: Lab) -> None:
    """A connection over the same four numbers as one that was seen before it."""

    def inside() -> None:
        with zoo() as made:
            listener = made.listen(socket.AF_INET, "127.0.0.1", 7100)

            def connect() -> tuple[socket.socket, socket.socket]:
                client = socket.socket()
                client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("=ii", 1, 0))  # ends with a RST
                client.bind(("127.0.0.1", 7200))
                client.connect(("127.0.0.1", 7100))
                return client, listener.accept()[0]

            client, server = connect()
            seen = record(client)
            client.close()
            until(lambda: cookie(server) not in all_of(TCP))
            client, server = connect()
            now = record(client)
            assert (now.local_endpoint, now.peer_endpoint) == (seen.local_endpoint, seen.peer_endpoint)
            assert close(seen) == "ENOENT: it is gone already"
            client.send(b"x")
            assert server.recv(1) == b"x"
            assert close(now) == "closed"

    lab.call(inside)


@pytest.mark.lab
def test_every_state_can_be_closed(lab: Lab) -> None:
    lab.run("nft", "-f", "-", stdin=RULES)

    def inside() -> None:
        with zoo() as made:
            plain = made.listen(socket.AF_INET, "127.0.0.1", 7100)
            loses_ack = made.listen(socket.AF_INET, "127.0.0.1", LOSES_ACK)

            def in_state(state: str, port: int) -> Socket:
                def found() -> list[Socket]:
                    return [
                        each for each in all_of(TCP).values()
                        if each.state == state and port in (each.local_port, each.peer_port)
                    ]

                until(lambda: len(found()) == 1)
                return found()[0]

            calling = socket.socket()
            calling.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                calling.connect(("127.0.0.1", LOSES_SYN))
            assert close(in_state("SYN_SENT", LOSES_SYN)) == "closed"
            assert complaint(calling) == errno.ECONNABORTED

            half = socket.socket()
            half.connect(("127.0.0.1", LOSES_ACK))
            assert close(in_state("SYN_RECV", LOSES_ACK)) == "closed"
            assert not [each for each in all_of(TCP).values() if each.state == "SYN_RECV"]

            client, server = made.pair(plain, "127.0.0.1")
            client.close()
            abandoned = in_state("FIN_WAIT2", 7100)
            leak = in_state("CLOSE_WAIT", 7100)
            assert close(leak) == "closed"
            assert leak.key not in all_of(TCP)
            with pytest.raises(ConnectionAbortedError):
                server.send(b"x")
            assert close(abandoned) in ("closed", "ENOENT: it is gone already"), "the RST may have been there first"

            client, server = made.pair(plain, "127.0.0.1")
            for end in (client, server):
                end.close()
            waiting = in_state("TIME_WAIT", 7100)
            outcome = close(waiting)
            assert outcome == "closed" or "does not close sockets in TIME_WAIT; they go by themselves" in outcome
            assert (waiting.key in all_of(TCP)) is (outcome != "closed")

            client, server = made.pair(plain, "127.0.0.1")
            pending = socket.create_connection(("127.0.0.1", 7100))
            assert close(record(plain)) == "closed"
            with pytest.raises(OSError, match="Invalid argument"):
                plain.accept()
            assert complaint(pending) == errno.ECONNRESET, "it had not been accepted yet"
            client.send(b"x")
            assert server.recv(1) == b"x", "it had been"
            for each in (calling, half, pending, loses_ack):
                each.close()

    lab.call(inside)


@pytest.mark.lab
@pytest.mark.parametrize("transport", [TCP, UDP])
def test_of_those_that_share_a_port_each_can_be_closed(lab: Lab, transport: Transport) -> None:
    """SO_REUSEPORT, with every kind of address: by its own addresses alone the kernel finds but one of them."""

    def member(family: int, address: str) -> socket.socket:
        made = socket.socket(family, socket.SOCK_STREAM if transport is TCP else socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, SO_REUSEPORT, 1)
        made.bind((address, 7100))
        if transport is TCP:
            made.listen()
        made.setblocking(False)
        return made

    def inside() -> None:
        for family, address in FAMILIES:
            size = 1 if address == "::ffff:0.0.0.0" else 4
            for place in range(size):
                group = [member(family, address) for _ in range(size)]
                before = all_of(transport)
                wanted = before[cookie(group[place])]
                assert close(wanted) == "closed", address
                if transport is UDP:
                    assert [bool(each.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)) for each in group] == [
                        each is group[place] for each in group
                    ]
                else:
                    assert before.keys() - all_of(TCP).keys() == {wanted.key}
                for each in group:
                    each.close()
        assert close(wanted).startswith("ENOENT: it is gone already, or it shares its port")

    lab.call(inside)


@pytest.mark.lab
def test_udp(lab: Lab) -> None:
    """A connected socket is disconnected; one whose program chose the port is told, and keeps it."""

    def inside() -> None:
        for family, address in FAMILIES[:3]:
            with socket.socket(family, socket.SOCK_DGRAM) as chosen, socket.socket(family, socket.SOCK_DGRAM) as given:
                chosen.bind((address, 7100))
                given.connect((address, 7100))
                was = record(given, UDP)
                assert (was.state, was.peer_port) == ("ESTABLISHED", 7100)
                assert close(was) == "closed"
                assert complaint(given) == errno.ECONNABORTED
                assert given.getsockname()[1] == 0
                assert close(was) == "ENOENT: it is gone already"
                assert close(record(chosen, UDP)) == "closed"
                assert complaint(chosen) == errno.ECONNABORTED
                assert chosen.getsockname()[1] == 7100

    lab.call(inside)


@pytest.mark.lab
def test_without_the_right_to_it_nothing_is_closed(lab: Lab) -> None:
    def inside() -> None:
        with zoo() as made:
            client, server = made.pair(made.listen(socket.AF_INET, "127.0.0.1", 7100), "127.0.0.1")
            seen = record(client)
            # In a user namespace of its own a process has no rights over the network namespace it came with.
            assert ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) == 0, os.strerror(ctypes.get_errno())
            assert close(seen) == "EPERM: closing sockets needs CAP_NET_ADMIN (run nettui as root)"
            client.send(b"x")
            assert server.recv(1) == b"x"

    lab.call(inside)


SOCKET = Socket(
    key=5, transport=TCP, family="inet", state="ESTABLISHED", local="127.0.0.1", local_port=1, peer="127.0.0.1",
    peer_port=2, inode=6,
)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"key": "tcp 127.0.0.1:1 127.0.0.1:2 6"}, "it is known by its addresses only"),
        ({"transport": Transport.UNIX, "family": "unix"}, "only TCP and UDP sockets can be closed"),
        ({"transport": Transport.MPTCP}, "only TCP and UDP sockets can be closed"),
    ],
)
async def test_what_cannot_be_named_safely_is_not_asked_for(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], sentence: str
) -> None:
    monkeypatch.setattr(NetlinkSocket, "ask", None)
    with pytest.raises(OSError, match=sentence):
        await destroy(replace(SOCKET, **changes))


@pytest.mark.parametrize(
    ("number", "state", "sentence"),
    [
        (errno.EOPNOTSUPP, "ESTABLISHED", "built without CONFIG_INET_DIAG_DESTROY"),
        (errno.EOPNOTSUPP, "TIME_WAIT", "does not close sockets in TIME_WAIT"),
        (errno.EINVAL, "ESTABLISHED", "came with Linux 4.5"),
        (errno.EIO, "ESTABLISHED", "the kernel refuses to close it: Input/output error"),
    ],
)
async def test_kernels_that_refuse(
    monkeypatch: pytest.MonkeyPatch, number: int, state: str, sentence: str
) -> None:
    async def refuse(self: NetlinkSocket, *request: object) -> bytes:
        raise NetlinkError(number, os.strerror(number))

    monkeypatch.setattr(NetlinkSocket, "ask", refuse)
    with pytest.raises(OSError, match=sentence) as refusal:
        await destroy(replace(SOCKET, state=state))
    assert refusal.value.errno == number
