"""What is said of findings about what interfaces move."""

from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText

ABOUT: dict[str, RuleAbout] = {
    "link.errors": RuleAbout(
        looks_for=(
            "A card that receives broken frames or fails to send, steadily, and at least 0.1 % of its packets (for "
            "critical 1 %). A few broken frames among millions are what cables do."
        ),
        source=(
            "a working cable has next to none (IEEE 802.3: a bit error in 10^10 or fewer); node_exporter's mixin "
            "(NodeNetworkReceiveErrs) warns at 1 % of the packets for an hour; from 0.1 % on TCP is slowed (Mathis et "
            "al. 1997)"
        ),
    ),
    "link.drops": RuleAbout(
        looks_for=(
            "A card or bond that throws away packets, steadily, and at least 2 % of them (by radio 10 %; for critical "
            "ten times that). Linux counts frames of protocols nobody here speaks as dropped too, so a rate alone "
            "says little."
        ),
        source=(
            "share: netdata (inbound_packets_dropped_ratio 2 %, wifi 10 %); rate: Prometheus rules of the field warn "
            "at 10 a second"
        ),
    ),
    "link.saturated": RuleAbout(
        looks_for=(
            "A card that moves nearly what its speed allows, in either direction. Radios and virtual links, whose "
            "speed is not known or made up, are left alone."
        ),
        source="netdata (1m_received_traffic_overflow): warns at 90 %, clears at 85 %",
    ),
}

TEXTS: dict[str, RuleText] = {
    "link.errors": RuleText(
        title="{link} has {rate} errors a second, {against}: {percent} % of its packets are broken",
        cause=(
            "Frames arrive damaged (CRC, length) or cannot be sent: a bad cable, connector or optic, electrical noise, "
            "a duplex mismatch, or a failing card or switch port. Where only fifo or missed errors grow, the card's "
            "ring is full and the host fetches too slowly."
        ),
        consequence=(
            "Each broken frame is a lost packet: TCP sends it again and slows down, far more than the share of the "
            "loss; UDP loses it for good."
        ),
        relief=("ip -s -s link show dev {link}", "ethtool -S {link}", "ethtool {link}"),
        cure=(
            "Change the cable or optic first, then the switch port, then the card; compare with the counters on the "
            "switch. Let both ends negotiate speed and duplex. For missed and fifo errors raise the ring: ethtool -G."
        ),
        screen="interfaces",
    ),
    "link.drops": RuleText(
        title="{link} drops {rate} packets a second, {against}: {percent} % of what it moves",
        cause=(
            "Received ones were thrown away above the card (no memory, backlog full) or belong to a protocol or VLAN "
            "that nobody here handles; sent ones found the queue full or the driver unable. ip -s -s and ethtool -S "
            "tell which."
        ),
        consequence="Lost packets are sent again by TCP, which slows down; UDP loses them for good.",
        relief=(
            "ip -s -s link show dev {link}",
            "ethtool -S {link}",
            "ethtool -g {link}",
            "tc -s qdisc show dev {link}",
        ),
        cure=(
            "A larger receive ring (ethtool -G DEV rx N), more queues spread over processors (RSS, RPS), a longer "
            "net.core.netdev_max_backlog. Where they are frames of protocols this host does not speak, keep them away "
            "at the switch: prune the VLANs of the port."
        ),
        screen="interfaces",
    ),
    "link.saturated": RuleText(
        title="{link} is full: {percent} % of its {speed} Mbit/s {way}, {against} %",
        cause=(
            "Something moves as much as the link can: a backup, a copy, a restore, a flood; or the link negotiated "
            "less speed than it has (a bad pair of wires makes 1,000 into 100 Mbit/s)."
        ),
        consequence=(
            "Queues fill: everything else on the link becomes slow (bufferbloat), and then packets are lost."
        ),
        relief=(
            "ethtool {link}",
            "ss -tinHO state established",
            "tc -s qdisc show dev {link}",
        ),
        cure=(
            "Limit what fills it (rsync --bwlimit, a shaper such as tc cake), move it to another time or link, or use "
            "a faster link or a bond. If the speed shown is less than the card's, change the cable."
        ),
        screen="interfaces",
    ),
}
