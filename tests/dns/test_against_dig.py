"""What nettui shows is what dig shows, of the same server, for every type."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from nettui.dns.hosts import HostsFile
from nettui.dns.lookup import lookup
from nettui.model.lookup import RECORD_TYPES, Lookup
from tests.dns.nameserver import NameServer, Respond, answering, reply, sent, zone

ZONE = zone("""\
example. 3600 SOA ns1.example. host\\.master.example. 2024010101 7200 3600 1209600 300
example. 86400 NS ns1.example.
example. 86400 NS ns2.example.
example. 300 MX 10 mx1.example.
example. 301 MX 20 mx2.example.
example. 60 A 192.0.2.1
example. 61 A 192.0.2.2
example. 62 AAAA 2001:db8::1
example. 63 AAAA ::ffff:192.0.2.1
example. 120 TXT "v=spf1 -all" "two \\"quoted\\" \\\\ \\; strings"
example. 120 TXT "\\000\\027[31m\\237\\149\\156[/]"
example. 120 TXT ""
example. 77 CAA 0 issue "ca.example; policy=ev"
_sip._udp.example. 78 SRV 1 2 5060 sip.example.
example. 79 DS 60485 5 1 2021222324252627282930313233343536373839
example. 80 HTTPS 1 . alpn="h2,h3"
example. 81 TYPE65280 \\# 4 10000001
www.example. 30 CNAME lb.example.
lb.example. 20 CNAME example.
*.odd\\.label.example. 10 A 192.0.2.3
1.2.0.192.in-addr.arpa. 40 PTR web.example.
""")

QUESTIONS = [
    *((name, rdtype) for rdtype in RECORD_TYPES for name in ("example", "www.example", "nothing.example")),
    ("example", "CAA"), ("_sip._udp.example", "SRV"), ("example", "DS"), ("example", "HTTPS"), ("example", "TYPE65280"),
    ("*.odd\\.label.example", "A"), ("1.2.0.192.in-addr.arpa", "PTR"),
]  # fmt: skip

Row = tuple[str, str, str, str]

_FLAGS = re.compile(r"status: (\w+),.*?;; flags: ([a-z ]*);", re.DOTALL)


async def _dig(server: NameServer, name: str, rdtype: str) -> tuple[str, set[str], list[Row]]:
    """The response code, the flags, and (name, TTL, type, data) of each record, as dig prints them."""
    dig = shutil.which("dig")
    assert dig, "dig is needed (Debian: bind9-dnsutils)"
    process = await asyncio.create_subprocess_exec(
        dig, f"@{server.address}", "-p", str(server.port), "+time=5", "+tries=1", "+noall", "+comments", "+answer",
        "-q", name, "-t", rdtype, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output = (await asyncio.wait_for(process.communicate(), 30))[0].decode()
    head = _FLAGS.search(output)
    assert head, output
    lines = [line.split(None, 4) for line in output.splitlines() if line and not line.startswith(";")]
    records = [(owner.removesuffix("."), ttl, kind, data) for owner, ttl, _, kind, data in lines]
    return head[1], set(head[2].split()), records


def _shown(result: Lookup) -> list[Row]:
    return [(record.name, str(record.ttl), record.type, record.data) for record in result.records]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_every_type(address: str) -> None:
    async with NameServer(ZONE, address).running() as server:
        for name, rdtype in QUESTIONS:
            rcode, flags, records = await _dig(server, name, rdtype)
            result = await lookup(name + ".", rdtype, servers=[server.resolver], hosts=HostsFile(Path("/nonexistent")))
            assert (result.rcode, result.authoritative) == (rcode, "aa" in flags), (name, rdtype)
            assert _shown(result) == records, (name, rdtype)


@pytest.mark.parametrize(
    "respond",
    [
        answering(flags="RA"),
        answering(rcode="SERVFAIL"),
        answering(rcode="REFUSED", flags="RA"),
        answering(rcode="NOTAUTH"),
        answering("example 60 A 192.0.2.1", rcode="NXDOMAIN"),
        answering("unasked.example 60 A 192.0.2.1", "example 60 MX 1 mx.example."),
        answering(*(f"example {60 + number} A 10.0.0.{number}" for number in range(250))),
        lambda query, transport: sent(reply(query, "EXAMPLE 0 A 192.0.2.1"), transport),
    ],
)
async def test_odd_answers(respond: Respond) -> None:
    async with NameServer(respond).running() as server:
        rcode, flags, records = await _dig(server, "example", "A")
        result = await lookup("example", "A", servers=[server.resolver], hosts=HostsFile(Path("/nonexistent")))
    assert (result.rcode, result.authoritative, result.truncated) == (rcode, "aa" in flags, "tc" in flags)
    assert _shown(result) == records
