"""The host's totals: against nstat, ss, ip and the kernel's own lists; recorded and odd texts for the rest."""

import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.linux import per_cpu, snmp
from nettui.linux.held_files import HeldFiles
from nettui.linux.procfs import ProcfsError
from nettui.linux.vitals import VitalsReader
from nettui.model.vitals import Vitals
from tests.lab_support import Lab

# By the names that nstat(8) gives them; one of IPv6 is added to its fellow of IPv4.
NSTAT = {
    "tcp_in_segs": ("TcpInSegs",), "tcp_out_segs": ("TcpOutSegs",), "tcp_retrans_segs": ("TcpRetransSegs",),
    "tcp_active_opens": ("TcpActiveOpens",), "tcp_passive_opens": ("TcpPassiveOpens",),
    "tcp_attempt_fails": ("TcpAttemptFails",), "tcp_estab_resets": ("TcpEstabResets",), "tcp_out_rsts": ("TcpOutRsts",),
    "listen_overflows": ("TcpExtListenOverflows",), "listen_drops": ("TcpExtListenDrops",),
    "syncookies_sent": ("TcpExtSyncookiesSent",), "req_q_full_do_cookies": ("TcpExtTCPReqQFullDoCookies",),
    "req_q_full_drop": ("TcpExtTCPReqQFullDrop",), "syn_retrans": ("TcpExtTCPSynRetrans",),
    "tcp_timeouts": ("TcpExtTCPTimeouts",), "tcp_abort_on_memory": ("TcpExtTCPAbortOnMemory",),
    "tcp_memory_pressures": ("TcpExtTCPMemoryPressures",),
    "udp_in_datagrams": ("UdpInDatagrams", "Udp6InDatagrams"),
    "udp_out_datagrams": ("UdpOutDatagrams", "Udp6OutDatagrams"),
    "udp_rcvbuf_errors": ("UdpRcvbufErrors", "Udp6RcvbufErrors"),
    "udp_sndbuf_errors": ("UdpSndbufErrors", "Udp6SndbufErrors"),
}

SNMP = (
    b"Ip: Forwarding DefaultTTL\nIp: 1 64\n"
    b"Tcp: RtoAlgorithm MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets InSegs OutSegs RetransSegs OutRsts\n"
    b"Tcp: 1 -1 41 20 2 3 3810 2117 5 21\n"
    b"Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\nUdp: 1428 13 0 1444 7 1\n"
    b"UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\nUdpLite: 9 9 9 9 9 9\n"
)
NETSTAT = (
    b"TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPTimeouts TCPAbortOnMemory TCPMemoryPressures"
    b" TCPReqQFullDoCookies TCPReqQFullDrop TCPSynRetrans\nTcpExt: 11 12 13 14 15 16 17 18 19\n"
    b"IpExt: InNoRoutes\nIpExt: 0\n"
)
SNMP6 = (
    b"Ip6InReceives                   \t12\nUdp6InDatagrams                 \t124\n"
    b"Udp6OutDatagrams                \t125\n"
    b"Udp6RcvbufErrors                \t3\nUdp6SndbufErrors                \t4\nUdpLite6RcvbufErrors            \t99\n"
)
SOCKSTAT = b"sockets: used 412\nTCP: inuse 21 orphan 6 tw 7 alloc 30 mem 5\nUDP: inuse 4 mem 2\n"
# Of two processors; the columns of Linux 6.18, and the eleven that Linux 3.10 had.
SOFTNET = (
    b"00197fcb 00000002 0000000a 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
    b" 00000000 00000000 00000000\n"
    b"001e2798 00000001 00000010 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
    b" 00000001 00000000 00000000\n"
)
ARP = (
    b"entries  allocs   destroys hash_grows lookups  hits     res_failed rcv_probes_mcast rcv_probes_ucast"
    b" periodic_gc_runs forced_gc_runs unresolved_discards table_fulls\n"
    b"00000400 0000002c 0000002e 00000001   000000f8 00000003 00000000   00000000         00000000        "
    b" 00000000         00000000       00000000            0000000b\n"
    b"00000400 00000034 0000002f 00000001   000000bf 00000008 00000001   00000000         00000000        "
    b" 00000061         00000000       00000000            00000101\n"
)
NDISC = ARP.replace(b"00000400", b"00000005").replace(b"0000000b", b"00000001").replace(b"00000101", b"00000000")
FILES = {
    "net/snmp": SNMP, "net/netstat": NETSTAT, "net/snmp6": SNMP6, "net/sockstat": SOCKSTAT, "net/softnet_stat": SOFTNET,
    "net/stat/arp_cache": ARP, "net/stat/ndisc_cache": NDISC, "sys/fs/file-nr": b"71000\t8\t9223372036854775807\n",
    "sys/net/netfilter/nf_conntrack_count": b"262000\n", "sys/net/netfilter/nf_conntrack_max": b"262144\n",
}
WHOLE = {
    "tcp_in_segs": 3810, "tcp_out_segs": 2117, "tcp_retrans_segs": 5, "tcp_active_opens": 41, "tcp_passive_opens": 20,
    "tcp_attempt_fails": 2, "tcp_estab_resets": 3, "tcp_out_rsts": 21, "syncookies_sent": 11, "listen_overflows": 12,
    "listen_drops": 13, "tcp_timeouts": 14, "tcp_abort_on_memory": 15, "tcp_memory_pressures": 16,
    "req_q_full_do_cookies": 17, "req_q_full_drop": 18, "syn_retrans": 19, "udp_in_datagrams": 1552,
    "udp_out_datagrams": 1569, "udp_rcvbuf_errors": 10, "udp_sndbuf_errors": 5, "softnet_processed": 3647331,
    "softnet_dropped": 3, "softnet_squeezed": 26, "neighbour_overflows": 0x10D, "tcp_orphans": 6, "tcp_memory": 5,
    "descriptors": 70992, "descriptors_max": 2**63 - 1, "conntrack": 262000, "conntrack_max": 262144,
    "neighbours4": 1024, "neighbours6": 5,
}


