"""The rules, one function each, a module for what belongs together.

To add one: the function, with its place in the RULES of its module; its limits in `thresholds`; its text in
`knowledge`; its fault in the lab.
"""

from itertools import chain

from nettui.diagnosis.condition import Rule
from nettui.diagnosis.rules import (
    accept_queue,
    closing,
    default_routes,
    descriptors,
    dns,
    host_limits,
    leaks,
    leases,
    link_addresses,
    link_traffic,
    links,
    names,
    openings,
    pool,
    ports,
    routes,
    stuck,
    tcp_counts,
    tcp_totals,
    udp,
)
from nettui.diagnosis.thresholds import RULE_IDS

_MODULES = (
    links, link_addresses, link_traffic, routes, default_routes, dns, names, leases, descriptors, host_limits, udp,
    accept_queue, closing, leaks, openings, pool, ports, stuck, tcp_counts, tcp_totals,
)

RULES: tuple[Rule, ...] = tuple(
    sorted(chain.from_iterable(module.RULES for module in _MODULES), key=lambda rule: RULE_IDS.index(rule.id))
)
