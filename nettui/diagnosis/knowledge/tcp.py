"""What is said of findings about TCP."""

from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText

ABOUT: dict[str, RuleAbout] = {
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

TEXTS: dict[str, RuleText] = {
    "tcp.close-wait": RuleText(
        title="{count} connections in CLOSE_WAIT, {against}: a program on this host is not closing them",
        cause=_CLOSE_WAIT_CAUSE,
        consequence=(
            "Each holds a file descriptor and memory of its program until that closes it or ends. When the descriptor "
            "limit is reached, the program can neither accept nor open connections (Too many open files)."
        ),
        relief=("ss -tanp state close-wait",),
        cure=_CLOSE_WAIT_CURE,
        screen="sockets",
    ),
    "tcp.close-wait-leak": RuleText(
        title="{count} connections in CLOSE_WAIT and growing, {rose} more in {minutes} min: a program leaks them",
        cause=_CLOSE_WAIT_CAUSE,
        consequence=(
            "It does not heal: the count grows until the program has used up its file descriptors, and then neither "
            "accepts nor opens connections (Too many open files)."
        ),
        relief=("ss -tanp state close-wait",),
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
}