def made(root: Path, **changed: bytes | None) -> VitalsReader:
    """A /proc in a directory; `changed` files by the last part of their names, None for one that is not there."""
    for name, text in FILES.items():
        text = changed.get(Path(name).name.replace("-", "_"), text)
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_bytes(text)
    return VitalsReader(root / "net", root / "sys")


def numbers(vitals: Vitals) -> dict[str, int | None]:
    return {name: getattr(vitals, name) for name in Vitals.__struct_fields__ if name != "at"}


def nstat(lab: Lab) -> dict[str, int]:
    """The truth about the counters, absolute and with zeroes."""
    lines = [line.split() for line in lab.run("nstat", "-a", "-z", "-s").splitlines() if not line.startswith("#")]
    truth = {words[0]: int(words[1]) for words in lines}
    return {field: sum(truth[name] for name in names) for field, names in NSTAT.items()}


def until(check: Callable[[], bool], what: str) -> None:
    """Wait for what others do, half a minute at most."""
    end = time.monotonic() + 30
    while not check():
        assert time.monotonic() < end, what
        time.sleep(0.02)


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def reader(lab: Lab, held: ExitStack) -> VitalsReader:
    """One that began inside the namespace; every reading after that is made from outside."""
    reader = VitalsReader()
    held.callback(reader.close)
    with lab.inside():
        reader.read()
    return reader


def flood(lab: Lab, held: ExitStack, family: socket.AddressFamily, host: str, datagrams: int = 200) -> int:
    """Send to somebody who reads too late; how many of the datagrams were lost."""
    with lab.inside():
        slow, sender = (held.enter_context(socket.socket(family, socket.SOCK_DGRAM)) for _ in range(2))
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.bind((host, 0))
    slow.setblocking(False)
    for _ in range(datagrams):
        sender.sendto(bytes(500), slow.getsockname())
    received = 0
    try:
        while slow.recv(600):
            received += 1
    except BlockingIOError:
        return datagrams - received


@pytest.mark.lab
def test_datagrams_lost_for_want_of_a_buffer_are_counted_of_both_families(
    lab: Lab, reader: VitalsReader, held: ExitStack
) -> None:
    lost4 = flood(lab, held, socket.AF_INET, "127.0.0.1")
    after4 = reader.read()
    assert lost4 and after4.udp_rcvbuf_errors == lost4
    lost6 = flood(lab, held, socket.AF_INET6, "::1")
    after6 = reader.read()
    assert lost6 and after6.udp_rcvbuf_errors == lost4 + lost6
    assert after6.udp_out_datagrams == 400 and after6.udp_in_datagrams == 400 - lost4 - lost6
    assert {name: getattr(after6, name) for name in NSTAT} == nstat(lab)


@pytest.mark.lab
def test_a_listener_that_never_accepts_overflows(lab: Lab, reader: VitalsReader, held: ExitStack) -> None:
    with lab.inside():
        listener = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1))
        for _ in range(8):
            client = held.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        refused = held.enter_context(socket.socket())
        assert refused.connect_ex(("127.0.0.1", 9)) != 0
    until(lambda: (reader.read().syn_retrans or 0) > 0, "no SYN was sent again")
    for _ in range(50):  # SYNs are sent again at any time
        before, found, after = nstat(lab), reader.read(), nstat(lab)
        if before == after:
            break
    assert {name: getattr(found, name) for name in NSTAT} == after
    assert found.listen_overflows and found.listen_drops and found.tcp_attempt_fails == 1 and found.tcp_out_rsts == 1


