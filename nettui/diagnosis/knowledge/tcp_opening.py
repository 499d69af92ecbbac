"""What is said of connections that do not come about."""

from msgspec.structs import replace

from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText

ABOUT: dict[str, RuleAbout] = {
    "tcp.port-exhaustion": RuleAbout(
        looks_for=(
            "The share of the ephemeral ports that connections from one source address to one destination address "
            "and port take, in TIME_WAIT and live together: that is the true limit, not the host's count."
        ),
        source="the kernel's own limit: net.ipv4.ip_local_port_range; half and four fifths of it",
    ),
    "tcp.syn-sent-stuck": RuleAbout(
        looks_for=(
            "Destinations that have left this host's SYNs unanswered at least twice (3 s), for a while. Slow ones, "
            "and a single lost packet, are left alone."
        ),
        source="RFC 6298: the first timeout of a SYN is 1 s and doubles",
    ),
    "tcp.syn-backlog": RuleAbout(
        looks_for=(
            "Ports with many half-open connections whose SYN-ACKs are sent again, or whose SYN queue is nearly full "
            "or overflows. Handshakes that merely pass, however many a second, are left alone."
        ),
        source="netdata 1m_tcp_syn_queue_drops and 1m_tcp_syn_queue_cookies: 1 per second; the counts are nettui's own",
    ),
    "tcp.accept-queue": RuleAbout(
        looks_for=(
            "Listeners whose accept queue is nearly full for a while, is full, or overflows by the kernel's counter. "
            "A queue that fills and is emptied between two looks is left alone."
        ),
        source="sk_acceptq_is_full of the kernel; netdata 1m_tcp_accept_queue_overflows: 1 and 5 per second",
    ),
    "tcp.resets": RuleAbout(
        looks_for=(
            "Connections refused or reset, many per second and at least a fifth of those opened, all along. Resets "
            "that answer a port scan, a balancer's health checks and the clients that go away are left alone."
        ),
        source="netdata counts from 5 per second and ten times the minute before; raised, as health checks reach 40",
    ),
}

_PORTS_END = (
    "When none is left, connect() fails at once (EADDRNOTAVAIL, Cannot assign requested address) for every program "
    "of this host that needs this destination; other destinations still work."
)
_LISTEN = "ss -ltn sport = :{port}"

