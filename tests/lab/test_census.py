"""The census against what a lab's programs made and what `ss` says: every kind of group, brought about for real."""

import asyncio
import contextlib
import os
import re
import socket
import struct
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import nettui.collectors.census as reading
import nettui.collectors.socket_owners as owners_of
from nettui.collectors.census import CensusReader
from nettui.linux.socket_totals import socket_totals
from nettui.linux.sockets import LinuxSockets
from nettui.model.census import Census, Share
from tests.lab.socket_actors import actor, connection, until
from tests.lab_support import Lab
from tests.linux.tcp_zoo import LOSES_FIN, RULES, SS_NAMES, SS_STATES, Zoo, settled
from tests.linux.test_owners import as_nobody

pytestmark = pytest.mark.lab

HOST = "127.0.0.1"


def taken(lab: Lab, readings: int = 1, patch: dict[str, Any] | None = None, **options: Any) -> list[Census]:
    """So many censuses by one reader in the lab; `patch` are module variables of the reader."""

    def read() -> list[Census]:
        for name, value in (patch or {}).items():
            setattr(reading, name, value)
        return asyncio.run(censuses(readings, **options))

    return lab.call(read)


async def censuses(readings: int, **options: Any) -> list[Census]:
    # Whatever else this machine does: what is searched for is found in this reading.
    owners_of.PATIENCE, owners_of.REST = 30.0, 0
    backend = LinuxSockets()
    reader = CensusReader(backend, socket_totals, **options)
    try:
        return [(await reader.read())["census"] for _ in range(readings)]
    finally:
        backend.close()


def census(lab: Lab, **options: Any) -> Census:
    return taken(lab, **options)[-1]


def seen_when(lab: Lab, good: Callable[[Census], Any], **options: Any) -> Census:
    """The first census that is as it should be, or the last that was not."""
    last: list[Census] = []

    def try_again() -> Any:
        last[:] = [census(lab, **options)]
        return good(last[0])

    until(try_again, 15)
    return last[0]


def by_ss(lab: Lab, *states: str) -> list[tuple[str, int, str, int, int]]:
    """What `ss` lists: state, receive queue, local address, its port, the peer's port."""
    words = [word for state in states for word in ("state", state)]
    found = []
    for line in lab.run("ss", "-Htano", *words).splitlines():
        fields = line.split()
        state = fields.pop(0) if len(states) > 1 else states[0]
        local, peer = fields[2].rpartition(":"), fields[3].rpartition(":")
        found.append((state, int(fields[0]), local[0], int(local[2]), int(peer[2]) if peer[2] != "*" else 0))
    return found


def leak(port: int, count: int, unread: int, accept: bool = True) -> Iterator[int]:
    """A server whose clients have all hung up, some after they said what it never read."""
    server = socket.create_server((HOST, port), backlog=count)
    held = []
    for number in range(count):
        client = connect_from(HOST, port)
        if number < unread:
            client.sendall(b"hello")
        if accept:
            held.append(server.accept()[0])
        client.close()
    yield len(held)


def test_every_program_that_leaks_is_told_apart(lab: Lab) -> None:
    with (
        actor(lab, lambda: leak(7200, 30, 7), "leaker"), actor(lab, lambda: leak(7201, 3, 0), "honest"),
        actor(lab, lambda: leak(7202, 5, 2, accept=False), "deaf"),
    ):
        until(lambda: len(by_ss(lab, "close-wait")) == 38)
        found = census(lab)
        assert found.holders is not None
        told = [(each.program.owner and each.program.owner.name, each.count, each.unread) for each in found.holders]
        assert told == [("leaker", 30, 7), ("deaf", 5, 2), ("honest", 3, 0)]
        assert found.holders[0].local == (Share(name=":7200", count=30),)
        assert found.holders[0].peers == (Share(name=HOST, count=30),)
        assert [share.count for share in found.holders[0].remote] == [1, 1, 1]
        by_port = Counter(port for _, _, _, port, _ in by_ss(lab, "close-wait"))
        assert {each.local[0].name: each.count for each in found.holders} == {f":{p}": n for p, n in by_port.items()}
        assert sum(queue > 1 for _, queue, *_ in by_ss(lab, "close-wait")) == 9
        assert found.sockets == len(by_ss(lab, *SS_STATES.split())) and found.hidden is None
        (listener,) = found.listeners or ()
        assert (listener.port, listener.waiting, listener.backlog) == (7202, 5, 5)
        without = census(lab, owners=False)
        assert [(each.program.owner, each.program.uid, each.count) for each in without.holders or ()] == [(None, 0, 38)]


