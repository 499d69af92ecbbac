"""What the kernel is asked for, against what it answers: never less than is wanted, and the same as `ss` where it can.

In a namespace full of TCP sockets in every state, UDP, IPv4, IPv6, mapped addresses, and sockets bound to an interface.
"""

import asyncio
import socket
import struct
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv6Address, ip_network
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nettui.linux.inet_filter import LONGEST, KernelFilter, plan
from nettui.linux.netlink import SOCK_DIAG, NetlinkSocket, messages
from nettui.linux.tcp_states import EVERY_STATE, STATE_NUMBERS
from nettui.model.process import Owner
from nettui.model.socket import UNCONN, Socket, SocketKey, Transport
from nettui.model.socket_filter import AllOf, AnyOf, Filter, Is, Not, Operator
from nettui.model.socket_table import ListedTable
from nettui.model.tcp import TcpState
from nettui.sockets.facts import Facts
from nettui.sockets.match import matcher
from tests.lab_support import Lab
from tests.linux import tcp_zoo

IPPROTO_MPTCP = 262


def port(value: int, field: str = "sport", sign: Operator = "=") -> Is:
    return Is(field, sign, value)


def net(text: str, field: str = "src") -> Is:
    return Is(field, "=", ip_network(text))


def state(name: str) -> Is:
    return Is("state", "=", name)


def proto(name: str) -> Is:
    return Is("proto", "=", name)


# The sockets


