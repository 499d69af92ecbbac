"""What `ip -j -d` says, as the model's records: the other opinion that nettui's reading is compared with.

Seconds are left out of the records (set to 0 where there are any), because two programs never look at one moment.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from nettui.model.address import Address
from nettui.model.link import Counters, Link, OperState
from nettui.model.neighbour import Neighbour, NeighbourState
from nettui.model.route import NextHop, Route, Rule
from nettui.model.text import clean

Row = dict[str, Any]

COMMANDS = {
    "links": ("-d link",),
    "addresses": ("-d addr",),
    "routes": ("-d -4 route show table all", "-d -6 route show table all"),
    "rules": ("-d -4 rule", "-d -6 rule"),
    "neighbours": ("-d neigh show nud all", "-d neigh show proxy"),
}
"""The commands whose output, joined, holds what the backend's method of that name returns."""

_TABLES = {"unspec": 0, "default": 253, "main": 254, "local": 255}
_HARDWARE = {"ether": "ethernet"}
_ADDRESS_FLAGS = (
    "secondary", "temporary", "nodad", "optimistic", "dadfailed", "home", "deprecated", "tentative", "mngtmpaddr",
    "noprefixroute", "autojoin", "stable-privacy",
)
_NEIGHBOUR_FLAGS = ("use", "self", "master", "proxy", "extern_learn", "offload", "sticky", "router")


def timeless(record: Any) -> Any:
    """A record without what differs from one moment to the next, and without what only drivers know."""
    gone: dict[str, Any] = {}
    match record:
        case Link():
            gone = {"speed": None, "duplex": None, "driver": None, "kind": record.kind.replace("wifi", "ethernet")}
        case Address():
            gone = {name: None if getattr(record, name) is None else 0 for name in ("valid", "preferred")}
            gone["flags"] = tuple(sorted(record.flags))
        case Route():
            gone = {"expires": None if record.expires is None else 0, "flags": tuple(sorted(record.flags))}
        case Neighbour():
            gone = dict.fromkeys(("confirmed", "used", "updated", "probes"))
            gone["flags"] = tuple(sorted(record.flags))
    return msgspec.structs.replace(record, **gone)


def alike(ours: Iterable[Any], theirs: Iterable[Any]) -> None:
    """Both hold the same records, whatever the order; an assertion shows the difference."""
    mine, other = (sorted(map(repr, map(timeless, records))) for records in (ours, theirs))
    assert mine == other


def indices(links: Iterable[Row]) -> dict[str, int]:
    """ifindex by name, of `ip -j link`."""
    return {row["ifname"]: row["ifindex"] for row in links}


def links(rows: Iterable[Row], index: dict[str, int]) -> list[Link]:
    return [_link(row, index) for row in rows]


def _link(row: Row, index: dict[str, int]) -> Link:
    up = "UP" in row["flags"]
    return Link(
        ifindex=row["ifindex"],
        name=_text(row["ifname"]),
        kind=row.get("linkinfo", {}).get("info_kind") or _HARDWARE.get(row["link_type"], row["link_type"]),
        state=OperState(row["operstate"].lower()),
        admin_up=up,
        carrier="LOWER_UP" in row["flags"] if up else None,
        mac=_mac(row.get("address", "")),
        mtu=row["mtu"],
        master=index[row["master"]] if "master" in row else None,
        parent=row.get("link_index") or (index[row["link"]] if row.get("link") else None),
        peer_netns="link_netnsid" in row,
        alias=_text(row["ifalias"]) if "ifalias" in row else None,
    )


def addresses(rows: Iterable[Row], _: dict[str, int]) -> list[Address]:
    return [_address(row["ifindex"], info) for row in rows for info in row["addr_info"]]


def _address(ifindex: int, info: Row) -> Address:
    flags = [flag for flag in _ADDRESS_FLAGS if info.get(flag)]
    for_ever = 0xFFFFFFFF
    return Address(
        ifindex=ifindex,
        family=info["family"],
        address=info["local"],
        prefixlen=info["prefixlen"],
        scope=info["scope"],
        flags=tuple(flags if info.get("dynamic") else [*flags, "permanent"]),
        peer=info.get("address"),
        broadcast=info.get("broadcast"),
        label=_text(info["label"]) if "label" in info else None,
        valid=None if info["valid_life_time"] == for_ever else info["valid_life_time"],
        preferred=None if info["preferred_life_time"] == for_ever else info["preferred_life_time"],
    )


def routes(rows: Iterable[Row], index: dict[str, int]) -> list[Route]:
    return [_route(row, index) for row in rows]


