"""Totals of a namespace's sockets: against `ss`, and from files that are not what they should be."""

import socket
import subprocess
from pathlib import Path

import pytest

from nettui.linux.socket_totals import socket_totals
from nettui.model.socket_totals import EPHEMERAL, SocketTotals
from tests.lab_support import Lab


@pytest.mark.lab
def test_totals_are_those_of_the_namespace(lab: Lab) -> None:
    lab.sysctl("ipv4/ip_local_port_range", "40000 40099")

    def held() -> tuple[SocketTotals, int]:
        server = socket.create_server(("127.0.0.1", 0), backlog=1)
        ends = []
        for _ in range(5):
            client = socket.socket()
            client.connect(server.getsockname())
            ends += client, server.accept()[0]
        six = socket.create_server(("::1", 0), family=socket.AF_INET6)
        for end in ends[:4]:
            end.close()
        receiver, sender = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
        receiver.bind(("127.0.0.1", 0))
        for _ in range(50):
            sender.sendto(b"x" * 1000, receiver.getsockname())
        listed = subprocess.run(["ss", "-Htan"], capture_output=True, text=True, check=True, timeout=30).stdout
        six.close()
        return socket_totals(), len(listed.splitlines())

    found, listed = lab.call(held)
    assert found.tcp == listed - 1 == 9  # ten less one IPv6 listener that ss still saw
    assert found.ephemeral == range(40_000, 40_100)
    assert found.listen_drops == 0 and found.udp_lost is not None and 30 < found.udp_lost < 50


SNMP = "Udp: InDatagrams RcvbufErrors\nUdp: 5 7\n"


def test_what_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    ports = tmp_path / "ports"
    assert socket_totals(tmp_path, ports) == SocketTotals()
    (tmp_path / "sockstat").write_text("TCP: inuse 5 orphan 0 tw 2 alloc 9 mem 1\n")
    (tmp_path / "snmp").write_text(SNMP)
    (tmp_path / "netstat").write_text("TcpExt: ListenDrops\nTcpExt: nonsense\n")
    for wrong in ("", "1", "x y", "9 1", "0 7", "1 65536", "1 2 3"):
        ports.write_text(wrong)
        assert socket_totals(tmp_path, ports) == SocketTotals(tcp=7, udp_lost=7, ephemeral=EPHEMERAL)
    (tmp_path / "sockstat6").write_text("TCP6: inuse 4\n")
    (tmp_path / "snmp6").write_text("Udp6InErrors   \t9\nUdp6RcvbufErrors                \t3\n")
    ports.write_text("1024\t65535\n")
    assert socket_totals(tmp_path, ports) == SocketTotals(tcp=11, udp_lost=10, ephemeral=range(1024, 65_536))