def _socket(family: int, kind: int, local: tuple[str, int], device: str | None, v6only: bool = False) -> socket.socket:
    made = socket.socket(family, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if device:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    if v6only:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.bind(local)
    return made


@contextmanager
def many_sockets() -> Iterator[None]:
    """Everything there is, in the namespace this is called in."""
    v4, v6, tcp, udp = socket.AF_INET, socket.AF_INET6, socket.SOCK_STREAM, socket.SOCK_DGRAM
    zoo = tcp_zoo.Zoo()
    expected = zoo.fill()
    listeners = [
        (v4, "0.0.0.0", 8000, None, False), (v6, "::", 8001, None, False), (v6, "::", 8002, None, True),
        (v4, "127.0.0.1", 443, None, False), (v4, "127.0.0.1", 1023, "lo", False), (v6, "::1", 1024, "lo", False),
        (v6, "::ffff:127.0.0.9", 65535, None, False), (v4, "127.0.0.4", 1, None, False),
    ]
    datagrams = [
        (v4, ("0.0.0.0", 5353), None, None), (v6, ("::", 5354), None, None), (v4, ("127.0.0.1", 443), None, None),
        (v6, ("::ffff:127.0.0.5", 5355), None, None), (v6, ("::ffff:0.0.0.0", 5356), None, None),
        (v4, ("127.0.0.1", 40001), ("127.0.0.1", 443), None), (v6, ("::1", 40002), ("::1", 443), None),
        (v6, ("::", 40003), ("::ffff:127.0.0.1", 443), None), (v4, ("127.0.0.1", 40004), ("127.0.0.2", 53), "lo"),
        (v6, ("::1", 5357), None, "lo"), (v4, ("127.0.0.1", 53), None, None),
    ]
    with ExitStack() as held:
        held.callback(zoo.close)
        for family, address, number, device, v6only in listeners:
            held.enter_context(_socket(family, tcp, (address, number), device, v6only)).listen(5)
        held.enter_context(socket.create_connection(("127.0.0.1", 443)))
        for family, local, peer, device in datagrams:
            made = held.enter_context(_socket(family, udp, local, device))
            if peer:
                made.connect(peer)
        held.enter_context(socket.socket(v4, udp))
        expected[TcpState.LISTEN] += len(listeners)
        expected[TcpState.ESTABLISHED] += 2
        assert tcp_zoo.by_state(tcp_zoo.settled(expected)) == expected
        yield


# Asking the kernel, reading its answer without the program's own readers

_MESSAGE = struct.Struct("!BBBB HH 16s 16s")  # then, in the order of the host: interface, cookie, and five numbers
_NUMBERS = struct.Struct("=IQIIIII")


class Answer:
    """All sockets of a dump."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.sockets: list[Socket] = []

    def feed(self, chunk: bytes) -> None:
        for _, start, _ in messages(chunk):
            family, number, _, _, sport, dport, src, dst = _MESSAGE.unpack_from(chunk, start)
            ifindex, cookie, _, recv_q, send_q, uid, inode = _NUMBERS.unpack_from(chunk, start + _MESSAGE.size)
            name = str(STATE_NUMBERS[number])
            self.sockets.append(Socket(
                key=cookie, transport=self.transport, family="inet" if family == socket.AF_INET else "inet6",
                state=UNCONN if self.transport is Transport.UDP and number == 7 else name,
                local=_address(family, src), local_port=sport or None, peer=_address(family, dst),
                peer_port=dport or None, ifindex=ifindex or None, recv_q=recv_q, send_q=send_q, uid=uid, inode=inode,
            ))


def _address(family: int, packed: bytes) -> str:
    if family == socket.AF_INET:
        return "*" if packed[:4] == bytes(4) else socket.inet_ntop(family, packed[:4])
    address = IPv6Address(packed)
    return str(address.ipv4_mapped or address) if packed != bytes(16) else "*"


Found = TypeVar("Found")


class Kernel:
    """Dumps, one after another."""

    def __init__(self, *transports: Transport) -> None:
        self.transports = transports or (Transport.TCP, Transport.UDP)
        self._netlink = NetlinkSocket(SOCK_DIAG)
        self._runner = asyncio.Runner()

    def __call__(self, request: KernelFilter | None, transport: Transport) -> list[Socket]:
        """The answer to a request; nothing where there is none."""
        if request is None:
            return []
        program = request.bytecode
        attribute = struct.pack("=HH", 4 + len(program), 1) + program if program else b""
        if transport is Transport.TCP:
            bodies = [(18, struct.pack("=BBBB48sII", 0, 0, 0, 0, bytes(48), request.states, 0))]
        else:
            number = socket.IPPROTO_UDP if transport is Transport.UDP else IPPROTO_MPTCP
            attribute += struct.pack("=HHI", 8, 3, number)  # INET_DIAG_REQ_PROTOCOL, for numbers above 255
            bodies = [
                (20, struct.pack("=BBBBI48s", family, number & 0xFF, 0, 0, request.states, bytes(48)))
                for family in (socket.AF_INET, socket.AF_INET6)
            ]
        found: list[Socket] = []
        for kind, body in bodies:
            dump = self._netlink.dump(kind, body + attribute, lambda: Answer(transport))
            found += self._runner.run(dump).sockets
        return found

    def everything(self) -> list[Socket]:
        return [each for transport in self.transports for each in self(plan(None, transport), transport)]


def keys(sockets: Iterable[Socket]) -> set[SocketKey]:
    return {each.key for each in sockets}


def still(kernel: Kernel, compare: Callable[[list[Socket]], Found]) -> Found:
    """What a comparison found in a moment when no socket came, went or changed; else in the last try."""
    for _ in range(20):
        before = kernel.everything()
        found = compare(before)
        if {(s.key, s.state) for s in before} == {(s.key, s.state) for s in kernel.everything()}:
            break
    return found


def passing(wanted: Filter, sockets: list[Socket], facts: Facts) -> set[SocketKey]:
    table = ListedTable(sockets, taken_at=1000.0)
    return {sockets[place].key for place in matcher(wanted).places(table, facts, 0, len(table))}


def differs(kernel: Kernel, wanted: Filter, exact: bool, sockets: list[Socket], facts: Facts) -> str:
    """How the answer to a planned request differs from what it should be; empty where it does not."""
    answer = {key for transport in kernel.transports for key in keys(kernel(plan(wanted, transport), transport))}
    right = passing(wanted, sockets, facts)
    by_key = {each.key: each for each in sockets}
    wrong = [("missing", by_key[key]) for key in right - answer]
    wrong += [("too many", by_key[key]) for key in answer - right] if exact else []
    return f"{wanted}: {wrong}" if wrong else ""


FACTS = Facts(links={1: "lo"}, users={0: "root"}, services={("tcp", 7000): "zoo"}, watching_since=0.0)
EXACT: list[Filter] = [
    *(state(name) for name in ("LISTEN", "SYN_RECV", "ESTABLISHED", "TIME_WAIT", "CLOSE_WAIT", "CLOSING", "UNCONN")),
    AnyOf((state("CLOSE_WAIT"), state("LAST_ACK"), state("SYN_SENT"))),
    Not(state("ESTABLISHED")),
    Not(AnyOf((state("TIME_WAIT"), state("FIN_WAIT2"), state("SYN_RECV")))),
    AllOf((state("LISTEN"), state("CLOSE_WAIT"))),
    AnyOf((AllOf((state("LISTEN"), proto("unix"))), state("CLOSE_WAIT"))),
    AnyOf((AllOf((state("LISTEN"), state("CLOSE_WAIT"), port(1))), port(7000))),
    port(7000), port(7000, "dport"), port(7000, "port"), port(443, "port"), port(1), port(65535), port(0),
    port(0, "dport"),
    *(port(1024, field, sign) for field in ("sport", "dport", "port") for sign in (">", ">=", "<", "<=")),
    *(Not(port(1024, field, sign)) for field in ("sport", "dport", "port") for sign in (">", ">=", "<", "<=")),
    Not(port(7000, "dport")), Not(port(7000, "port")), port(65535, sign=">"), port(70000, sign="<"), port(-1, sign=">"),
    Not(port(70000)), AllOf((port(7000, sign=">="), port(7002, sign="<="))),
    net("127.0.0.1/32"), net("127.0.0.0/8"), net("127.0.0.2/31", "dst"), net("127.0.0.0/30", "addr"), net("0.0.0.0/0"),
    net("0.0.0.0/32"), net("0.0.0.0/0", "dst"), net("128.0.0.0/1", "addr"), net("::/0"), net("::/0", "dst"),
    net("::/128"), net("::1/128"), net("::/96", "addr"), net("2001:db8::/32", "addr"), net("::fffe:0:0/95"),
    Not(net("::/0")), Not(net("::/0", "addr")), Not(net("127.0.0.0/8")), Not(net("127.0.0.2/32", "addr")),
    Not(net("::1/128", "addr")),
    proto("tcp"), proto("udp"), proto("unix"), Not(proto("tcp")), proto("ipv4"), proto("ipv6"), proto("quic"),
    Not(proto("ipv4")), Not(proto("ipv6")), Not(proto("quic")), AnyOf((proto("udp"), port(7000))),
    AllOf((state("CLOSE_WAIT"), port(7000), net("127.0.0.0/8"))),
    AllOf((AnyOf((port(7000), port(7001))), AnyOf((net("::1/128"), net("127.0.0.1/32"))), Not(state("LISTEN")))),
    AnyOf((AllOf((port(7000), net("::1/128"))), AllOf((port(7001, "port"), proto("ipv4"))), port(53, "port"))),
    Not(AnyOf((port(7000), AllOf((port(7000, "dport"), Not(net("127.0.0.0/8"))))))),
    AnyOf(tuple(port(number, "dport") for number in range(7000, 7100))),
    AllOf((port(7000), AnyOf(()))), AllOf(()), Not(AllOf(())), Not(Not(port(7000))),
]
"""Filters of which the kernel can do everything."""

WIDER: list[Filter] = [
    AnyOf((state("LISTEN"), port(7000))),
    AnyOf((AllOf((state("LISTEN"), port(7000))), AllOf((state("CLOSE_WAIT"), port(7000, "dport"))))),
    Not(AllOf((state("CLOSE_WAIT"), port(7000)))),
    Is("iface", "=", "l"), Not(Is("iface", "=", "l")), Is("user", "=", "root"), Not(Is("user", "=", "root")),
    Is("process", "=", "x"), Not(Is("process", "=", "x")), Is("recvq", ">", 0), Not(Is("rtt", ">", 0.1)),
    Is("age", ">", 10), AllOf((port(7000), Is("text", "=", "zoo"))), AnyOf((port(7000), Not(Is("pid", "=", 1)))),
    Not(AnyOf((Is("inode", "=", 0), port(7000)))), AnyOf(tuple(port(number) for number in range(7000, 8000))),
    Not(AnyOf(tuple(port(number) for number in range(7000, 8000)))),
    AllOf(tuple(Not(port(number)) for number in range(6000, 7001))),
]
"""Filters of which it can do a part, or nothing."""


def all_differences(kernel: Kernel) -> list[str]:
    return still(kernel, lambda sockets: list(filter(None, (
        *(differs(kernel, wanted, True, sockets, FACTS) for wanted in EXACT),
        *(differs(kernel, wanted, False, sockets, FACTS) for wanted in WIDER),
    ))))


@pytest.mark.lab
def test_the_answer_holds_all_that_is_wanted_and_nothing_else_where_the_kernel_can(lab: Lab) -> None:
    lab.run("nft", "-f", "-", stdin=tcp_zoo.RULES)

    def compare() -> list[str]:
        with many_sockets():
            return all_differences(Kernel())

    assert lab.call(compare) == []


@pytest.mark.lab
def test_the_same_of_multipath_tcp(lab: Lab) -> None:
    def compare() -> tuple[list[str], int]:
        with ExitStack() as held:
            listener = held.enter_context(socket.socket(socket.AF_INET6, socket.SOCK_STREAM, IPPROTO_MPTCP))
            listener.bind(("::", 7000))
            listener.listen(5)
            for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                held.enter_context(socket.socket(family, socket.SOCK_STREAM, IPPROTO_MPTCP)).connect((address, 7000))
                held.enter_context(listener.accept()[0])
            kernel = Kernel(Transport.MPTCP)
            return all_differences(kernel), len(kernel.everything())

    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP).close()
    except OSError as error:
        pytest.skip(f"no multipath TCP here: {error}")
    assert lab.call(compare) == ([], 5)


def test_what_no_socket_of_a_transport_can_be_is_not_asked_for() -> None:
    asked = {
        (wanted, transport)
        for wanted in (proto("udp"), proto("quic"), proto("ipv6"), port(80, sign=">"), net("0.0.0.0/0"),
                       state("LISTEN"), state("UNCONN"), Is("iface", "=", "lo"))
        for transport in Transport if plan(wanted, transport) is not None
    }
    tcp, udp, raw, unix, mptcp = Transport
    assert asked == {
        (proto("udp"), udp), (proto("quic"), udp), *((proto("ipv6"), kind) for kind in (tcp, udp, raw, mptcp)),
        *((port(80, sign=">"), kind) for kind in (tcp, udp, raw, mptcp)),
        *((net("0.0.0.0/0"), kind) for kind in (tcp, udp, raw, mptcp)),
        *((state("LISTEN"), kind) for kind in (tcp, unix, mptcp)),
        *((state("UNCONN"), kind) for kind in (udp, raw, unix)),
        *((Is("iface", "=", "lo"), kind) for kind in (tcp, udp, raw, mptcp)),
    }
    assert plan(AllOf((proto("udp"), Not(Not(proto("tcp"))))), udp) is None
    assert plan(Not(proto("unix")), unix) is None


def test_states_alone_need_no_program() -> None:
    assert plan(None, Transport.TCP) == plan(AllOf(()), Transport.TCP) == (EVERY_STATE, b"")
    assert plan(None, Transport.UDP) == (1 << 1 | 1 << 7, b"")
    assert plan(AnyOf((state("CLOSE_WAIT"), state("LISTEN"))), Transport.TCP) == (1 << 8 | 1 << 10, b"")
    assert plan(port(80), Transport.RAW) == plan(Not(port(80)), Transport.RAW) == (1 << 1 | 1 << 7, b"")
    assert plan(Not(state("ESTABLISHED")), Transport.UDP) == (1 << 7, b"")
    assert plan(AllOf((Is("process", "=", "java"), state("LISTEN"))), Transport.TCP) == (1 << 10, b"")


def test_a_filter_that_is_too_large_is_asked_for_in_part() -> None:
    many = AnyOf(tuple(port(number, "dport") for number in range(1, 5000)))
    narrow = AllOf((net("::1/128"), port(443)))
    for part in (many, Not(AllOf((many, many)))):
        assert plan(part, Transport.TCP) == (EVERY_STATE, b"")
        assert plan(AllOf((part, state("LISTEN"), narrow)), Transport.TCP) == plan(
            AllOf((narrow, state("LISTEN"))), Transport.TCP
        )
    excluded = plan(AllOf(tuple(Not(port(number)) for number in range(1, 5000))), Transport.TCP)
    assert excluded is not None and LONGEST // 2 < len(excluded.bytecode) <= LONGEST


NETWORKS = ("127.0.0.0/8", "127.0.0.2/32", "0.0.0.0/0", "0.0.0.0/32", "::1/128", "::/0", "::/96", "10.0.0.0/8")
NUMBERS = (0, 1, 53, 443, 1024, 7000, 7001, 7003, 40001, 65535, 65536)
SIGNS: tuple[Operator, ...] = ("=", ">", ">=", "<", "<=")
FOR_KERNEL = st.one_of(
    st.builds(port, st.sampled_from(NUMBERS), st.sampled_from(["sport", "dport", "port"]), st.sampled_from(SIGNS)),
    st.builds(net, st.sampled_from(NETWORKS), st.sampled_from(["src", "dst", "addr"])),
    st.sampled_from(["tcp", "udp", "raw", "unix", "mptcp", "quic", "ipv4", "ipv6"]).map(proto),
)
FOR_US = st.one_of(
    st.sampled_from([*map(str, TcpState), UNCONN]).map(state),
    st.sampled_from(["zoo", "127", "close", "lo", "root", "nothing"]).map(lambda text: Is("text", "=", text)),
    st.builds(Is, st.sampled_from(["process", "user", "unit", "iface"]), st.just("="),
              st.sampled_from(["lo", "root", "z"])),
    st.builds(Is, st.sampled_from(["rtt", "retrans", "recvq", "sendq", "idle", "age", "timer", "pid", "inode"]),
              st.sampled_from(SIGNS), st.sampled_from([0, 1, 100])),
)


def trees(leaves: st.SearchStrategy[Is]) -> st.SearchStrategy[Filter]:
    def grown(part: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
        parts = st.lists(part, max_size=4).map(tuple)
        return st.one_of(parts.map(AllOf), parts.map(AnyOf), part.map(Not))

    return st.recursive(leaves, grown, max_leaves=12)


@pytest.mark.lab
def test_any_filter_is_answered_with_all_that_it_wants(lab: Lab) -> None:
    lab.run("nft", "-f", "-", stdin=tcp_zoo.RULES)

    def compare() -> None:
        kernel = Kernel()

        @settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(st.one_of(trees(FOR_KERNEL).map(lambda tree: (tree, True)),
                         trees(FOR_KERNEL | FOR_US).map(lambda tree: (tree, False))))
        def holds(tree: tuple[Filter, bool]) -> None:
            if differs(kernel, *tree, known, facts):  # or is it that some have changed meanwhile?
                assert still(kernel, lambda sockets: differs(kernel, *tree, sockets, facts)) == ""

        with many_sockets():
            known = kernel.everything()
            inodes = sorted(each.inode for each in known if each.inode)
            mine = Owner(pid=100, name="lo zoo")
            facts = Facts(
                owners=dict.fromkeys(inodes[::2], (mine,)), links={1: "lo"}, users={0: "root"}, watching_since=900.0,
                services={("tcp", 7000): "zoo"},
            )
            holds()

    lab.call(compare)


# The same filter written for ss: its states, its expression

TCP_FOR_SS: list[tuple[Filter, str, str]] = [
    (state("CLOSE_WAIT"), "close-wait", ""),
    (AnyOf((state("TIME_WAIT"), state("FIN_WAIT2"))), "time-wait fin-wait-2", ""),
    (AllOf((state("ESTABLISHED"), port(7000))), "established", "sport = :7000"),
    (AllOf((state("LISTEN"), Not(port(7000)))), "listening", "sport != :7000"),
    (port(7000, "port"), "", "sport = :7000 or dport = :7000"),
    (port(1024, sign=">="), "", "sport >= :1024"),
    (port(1024, sign=">"), "", "sport > :1024"),
    (port(1024, sign="<="), "", "sport <= :1024"),
    (port(1024, "dport", "<"), "", "dport < :1024 and dport != :0"),
    (Not(port(7001, "dport", "<=")), "", "dport > :7001 or dport = :0"),
    (net("127.0.0.1/32"), "", "src 127.0.0.1"),
    (net("127.0.0.2/32", "dst"), "", "dst 127.0.0.2"),
    (net("127.0.0.0/8", "addr"), "", "src 127.0.0.0/8 or dst 127.0.0.0/8"),
    (Not(net("127.0.0.0/8")), "", "not src 127.0.0.0/8"),
    (net("::1/128", "dst"), "", "dst [::1]"),
    (AllOf((net("::1/128"), AnyOf((port(7000), port(7001, "dport"))))), "",
     "src [::1] and ( sport = :7000 or dport = :7001 )"),
    (AllOf((AnyOf((state("CLOSE_WAIT"), state("SYN_RECV"))), AnyOf((net("127.0.0.2/32"), port(7003))))),
     "close-wait syn-recv", "src 127.0.0.2 or sport = :7003"),
]
UDP_FOR_SS: list[tuple[Filter, str, str]] = [
    (state("ESTABLISHED"), "established", ""),
    (AllOf((state("UNCONN"), net("127.0.0.0/8"))), "unconnected", "src 127.0.0.0/8"),
    (proto("quic"), "", "sport = :443 or dport = :443"),
    (Not(proto("quic")), "", "sport != :443 and dport != :443"),
    (net("127.0.0.0/30", "dst"), "", "dst 127.0.0.0/30"),
    (AllOf((port(40000, sign=">"), Not(net("::1/128")))), "", "sport > :40000 and not src [::1]"),
]


def seen_by_ss(transport: Transport, states: str, expression: str) -> list[tuple[str, str, str]]:
    """State, local and peer endpoint of the sockets that `ss` lists, in order."""
    words = states.split() or (tcp_zoo.SS_STATES.split() if transport is Transport.TCP else ["all"])
    names = {**tcp_zoo.SS_NAMES, "established": "ESTABLISHED", "close-wait": "CLOSE_WAIT", "listening": "LISTEN",
             "unconnected": UNCONN} | ({UNCONN: UNCONN} if transport is Transport.UDP else {})
    asked = ["ss", f"-Hn{transport[0]}", *(word for name in words for word in ("state", name))]
    if expression:
        asked += ["(", *expression.split(), ")"]
    listed = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=30).stdout
    found = []
    for line in listed.splitlines():
        name, rest = (words[0], line) if len(words) == 1 and words != ["all"] else line.split(maxsplit=1)
        _, _, local, peer = rest.split()[:4]
        found.append((names[name], _endpoint(local), _endpoint(peer)))
    return sorted(found)


def _endpoint(text: str) -> str:
    address, _, number = text.rpartition(":")
    address = address.partition("%")[0].strip("[]")
    address = "*" if address in ("0.0.0.0", "::") else address.removeprefix("::ffff:")
    return f"{address} {number.replace('*', '0')}"


@pytest.mark.lab
def test_the_answer_is_what_ss_answers_to_the_same_filter(lab: Lab) -> None:
    lab.run("nft", "-f", "-", stdin=tcp_zoo.RULES)

    def compare() -> list[str]:
        kernel = Kernel()

        def different(wanted: Filter, states: str, expression: str, transport: Transport) -> str:
            ours = sorted(
                (each.state, f"{each.local} {each.local_port or 0}", f"{each.peer} {each.peer_port or 0}")
                for each in kernel(plan(wanted, transport), transport)
            )
            theirs = seen_by_ss(transport, states, expression)
            if ours == theirs and ours:
                return ""
            return f"{transport} {states} {expression}: {set(ours) ^ set(theirs)} {len(ours)} {len(theirs)}"

        with many_sockets():
            return still(kernel, lambda _: list(filter(None, (
                *(different(*each, Transport.TCP) for each in TCP_FOR_SS),
                *(different(*each, Transport.UDP) for each in UDP_FOR_SS),
            ))))

    assert lab.call(compare) == []