def _route(row: Row, index: dict[str, int]) -> Route:
    # Only IPv6 routes have a preference; only their addresses have colons.
    six = "pref" in row or ":" in row["dst"]
    everything = "::" if six else "0.0.0.0"
    destination, _, length = row["dst"].partition("/")
    metrics = (row.get("metrics") or [{}])[0]
    return Route(
        family="inet6" if six else "inet",
        table=_table(row["table"]),
        destination=everything if destination == "default" else destination,
        prefixlen=int(length) if length else 0 if destination == "default" else 128 if six else 32,
        type=row["type"],
        protocol=row["protocol"],
        scope=row["scope"],
        gateway=_gateway(row),
        ifindex=index[row["dev"]] if "dev" in row else None,
        source=row.get("prefsrc"),
        source_prefix=row.get("from"),
        metric=row.get("metric"),
        tos=int(row.get("tos", "0"), 0),
        nexthops=tuple(
            NextHop(gateway=_gateway(way), ifindex=index[way["dev"]], weight=way["weight"], flags=tuple(way["flags"]))
            for way in row.get("nexthops", ())
        ),
        flags=tuple(row["flags"]),
        mtu=metrics.get("mtu"),
        expires=row.get("expires"),
        preference=row.get("pref"),
        nexthop_id=row.get("nhid"),
    )


def _gateway(row: Row) -> str | None:
    return row["via"]["host"] if "via" in row else row.get("gateway")


def rules(rows: Iterable[Row], _: dict[str, int]) -> list[Rule]:
    found: list[Rule] = []
    for row in rows:
        # IPv4's rules come first, and each family has one rule of priority 0 in front of all others.
        again = row["priority"] == 0 and any(rule.priority for rule in found)
        family = "inet6" if again else found[-1].family if found else "inet"
        found.append(_rule(row, family))
    return found


def _rule(row: Row, family: Any) -> Rule:
    action = next((word for word in ("goto", "nop") if word in row), row.get("action", "lookup"))
    return Rule(
        family=family,
        priority=row["priority"],
        action=action,
        table=_table(row["table"]) if "table" in row else None,
        source=_rule_prefix(row, "src", family),
        destination=_rule_prefix(row, "dst", family),
        iif=row.get("iif"),
        oif=row.get("oif"),
        fwmark=int(row["fwmark"], 16) if "fwmark" in row else None,
        fwmask=int(row["fwmask"], 16) if "fwmask" in row else None,
        tos=int(row.get("tos", "0"), 0),
        inverted="not" in row,
        uid_range=(row["uid_start"], row["uid_end"]) if "uid_start" in row else None,
        ip_protocol={"tcp": 6, "udp": 17}[row["ipproto"]] if "ipproto" in row else None,
        source_ports=_ports(row, "sport"),
        destination_ports=_ports(row, "dport"),
        goto=row.get("goto"),
        suppress_prefixlength=row.get("suppress_prefixlen"),
        protocol=row["protocol"],
        l3mdev="l3mdev" in row,
    )


def _rule_prefix(row: Row, key: str, family: str) -> str | None:
    if row.get(key, "all") == "all":
        return None
    return f"{row[key]}/{row.get(key + 'len', 32 if family == 'inet' else 128)}"


def _ports(row: Row, key: str) -> tuple[int, int] | None:
    if key in row:
        return row[key], row[key]
    return (row[f"{key}_start"], row[f"{key}_end"]) if f"{key}_start" in row else None


def neighbours(rows: Iterable[Row], index: dict[str, int]) -> list[Neighbour]:
    return [
        Neighbour(
            ifindex=index[row["dev"]],
            family="inet6" if ":" in row["dst"] else "inet",
            address=row["dst"],
            mac=_mac(row.get("lladdr", "")),
            state=NeighbourState(row["state"][0]) if row.get("state") else NeighbourState.NONE,
            flags=tuple(flag for flag in _NEIGHBOUR_FLAGS if flag in row),
        )
        for row in rows
    ]


def counters(rows: Iterable[Row]) -> list[Counters]:
    """Of `ip -j -s link`."""
    return [
        Counters(
            ifindex=row["ifindex"],
            rx_bytes=rx["bytes"], tx_bytes=tx["bytes"], rx_packets=rx["packets"], tx_packets=tx["packets"],
            rx_errors=rx["errors"], tx_errors=tx["errors"], rx_dropped=rx["dropped"], tx_dropped=tx["dropped"],
            multicast=rx["multicast"], collisions=tx["collisions"],
        )
        for row in rows
        for rx, tx in [(row["stats64"]["rx"], row["stats64"]["tx"])]
    ]


READERS: dict[str, Callable[[Iterable[Row], dict[str, int]], list[Any]]] = {
    "links": links, "addresses": addresses, "routes": routes, "rules": rules, "neighbours": neighbours,
}


def _mac(text: str) -> str | None:
    """Only Ethernet's, and not the zeros that stand for none."""
    return text if len(text) == 17 and text.strip("0:") else None


def _table(name: str) -> int:
    return _TABLES.get(name) or int(name)


def _text(name: str) -> str:
    """A name from `ip`, made safe from its bytes as the kernel keeps them."""
    return clean(os.fsencode(name))
