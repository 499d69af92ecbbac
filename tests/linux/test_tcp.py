"""TCP state counts: every way to them agrees with `ss`, and each takes over where a better one fails."""

import asyncio
import os
import resource
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from nettui.linux import netlink, sock_diag, tcp
from nettui.linux.host import FRESH, LinuxHost
from nettui.linux.procfs import PROC_NET, Totals
from nettui.linux.reasons import REST
from nettui.linux.sock_diag import StateTally
from nettui.linux.sockets import LinuxSockets
from nettui.linux.tcp import TcpCounter, agree, with_totals
from nettui.linux.tcp_states import STATE_NUMBERS
from nettui.model.socket import Transport
from nettui.model.socket_filter import Is
from nettui.model.socket_table import SocketRequest
from nettui.model.tcp import PortCounts, TcpCounts, TcpState
from tests.lab_support import Lab, required_lab
from tests.linux.tcp_zoo import EACH, RULES, SS_NAMES, Zoo, by_state, seen_by_ss, settled, while_still

NUMBERS = {state: number for number, state in STATE_NUMBERS.items() if number != 12}
NO_SUCH_REQUEST = 17
LISTENERS = SocketRequest(wanted=Is("state", "=", "LISTEN"))


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def counted(counts: TcpCounts) -> Counter[TcpState]:
    return Counter({state: count for state, count in counts.items() if count})


def ported(ports: tuple[PortCounts, ...]) -> Counter[tuple[TcpState, int]]:
    return Counter({(state, each.port): each[state] for each in ports for state in TcpState if each[state]})


def refuse(*_: object) -> socket.socket:
    raise PermissionError(1, "Operation not permitted")


