"""Counters of links: RTM_NEWSTATS, or RTM_NEWLINK where that is not to be had, to `Counters` records."""

from struct import Struct as Layout

from nettui.linux.attributes import attributes, fixed
from nettui.linux.links import IFINFO
from nettui.linux.netlink import NetlinkDecodeError
from nettui.model.link import Counters

RTM_GETSTATS = 94
_STATS = Layout("=BxxxII")  # struct if_stats_msg: family, ifindex, filter mask
_LINK_64 = 1  # IFLA_STATS_LINK_64, and the first bit of the mask
_IFLA_STATS64 = 23
_COUNTERS = Layout("=10Q")  # the head of struct rtnl_link_stats64

REQUEST = _STATS.pack(0, 0, 1)


def decode_stats(chunk: bytes, start: int, end: int) -> Counters | None:
    """One RTM_NEWSTATS payload: just the counters (Linux 4.7)."""
    _, ifindex, _ = fixed(_STATS, chunk, start, end)
    return _counters(ifindex, attributes(chunk, start + _STATS.size, end).get(_LINK_64))


def decode_link_stats(chunk: bytes, start: int, end: int) -> Counters | None:
    """One RTM_NEWLINK payload, of which only the counters are wanted."""
    _, _, ifindex, _, _ = fixed(IFINFO, chunk, start, end)
    return _counters(ifindex, attributes(chunk, start + IFINFO.size, end).get(_IFLA_STATS64))


def _counters(ifindex: int, value: bytes | None) -> Counters | None:
    if value is None:
        return None
    if len(value) < _COUNTERS.size:
        raise NetlinkDecodeError(f"counters of {len(value)} bytes")
    rx_packets, tx_packets, rx_bytes, tx_bytes, rx_errors, tx_errors, rx_dropped, tx_dropped, multicast, collisions = (
        _COUNTERS.unpack_from(value)
    )
    return Counters(
        ifindex=ifindex,
        rx_bytes=rx_bytes, tx_bytes=tx_bytes,
        rx_packets=rx_packets, tx_packets=tx_packets,
        rx_errors=rx_errors, tx_errors=tx_errors,
        rx_dropped=rx_dropped, tx_dropped=tx_dropped,
        multicast=multicast, collisions=collisions,
    )
