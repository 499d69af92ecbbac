"""What DHCP clients write: whole, half, and never a lease in it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.linux.lease_formats import dhclient_leases, variables_lease
from nettui.model.watched import Lease

# As isc-dhcp-client 4.4.3 wrote it, and renewed once.
DHCLIENT = b"""default-duid "\\000\\001\\000\\001\\060\\273";
lease {
  interface "eth0";
  fixed-address 192.0.2.51;
  option subnet-mask 255.255.255.0;
  option routers 192.0.2.1;
  option dhcp-lease-time 120;
  option dhcp-message-type 5;
  option dhcp-server-identifier 192.0.2.1;
  option host-name "a; } lease {";
  renew 5 2026/11/27 15:51:23;
  rebind 5 2026/11/27 15:52:09;
  expire 5 2026/11/27 15:52:24;
}
lease {
  interface "eth0";
  fixed-address 192.0.2.51;
  option dhcp-lease-time 120;
  option dhcp-server-identifier 192.0.2.1;
  expire 5 2026/11/27 15:53:24;
}
"""
# dhclient.leases(5), with `db-time-format local`.
EPOCH = b"""lease {
  interface "eth1";
  fixed-address 198.51.100.7;
  option dhcp-lease-time 4294967295;
  renew epoch 1795794000; # Fri Nov 27 15:40:00 2026
  expire epoch 1795794744; # Fri Nov 27 15:52:24 2026
}
lease {
  interface "eth2";
  fixed-address 198.51.100.8;
  expire never;
}
"""
DHCLIENT6 = b"""lease6 {
  interface "eth0";
  ia-na 5a:3c:11:02 {
    starts 1795794000;
    renew 300;
    rebind 480;
    iaaddr 2001:db8:0:0::51 {
      starts 1795794000;
      preferred-life 375;
      max-life 600;
    }
  }
  option dhcp6.client-id 0:1:0:1:30:bb;
  option dhcp6.server-id 0:1:0:1:30:bc;
}
"""
DHCPD = b"""lease 192.0.2.77 {
  starts 5 2026/11/27 15:51:23;
  ends 5 2026/11/27 15:52:24;
  binding state active;
  interface "eth0";
  fixed-address 192.0.2.77;
  expire 5 2026/11/27 15:52:24;
}
"""
NETWORKD = b"""# This is private data. Do not parse.
ADDRESS=192.0.2.60
NETMASK=255.255.255.0
ROUTER=192.0.2.1
SERVER_ADDRESS=192.0.2.1
NEXT_SERVER=0.0.0.0
BROADCAST=192.0.2.255
T1=1800
T2=3150
LIFETIME=3600
DNS=192.0.2.1
CLIENTID=01020304
"""
ENDS = datetime(2026, 11, 27, 15, 52, 24, tzinfo=UTC).timestamp()


def test_dhclient() -> None:
    lease = Lease(
        interface="eth0", address="192.0.2.51", server="192.0.2.1", seconds=120, expires_at=ENDS, source="file"
    )
    first, second = dhclient_leases(DHCLIENT, "file")
    assert first == lease
    assert second.expires_at == ENDS + 60


def test_dhclient_with_other_ways_to_tell_the_time() -> None:
    assert dhclient_leases(EPOCH, "file") == [
        Lease(interface="eth1", address="198.51.100.7", expires_at=ENDS, source="file"),
        Lease(interface="eth2", address="198.51.100.8", source="file"),
    ]


def test_dhclient_of_ipv6() -> None:
    assert dhclient_leases(DHCLIENT6, "file") == [
        Lease(interface="eth0", address="2001:db8::51", seconds=600, expires_at=1795794600, source="file")
    ]
    for_ever = DHCLIENT6.replace(b"max-life 600", b"max-life 4294967295")
    assert [(lease.seconds, lease.expires_at) for lease in dhclient_leases(for_ever, "f")] == [(None, None)]
    given_back = DHCLIENT6.replace(b"  option dhcp6.client", b"  released;\n  option dhcp6.client")
    assert dhclient_leases(given_back, "f") == []


def test_what_a_server_lends_is_not_lent_to_this_host() -> None:
    assert dhclient_leases(DHCPD, "file") == []


def test_variables() -> None:
    assert variables_lease(NETWORKD, "file") == [
        Lease(interface="", address="192.0.2.60", server="192.0.2.1", seconds=3600, source="file")
    ]
    newer = b"# This is private data. Do not parse.\nADDRESS=192.0.2.61\n"  # NetworkManager since 1.22
    assert variables_lease(newer, "file") == [Lease(interface="", address="192.0.2.61", source="file")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"fixed-address 192.0.2.51", b"fixed-address 192.0.2.510"), (b'interface "eth0";', b""),
        (b"expire 5 2026/11/27", b"expire 5 2026/13/27"), (b"expire 5 2026/11/27", b"expire 5 1026/11/27"),
        (b"  expire 5 2026/11/27 15:52:24;\n", b""), (b"expire 5 2026/11/27 15:52:24", b"expire 5 2026/11/27 15:61:24"),
        (b"expire 5 2026/11/27 15:52:24", b"expire epoch 999999999999"),
    ],
)
def test_a_lease_that_makes_no_sense_is_left_out(before: bytes, after: bytes) -> None:
    first = DHCLIENT[: DHCLIENT.index(b"\n}\n") + 3]
    assert before in first
    assert dhclient_leases(first.replace(before, after), "file") == []


def test_an_interface_may_be_called_anything() -> None:
    text = DHCLIENT.replace(b'"eth0"', b'"\x1b[2J\xff"')
    assert {lease.interface for lease in dhclient_leases(text, "file")} == {r"\x1b[2J\xff"}


@given(st.integers(0, len(DHCLIENT)))
def test_a_file_cut_anywhere_has_only_whole_leases(cut: int) -> None:
    whole = dhclient_leases(DHCLIENT, "file")
    assert dhclient_leases(DHCLIENT[:cut], "file") == whole[: DHCLIENT[:cut].count(b"\n}")]
    assert dhclient_leases(DHCLIENT[cut:], "file") in (whole, whole[1:], [])


PIECES = st.lists(st.sampled_from([
    b"lease {\n", b"lease6 {\n", b"}\n", b'  interface "eth0";\n', b"  fixed-address 1.2.3.4;\n", b"  released;\n",
    b"  expire 5 2026/11/27 15:52:24;\n", b"  expire epoch 999999999999;\n", b"    iaaddr ::1 {\n",
    b"  starts 99999999999;\n", b"max-life 4294967294;\n", b"  option dhcp-lease-time 99999999999;\n",
    b"ADDRESS=1.2.3.4\n", b"LIFETIME=\xff\n",
]) | st.binary(max_size=20), max_size=20).map(b"".join)


@given(PIECES)
def test_no_text_does_harm(text: bytes) -> None:
    for lease in dhclient_leases(text, "file") + variables_lease(text, "file"):
        assert lease.expires_at is None or 0 <= lease.expires_at < 253402300800
        assert lease.seconds is None or 0 <= lease.seconds < 2**32


def test_hundreds_of_thousands_of_beginnings_are_no_work(tmp_path: Path) -> None:
    assert dhclient_leases(b"lease {\n" * 300_000 + b'interface "e";', "file") == []
