"""The `ss` command for a filter, judged by the real ss: it always runs, and shows what is wanted."""

import shlex
import socket
import subprocess
import time
from contextlib import ExitStack
from ipaddress import ip_network

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nettui.model.socket import UNCONN, Socket, Transport
from nettui.model.socket_filter import Filter, Is, Operator
from nettui.model.socket_table import ListedTable
from nettui.model.tcp import STATES
from nettui.sockets.facts import Facts
from nettui.sockets.language import parse
from nettui.sockets.match import matcher
from nettui.sockets.ss import SsCommand, ss_command
from tests.lab_support import Lab, lab
from tests.linux.tcp_zoo import SS_NAMES
from tests.sockets.test_language import grown

__all__ = ["lab"]

BOTH = frozenset({Transport.TCP, Transport.UDP})
LINKS = ("lo", "eth0", "eth1", "not")
EITHER_8080 = "'( sport = :8080 or dport = :8080 )'"
MAPPED = "::ffff:0:0/96"


@pytest.mark.parametrize(
    ("typed", "command", "left_out"),
    [
        ("", "ss -tuan", ()),
        ("state:close-wait port:8080", f"ss -tan state close-wait {EITHER_8080}", ()),
        ("state:fin-wait1,listen proto:tcp", "ss -tan state listening state fin-wait-1", ()),
        ("-state:listen", "ss -tuan exclude listening", ()),
        ("state:connected", "ss -tuan exclude listening exclude closed", ()),
        ("state:unconn", "ss -uan state closed", ()),
        ("state:closed", "ss -tan state closed", ()),
        ("proto:udp", "ss -uan", ()),
        ("proto:quic", "ss -uan '( sport = :443 or dport = :443 )'", ()),
        ("proto:tcp4", "ss -tan 'src 0.0.0.0/0'", ()),
        ("proto:ipv6", f"ss -tuan '( src [::/0] and not src [{MAPPED}] )'", ()),
        ("-proto:ipv6", "ss -tuan 'src 0.0.0.0/0'", ()),
        ("port:8080", f"ss -tuan {EITHER_8080}", ()),
        ("-port:8080", "ss -tuan '( sport != :8080 and dport != :8080 )'", ()),
        ("sport>1024", "ss -tuan 'sport >= :1025'", ()),
        ("dport<100", "ss -tuan '( dport >= :1 and dport <= :99 )'", ()),
        ("-dport<100", "ss -tuan 'not ( dport >= :1 and dport <= :99 )'", ()),
        ("sport:80-90", "ss -tuan '( sport >= :80 and sport <= :90 )'", ()),
        ("src:10/8 dst:[::1]:443", "ss -tuan '( src 10.0.0.0/8 and dst [::1] and dport = :443 )'", ()),
        ("dst:::/64", f"ss -tuan '( dst [::/64] and not dst [{MAPPED}] )'", ()),
        ("-dst:38/8", "ss -tuan '( not dst 38.0.0.0/8 or dst [::/0] )'", ()),
        ("-dst:2000::/3", "ss -tuan '( not dst [2000::/3] or dst 0.0.0.0/0 )'", ()),
        ("-dst:fe80::/64", "ss -tuan '( not dst [fe80::/64] or dst 0.0.0.0/0 )'", ()),
        ("-dst:10/8 -dst:::1", "ss -tuan '( not dst 10.0.0.0/8 and not dst [::1] )'", ()),
        ("iface:eth", "ss -tuan '( dev = eth0 or dev = eth1 )'", ()),
        ("-iface:eth", "ss -tuan '( dev != eth0 and dev != eth1 )'", ()),
        ("(port:80 or sport:90) state:listen",
         "ss -tan state listening '( ( sport = :80 or dport = :80 ) or sport = :90 )'", ()),
        # What it cannot say
        ("iface:no", "ss -tuan", ("iface:no",)),
        ("state:close-wait process:java", "ss -tanp state close-wait", ("process:java",)),
        ("rtt>200ms user:app timer<5s inode:7", "ss -tuaneoi", ("rtt>200ms", "user:app", "timer<5s", "inode:7")),
        ("unit:nginx or port:80", "ss -tuane", ("unit:nginx or port:80",)),
        ("-(recvq>0 or port:80)", "ss -tuan '( sport != :80 and dport != :80 )'", ("not recvq>0",)),
        ("-proto:quic", "ss -tuan", ("not proto:quic",)),
        ("iface:eth0 proto:ipv4", "ss -tuan '( dev = eth0 and src 0.0.0.0/0 )'", ("proto:ipv4",)),
        ("proto:udp or state:listen", "ss -tuan state listening state established state closed",
         ("proto:udp or state:listen",)),
        # What nothing can be
        ("state:listen state:closing", "ss -tuan 'sport < :0'", ()),
        ("proto:unix", "ss -tuan 'sport < :0'", ()),
        ("port:0", "ss -tuan 'sport < :0'", ()),
        ("iface:wg", "ss -tuan 'sport < :0'", ()),
    ],
)
def test_how_it_is_said(typed: str, command: str, left_out: tuple[str, ...]) -> None:
    assert ss_command(parse(typed), BOTH, LINKS) == SsCommand(command, left_out)