def test_a_user_without_rights_sees_users_instead_of_programs(lab: Lab) -> None:
    with actor(lab, lambda: leak(7200, 12, 0), "leaker", uid=1234):
        until(lambda: len(by_ss(lab, "close-wait")) == 12)
        (found,) = lab.call(lambda: as_nobody(lambda: asyncio.run(censuses(1))))
        assert [(each.program.owner, each.program.uid, each.count) for each in found.holders] == [(None, 1234, 12)]
        assert found.holders[0].program.label == "uid 1234"
        assert found.hidden and "needs root" in found.hidden


def crowd(ports: range, live: dict[str, int], time_wait: int) -> Iterator[None]:
    """Connections from these local ports, one after the other, to port 7300 of some addresses."""
    free, held = iter(ports), []
    for address, count in live.items():
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        plain = address.removeprefix("::ffff:")  # an IPv6 socket speaks to a server of IPv4
        server = socket.create_server((plain, 7300), family=socket.AF_INET6 if ":" in plain else socket.AF_INET)
        held.append(server)
        for number in range(count + (time_wait if address == HOST else 0)):
            client = socket.socket(family)
            client.bind((address if family == socket.AF_INET6 else HOST, next(free)))
            client.connect((address, 7300))
            pair = client, server.accept()[0]
            if number < count:
                held += pair
            else:
                for end in pair:
                    end.close()
    yield


def from_range(lab: Lab, ports: range) -> Counter[tuple[str, bool]]:
    """How many connections go from these ports, by source address and whether they are in TIME_WAIT."""
    return Counter(
        (local.strip("[]").removeprefix("::ffff:"), state == "TIME-WAIT")
        for state, _, local, port, _ in by_ss(lab, "established", "time-wait") if port in ports
    )


PORTS = range(40_000, 41_000)
CROWD = {HOST: 400, "::1": 100, "::ffff:127.0.0.2": 60}


def test_destinations_are_counted_exactly_where_that_is_cheap(lab: Lab) -> None:
    lab.sysctl("ipv4/ip_local_port_range", "40000 40999")
    with actor(lab, lambda: crowd(PORTS, CROWD, 200), "storm") as storm:
        truth = from_range(lab, PORTS)
        found = {each.address: each for each in census(lab).destinations or ()}
        assert found.keys() == {HOST, "::1", "127.0.0.2"}
        first = found[HOST]
        assert (first.source, first.port, first.live, first.time_wait) == (HOST, 7300, 400, 200)
        assert (truth[HOST, False], truth[HOST, True]) == (400, 200)
        assert first.program.owner is not None and first.program.owner.pid == storm.pid and not first.sampled
        assert (found["::1"].live, found["::1"].used) == (100, 100)
        assert found["127.0.0.2"].live == 60
        assert [each.address for each in census(lab, noticeable=0.5).destinations or ()] == [HOST]


def test_destinations_are_estimated_fairly_where_there_are_many(lab: Lab) -> None:
    """All ports of the destination are one behind the other: a slice of neighbouring ports would have all or none."""
    lab.sysctl("ipv4/ip_local_port_range", "40000 40999")
    with actor(lab, lambda: crowd(PORTS, CROWD, 200), "storm"):
        guesses = taken(lab, 16, {"CONFIRMED": 0}, whole=100, slice_size=100)
        used = [each.used for one in guesses for each in one.destinations or () if each.address == HOST]
        assert len(used) == 16
        assert all(390 < number < 810 for number in used), used
        assert all(each.sampled for each in guesses[-1].destinations or ())
        checked = taken(lab, 2, whole=100, slice_size=100)[-1]
        first = (checked.destinations or ())[0]
        assert (first.address, first.live, first.time_wait, first.sampled) == (HOST, 400, 200, False)
        assert first.program.owner is not None and first.program.owner.name == "storm"


