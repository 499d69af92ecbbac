"""What is said of connections that are not closed, or closed too often."""

from msgspec.structs import replace

from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText

ABOUT: dict[str, RuleAbout] = {
    "tcp.close-wait": RuleAbout(
        looks_for=(
            "Many sockets in CLOSE_WAIT on the host, all programs together; a program with limits of its own is "
            "judged by them alone. A burst that drains within the time it must last is left alone."
        ),
        source="operators' rule of thumb: look at 50, mail at 100",
    ),
    "tcp.close-wait-leak": RuleAbout(
        looks_for=(
            "Sockets in CLOSE_WAIT that become steadily more, by the program that holds them; the host's count where "
            "it cannot be seen who does. Bursts that drain and crowds that come and go are left alone."
        ),
        source="a growing count is the problem, not a count",
    ),
    "tcp.time-wait": RuleAbout(
        looks_for=(
            "Very many sockets in TIME_WAIT on the host. Those toward one destination that takes half of the "
            "ephemeral ports are told of by tcp.port-exhaustion. A busy web server has thousands and is left alone."
        ),
        source="operators' rule of thumb; catpaw's tcpstate warns from 5,000 and is critical from 20,000",
    ),
    "tcp.last-ack": RuleAbout(
        looks_for=(
            "Connections in LAST_ACK, FIN_WAIT1 or CLOSING that have sent their FIN more than once, by peer, or on the "
            "host where it is many peers and a twentieth of its connections. Those that merely pass through these "
            "states are left alone, however many."
        ),
        source="nettui's own: on a sound path next to no FIN is sent twice",
    ),
    "tcp.fin-wait2": RuleAbout(
        looks_for=(
            "Very many connections in FIN_WAIT2 to one peer, which does not close its side. Many peers with few each "
            "are the everyday of a public server and are left alone."
        ),
        source="nettui's own: 1,000 are 17 connections a second that a peer leaves open for a minute",
    ),
    "tcp.orphans": RuleAbout(
        looks_for="Connections that no program holds any more, against net.ipv4.tcp_max_orphans.",
        source="netdata tcp_orphans: 25 and 50 %, for the kernel counts an orphan up to four times",
    ),
}

_CLOSE_WAIT_CAUSE = (
    "The peers have closed their side (their FIN was acknowledged) and a program on this host has not called close(): "
    "typically a socket left open when an error is handled, a response whose body is never read to its end, or a "
    "worker that hangs. It is that program's fault, not the network's; no kernel setting ends this state, neither "
    "tcp_fin_timeout nor keepalive."
)
_CLOSE_WAIT_CURE = (
    "In the program: close every socket on every path (finally, with, try-with-resources, defer), read or discard "
    "responses to their end, and give calls that can hang a time limit. Restarting the program relieves, "
    "until it has leaked as many again."
)
_LEAK_END = (
    "It does not heal: the count grows until the program has used up its file descriptors, and then neither "
    "accepts nor opens connections (Too many open files)."
)
_LOOK = ("nettui sockets {filter} --group-by process", "ss -tanp state close-wait")

TEXTS: dict[str, RuleText] = {
    "tcp.close-wait": RuleText(
        title="{count} connections in CLOSE_WAIT, {against}: a program on this host is not closing them",
        cause=_CLOSE_WAIT_CAUSE,
        consequence=(
            "Each holds a file descriptor and memory of its program until that closes it or ends. When the descriptor "
            "limit is reached, the program can neither accept nor open connections (Too many open files)."
        ),
        relief=_LOOK,
        cure=_CLOSE_WAIT_CURE,
        screen="sockets",
    ),
    "tcp.close-wait-leak": RuleText(
        title="{count} connections in CLOSE_WAIT and growing, {rose} more in {minutes} min: a program leaks them",
        cause=_CLOSE_WAIT_CAUSE,
        consequence=_LEAK_END,
        relief=_LOOK,
        cure=_CLOSE_WAIT_CURE,
        screen="sockets",
    ),
    "tcp.time-wait": RuleText(
        title="{count} connections in TIME_WAIT, {against}: this host opens and closes connections very often",
        cause=(
            "The side that closes first waits in TIME_WAIT, on Linux for 60 s (TCP_TIMEWAIT_LEN, whatever "
            "tcp_fin_timeout says), so that its last ACK can be sent again and no stray segment reaches a new "
            "connection. So many mean a client that does not reuse connections, or a server that hangs up first."
        ),
        consequence=(
            "They cost little memory. The limit is one source address to one destination address and port: there the "
            "ephemeral ports, 28,232 by default, run out (Cannot assign requested address)."
        ),
        relief=(
            "ss -Htan state time-wait | awk '{{print $NF}}' | sort | uniq -c | sort -rn | head",
            "sysctl net.ipv4.ip_local_port_range net.ipv4.tcp_tw_reuse",
        ),
        cure=(
            "Keep connections open and reuse them: a connection pool, HTTP keep-alive on both sides, also between a "
            "proxy and its backends. A wider net.ipv4.ip_local_port_range and net.ipv4.tcp_tw_reuse=1 help clients "
            "meanwhile. Never look for tcp_tw_recycle: it broke clients behind NAT and is gone since Linux 4.12."
        ),
        screen="sockets",
    ),
    "tcp.last-ack": RuleText(
        title=(
            "{address} does not acknowledge the end of {count} connections, {against}: their FIN is "
            "sent again and again"
        ),
        cause=(
            "This side has closed, and its FIN or the peer's ACK of it is lost: the peer is gone, a firewall or NAT on "
            "the way has forgotten the connections, or the path loses packets."
        ),
        consequence=(
            "They hold memory, no descriptor, and end by themselves: the kernel gives up after tcp_orphan_retries "
            "(8 by default) attempts, a minute or two at ordinary round-trip times. New ones follow while the "
            "cause lasts."
        ),
        relief=("ss -tanoi state last-ack state fin-wait-1 state closing dst {dst}", "ip route get {address}"),
        cure="Find out whether the peer lives and where the path loses packets; look at the time limits of firewalls.",
        screen="sockets",
    ),
    "tcp.fin-wait2": RuleText(
        title="{address} leaves {count} connections half open, {against}: it does not close its side (FIN_WAIT2)",
        cause=(
            "This side has closed and the peer has acknowledged it, but does not close: the program there leaks, and "
            "has these connections in CLOSE_WAIT. Or the peer vanished, or a firewall drops its FIN."
        ),
        consequence=(
            "Here it costs a little memory for tcp_fin_timeout (60 s by default) each. The program on the peer runs "
            "out of descriptors one day."
        ),
        relief=("ss -tano state fin-wait-2 dst {dst}", "nettui sockets {filter}"),
        cure="Whoever maintains the program on the peer must close its connections when the other side has closed.",
        screen="sockets",
    ),
    "tcp.orphans": RuleText(
        title="{count} connections that no program holds any more, {share} % of the {most} allowed, {against} %",
        cause=(
            "Programs closed connections, or ended, and their last data or FIN is not acknowledged: many clients that "
            "vanish at once, a path that loses packets, or a server that was restarted while its peers are slow."
        ),
        consequence=(
            "Beyond the limit the kernel resets them at once and logs 'too many orphaned sockets': the last of what "
            "programs sent is lost. Each may hold up to 64 KiB of memory that is never swapped."
        ),
        relief=("nettui sockets {filter}", "ss -s", "sysctl net.ipv4.tcp_max_orphans net.ipv4.tcp_orphan_retries"),
        cure=(
            "Find the peers that vanish or the path that loses packets. A lower net.ipv4.tcp_orphan_retries gives "
            "them up sooner; raise net.ipv4.tcp_max_orphans only with the memory for it."
        ),
        screen="sockets",
    ),
}

