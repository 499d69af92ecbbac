"""Leases: what a real kernel counts down, what a real client got from a real server, and files in made-up trees."""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nettui.linux import lease_files
from nettui.linux.addresses import REQUEST, RTM_GETADDR
from nettui.linux.lease_files import READ_LIMIT
from nettui.linux.leases import HISTORY, Carried, LeaseReader, decode_carried, is_lent
from nettui.linux.netlink import ROUTE, NetlinkSocket
from nettui.linux.rtnetlink import read
from nettui.model.address import Address
from nettui.model.watched import Lease
from tests.lab_support import Lab, _refuse, open_lab

LO = 1
# What dhclient-script(8) does, and no more: it must not touch this host's resolv.conf.
SCRIPT = """#!/bin/sh
lifetimes() { ip addr add "$1" dev "$interface" valid_lft "$2" preferred_lft "$2"; }
[ -z "$new_ip_address" ] || lifetimes "$new_ip_address/24" "$new_dhcp_lease_time"
[ -z "$new_ip6_address" ] || lifetimes "$new_ip6_address/128" "$new_max_life"
"""


def carried(address: str, valid: int | None = None, *flags: str, prefixlen: int = 24, protocol: int = 0) -> Carried:
    six = ":" in address
    return Carried(
        Address(
            ifindex=LO, family="inet6" if six else "inet", address=address, prefixlen=prefixlen,
            scope="global", flags=flags, valid=valid,
        ),
        protocol,
    )


def dhclient(root: Path, name: str, *leases: tuple[str, str, float]) -> Path:
    """A file of dhclient's with leases: interface, address, Unix time of the end."""
    text = "".join(
        f'lease {{\n  interface "{interface}";\n  fixed-address {address};\n  option dhcp-lease-time 3600;\n'
        f"  option dhcp-server-identifier 192.0.2.1;\n"
        f"  expire 5 {datetime.fromtimestamp(ends, UTC):%Y/%m/%d %H:%M:%S};\n}}\n"
        for interface, address, ends in leases
    )
    return written(root, f"var/lib/dhcp/{name}", text)


