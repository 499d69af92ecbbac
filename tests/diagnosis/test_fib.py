"""The way to an address by the records of a Snapshot, against the kernel's own word."""

import asyncio
import json
import subprocess
from typing import Any

import pytest

from nettui.diagnosis.fib import way
from nettui.linux.host import LinuxHost
from nettui.model.snapshot import Snapshot
from tests.lab_support import Lab, required_lab

NETWORK = """
link add out0 type veth peer name far0
link add wg7 type veth peer name far7
link set out0 up
link set wg7 up
link set far0 up
link set far7 up
addr add 192.0.2.2/24 dev out0
addr add 10.8.0.2/24 dev wg7
addr add 2001:db8:1::2/64 dev out0 nodad
route add default via 192.0.2.1 dev out0
route add default dev wg7 table 51820
route add blackhole 198.51.100.0/24
route add 198.51.100.53 via 192.0.2.9 dev out0
route add unreachable 203.0.113.0/25
route add prohibit 203.0.113.128/25
route add 100.64.0.0/10 dev wg7 metric 20
route add 100.64.0.0/10 dev out0 metric 10
route add throw 172.16.0.0/12 table 7
route add 172.16.0.0/16 dev wg7 table 7
rule add to 172.16.0.0/12 lookup 7 priority 50
rule add not fwmark 51820 lookup 51820 priority 60
rule add lookup main suppress_prefixlength 0 priority 55
rule add from 192.0.2.2 lookup 7 priority 10
rule add iif out0 lookup 7 priority 11
rule add to 10.99.0.0/16 prohibit priority 12
"""
ADDRESSES = (
    "192.0.2.1", "192.0.2.2", "10.8.0.1", "8.8.8.8", "198.51.100.1", "198.51.100.53", "203.0.113.1", "203.0.113.200",
    "100.64.1.1", "172.16.1.1", "172.17.1.1", "10.99.1.1", "127.0.0.53", "2001:db8:1::9", "2001:db8:2::9",
)  # fmt: skip


def read() -> Snapshot:
    async def all_of_it() -> Snapshot:
        host = LinuxHost()
        try:
            routes, total = await host.routes(1000)
            return Snapshot(
                taken_at=0, links=await host.links(), routes=routes, routes_total=total, rules=await host.rules()
            )
        finally:
            host.close()

    return asyncio.run(all_of_it())


def by_kernel(lab: Lab, address: str) -> str:
    """A link's name, `local`, or what the kernel says to a packet that it refuses."""
    asked = lab.command("ip", "-j", "route", "get", address)
    said = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
    if said.returncode:
        words = {"Invalid argument": "blackhole", "No route to host": "unreachable", "Permission denied": "prohibit",
                 "Network is unreachable": "no route"}  # fmt: skip
        return next(kind for text, kind in words.items() if text in said.stderr)
    found: dict[str, Any] = json.loads(said.stdout)[0]
    return found["type"] if found.get("type") not in (None, "unicast") else found["dev"]


def by_records(snapshot: Snapshot, address: str) -> str:
    found = way(snapshot, address)
    assert found is not None
    if found.refused or found.local:
        return found.refused or "local"
    (ifindex,) = found.ifindexes
    return str(snapshot.link_name(ifindex))


@pytest.mark.lab
def test_the_records_say_what_the_kernel_does() -> None:
    with required_lab() as lab:
        for line in NETWORK.strip().splitlines():
            lab.ip(line)
        snapshot = lab.call(read)
        told = {address: by_records(snapshot, address) for address in ADDRESSES}
        assert told == {address: by_kernel(lab, address) for address in ADDRESSES}
        assert {"out0", "wg7", "local", "blackhole", "unreachable", "prohibit", "no route"} == set(told.values())
