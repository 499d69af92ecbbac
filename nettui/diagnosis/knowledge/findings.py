"""What is said of each finding. Places in braces are filled with the facts of the case; in commands, quoted."""

from msgspec import Struct
from msgspec.structs import replace


class RuleText(Struct, frozen=True, kw_only=True):
    """The words of one rule, or of one kind of case of it."""

    title: str
    """One sentence. `{against}` is the comparison with the threshold that was passed."""
    cause: str
    consequence: str
    relief: tuple[str, ...]
    """Commands that can be typed as they are: they show more, or help now."""
    cure: str
    screen: str


def rule_text(rule: str, case: str = "") -> RuleText:
    """The text of a rule, for one of its cases where it tells them apart."""
    return _TEXTS[f"{rule}/{case}" if case else rule]


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

_LOOK_AT_ROUTES = (
    "ip -4 route show table all default",
    "ip -6 route show table all default",
    "ip rule",
    "ip -br address",
)

_PUT_BACK = "ip {flag} route add default via {gateway} dev {link}"

_TEXTS: dict[str, RuleText] = {
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
    "route.no-default": RuleText(
        title="No {family}default route: this host reaches {only}",
        cause=(
            "No routing table holds a default route. It was deleted, its interface or its DHCP lease or router "
            "advertisement went away, or none was ever configured."
        ),
        consequence="Everything beyond those networks fails at once with Network is unreachable; often DNS first.",
        relief=_LOOK_AT_ROUTES,
        cure=(
            "Set the gateway where the interface is configured (netplan, NetworkManager, systemd-networkd, ifupdown, "
            "cloud settings), or find out why DHCP or the router no longer gives one. "
            "Where this host is meant to have none, switch the rule off: enabled = false."
        ),
        screen="routes",
    ),
    "route.gateway-unreachable": RuleText(
        title="Gateway {gateway} on {link} does not answer, and no other default route is known to work",
        cause=(
            "The kernel asked for the gateway's hardware address (ARP, or Neighbour Discovery for IPv6) and had no "
            "answer: the gateway is off, its address is wrong or has moved, this host is in the wrong VLAN or network, "
            "or something between the two drops the question."
        ),
        consequence="Packets for everything beyond the local network are dropped: No route to host.",
        relief=(
            "ip {flag} neigh show {gateway} dev {link}",
            "ip -s link show dev {link}",
            "ip {flag} route show default",
        ),
        cure=(
            "Bring the gateway back or correct the address; check the VLAN and the switch port. If the gateway has "
            "been replaced, see that nothing else on the network uses its address."
        ),
        screen="routes",
    ),
    "route.gateway-unreachable/another": RuleText(
        title="Gateway {gateway} on {link} does not answer; there is another default route, {other}",
        cause=(
            "The kernel asked for the gateway's hardware address (ARP, or Neighbour Discovery for IPv6) and had no "
            "answer: the gateway is off, its address is wrong or has moved, or something between the two drops "
            "the question."
        ),
        consequence=(
            "What is routed through this gateway is lost. The kernel goes on choosing by metric and rules; "
            "it does not avoid an IPv4 gateway that is silent."
        ),
        relief=(
            "ip {flag} neigh show {gateway} dev {link}",
            "ip {flag} route show default",
            "ip {flag} route del default via {gateway} dev {link}",
        ),
        cure=(
            "Bring the gateway back or correct the address. For a failover that works by itself, let a routing "
            "daemon or keepalived watch the gateways."
        ),
        screen="routes",
    ),
    "link.down/no-carrier": RuleText(
        title="{link} is down ({why}){and}",
        cause=(
            "It is administratively up but has no signal: a cable pulled or broken, the switch port off or in error, "
            "the other end down, wireless not associated; for a virtual link, its peer or what it stands on is down."
        ),
        consequence="Nothing goes through it; addresses and routes on it are useless until it returns.",
        relief=("ip -s -d link show dev {link}",),
        cure="Restore the other end, the cable or the switch port. One that does so often has a bad cable or optics.",
        screen="interfaces",
    ),
    "link.down/set-down": RuleText(
        title="{link} is down ({why}){and}",
        cause="Somebody or some program set it administratively down: an operator, a network manager, a script.",
        consequence="Nothing goes through it. Linux removed the routes through it, and IPv6 addresses with them.",
        relief=("ip link set dev {link} up", "ip -br address show dev {link}"),
        cure=(
            "Find out who set it down (the journal of NetworkManager, systemd-networkd or ifupdown). Setting it up "
            "does not bring back static routes: have the network manager configure it anew."
        ),
        screen="interfaces",
    ),
}

_TEXTS["route.no-default/lost"] = replace(_TEXTS["route.no-default"], relief=(_PUT_BACK, *_LOOK_AT_ROUTES))
_TEXTS["link.down/set-down-default"] = replace(
    _TEXTS["link.down/set-down"],
    relief=("ip link set dev {link} up", _PUT_BACK, "ip -br address show dev {link}"),
)
