"""One socket in a few lines, for where there is no room for all of it: what matters most comes first."""

from collections.abc import Sequence

from nettui.model.process import Process
from nettui.model.socket import Socket, Transport
from nettui.model.tcp_info import TcpInfo
from nettui.reports import state_machine
from nettui.reports.charts import charts
from nettui.reports.format import BLOCKS, UNKNOWN, Units, age, size, thousands
from nettui.reports.paragraphs import HEAD, Paragraph
from nettui.reports.socket_details import accepted, descriptors_text, meaning, queues_text, why_no_owner
from nettui.reports.sockets_naming import latency, timer_words
from nettui.sockets.frame import SocketFrame
from nettui.sockets.readings import Reading

OWNERS = 3
"""Owners named; how many more there are is said."""


def socket_brief(
    frame: SocketFrame, socket: Socket, process: Process | None = None, readings: Sequence[Reading] = (),
    blocks: str = BLOCKS, units: Units = "bits", width: int = 80,
) -> list[Paragraph]:
    """The same as `nettui.reports.socket_details.socket_details` tells, in about nine lines and its charts."""
    room = width - HEAD - 1
    tcp = socket.transport in (Transport.TCP, Transport.MPTCP)
    told, *then = meaning(socket)
    path = (state_machine.path(socket.state, accepted(socket), room),) if tcp and not socket.is_listener else ()
    found: list[Paragraph] = [("State", (told, *path)), ("Owner", (_owner(frame, socket),))]
    if process is not None:
        found.append(("Descriptors", (descriptors_text(process),)))
    info = None if socket.is_listener else socket.info
    if info is not None:
        found += [("Path", (_path(info),)), ("Moved", (_moved(info),))]
    if socket.state != "TIME_WAIT":
        found.append(("Queues", (queues_text(socket),)))
    if socket.timer is not None:
        found.append(("Timer", (timer_words(socket.timer),)))
    found.append(("Then", tuple(then)))
    if drawn := charts(readings, units, blocks, max(8, min(40, room - 45))):
        found.append(("Course", drawn))
    return [paragraph for paragraph in found if paragraph[1]]


def _owner(frame: SocketFrame, socket: Socket) -> str:
    facts = frame.facts
    owners = facts.owners_of(socket)
    labels = list(dict.fromkeys(owner.label for owner in owners or ()))
    more = len(labels) - OWNERS
    names = ", ".join(labels[:OWNERS]) + (f" and {more} more" if more > 0 else "")
    user, unit = facts.user(socket.uid), facts.unit_of(socket)
    parts = [names or f"{UNKNOWN} ({why_no_owner(frame, socket, owners is not None)})"]
    if user is not None and socket.inode:
        parts.append(f"user {user}")
    if unit is not None:
        parts.append(f"{'container' if unit.container else 'unit'} {unit.name}")
    return ", ".join(parts)


def _path(info: TcpInfo) -> str:
    spread = f" ±{latency(info.rttvar)}" if info.rttvar is not None else ""
    parts = [
        f"rtt {latency(info.rtt)}{spread}", f"rto {latency(info.rto)}", f"cwnd {thousands(info.cwnd)}",
        f"{thousands(info.total_retrans)} sent again",
    ]
    if info.lost:
        parts.append(f"{info.lost:,} taken for lost")
    return ", ".join(parts)


def _moved(info: TcpInfo) -> str:
    sent = info.payload_sent
    return f"{size(sent)} out, {size(info.bytes_received)} in, last data {age(info.idle)} ago"
