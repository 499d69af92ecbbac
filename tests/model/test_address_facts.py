"""Address facts against IANA's registries and Python's ipaddress, which was written from them independently."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.model.address_blocks import KINDS
from nettui.model.address_facts import facts, kind

# IANA IPv4 and IPv6 Special-Purpose Address Registries, 2026: block, "globally reachable" (a dash: the registry
# says neither), RFC. Where two RFCs are given there, the one that defines the block's use.
REGISTRY = """
    0.0.0.0/8 no 791
    0.0.0.0/32 no 1122
    10.0.0.0/8 no 1918
    100.64.0.0/10 no 6598
    127.0.0.0/8 no 1122
    169.254.0.0/16 no 3927
    172.16.0.0/12 no 1918
    192.0.0.0/24 no 6890
    192.0.0.0/29 no 7335
    192.0.0.8/32 no 7600
    192.0.0.9/32 yes 7723
    192.0.0.10/32 yes 8155
    192.0.0.170/31 no 7050
    192.0.2.0/24 no 5737
    192.31.196.0/24 yes 7535
    192.52.193.0/24 yes 7450
    192.88.99.0/24 - 7526
    192.88.99.2/32 no 6751
    192.168.0.0/16 no 1918
    192.175.48.0/24 yes 7534
    198.18.0.0/15 no 2544
    198.51.100.0/24 no 5737
    203.0.113.0/24 no 5737
    240.0.0.0/4 no 1112
    255.255.255.255/32 no 919
    ::1/128 no 4291
    ::/128 no 4291
    ::ffff:0:0/96 no 4291
    64:ff9b::/96 yes 6052
    64:ff9b:1::/48 no 8215
    100::/64 no 6666
    100:0:0:1::/64 no 9780
    2001::/23 no 2928
    2001::/32 - 4380
    2001:1::1/128 yes 7723
    2001:1::2/128 yes 8155
    2001:1::3/128 yes 9665
    2001:2::/48 no 5180
    2001:3::/32 yes 7450
    2001:4:112::/48 yes 7535
    2001:10::/28 - 4843
    2001:20::/28 yes 7343
    2001:30::/28 yes 9374
    2001:db8::/32 no 3849
    2002::/16 - 3056
    2620:4f:8000::/48 yes 7534
    3fff::/20 no 9637
    5f00::/16 no 9602
    fc00::/7 no 4193
    fe80::/10 no 4291
