"""What is said of findings about name resolution."""

from msgspec.structs import replace

from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText

ABOUT: dict[str, RuleAbout] = {
    "dns.no-resolver": RuleAbout(
        looks_for="No name server in resolv.conf on a host that has a network. A host with loopback alone is left out.",
    ),
    "dns.unreachable": RuleAbout(
        looks_for=(
            "A name server that no route leads to, that a blackhole route covers, or that is on the link and did not "
            "answer for its hardware address; and, where names are listed in dns.check, one that answers none of them."
        ),
    ),
    "dns.failing": RuleAbout(
        looks_for=(
            "A name of dns.check that is answered with SERVFAIL, REFUSED, FORMERR or NOTIMP in two rounds. "
            "NXDOMAIN is an answer, and left alone."
        ),
    ),
    "dns.slow": RuleAbout(
        looks_for="The median of a server's answers in the last three rounds, for the names of dns.check.",
        source=(
            "A recursive answer usually takes 20 to 120 ms; at half a second people notice, and at two seconds "
            "nettui itself and many programs no longer wait."
        ),
    ),
    "dns.leak": RuleAbout(
        looks_for=(
            "A tunnel carries the default route, or both halves of it, while the route to a name server leaves by "
            "another link. A stub on loopback such as 127.0.0.53 cannot be judged, and is left out."
        ),
    ),
    "dns.hosts-override": RuleAbout(
        looks_for="A name of dns.check to which the hosts file gives an address that no server gives it.",
    ),
}

_UNREACHABLE_CAUSE = (
    "The server is off or its address has changed, a firewall drops the questions, the way to it is gone, or the "
    "configuration still names a server of another network."
)
_UNREACHABLE_RELIEF = ("ip route get {bare}", "dig @{bare} {name}", "cat /etc/resolv.conf")
_FAILING_RELIEF = ("dig @{server} {name}", "dig @{server} {name} +cdflag", "getent ahosts {name}")

TEXTS: dict[str, RuleText] = {
    "dns.no-resolver": RuleText(
        title="No DNS server is configured: no name can be looked up",
        cause=(
            "resolv.conf is missing, empty or names no server: a network manager or DHCP client did not write it, a "
            "link in its place leads nowhere, or somebody emptied it."
        ),
        consequence=(
            "The C library then asks 127.0.0.1. Unless something answers there, every name that is not in the hosts "
            "file fails (Temporary failure in name resolution), though addresses still work."
        ),
        relief=("ls -l /etc/resolv.conf", "cat /etc/resolv.conf"),
        cure=(
            "Have the network manager write it (systemd-resolved, NetworkManager, resolvconf), or name a server in "
            "it: nameserver ADDRESS. In a container it comes from the engine's settings."
        ),
        screen="dns",
    ),
    "dns.unreachable": RuleText(
        title="DNS server {server} cannot be reached ({why}); others are configured",
        cause=_UNREACHABLE_CAUSE,
        consequence=(
            "Programs wait for it before they ask the next one: with glibc 5 s for each name, whenever it is asked "
            "first. Everything seems slow, and nothing says why."
        ),
        relief=_UNREACHABLE_RELIEF,
        cure="Bring the server back, correct the way to it, or take it out of the configuration that names it.",
        screen="dns",
    ),
    "dns.failing": RuleText(
        title="No DNS server can look up {name}: {rcode}",
        cause=(
            "SERVFAIL: the server could not find out: the zone's own servers do not answer, DNSSEC does not "
            "validate, or what it forwards to fails. REFUSED: it does not serve this host or this zone."
        ),
        consequence="Programs cannot connect to that name (Temporary failure in name resolution).",
        relief=_FAILING_RELIEF,
        cure=(
            "If the question with checking disabled (+cdflag) succeeds, the zone's DNSSEC is broken: tell its "
            "operator. Otherwise look at the zone's servers (dig +trace), and at the server's log, forwarders and "
            "access lists."
        ),
        screen="dns",
    ),
    "dns.failing/some": RuleText(
        title="DNS server {server} cannot look up {name}: {rcode}; another can",
        cause=(
            "The servers differ: that one forwards elsewhere, validates DNSSEC, has old zones, or does not serve "
            "this host (REFUSED)."
        ),
        consequence="Whether the name resolves depends on which server is asked: it fails now and then.",
        relief=_FAILING_RELIEF,
        cure="All servers of one configuration have to know the same names: correct that one, or take it out.",
        screen="dns",
    ),
    "dns.slow": RuleText(
        title="DNS server {server} takes {ms} ms{what}, {against} ms",
        cause=(
            "The server is overloaded or far away, the path to it loses packets, it waits for others that do not "
            "answer, or the answer for one of the two families (A, AAAA) is never given."
        ),
        consequence="Each connection to a name begins with this wait.",
        relief=("dig @{server} {name}", "ip route get {bare}"),
        cure="Use a nearer server, a cache on this host (systemd-resolved, unbound, dnsmasq), or mend the server.",
        screen="dns",
    ),
    "dns.leak": RuleText(
        title="Questions to DNS server {server} leave by {link}, beside the tunnel {tunnel}",
        cause=(
            "The tunnel took over the default route, but the name server has a route of its own outside it: it is "
            "on the local network, or the VPN did not set the servers or cannot carry their family (IPv6)."
        ),
        consequence=(
            "Whoever runs that network or server sees the name of everything this host connects to; and names that "
            "exist only inside the tunnel are not found."
        ),
        relief=("ip route get {server}", "ip rule show", "cat /etc/resolv.conf"),
        cure=(
            "Let the VPN set the servers (DNS = in wg-quick, dhcp-option DNS in OpenVPN, resolvectl dns), and let "
            "their routes go through it. Where names are meant to be asked locally, switch the rule off: "
            "enabled = false."
        ),
        screen="dns",
    ),
    "dns.hosts-override": RuleText(
        title="The hosts file says {name} is {hosts}; DNS says {served}",
        cause="A line of the hosts file, which is heard before any server: a test or a move that was never undone.",
        consequence="Programs on this host go to that address, whatever DNS says, and wherever the name moves.",
        relief=("grep -n -i -F {name} /etc/hosts", "getent ahosts {name}"),
        cure="Take the line out, unless it is meant; then switch the rule off for this name.",
        screen="dns",
    ),
    "dns.hosts-override/blocked": RuleText(
        title="The hosts file blocks {name} ({hosts}); DNS says {served}",
        cause="A line of the hosts file, often of a blocklist, gives the name an address that leads nowhere.",
        consequence="Programs on this host cannot reach that name.",
        relief=("grep -n -i -F {name} /etc/hosts", "getent ahosts {name}"),
        cure="Take the line out, unless it is meant; then switch the rule off for this name.",
        screen="dns",
    ),
}

TEXTS["dns.unreachable/all"] = replace(
    TEXTS["dns.unreachable"],
    title="No DNS server can be reached: {server} ({why})",
    consequence="No name can be looked up (Temporary failure in name resolution); what uses addresses still works.",
    cure="Bring the server back, correct the way to it, or name a server that can be reached.",
)
