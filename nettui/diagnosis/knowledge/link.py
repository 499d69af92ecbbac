"""What is said of findings about interfaces."""

from msgspec.structs import replace

from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText

ABOUT: dict[str, RuleAbout] = {
}

_PUT_BACK = "ip {flag} route add default via {gateway} dev {link}"

TEXTS: dict[str, RuleText] = {
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

TEXTS["link.down/set-down-default"] = replace(
    TEXTS["link.down/set-down"],
    relief=("ip link set dev {link} up", _PUT_BACK, "ip -br address show dev {link}"),
)