def test_names_that_a_shell_or_ss_would_take_for_more_are_not_said() -> None:
    for name in ("$(id)", "a;b", "'", "(", "and", "-a b", "é"):
        assert ss_command(Is("iface", "=", name), BOTH, [name]).command == "ss -tuan"
    assert ss_command(Is("iface", "=", "eth0"), BOTH) == SsCommand("ss -tuan", ("iface:eth0",))


def test_unix_sockets_are_asked_for_in_a_way_that_leaves_addresses_alone() -> None:
    kinds = frozenset(Transport)
    assert ss_command(None, kinds).command == "ss -tuwxMan"
    assert ss_command(parse("proto:unix state:listen"), kinds).command == "ss -xan state listening"
    assert ss_command(parse("-src:10/8"), kinds).command == "ss -an -A tcp,udp,raw,unix,mptcp 'not src 10.0.0.0/8'"
    assert ss_command(parse("src:10/8"), kinds).command == "ss -tuwMan 'src 10.0.0.0/8'"
    assert ss_command(parse("iface:lo"), kinds) == SsCommand("ss -tuwxMan", ("iface:lo",))


def listed(command: str) -> list[tuple[str, str]]:
    """Local and peer end of the sockets that a command shows; unix sockets left out."""
    found = []
    for line in shell(f"ss -HO {command.removeprefix('ss ')}").splitlines():
        words = line.split()  # a column that would say the same in every line is not there
        place = next(place for place, word in enumerate(words) if word.isdigit())
        if ":" in words[place + 2]:
            found.append((words[place + 2], words[place + 3]))
    return sorted(found)


def shell(command: str) -> str:
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=30, check=False)
    assert (ran.returncode, ran.stderr) == (0, ""), command
    return ran.stdout


def end(text: str) -> tuple[str, int | None]:
    """An address and port of ss, as a Socket has them."""
    address, _, port = text.rpartition(":")
    address = address.partition("%")[0].strip("[]").removeprefix("::ffff:")
    return "*" if address in ("0.0.0.0", "::") else address, None if port == "*" else int(port)


def records() -> dict[tuple[str, str], Socket]:
    """All TCP and UDP sockets by their ends, as ss tells of them."""
    found = {}
    for line in shell("ss -HOtuan").splitlines():
        transport, name, _, _, local, peer = line.split()[:6]
        found[local, peer] = Socket(
            key=local + peer, transport=Transport(transport), state=name if name == UNCONN else SS_NAMES[name].value,
            family="inet" if local[0].isdigit() else "inet6", ifindex=1 if "%lo" in local else None,
            local=end(local)[0], local_port=end(local)[1], peer=end(peer)[0], peer_port=end(peer)[1],
        )
    return found


FIN_WAIT2 = b"\5"
TCP, DATAGRAM, V4, V6 = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.AF_INET, socket.AF_INET6


def made(held: ExitStack, kind: int, family: int, address: str, port: int) -> socket.socket:
    one = held.enter_context(socket.socket(family, kind))
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == V6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address == "::1")
    one.bind((address, port))
    return one


def open_sockets(held: ExitStack) -> int:
    """Listeners on 7000 to 7003, connections to them from 40000 to 40003, and UDP. How many, both ends counted."""
    v4, v6 = made(held, TCP, V4, "127.0.0.1", 7000), made(held, TCP, V6, "::1", 7001)
    dual, bound = made(held, TCP, V6, "::", 7002), made(held, TCP, V4, "0.0.0.0", 7003)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
    for listener in (v4, v6, dual, bound):
        listener.listen()
    connections = (
        (V4, "127.0.0.2", "127.0.0.1", v4), (V6, "::1", "::1", v6), (V6, "::ffff:127.0.0.3", "::ffff:127.0.0.1", dual),
        (V4, "127.0.0.1", "127.0.0.1", v4),
    )
    for number, (family, source, target, listener) in enumerate(connections):
        client = made(held, TCP, family, source, 40000 + number)
        client.connect((target, listener.getsockname()[1]))
        held.enter_context(listener.accept()[0])
    client.shutdown(socket.SHUT_WR)
    deadline = time.monotonic() + 20
    while client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) != FIN_WAIT2 and time.monotonic() < deadline:
        time.sleep(0.01)  # until the other end is in CLOSE_WAIT and has said so
    made(held, DATAGRAM, V4, "127.0.0.1", 443)
    made(held, DATAGRAM, V4, "127.0.0.1", 5000).connect(("127.0.0.1", 443))
    made(held, DATAGRAM, V6, "::", 5001)
    return 4 + 2 * len(connections) + 3