TEXTS["tcp.close-wait/held"] = replace(
    TEXTS["tcp.close-wait"],
    title="{who} holds {held} of {count} connections in CLOSE_WAIT, {against}: it is not closing them",
)
TEXTS["tcp.close-wait/program"] = replace(
    TEXTS["tcp.close-wait"],
    title="{who} holds {count} connections in CLOSE_WAIT, {against}: it is not closing them",
)

_PROGRAM = replace(
    TEXTS["tcp.close-wait-leak"],
    title="{who} leaks connections: {count} in CLOSE_WAIT, {rose} more in {minutes} min",
)
_SERVER = replace(
    _PROGRAM,
    title="{who} leaks connections of its clients{where}: {count} in CLOSE_WAIT, {rose} more in {minutes} min",
    cause=(
        "Its clients have closed their side (their FIN was acknowledged) and it has not called close() on the sockets "
        "it accepted: typically a handler that returns early or fails without closing, or workers that hang and never "
        "read the end of file. No kernel setting ends this state, neither tcp_fin_timeout nor keepalive."
    ),
    cure=(
        "In the program: close the accepted socket on every path out of its handler (finally, with, "
        "try-with-resources, defer), treat a read of 0 bytes as the end, and give handlers a time limit. Restarting "
        "relieves, until it has leaked as many again."
    ),
)
_CLIENT = replace(
    _PROGRAM,
    title="{who} leaks its own connections{where}: {count} in CLOSE_WAIT, {rose} more in {minutes} min",
    cause=(
        "It opened these connections, the service at the other end has closed them, and it has not called close(): "
        "typically a response whose body is not read to its end and closed, or a pool that does not throw away "
        "connections that the server ended. No kernel setting ends this state, neither tcp_fin_timeout nor keepalive."
    ),
    cure=(
        "In the program: close every response and connection on every path (finally, with, try-with-resources, "
        "defer), make one client and share it, and let the pool test connections and drop idle ones earlier than the "
        "server does. Restarting relieves, until it has leaked as many again."
    ),
)
for _name, _text in (("program", _PROGRAM), ("server", _SERVER), ("client", _CLIENT)):
    TEXTS[f"tcp.close-wait-leak/{_name}"] = _text
    _case = "service" if _name == "program" else f"{_name}-service"
    TEXTS[f"tcp.close-wait-leak/{_case}"] = replace(_text, relief=("systemctl restart {unit}", *_LOOK))

TEXTS["tcp.last-ack/many"] = replace(
    TEXTS["tcp.last-ack"],
    title="{count} connections to {peers} peers send their FIN again and again, {against}: nobody acknowledges it",
    relief=("ss -tanoi state last-ack state fin-wait-1 state closing", "nettui sockets {filter}"),
    cure=(
        "As many peers are concerned, look at what they share: this host's interface, its gateway, a firewall or NAT "
        "on the way that forgets connections."
    ),
)
TEXTS["tcp.fin-wait2/held"] = replace(
    TEXTS["tcp.fin-wait2"],
    title="{who} waits for {address} to close {count} connections, {against} (FIN_WAIT2)",
    cause=(
        "The program here has shut down its sending side (shutdown()) and keeps the socket open to read what the peer "
        "still sends; the peer does not close. As a program holds them, tcp_fin_timeout does not end them."
    ),
    consequence="Each holds a file descriptor of the program here, for as long as the peer does not close.",
    cure=(
        "In the program here: after shutdown(), read with a time limit and then close(). On the peer: close the "
        "connection when the end of file was read."
    ),
)
