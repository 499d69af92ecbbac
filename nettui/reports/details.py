"""One thing in full, as headed paragraphs: a link, a route, a neighbour, a finding, a TCP state."""

from nettui.model.address import Address
from nettui.model.address_facts import facts
from nettui.model.history import Frame
from nettui.model.link import Link
from nettui.model.neighbour import Neighbour
from nettui.model.route import Route, table_name
from nettui.model.snapshot import Snapshot
from nettui.reports.format import Units, age, rate, rate_unit, size, thousands
from nettui.reports.naming import link_word, speed_word
from nettui.reports.paragraphs import Paragraph


def link_details(frame: Frame, link: Link, units: Units) -> list[Paragraph]:
    """Everything known of a link and its addresses."""
    snapshot = frame.snapshot
    carrier = {True: "there", False: "none", None: "--"}[link.carrier]
    found: list[Paragraph] = [
        ("State", (f"{link_word(link)}, carrier {carrier}, {'wanted up' if link.admin_up else 'switched off'}",)),
        ("Kind", (f"{link.kind}, driver {link.driver or '--'}, index {link.ifindex}",)),
        ("MAC", (link.mac or "--",)),
        ("MTU", (f"{link.mtu:,} bytes",)),
        ("Speed", (f"{speed_word(link.speed)}{f', {link.duplex} duplex' if link.duplex else ''}",)),
    ]
    if link.master is not None:
        found.append(("Part of", (snapshot.link_name(link.master) or "--",)))
    if link.parent is not None:
        other = "a link of another network namespace" if link.peer_netns else snapshot.link_name(link.parent) or "--"
        found.append(("Stands on", (other,)))
    if link.alias:
        found.append(("Alias", (link.alias,)))
    found += _traffic(frame, link.ifindex, units)
    for address in snapshot.addresses or ():
        if address.ifindex == link.ifindex:
            found.append(("Address", _address_lines(address)))
    return found


def route_details(snapshot: Snapshot, route: Route) -> list[Paragraph]:
    """Everything known of a route, and what kind of network it leads to."""
    found: list[Paragraph] = [
        ("To", (route.cidr, *(() if route.is_default else (_explained(route.destination, route.prefixlen),)))),
        ("By", _ways(snapshot, route)),
        ("Table", (f"{table_name(route.table)} ({route.table})",)),
        ("Made by", (route.protocol,)),
        ("Type", (f"{route.type}, scope {route.scope}",)),
        ("Source", (route.source or "-- (chosen by the kernel for each connection)",)),
        ("Metric", (thousands(route.metric),)),
    ]
    extra = (
        ("From", route.source_prefix), ("MTU", route.mtu), ("Preference", route.preference),
        ("Expires in", age(route.expires) if route.expires is not None else None),
        ("Flags", " ".join(route.flags) or None), ("Nexthop id", route.nexthop_id), ("TOS", route.tos or None),
    )
    return found + [(head, (str(value),)) for head, value in extra if value is not None]


def neighbour_details(snapshot: Snapshot, neighbour: Neighbour) -> list[Paragraph]:
    """Everything known of a neighbour."""
    return [
        ("Address", (neighbour.address, _explained(neighbour.address))),
        ("MAC", (neighbour.mac or "-- (it has not answered)",)),
        ("Link", (snapshot.link_name(neighbour.ifindex) or "--",)),
        ("State", (neighbour.state, NEIGHBOUR_MEANING[neighbour.state])),
        ("Last seen", (f"{age(neighbour.confirmed)} ago" if neighbour.confirmed is not None else "--",)),
        ("Last used", (f"{age(neighbour.used)} ago" if neighbour.used is not None else "--",)),
        ("Flags", (" ".join(neighbour.flags) or "none",)),
    ]


NEIGHBOUR_MEANING = {
    "NONE": "Nothing is known of it yet.",
    "INCOMPLETE": "It is being asked for its MAC address and has not answered yet.",
    "REACHABLE": "It answered a short while ago.",
    "STALE": "It answered once; nobody has needed it since, so nobody has asked again.",
    "DELAY": "It is in use again; if nothing proves that it is there, it will be asked.",
    "PROBE": "It is being asked again whether it is still there.",
    "FAILED": "It was asked and did not answer.",
    "NOARP": "This kind of link needs no asking.",
    "PERMANENT": "Somebody entered it by hand; it never expires.",
}
"""The neighbour states of linux/neighbour.h in plain words."""


def _traffic(frame: Frame, ifindex: int, units: Units) -> list[Paragraph]:
    counters = next((c for c in frame.snapshot.counters or () if c.ifindex == ifindex), None)
    if counters is None:
        return [("Traffic", ("--",))]
    rates = frame.history.rates.get(ifindex)
    unit = rate_unit(units)
    received = f"{rate(rates.rx_bytes if rates else None, units)} {unit}, {size(counters.rx_bytes)} in all"
    sent = f"{rate(rates.tx_bytes if rates else None, units)} {unit}, {size(counters.tx_bytes)} in all"
    return [
        ("Received", (f"{received}, {counters.rx_packets:,} packets",)),
        ("Sent", (f"{sent}, {counters.tx_packets:,} packets",)),
        ("Errors", (f"{counters.rx_errors:,} receiving, {counters.tx_errors:,} sending",)),
        ("Dropped", (f"{counters.rx_dropped:,} receiving, {counters.tx_dropped:,} sending",)),
    ]


def _address_lines(address: Address) -> tuple[str, ...]:
    lines = [f"{address.address}/{address.prefixlen}", _explained(address.address, address.prefixlen)]
    if address.peer:
        lines.append(f"the other end is {address.peer}")
    if address.valid is not None:
        lines.append(f"valid for {age(address.valid)}, preferred for {age(address.preferred)}")
    if address.flags:
        lines.append(" ".join(address.flags))
    return tuple(lines)


def _explained(address: str, prefixlen: int | None = None) -> str:
    found = facts(address, prefixlen)
    return found.explanation if found.explanation.startswith(found.kind) else f"{found.kind}: {found.explanation}"


def _ways(snapshot: Snapshot, route: Route) -> tuple[str, ...]:
    if route.nexthops:
        return tuple(
            f"{hop.gateway or 'on link'} dev {snapshot.link_name(hop.ifindex) or '--'} weight {hop.weight}"
            + "".join(f" {flag}" for flag in hop.flags)
            for hop in route.nexthops
        )
    if route.gateway is None and route.ifindex is None:
        return (f"nothing: packets are answered with {route.type}",)
    return (f"{route.gateway or 'on link'} dev {snapshot.link_name(route.ifindex) or '--'}",)