@pytest.mark.lab
def test_tracked_connections_are_those_the_kernel_lists(lab: Lab, reader: VitalsReader, held: ExitStack) -> None:
    if not Path("/proc/net/nf_conntrack").exists():
        pytest.skip("this kernel does not list tracked connections")
    assert reader.read().conntrack == 0
    rules = "table inet t { chain c { type filter hook input priority 0; ct state new accept; }; }"
    lab.run("nft", "-f", "-", stdin=rules)
    with lab.inside():
        receiver = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        receiver.bind(("127.0.0.1", 0))
        for _ in range(17):
            sender = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sender.sendto(b"x", receiver.getsockname())
    found = reader.read()
    assert found.conntrack == len(lab.run("cat", "/proc/net/nf_conntrack").splitlines()) == 17
    assert str(found.conntrack_max) == Path("/proc/sys/net/netfilter/nf_conntrack_max").read_text().strip()


@pytest.mark.lab
def test_a_connection_without_its_program_is_an_orphan(lab: Lab, reader: VitalsReader, held: ExitStack) -> None:
    with lab.inside():
        listener = held.enter_context(socket.create_server(("127.0.0.1", 0)))
        for _ in range(5):
            client = socket.create_connection(listener.getsockname())
            server, _ = listener.accept()
            held.enter_context(server)
            client.setblocking(False)
            try:
                while client.send(bytes(65536)):  # until the one who does not read has no room left
                    pass
            except BlockingIOError:
                client.close()

    def truth() -> int:
        found = re.search(r"orphaned (\d+)", lab.run("ss", "-s"))
        assert found
        return int(found[1])

    for _ in range(50):  # the number is that of the whole system, where others close connections too
        before, found, after = truth(), reader.read().tcp_orphans, truth()
        if before == after:
            break
    assert before <= (found or 0) <= after or after <= (found or 0) <= before
    assert found and found >= 5


@pytest.mark.lab
def test_a_namespace_of_its_own_tells_no_neighbour_tables(lab: Lab, reader: VitalsReader) -> None:
    with lab.inside():  # what is missing is looked for again
        found = reader.read()
    assert (found.neighbours4, found.neighbours6, found.neighbour_overflows) == (None, None, None)
    assert found.softnet_processed is not None and found.descriptors is not None


def test_the_whole_systems_numbers_here() -> None:
    reader = VitalsReader()
    for _ in range(50):
        before = Path("/proc/sys/fs/file-nr").read_text().split()
        found = reader.read()
        if before == Path("/proc/sys/fs/file-nr").read_text().split():
            break
    reader.close()
    assert found.descriptors_max == int(before[2])
    assert found.descriptors is not None and abs(found.descriptors - int(before[0])) <= 1000 + int(before[0]) // 10


def test_the_neighbour_tables_hold_what_ip_says(held: ExitStack) -> None:
    if not Path("/proc/net/stat/arp_cache").exists():
        pytest.skip("only the first network namespace tells of the neighbour tables")
    reader = VitalsReader()
    held.callback(reader.close)

    def truth(name: str) -> int:
        text = subprocess.run(["ip", "-s", "ntable", "show", "name", name], capture_output=True, text=True, check=True)
        found = re.search(r"entries (\d+)", text.stdout)
        assert found
        return int(found[1])

    for _ in range(50):
        before = truth("arp_cache"), truth("ndisc_cache")
        found = reader.read()
        if before == (truth("arp_cache"), truth("ndisc_cache")):
            break
    assert (found.neighbours4, found.neighbours6) == before


def test_all_of_it_as_recorded(tmp_path: Path) -> None:
    reader = made(tmp_path)
    assert numbers(reader.read()) == WHOLE
    (tmp_path / "net/softnet_stat").write_bytes(SOFTNET.replace(b"00000010", b"00000011"))
    assert reader.read().softnet_squeezed == 27, "files are held open, and read again"
    reader.close()


