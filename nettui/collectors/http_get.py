"""A GET over HTTP/1.1 that cannot surprise: bounded in time and size, through no proxy, its certificate verified.

http.client and not urllib.request: that would heed proxies of the environment and follow redirects to anywhere.
"""

import http.client
import re
import socket
import ssl
import time
from typing import NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

from nettui.model.text import clean

BODY_LIMIT = 1 << 20
"""Bytes of an answer."""
REDIRECTS = 3
_MOVED = (301, 302, 303, 307, 308)
_ACCEPT = "application/json, text/plain;version=0.0.4;q=0.9, */*;q=0.1"
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?")


class Failed(Exception):
    """No usable answer; the message says why in one sentence, and holds no secret."""


class Reply(NamedTuple):
    body: bytes
    content_type: str


class Getter:
    """One errand of at most `seconds`; `abort` ends it from another thread."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._sock: socket.socket | None = None
        self._aborted = False

    def abort(self) -> None:
        """End what is under way; the thread that waits for it goes on at once, and fails."""
        self._aborted = True
        if self._sock is not None:
            try:
                # The plain socket's: a TLS socket would forget its encryption, and its reader go on in the clear.
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
            except OSError:
                return

    def get(self, url: str, authorization: str | None = None) -> Reply:
        """The body of a 200 answer. `authorization` goes to the host of `url` only. Raises Failed."""
        if authorization is not None and not _HEADER_VALUE.fullmatch(authorization):
            raise Failed("its authorization is empty or holds characters that no header may have")
        origin = _origin(_split(url))
        for _ in range(REDIRECTS + 1):
            parts = _split(url)
            try:
                answer = self._once(parts, authorization if _origin(parts) == origin else None)
            except Failed:
                raise
            except Exception as error:  # also what http.client stumbles over: bytes of others
                raise Failed(self._why(error)) from None
            if isinstance(answer, Reply):
                return answer
            url = urljoin(url, answer)
        raise Failed(f"it redirects more than {REDIRECTS} times")

    def _once(self, parts: SplitResult, authorization: str | None) -> Reply | str:
        """The answer, or where it redirects to."""
        headers = {"Accept": _ACCEPT, "Accept-Encoding": "identity", "User-Agent": "nettui", "Connection": "close"}
        if authorization is not None:
            headers["Authorization"] = authorization
        connection = self._open(parts)
        try:
            connection.connect()
            # Kept apart: http.client lets go of it as soon as it knows that the answer ends with the connection.
            self._sock = connection.sock
            self._sock.settimeout(self._left())
            connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), headers=headers)
            self._sock.settimeout(self._left())
            response = connection.getresponse()
            if response.status in _MOVED and response.headers.get("Location"):
                return str(response.headers["Location"])
            return self._reply(self._sock, response)
        finally:
            connection.close()

    def _open(self, parts: SplitResult) -> http.client.HTTPConnection:
        host, left = parts.hostname or "", self._left()
        if parts.scheme == "https":
            return http.client.HTTPSConnection(host, parts.port, timeout=left, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, parts.port, timeout=left)

    def _reply(self, sock: socket.socket, response: http.client.HTTPResponse) -> Reply:
        if response.status != 200:
            reason = http.client.responses.get(response.status, "")
            raise Failed(f"it answers {response.status} {reason}".rstrip())
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            raise Failed(f"it answers in the encoding {clean(encoding, 20)}, which was not asked for")
        promised, body = response.length, bytearray()
        while not response.isclosed() and (promised is None or len(body) < promised):
            sock.settimeout(self._left())
            body += response.read1(65_536)
            if len(body) > BODY_LIMIT:
                raise Failed(f"it answers more than {BODY_LIMIT >> 20} MiB")
        if promised is not None and len(body) < promised:
            raise Failed("its answer ends too early")
        return Reply(bytes(body), response.headers.get("Content-Type", ""))

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0 or self._aborted:
            raise TimeoutError
        return left

    def _why(self, error: Exception) -> str:
        match error:
            case TimeoutError():
                return f"no answer in {self._seconds:g} s"
            case ssl.SSLCertVerificationError():
                return f"its certificate is not to be trusted: {clean(error.verify_message, 120)}"
            case ssl.SSLError():
                return f"TLS failed: {clean(error.reason or 'no reason given', 60).replace('_', ' ').lower()}"
            case socket.gaierror():
                return "its host's name cannot be resolved"
            case ConnectionRefusedError():
                return "nothing listens there (connection refused)"
            case http.client.HTTPException():
                return "it sends something that is no HTTP answer"
            case OSError():
                return clean(error.strerror or "the connection broke", 120)
        return "its answer cannot be read"


def _split(url: str) -> SplitResult:
    """Raises Failed for what is not http or https, or cannot be sent as it is."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        if usable and parts.port != 0 and url.isascii() and url.isprintable() and " " not in url:
            return parts
    except ValueError:
        pass
    raise Failed("it redirects to something that is no plain http or https URL")


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    """RFC 6454 section 4."""
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
