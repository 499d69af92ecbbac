"""Programs with faults, each a process of its own: `python -m tests.lab.faults.actors PART JSON-ARGUMENTS`.

A part plays up to its first `yield` and waits there, its sockets open, until its director writes a line; what it
yields is printed as JSON. When its standard input ends so does it.
"""

import ctypes
import json
import os
import resource
import select
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

Part = Iterator[Any]
BATCH = 200
"""Connections opened before the other side gets time to take them."""


def serve(port: int, address: str = "0.0.0.0", *, manner: str = "hold", delay: float = 0.0, name: str = "") -> Part:
    """A server. `hold` keeps connections and reads, `close` hangs up at once, `leak` never closes what the peer has
    closed, `reset` hangs up with RST, `answer` answers each piece after `delay` seconds, `deaf` takes and never
    answers."""
    call(name)
    listener = socket.create_server((address, port), backlog=4096, family=family(address))
    threading.Thread(target=_serve, args=(listener, manner, delay), daemon=True).start()
    yield port


def _serve(listener: socket.socket, manner: str, delay: float) -> None:
    held: list[socket.socket] = []
    while True:
        accepted, _ = listener.accept()
        if manner == "close":
            accepted.close()
        elif manner == "reset":
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            accepted.close()
        elif manner in ("leak", "deaf"):
            held.append(accepted)
        else:
            threading.Thread(target=_attend, args=(accepted, manner, delay), daemon=True).start()


def _attend(connection: socket.socket, manner: str, delay: float) -> None:
    with connection, suppress(OSError):
        while connection.recv(1 << 16):
            if manner == "answer":
                time.sleep(delay)
                connection.sendall(b"answer")


