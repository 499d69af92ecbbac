"""Interfaces as tables: the dashboard's short one, with the addresses that matter, and the full one."""

from collections.abc import Hashable, Iterable, Sequence

from nettui.model.address import Address
from nettui.model.history import Frame
from nettui.model.link import Counters, Link, Rates
from nettui.model.neighbour import gateways
from nettui.model.snapshot import Snapshot
from nettui.reports.format import Units, rate, thousands
from nettui.reports.naming import MARKS, link_role, link_word, speed_word
from nettui.reports.table import EMPTY, Cell, Column, ListRows

DASHBOARD_COLUMNS = (
    Column("mark", "", 1),
    Column("name", "NAME", 7, grow=1),
    Column("address", "ADDRESS", 18, grow=4),
    Column("rx", "RX", 5, align="right"),
    Column("tx", "TX", 5, align="right", priority=1),
)

COLUMNS = (
    Column("mark", "", 1),
    Column("name", "NAME", 10, grow=2),
    Column("state", "STATE", 10),
    Column("address", "ADDRESS", 19, grow=6),
    Column("mac", "MAC", 17, priority=2),
    Column("rx", "RX", 5, align="right"),
    Column("tx", "TX", 5, align="right"),
    Column("mtu", "MTU", 6, align="right", priority=5),
    Column("kind", "KIND", 9, grow=1, priority=4),
    Column("speed", "SPEED", 9, align="right", priority=6),
    Column("driver", "DRIVER", 10, priority=8),
    Column("master", "MASTER", 10, priority=7),
    Column("errors", "ERRORS", 8, align="right", priority=3),
    Column("drops", "DROPS", 8, align="right", priority=9),
)

ADDRESSES_SHOWN = 4
"""Addresses of one link on the dashboard; loopback shows one, without a word about ::1."""

_BRIDGED = ("veth", "tun", "tap", "macvtap")
"""Kinds that drown the real interfaces on hosts of containers and guests, when they hang on a bridge."""


def dashboard_rows(frame: Frame, units: Units) -> tuple[ListRows, int]:
    """Rows of the links that matter, and how many were left out."""
    snapshot = frame.snapshot
    if snapshot.links is None:
        return EMPTY, 0
    addresses = _by_link(snapshot)
    shown = [link for link in ordered(snapshot) if not _minor(link, addresses.get(link.ifindex, []))]
    found: dict[Hashable, tuple[Cell, ...]] = {}
    for link in shown:
        found.update(_dashboard_link(frame, link, addresses.get(link.ifindex, []), units))
    return ListRows(found, ifindex_of), len(snapshot.links) - len(shown)


def rows(frame: Frame, units: Units) -> ListRows:
    """One row for each link, and one more for each further address."""
    snapshot = frame.snapshot
    addresses = _by_link(snapshot)
    counters = {c.ifindex: c for c in snapshot.counters or ()}
    names = {link.ifindex: link.name for link in snapshot.links or ()}
    found: dict[Hashable, tuple[Cell, ...]] = {}
    for link in ordered(snapshot):
        mine = [address_cell(a) for a in addresses.get(link.ifindex, [])]
        address = mine[0] if mine else Cell("--", "dim")
        master = "--" if link.master is None else names.get(link.master, f"if{link.master}")
        rates = frame.history.rates.get(link.ifindex)
        found[link.ifindex] = _full_link(link, address, master, rates, counters.get(link.ifindex), units)
        found.update(_continued(link.ifindex, found[link.ifindex], 3, mine[1:]))
    return ListRows(found, ifindex_of)


def ifindex_of(key: Hashable) -> int | None:
    """The link a row of either table belongs to."""
    first = key[0] if isinstance(key, tuple) else key
    return first if isinstance(first, int) else None


def ordered(snapshot: Snapshot) -> list[Link]:
    """Links in the order of interest: the way out first, then what works, loopback, and what is off."""
    ways = {g.ifindex: place for place, g in reversed(list(enumerate(gateways(snapshot.routes, snapshot.neighbours))))}
    addressed = {a.ifindex for a in snapshot.addresses or ()}

    def interest(link: Link) -> tuple[object, ...]:
        return (
            ways.get(link.ifindex, len(ways)),
            link.kind == "loopback",
            not link.usable,
            link.ifindex not in addressed,
            link.ifindex,
        )

    return sorted(snapshot.links or (), key=interest)


