"""Requests, framing and errors, against a kernel that is scripted to misbehave, and against the real one."""

import asyncio
import errno
import os
import resource
import struct
from collections.abc import Callable, Iterator

import pytest

from nettui.linux import links, netlink
from nettui.linux.host import LinuxHost
from nettui.linux.netlink import (
    ATTEMPTS,
    HEADER,
    NLM_F_DUMP_INTR,
    ROUTE,
    NetlinkDecodeError,
    NetlinkError,
    NetlinkSocket,
    messages,
)

PORT = 4711
RECORD = 99
Answer = bytes | OSError | Callable[[int], bytes]


def message(sequence: int, kind: int = RECORD, body: bytes = b"", flags: int = 2, port: int = PORT) -> bytes:
    return HEADER.pack(16 + len(body), kind, flags, sequence, port) + body


def record(text: bytes, flags: int = 2) -> Callable[[int], bytes]:
    return lambda sequence: message(sequence, body=text.ljust(4), flags=flags)


def done(code: int = 0, flags: int = 2, more: bytes = b"") -> Callable[[int], bytes]:
    return lambda sequence: message(sequence, netlink.NLMSG_DONE, struct.pack("=i", code) + more, flags)


def error(code: int, flags: int, more: bytes) -> Callable[[int], bytes]:
    return lambda sequence: message(sequence, netlink.NLMSG_ERROR, struct.pack("=i", code) + more, flags)


def together(*parts: Callable[[int], bytes]) -> Callable[[int], bytes]:
    return lambda sequence: b"".join(part(sequence) for part in parts)


class Kernel:
    """Stands where the socket would be: one list of answers for each request, the last one for ever."""

    def __init__(self, *scripts: list[Answer], sender: int = 0) -> None:
        self.scripts = list(scripts)
        self.sender = sender
        self.requests = 0
        self.opened = 0
        self.answers: Iterator[Answer] = iter(())
        self.sequence = 0

    def __call__(self, protocol: int, groups: int = 0) -> "Kernel":
        self.opened += 1
        return self

    def settimeout(self, seconds: float) -> None:
        assert 0 < seconds < 10

    def getsockname(self) -> tuple[int, int]:
        return PORT, 0

    def send(self, request: bytes) -> None:
        _, _, flags, self.sequence, port = HEADER.unpack_from(request)
        assert flags & netlink.NLM_F_REQUEST and port == PORT
        self.answers = iter(self.scripts[min(self.requests, len(self.scripts) - 1)])
        self.requests += 1

    def recvfrom_into(self, buffer: bytearray, size: int, flags: int) -> tuple[int, tuple[int, int]]:
        answer = next(self.answers, TimeoutError())
        if isinstance(answer, OSError):
            raise answer
        data = answer if isinstance(answer, bytes) else answer(self.sequence)
        buffer[: len(data)] = data[: len(buffer)]
        return len(data), (self.sender, 0)

    def close(self) -> None:
        self.answers = iter(())