def test_a_sweep_in_slices_finds_the_same_pools_as_a_look_at_all(lab: Lab) -> None:
    lab.sysctl("ipv4/ip_local_port_range", "40000 40999")
    with actor(lab, lambda: crowd(PORTS, CROWD, 0), "storm"):
        whole = census(lab, silent=0.0)
        swept = taken(lab, 80, whole=100, slice_size=100, silent=0.0)
        assert swept[0].pools is None and swept[0].swept_at is None
        last = swept[-1]
        assert last.swept_at is not None and swept[0].at < last.swept_at < last.at
        assert whole.pools and {(p.address, p.established) for p in whole.pools} == {
            (HOST, 400), ("::1", 100), ("127.0.0.2", 60)
        }
        assert [(p.program, p.address, p.port, p.established) for p in last.pools or ()] == [
            (p.program, p.address, p.port, p.established) for p in whole.pools
        ]
        silent = [(s.program, s.local_port, s.port, s.count) for s in last.silent or ()]
        assert {*silent} == {(s.program, s.local_port, s.port, s.count) for s in whole.silent or ()}
        assert {each[1:] for each in silent} == {(None, 7300, 560), (7300, None, 560)} and len(silent) == 2
        assert last.sockets == whole.sockets == 2 * 560 + 3


def ss(*words: str) -> str:
    """What it lists of TCP, right here."""
    return subprocess.run(["ss", "-Htan", *words], capture_output=True, text=True, check=True, timeout=30).stdout


def drop(lab: Lab, rule: str) -> None:
    """Have the kernel do this with what comes in."""
    ruleset = f"table inet census {{\nchain in {{\ntype filter hook input priority 0;\n{rule}\n}}\n}}\n"
    lab.run("nft", "-f", "-", stdin=ruleset)


def test_connections_that_nobody_answers_are_told_by_destination(lab: Lab) -> None:
    drop(lab, "tcp dport 7400 drop")

    def dial() -> Iterator[None]:
        held = [socket.socket() for _ in range(6)]
        for each in held:
            each.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                each.connect((HOST, 7400))
        yield

    with actor(lab, dial, "dialer"):
        found = seen_when(lab, lambda one: one.attempts and one.attempts[0].retried == 6)
        (attempt,) = found.attempts or ()
        assert (attempt.address, attempt.port, attempt.count, attempt.retried) == (HOST, 7400, 6, 6)
        assert attempt.retries >= 1 and attempt.program.owner and attempt.program.owner.name == "dialer"
        assert len(by_ss(lab, "syn-sent")) == 6


def test_half_open_connections_are_told_by_port_with_their_peers(lab: Lab) -> None:
    drop(lab, "tcp dport 7410 tcp flags & (syn|ack) == ack drop")

    def serve() -> Iterator[None]:
        server = socket.create_server((HOST, 7410), backlog=64)
        clients = [connect_from(local, 7410) for local in ("127.0.0.1",) * 5 + ("127.0.0.2",) * 2]
        yield
        del server, clients

    with actor(lab, serve, "gate"):
        found = seen_when(lab, lambda one: one.half_open and one.half_open[0].retried == 7)
        (group,) = found.half_open or ()
        assert (group.port, group.count, group.retried, group.peers, group.backlog) == (7410, 7, 7, 2, 64)
        assert group.most == (Share(name="127.0.0.1", count=5), Share(name="127.0.0.2", count=2))
        assert group.program.owner and group.program.owner.name == "gate"
        assert len(by_ss(lab, "syn-recv")) == 7


def connect_from(local: str, port: int) -> socket.socket:
    client = socket.socket()
    client.bind((local, 0))
    client.connect((HOST, port))
    return client


