"""The journal of systemd: its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), with every field of a finding."""

import errno
import os
import socket
from collections.abc import Iterator

from nettui.model.event import EventKind, FindingEvent
from nettui.notify.message import Message, line
from nettui.notify.notifier import Undelivered, reason
from nettui.notify.syslog import LEVELS, OVER, SECONDS

MESSAGE_IDS = {
    EventKind.OPENED: "5a1c9e2f0b7d4c1e9f36d8a4b2c70e11",
    EventKind.GRAVER: "5a1c9e2f0b7d4c1e9f36d8a4b2c70e12",
    EventKind.MILDER: "5a1c9e2f0b7d4c1e9f36d8a4b2c70e13",
    EventKind.CLOSED: "5a1c9e2f0b7d4c1e9f36d8a4b2c70e14",
    EventKind.REMINDER: "5a1c9e2f0b7d4c1e9f36d8a4b2c70e15",
}
"""MESSAGE_ID of each kind of news: 128 bits that are ours, to be found with `journalctl MESSAGE_ID=...`."""


class Journal:
    """Sends to the datagram socket at `path`."""

    def __init__(self, path: str = "/run/systemd/journal/socket") -> None:
        self._path = path

    def deliver(self, message: Message) -> None:
        """An entry an event: an entry has fields for one finding only."""
        for event in message.events:
            try:
                self._send(entry(message.host, event))
            except TimeoutError:
                raise Undelivered("the journal does not read its socket") from None
            except OSError as error:
                raise Undelivered(f"the journal cannot be reached: {reason(error)}") from None

    def _send(self, data: bytes) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.settimeout(SECONDS)
            sender.connect(self._path)
            try:
                sender.send(data)
            except OSError as error:
                if error.errno not in (errno.EMSGSIZE, errno.ENOBUFS):
                    raise
                _send_file(sender, data)


def entry(host: str, event: FindingEvent) -> bytes:
    """The fields of one event, as the protocol has them."""
    return b"".join(_field(name, value) for name, value in _fields(host, event))


def _fields(host: str, event: FindingEvent) -> Iterator[tuple[str, str]]:
    finding = event.finding
    yield "MESSAGE", line(host, event)
    yield "MESSAGE_ID", MESSAGE_IDS[event.kind]
    yield "PRIORITY", str(OVER if event.kind is EventKind.CLOSED else LEVELS[finding.severity])
    yield "SYSLOG_IDENTIFIER", "nettui"
    yield "NETTUI_EVENT", event.kind.value
    yield "NETTUI_RULE", finding.id
    yield "NETTUI_SEVERITY", finding.severity.value
    yield "NETTUI_SUBJECT", finding.subject
    yield "NETTUI_TITLE", finding.title
    yield "NETTUI_SINCE", f"{finding.since:.0f}"
    for name in ("value", "threshold", "left"):
        value = getattr(finding, name)
        if value is not None:
            yield f"NETTUI_{name.upper()}", f"{value:g}"
    for name in ("evidence", "relief"):
        for value in getattr(finding, name):
            yield f"NETTUI_{name.upper()}", value  # a field may be there several times
    for name in ("cause", "consequence", "cure"):
        if value := getattr(finding, name):
            yield f"NETTUI_{name.upper()}", value


def _field(name: str, value: str) -> bytes:
    data = value.encode("utf-8", "replace")
    if b"\n" not in data:
        return b"%s=%s\n" % (name.encode(), data)
    return b"%s\n%s%s\n" % (name.encode(), len(data).to_bytes(8, "little"), data)


def _send_file(sender: socket.socket, data: bytes) -> None:
    """What is too large for a datagram goes in a sealed file in memory, and the datagram is only its descriptor."""
    import fcntl

    file = os.memfd_create("nettui-journal", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
        socket.send_fds(sender, [b""], [file])
    finally:
        os.close(file)
