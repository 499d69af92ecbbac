"""One socket in full, as headed paragraphs: what its state means, whose it is, and everything the kernel tells."""

from collections import Counter
from collections.abc import Sequence

from nettui.model.process import Process
from nettui.model.socket import Socket, SocketMemory, Transport
from nettui.reports import state_machine
from nettui.reports.charts import charts
from nettui.reports.format import BLOCKS, UNKNOWN, Units, age, clock, size, thousands
from nettui.reports.naming import MARKS
from nettui.reports.paragraphs import HEAD, Paragraph
from nettui.reports.sockets_naming import BY_SERVICE, Naming, local_end, peer_end, protocol, timer_words
from nettui.reports.tables.sockets import queue_role
from nettui.reports.tcp_details import tcp_details
from nettui.sockets.frame import GROUP_STATES, Group, SocketFrame
from nettui.sockets.holdings import Holdings
from nettui.sockets.readings import Reading

DESCRIPTORS_WARNING, DESCRIPTORS_CRITICAL = 0.80, 0.95
"""Shares of a process's soft limit that are marked."""

LOOKED_AT = 500
"""Sockets of a group whose records are made to find its peers and owners."""

_EPHEMERAL = 32768  # where Linux begins to choose ports by itself (ip_local_port_range)
_SHOWN = 5


def socket_details(
    frame: SocketFrame, socket: Socket, process: Process | None = None, readings: Sequence[Reading] = (),
    naming: Naming = BY_SERVICE, blocks: str = BLOCKS, units: Units = "bits", width: int = 80,
) -> list[Paragraph]:
    """Everything known of a socket. `--` stands for what is not, with the reason.

    `process` is its owner; the readings, oldest first, make charts. `width` is that of the table the paragraphs are
    shown in: where the drawing of the states has no room, a line stands for it.
    """
    found: list[Paragraph] = [
        ("State", _state(socket, width - HEAD - 1)),
        ("Between", (_between(frame, socket, naming),)),
        ("Owner", _owner(frame, socket)),
    ]
    if process is not None:
        found += process_details(frame, process)
    found.append(("Queues", (queues_text(socket),)))
    if drawn := charts(readings, units, blocks, max(8, min(40, width - HEAD - 45))):
        found.append(("Course", drawn))
    if socket.info is not None and not socket.is_listener:
        found += tcp_details(socket, socket.info, readings, units)
    elif socket.transport is Transport.TCP and not socket.is_listener:
        found.append(("Path", (f"{UNKNOWN} ({_why_no_info(socket)})",)))
    found += [("Timer", (timer_words(socket.timer),)), ("Age", (_age(frame, socket),))]
    if socket.memory is not None:
        found.append(("Memory", _memory(socket.memory)))
    return found + _rest(frame, socket)


def process_details(frame: SocketFrame, process: Process, held: Holdings | None = None) -> list[Paragraph]:
    """A process as far as it matters to sockets; `held` where its sockets have been counted."""
    where = ", in another network namespace" if process.elsewhere else ""
    user = process.user or frame.facts.user(process.uid) or UNKNOWN
    started = UNKNOWN if process.started_at is None else clock(process.started_at)
    found: list[Paragraph] = [
        ("Process", (f"{process.name}[{process.pid}] of user {user}, started {started}{where}",)),
        ("Command", (process.command or process.executable or f"{UNKNOWN} (needs root or CAP_SYS_PTRACE)",)),
        ("Descriptors", (descriptors_text(process),)),
    ]
    return found + (_held(held.states, held.peers) if held is not None else [])