@pytest.fixture
def zoo_lab(lab: Lab) -> Iterator[Lab]:
    lab.run("nft", "-f", "-", stdin=RULES)
    yield lab


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Something to count."""
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened


# --- exact ---------------------------------------------------------------------------------------------------------


@pytest.mark.lab
@pytest.mark.parametrize("request_kind", ["both families at once", "each family"])
@pytest.mark.parametrize("source", ["sock_diag+proc", "sock_diag", "procfs"])
def test_every_state_is_counted_as_ss_counts_it(zoo_lab: Lab, tmp_path: Path, source: str, request_kind: str) -> None:
    def inside() -> tuple[object, ...]:
        if request_kind == "each family":
            sock_diag.TCPDIAG_GETSOCK = NO_SUCH_REQUEST  # refused with EINVAL
        if source == "procfs":
            netlink.open_socket = refuse
        zoo = Zoo()
        expected = zoo.fill()
        seen = settled(expected)
        counter = TcpCounter(tmp_path if source == "sock_diag" else PROC_NET)

        async def read() -> tuple[TcpCounts, TcpCounts, tuple[PortCounts, ...]]:
            return await counter.counts(), await counter.counts(), await counter.ports()

        return expected, seen, *asyncio.run(read()), seen_by_ss()

    expected, seen, first, again, ports, seen_after = zoo_lab.call(inside)
    assert by_state(seen) == expected, "the zoo is not what it should be"
    assert seen == seen_after, "the zoo moved"
    assert set(EACH) | {TcpState.CLOSED} == set(TcpState), "the zoo has every state that can be had"
    assert first.source == again.source == source
    assert counted(first) == counted(again) == expected
    assert ported(ports) == seen
    assert [each.total for each in ports] == sorted((each.total for each in ports), reverse=True)


@pytest.mark.lab
def test_a_table_of_all_sockets_tells_the_counts_once_and_while_it_is_fresh(zoo_lab: Lab) -> None:
    def inside() -> tuple[Counter[tuple[TcpState, int]], list[tuple[str, Counter[TcpState]]]]:
        zoo = Zoo()
        expected = zoo.fill()
        seen = settled(expected)
        now = [1000.0]
        sockets, host = LinuxSockets(clock=lambda: now[0]), LinuxHost()
        host._sockets = sockets
        everything = SocketRequest(transports=frozenset({Transport.TCP, Transport.UDP}))

        async def read() -> list[TcpCounts]:
            told = []
            for request, later in ((everything, FRESH), (None, 0.0), (everything, FRESH + 0.1), (LISTENERS, 0.0)):
                if request is not None:
                    await sockets.table(request)
                now[0] += later
                told.append(await host.tcp())
            return told

        return seen, [(counts.source, counted(counts)) for counts in asyncio.run(read())]

    seen, told = zoo_lab.call(inside)
    assert [source for source, _ in told] == ["sock_diag", *["sock_diag+proc"] * 3]
    assert [counts for _, counts in told] == [by_state(seen)] * 4


def test_on_this_host_the_counts_are_those_of_ss(listener: socket.socket) -> None:
    counter = TcpCounter()
    found, seen = while_still(lambda: counted(asyncio.run(counter.counts())))
    counter.close()
    assert found == seen
    assert found[TcpState.LISTEN] >= 1


def test_many_are_counted_by_a_thread(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "_MANY", 0)
    counter = TcpCounter()

    async def twice() -> TcpCounts:
        await counter.counts()  # only then it knows how many there are
        with monkeypatch.context() as patched:
            patched.setattr(netlink, "here", None)  # the event loop asks for nothing itself
            return await counter.counts()

    found, seen = while_still(lambda: counted(asyncio.run(twice())))
    counter.close()
    assert found == seen


@pytest.mark.lab
def test_multipath_tcp_is_counted_by_its_subflows_as_ss_does(lab: Lab) -> None:
    lab.sysctl("mptcp/enabled", 1)

    def inside() -> tuple[Counter[TcpState], Counter[TcpState], str]:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        held = []
        for number in range(6):
            client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
            client.connect(listener.getsockname())
            server, _ = listener.accept()
            held += [client, server]
            if number % 2:
                client.shutdown(socket.SHUT_WR)
        counter = TcpCounter()
        source = asyncio.run(counter.counts()).source
        return *while_still(lambda: counted(asyncio.run(counter.counts()))), source

    found, seen, source = lab.call(inside)
    assert source == "sock_diag+proc"
    assert found == seen
    assert found[TcpState.ESTABLISHED] >= 6


@pytest.mark.lab
def test_while_connections_come_and_go_the_cheap_way_is_kept(lab: Lab) -> None:
    def inside() -> tuple[set[str], int, Counter[TcpState], Counter[TcpState]]:
        zoo, stop = Zoo(), threading.Event()
        busy = zoo.listen(socket.AF_INET, "127.0.0.1", 9000)
        for _ in range(20):
            zoo.pair(busy, "127.0.0.1")

        def churn() -> None:
            while not stop.wait(0.002):  # at full speed all ports are used up, and what waits is used again at once
                client = socket.create_connection(("127.0.0.1", 9000))
                server, _ = busy.accept()
                client.close()
                server.close()

        threads = [threading.Thread(target=churn) for _ in range(2)]
        for thread in threads:
            thread.start()
        counter = TcpCounter()

        async def watch() -> list[TcpCounts]:
            return [await counter.counts() for _ in range(150)]

        seen = asyncio.run(watch())
        stop.set()
        for thread in threads:
            thread.join()
        found, by_ss = while_still(lambda: counted(asyncio.run(counter.counts())))
        return {each.source for each in seen}, min(min(each.counts) for each in seen), found, by_ss

    sources, lowest, found, by_ss = lab.call(inside)
    assert sources == {"sock_diag+proc"}
    assert lowest == 0
    assert found == by_ss


# --- totals --------------------------------------------------------------------------------------------------------


def dumped(minisocks: int = 0, **counts: int) -> StateTally:
    tally = StateTally()
    tally.counts = Counter({NUMBERS[TcpState(state)]: count for state, count in counts.items()})
    tally.fin_wait2_minisocks = minisocks
    return tally


@pytest.mark.parametrize("established", [40, 45], ids=["without CLOSE_WAIT, before Linux 6.10", "with CLOSE_WAIT"])
@pytest.mark.parametrize("moved", [0, 1, -2], ids=["still", "one came meanwhile", "two went meanwhile"])
def test_either_meaning_of_currestab_gives_the_same(established: int, moved: int) -> None:
    found = dumped(minisocks=3, LISTEN=2, SYN_RECV=6, FIN_WAIT2=4, CLOSE_WAIT=5, LAST_ACK=1)
    # In the kernel's tables: 40 ESTABLISHED, 2 LISTEN, 1 full FIN_WAIT2, 5 CLOSE_WAIT, 1 LAST_ACK.
    counts = with_totals(found, Totals(established=established, time_wait=10, hashed=49 + moved))
    assert counts[NUMBERS[TcpState.ESTABLISHED]] == 40
    assert counts[NUMBERS[TcpState.TIME_WAIT]] == 7


def test_counts_never_go_below_zero() -> None:
    counts = with_totals(dumped(minisocks=3, FIN_WAIT2=3, CLOSE_WAIT=5), Totals(established=4, time_wait=2, hashed=0))
    assert min(counts.values()) >= 0


# --- fallbacks -----------------------------------------------------------------------------------------------------


async def test_totals_that_are_not_those_of_the_sockets_are_not_believed(
    tmp_path: Path, listener: socket.socket
) -> None:
    for name in ("sockstat", "snmp"):
        (tmp_path / name).write_bytes((PROC_NET / name).read_bytes())
    snmp = (tmp_path / "snmp").read_text().splitlines()
    names, values = (line.split() for line in snmp if line.startswith("Tcp:"))
    values[names.index("CurrEstab")] = "999999"
    (tmp_path / "snmp").write_text("\n".join(["Tcp: " + " ".join(names[1:]), "Tcp: " + " ".join(values[1:])]) + "\n")
    counter = TcpCounter(tmp_path)
    counts = await counter.counts()
    counter.close()
    assert counts.source == "sock_diag"
    assert counts.note and counts.note.startswith("the totals in /proc are not those of this host's sockets: 99")
    assert counts[TcpState.ESTABLISHED] < 99999


async def test_a_brief_counter_believes_totals_only_where_they_come_out_even(
    tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unwanted(*_: object) -> None:
        raise AssertionError("compared with a dump")

    found = dumped(CLOSE_WAIT=5, LISTEN=4)
    assert agree(found, Totals(established=45, time_wait=0, hashed=49))
    assert agree(found, Totals(established=40, time_wait=0, hashed=49)), "before Linux 6.10"
    assert not agree(found, Totals(established=46, time_wait=0, hashed=49)), "of a few sockets none may be missing"
    assert not agree(found, Totals(established=0, time_wait=0, hashed=49)), "files of another namespace"
    assert not agree(dumped(minisocks=3), Totals(established=0, time_wait=2, hashed=0))
    many = Totals(established=10_100, time_wait=0, hashed=10_009)
    assert agree(found, many) and not agree(found, Totals(established=11_000, time_wait=0, hashed=10_009))

    with required_lab() as lab:  # where no socket comes or goes
        def count() -> TcpCounts:
            with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
                monkeypatch.setattr(TcpCounter, "_compare", unwanted)
                counter = TcpCounter(brief=True)
                try:
                    return asyncio.run(counter.counts())
                finally:
                    counter.close()

        counts = lab.call(count)
    assert counts.source == "sock_diag+proc" and (counts[TcpState.ESTABLISHED], counts[TcpState.LISTEN]) == (2, 1)


async def test_a_hidden_proc_is_done_without(tmp_path: Path, listener: socket.socket) -> None:
    counter = TcpCounter(tmp_path)
    counts, ports = await counter.counts(), await counter.ports()
    counter.close()
    assert (counts.source, counts.note) == ("sock_diag", f"{tmp_path}/sockstat: No such file or directory")
    assert counts[TcpState.LISTEN] >= 1
    assert listener.getsockname()[1] in {each.port for each in ports if each[TcpState.LISTEN]}


async def test_a_refused_sock_diag_rests_and_recovers(
    monkeypatch: pytest.MonkeyPatch, listener: socket.socket
) -> None:
    clock, tries = Clock(), []
    counter = TcpCounter(clock=clock)

    def refused(*arguments: object) -> socket.socket:
        tries.append(clock.now)
        return refuse()

    with monkeypatch.context() as patch:
        patch.setattr(netlink, "open_socket", refused)
        first = await counter.counts()
        after_first = len(tries)
        clock.now += REST - 1
        later = await counter.counts()
        assert len(tries) == after_first, "a refusal costs nothing on the next tick"
    assert (first.source, later.source) == ("procfs", "procfs")
    assert first.note == later.note == "Operation not permitted"
    assert later[TcpState.LISTEN] >= 1
    clock.now += 1
    recovered = await counter.counts()
    counter.close()
    assert (recovered.source, recovered.note) == ("sock_diag+proc", None)


async def test_where_no_way_is_left_the_error_names_each_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(netlink, "open_socket", refuse)
    counter = TcpCounter(tmp_path)
    for read in (counter.counts, counter.ports):
        with pytest.raises(OSError, match=r"Operation not permitted; .*/tcp: No such file or directory"):
            await read()


async def test_what_the_kernel_refuses_is_said_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the module tcp_diag is missing: the kernel answers, and what it answers is an error."""
    monkeypatch.setattr(sock_diag, "TCPDIAG_GETSOCK", NO_SUCH_REQUEST)
    monkeypatch.setattr(sock_diag, "AF_INET", 44)
    counter = TcpCounter()
    counts = await counter.counts()
    counter.close()
    assert counts.source == "procfs"
    assert counts.note and counts.note.startswith("the kernel refuses sock_diag: ")


