"""Rules on DHCP leases: one that should have been renewed long since, and one that has ended.

A client asks for renewal when half of the time is over (T1), and from 87.5 % on (T2) asks any server (RFC 2131
section 4.4.5): past that, every attempt has failed.
"""

from collections.abc import Iterator
from typing import NamedTuple

from nettui.diagnosis.condition import HOST, Case, Condition, Key, Rule
from nettui.diagnosis.memory import wide
from nettui.diagnosis.rules.consequences import CUT_OFF, lost_ways
from nettui.diagnosis.rules.figures import listed, share, span
from nettui.diagnosis.rules.grading import graded, marks
from nettui.diagnosis.rules.link_addresses import WEEK
from nettui.diagnosis.ways import FAMILY_NAMES
from nettui.model.address import Address, Family
from nettui.model.finding import Severity
from nettui.model.link import Link
from nettui.model.watched import Lease


class Held(NamedTuple):
    """A lease with an end, of a link that works, and the address it is about where the link still has it."""

    lease: Lease
    link: Link
    address: Address | None
    left: float
    """Seconds; negative when it has ended."""

    @property
    def living(self) -> bool:
        """The kernel counts its time: a client set the address, and nobody has made it static since."""
        return self.address is not None and self.address.valid is not None


def expiring(case: Case) -> Iterator[Condition]:
    """Leases past the time at which any server would have renewed them."""
    worst: dict[str, Condition] = {}
    for held in _held(case):
        condition = _late(case, held) if held.left > 0 and held.address is not None else None
        if condition is not None:
            other = worst.setdefault(held.link.name, condition)
            worst[held.link.name] = max(other, condition, key=lambda each: each.value or 0.0)
    yield from worst.values()


def _late(case: Case, held: Held) -> Condition | None:
    lease = held.lease
    used = share((lease.seconds or 0) - held.left, lease.seconds)
    limits = case.limits_of(interface=lease.interface)
    if used is None or lease.seconds is None or not limits.enabled:
        return None
    level, stays = graded(used, limits)
    if stays is None:
        return None
    if not held.living:  # perhaps made static since, and the lease is only a file that was left behind
        level, stays = level and Severity.NOTICE, Severity.NOTICE
    return Condition(
        subject=lease.interface,
        level=level,
        held=stays,
        value=used,
        marks=marks(limits),
        text="" if held.living else "kept",
        facts={
            "link": lease.interface, "address": lease.address, "percent": f"{used:.3g}", "left": span(held.left),
            "server": lease.server or "its server",
        },
        evidence=(
            f"{lease.address} on {lease.interface}: {used:.3g} % of {span(lease.seconds)} is over, "
            f"{span(held.left)} left ({listed(limits)})",
            "renewal is tried from 50 % on, and any server asked from 87.5 % on (RFC 2131 section 4.4.5)",
            *_source(lease),
            *(() if held.living else ("the address is set for ever: perhaps it is static now, and the lease is old",)),
        ),
        left=held.left,
        target=lease.interface,
        limits=limits,
    )


def expired(case: Case) -> Iterator[Condition]:
    """Leases that have ended without another in their place."""
    worst: dict[str, Condition] = {}
    for held in _held(case):
        condition = _over(case, held) if held.left <= 0 else None
        if condition is not None and condition.level is not None:
            other = worst.setdefault(held.link.name, condition)
            graver = other.level is None or condition.level.rank > other.level.rank
            worst[held.link.name] = condition if graver else other
    yield from worst.values()


def _over(case: Case, held: Held) -> Condition | None:
    lease, limits = held.lease, case.limits_of(interface=held.lease.interface)
    if held.living or not limits.enabled:  # the kernel would have taken it away: it was renewed
        return None
    lost = lost_ways(case, held.link.ifindex)
    if held.address is not None:
        # A file left behind by a client that is long gone says nothing.
        if lease.seconds is None or -held.left > lease.seconds:
            return None
        level, text, rest = Severity.NOTICE, "kept", "the address is still set, for ever: perhaps it is static now"
    elif _replaced(case, held) or -held.left > WEEK:
        return None
    else:
        level = Severity.CRITICAL if lost else Severity.WARNING
        text, rest = "", f"the address is gone, and {held.link.name} has no other of its family"
    return Condition(
        subject=lease.interface,
        level=level,
        held=level,
        began=lease.expires_at,
        text=text,
        facts={"link": lease.interface, "address": lease.address, "ago": span(-held.left)},
        evidence=(
            f"{lease.address} on {lease.interface}: the lease ended {span(-held.left)} ago", rest, *_source(lease)
        ),
        target=lease.interface,
        limits=limits,
        covers=tuple(_covers(held.link, lost)),
    )


def _covers(link: Link, lost: list[Family]) -> Iterator[Key]:
    yield from ((rule, link.name) for rule in ("link.no-address", "link.self-assigned", "dhcp.lease-expiring"))
    if lost:
        yield "route.no-default", HOST
        yield from (("route.no-default", FAMILY_NAMES[family]) for family in lost)
        yield from CUT_OFF


def _held(case: Case) -> Iterator[Held]:
    leases = case.snapshot.leases
    links = {link.name: link for link in case.memory.links.values()} if leases and leases.leases else {}
    for lease in leases.leases if leases else ():
        link = links.get(lease.interface)
        if link is None or lease.expires_at is None or not link.usable:
            continue
        address = next(
            (each for each in case.snapshot.addresses or ()
             if each.ifindex == link.ifindex and each.address == lease.address), None
        )
        if address is None or _by_dhcp(address):
            yield Held(lease, link, address, lease.expires_at - case.snapshot.taken_at)


def _by_dhcp(address: Address) -> bool:
    """Not one the host made of a router's prefix (RFC 4862): these have lifetimes too, and end by design."""
    return address.family == "inet" or (address.prefixlen == 128 and "mngtmpaddr" not in address.flags)


def _replaced(case: Case, held: Held) -> bool:
    """Whether the link has another address of the lease's family, or another link (a bridge, say) this address."""
    family = "inet6" if ":" in held.lease.address else "inet"
    return any(
        each.address == held.lease.address
        or (each.ifindex == held.link.ifindex and each.family == family and wide(each))
        for each in case.snapshot.addresses or ()
    )


def _source(lease: Lease) -> Iterator[str]:
    if lease.server:
        yield f"lent by {lease.server}"
    if lease.source:
        yield f"read from {lease.source}"


RULES = (
    Rule(id="dhcp.lease-expired", find=expired, needs=("links", "addresses", "leases")),
    Rule(id="dhcp.lease-expiring", find=expiring, needs=("links", "addresses", "leases")),
)