def listen(port: int, backlog: int, address: str = "0.0.0.0", name: str = "") -> Part:
    """A listener that never accepts."""
    call(name)
    with socket.socket(family(address)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(backlog)
        yield port


def connect(
    address: str, port: int, count: int, *, keep: int | None = None, rate: float = 0.0, source: str = "",
    sources: int = 1, name: str = "",
) -> Part:
    """A client: opens `count` connections and closes all but `keep` of them again, itself. At the first pause all are
    open, at the second those are closed. With `rate` it goes on opening and closing so many a second. `sources`
    addresses from `source` on are used in turn."""
    call(name)
    opened = []
    for number in range(count):
        with suppress(OSError):
            opened.append(connection_to(address, port, address_after(source, number % sources) if source else ""))
        if number % BATCH == BATCH - 1:
            time.sleep(0.02)
    yield len(opened)
    kept = opened[: len(opened) if keep is None else keep]
    for each in opened[len(kept) :]:
        each.close()
    if rate:
        threading.Thread(target=_come_and_go, args=(address, port, rate), daemon=True).start()
    yield len(kept)
    for each in kept:
        each.close()
    yield 0


def _come_and_go(address: str, port: int, rate: float) -> None:
    began = time.monotonic()
    done = 0
    while True:
        with suppress(OSError), connection_to(address, port) as connection:
            connection.recv(1)
        done += 1
        time.sleep(max(0.0, began + done / rate - time.monotonic()))


def attempt(address: str, port: int, count: int, source: str = "", sources: int = 1, name: str = "") -> Part:
    """A client whose connections are never answered: opens `count` without waiting for any."""
    call(name)
    held = []
    for number in range(count):
        each = socket.socket(family(address))
        each.setblocking(False)
        if source:
            each.bind((address_after(source, number % sources), 0))
        with suppress(BlockingIOError):
            each.connect((address, port))
        held.append(each)
    yield len(held)


def leak(port: int, rate: float, most: int, address: str = "127.0.0.1", limit: int = 0, name: str = "") -> Part:
    """A server that never closes, and clients that hang up, so many a second: its CLOSE_WAITs grow up to `most`.
    With `limit` its soft descriptor limit is that. It begins when it is told to go on."""
    call(name)
    if limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    listener = socket.create_server((address, port), backlog=64, family=family(address))
    held: list[socket.socket] = []

    def grow() -> None:
        began = time.monotonic()
        while len(held) < most:
            with connection_to(address, port):
                held.append(listener.accept()[0])
            time.sleep(max(0.0, began + len(held) / rate - time.monotonic()))

    yield port
    threading.Thread(target=grow, daemon=True).start()
    yield port
    for each in held:
        each.close()
    yield 0


def hang_up(port: int, count: int, address: str = "127.0.0.1", name: str = "") -> Part:
    """A server and `count` clients, all open at the first pause. Then the clients hang up (CLOSE_WAIT), then the
    server does too."""
    call(name)
    held = []
    with socket.create_server((address, port), backlog=64, family=family(address)) as listener:
        clients = []
        for _ in range(count):
            clients.append(connection_to(address, port))
            held.append(listener.accept()[0])
        yield count
        for each in clients:
            each.close()
        yield count
        for each in held:
            each.close()
        yield 0


def take(port: int, count: int, address: str = "0.0.0.0", name: str = "") -> Part:
    """A server that, when told to go on, takes `count` connections and closes them all."""
    call(name)
    with socket.create_server((address, port), backlog=4096, family=family(address)) as listener:
        yield port
        held = [listener.accept()[0] for _ in range(count)]
        for each in held:
            each.close()
        yield count


def half_close(address: str, port: int, count: int, name: str = "") -> Part:
    """A client that has nothing more to say (FIN) and waits for the peer to close: FIN_WAIT2 where it does not."""
    call(name)
    held = [connection_to(address, port) for _ in range(count)]
    yield count
    for each in held:
        each.shutdown(socket.SHUT_WR)
    yield count


def send(address: str, port: int, count: int, size: int = 100, name: str = "") -> Part:
    """A client with `count` open connections; when told to go on it sends on each, once, and waits for no answer."""
    call(name)
    held = [connection_to(address, port) for _ in range(count)]
    yield count
    for each in held:
        each.setblocking(False)
        with suppress(BlockingIOError):
            each.send(b"x" * size)
    yield count


def ask(
    address: str, port: int, count: int, busy: int, pause: float = 0.0, grow: float = 0.0, name: str = ""
) -> Part:
    """A pool of `count` connections, of which `busy` ask, wait for the answer and, after a pause, ask again. With
    `grow` one more is opened each so many seconds."""
    call(name)

    def work(connection: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection.sendall(b"question")
                if not connection.recv(1 << 16):
                    return
                time.sleep(pause)

    held = [connection_to(address, port) for _ in range(count)]
    for each in held[:busy]:
        threading.Thread(target=work, args=(each,), daemon=True).start()
    yield count
    while grow:
        time.sleep(grow)
        held.append(connection_to(address, port))
        threading.Thread(target=work, args=(held[-1],), daemon=True).start()


def pour(address: str, port: int, seconds: float, name: str = "") -> Part:
    """A client that sends as much as it can for so long."""
    call(name)
    with connection_to(address, port) as connection:
        yield port
        end = time.monotonic() + seconds
        connection.settimeout(1.0)
        while time.monotonic() < end:
            with suppress(OSError):
                connection.send(b"x" * 65536)
        yield 0


def drown(port: int, rate: float, address: str = "127.0.0.1", buffer: int = 4096, name: str = "") -> Part:
    """A UDP server with a small receive buffer that does not read, and a sender of so many datagrams a second."""
    call(name)
    with socket.socket(family(address), socket.SOCK_DGRAM) as server, socket.socket(
        family(address), socket.SOCK_DGRAM
    ) as sender:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        server.bind((address, port))
        yield port
        threading.Thread(target=_rain, args=(sender, address, port, rate), daemon=True).start()
        yield port


def _rain(sender: socket.socket, address: str, port: int, rate: float) -> None:
    while True:
        for _ in range(max(1, int(rate / 20))):
            sender.sendto(b"x" * 500, (address, port))
        time.sleep(0.05)


def scatter(address: str, count: int, first_port: int = 1, source_ports: int = 0) -> Part:
    """Datagrams to `count` different pairs of ports of an address: as many entries of connection tracking."""
    yield 0
    sent = 0
    with ExitStack() as stack:
        senders = [stack.enter_context(socket.socket(family(address), socket.SOCK_DGRAM)) for _ in range(source_ports)]
        for sender in senders:
            for port in range(first_port, 65_000):
                with suppress(OSError):
                    sender.sendto(b"", (address, port))
                sent += 1
                if sent == count:
                    yield sent
    yield sent


def open_files(limit: int, count: int, name: str = "") -> Part:
    """A program with a soft descriptor limit that opens files until it has so many."""
    call(name)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    yield 0
    held: list[int] = []
    with suppress(OSError):
        while len(held) < count:
            held.append(os.open("/dev/null", os.O_RDONLY))
    yield len(held)


def forward_datagrams(port: int, to: int, delay: float) -> Part:
    """Passes datagrams on to another port of this host and the answers back; when told to go on, after a delay."""
    front = socket.socket(type=socket.SOCK_DGRAM)
    front.bind(("0.0.0.0", port))
    delays = [0.0]

    def pass_on(data: bytes, client: tuple[str, int]) -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as back, suppress(OSError):
            back.settimeout(5)
            back.sendto(data, ("127.0.0.1", to))
            answer = back.recv(65535)
            time.sleep(delays[0])
            front.sendto(answer, client)

    def attend() -> None:
        while True:
            data, client = front.recvfrom(65535)
            threading.Thread(target=pass_on, args=(data, client), daemon=True).start()

    threading.Thread(target=attend, daemon=True).start()
    yield port
    delays[0] = delay
    yield port


def tell(port: int, documents: dict[str, str], name: str = "") -> Part:
    """A web server that answers each path with a document; when told to go on, with what is read as `PATH\\tDOCUMENT`
    from there on."""
    call(name)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = documents.get(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, format: str, *args: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield port


PARTS: dict[str, Callable[..., Part]] = {
    part.__name__: part
    for part in (
        serve, listen, connect, attempt, leak, hang_up, take, half_close, send, ask, pour, drown, scatter, open_files,
        forward_datagrams, tell,
    )
}


def family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def connection_to(address: str, port: int, source: str = "") -> socket.socket:
    return socket.create_connection((address, port), timeout=10, source_address=(source, 0) if source else None)


def address_after(address: str, by: int) -> str:
    """The IPv4 address so many after this one."""
    number = int.from_bytes(socket.inet_aton(address)) + by
    return socket.inet_ntoa(number.to_bytes(4))


def call(name: str) -> None:
    """Give this process a name of its own."""
    if name:
        ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)  # PR_SET_NAME


def main() -> None:
    part, arguments = sys.argv[1:]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 100_000)), hard))
    for said in PARTS[part](**json.loads(arguments)):
        print(json.dumps(said), flush=True)
        if not sys.stdin.readline():
            return
    while select.select([sys.stdin], [], [])[0] and sys.stdin.readline():
        print("null", flush=True)


if __name__ == "__main__":
    main()
