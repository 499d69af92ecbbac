"""What is said of findings about interfaces: whether they work, and what addresses they have.

What is said of the traffic on them stands in `link_traffic`.
"""

from msgspec.structs import replace

from nettui.diagnosis.knowledge import link_traffic
from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText

ABOUT: dict[str, RuleAbout] = {
    "link.down": RuleAbout(
        looks_for=(
            "A link that carried a default route or worked in this session, and that was set down or is not "
            "operational (RFC 2863) for another reason than a missing signal. Ports nobody uses, and veths and bridges "
            "that come and go with containers, are left alone."
        ),
    ),
    "link.no-carrier": RuleAbout(
        looks_for=(
            "A link that carried a default route or worked in this session, that is administratively up, and whose "
            "cable, radio or other end brings no signal. A port that never had one is told only where it has an "
            "address, as a notice."
        ),
    ),
    "link.no-address": RuleAbout(
        looks_for=(
            "A link that works and has no address others could answer to, though it had one in this session, a DHCP "
            "server lent it one, or nothing else on the host has one either. Spare ports, ports of bridges and bonds, "
            "and parents of VLANs are left alone."
        ),
    ),
    "link.self-assigned": RuleAbout(
        looks_for=(
            "A link whose only IPv4 address is one of 169.254/16, which a host gives itself when no DHCP server "
            "answers (RFC 3927). A notice where the host has a default route elsewhere: a cable to a device."
        ),
    ),
    "link.duplicate-address": RuleAbout(
        looks_for=(
            "An IPv6 address that another host on the link answered for when this one asked before using it "
            "(RFC 4862 section 5.4). Linux does not ask for IPv4 addresses, so it cannot know of those."
        ),
    ),
    **link_traffic.ABOUT,
}

_PUT_BACK = "ip {flag} route add default via {gateway} dev {link}"

TEXTS: dict[str, RuleText] = {
    "link.no-carrier": RuleText(
        title="{link} is down ({why}){and}",
        cause=(
            "It is administratively up but has no signal: a cable pulled or broken, the switch port off or in error, "
            "the other end down, wireless not associated; for a virtual link, its peer or what it stands on is down."
        ),
        consequence="Nothing goes through it; addresses and routes on it are useless until it returns.",
        relief=("ip -s -d link show dev {link}", "ethtool {link}"),
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
    "link.down/not-operational": RuleText(
        title="{link} is down ({why}){and}",
        cause=(
            "It is administratively up, and yet not operational (RFC 2863): it waits for something else (dormant: "
            "802.1X or WPA has not let it in), is being tested, its hardware is not there, or its driver tells no more."
        ),
        consequence="Nothing goes through it; addresses and routes on it are useless until it returns.",
        relief=("ip -s -d link show dev {link}", "ip link show dev {link}"),
        cure=(
            "Dormant: look at the log of wpa_supplicant, and at the switch's or access point's. Not present: the card "
            "was taken out, or its driver gave up (see the kernel's log)."
        ),
        screen="interfaces",
    ),
    "link.no-address": RuleText(
        title="{link} works and has no address",
        cause=(
            "Nothing has configured it: no DHCP server answered, no DHCP client runs, no router announces a prefix, or "
            "its static address was never set."
        ),
        consequence="This host can neither reach others through it nor be reached.",
        relief=(
            "ip address show dev {link}",
            "journalctl -b -g DHCP -n 50 --no-pager",
            "networkctl status {link} --no-pager",
        ),
        cure=(
            "See that a DHCP client is configured for it and that a server is in its VLAN, or set the address where "
            "the interface is configured (netplan, NetworkManager, systemd-networkd, ifupdown)."
        ),
        screen="interfaces",
    ),
    "link.no-address/lost": RuleText(
        title="{link} works and has lost its address, {had}",
        cause=(
            "Somebody or some program took it away: a DHCP lease that was not renewed or was released, a router "
            "advertisement that ended, a network manager or a script that configured the link anew."
        ),
        consequence=(
            "This host can neither reach others through it nor be reached. Linux removed the routes that needed the "
            "address, and connections that used it hang until they time out."
        ),
        relief=("ip address show dev {link}", "journalctl -b -g {link} -n 50 --no-pager"),
        cure=(
            "Find out who took it away (the journal of the DHCP client or network manager), and have the link "
            "configured anew, which also brings back its routes."
        ),
        screen="interfaces",
    ),
    "link.self-assigned": RuleText(
        title="{link} gave itself the address {address}: no DHCP server answers it",
        cause=(
            "A host takes an address of 169.254/16 when it asked for one by DHCP and heard nothing (RFC 3927): the "
            "server is down, out of addresses, or not in this VLAN; a relay is missing; a filter drops UDP 67 and 68; "
            "or the switch port was not forwarding yet (spanning tree) when the client asked."
        ),
        consequence="Only hosts on the same link that also have such an address can be reached; there is no gateway.",
        relief=(
            "ip address show dev {link}",
            "journalctl -b -g DHCP -n 50 --no-pager",
            "tcpdump -c 10 -nei {link} port 67 or port 68",
        ),
        cure=(
            "Bring the DHCP server or relay of this VLAN back, and look at its free addresses; set the switch port to "
            "portfast (edge). Where no DHCP is meant to be, give the link a static address, or "
            "switch link-local addresses off (LinkLocalAddressing=no, ipv4.link-local disabled)."
        ),
        screen="interfaces",
    ),
    "link.duplicate-address": RuleText(
        title="Address {address} on {link} is in use by another host",
        cause=(
            "When this host asked whether anybody has the address, somebody answered (RFC 4862 section 5.4). Two hosts "
            "are configured alike: a copied virtual machine or MAC address, a static address in the server's range; "
            "or frames come back by a loop in the network."
        ),
        consequence=(
            "The kernel does not use the address: what is bound to it fails, and nobody reaches this host by it. For "
            "the link-local address IPv6 may be off on the whole link (net.ipv6.conf.*.accept_dad = 2)."
        ),
        relief=(
            "ip -6 address show dev {link} dadfailed",
            "ip -6 neigh show dev {link}",
            "ip -6 address del {address}/{length} dev {link}",
            "ip -6 address add {address}/{length} dev {link}",
        ),
        cure=(
            "Find the other host (its MAC address is in the neighbour tables of others on the link) and give one of "
            "the two another address; a copied machine needs a new MAC address and machine-id. The last two commands "
            "have this host ask again when that is done."
        ),
        screen="interfaces",
    ),
    **link_traffic.TEXTS,
}

TEXTS["link.down/set-down-default"] = replace(
    TEXTS["link.down/set-down"],
    relief=("ip link set dev {link} up", _PUT_BACK, "ip -br address show dev {link}"),
)