def test_a_listener_that_never_accepts_is_told_with_what_it_threw_away(lab: Lab) -> None:
    def ignore() -> Iterator[None]:
        server = socket.create_server((HOST, 7420), backlog=3)
        idle = socket.create_server((HOST, 7421), backlog=3)
        clients = [connect_from(HOST, 7420) for _ in range(4)]
        more = [socket.socket() for _ in range(5)]
        for each in more:
            each.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                each.connect((HOST, 7420))
        yield
        del server, idle, clients

    with actor(lab, ignore, "deaf"):
        found = seen_when(lab, lambda one: one.listeners and (one.listeners[0].drops or 0) >= 5)
        (listener,) = found.listeners or ()
        assert (listener.address, listener.port, listener.waiting, listener.backlog) == (HOST, 7420, 4, 3)
        assert listener.program.owner and listener.program.owner.name == "deaf"
        after = int(re.search(r"d(\d+)\)", lab.run("ss", "-Htlnm", "sport = :7420"))[1])  # type: ignore[index]
        assert 5 <= (listener.drops or 0) <= after


def test_closing_connections_are_told_by_state_and_peer_with_their_orphans(lab: Lab) -> None:
    lab.run("nft", "-f", "-", stdin=RULES)

    def made() -> tuple[Census, int, str]:
        zoo = Zoo()
        expected = zoo.fill()
        settled(expected)
        deadline = time.monotonic() + 15
        while True:
            (one,) = asyncio.run(censuses(1))
            stuck = sum(each.count for each in one.unanswered or ())
            if stuck >= 3 * (4 + 5 + 6) or time.monotonic() > deadline:
                listed = ss("state", "fin-wait-1", "state", "fin-wait-2", "state", "closing", "state", "last-ack")
                zoo.close()
                return one, sum(expected.values()), listed

    found, total, listed = lab.call(made)
    assert found.sockets == total
    truth = Counter(
        (SS_NAMES[line.split()[0]], line.split()[4].rpartition(":")[0].strip("[]").removeprefix("::ffff:"))
        for line in listed.splitlines()
    )
    told = {(each.state, each.address): each for each in found.closing or ()}
    assert {key: each.count for key, each in told.items()} == truth
    for address in ("127.0.0.1", "::1", "127.0.0.2"):
        for state, orphans in (("FIN_WAIT1", 2), ("FIN_WAIT2", 9), ("CLOSING", 0), ("LAST_ACK", 6)):
            one = told[state, address]
            assert (one.orphans, one.retried) == (orphans, 0 if state == "FIN_WAIT2" else one.count), (state, address)
    stuck = Counter({(each.state, each.kind): 0 for each in found.unanswered or ()})
    for each in found.unanswered or ():
        stuck[each.state, each.kind] += each.count
        assert each.retries >= 1 and (LOSES_FIN in (each.port, each.local_port))
    assert stuck == {("FIN_WAIT1", "retransmit"): 12, ("CLOSING", "retransmit"): 15, ("LAST_ACK", "retransmit"): 18}


def test_pools_are_told_by_program_with_what_is_in_use(lab: Lab) -> None:
    def serve() -> Iterator[None]:
        servers = {port: socket.create_server((HOST, port)) for port in (5432, 7500, 7501)}
        yield
        held = []
        for port, count in ((5432, 10), (7500, 4), (7501, 5)):
            accepted = [servers[port].accept()[0] for _ in range(count)]
            held += accepted
            for each in accepted:
                each.settimeout(0.2)
                with contextlib.suppress(TimeoutError):
                    if each.recv(100) == b"answer me":
                        each.sendall(b"answer")
        yield

    def ask(lines: list[bytes], others: dict[int, int]) -> Callable[[], Iterator[None]]:
        def part() -> Iterator[None]:
            held = [connect_from(HOST, 5432) for _ in lines]
            time.sleep(0.05)  # the kernel tells times in milliseconds: who asks at once has asked when it connected
            for each, line in zip(held, lines, strict=True):
                if line:
                    each.sendall(line)
            held += [connect_from(HOST, port) for port, count in others.items() for _ in range(count)]
            yield

        return part

    requests = [b"think"] * 2 + [b"answer me"] * 3 + [b""]
    with (
        actor(lab, serve, "db") as db, actor(lab, ask(requests, {7500: 4}), "app") as app,
        actor(lab, ask([b""] * 4, {7501: 5}), "worker") as worker,
    ):
        db.go_on()
        found = census(lab)
        told = [(p.program.owner and p.program.owner.pid, p.port, p.role, p.established, p.waiting)
                for p in found.pools or ()]
        assert told == [
            (app.pid, 5432, "PostgreSQL", 6, 2), (worker.pid, 5432, "PostgreSQL", 4, 0), (worker.pid, 7501, "", 5, 0)
        ]
        first, second, _ = found.pools or ()
        assert first.longest is not None and first.longest > 0.5 and second.longest is None
        assert first.program.label == f"app[{app.pid}]"


