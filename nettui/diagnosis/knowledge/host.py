"""What is said of findings about the host's own limits: descriptors, buffers, tables."""

from msgspec.structs import replace

from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText

ABOUT: dict[str, RuleAbout] = {
    "process.descriptors": RuleAbout(
        looks_for=(
            "A process that has nearly as many file descriptors open as its soft limit allows (RLIMIT_NOFILE), and the "
            "time left at its present growth. Limits below 32, by which programs lock themselves in, are left alone."
        ),
        source="operators' table: look at 80 %, act at 95 %",
    ),
    "host.descriptors": RuleAbout(
        looks_for="The open file descriptions of the whole host against fs.file-max.",
        source=(
            "node_exporter's mixin (NodeFileDescriptorLimit) at 70 and 90 % for 15 min; here later, for it is told soon"
        ),
    ),
    "nat.conntrack-full": RuleAbout(
        looks_for=(
            "The table in which firewall and NAT remember connections against its maximum, with the time left at its "
            "present growth. It clears 5 points below its threshold."
        ),
        source="node_exporter's mixin (NodeHighNumberConntrackEntriesUsed) warns at 75 %; operators' table: 90 %",
    ),
    "neighbour.table-full": RuleAbout(
        looks_for=(
            "The ARP and Neighbour Discovery tables against gc_thresh3, or, where that limit is not to be seen, "
            "entries that found no room."
        ),
        source=(
            "gc_thresh3 is a hard maximum (arp(7)); above gc_thresh2, by default half of it, old entries are thrown "
            "out after 5 s, so no healthy table stays at 80 %"
        ),
    ),
    "softnet.drops": RuleAbout(
        looks_for=(
            "Packets thrown away because the backlog of a processor was full, steadily. One burst alone is left alone."
        ),
        source="netdata (1min_netdev_backlog_exceeded) warns of a few in a minute; here of 1 a second, for 10 s",
    ),
    "udp.buffer-errors": RuleAbout(
        looks_for=(
            "UDP datagrams thrown away because a socket's buffer was full, steadily, with the port and program where "
            "they can be seen. One burst alone is left alone."
        ),
        source="netdata (1m_ipv4_udp_receive_buffer_errors) warns at 10 in a minute; here at 1 a second, for 10 s",
    ),
}

_UDP_CAUSE = (
    "Datagrams arrive faster than the program reads them, so its receive buffer (SO_RCVBUF) is full when the next one "
    "comes: a burst larger than the buffer, a program that is busy or stopped, or too little processor time for it."
)
_UDP_CURE = (
    "Read in a thread of its own and do the work elsewhere; read many at a time (recvmmsg); spread the port over "
    "several sockets (SO_REUSEPORT). Ask for a larger buffer with setsockopt(SO_RCVBUF), and raise "
    "net.core.rmem_max, which bounds it; net.core.rmem_default helps programs that do not ask."
)

