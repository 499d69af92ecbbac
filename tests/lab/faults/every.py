"""Every scenario there is, and the rules whose fault no namespace can hold."""

from tests.lab.faults import healthy, names, network, programs, tcp

SCENARIOS = (
    *tcp.SCENARIOS, *programs.SCENARIOS, *network.SCENARIOS, *names.SCENARIOS, *healthy.SCENARIOS,
)

RECORDED = {
    "host.descriptors": "fs.file-max is the whole machine's",
    "tcp.memory": "tcp_mem is the whole machine's",
    "softnet.drops": "netdev_max_backlog is the whole machine's",
    "neighbour.table-full": "gc_thresh3 is the whole machine's, and only its first namespace tells it",
    "tcp.orphans": "tcp_max_orphans is the whole machine's, and only its first namespace tells it",
    "link.saturated": "veth has no speed of its own: what it tells is a figure of the driver",
    "link.errors": "veth makes no errors",
    "link.drops": "veth drops nothing that a card would",
}
"""By rule: why its fault is not made here. It is proven on recorded readings of the kernel (tests/diagnosis)."""
