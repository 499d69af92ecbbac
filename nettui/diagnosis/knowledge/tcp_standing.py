"""What is said of connections that stand, and of the memory they take."""

from msgspec.structs import replace

from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText

ABOUT: dict[str, RuleAbout] = {
    "tcp.zombie": RuleAbout(
        looks_for=(
            "Connections whose peer no longer answers: data or probes are sent again and again. And, as a notice, "
            "connections without keepalive that were silent for very long. One client of a public server that is "
            "gone is left alone."
        ),
        source="net.ipv4.tcp_keepalive_time: 7,200 s; four retries: 6 s at the shortest timeout (RFC 6298)",
    ),
    "tcp.retransmit": RuleAbout(
        looks_for=(
            "A large share of the segments sent again, all along a quarter of a minute and with enough of them to "
            "mean something. SYNs that nobody answers do not count, nor does a burst."
        ),
        source="operators' rule of thumb: beyond 5 % users notice; Performance Co-Pilot asks for a volume too",
    ),
    "tcp.memory": RuleAbout(
        looks_for=(
            "The memory all TCP sockets hold together, against the pressure mark and the limit of "
            "net.ipv4.tcp_mem."
        ),
        source="netdata tcp_memory: its warning is the pressure mark; here a warning precedes it",
    ),
}

TEXTS: dict[str, RuleText] = {
    "tcp.zombie/gone": RuleText(
        title="{peer} does not answer any more: {connections} of {who} sent the same up to {retries} times in vain",
        cause=(
            "The peer vanished without a FIN or a reset: it crashed or lost power, its network broke, its address "
            "moved, or a firewall or NAT on the way forgot the connections and drops their packets."
        ),
        consequence=(
            "The program believes them alive and waits: with data under way about 15 minutes (tcp_retries2), without "
            "any until keepalive finds out, or for ever. A pool hands them out and each request hangs."
        ),
        relief=("ss -tanoip dst {dst}", "ip route get {address}", "nettui sockets {filter}"),
        cure=(
            "Restore the peer or the path. In the program: time limits on every call, TCP_USER_TIMEOUT (30 s), and "
            "keepalive with TCP_KEEPIDLE below the time limit of firewalls on the way. nettui (K on the Sockets "
            "screen) or ss -K closes such a connection, and the program sees an error at once."
        ),
        screen="sockets",
    ),
    "tcp.zombie/silent": RuleText(
        title="{connections} of {who} silent for up to {hours} h (told above {mark} h), and without keepalive",
        cause=(
            "Nothing came or went for so long. Their peers may merely be idle; or be gone, which nobody would notice: "
            "the program did not turn keepalive on (SO_KEEPALIVE)."
        ),
        consequence=(
            "If the peers are gone, each holds a descriptor for ever. If not, a firewall or NAT may have forgotten "
            "the connection meanwhile, and the next request on it hangs."
        ),
        relief=("nettui sockets {filter}", "ss -tano state established"),
        cure=(
            "Turn keepalive on in the program (SO_KEEPALIVE with TCP_KEEPIDLE); net.ipv4.tcp_keepalive_time alone does "
            "nothing for sockets that did not ask for it. Let pools drop connections that are idle for minutes."
        ),
        screen="sockets",
    ),
    "tcp.retransmit": RuleText(
        title="{share} % of the segments sent had to be sent again over {seconds} s, {against} %: packets are lost",
        cause=(
            "Packets or their ACKs are lost on the way: a congested or bad link, wireless, a duplex or MTU mismatch, "
            "a full queue or policer; or this host's own interface drops them."
        ),
        consequence="Every loss costs a round trip, or a timeout of 200 ms and more: transfers crawl, requests stall.",
        relief=("nettui sockets {filter} --group-by network", "ss -ti state established", "ip -s link"),
        cure=(
            "See whether the losses share a peer, a network or an interface. Look for errors and drops of the "
            "interface and its switch port, and for an MTU that is too large in a tunnel (ping -M do -s 1472)."
        ),
        screen="sockets",
    ),
    "tcp.memory": RuleText(
        title="TCP holds {share} % of the memory at which it comes under pressure, {against} %",
        cause=(
            "Much data waits in socket buffers: programs that do not read what they receive, peers that do not read "
            "what they are sent, or very many connections; seldom a limit that is too small for the host."
        ),
        consequence=(
            "Above the pressure mark the kernel shrinks the buffers, and throughput falls; above the limit it drops "
            "segments and ends connections (TCP: out of memory in the kernel's log)."
        ),
        relief=("nettui sockets {filter} --group-by process", "ss -tanm", "sysctl net.ipv4.tcp_mem"),
        cure=(
            "Find the sockets with large queues: recv-q is a program here that does not read, send-q a peer or a path "
            "that is slow. Bound buffers and connections in the program; raise net.ipv4.tcp_mem only with the memory."
        ),
        screen="sockets",
    ),
}

TEXTS["tcp.memory/pressure"] = replace(
    TEXTS["tcp.memory"],
    title="TCP is under memory pressure: it holds {share} % of the pressure mark, {against} %",
)
TEXTS["tcp.memory/refusing"] = replace(
    TEXTS["tcp.memory"],
    title="TCP is out of memory: it holds {pages} pages, {share} % of the pressure mark, and refuses more",
)
