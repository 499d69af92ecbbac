"""A network namespace full of what real ones seldom have, to compare nettui's reading with `ip -j`."""

from tests.lab_support import Lab

ODD_NAMES = ("fifteen-letters", "wlp0s20f3-é☃", "\x1b[31mred", "[bold]x", "a\u202eb", "\udcff\udcfe", "x;$(id)", "-")
"""Names of links; surrogates stand for bytes that are not UTF-8."""
ODD_ALIAS = "up\x1b[2Jlink\x9b31m [red]x[/] \u202e"

KINDS = (
    "name br0 type bridge",
    "link va name mv0 type macvlan mode bridge",
    "name vx0 type vxlan id 42 dstport 4789 local 127.0.0.1",
    "name ifb9 type ifb",
    "name dum0 type dummy",
    "link va name va.7 type vlan id 7",
    "name bond9 type bond",
    "name vrf9 type vrf table 99",
    "link va name ipv0 type ipvlan",
    "name wg9 type wireguard",
    "name gre9 type gre local 127.0.0.1 remote 127.0.0.2",
    "name sit9 type sit local 127.0.0.1 remote 127.0.0.2",
)
"""Links of every kind this kernel may know."""

ADDRESSES = (
    "10.1.0.1/24 brd + dev va",
    "10.1.0.2/24 dev va label va:two",
    "10.9.0.1 peer 10.9.0.2/32 dev va",
    "10.2.0.1/24 dev va valid_lft 5000 preferred_lft 3000",
    "10.3.0.1/24 dev va noprefixroute metric 7",
    "169.254.7.7/16 dev va scope link",
    "10.4.0.1/32 dev lo scope host",
    "fd01::1/64 dev va nodad",
    "fd01::2/64 dev va nodad valid_lft 6000 preferred_lft 0",
    "fd01::3/64 dev va nodad valid_lft 6000 preferred_lft 4000 mngtmpaddr",
    "fd02::1 peer fd02::2/128 dev va nodad",
    "fd03::1/64 dev idle noprefixroute",
    "2001:db8:0:0:1::1/80 dev va nodad home",
)

ROUTES = (
    "default via 10.1.0.254 dev va proto dhcp src 10.1.0.1 metric 100",
    "default via 10.1.0.253 dev va metric 200 onlink",
    "198.51.100.0/24 nexthop via 10.1.0.10 dev va weight 3 nexthop via 10.1.0.11 dev va weight 250 onlink",
    "198.51.101.0/24 via inet6 fd01::99 dev va",
    "blackhole 203.0.113.0/26", "unreachable 203.0.113.64/26", "prohibit 203.0.113.128/26", "throw 203.0.113.192/26",
    "192.0.2.1 dev va scope link mtu 1300 advmss 1200",
    "192.0.2.0/25 dev va tos 0x10 proto bird",
    "192.0.2.128/25 via 10.1.0.9 table 1000 proto 77 metric 4000000000",
    "10.200.0.0/16 dev idle table 200",
    "default via fd01::fe dev va proto ra metric 1024 pref high expires 900",
    "2001:db8:1::/48 nexthop via fd01::a dev va weight 2 nexthop via fd01::b dev va",
    "2001:db8:2::/48 from 2001:db8:3::/48 via fd01::c dev va",
    "blackhole 2001:db8:4::/48", "unreachable 2001:db8:5::/48 metric 4294967295", "prohibit 2001:db8:6::/48",
    "2001:db8:7::/48 dev va mtu 1280 table 70000 pref low",
    "::ffff:1.2.3.0/120 dev va",
)

NEXTHOPS = (
    "nexthop add id 11 via 10.1.0.21 dev va", "nexthop add id 12 via 10.1.0.22 dev va",
    "nexthop add id 13 group 11/12,5", "nexthop add id 14 blackhole", "nexthop add id 15 via fd01::15 dev va",
    "route add 198.18.1.0/24 nhid 11", "route add 198.18.2.0/24 nhid 13", "route add 198.18.3.0/24 nhid 14",
    "route add 2001:db8:15::/48 nhid 15", "route add 198.18.4.0/24 nhid 15",
)

RULES_4 = (
    "rule add pref 100 from 10.1.0.0/24 to 192.0.2.0/24 lookup 1000",
    "rule add pref 110 fwmark 0x10/0xff lookup 200", "rule add pref 111 fwmark 0x7 lookup 200",
    "rule add pref 120 iif va oif idle lookup main", "rule add pref 121 iif gone lookup main",
    "rule add pref 130 uidrange 0-0 lookup 200",
    "rule add pref 140 ipproto tcp sport 1000-2000 dport 443 lookup 200",
    "rule add pref 150 not from 10.0.0.0/8 lookup 200",
    "rule add pref 160 from all goto 200", "rule add pref 200 from all lookup main suppress_prefixlength 0",
    "rule add pref 210 from 203.0.113.1 blackhole", "rule add pref 211 from 203.0.113.2 unreachable",
    "rule add pref 212 from 203.0.113.3 prohibit", "rule add pref 213 tos 0x10 nop",
    "rule add pref 220 from all lookup 300 protocol static", "rule add pref 230 l3mdev",
)

RULES_6 = (
    "rule add pref 100 from 2001:db8::/32 lookup 70000", "rule add pref 110 from all oif va fwmark 0x1/0x3 prohibit",
    "rule add pref 120 not to fd01::/64 ipproto udp dport 53 lookup 200",
)

NEIGHBOURS = (
    "10.1.0.50 lladdr 02:00:00:00:00:50 dev va nud permanent", "10.1.0.51 lladdr 02:00:00:00:00:51 dev va nud noarp",
    "10.1.0.52 lladdr 02:00:00:00:00:52 dev va nud stale", "10.1.0.53 dev va nud failed",
    "10.1.0.54 lladdr 02:00:00:00:00:54 dev va nud permanent extern_learn", "proxy 10.1.0.60 dev va",
    "fd01::50 lladdr 02:00:00:00:00:50 dev va nud permanent router",
    "fd01::52 lladdr 02:00:00:00:00:52 dev va nud stale",
    "proxy fd01::60 dev va",
)


def build(lab: Lab) -> None:
    """Fill a new namespace. `va` is up and has a carrier; its other end `vb` and `idle` are there too."""
    lab.ip(
        "link add name va type veth peer name vb", "link add name idle type veth peer name idle2",
        "link set vb up", "link set va up",
    )
    for kind in KINDS:
        lab.allows(f"link add {kind}")
    lab.allows("tuntap add name tun9 mode tun")
    lab.ip("link set idle2 master br0", "link set br0 up", "link set idle up")
    for name in ODD_NAMES:
        lab.run("ip", "link", "add", "name", name, "type", "veth")
    lab.run("ip", "link", "set", "va", "alias", ODD_ALIAS)
    for other in ("a-very-long-alternative-name-of-an-interface", "[alt]"):
        lab.run("ip", "link", "property", "add", "dev", "va", "altname", other)
    lab.ip_batch(f"addr add {line}" for line in ADDRESSES)
    lab.ip_batch(f"route add {line}" for line in ROUTES)
    lab.ip_batch(NEXTHOPS)
    lab.ip_batch(RULES_4, "-4")
    lab.ip_batch(RULES_6, "-6")
    lab.allows("rule add pref 131 uidrange 1000-2000 lookup 200")  # a user namespace of one user has no such users
    lab.ip_batch(f"neigh add {line}" for line in NEIGHBOURS)