def test_silent_connections_are_those_that_nobody_asks_after(lab: Lab) -> None:
    def talk() -> Iterator[None]:
        server = socket.create_server((HOST, 7600))
        held = [connection(server, HOST) for _ in range(5)]
        for client, accepted in held[:2]:
            for end in (client, accepted):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        yield
        held[2][0].sendall(b"x")
        yield

    with actor(lab, talk, "talk") as talker:
        time.sleep(1.2)
        talker.go_on()
        found = census(lab, silent=1.0)
        told = {(each.local_port, each.port): each for each in found.silent or ()}
        assert {key: each.count for key, each in told.items()} == {(7600, None): 2, (None, 7600): 2}
        assert all(each.longest >= 1.2 and each.program.owner for each in told.values())
        assert census(lab).silent == ()


def test_connections_whose_peer_is_gone_are_told_with_what_they_send(lab: Lab) -> None:
    def speak() -> Iterator[None]:
        server = socket.create_server((HOST, 7700))
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
        sending = [connection(server, HOST) for _ in range(3)]
        keeping = [connection(server, HOST) for _ in range(2)]
        full = connection(server, HOST)
        for client, _ in keeping:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        full[0].setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                full[0].send(b"x" * 65_536)
        yield
        for client, _ in sending:
            client.sendall(b"hello")
        yield

    with actor(lab, speak, "speaker") as speaker:
        until(lambda: ",0)" in lab.run("ss", "-Htano", "dport = :7700") and "persist" in lab.run("ss", "-Htano"))
        drop(lab, "tcp sport 7700 drop\ntcp dport 7700 drop")
        speaker.go_on()
        found = seen_when(lab, lambda one: len(one.unanswered or ()) == 3)
        told = {each.kind: each for each in found.unanswered or ()}
        assert {kind: each.count for kind, each in told.items()} == {"retransmit": 3, "keepalive": 2, "probe": 1}
        assert told["retransmit"].retries >= 2 and told["retransmit"].queued == 15
        for each in told.values():
            assert (each.state, each.address, each.port) == ("ESTABLISHED", HOST, 7700)
            assert each.program.owner and each.program.owner.name == "speaker"


def test_a_udp_socket_that_overflows_is_told_with_its_losses(lab: Lab) -> None:
    def receive() -> Iterator[None]:
        lazy, brisk = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
        lazy.bind((HOST, 7800))
        brisk.bind((HOST, 7801))
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sender = socket.socket(type=socket.SOCK_DGRAM)
        yield
        for _ in range(100):
            sender.sendto(b"x" * 500, (HOST, 7800))
        sender.sendto(b"x", (HOST, 7801))
        yield

    with actor(lab, receive, "lazy") as lazy:
        assert census(lab).udp is None
        lazy.go_on()
        (loss,) = census(lab).udp or ()
        line = lab.run("ss", "-Huanm", "sport = :7800")
        memory = re.search(r"rb(\d+),.*d(\d+)\)", line)
        assert memory
        assert (loss.address, loss.port, loss.limit, loss.drops) == (HOST, 7800, int(memory[1]), int(memory[2]))
        assert loss.queued == int(line.split()[1]) > 0 and loss.drops > 50
        assert loss.program.owner and loss.program.owner.name == "lazy"


def test_what_vanishes_while_it_is_counted_does_no_harm(lab: Lab) -> None:
    def restless() -> Iterator[None]:
        yield
        server = socket.create_server((HOST, 7900), backlog=50)
        while True:
            pairs = [connection(server, HOST) for _ in range(30)]
            for client, accepted in pairs:
                client.close()
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            time.sleep(0.002)
            for _, accepted in pairs:
                accepted.close()

    with actor(lab, restless, "restless") as busy:
        os.write(busy._telling, b"\n")  # it will not answer any more
        for one in taken(lab, 60):
            for holder in one.holders or ():
                assert 0 < holder.count <= 200
                assert holder.program.owner is None or holder.program.owner.name == "restless"