TEXTS: dict[str, RuleText] = {
    "process.descriptors": RuleText(
        title="{process} has {count} of {limit} file descriptors open: {percent} %, {against} %",
        cause=(
            "It opens sockets or files and does not close them (look for CLOSE_WAIT), or it serves more clients than "
            "its limit was made for: each connection takes one."
        ),
        consequence=(
            "At the limit accept(), socket() and open() fail with Too many open files (EMFILE): it takes no new "
            "connections, cannot reach its database, cannot write its log."
        ),
        relief=(
            "ls -l /proc/{pid}/fd",
            "grep files /proc/{pid}/limits",
            "prlimit --pid {pid} --nofile={doubled}:",
        ),
        cure=(
            "If the number only ever grows it is a leak: close on every path (finally, with, try-with-resources, "
            "defer). Else raise the limit: LimitNOFILE= in its systemd unit, ulimits in the container, nofile in "
            "limits.conf. prlimit raises it for the running process, up to its hard limit."
        ),
        screen="sockets",
    ),
    "host.descriptors": RuleText(
        title="This host has {count} of {limit} file descriptions open: {percent} %, {against} %",
        cause="All processes together have opened so many files and sockets; mostly one of them leaks.",
        consequence=(
            "At the limit open() and socket() fail for everybody but root with Too many open files in system (ENFILE)."
        ),
        relief=(
            "sysctl fs.file-nr fs.file-max",
            "lsof -nPw | awk '{{print $1, $2}}' | sort | uniq -c | sort -rn | head",
            "sysctl -w fs.file-max={doubled}",
        ),
        cure=(
            "Find the process that holds most of them and have it close them; or raise fs.file-max in /etc/sysctl.d."
        ),
        screen="sockets",
    ),
    "nat.conntrack-full": RuleText(
        title="{count} of {limit} connections tracked by the firewall: {percent} %, {against} %",
        cause=(
            "Firewall and NAT keep an entry for each connection, long after it ended (an idle TCP one for 5 days by "
            "default): many short connections, many clients behind this router, a scan or flood, or a maximum that "
            "was computed for little memory."
        ),
        consequence=(
            "At the maximum the kernel drops the first packet of every new connection, silently but for nf_conntrack: "
            "table full in its log. Old connections go on, new ones time out."
        ),
        relief=(
            "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max",
            "conntrack -L -o extended | awk '{{print $3, $6}}' | sort | uniq -c | sort -rn | head",
            "sysctl -w net.netfilter.nf_conntrack_max={doubled}",
        ),
        cure=(
            "Raise nf_conntrack_max (and nf_conntrack_buckets to a quarter of it or more) in /etc/sysctl.d; shorten "
            "nf_conntrack_tcp_timeout_established and the UDP timeouts; exempt what needs no tracking (notrack in the "
            "raw table), such as DNS."
        ),
        screen="sockets",
    ),
    "neighbour.table-full": RuleText(
        title="The {family} neighbour table holds {count} of {limit} entries: {percent} %, {against} %",
        cause=(
            "This host talks to more neighbours on its links than the table was made for: a large flat network, many "
            "containers or pods, a scan of the local network. All network namespaces share the limit."
        ),
        consequence=(
            "At the limit no new neighbour can be reached: packets to it are dropped (No buffer space available; "
            "neighbour table overflow in the kernel's log), while those already known work."
        ),
        relief=(
            "ip {flag} -s neigh show",
            "sysctl net.ipv{version}.neigh.default.gc_thresh1 net.ipv{version}.neigh.default.gc_thresh2 "
            "net.ipv{version}.neigh.default.gc_thresh3",
            "sysctl -w net.ipv{version}.neigh.default.gc_thresh2={doubled} "
            "net.ipv{version}.neigh.default.gc_thresh3={doubled_again}",
        ),
        cure=(
            "Raise gc_thresh1, gc_thresh2 and gc_thresh3 together in /etc/sysctl.d of the host, not of a container; or "
            "make the networks on its links smaller."
        ),
        screen="routes",
    ),
    "neighbour.table-full/overflowing": RuleText(
        title="The neighbour table is full: {lost} entries found no room in the last seconds",
        cause=(
            "The hosts on its links, those of all network namespaces together, are more than gc_thresh3 allows: a big "
            "flat network, many containers or pods, a scan of the local network."
        ),
        consequence=(
            "New neighbours cannot be reached: packets to them are dropped (No buffer space available), while those "
            "already known work."
        ),
        relief=(
            "ip -s neigh show",
            "sysctl net.ipv4.neigh.default.gc_thresh3 net.ipv6.neigh.default.gc_thresh3",
            "sysctl -w net.ipv4.neigh.default.gc_thresh2=8192 net.ipv4.neigh.default.gc_thresh3=16384",
        ),
        cure=(
            "Raise gc_thresh1, gc_thresh2 and gc_thresh3 together in /etc/sysctl.d of the host, not of a container; or "
            "make the networks on its links smaller."
        ),
        screen="routes",
    ),
    "softnet.drops": RuleText(
        title="The kernel drops {rate} received packets a second, {against}: a processor's backlog is full",
        cause=(
            "Packets come faster than one processor takes them from its backlog (net.core.netdev_max_backlog): one "
            "queue or one flow on one processor, RPS or veth and bridge traffic on a busy one, or bursts."
        ),
        consequence="TCP sends again and slows down, UDP is lost; the interfaces show it as dropped.",
        relief=(
            "cat /proc/net/softnet_stat",
            "sysctl net.core.netdev_max_backlog net.core.netdev_budget net.core.netdev_budget_usecs",
            "sysctl -w net.core.netdev_max_backlog={doubled}",
        ),
        cure=(
            "Spread the load over processors: more queues of the card (RSS), rps_cpus, irqbalance. A longer "
            "netdev_max_backlog takes bursts, a larger netdev_budget helps where rounds end early (squeezed)."
        ),
        screen="interfaces",
    ),
    "udp.buffer-errors": RuleText(
        title="{rate} UDP datagrams a second are lost, {against}: a program reads too slowly for its buffer",
        cause=_UDP_CAUSE,
        consequence="The datagrams are gone, and nobody is told: DNS queries, log lines, metrics, media or tunnels.",
        relief=("ss -uamnp", "sysctl net.core.rmem_default net.core.rmem_max", "sysctl -w net.core.rmem_max={doubled}"),
        cure=_UDP_CURE,
        screen="sockets",
    ),
    "udp.buffer-errors/sending": RuleText(
        title="{rate} UDP datagrams a second cannot be sent, {against}: the send buffer is full",
        cause=(
            "A program sends faster than the link or its queue takes: its send buffer (SO_SNDBUF) or the queue of the "
            "interface is full, and it does not wait."
        ),
        consequence="The datagrams are gone; the program was told (ENOBUFS or EAGAIN) and mostly does not look.",
        relief=("ss -uamnp", "tc -s qdisc show", "sysctl net.core.wmem_default net.core.wmem_max"),
        cure=(
            "Send no faster than the link carries (pacing), look at what send() returns, and ask for a larger buffer "
            "with setsockopt(SO_SNDBUF), which net.core.wmem_max bounds."
        ),
        screen="sockets",
    ),
}

TEXTS["udp.buffer-errors/port"] = replace(
    TEXTS["udp.buffer-errors"],
    title="{who}UDP port {port} loses {rate} datagrams a second, {against}: its buffer is full",
    relief=(
        "ss -uamnp sport = :{port}",
        "sysctl net.core.rmem_default net.core.rmem_max",
        "sysctl -w net.core.rmem_max={doubled}",
    ),
)
