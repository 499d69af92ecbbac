"""Rules on the addresses of interfaces: none where one is needed, one it gave itself, one that is in use elsewhere."""

from collections.abc import Iterator

from nettui.diagnosis.condition import Case, Condition, Key, Rule
from nettui.diagnosis.memory import wide
from nettui.diagnosis.rules.consequences import CUT_OFF, NO_DEFAULT, lost_ways
from nettui.diagnosis.rules.links import CABLE_KINDS
from nettui.diagnosis.ways import FAMILY_NAMES
from nettui.model.address import Address
from nettui.model.finding import Severity
from nettui.model.link import Link
from nettui.model.watched import Lease

WEEK = 7 * 86_400.0
"""Seconds after its end for which a lease still says that its interface is one that DHCP configures."""

_LINK_LOCAL = "169.254."


def no_address(case: Case) -> Iterator[Condition]:
    """Links that work, and that are meant to be used, without an address that others could answer to."""
    now = _now(case)
    led_out = {way.ifindex for way in case.memory.former.values()}
    for link in case.memory.links.values():
        card = link.kind in CABLE_KINDS or link.peer_netns  # a veth whose other end is elsewhere: a container's card
        if not card and link.ifindex not in led_out:
            continue
        if link.ifindex in now or not link.usable or link.master is not None:
            continue
        lost = lost_ways(case, link.ifindex)
        had = case.memory.addressed.get(link.ifindex, ())
        if link.kind not in CABLE_KINDS and not lost and not (card and had):
            continue
        limits = case.limits_of(interface=link.name)
        why = _wanted(case, link, had, now) if limits.enabled else None
        if why is not None:
            level = Severity.CRITICAL if lost else Severity.WARNING
            yield Condition(
                subject=link.name,
                level=level,
                held=level,
                text="lost" if had else "",
                facts={"link": link.name, "had": _listed(had)},
                evidence=(f"{link.name}: {link.kind}, state {link.state}, carrier: yes", why, _remains(case, link)),
                target=link.name,
                limits=limits,
                covers=((*NO_DEFAULT, *CUT_OFF) if lost else ()),
            )


def _now(case: Case) -> dict[int, list[Address]]:
    """By ifindex: addresses that count, or that are another rule's to tell of."""
    found: dict[int, list[Address]] = {}
    for address in case.snapshot.addresses or ():
        own = address.prefixlen == 16 and address.address.startswith(_LINK_LOCAL)
        if own or (wide(address) and "dadfailed" not in address.flags):
            found.setdefault(address.ifindex, []).append(address)
    return found


def _wanted(case: Case, link: Link, had: tuple[Address, ...], now: dict[int, list[Address]]) -> str | None:
    """Why this link should have an address; None: nothing says so (a spare port, the parent of VLANs, a VF)."""
    if had:
        elsewhere = {each.address for found in now.values() for each in found}
        gone = [each for each in had if each.address not in elsewhere and not _virtual(each)]
        return f"earlier in this session it had {_listed(tuple(gone))}" if gone else None
    if any(upper.parent == link.ifindex and not upper.peer_netns for upper in case.memory.links.values()):
        return None
    lease = _lease(case, link)
    if lease is not None:
        return f"a DHCP server lent it {lease.address} ({lease.source})" if lease.source else "DHCP configures it"
    # Where nothing on the host has an address, whatever has a cable was meant to get one.
    return None if now or case.snapshot.backend == "portable" else "no link of this host has an address"


def _virtual(address: Address) -> bool:
    """Like those that move between the hosts of a cluster (VRRP): they come and go by design."""
    return address.valid is None and address.prefixlen == (32 if address.family == "inet" else 128)


def _lease(case: Case, link: Link) -> Lease | None:
    leases = case.snapshot.leases
    since = case.snapshot.taken_at - WEEK
    return next(
        (lease for lease in (leases.leases if leases else ())
         if lease.interface == link.name and lease.expires_at is not None and lease.expires_at > since), None
    )