class Texts:
    """A sink for the records above."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def feed(self, chunk: bytes) -> None:
        self.seen += [chunk[start:end].strip() for kind, start, end in messages(chunk) if kind == RECORD]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Kernel, NetlinkSocket]]:
    def make(*scripts: list[Answer], sender: int = 0) -> tuple[Kernel, NetlinkSocket]:
        kernel = Kernel(*scripts, sender=sender)
        monkeypatch.setattr(netlink, "open_socket", kernel)
        return kernel, NetlinkSocket(ROUTE)

    return make


async def dump(asked: NetlinkSocket) -> list[bytes]:
    return (await asked.dump(26, b"", Texts)).seen


Scripted = Callable[..., tuple[Kernel, NetlinkSocket]]


@pytest.mark.parametrize("script", [
    [record(b"a"), record(b"b"), done()],
    [together(record(b"a"), record(b"b"), done())],
    [together(record(b"a"), record(b"b")), done(flags=0x202, more=b"\x0c\0\x01\0warning\0")],
])
async def test_a_dump_is_read_to_its_end(scripted: Scripted, script: list[Answer]) -> None:
    kernel, asked = scripted(script)
    assert await dump(asked) == [b"a", b"b"]
    assert await dump(asked) == [b"a", b"b"]
    assert (kernel.requests, kernel.opened) == (2, 1)


async def test_what_others_were_answered_is_not_for_us(scripted: Scripted) -> None:
    _, asked = scripted([
        lambda sequence: message(sequence - 1, body=b"old "),
        lambda sequence: message(sequence, body=b"port", port=PORT + 1),
        b"short",
        record(b"mine"), done(),
    ])
    assert await dump(asked) == [b"mine"]


async def test_another_process_cannot_answer_for_the_kernel(scripted: Scripted) -> None:
    _, asked = scripted([record(b"fake"), done()], sender=31337)
    with pytest.raises(NetlinkError) as caught:
        await dump(asked)
    assert caught.value.errno == errno.ETIMEDOUT


@pytest.mark.parametrize("torn", [
    [record(b"torn", NLM_F_DUMP_INTR), record(b"x"), done()],
    [record(b"torn"), together(record(b"x"), done(flags=NLM_F_DUMP_INTR))],
    [record(b"torn"), OSError(errno.ENOBUFS, "No buffer space available")],
    [record(b"torn"), lambda sequence: message(sequence, netlink.NLMSG_OVERRUN)],
])
async def test_a_dump_that_changed_while_it_was_read_is_read_again(scripted: Scripted, torn: list[Answer]) -> None:
    kernel, asked = scripted(torn, torn, [record(b"whole"), done()])
    assert await dump(asked) == [b"whole"]
    assert kernel.requests == 3


async def test_a_table_that_never_rests_is_shown_as_it_is(scripted: Scripted) -> None:
    kernel, asked = scripted([record(b"torn", NLM_F_DUMP_INTR), done()])
    assert await dump(asked) == [b"torn"]
    assert kernel.requests == ATTEMPTS


async def test_answers_that_are_always_lost_are_an_error(scripted: Scripted) -> None:
    kernel, asked = scripted([OSError(errno.ENOBUFS, "No buffer space available")])
    with pytest.raises(NetlinkError) as caught:
        await dump(asked)
    assert caught.value.errno == errno.ENOBUFS and kernel.requests == ATTEMPTS


EXPLAINED = b"\x0f\0\x01\0no\x1b[2J way\0\0"  # NLMSGERR_ATTR_MSG


@pytest.mark.parametrize(("answer", "number", "words"), [
    (error(-errno.EPERM, 0, bytes(16)), errno.EPERM, os.strerror(errno.EPERM)),
    (error(-errno.EINVAL, 0x300, bytes(16) + EXPLAINED), errno.EINVAL, "no\\x1b[2J way"),
    (error(-errno.EINVAL, 0x200, HEADER.pack(20, 26, 1, 1, 1) + b"body" + EXPLAINED), errno.EINVAL, "no\\x1b[2J way"),
    (error(-errno.EINVAL, 0x200, HEADER.pack(0xFFFFFFF0, 26, 1, 1, 1) + EXPLAINED), errno.EINVAL, "Invalid argument"),
    (done(-errno.EBUSY), errno.EBUSY, os.strerror(errno.EBUSY)),
    (done(-errno.ENODEV, 0x202, EXPLAINED), errno.ENODEV, "no\\x1b[2J way"),
    (together(record(b"a"), done(-errno.ENODEV)), errno.ENODEV, os.strerror(errno.ENODEV)),
])
async def test_the_kernels_refusal_keeps_its_number_and_words(
    scripted: Scripted, answer: Answer, number: int, words: str
) -> None:
    _, asked = scripted([answer], [record(b"well"), done()])
    with pytest.raises(NetlinkError) as caught:
        await dump(asked)
    assert (caught.value.errno, caught.value.strerror) == (number, words)
    assert await dump(asked) == [b"well"], "the next request is not disturbed"


@pytest.mark.parametrize("nonsense", [
    error(0, 0, b"")(0)[:16], bytes(netlink._BUFFER + 1),
    lambda sequence: message(sequence, netlink.NLMSG_ERROR),
    lambda sequence: message(sequence) + HEADER.pack(3, RECORD, 2, sequence, PORT),
    lambda sequence: message(sequence) + b"rest",
])
async def test_nonsense_is_an_error_and_the_next_request_is_not_disturbed(scripted: Scripted, nonsense: Answer) -> None:
    _, asked = scripted([nonsense], [record(b"well"), done()])
    with pytest.raises((NetlinkDecodeError, NetlinkError)):
        await dump(asked)
    assert await dump(asked) == [b"well"]


async def test_a_silent_kernel_is_an_error_and_no_hang(scripted: Scripted) -> None:
    kernel, asked = scripted([], [record(b"well"), done()])
    with pytest.raises(NetlinkError) as caught:
        await dump(asked)
    assert caught.value.errno == errno.ETIMEDOUT
    assert await dump(asked) == [b"well"]
    assert kernel.opened == 2, "a late answer to the first request cannot be mistaken for one to the second"


async def test_a_cancelled_dump_leaves_nothing_behind(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netlink, "_BREATH", 0.0)
    kernel, asked = scripted([record(b"a")] * 1000, [record(b"well"), done()])
    task = asyncio.ensure_future(dump(asked))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await dump(asked) == [b"well"]
    assert kernel.opened == 2


@pytest.mark.parametrize(("chunk", "count"), [
    (b"", 0), (message(1), 1), (message(1) * 3, 3), (message(1, body=b"odd") + b"\0" + message(1), 2),
    (message(1) + message(1, netlink.NLMSG_DONE) + b"whatever", 1),
])
def test_messages_are_found_one_after_another(chunk: bytes, count: int) -> None:
    assert [kind for kind, _, _ in messages(chunk)] == [RECORD] * count


@pytest.mark.parametrize("length", [0, 1, 15, 21, 1 << 31, 0xFFFFFFFF])
def test_a_length_that_cannot_be_is_an_error(length: int) -> None:
    with pytest.raises(NetlinkDecodeError):
        list(messages(HEADER.pack(length, RECORD, 0, 0, 0) + b"body"))


async def test_the_real_kernel_says_what_it_does_not_like() -> None:
    asked = NetlinkSocket(ROUTE)
    with pytest.raises(NetlinkError) as caught:
        await asked.dump(26, b"\2\0\0", Texts)  # a route request without all of struct rtmsg
    assert caught.value.errno == errno.EINVAL
    assert "header" in caught.value.strerror
    asked.close()


async def test_many_tasks_take_turns_on_one_socket() -> None:
    asked = NetlinkSocket(ROUTE)
    class Indices:
        def __init__(self) -> None:
            self.seen: list[int] = []

        def feed(self, chunk: bytes) -> None:
            self.seen += [links.IFINFO.unpack_from(chunk, start)[2] for _, start, _ in messages(chunk)]

    found = await asyncio.gather(*(asked.dump(links.RTM_GETLINK, links.REQUEST, Indices) for _ in range(20)))
    assert {tuple(sink.seen) for sink in found} == {tuple(found[0].seen)}
    assert 1 in found[0].seen
    asked.close()


async def test_without_a_descriptor_it_says_so_and_works_again_later() -> None:
    host = LinuxHost()
    lowest = os.dup(0)
    os.close(lowest)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        for method in (host.links, host.addresses, host.rules, host.neighbours, host.counters):
            with pytest.raises(OSError, match="no netlink socket could be opened: Too many open files"):
                await method()
        with pytest.raises(OSError, match="Too many open files"):
            await anext(host.changes())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert [link.name for link in await host.links() if link.ifindex == 1] == ["lo"]
    host.close()
    assert [link.name for link in await host.links() if link.ifindex == 1] == ["lo"], "also after it was closed"
    host.close()
