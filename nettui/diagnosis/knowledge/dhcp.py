"""What is said of findings about DHCP leases."""

from msgspec.structs import replace

from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText

ABOUT: dict[str, RuleAbout] = {
    "dhcp.lease-expiring": RuleAbout(
        looks_for=(
            "A lease past the time at which its client asks any server for renewal, so that every attempt until now "
            "has failed. Static addresses, and those made of a router's prefix, are left alone; an address that the "
            "kernel keeps for ever is a notice, for it may have been made static since."
        ),
        source="RFC 2131 section 4.4.5: renewing from 50 %, rebinding from 87.5 % of the lease",
    ),
    "dhcp.lease-expired": RuleAbout(
        looks_for=(
            "A lease that has ended, whose address is gone with no other in its place; or is still set without an end, "
            "as a notice. Leases that ended long ago are left-over files."
        ),
    ),
}

_RELIEF = (
    "ip address show dev {link}",
    "journalctl -b -g DHCP -n 50 --no-pager",
    "networkctl renew {link}",
    "nmcli device reapply {link}",
)

_CURE = (
    "See that the DHCP server (or the relay of this VLAN) runs, that no filter drops UDP 67 and 68, and that the "
    "client runs: systemd-networkd, NetworkManager, dhclient or dhcpcd. A server that must always be reachable is "
    "better given a static address, or a reservation with a long lease."
)

TEXTS: dict[str, RuleText] = {
    "dhcp.lease-expiring": RuleText(
        title="The DHCP lease of {address} on {link} ends in {left}: {percent} % of it is over, {against} %",
        cause=(
            "The client has tried to renew the lease since half of its time was over and had no answer from its server "
            "or, of late, from any; or the client no longer runs. Servers answer renewals by unicast, so a route or "
            "filter can be in the way even where the first lease was given."
        ),
        consequence=(
            "When the lease ends the address is taken away, the routes through it with it, and every connection hangs. "
            "Without a client that does so, another host may be given the same address."
        ),
        relief=_RELIEF,
        cure=_CURE,
        screen="interfaces",
    ),
    "dhcp.lease-expired": RuleText(
        title="The DHCP lease of {address} on {link} ended {ago} ago, and there is no other address",
        cause=(
            "No server renewed the lease before its end, so the client took the address away; or the client was "
            "stopped and did not come back."
        ),
        consequence="This host can neither reach others through the link nor be reached; routes through it are gone.",
        relief=_RELIEF,
        cure=_CURE,
        screen="interfaces",
    ),
    "dhcp.lease-expired/kept": RuleText(
        title="The DHCP lease of {address} on {link} ended {ago} ago, and the address is still set",
        cause=(
            "The DHCP client does not run any more, and nothing took the address away when the lease ended; or the "
            "address has been made static since, inside the range that the server lends."
        ),
        consequence="The server may lend the address to another host; then both are unreachable by turns.",
        relief=_RELIEF,
        cure=(
            "Start the DHCP client again, or make the address static and take it out of the server's range (or "
            "reserve it there for this host)."
        ),
        screen="interfaces",
    ),
}

TEXTS["dhcp.lease-expiring/kept"] = replace(
    TEXTS["dhcp.lease-expiring"],
    title="The DHCP lease of {address} on {link} ends in {left}, {percent} % of it is over; it may be static by now",
)
