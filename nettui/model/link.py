"""Network interfaces ("links" in rtnetlink's words) and their counters."""

from enum import StrEnum

from msgspec import Struct

from nettui.model.number import Count


class OperState(StrEnum):
    """RFC 2863 operational state, as `IF_OPER_*` in linux/if.h."""

    UNKNOWN = "unknown"
    NOTPRESENT = "notpresent"
    DOWN = "down"
    LOWERLAYERDOWN = "lowerlayerdown"
    TESTING = "testing"
    DORMANT = "dormant"
    UP = "up"


class Link(Struct, frozen=True, kw_only=True, gc=False):
    """One interface. `None` means: not known here, never zero."""

    ifindex: Count
    name: str
    kind: str
    """`IFLA_INFO_KIND` (veth, bridge, wireguard, ...) or by hardware type: ethernet, wifi, loopback, ..."""
    state: OperState
    admin_up: bool
    """IFF_UP: somebody wants it up."""
    carrier: bool | None = None
    """The cable (or its like) is there; None where the system does not say."""
    mac: str | None = None
    """Lower-case, colon-separated; None for links without a hardware address."""
    mtu: Count = 0
    """Bytes."""
    speed: Count | None = None
    """Mbit/s."""
    duplex: str | None = None
    driver: str | None = None
    master: Count | None = None
    """ifindex of the bridge, bond or VRF it is enslaved to."""
    parent: Count | None = None
    """ifindex of the link it stands on (VLAN, macvlan) or of the other end (veth), `IFLA_LINK`."""
    peer_netns: bool = False
    """`parent` counts in another network namespace."""
    alias: str | None = None

    @property
    def usable(self) -> bool:
        """Whether packets can go through: administratively up, and not known to be down."""
        return self.admin_up and self.state in (OperState.UP, OperState.UNKNOWN) and self.carrier is not False


class Counters(Struct, frozen=True, kw_only=True, gc=False):
    """Totals of one link since it was made, `struct rtnl_link_stats64` (linux/if_link.h)."""

    ifindex: Count
    rx_bytes: Count
    tx_bytes: Count
    rx_packets: Count
    tx_packets: Count
    rx_errors: Count
    tx_errors: Count
    rx_dropped: Count
    tx_dropped: Count
    multicast: Count | None = None
    collisions: Count | None = None


class Rates(Struct, frozen=True, kw_only=True, gc=False):
    """What one link moved per second between two readings: bytes/s, packets/s, errors/s, drops/s."""

    ifindex: int
    rx_bytes: float
    tx_bytes: float
    rx_packets: float
    tx_packets: float
    errors: float
    drops: float


def rates(before: tuple[Counters, ...], after: tuple[Counters, ...], seconds: float) -> dict[int, Rates]:
    """Rates by ifindex over `seconds`; links without two readings, or whose counters went back, are left out."""
    if seconds <= 0:
        return {}
    old = {c.ifindex: c for c in before}
    found = {}
    for new in after:
        was = old.get(new.ifindex)
        if was is None or new.rx_bytes < was.rx_bytes or new.tx_bytes < was.tx_bytes:
            continue
        found[new.ifindex] = Rates(
            ifindex=new.ifindex,
            rx_bytes=(new.rx_bytes - was.rx_bytes) / seconds,
            tx_bytes=(new.tx_bytes - was.tx_bytes) / seconds,
            rx_packets=max(0, new.rx_packets - was.rx_packets) / seconds,
            tx_packets=max(0, new.tx_packets - was.tx_packets) / seconds,
            errors=max(0, new.rx_errors + new.tx_errors - was.rx_errors - was.tx_errors) / seconds,
            drops=max(0, new.rx_dropped + new.tx_dropped - was.rx_dropped - was.tx_dropped) / seconds,
        )
    return found