async def test_a_state_from_nowhere_is_an_answer_not_to_be_used(
    monkeypatch: pytest.MonkeyPatch, listener: socket.socket
) -> None:
    monkeypatch.setattr(sock_diag, "STATE_NUMBERS", {})
    counter = TcpCounter()
    counts = await counter.counts()
    counter.close()
    assert counts.source == "procfs"
    assert counts.note and counts.note.startswith("sock_diag: a socket in TCP state ")


async def test_descriptors_exhausted(listener: socket.socket) -> None:
    """What is held open goes on; what is not fails, and is tried again at once when there are descriptors."""
    held, fresh = TcpCounter(), TcpCounter()
    assert (await held.counts()).source == "sock_diag+proc"
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, limits[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            await fresh.counts()
        assert (await held.counts()).source == "sock_diag+proc"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    recovered = await fresh.counts()
    for counter in (held, fresh):
        counter.close()
    assert (recovered.source, recovered.note) == ("sock_diag+proc", None)


@pytest.mark.lab
def test_a_namespace_that_vanishes_is_still_counted_by_who_was_in_it() -> None:
    counter = TcpCounter()
    with asyncio.Runner() as runner, required_lab() as lab:
        with lab.inside():
            inside = socket.create_server(("127.0.0.1", 0))
            before = runner.run(counter.counts())
        lab.close()
        after = runner.run(counter.counts())
        inside.close()
        empty = runner.run(counter.counts())
        counter.close()
    assert before.source == after.source == empty.source == "sock_diag+proc"
    assert counted(before) == counted(after) == {TcpState.LISTEN: 1}
    assert empty.total == 0


async def test_a_cancelled_reading_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, listener: socket.socket
) -> None:
    """The rest of an answer that nobody read must not be taken for the next."""
    counter = TcpCounter()
    await counter.counts()
    monkeypatch.setattr(netlink, "_BREATH", -1.0)  # a turn for others after each datagram
    for read in (counter.ports, counter.counts):
        task = asyncio.create_task(read())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        counts = await counter.counts()
        assert counts.source == "sock_diag+proc"
        assert counts[TcpState.LISTEN] >= 1
    counter.close()


def test_every_name_of_ss_is_a_state() -> None:
    assert set(SS_NAMES.values()) == set(TcpState)
