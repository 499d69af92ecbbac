"""What is said of findings about routes and gateways."""

from msgspec.structs import replace

from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText

ABOUT: dict[str, RuleAbout] = {
}

_LOOK_AT_ROUTES = (
    "ip -4 route show table all default",
    "ip -6 route show table all default",
    "ip rule",
    "ip -br address",
)

_PUT_BACK = "ip {flag} route add default via {gateway} dev {link}"

TEXTS: dict[str, RuleText] = {
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
}

TEXTS["route.no-default/lost"] = replace(TEXTS["route.no-default"], relief=(_PUT_BACK, *_LOOK_AT_ROUTES))
