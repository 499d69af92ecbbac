"""What is said of findings about routes and gateways."""

from msgspec.structs import replace

from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText

ABOUT: dict[str, RuleAbout] = {
    "route.no-default": RuleAbout(
        looks_for=(
            "No default route in any table, on a host that had one in this session or has an address that leads "
            "outward; or one family that lost its own. A host fed by a routing protocol may do without."
        ),
    ),
    "route.gateway-unreachable": RuleAbout(
        looks_for=(
            "The gateway of a default route that the kernel asked for its hardware address, and that did not answer. "
            "nettui asks nothing itself; a gateway that nobody needed lately is left alone."
        ),
    ),
    "route.duplicate-default": RuleAbout(
        looks_for=(
            "Two default routes of one family, table and metric through different gateways. Multipath routes, "
            "different metrics, and routers that announce themselves (IPv6) are as they should be."
        ),
    ),
    "route.blackhole": RuleAbout(
        looks_for=(
            "A blackhole, unreachable or prohibit route in table main that is preferred to every default route, or is "
            "the most specific one for a name server or gateway of this host. Summary routes of routing daemons, "
            "banned hosts and routes of last resort are left alone."
        ),
    ),
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
    "route.duplicate-default": RuleText(
        title="Two {family} default routes with metric {metric}: {first}, and {second}",
        cause=(
            "Two programs (or two interfaces with the same settings) each set a default route with the same metric. "
            "The kernel takes one of them, and which one depends on the order in which they were set."
        ),
        consequence=(
            "After a restart the other one may be taken. Answers leave by another way than the questions came, and "
            "firewalls and strict reverse-path filters (net.ipv4.conf.*.rp_filter = 1) throw them away."
        ),
        relief=(
            "ip {flag} route show table {table} default",
            "ip {flag} route del default via {gateway} dev {link} table {table}",
        ),
        cure=(
            "Give the two different metrics where they are configured (metric, route-metric, RouteMetric=), or leave "
            "the gateway out of the second interface. To use both, make one multipath route or a policy rule by source "
            "address."
        ),
        screen="routes",
    ),
    "route.blackhole": RuleText(
        title="Route {type} {route} throws away packets to {needed}",
        cause=(
            "It is the most specific route for that address, and it leads nowhere: a summary route or a ban that is "
            "too wide, or one whose more specific routes have gone (a routing daemon that lost its neighbours)."
        ),
        consequence=(
            "Packets of this host to that address fail at once (Invalid argument, No route to host or Permission "
            "denied) and those it forwards vanish. Of a gateway, what is routed through it still flows."
        ),
        relief=(
            "ip {flag} route show type {type}",
            "ip {flag} route del {type} {route} metric {metric}",
        ),
        cure=(
            "Narrow the route where it is made (the routing daemon, the firewall's bans, the network's configuration), "
            "or add a more specific one for what must be reached."
        ),
        screen="routes",
    ),
    "route.blackhole/default": RuleText(
        title="The {family} default route leads nowhere: {type} {route} is the preferred one",
        cause=(
            "A blackhole, unreachable or prohibit route for everything has the lowest metric: the kill switch of a "
            "VPN, or a routing daemon's last resort, that was set without a high metric or is left alone when the real "
            "route has gone."
        ),
        consequence="Everything beyond the local networks fails at once; often DNS first.",
        relief=(
            "ip {flag} route show default",
            "ip {flag} route del {type} default metric {metric}",
        ),
        cure=(
            "Give it a high metric where it is made (4278198272 is usual for a last resort), or bring back the route "
            "or tunnel that it was to stand behind."
        ),
        screen="routes",
    ),
}

TEXTS["route.duplicate-default/on-link"] = replace(
    TEXTS["route.duplicate-default"],
    relief=("ip {flag} route show table {table} default", "ip {flag} route del default dev {link} table {table}"),
)

TEXTS["route.no-default/lost"] = replace(TEXTS["route.no-default"], relief=(_PUT_BACK, *_LOOK_AT_ROUTES))
