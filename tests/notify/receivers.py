"""A web server on loopback that answers as it is told, and notes what it was sent."""

import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import trustme


class Request(NamedTuple):
    path: str
    headers: Mapping[str, str]
    body: bytes


class Server(ThreadingHTTPServer):
    """Gives the answers one after the other; the last one for ever after."""

    daemon_threads = True

    def __init__(self, *answers: Any) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = list(answers) or [200]
        self.requests: list[Request] = []
        self.ended = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/s3cret-path"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        self.server.requests.append(Request(self.path, dict(self.headers.items()), body))
        if answer == "hang":
            self.server.ended.wait(60)
        elif answer == "drip":
            self._drip()
        elif answer == "close":
            self.close_connection = True
        elif answer == "garbage":
            self.wfile.write(b"\x00\xff" * 99 + b"\r\n\r\n")
        else:
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            self.send_response(status, f"echo {self.headers.get('Authorization')} {self.path}")
            for name, value in {**headers, "Content-Length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not self.server.ended.is_set():
            try:
                self.wfile.write(b"x")
            except OSError:
                return
            time.sleep(0.05)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(*answers: Any, authority: trustme.CA | None = None, name: str = "127.0.0.1") -> Iterator[Server]:
    """A server in a thread; with an authority it speaks TLS, with a certificate for `name`."""
    with Server(*answers) as server:
        if authority is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert(name).configure_cert(context)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join(10)