def address_cell(address: Address) -> Cell:
    """An address with its prefix; what is not usable yet, or no longer, is dim and says why."""
    text = f"{address.address}/{address.prefixlen}"
    for flag in ("dadfailed", "tentative", "deprecated"):
        if flag in address.flags:
            return Cell(f"{text} {flag}", "critical" if flag == "dadfailed" else "dim")
    return Cell(text)


def _dashboard_link(
    frame: Frame, link: Link, addresses: list[Address], units: Units
) -> Iterable[tuple[Hashable, tuple[Cell, ...]]]:
    role = link_role(link)
    rates = frame.history.rates.get(link.ifindex)
    wide = [a for a in addresses if a.scope != "link"] or addresses
    room = 1 if link.kind == "loopback" else ADDRESSES_SHOWN
    lines = [address_cell(a) for a in wide[:room]]
    if len(wide) > room > 1:
        lines.append(Cell(f"and {len(wide) - room} more", "dim"))
    if not lines or role != "ok":
        lines.insert(0, Cell(link_word(link), role if role != "ok" else "dim"))
    if link.mac and link.kind != "loopback":
        lines.append(Cell(link.mac, "dim"))
    first = (
        Cell(MARKS[role], role),
        Cell(link.name, "" if role == "ok" else "dim"),
        lines[0],
        Cell(rate(rates.rx_bytes if rates else None, units), sort=rates.rx_bytes if rates else None),
        Cell(rate(rates.tx_bytes if rates else None, units), sort=rates.tx_bytes if rates else None),
    )
    yield link.ifindex, first
    yield from _continued(link.ifindex, first, 2, lines[1:])


def _continued(
    ifindex: int, first: Sequence[Cell], place: int, lines: Sequence[Cell]
) -> Iterable[tuple[Hashable, tuple[Cell, ...]]]:
    """Rows below a link's `first`, one a line, in the column at `place`. They sort as the first does, so they stay."""
    blank = [Cell("", "", cell.text if cell.sort is None else cell.sort) for cell in first]
    for number, line in enumerate(lines, 1):
        shown = line._replace(sort=blank[place].sort)
        yield (ifindex, number), (*blank[:place], shown, *blank[place + 1 :])


def _full_link(
    link: Link, address: Cell, master: str, rates: Rates | None, counters: Counters | None, units: Units
) -> tuple[Cell, ...]:
    role = link_role(link)
    errors = counters.rx_errors + counters.tx_errors if counters else None
    drops = counters.rx_dropped + counters.tx_dropped if counters else None
    return (
        Cell(MARKS[role], role),
        Cell(link.name),
        Cell(link_word(link), role),
        address,
        Cell(link.mac or "--", "" if link.mac else "dim"),
        Cell(rate(rates.rx_bytes if rates else None, units), sort=rates.rx_bytes if rates else None),
        Cell(rate(rates.tx_bytes if rates else None, units), sort=rates.tx_bytes if rates else None),
        Cell(str(link.mtu), sort=link.mtu),
        Cell(link.kind),
        Cell(speed_word(link.speed), sort=link.speed),
        Cell(link.driver or "--"),
        Cell(master),
        Cell(thousands(errors), "warning" if errors else "", sort=errors),
        Cell(thousands(drops), sort=drops),
    )


def _by_link(snapshot: Snapshot) -> dict[int, list[Address]]:
    found: dict[int, list[Address]] = {}
    for address in snapshot.addresses or ():
        found.setdefault(address.ifindex, []).append(address)
    for mine in found.values():
        mine.sort(key=lambda a: (a.family, a.scope == "link", "deprecated" in a.flags, "temporary" in a.flags))
    return found


def _minor(link: Link, addresses: list[Address]) -> bool:
    """Links that would only drown the others on a small screen."""
    if any(a.scope != "link" for a in addresses):
        return False
    return (not link.admin_up) or (link.master is not None and link.kind in _BRIDGED) or (
        not link.usable and link.kind not in ("ethernet", "wifi")
    )
