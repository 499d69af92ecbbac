"""Syslog (RFC 5424): one datagram a piece of news, to the local daemon's socket or over UDP (RFC 5426)."""

import os
import socket
from datetime import UTC, datetime

from nettui.model.event import EventKind, FindingEvent
from nettui.model.finding import Severity
from nettui.notify.message import Message, line, summary
from nettui.notify.notifier import Undelivered, reason

LONGEST = 2_048
"""Bytes of a datagram that every receiver should take (RFC 5426, 3.2)."""

LEVELS = {Severity.NOTICE: 5, Severity.WARNING: 4, Severity.CRITICAL: 2}
OVER = 6
"""The severity of what has ended: informational (RFC 5424, 6.2.1)."""

SECONDS = 5.0
"""For which a full receive buffer of the daemon is waited for."""


class Syslog:
    """`address` is the path of a socket, or `host:port`; `facility` is a number of RFC 5424, 6.2.1."""

    def __init__(self, address: str, facility: int = 3) -> None:
        self._address, self._facility = address, facility

    def deliver(self, message: Message) -> None:
        """A datagram for one piece of news; of many at once, one that sums them up."""
        data = datagram(message, self._facility)
        try:
            if self._address.startswith("/"):
                _send(socket.AF_UNIX, self._address, data)
            else:
                host, _, port = self._address.rpartition(":")
                found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)
                _send(found[0][0], found[0][4], data)
        except socket.gaierror:
            raise Undelivered("the name of the syslog server could not be resolved") from None
        except TimeoutError:
            raise Undelivered("the syslog daemon does not read its socket") from None
        except OSError as error:
            raise Undelivered(f"syslog cannot be reached: {reason(error)}") from None


def datagram(message: Message, facility: int) -> bytes:
    """`<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID - MSG`; the MSGID is the rule's id."""
    first = message.events[0]
    alone = len(message.events) == 1
    head = (
        f"<{facility * 8 + level(message)}>1 {_timestamp(message, first)} {_token(message.host, 255)} nettui"
        f" {os.getpid()} {_token(first.finding.id, 32) if alone else 'many'} - "
    )
    words = f"{line(message.host, first)}: {summary(first.finding)}" if alone else message.headline
    text = words.encode("utf-8", "replace")[: LONGEST - len(head)]
    return head.encode() + text.decode("utf-8", "ignore").encode()


def level(message: Message) -> int:
    """The syslog severity of a message."""
    return OVER if message.over else LEVELS[message.severity]


def _timestamp(message: Message, first: FindingEvent) -> str:
    at = message.at if first.kind is EventKind.REMINDER else first.at
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except (ValueError, OverflowError, OSError):
        return "-"


def _token(text: str, limit: int) -> str:
    """Printable ASCII without spaces, as fields of the header are; `-` where nothing is left."""
    return "".join(char for char in text if "!" <= char <= "~")[:limit] or "-"


def _send(family: int, address: object, data: bytes) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.settimeout(SECONDS)
        sender.connect(address)  # type: ignore[arg-type]  # as getaddrinfo gave it, or a path
        sender.send(data)