@pytest.mark.parametrize(
    ("changed", "unknown"),
    [
        ({"snmp": None}, {name for name in WHOLE if re.match(r"tcp_(in|out|ret|act|pas|att|est)|udp_", name)}),
        ({"netstat": None}, {"syncookies_sent", "listen_overflows", "listen_drops", "tcp_timeouts", "syn_retrans",
                             "tcp_abort_on_memory", "tcp_memory_pressures", "req_q_full_do_cookies",
                             "req_q_full_drop"}),
        ({"netstat": NETSTAT.replace(b" ListenDrops", b" Other")}, {"listen_drops"}),
        ({"netstat": NETSTAT.replace(b" 13 ", b" -13 ")}, {"listen_drops"}),
        ({"snmp6": b""}, {"udp_in_datagrams", "udp_out_datagrams", "udp_rcvbuf_errors", "udp_sndbuf_errors"}),
        ({"snmp6": SNMP6.replace(b"\t3\n", b"\tmany\n")}, {"udp_rcvbuf_errors"}),
        ({"sockstat": b"TCP: inuse 21 tw 7 mem 5\n"}, {"tcp_orphans"}),
        ({"softnet_stat": SOFTNET[:-30]}, {"softnet_processed", "softnet_dropped", "softnet_squeezed"}),
        ({"arp_cache": ARP.replace(b" table_fulls", b"")}, {"neighbours4", "neighbour_overflows"}),
        ({"file_nr": b"71000\n"}, {"descriptors", "descriptors_max"}),
        ({"nf_conntrack_count": None, "nf_conntrack_max": None}, {"conntrack", "conntrack_max"}),
        ({"nf_conntrack_count": b"\n"}, {"conntrack"}),
    ],
)
def test_what_is_missing_is_not_known_and_the_rest_is(
    tmp_path: Path, changed: dict[str, bytes | None], unknown: set[str]
) -> None:
    found = numbers(made(tmp_path, **changed).read())
    assert {name for name, number in found.items() if number is None} == unknown
    assert {name: number for name, number in found.items() if number is not None} == {
        name: number for name, number in WHOLE.items() if name not in unknown
    }


def test_where_ipv6_is_switched_off_the_rest_is_all(tmp_path: Path) -> None:
    found = made(tmp_path, snmp6=None, ndisc_cache=None).read()
    assert (found.udp_rcvbuf_errors, found.udp_in_datagrams) == (7, 1428)
    assert (found.neighbours4, found.neighbours6, found.neighbour_overflows) == (1024, None, 0x10C)


def test_older_kernels_count_fewer_things(tmp_path: Path) -> None:
    old = b"".join(line.rsplit(None, 1)[0] + b"\n" for line in ARP.splitlines())
    found = made(tmp_path, arp_cache=old, softnet_stat=b"00000001 00000002 00000003 00000000\n").read()
    assert (found.neighbours4, found.neighbour_overflows) == (1024, None)
    assert (found.softnet_processed, found.softnet_dropped, found.softnet_squeezed) == (1, 2, 3)


def test_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="snmp"):
        VitalsReader(tmp_path, tmp_path).read()
    with pytest.raises(ProcfsError):
        made(tmp_path, **{Path(name).name.replace("-", "_"): b"\xff\0" for name in FILES}).read()


def test_a_table_of_many_processors_is_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "softnet_stat").write_bytes(SOFTNET * 600)
    held = HeldFiles(tmp_path)
    assert per_cpu.softnet(held.read_table("softnet_stat")).squeezed == 26 * 600
    held.close()


BROKEN = st.builds(
    lambda text, place, inserted, cut: (text[:place] + inserted + text[place:])[:cut],
    st.sampled_from(list(FILES.values())), st.integers(0, 700), st.binary(max_size=12), st.integers(0, 1000),
) | st.binary(max_size=200)


@given(BROKEN)
def test_no_text_makes_a_parser_raise_anything_else_or_count_below_zero(text: bytes) -> None:
    wanted = (b"RcvbufErrors", b"InSegs")
    for found in (snmp.numbers(text, b"Udp", wanted), snmp.numbers6(text, b"Udp6", wanted)):
        assert all(number >= 0 for number in found.values())
    for parse in (per_cpu.softnet, per_cpu.neighbour_table):
        try:
            result = parse(text)
        except ProcfsError as error:
            assert str(error).isprintable()
        else:
            assert all(number is None or number >= 0 for number in result)


@given(st.sampled_from(sorted(FILES)), st.integers(0, 1000))
def test_a_text_cut_anywhere_tells_the_truth_or_nothing(name: str, cut: int) -> None:
    """A counter from a file that ends too early is not another number."""
    text = FILES[name][:cut]
    truth = {b"Tcp": {b"InSegs": 3810, b"OutRsts": 21}, b"Udp": {b"RcvbufErrors": 7, b"SndbufErrors": 1}}
    for group, fields in truth.items():
        if name == "net/snmp":
            assert snmp.numbers(text, group, fields).items() <= fields.items()
    if name == "net/snmp6":
        assert snmp.numbers6(text, b"Udp6", [b"InDatagrams", b"RcvbufErrors"]).items() <= {
            b"InDatagrams": 124, b"RcvbufErrors": 3}.items()
    for table, parse in (("net/softnet_stat", per_cpu.softnet), ("net/stat/arp_cache", per_cpu.neighbour_table)):
        if name == table and text.count(b"\n") < FILES[name].count(b"\n") and not text.endswith(b"\n"):
            with pytest.raises(ProcfsError):
                parse(text)