def group_details(frame: SocketFrame, group: Group, naming: Naming = BY_SERVICE) -> list[Paragraph]:
    """A group: what its commonest state means, and of some of its sockets the peers and owners."""
    place = max(range(len(group.counts)), key=group.counts.__getitem__)
    state = GROUP_STATES[place]
    known = state_machine.words(state)
    step = max(1, -(-len(group.places) // LOOKED_AT))
    sockets = [frame.socket(at) for at in group.places[::step]]
    peers = Counter(socket.peer for socket in sockets if socket.peer not in ("", "*"))
    owners = Counter(owner.label for socket in sockets for owner in frame.facts.owners_of(socket) or ())
    found: list[Paragraph] = [
        ("Group", (f"{sum(group.counts):,} sockets",)), ("Most are", (f"{state}: {known.meaning}", known.next)),
        *_held(group.counts, peers.most_common()),
    ]
    if owners:
        found.append(("Owners", (_most(owners.most_common(), "{1:,} of {0}"),)))
    if len(group.places) > LOOKED_AT:
        found.append(("Seen", (f"peers and owners are those of {len(sockets):,} sockets from all over the group",)))
    return found


def title(socket: Socket, frame: SocketFrame, naming: Naming = BY_SERVICE) -> str:
    """A socket in a line: `tcp 192.0.2.2:8080 ─ 10.0.3.18:40120`, or one end where there is no other."""
    name = protocol(socket.transport, socket.local_port, socket.peer_port)
    local, peer = local_end(socket, frame.facts, naming), peer_end(socket, frame.facts, naming)
    return f"{name} {local}" if peer == "*" else f"{name} {local} ─ {peer}"


def accepted(socket: Socket) -> bool | None:
    """Whether a connection came in, judged by which of its ports the kernel chose; None where that says nothing."""
    if socket.local_port is None or socket.peer_port is None:
        return None
    mine, theirs = socket.local_port >= _EPHEMERAL, socket.peer_port >= _EPHEMERAL
    return None if mine == theirs else theirs


def _held(states: Sequence[int], peers: Sequence[tuple[str, int]]) -> list[Paragraph]:
    """Sockets counted by state and by peer."""
    counted = ", ".join(f"{count:,} {state}" for state, count in zip(GROUP_STATES, states, strict=False) if count)
    lines = [line for line in (counted, _most(peers, "{1:,} to {0}")) if line]
    return [("Sockets", tuple(lines))] if lines else []


def _most(counted: Sequence[tuple[str, int]], shown: str) -> str:
    """The largest of many, and how many others there are."""
    more = len(counted) - _SHOWN
    first = ", ".join(shown.format(name, count) for name, count in counted[:_SHOWN])
    return f"{first} and {more:,} others" if more > 0 else first


def meaning(socket: Socket) -> tuple[str, ...]:
    """What its state means, and what has to happen for it to go on."""
    known = state_machine.words(socket.state)
    if socket.transport in (Transport.TCP, Transport.MPTCP) or socket.state == "UNCONN":
        return f"{socket.state}: {known.meaning}", known.next
    return (_connected(socket),)


def _state(socket: Socket, room: int) -> tuple[str, ...]:
    lines = meaning(socket)
    if socket.transport not in (Transport.TCP, Transport.MPTCP):
        return lines
    drawing = state_machine.drawing(socket.state)
    if max(map(len, drawing)) <= room:
        return (*lines, *drawing)
    return (*lines, state_machine.path(socket.state, accepted(socket), room))


def _connected(socket: Socket) -> str:
    """A socket that is not TCP and has a state all the same."""
    if socket.is_listener:
        return "LISTEN: the program waits for connections."
    return f"{socket.state}: it is connected to one peer, and takes nothing from others."


def _between(frame: SocketFrame, socket: Socket, naming: Naming) -> str:
    family = {"inet": "IPv4", "inet6": "IPv6"}.get(socket.family, socket.family)
    return f"{title(socket, frame, naming)}, {family}"


def _owner(frame: SocketFrame, socket: Socket) -> tuple[str, ...]:
    facts = frame.facts
    owners = facts.owners_of(socket)
    user = facts.user(socket.uid)
    unit = facts.unit_of(socket)
    lines = [
        f"{owner.label}{'' if owner.fd is None else f', descriptor {owner.fd}'}"
        + (", in another network namespace" if owner.elsewhere else "")
        for owner in owners or ()
    ] or [f"{UNKNOWN} ({why_no_owner(frame, socket, owners is not None)})"]
    lines.append(f"user {UNKNOWN if user is None else user}")
    if unit is not None:
        lines.append(f"{'container' if unit.container else 'unit'} {unit.name}, cgroup {unit.path}")
    return tuple(lines)


def why_no_owner(frame: SocketFrame, socket: Socket, looked: bool) -> str:
    """Why there is nobody to name; `looked` for already or not."""
    if not socket.inode:
        return {
            "TIME_WAIT": "no program has it any more: it is over and only rests",
            "SYN_RECV": "the kernel has not handed it to a program yet",
        }.get(socket.state, "no program has it any more: the kernel brings it to its end")
    if not looked:
        return "not looked for yet"
    return frame.facts.owners_note or "no program that can be seen has it open"


def _why_no_info(socket: Socket) -> str:
    if socket.state == "TIME_WAIT":
        return "of a TIME_WAIT the kernel keeps the addresses and the timer only"
    return "not read yet, or this system does not tell"


def descriptors_text(process: Process) -> str:
    """How many a process has open against its limit, with a sign where they run out."""
    count, limit = process.descriptors, process.descriptor_limit
    if count is None:
        return f"{UNKNOWN} (needs root or CAP_SYS_PTRACE)"
    if not limit:
        return f"{count:,} open"
    share = count / limit
    role = "critical" if share >= DESCRIPTORS_CRITICAL else "warning" if share >= DESCRIPTORS_WARNING else ""
    return f"{count:,} of {limit:,} (soft limit), {100 * share:.0f} %{f' {MARKS[role]}' if role else ''}"


def queues_text(socket: Socket) -> str:
    """What waits in it."""
    if not socket.is_listener:
        return f"{size(socket.recv_q)} not read by the program, {size(socket.send_q)} not acknowledged by the peer"
    role = queue_role(socket.recv_q, socket.send_q)
    said = {"critical": "full: clients are turned away", "warning": "nearly full"}
    alarm = f" {MARKS[role]} {said[role]}" if role else ""
    return f"{thousands(socket.recv_q)} wait to be accepted, {thousands(socket.send_q)} may{alarm}"


def _age(frame: SocketFrame, socket: Socket) -> str:
    known = frame.facts.age(socket.key, frame.taken_at)
    if known is not None:
        return f"first seen {age(known)} ago"
    since = frame.facts.watching_since
    if since is None:
        return f"{UNKNOWN} (known only of what comes while nettui looks)"
    return f"more than {age(frame.taken_at - since)}: it was there before nettui looked"


def _memory(memory: SocketMemory) -> tuple[str, ...]:
    lost = f", {memory.drops:,} packets dropped for want of room" if memory.drops else ""
    return (
        f"received {size(memory.received)} of {size(memory.receive_limit)}, "
        f"sent {size(memory.sent)} of {size(memory.send_limit)}{lost}",
        f"queued {size(memory.queued)}, forward {size(memory.forward)}, options {size(memory.options)}, "
        f"backlog {size(memory.backlog)}",
    )


def _rest(frame: SocketFrame, socket: Socket) -> list[Paragraph]:
    """What few sockets have, and the kernel's own numbers."""
    ends = {1: "will not receive", 2: "will not send", 3: "will neither receive nor send"}
    device = frame.facts.links.get(socket.ifindex or 0, f"if{socket.ifindex}") if socket.ifindex else None
    extra = (
        ("Bound to", device), ("Shut down", ends.get(socket.shutdown or 0)), ("MPTCP", _mptcp(socket)),
        ("TOS", f"0x{socket.tos:02x}, DSCP {socket.tos >> 2}" if socket.tos else None),
        ("Mark", f"0x{socket.mark:x}" if socket.mark else None),
        ("Number", f"inode {socket.inode or UNKNOWN}, cookie {socket.key}"),
    )
    return [(head, (text,)) for head, text in extra if text]


def _mptcp(socket: Socket) -> str:
    told = socket.mptcp
    if told is None:
        return ""
    parts = [f"token {told.token:08x}" if told.token is not None else "", " ".join(told.flags)]
    parts.append(f"{told.subflows:,} more subflows" if told.subflows is not None else "")
    return ", ".join(part for part in parts if part) or "yes"