def _remains(case: Case, link: Link) -> str:
    rest = tuple(each for each in case.snapshot.addresses or () if each.ifindex == link.ifindex)
    return f"what it has: {_listed(rest)}" if rest else "it has no address at all, not even a link-local one"


def _listed(addresses: tuple[Address, ...]) -> str:
    more = f" and {len(addresses) - 3} more" if len(addresses) > 3 else ""
    return ", ".join(f"{a.address}/{a.prefixlen}" for a in addresses[:3]) + more


def self_assigned(case: Case) -> Iterator[Condition]:
    """Links whose only IPv4 address is one the host gave itself (RFC 3927), as it does when DHCP does not answer."""
    own: dict[int, Address] = {}
    given: set[int] = set()
    for address in case.snapshot.addresses or ():
        if address.family == "inet":
            if address.address.startswith(_LINK_LOCAL) and address.prefixlen == 16:
                own[address.ifindex] = address
            elif wide(address):
                given.add(address.ifindex)
    for ifindex in own.keys() - given:
        link = case.memory.links.get(ifindex)
        # A veth whose other end is elsewhere is a container's card.
        if link is None or not link.usable or (link.kind not in CABLE_KINDS and not link.peer_netns):
            continue
        limits = case.limits_of(interface=link.name)
        if limits.enabled:
            level, why = _lonely(case, ifindex)
            yield Condition(
                subject=link.name,
                level=level,
                held=level,
                facts={"link": link.name, "address": own[ifindex].address},
                evidence=(f"{link.name}: {own[ifindex].address}/16 and no other IPv4 address", why),
                target=link.name,
                limits=limits,
                covers=tuple(_after_self_assigned(case, link)),
            )


def _lonely(case: Case, ifindex: int) -> tuple[Severity, str]:
    """How grave it is; a cable to a device that has no DHCP server (a BMC, a camera) looks the same."""
    if lost_ways(case, ifindex):
        return Severity.CRITICAL, "the default route of this host led through it earlier in this session"
    if any(each.family == "inet" for each in case.memory.addressed.get(ifindex, ())):
        return Severity.WARNING, "earlier in this session it had an address that others could answer to"
    if not case.ways.families:
        return Severity.WARNING, "this host has no default route"
    return Severity.NOTICE, "this host has a default route; perhaps a cable to a device without a DHCP server"


def _after_self_assigned(case: Case, link: Link) -> Iterator[Key]:
    yield from ((rule, link.name) for rule in ("link.no-address", "dhcp.lease-expiring"))
    if not case.ways.families:
        yield from NO_DEFAULT
        yield from CUT_OFF


def duplicate_address(case: Case) -> Iterator[Condition]:
    """Addresses that another host on the link has too. Only IPv6 asks before use (RFC 4862 section 5.4), so only
    of these the kernel knows."""
    failed: dict[int, list[Address]] = {}
    for address in case.snapshot.addresses or ():
        if "dadfailed" in address.flags:
            failed.setdefault(address.ifindex, []).append(address)
    for ifindex, addresses in failed.items():
        link = case.memory.links.get(ifindex)
        if link is None or not (limits := case.limits_of(interface=link.name)).enabled:
            continue
        first = addresses[0]
        yield Condition(
            subject=link.name,
            level=Severity.WARNING,
            held=Severity.WARNING,
            facts={"link": link.name, "address": first.address, "length": str(first.prefixlen)},
            evidence=(
                *(f"{a.address}/{a.prefixlen} on {link.name}: {', '.join(a.flags)}" for a in addresses[:5]),
                f"{FAMILY_NAMES[first.family]} asks on the link before it uses an address, and somebody answered",
            ),
            target=link.name,
            limits=limits,
            covers=(("link.no-address", link.name),),
        )


RULES = (
    Rule(id="link.no-address", find=no_address, needs=("links", "addresses", "routes")),
    Rule(id="link.self-assigned", find=self_assigned, needs=("links", "addresses", "routes")),
    Rule(id="link.duplicate-address", find=duplicate_address, needs=("links", "addresses")),
)
