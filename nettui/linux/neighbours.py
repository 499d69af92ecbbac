"""Neighbours: RTM_NEWNEIGH messages to `Neighbour` records (linux/neighbour.h)."""

import os
from struct import Struct as Layout

from nettui.linux.attributes import address, attributes, fixed, hardware_address, number
from nettui.linux.rtnetlink import FAMILIES, names
from nettui.model.neighbour import Neighbour, NeighbourState

RTM_GETNEIGH = 30
_NDMSG = Layout("=BxxxiHBB")  # struct ndmsg: family, ifindex, state, flags, type
_AGES = Layout("=III4x")  # struct nda_cacheinfo: confirmed, used, updated; in clock ticks ago
_DST, _LLADDR, _CACHEINFO, _PROBES = 1, 2, 3, 4
_NTF_PROXY = 0x08

REQUEST = _NDMSG.pack(0, 0, 0, 0, 0)
REQUEST_PROXIES = _NDMSG.pack(0, 0, 0, _NTF_PROXY, 0)
"""Addresses answered for on behalf of others: a table of its own."""

_STATES = {
    0x00: NeighbourState.NONE, 0x01: NeighbourState.INCOMPLETE, 0x02: NeighbourState.REACHABLE,
    0x04: NeighbourState.STALE, 0x08: NeighbourState.DELAY, 0x10: NeighbourState.PROBE, 0x20: NeighbourState.FAILED,
    0x40: NeighbourState.NOARP, 0x80: NeighbourState.PERMANENT,
}
_NTF = (
    (0x01, "use"), (0x02, "self"), (0x04, "master"), (_NTF_PROXY, "proxy"), (0x10, "extern_learn"),
    (0x20, "offload"), (0x40, "sticky"), (0x80, "router"),
)
# Only these were confirmed by the neighbour itself. In the others the kernel's age counts from when the
# entry was made (less a minute), or from when somebody configured it.
_PROVEN = {NeighbourState.REACHABLE, NeighbourState.STALE, NeighbourState.DELAY, NeighbourState.PROBE}
_TICKS = os.sysconf("SC_CLK_TCK")


def decode_neighbour(chunk: bytes, start: int, end: int) -> Neighbour | None:
    """One RTM_NEWNEIGH payload; None for anything but ARP and Neighbour Discovery (bridges have such tables too)."""
    number_of_family, ifindex, state_bits, flags, _ = fixed(_NDMSG, chunk, start, end)
    family = FAMILIES.get(number_of_family)
    found = attributes(chunk, start + _NDMSG.size, end)
    if family is None or _DST not in found:
        return None
    state = _STATES.get(state_bits, NeighbourState.NONE)
    confirmed = used = updated = None
    if _CACHEINFO in found:
        confirmed, used, updated = (ticks / _TICKS for ticks in fixed(_AGES, found[_CACHEINFO]))
    return Neighbour(
        ifindex=ifindex,
        family=family,
        address=address(found[_DST]),
        mac=hardware_address(found.get(_LLADDR)),
        state=state,
        flags=names(flags, _NTF),
        confirmed=confirmed if state in _PROVEN else None,
        used=used,
        updated=updated,
        probes=number(found.get(_PROBES)),
    )