SELECTED = {
    "state:close-wait port:7000": {(7000, 40003)},
    "state:fin-wait2": {(40003, 7000)},
    "state:listen": {(7000, None), (7001, None), (7002, None), (7003, None)},
    "sport:7001-7002 -dport:40002": {(7001, None), (7001, 40001), (7002, None)},
    "port>40001": {(40002, 7002), (7002, 40002), (40003, 7000), (7000, 40003)},
    "dport<1000": {(5000, 443)},
    "-dport>400 proto:tcp": {(7000, None), (7001, None), (7002, None), (7003, None)},
    "proto:quic": {(443, None), (5000, 443)},
    "proto:udp6": {(5001, None)},
    "proto:ipv4 state:established": {(7000, 40000), (40000, 7000), (7002, 40002), (40002, 7002), (5000, 443)},
    "-proto:ipv4 state:estab": {(7001, 40001), (40001, 7001)},
    "src:127.0.0.2/31": {(40000, 7000), (40002, 7002)},
    "dst:[::1]:7001 or dst:127.0.0.3": {(40001, 7001), (7002, 40002)},
    "-addr:127.0.0.0/8 proto:tcp": {(7001, None), (7001, 40001), (40001, 7001), (7002, None), (7003, None)},
    "src:0.0.0.0": {(7003, None)},
    "iface:lo": {(7003, None)},
    "-iface:lo state:listen": {(7000, None), (7001, None), (7002, None)},
    "iface:wg or port:0": set(),
}


@pytest.mark.lab
def test_the_sockets_that_are_wanted_are_shown(lab: Lab) -> None:
    def shown() -> dict[str, set[tuple[int | None, int | None]]]:
        with ExitStack() as held:
            open_sockets(held)
            return {
                typed: {(end(local)[1], end(peer)[1]) for local, peer in listed(said(parse(typed), BOTH).command)}
                for typed in SELECTED
            }

    assert lab.call(shown) == SELECTED


def said(wanted: Filter | None, transports: frozenset[Transport]) -> SsCommand:
    return ss_command(wanted, transports, ("lo",))


SIGNS: tuple[Operator, ...] = ("=", ">", ">=", "<", "<=")
NETWORKS = ("127.0.0.0/8", "127.0.0.2/32", "0.0.0.0/0", "0.0.0.0/32", "::1/128", "::/0", "::/96", "10.0.0.0/8")
LEAVES: st.SearchStrategy[Filter] = st.one_of(
    st.builds(Is, st.just("state"), st.just("="), st.sampled_from([*(state.value for state in STATES), UNCONN])),
    st.builds(Is, st.just("proto"), st.just("="),
              st.sampled_from(["tcp", "udp", "raw", "unix", "mptcp", "quic", "ipv4", "ipv6"])),
    st.builds(Is, st.sampled_from(["port", "sport", "dport"]), st.sampled_from(SIGNS),
              st.sampled_from([0, 1, 443, 5000, 7000, 7001, 40002, 65535])),
    st.builds(Is, st.sampled_from(["src", "dst", "addr"]), st.just("="), st.sampled_from(NETWORKS).map(ip_network)),
    st.builds(Is, st.just("iface"), st.just("="), st.sampled_from(["lo", "l", "zz"])),
    st.builds(Is, st.sampled_from(["process", "unit", "user"]), st.just("="), st.sampled_from(["a'; $(id)", "x"])),
    st.builds(Is, st.sampled_from(["rtt", "recvq", "age", "timer", "pid"]), st.sampled_from(SIGNS), st.just(1)),
)
KINDS = st.frozensets(st.sampled_from(list(Transport))).map(BOTH.union)


@pytest.mark.lab
def test_any_filter_is_taken_and_answered_with_all_that_it_wants(lab: Lab) -> None:
    def compare() -> None:
        with ExitStack() as held:
            opened = open_sockets(held)
            everything = records()
            table = ListedTable(list(everything.values()), taken_at=0)
            assert len(table) == opened

            @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(st.recursive(LEAVES, grown, max_leaves=8), KINDS)
            def holds(tree: Filter, transports: frozenset[Transport]) -> None:
                asked = said(tree, transports)
                assert shlex.split(asked.command)[0] == "ss"
                places = matcher(tree).places(table, Facts(links={1: "lo"}), 0, len(table))
                wanted, shown = {list(everything)[place] for place in places}, set(listed(asked.command))
                assert wanted <= shown, asked
                assert asked.left_out or wanted == shown, asked

            holds()

    lab.call(compare)
