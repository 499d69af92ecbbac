"""The kernel's settings: against sysctl(8) in a namespace where they were changed, and by odd texts."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.linux.settings import read_settings, reserved_ports
from nettui.model.vitals import KernelSettings
from tests.lab_support import Lab

SYSCTLS = {
    "tcp_tw_reuse": "net.ipv4.tcp_tw_reuse", "tcp_fin_timeout": "net.ipv4.tcp_fin_timeout",
    "tcp_keepalive_time": "net.ipv4.tcp_keepalive_time", "tcp_keepalive_intvl": "net.ipv4.tcp_keepalive_intvl",
    "tcp_keepalive_probes": "net.ipv4.tcp_keepalive_probes", "tcp_retries2": "net.ipv4.tcp_retries2",
    "tcp_syn_retries": "net.ipv4.tcp_syn_retries", "tcp_syncookies": "net.ipv4.tcp_syncookies",
    "tcp_max_syn_backlog": "net.ipv4.tcp_max_syn_backlog", "tcp_max_orphans": "net.ipv4.tcp_max_orphans",
    "tcp_orphan_retries": "net.ipv4.tcp_orphan_retries", "somaxconn": "net.core.somaxconn",
    "rmem_default": "net.core.rmem_default", "rmem_max": "net.core.rmem_max",
    "netdev_max_backlog": "net.core.netdev_max_backlog", "gc_thresh3": "net.ipv4.neigh.default.gc_thresh3",
    "gc_thresh3_v6": "net.ipv6.neigh.default.gc_thresh3",
}


def sysctl(lab: Lab, name: str) -> int | None:
    """None where it is not there."""
    text = lab.run("sysctl", "-n", name, check=False).strip()
    return int(text) if text else None


@pytest.mark.lab
def test_what_was_set_in_a_namespace_is_read_in_it(lab: Lab) -> None:
    lab.sysctl("ipv4/ip_local_port_range", "40000 40099")
    lab.sysctl("ipv4/ip_local_reserved_ports", "8080,39990-40009,40050,40090-40200")
    for name, value in (("tcp_fin_timeout", 7), ("tcp_keepalive_time", 123), ("tcp_syncookies", 2)):
        lab.sysctl(f"ipv4/{name}", value)
    lab.sysctl("core/somaxconn", 77)
    found = lab.call(read_settings)
    assert (found.port_first, found.port_last, found.ports_reserved, found.ephemeral_ports) == (40000, 40099, 21, 79)
    assert (found.tcp_fin_timeout, found.tcp_keepalive_time, found.tcp_syncookies, found.somaxconn) == (7, 123, 2, 77)
    assert {field: getattr(found, field) for field in SYSCTLS} == {
        field: sysctl(lab, name) for field, name in SYSCTLS.items()
    }
    with lab.inside():
        assert read_settings().port_last == 40099, "it is the namespace of the thread that counts"
    assert read_settings().port_last != 40099


@pytest.mark.lab
def test_tcp_mem_is_three_numbers_or_none(lab: Lab) -> None:
    inside, here = lab.call(read_settings).tcp_mem, read_settings().tcp_mem
    for found, path in ((here, Path("/proc/sys/net/ipv4/tcp_mem")),):
        assert found == (tuple(map(int, path.read_text().split())) if path.exists() else ())
    assert inside == tuple(map(int, lab.run("sysctl", "-n", "net.ipv4.tcp_mem", check=False).split()))


def test_what_is_hidden_is_not_known_and_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_settings(tmp_path)
    (tmp_path / "net/ipv4").mkdir(parents=True)
    (tmp_path / "net/ipv4/tcp_fin_timeout").write_text("60\n")
    found = read_settings(tmp_path)
    assert found == KernelSettings(at=found.at, tcp_fin_timeout=60)
    assert found.ephemeral_ports is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tcp_fin_timeout", "sixty\n"), ("tcp_fin_timeout", "-1\n"), ("tcp_fin_timeout", "6 0\n"),
        ("tcp_fin_timeout", ""), ("tcp_fin_timeout", "\udcff\x1b[2J"), ("ip_local_port_range", "32768\n"),
        ("ip_local_port_range", "60999 32768\n"), ("ip_local_port_range", "1 99999\n"), ("tcp_mem", "1 2\n"),
        ("tcp_mem", "a b c\n"), ("ip_local_reserved_ports", "1-5\n"),
    ],
)
def test_what_makes_no_sense_is_not_known(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "net/ipv4").mkdir(parents=True)
    (tmp_path / "net/ipv4/tcp_syn_retries").write_text("6\n")
    (tmp_path / "net/ipv4" / name).write_text(text, errors="surrogateescape")
    found = read_settings(tmp_path)
    assert found == KernelSettings(at=found.at, tcp_syn_retries=6)


PORTS = st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 300)), max_size=30)


@given(PORTS, st.integers(1, 65535), st.integers(0, 65535))
def test_reserved_ports_are_those_within_the_range(ranges: list[tuple[int, int]], first: int, width: int) -> None:
    last = min(65535, first + width)
    spans = [(begin, min(65535, begin + more)) for begin, more in ranges]
    text = ",".join(f"{begin}-{end}" if end > begin else str(begin) for begin, end in spans)
    truth = [port for port in range(first, last + 1) if any(begin <= port <= end for begin, end in spans)]
    assert reserved_ports(text.encode() + b"\n", first, last) == len(truth)


@given(st.binary(max_size=60) | st.text("0123456789,-", max_size=40).map(str.encode))
def test_no_list_of_ports_does_harm(text: bytes) -> None:
    assert 0 <= reserved_ports(text, 32768, 60999) <= 28232