"""
ROWS = [tuple(line.split()) for line in REGISTRY.strip().splitlines()]
NETWORKS = [ipaddress.ip_network(row[0]) for row in ROWS]

# Where ipaddress and the registry part ways, in one Python version or another: it has not yet the newest blocks,
# counts all of IPv4 that is not private as global, and knows neither 6a44 nor the exceptions within 2001::/23.
IPADDRESS_DIFFERS = {
    "192.88.99.2/32", "192.0.0.9/32", "192.0.0.10/32", "192.0.0.0/24", "192.0.0.0/29", "192.0.0.8/32",
    "64:ff9b:1::/48", "100:0:0:1::/64", "2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:3::/32",
    "2001:4:112::/48", "2001:20::/28", "2001:30::/28", "3fff::/20", "5f00::/16", "::ffff:0:0/96",
}  # fmt: skip


def inside(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> st.SearchStrategy[str]:
    first = int(network.network_address)
    numbers = st.integers(first, first + network.num_addresses - 1)
    make = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address
    return numbers.map(lambda number: str(make(number)))


# Evenly over the blocks, so that small ones are met as well, and over the space outside them.
WIDE = [
    ipaddress.ip_network(cidr)
    for cidr in ("0.0.0.0/0", "::/0", "2000::/3", "::/96", "224.0.0.0/4", "ff00::/8", "fec0::/10")
]
addresses = st.sampled_from(NETWORKS + WIDE).flatmap(inside)


@pytest.mark.parametrize(("cidr", "reachable", "rfc"), ROWS)
def test_every_block_of_the_registries(cidr: str, reachable: str, rfc: str) -> None:
    network = ipaddress.ip_network(cidr)
    smaller = [n for n in NETWORKS if n.version == network.version and n != network and n.subnet_of(network)]
    ends = (network[0], network[1], network[-2], network[-1]) if network.num_addresses > 1 else (network[0],)
    own = [a for a in ends if not any(a in n for n in smaller)]
    assert own
    for address in own:
        found = facts(str(address))
        assert (found.block, found.rfc) == (cidr, f"RFC {rfc}")
        assert found.reachable is {"yes": True, "no": False, "-": None}[reachable]
        assert f"(RFC {rfc})" in found.explanation


@given(addresses)
def test_kinds_agree_with_ipaddress(text: str) -> None:
    found, truth = facts(text), ipaddress.ip_address(text)
    assert found.kind in KINDS
    assert found.kind == kind(text)
    assert truth in ipaddress.ip_network(found.block)
    if found.kind == "ipv4-mapped":  # ipaddress answers for the address within, from Python 3.13 on
        return
    assert (found.kind == "multicast") == truth.is_multicast
    assert (found.kind == "loopback") == truth.is_loopback
    assert (found.kind == "link-local") == truth.is_link_local
    assert (found.kind == "unspecified") == truth.is_unspecified
    if isinstance(truth, ipaddress.IPv4Address):
        assert (found.kind in ("reserved", "broadcast")) == truth.is_reserved
    else:
        assert (found.kind == "site-local") == truth.is_site_local
        assert found.kind != "reserved" or truth.is_reserved
    if found.reachable is not None and found.block not in IPADDRESS_DIFFERS:
        assert found.reachable == truth.is_global


@given(addresses)
def test_forms_and_embedded_addresses_agree_with_ipaddress(text: str) -> None:
    found, truth = facts(text), ipaddress.ip_address(text)
    assert ipaddress.ip_address(found.address) == truth
    if isinstance(truth, ipaddress.IPv4Address):
        bits = f"{truth.packed[0]:08b}"
        letter = "ABCDE"[min(bits.find("0"), 4) if "0" in bits[:4] else 4]
        assert found.ip_class == (None if truth.packed[0] in (0, 127) else letter)
        assert found.full is None
        return
    assert found.full
    assert [len(group) for group in found.full.split(":")] == [4] * 8
    assert ipaddress.ip_address(found.full) == truth
    assert found.address == truth.compressed or "." in found.address
    inner = truth.ipv4_mapped or truth.sixtofour or (truth.teredo and truth.teredo[1])
    if inner:
        assert found.embedded == str(inner)
    elif found.kind not in ("nat64", "ipv4-compatible"):
        assert found.embedded is None or b"\x00\x5e\xfe" in truth.packed


@given(addresses, st.integers(0, 128))
def test_networks_agree_with_ipaddress(text: str, prefixlen: int) -> None:
    truth = ipaddress.ip_address(text)
    if prefixlen > truth.max_prefixlen:
        with pytest.raises(ValueError, match="not possible"):
            facts(text, prefixlen)
        return
    found, network = facts(text, prefixlen), ipaddress.ip_network((text, prefixlen), strict=False)
    assert ipaddress.ip_address(found.network) == network.network_address
    assert found.addresses == network.num_addresses
    if network.num_addresses <= 4096:
        assert found.hosts == len(list(network.hosts()))
    if truth.version == 4:
        assert found.netmask == str(network.netmask)
        assert found.broadcast == (str(network.broadcast_address) if prefixlen < 31 else None)
        is_last = truth == network.broadcast_address and 0 < prefixlen < 31
        assert (found.name == "directed broadcast") <= is_last
        assert not (is_last and kind(text) in ("private", "public")) or found.kind == "broadcast"
    else:
        assert found.netmask is found.broadcast is None


@given(st.text("0123456789abcdef:.", max_size=20) | st.text())
def test_what_is_no_address_is_a_value_error(text: str) -> None:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        for ask in (kind, facts):
            with pytest.raises(ValueError, match="not an IP address"):
                ask(text)


@pytest.mark.parametrize(
    ("address", "mac"),
    [
        ("fe80::fc:ff:fe00:1%eth0", "02:fc:00:00:00:01"),
        ("2001:db8::21b:63ff:fe94:9d6c", "00:1b:63:94:9d:6c"),
        ("fe80::21b:63ff:0e94:9d6c", None),
        ("ff02::1:ff:fe00:1", None),
        ("2001:0:4136:e378:8000:63ff:fe3f:fdd2", None),
    ],
)
def test_the_mac_inside_an_eui64(address: str, mac: str | None) -> None:
    assert facts(address).mac == mac


@pytest.mark.parametrize(
    ("address", "embedded"),
    [
        ("64:ff9b::192.0.2.33", "192.0.2.33"),  # RFC 6052 section 2.4
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.2.45"),  # sent as its complement
        ("fe80::5efe:192.0.2.143", "192.0.2.143"),  # RFC 5214 section 6.1
        ("2002:c000:204::", "192.0.2.4"),
        ("::192.0.2.1", "192.0.2.1"),
        ("64:ff9b:1::c000:221", None),  # where the IPv4 address is, is that network's own business
    ],
)
def test_the_ipv4_address_inside(address: str, embedded: str | None) -> None:
    assert facts(address).embedded == embedded


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("169.254.7.7", "self-assigned"),
        ("ff02::1:ff00:1", "ARP"),
        ("ff05::2:3", "site scope"),
        ("ff0e::101", "global scope"),
    ],
)
def test_explanations_say_what_matters(address: str, word: str) -> None:
    assert word in facts(address).explanation


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ("224.0.0.1", "all hosts"),
        ("224.0.0.2", "all routers"),
        ("224.0.0.251", "mDNS"),
        ("ff02::1", "all nodes"),
        ("ff02::2", "all routers"),
        ("ff02::fb", "mDNS"),
        ("ff02::1:2", "DHCPv6"),
        ("ff02::1:ff12:3456", "solicited-node"),
    ],
)
def test_the_well_known_groups_are_named(group: str, name: str) -> None:
    assert facts(group).name == name