TEXTS: dict[str, RuleText] = {
    "tcp.port-exhaustion/time-wait": RuleText(
        title=(
            "{share} % of the ephemeral ports toward {peer} are used, {against} %: {resting} rest in TIME_WAIT, "
            "{live} are live{soon}"
        ),
        cause=(
            "Connections to this destination are opened and closed too often from here: each closed one keeps its "
            "port for 60 s (TCP_TIMEWAIT_LEN, fixed, whatever tcp_fin_timeout says). A client without connection reuse."
        ),
        consequence=_PORTS_END,
        relief=(
            "nettui sockets {toward} --group-by state",
            "sysctl -w net.ipv4.tcp_tw_reuse=1",
            "sysctl -w net.ipv4.ip_local_port_range='10240 65535'",
        ),
        cure=(
            "Reuse connections: one client object with a pool, HTTP keep-alive also between a proxy and its backends "
            "(nginx: keepalive in the upstream block, with proxy_http_version 1.1). tcp_tw_reuse=1 needs TCP "
            "timestamps at both ends. More addresses, of the source or the destination, multiply the ports. "
            "tcp_tw_recycle is gone since Linux 4.12."
        ),
        screen="sockets",
    ),
    "tcp.port-exhaustion/live": RuleText(
        title=(
            "{share} % of the ephemeral ports toward {peer} are used, {against} %: {live} are live, most of {who}, "
            "{resting} rest in TIME_WAIT{soon}"
        ),
        cause=(
            "So many connections to one destination are open at the same time: connections that are never closed or "
            "never given back to their pool, a pool without a limit, or a proxy with one address and one backend."
        ),
        consequence=_PORTS_END,
        relief=(
            "nettui sockets {filter} --group-by process",
            "ss -tanp dst {dst} dport = :{port}",
            "sysctl -w net.ipv4.ip_local_port_range='10240 65535'",
        ),
        cure=(
            "In the program: close connections or give them back on every path (finally, with, defer), and bound the "
            "pool. Where so many are meant, more source or destination addresses multiply the ports, and "
            "IP_BIND_ADDRESS_NO_PORT lets a proxy that binds its source share them."
        ),
        screen="sockets",
    ),
    "tcp.syn-sent-stuck": RuleText(
        title="{peer} does not answer: {connections} of {who} waiting for it, the SYN sent again up to {retries} times",
        cause=(
            "Nothing comes back to this host's SYN: a firewall here or on the way drops it, the peer is down, or its "
            "answer takes another way and is lost. A port that nobody listens on would refuse at once."
        ),
        consequence=(
            "connect() hangs until the program's own time limit, or until the kernel gives up after tcp_syn_retries "
            "(6 by default: about two minutes). Programs without a limit stand still for as long."
        ),
        relief=("ip route get {address}", "ss -tanop state syn-sent dst {dst}", "nettui sockets {filter}"),
        cure=(
            "See whether the peer is up and whether its and this host's firewalls let the port through, both ways. "
            "In the program: a limit for connecting of a few seconds, another address to fall back to, and a "
            "circuit breaker so that one dead service does not hold up all."
        ),
        screen="sockets",
    ),
    "tcp.syn-backlog/flood": RuleText(
        title=(
            "{count} half-open connections on :{port} from {peers} addresses, {against}: a SYN flood, "
            "by all it looks"
        ),
        cause=(
            "SYNs come in, often from forged addresses, and the handshakes are never finished. Or the program accepts "
            "so slowly that its accept queue is full: then finished handshakes are not let in either."
        ),
        consequence=(
            "With net.ipv4.tcp_syncookies=1 the port stays usable, and TCP options may be lost; with 0 new clients "
            "are turned away while the queue is full."
        ),
        relief=(
            "nettui sockets {filter} --group-by peer",
            "sysctl -w net.ipv4.tcp_syncookies=1",
            "nstat -az TcpExtTCPReqQFullDoCookies TcpExtTCPReqQFullDrop TcpExtSyncookiesSent",
        ),
        cure=(
            "Keep SYN cookies on; raise the program's backlog, net.core.somaxconn and net.ipv4.tcp_max_syn_backlog. "
            "Against a real flood only filtering before this host helps: the provider, or SYNPROXY on a firewall."
        ),
        screen="sockets",
    ),
    "tcp.syn-backlog/path": RuleText(
        title=(
            "{count} half-open connections on :{port} from only {peers} addresses, {against}: answers "
            "do not reach them"
        ),
        cause=(
            "SYNs of a few clients arrive, and the SYN-ACK or the client's ACK is lost: routing that differs by "
            "direction, a firewall that sees only one, a lossy path. Few addresses speak against a flood."
        ),
        consequence="These clients cannot connect, or only after seconds; others are served as usual.",
        relief=("ss -tano state syn-recv sport = :{port}", "nettui sockets {filter} --group-by peer"),
        cure=(
            "Follow the way back to one of these clients (ip route get), and look at firewalls and load balancers "
            "that must see both directions. net.ipv4.conf.all.rp_filter may drop their packets here."
        ),
        screen="sockets",
    ),
    "tcp.syn-backlog/overflow": RuleText(
        title="{rate} SYNs per second find a SYN queue full",
        cause=(
            "More handshakes are begun than are finished at some port: a SYN flood, or a burst of clients against a "
            "small backlog. Which port it is the sockets did not show."
        ),
        consequence="With net.ipv4.tcp_syncookies=1 the port stays usable; with 0 new clients are turned away.",
        relief=("ss -tan state syn-recv", "sysctl net.ipv4.tcp_syncookies net.ipv4.tcp_max_syn_backlog"),
        cure="Keep SYN cookies on; raise the program's backlog, net.core.somaxconn and net.ipv4.tcp_max_syn_backlog.",
        screen="sockets",
    ),
    "tcp.accept-queue": RuleText(
        title=(
            "{waiting} connections wait to be accepted by {who} on :{port}, {share} % of its backlog "
            "of {backlog}, {against} %"
        ),
        cause=(
            "The program accepts more slowly than its clients connect: all its workers are busy or hang, it is "
            "stopped or paused, or its backlog is too small for bursts."
        ),
        consequence=(
            "When the queue is full the kernel throws handshakes away: clients connect after seconds, or time out, "
            "while the program believes that it has little to do."
        ),
        relief=(_LISTEN, "nettui sockets {filter}", "nstat -az TcpExtListenOverflows TcpExtListenDrops"),
        cure=(
            "See what its workers wait for (a database, a lock), and give it more of them or a separate thread that "
            "accepts. A larger backlog in its listen() call and in net.core.somaxconn helps only against bursts."
        ),
        screen="sockets",
    ),
    "tcp.resets": RuleText(
        title="{rate} connections per second are refused or reset, {against}: most were reset while they stood",
        cause=(
            "One side ends connections by a reset: a program that crashes or is killed, that closes without having "
            "read all it was sent, a proxy or firewall whose time limit is shorter than the program's, or a peer "
            "that gives up."
        ),
        consequence="What was under way is lost; clients see Connection reset by peer and must try again.",
        relief=("nstat -az TcpEstabResets TcpOutRsts TcpExtTCPAbortOnData TcpExtTCPAbortOnClose", "ss -s"),
        cure=(
            "Find out who resets (tcpdump 'tcp[tcpflags] & tcp-rst != 0'). In programs: read requests to their end "
            "before closing; let the client's time limit for idle connections be shorter than the server's."
        ),
        screen="sockets",
    ),
    "tcp.resets/refused": RuleText(
        title="{rate} connections per second are refused or reset, {against}: most fail before they stand",
        cause=(
            "A program here tries to reach a port on which nobody listens (crashed, not started, wrong port), again "
            "and again; or clients of this host break off their handshakes."
        ),
        consequence="What needs that service does not work, and trying again at once loads both hosts.",
        relief=("nstat -az TcpAttemptFails TcpActiveOpens TcpOutRsts", "nettui sockets {filter}", "ss -ltnp"),
        cure=(
            "Start the service, or correct the address and port. In the program: wait longer after each failure "
            "(exponential back-off with jitter)."
        ),
        screen="sockets",
    ),
}

