"""A program that never closes: a crowd of CLOSE_WAIT sockets in a namespace, as large as it is told to be."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab_support import Lab

_LEAKING = """\
import socket, sys
server = socket.create_server(("127.0.0.1", 0), backlog=128)
held = []
for line in sys.stdin:
    for _ in range(int(line)):
        client = socket.create_connection(server.getsockname())
        held.append(server.accept()[0])
        client.shutdown(socket.SHUT_WR)
        held[-1].recv(1)
        client.close()
    print("ok", flush=True)
"""


class Crowd:
    """How many are held is for its maker to say."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def grow(self, count: int) -> None:
        """Leak so many more; returns when they are there."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "ok\n"


@contextmanager
def crowd(lab: Lab, count: int = 0) -> Iterator[Crowd]:
    """A leaking program in `lab`, which ends with the context."""
    argv = lab.command(sys.executable, "-c", _LEAKING)
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            made = Crowd(process)
            made.grow(count)
            yield made
        finally:
            process.kill()
