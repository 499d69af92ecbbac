"""The host's network in totals: what the kernel counts, what it holds against its limits, how it is set.

None everywhere means: this system (or this network namespace, or this user) does not tell. Never zero.
"""

from msgspec import Struct

from nettui.model.number import Count, UnixTime


class Vitals(Struct, frozen=True, kw_only=True, gc=False):
    """One reading. Counters run since the network namespace was made (softnet and descriptors: since boot)."""

    at: UnixTime

    # Counters of TCP: /proc/net/snmp and netstat, names of RFC 4022 and linux/snmp.h. IPv4 and IPv6 together.
    tcp_in_segs: Count | None = None
    tcp_out_segs: Count | None = None
    tcp_retrans_segs: Count | None = None
    tcp_active_opens: Count | None = None
    tcp_passive_opens: Count | None = None
    tcp_attempt_fails: Count | None = None
    """Connections that were refused or given up before they stood."""
    tcp_estab_resets: Count | None = None
    """Connections that were reset while they stood (ESTABLISHED or CLOSE_WAIT)."""
    tcp_out_rsts: Count | None = None
    listen_overflows: Count | None = None
    """Connections that found the accept queue full."""
    listen_drops: Count | None = None
    """SYNs and handshakes a listener threw away, for whatever reason."""
    syncookies_sent: Count | None = None
    req_q_full_do_cookies: Count | None = None
    """SYNs that found the SYN queue full and were answered by a cookie."""
    req_q_full_drop: Count | None = None
    """SYNs that found the SYN queue full and were thrown away."""
    syn_retrans: Count | None = None
    """SYNs and SYN-ACKs sent again."""
    tcp_timeouts: Count | None = None
    tcp_abort_on_memory: Count | None = None
    tcp_memory_pressures: Count | None = None
    """How often TCP as a whole came under memory pressure."""

    # Counters of UDP, IPv4 and IPv6 together.
    udp_in_datagrams: Count | None = None
    udp_out_datagrams: Count | None = None
    udp_rcvbuf_errors: Count | None = None
    """Datagrams thrown away because the program reads too slowly for its receive buffer."""
    udp_sndbuf_errors: Count | None = None

    # Counters of the receive path, all processors together: /proc/net/softnet_stat.
    softnet_processed: Count | None = None
    softnet_dropped: Count | None = None
    """Packets thrown away because a processor's backlog was full (net.core.netdev_max_backlog)."""
    softnet_squeezed: Count | None = None
    """How often a round ended with packets left, for want of budget (net.core.netdev_budget)."""

    neighbour_overflows: Count | None = None
    """Entries that found no room in the neighbour table, ARP and ND together (`table_fulls`)."""

    # What is held now.
    tcp_orphans: Count | None = None
    """Connections whose program is gone and that the kernel still closes."""
    tcp_memory: Count | None = None
    """Pages."""
    descriptors: Count | None = None
    """Of the whole system: open file descriptions."""
    descriptors_max: Count | None = None
    conntrack: Count | None = None
    conntrack_max: Count | None = None
    neighbours4: Count | None = None
    """Entries of the ARP table, of all network namespaces together: they share its limit."""
    neighbours6: Count | None = None


class KernelSettings(Struct, frozen=True, kw_only=True, gc=False):
    """The settings behind the symptoms (sysctl(8); ip-sysctl.rst of the kernel's documentation)."""

    at: UnixTime
    port_first: Count | None = None
    """net.ipv4.ip_local_port_range: first and last ephemeral port."""
    port_last: Count | None = None
    ports_reserved: Count = 0
    """How many ports of that range net.ipv4.ip_local_reserved_ports takes out."""
    tcp_tw_reuse: Count | None = None
    tcp_fin_timeout: Count | None = None
    """Seconds."""
    tcp_keepalive_time: Count | None = None
    """Seconds."""
    tcp_keepalive_intvl: Count | None = None
    tcp_keepalive_probes: Count | None = None
    tcp_retries2: Count | None = None
    tcp_syn_retries: Count | None = None
    tcp_syncookies: Count | None = None
    tcp_max_syn_backlog: Count | None = None
    tcp_max_orphans: Count | None = None
    tcp_orphan_retries: Count | None = None
    tcp_mem: tuple[Count, ...] = ()
    """Pages: calm below the first, pressed above the second, refusing above the third. Empty: not known."""
    somaxconn: Count | None = None
    rmem_default: Count | None = None
    """Bytes."""
    rmem_max: Count | None = None
    netdev_max_backlog: Count | None = None
    gc_thresh3: Count | None = None
    """net.ipv4.neigh.default.gc_thresh3: entries the ARP table may hold. Only the first namespace tells."""
    gc_thresh3_v6: Count | None = None

    @property
    def ephemeral_ports(self) -> int | None:
        """How many ephemeral ports there are."""
        if self.port_first is None or self.port_last is None:
            return None
        return max(0, self.port_last - self.port_first + 1 - self.ports_reserved)