TEXTS["tcp.syn-sent-stuck/many"] = replace(
    TEXTS["tcp.syn-sent-stuck"],
    title="{peers} destinations do not answer: {connections} of {who} waiting for them",
    cause=(
        "Nothing comes back from many destinations at once. If they share a port or a network, a firewall or route "
        "between here and there drops the SYNs or the answers. If not, a program here dials addresses of which many "
        "are dead: a crawler, a scanner, a peer-to-peer client, a mail server."
    ),
    relief=("ss -tanop state syn-sent", "ip route show default", "nettui sockets {filter} --group-by peer"),
    cure=(
        "See what the destinations share: the route, the gateway, an outgoing firewall, a proxy that must be used. "
        "If a program dials dead addresses, let it forget them sooner."
    ),
)
TEXTS["tcp.accept-queue/full"] = replace(
    TEXTS["tcp.accept-queue"],
    title=(
        "The accept queue of {who} on :{port} is full, {waiting} waiting at a backlog of "
        "{backlog}: clients are turned away"
    ),
    consequence=(
        "The kernel throws away what would finish a handshake: clients connect after seconds or time out, and "
        "believe the network is slow, while the program sees nothing of them."
    ),
)
TEXTS["tcp.accept-queue/overflow"] = replace(
    TEXTS["tcp.accept-queue"],
    title="The accept queue of {who} on :{port} overflows: {rate} connections per second are turned away",
)
TEXTS["tcp.accept-queue/host"] = replace(
    TEXTS["tcp.accept-queue"],
    title="An accept queue on this host overflows: {rate} connections per second are turned away",
    relief=("ss -ltn", "nstat -az TcpExtListenOverflows TcpExtListenDrops"),
)
