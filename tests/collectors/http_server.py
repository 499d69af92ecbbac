"""A real HTTP server on loopback that answers each path as a test tells it to."""

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

Answer = Callable[[BaseHTTPRequestHandler], None]


class Served(NamedTuple):
    url: str
    """Without a path."""
    asked: list[tuple[str, str | None]]
    """Path and Authorization of each request."""


def page(body: bytes | str, kind: str = "application/json", status: int = 200, **headers: str) -> Answer:
    """An answer of that body."""
    content = body.encode() if isinstance(body, str) else body

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content_Type": kind, "Content_Length": str(len(content)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def moved(location: str) -> Answer:
    return page("", status=302, Location=location)


@contextlib.contextmanager
def serving(pages: dict[str, Answer], tls: ssl.SSLContext | None = None) -> Iterator[Served]:
    """Answer GETs of these paths until the context ends; others with 404."""
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Authorization")))
            with contextlib.suppress(OSError):  # the client may have had enough
                pages.get(self.path, page("", status=404))(self)

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            return

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield Served(f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}", asked)
        finally:
            server.shutdown()
            thread.join(10)
