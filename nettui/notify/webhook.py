"""A webhook: a message as a POST over http or https; and Alertmanager, which wants to be told again and again."""

import http.client
import ssl
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from nettui.model.event import EventKind, FindingEvent
from nettui.model.finding import Finding
from nettui.model.text import clean
from nettui.notify.message import Message
from nettui.notify.notifier import Undelivered, reason
from nettui.notify.secret import Secret
from nettui.notify.templates import ALERTS, BODIES, Template, alerts

LONGEST_WAIT = 3_600.0
"""Seconds; a server that asks for more patience than that is asked again after it."""

_PASSING = {408, 425, 429}
"""Besides 5xx, what a server says of a request that may succeed later."""


class Webhook:
    """POSTs to a URL; the URL and the header Authorization are secrets, and no error ever quotes them."""

    def __init__(
        self,
        url: Secret,
        authorization: Secret | None = None,
        template: Template = "json",
        ca_file: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        self._url, self._authorization, self._ca_file, self._timeout = url, authorization, ca_file, timeout
        self._body = BODIES[template]
        self._path = ALERTS if template == "alertmanager" else ""

    def deliver(self, message: Message) -> None:
        """Returns when the server said 2xx."""
        self.post(self._body(message))

    def post(self, body: bytes) -> None:
        """The request itself; raises Undelivered."""
        url = _parsed(self._url.read())
        headers = {"Content-Type": "application/json", "User-Agent": "nettui"}
        if self._authorization is not None:
            headers["Authorization"] = self._authorization.read()
        place = f"{url.scheme}://{clean(url.hostname or '', 100)}"
        try:
            answer = self._ask(url, headers, body)
        except TimeoutError:
            raise Undelivered(f"{place} did not answer within {self._timeout:g} s") from None
        except ssl.SSLCertVerificationError as error:
            raise Undelivered(f"the certificate of {place} cannot be trusted: {error.verify_message}") from None
        except ssl.SSLError as error:
            raise Undelivered(f"no TLS with {place}: {clean(error.reason or 'the handshake failed')}") from None
        except OSError as error:
            raise Undelivered(f"{place} cannot be reached: {reason(error)}") from None
        except (http.client.HTTPException, ValueError):
            # ValueError: what is not allowed in a header or a path. Neither's text is shown, it may quote a secret.
            raise Undelivered(f"{place} does not speak HTTP, or the URL is not one") from None
        if not 200 <= answer.status < 300:
            said = f"{place} answered {answer.status} {_phrase(answer.status)}".rstrip()
            raise Undelivered(said, again=answer.status >= 500 or answer.status in _PASSING, after=answer.after)

    def _ask(self, url: SplitResult, headers: dict[str, str], body: bytes) -> "_Answer":
        path = url.path.rstrip("/") + self._path if self._path else url.path or "/"
        connection = self._connection(url)
        expired = threading.Event()
        # The timeout of a socket is one of silence: a server that sends a byte a second would hold us for ever.
        watchdog = threading.Timer(self._timeout, _cut, (connection, expired))
        watchdog.daemon = True
        watchdog.start()
        try:
            connection.request("POST", f"{path}?{url.query}" if url.query else path, body, headers)
            answer = connection.getresponse()
            if expired.is_set():  # headers that were cut off by us end like headers
                raise TimeoutError
            return _Answer(answer.status, _seconds(answer.getheader("Retry-After")))
        except (OSError, http.client.HTTPException):
            if expired.is_set():
                raise TimeoutError from None
            raise
        finally:
            watchdog.cancel()
            connection.close()

    def _connection(self, url: SplitResult) -> http.client.HTTPConnection:
        host = url.hostname or ""
        if url.scheme == "http":
            return http.client.HTTPConnection(host, url.port, timeout=self._timeout)
        context = ssl.create_default_context(cafile=self._ca_file)
        return http.client.HTTPSConnection(host, url.port, timeout=self._timeout, context=context)


class Alertmanager(Webhook):
    """Alertmanager forgets an alert it is not sent again (`resolve_timeout`, five minutes by default)."""

    refresh_every = 60.0

    def __init__(
        self, url: Secret, authorization: Secret | None = None, ca_file: str | None = None, timeout: float = 10.0
    ) -> None:
        super().__init__(url, authorization, "alertmanager", ca_file, timeout)
        self._sent: dict[tuple[str, str], Finding] = {}

    def deliver(self, message: Message) -> None:
        """The severity is part of an alert's identity, so one that became graver ends the milder one."""
        self.post(alerts(message.host, [part for event in message.events for part in self._parts(event)]))
        for event in message.events:
            self._sent.pop(event.finding.key, None)
            if event.kind is not EventKind.CLOSED:
                self._sent[event.finding.key] = event.finding

    def refresh(self, host: str, findings: tuple[Finding, ...]) -> None:
        """What is open and was told of, once more. What is not open any more is left to expire, or to its own news."""
        known = {finding.key for finding in findings}
        self._sent = {key: finding for key, finding in self._sent.items() if key in known}
        now = time.time()
        news = [FindingEvent(kind=EventKind.REMINDER, at=now, finding=finding) for finding in findings]
        if news:
            self.deliver(Message(host=host, at=now, events=tuple(news)))

    def _parts(self, event: FindingEvent) -> list[FindingEvent]:
        before = self._sent.get(event.finding.key)
        if before is not None and before.severity is not event.finding.severity:
            return [FindingEvent(kind=EventKind.CLOSED, at=event.at, finding=before), event]
        return [event]


class _Answer(NamedTuple):
    status: int
    after: float | None


def _parsed(url: str) -> SplitResult:
    """The parts of a URL that can be used; Undelivered without a word of it."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and url.isprintable()
    except ValueError:
        usable = False
    if not usable:
        raise Undelivered("what should be its URL is not a http or https URL")
    return parts


def _cut(connection: http.client.HTTPConnection, expired: threading.Event) -> None:
    import socket

    expired.set()
    with suppress(OSError, AttributeError):  # it has no socket yet, or none any more
        connection.sock.shutdown(socket.SHUT_RDWR)


def _phrase(status: int) -> str:
    """The standard's words: the server's own might quote what we sent."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _seconds(value: str | None) -> float | None:
    """Retry-After (RFC 9110, 10.2.3): seconds, or a date; None for anything else."""
    from email.utils import parsedate_to_datetime

    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), LONGEST_WAIT)
    try:
        return min(max(parsedate_to_datetime(value).timestamp() - time.time(), 0.0), LONGEST_WAIT)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