def written(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def leases(root: Path, *addresses: Carried) -> tuple[Lease, ...]:
    return asyncio.run(LeaseReader(root).read(addresses)).leases


def inside(root: Path) -> tuple[Lease, ...]:
    """All that is known in this process's network namespace."""

    async def both() -> tuple[Lease, ...]:
        netlink = NetlinkSocket(ROUTE)
        found = await read(netlink, RTM_GETADDR, REQUEST, decode_carried)
        netlink.close()
        return (await LeaseReader(root).read(found)).leases

    return asyncio.run(both())


@pytest.mark.lab
def test_an_address_with_a_lifetime_is_a_lease_where_nothing_else_gives_one(lab: Lab, tmp_path: Path) -> None:
    lab.ip("link add va type veth peer name vb", "link set va up", "link set vb up",
           "addr add 192.0.2.5/24 dev va valid_lft 600 preferred_lft 600", "addr add 192.0.2.6/24 dev va",
           "addr add 2001:db8::5/128 dev va valid_lft 900 preferred_lft 900",
           "addr add 2001:db8::6/64 dev va valid_lft 900 preferred_lft 900")
    before = time.time()
    found = lab.call(lambda: inside(tmp_path))
    truth = {
        address["local"]: address["valid_life_time"]
        for link in lab.ip_json("addr show dev va") for address in link["addr_info"]
    }
    assert [(lease.interface, lease.address, lease.source) for lease in found] == [
        ("va", "192.0.2.5", "kernel"), ("va", "2001:db8::5", "kernel")
    ]
    for lease in found:
        assert lease.expires_at and abs(lease.expires_at - before - truth[lease.address]) < 30
        assert (lease.seconds, lease.server) == (None, None), "the kernel does not know"


@pytest.mark.lab
def test_what_routers_advertise_is_no_lease(lab: Lab, tmp_path: Path) -> None:
    """IFA_PROTO and the flags of SLAAC, as the kernel itself sets them with `mngtmpaddr`, whatever the prefix."""
    lab.ip("link add va type veth peer name vb", "link set va up", "link set vb up",
           "addr add 2001:db8::5/64 dev va mngtmpaddr valid_lft 900 preferred_lft 900")
    if lab.allows("addr add 2001:db8:1::6/128 dev va proto kernel_ra valid_lft 900 preferred_lft 900"):
        assert any(address.get("protocol") == "kernel_ra"
                   for link in lab.ip_json("addr show dev va") for address in link["addr_info"])
    assert lab.call(lambda: inside(tmp_path)) == ()


@pytest.mark.parametrize(
    ("address", "lent"),
    [
        (carried("192.0.2.5", 60), True), (carried("192.0.2.5"), False), (carried("192.0.2.5", 60, "permanent"), False),
        (carried("2001:db8::5", 60, prefixlen=128), True), (carried("2001:db8::5", None, prefixlen=128), False),
        (carried("2001:db8::5", 60, "noprefixroute", prefixlen=128), True),
        (carried("2001:db8::5", 60, prefixlen=64), False),
        (carried("2001:db8::5", 60, "temporary", prefixlen=128), False),
        (carried("2001:db8::5", 60, "mngtmpaddr", prefixlen=128), False),
        (carried("2001:db8::5", 60, prefixlen=128, protocol=2), False),
        (carried("2001:db8::5", 60, prefixlen=128, protocol=16), True),
    ],
)
def test_in_doubt_it_is_no_lease(address: Carried, lent: bool) -> None:
    assert is_lent(address) is lent


@pytest.mark.lab
def test_a_real_client_of_dhcpv6(lab: Lab, tmp_path: Path, dhcp: Callable[..., Path]) -> None:
    with open_lab(beside=lab) as server:
        dhcp(lab, server, tmp_path, six=True)
        (lease,) = lab.call(lambda: inside(tmp_path))
        truth = next(
            address for link in lab.ip_json("addr show dev client") for address in link["addr_info"]
            if address["scope"] == "global"
        )
        assert (lease.interface, lease.address, lease.server) == ("client", truth["local"], None)
        assert (lease.seconds, lease.source) == (300, "/var/lib/dhcp/dhclient.leases")
        assert lease.expires_at and abs(lease.expires_at - time.time() - truth["valid_life_time"]) < 30


@pytest.mark.lab
def test_a_real_client_of_a_real_server(lab: Lab, tmp_path: Path, dhcp: Callable[..., Path]) -> None:
    with open_lab(beside=lab) as server:
        place = dhcp(lab, server, tmp_path)
        found = lab.call(lambda: inside(tmp_path))
        (truth,) = (
            address for link in lab.ip_json("addr show dev client") for address in link["addr_info"]
            if address["family"] == "inet"
        )
        (lease,) = found
        assert (lease.interface, lease.address) == ("client", truth["local"])
        assert (lease.server, lease.seconds, lease.source) == ("192.0.2.1", 300, "/var/lib/dhcp/dhclient.leases")
        assert lease.expires_at and abs(lease.expires_at - time.time() - truth["valid_life_time"]) < 30
        # Somebody takes the address away: the lease is still told of, for it is the last one of this interface.
        lab.ip("addr flush dev client")
        assert [each.address for each in lab.call(lambda: inside(tmp_path))] == [lease.address]
        lab.ip("addr add 198.51.100.1/24 dev client")
        assert lab.call(lambda: inside(tmp_path)) == (), "another address stands there now"
        assert place.exists()


@pytest.fixture
def dhcp() -> Iterator[Callable[..., Path]]:
    """Puts a link between two namespaces, a dnsmasq behind it, and lets dhclient ask; where it keeps leases."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(lab: Lab, *argv: str) -> None:
        quiet = subprocess.DEVNULL
        running.append(subprocess.Popen(lab.command(*argv), stdin=quiet, stdout=quiet, stderr=quiet))

    def asked(client: Lab, server: Lab, root: Path, six: bool = False) -> Path:
        for tool in ("dhclient", "dnsmasq"):
            if shutil.which(tool) is None:
                _refuse(f"{tool} is not installed")
        client.ip(f"link add client type veth peer name server netns {server.pid}", "link set client up")
        server.ip("addr add 192.0.2.1/24 dev server", "addr add 2001:db8::1/64 dev server nodad", "link set server up")
        for lab, name in ((client, "client"), (server, "server")):
            until(lambda lab=lab, name=name: "tentative" not in lab.ip(f"-6 addr show dev {name} scope link"))
        lent = "2001:db8::50,2001:db8::60,64,300s" if six else "192.0.2.50,192.0.2.60,300s"
        begin(server, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--interface=server",
              f"--dhcp-range={lent}", f"--dhcp-leasefile={root}/server.leases", "--pid-file=", "--user=root",
              "--no-ping")
        script = written(root, "script", SCRIPT)
        script.chmod(0o755)
        place = root / "var/lib/dhcp/dhclient.leases"
        place.parent.mkdir(parents=True)
        begin(client, "dhclient", "-6" if six else "-4", "-d", "-1", "-cf", "/dev/null", "-sf", str(script), "-lf",
              str(place), "-pf", str(root / "pid"), "client")

        def bound() -> bool:
            assert [process.poll() for process in running] == [None, None]
            return "scope global" in client.ip("addr show dev client")

        until(bound)
        return place

    try:
        yield asked
    finally:
        for process in running:
            process.kill()
            process.wait(timeout=30)


def until(check: Callable[[], bool]) -> None:
    """Wait for what others do, most of a minute at most."""
    end = time.monotonic() + 50
    while not check():
        assert time.monotonic() < end, "it never came to pass"
        time.sleep(0.1)


def test_the_newest_lease_of_an_address_counts(tmp_path: Path) -> None:
    now = int(time.time())
    dhclient(tmp_path, "dhclient.leases", ("lo", "192.0.2.5", now - 100), ("lo", "192.0.2.5", now + 500))
    dhclient(tmp_path, "dhclient.lo.leases", ("lo", "192.0.2.5", now + 100))
    (lease,) = leases(tmp_path, carried("192.0.2.5"))
    assert (lease.expires_at, lease.source) == (now + 500, "/var/lib/dhcp/dhclient.leases")


def test_the_kernel_knows_when_and_the_file_from_whom(tmp_path: Path) -> None:
    variables = "ADDRESS=192.0.2.5\nSERVER_ADDRESS=192.0.2.1\nLIFETIME=3600\n"
    written(tmp_path, f"run/systemd/netif/leases/{LO}", variables)
    written(tmp_path, "run/systemd/netif/leases/4711", variables)
    before = time.time()
    (lease,) = leases(tmp_path, carried("192.0.2.5", 1200))
    assert (lease.interface, lease.server, lease.seconds, lease.source) == ("lo", "192.0.2.1", 3600, "kernel")
    assert lease.expires_at and before + 1200 <= lease.expires_at < before + 1260
    assert leases(tmp_path) == (), "who does not say when is believed only while the address is there"


@pytest.mark.parametrize("place", ["run/NetworkManager", "var/lib/NetworkManager"])
def test_network_manager_names_the_interface_in_the_files_name(tmp_path: Path, place: str) -> None:
    uuid = "7e73a292-0051-3bb8-8369-5e9349961078"
    written(tmp_path, f"{place}/internal-{uuid}-lo.lease", "ADDRESS=192.0.2.5\nSERVER_ADDRESS=192.0.2.1\n")
    written(tmp_path, f"{place}/internal-{uuid}-a-b.lease", "ADDRESS=192.0.2.5\n")
    written(tmp_path, f"{place}/internal6-{uuid}-lo.lease", "ADDRESS=192.0.2.6\n")
    (lease,) = leases(tmp_path, carried("192.0.2.5"), carried("192.0.2.6"))
    assert (lease.interface, lease.address, lease.server) == ("lo", "192.0.2.5", "192.0.2.1")


def test_what_files_remember_of_other_times_is_not_told(tmp_path: Path) -> None:
    now = time.time()
    dhclient(tmp_path, "dhclient.leases", ("gone0", "192.0.2.4", now + 500), ("lo", "192.0.2.5", now - HISTORY - 10))
    assert leases(tmp_path, carried("192.0.2.5")) == (), "no such interface; ended more than a day ago"
    dhclient(tmp_path, "dhclient.leases", ("lo", "192.0.2.5", now - 60), ("lo", "192.0.2.6", now - 30))
    assert [lease.address for lease in leases(tmp_path, carried("192.0.2.5"))] == ["192.0.2.5"]
    assert leases(tmp_path, carried("198.51.100.1")) == (), "the interface has another address now"
    assert [lease.address for lease in leases(tmp_path, carried("2001:db8::1"))] == ["192.0.2.6"], "the last one it had"


def test_a_server_s_file_and_other_files_are_left_alone(tmp_path: Path) -> None:
    now = time.time() + 500
    for name in ("dhcpd.leases", "dhclient.leases~", "xdhclient.leases", "dhclient.leases.dpkg-new"):
        dhclient(tmp_path, name, ("lo", "192.0.2.5", now))
    assert leases(tmp_path, carried("192.0.2.5")) == ()


def test_only_the_end_of_a_huge_file_is_read(tmp_path: Path) -> None:
    now = int(time.time())
    path = dhclient(tmp_path, "dhclient.leases", ("lo", "192.0.2.5", now + 500))
    newest = path.read_bytes()
    path.write_bytes(b"lease {\n" + b"\xff" * (READ_LIMIT * 3) + newest[: len(newest) // 2] + b"\n" + newest)
    (lease,) = leases(tmp_path, carried("192.0.2.5"))
    assert lease.expires_at == now + 500


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    directory = tmp_path / "var/lib/dhcp"
    directory.mkdir(parents=True)
    os.mkfifo(directory / "dhclient.a.leases")
    (directory / "dhclient.b.leases").mkdir()
    (directory / "dhclient.c.leases").symlink_to("/dev/zero")
    (directory / "dhclient.d.leases").symlink_to("nowhere")
    dhclient(tmp_path, "dhclient.e.leases", ("lo", "192.0.2.5", time.time() + 500))
    assert len(leases(tmp_path, carried("192.0.2.5"))) == 1


def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = int(time.time())
    readings: list[int] = []
    real = os.pread
    monkeypatch.setattr(lease_files.os, "pread", lambda *a: readings.append(1) or real(*a))
    path = dhclient(tmp_path, "dhclient.leases", ("lo", "192.0.2.5", now + 500))
    reader = LeaseReader(tmp_path)

    def ends() -> float | None:
        return asyncio.run(reader.read([carried("192.0.2.5")])).leases[0].expires_at

    assert (ends(), ends(), len(readings)) == (now + 500, now + 500, 1)
    dhclient(tmp_path, "new", ("lo", "192.0.2.5", now + 900)).rename(path)
    assert (ends(), len(readings)) == (now + 900, 2)
    path.unlink()
    assert asyncio.run(reader.read([carried("192.0.2.5")])).leases == ()
