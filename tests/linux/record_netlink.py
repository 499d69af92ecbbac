"""Records what the kernel answers about an odd network, and what `ip -j -d` says of it, for tests without a kernel.

    python -m tests.linux.record_netlink

Writes `recorded/SUBJECT.hex` (one datagram a line) and `recorded/SUBJECT.json`, from a new network namespace.
"""

import asyncio
import json
import time
from pathlib import Path

from nettui.linux import addresses, counters, links, neighbours, nexthops, route_table, routes, rules
from nettui.linux.netlink import ROUTE, NetlinkSocket
from tests.lab_support import Lab, open_lab
from tests.linux.ip_truth import COMMANDS, READERS, Row, indices, timeless
from tests.linux.ip_truth import counters as counters_of
from tests.linux.odd_network import build

RECORDED = Path(__file__).parent / "recorded"

QUESTIONS = {
    "links": ((links.RTM_GETLINK, links.REQUEST),),
    "addresses": ((addresses.RTM_GETADDR, addresses.REQUEST),),
    "routes4": ((routes.RTM_GETROUTE, route_table.request(2)),),
    "routes6": ((routes.RTM_GETROUTE, route_table.request(10)),),
    "rules": ((rules.RTM_GETRULE, rules.REQUEST),),
    "neighbours": (
        (neighbours.RTM_GETNEIGH, neighbours.REQUEST), (neighbours.RTM_GETNEIGH, neighbours.REQUEST_PROXIES),
    ),
    "nexthops": ((nexthops.RTM_GETNEXTHOP, nexthops.REQUEST),),
    "counters": ((counters.RTM_GETSTATS, counters.REQUEST),),
    "links_with_counters": ((links.RTM_GETLINK, links.IFINFO.pack(0, 0, 0, 0, 0)),),
}


class Datagrams:
    """A sink that keeps them."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def feed(self, chunk: bytes) -> None:
        self.kept.append(chunk)


def recorded(name: str) -> list[bytes]:
    """The datagrams of one recording."""
    return [bytes.fromhex(line) for line in (RECORDED / f"{name}.hex").read_text().split()]


def ask(name: str) -> list[bytes]:
    """The datagrams with which this kernel answers now."""
    netlink = NetlinkSocket(ROUTE)
    kept = [chunk for get, body in QUESTIONS[name] for chunk in asyncio.run(netlink.dump(get, body, Datagrams)).kept]
    netlink.close()
    return kept


def main() -> None:
    RECORDED.mkdir(exist_ok=True)
    with open_lab() as lab:
        build(lab)
        for _ in range(20):
            before = says(lab)
            chunks = {name: lab.call(lambda name=name: ask(name)) for name in QUESTIONS}
            if essence(says(lab)) == essence(before):
                break
            time.sleep(1)  # duplicate address detection and its packets take a while
        else:
            raise SystemExit("the namespace does not come to rest")
    for name, datagrams in chunks.items():
        (RECORDED / f"{name}.hex").write_text("".join(f"{datagram.hex()}\n" for datagram in datagrams))
    for name, rows in before.items():
        (RECORDED / f"{name}.json").write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def says(lab: Lab) -> dict[str, list[Row]]:
    """What `ip` says of everything."""
    commands = {**COMMANDS, "counters": ("-s link",)}
    return {name: [row for line in lines for row in lab.ip_json(line)] for name, lines in commands.items()}


def essence(said: dict[str, list[Row]]) -> object:
    """What must not change while it is recorded: everything but seconds."""
    index = indices(said["links"])
    records = [list(map(timeless, read(said[name], index))) for name, read in READERS.items()]
    return records, counters_of(said["counters"])


if __name__ == "__main__":
    main()
