"""What is written of many sockets, field by field: made from whole columns, because a record of each would cost more.

A value is what a script wants (a number, None for what is not known), its text what people read.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nettui.model.socket import endpoint
from nettui.model.socket_table import ListedTable, SocketTable
from nettui.reports.format import UNKNOWN, age
from nettui.reports.sockets_naming import latency, owners_text, protocol, until, zoned
from nettui.sockets.facts import Facts
from nettui.sockets.frame import SocketFrame

Column = Sequence[Any]
Make = Callable[..., Column]
"""From the frame's facts, the time of its reading and the table's columns to values, or to texts."""


class Field(NamedTuple):
    """One field of a socket."""

    title: str
    """Above its column in the text."""
    help: str
    """What it is, for those who choose."""
    sources: tuple[str, ...]
    """Columns of the table it is made of."""
    values: Make
    text_sources: tuple[str, ...] = ()
    """Where the text is made of other columns than the values."""
    texts: Make | None = None
    """None: the values as they are, `--` for what is not known."""
    align_right: bool = False
    priority: int = 0
    """When a terminal is narrow, the highest is dropped first; 0 never."""


SLICE = 2048
"""Rows made at a stretch: a few milliseconds."""

_SPARSE = 16  # a column is read place by place where so few of its sockets are wanted


def default_fields(form: str, processes: bool) -> tuple[str, ...]:
    """What is written where nothing else is asked for; `form` is text, csv or json."""
    if form == "text":
        return ("state", "proto", "recvq", "sendq", "local", "peer", "process", "user")
    cheap = ("proto", "state", "local", "local_port", "peer", "peer_port", "recvq", "sendq", "user", "timer", "inode")
    return (*cheap, *(("key",) if form == "json" else ()), *(("process", "pid") if processes else ()))


def picked(frame: SocketFrame, names: Iterable[str]) -> Generator[None, None, dict[str, Column]]:
    """Columns of the frame's table, and `owners` and `unit`, of its sockets only and in its order.

    Pauses wherever others may have a turn.
    """
    table, order, found = frame.table, frame.order, dict[str, Column]()
    looked_up: dict[str, tuple[str, Mapping[Any, Any]]] = {
        "owners": ("inode", frame.facts.owners), "unit": ("cgroup", frame.facts.units)
    }
    for name in dict.fromkeys(names):
        by, known = looked_up.get(name, (name, {}))
        column = yield from _picked(table, order, by)
        if name in looked_up:
            column = [known.get(value) for value in column]
            if isinstance(table, ListedTable):  # its records may bring along what others are looked up for
                own = yield from _picked(table, order, name)
                column = [theirs if mine is None else mine for mine, theirs in zip(own, column, strict=True)]
        found[name] = column
    return found


def _picked(table: SocketTable, order: Sequence[int], name: str) -> Generator[None, None, Column]:
    if len(order) * _SPARSE < len(table):
        column: list[object] = []
        for start in range(0, len(order), SLICE):
            column += [table.column(name, place, place + 1)[0] for place in order[start : start + SLICE]]
            yield
        return column
    whole: list[object] = []
    for start in range(0, len(table), SLICE):
        whole += table.column(name, start, min(start + SLICE, len(table)))
        yield
    return [whole[place] for place in order]


def _same(facts: Facts, now: float, column: Column) -> Column:
    return column


def _words(facts: Facts, now: float, column: Column) -> Column:
    return [str(value) for value in column]


def _protocols(facts: Facts, now: float, transports: Column, local: Column, peer: Column) -> Column:
    return [protocol(str(kind), mine, theirs) for kind, mine, theirs in zip(transports, local, peer, strict=True)]


def _addresses(facts: Facts, now: float, column: Column) -> Column:
    return [None if value in ("", "*") else value for value in column]


def _ends(facts: Facts, now: float, transports: Column, addresses: Column, ports: Column, links: Column) -> Column:
    services = facts.services
    return [
        endpoint(zoned(address or "*", link, facts), None if not port else _service(services, kind, port))
        for kind, address, port, link in zip(transports, addresses, ports, links, strict=True)
    ]


def _service(services: Any, kind: str, port: int) -> int | str:
    if kind == "raw":
        return port
    name: int | str = services.get(("udp" if kind == "udp" else "tcp", port), port)
    return name


def _users(facts: Facts, now: float, uids: Column) -> Column:
    return [facts.user(uid) for uid in uids]


def _links(facts: Facts, now: float, indices: Column) -> Column:
    return [facts.links.get(index, f"if{index}") if index else None for index in indices]


def _units(facts: Facts, now: float, units: Column) -> Column:
    return [None if unit is None else unit.name for unit in units]


def _ages(facts: Facts, now: float, keys: Column) -> Column:
    return [facts.age(key, now) for key in keys]


def _processes(facts: Facts, now: float, owners: Column) -> Column:
    none = _where_none_is_seen(facts)
    return [None if each is None else [owner.name for owner in each] or none for each in owners]


def _pids(facts: Facts, now: float, owners: Column) -> Column:
    none = _where_none_is_seen(facts)
    return [None if each is None else [owner.pid for owner in each] or none for each in owners]


def _where_none_is_seen(facts: Facts) -> list[object] | None:
    """A socket of which no owner was found has none only where all processes may be looked into."""
    return [] if facts.owners_note is None else None


def _queues(facts: Facts, now: float, states: Column, waiting: Column, room: Column) -> Column:
    """Of a listener with a sign where its accept queue is nearly or quite full."""
    from nettui.reports.naming import MARKS
    from nettui.reports.tables.sockets import queue_role

    roles = [
        queue_role(queue, most) if state == "LISTEN" else ""
        for state, queue, most in zip(states, waiting, room, strict=True)
    ]
    return [f"{MARKS[role]} {queue}" if role else queue for role, queue in zip(roles, waiting, strict=True)]


def _owner_texts(facts: Facts, now: float, owners: Column, inodes: Column, uids: Column) -> Column:
    """Where the owner may not be seen: whose it is."""
    hidden = facts.owners_note is not None
    return [
        owners_text(each) if each else f"user {facts.user(uid)}" if hidden and inode and uid is not None else UNKNOWN
        for each, inode, uid in zip(owners, inodes, uids, strict=True)
    ]


def _seconds(facts: Facts, now: float, column: Column) -> Column:
    return [None if value is None else round(value, 6) for value in column]


def _shown(shown: Callable[[Any], str]) -> Make:
    return lambda facts, now, column: [UNKNOWN if value is None else shown(value) for value in column]


def _pid_texts(facts: Facts, now: float, owners: Column) -> Column:
    return [" ".join(str(owner.pid) for owner in each) if each else UNKNOWN for each in owners]


def _age_texts(facts: Facts, now: float, keys: Column) -> Column:
    return [age(seconds) for seconds in _ages(facts, now, keys)]


_PORTS = ("transport", "local_port", "peer_port")

FIELDS: dict[str, Field] = {
    "state": Field("STATE", "its TCP state, or UNCONN", ("state",), _words),
    "proto": Field("PROTO", "tcp, udp, quic (UDP with port 443), raw, unix or mptcp", _PORTS, _protocols, priority=1),
    "family": Field("FAMILY", "inet, inet6 or unix", ("family",), _same),
    "recvq": Field("RECV-Q", "bytes not read by the program; of a listener, connections to be accepted", ("recv_q",),
                   _same, ("state", "recv_q", "send_q"), _queues, align_right=True, priority=3),
    "sendq": Field("SEND-Q", "bytes not acknowledged by the peer; of a listener, how many may wait", ("send_q",),
                   _same, align_right=True, priority=4),
    "local": Field("LOCAL", "its own address, or its path", ("local",), _addresses,
                   ("transport", "local", "local_port", "ifindex"), _ends),
    "local_port": Field("LPORT", "its own port", ("local_port",), _same, align_right=True),
    "peer": Field("PEER", "the other side's address", ("peer",), _addresses,
                  ("transport", "peer", "peer_port", "ifindex"), _ends),
    "peer_port": Field("PPORT", "the other side's port", ("peer_port",), _same, align_right=True),
    "process": Field("OWNER", "who has it open (costs a walk through /proc)", ("owners",), _processes,
                     ("owners", "inode", "uid"), _owner_texts, priority=2),
    "pid": Field("PID", "their process ids (costs the same walk)", ("owners",), _pids, texts=_pid_texts, priority=2),
    "user": Field("USER", "whose it is", ("uid",), _users, priority=5),
    "uid": Field("UID", "whose it is, as a number", ("uid",), _same, align_right=True, priority=5),
    "unit": Field("UNIT", "the systemd unit or container", ("unit",), _units, priority=6),
    "iface": Field("DEV", "the interface it is bound to", ("ifindex",), _links, priority=8),
    "rtt": Field("RTT", "round-trip time in seconds (TCP is asked about every socket)", ("rtt",), _seconds,
                 texts=_shown(latency), align_right=True, priority=7),
    "retrans": Field("RETR", "segments sent again (TCP is asked)", ("retrans",), _same, align_right=True, priority=7),
    "idle": Field("IDLE", "seconds without data (TCP is asked)", ("idle",), _seconds, texts=_shown(age),
                  align_right=True, priority=7),
    "timer": Field("TIMER", "seconds until the kernel acts of its own accord", ("timer",), _seconds,
                   texts=_shown(until), align_right=True, priority=8),
    "inode": Field("INODE", "its inode; 0 where no program has it", ("inode",), _same, align_right=True, priority=9),
    "key": Field("COOKIE", "by which the kernel knows it", ("key",), _same, priority=9),
    "age": Field("AGE", "seconds since it was first seen, with --watch on a terminal", ("key",), _ages,
                 texts=_age_texts, align_right=True, priority=8),
}
"""By the name it has in --columns, in CSV and in JSON."""
