"""A swarm of TCP sockets on loopback, held still in chosen states, to measure against.

    with swarm(established=50_192, time_wait=24_000) as held:
        ...                  # at least `held.still_for()` seconds in which no count changes
        held.refresh()       # another minute: the TIME_WAIT sockets are made again, in place

Worker processes hold the sockets (a process may open only so many); each lives as long as its end of a pipe, so
none outlives the program that made it, however that ends. Everything stays inside one /16 of 127.0.0.0/8. What is
left afterwards is TIME_WAIT, which no program can take back: the kernel drops it within a minute.

    python -m benchmarks.swarm --sockets 80000 --seconds 120
"""

import argparse
import contextlib
import json
import os
import resource
import socket
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

TIME_WAIT_SECONDS = 60.0
"""TCP_TIMEWAIT_LEN (include/net/tcp.h): no setting changes it."""
PATIENCE = 60.0
"""Seconds in which the whole swarm must stand."""
SPARE_DESCRIPTORS = 100
CLIENT_PORTS = range(20_000, 30_000)
FIN_WAIT2 = 5
"""net/tcp_states.h"""
SS_NAMES = {
    "ESTAB": "established", "TIME-WAIT": "time_wait", "CLOSE-WAIT": "close_wait", "FIN-WAIT-2": "fin_wait2",
    "LISTEN": "listen",
}


class SwarmError(Exception):
    """The swarm cannot be made on this host: why, and what would help."""


@dataclass(frozen=True)
class Wanted:
    """How many sockets to hold in each state."""

    established: int = 50_192
    """Both ends of a connection are counted, so this is even."""
    time_wait: int = 24_000
    close_wait: int = 4_000
    fin_wait2: int = 2_000
    """The peers of as many CLOSE_WAIT sockets; the others' peers are gone."""
    listen: int = 17

    def __post_init__(self) -> None:
        if self.established % 2 or self.fin_wait2 > self.close_wait or self.listen < 1 or min(self.values()) < 0:
            raise SwarmError("established must be even, fin_wait2 at most close_wait, listen at least 1")

    def values(self) -> tuple[int, ...]:
        return tuple(getattr(self, field.name) for field in fields(self))

    @property
    def total(self) -> int:
        return sum(self.values())

    @property
    def descriptors(self) -> int:
        """How many file descriptors it takes: a TIME_WAIT socket takes none."""
        return self.established + self.close_wait + self.fin_wait2 + self.listen

    def share(self, part: int, parts: int) -> "Wanted":
        """What worker number `part` of `parts` holds."""
        pairs = _share(self.established // 2, part, parts)
        halves = _share(self.fin_wait2, part, parts)
        lonely = _share(self.close_wait - self.fin_wait2, part, parts)
        return Wanted(
            established=2 * pairs, time_wait=_share(self.time_wait, part, parts), close_wait=halves + lonely,
            fin_wait2=halves, listen=max(1, _share(self.listen, part, parts)),
        )

    @classmethod
    def scaled(cls, sockets: int) -> "Wanted":
        """About `sockets` in the proportions of the default."""
        part = sockets / cls().total
        return cls(
            established=2 * round(cls.established * part / 2), time_wait=round(cls.time_wait * part),
            close_wait=round(cls.close_wait * part), fin_wait2=round(cls.fin_wait2 * part),
        )


def _share(total: int, part: int, parts: int) -> int:
    return total // parts + (part < total % parts)


class Swarm:
    """A swarm that stands. Made by `swarm`."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.network = f"127.{16 + os.getpid() % 200}"
        self._workers: list[subprocess.Popen[str]] = []
        self._fresh_since = 0.0

    def start(self) -> None:
        """Make the sockets and return when the kernel shows all of them. Raises SwarmError."""
        if (limit := _sysctl("net/ipv4/tcp_max_tw_buckets")) < self.wanted.time_wait:
            raise SwarmError(f"the kernel keeps only {limit} TIME_WAIT sockets: raise net.ipv4.tcp_max_tw_buckets")
        room = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - SPARE_DESCRIPTORS
        parts = -(-self.wanted.descriptors // room)
        for part in range(parts):
            task = asdict(self.wanted.share(part, parts)) | {"network": self.network, "part": part}
            self._workers.append(subprocess.Popen(
                [sys.executable, "-m", "benchmarks.swarm", "--worker", json.dumps(task)],
                cwd=Path(__file__).parent.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            ))
        self._await("held")
        self.refresh()

    def refresh(self) -> None:
        """Make the TIME_WAIT sockets anew, each in the place of the one before; returns when the swarm is still."""
        # The kernel takes a TIME_WAIT's place for a new connection one second later at the earliest (tcp_tw_reuse).
        time.sleep(max(0.0, self._fresh_since + 2.5 - time.monotonic()))
        for worker in self._workers:
            assert worker.stdin
            worker.stdin.write("refresh\n")
            worker.stdin.flush()
        oldest = time.monotonic()
        self._await("fresh")
        self._fresh_since = time.monotonic()
        self._settle()
        self._oldest = oldest

    def still_for(self) -> float:
        """Seconds until the first TIME_WAIT socket ends."""
        return max(0.0, self._oldest + TIME_WAIT_SECONDS - time.monotonic())

    def counts(self) -> dict[str, int]:
        """How many sockets the swarm has now, by field of `Wanted` (or by `ss`'s name), as `ss` sees them."""
        listed = subprocess.run(
            ["ss", "-Htan", "src", f"{self.network}.0.0/16"], capture_output=True, text=True, check=True
        ).stdout
        found = Counter(line.split(None, 1)[0] for line in listed.splitlines())
        return {SS_NAMES.get(name, name): count for name, count in found.items()}

    def close(self) -> None:
        """End the workers; what they held is reset, not closed politely, and so leaves nothing behind."""
        for worker in self._workers:
            assert worker.stdin and worker.stdout
            with contextlib.suppress(BrokenPipeError):
                worker.stdin.close()
        for worker in self._workers:
            try:
                worker.wait(timeout=20)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
            if worker.stdout:
                worker.stdout.close()
        self._workers.clear()

    def _await(self, word: str) -> None:
        for worker in self._workers:
            assert worker.stdout
            said = worker.stdout.readline().strip()
            if said != word:
                raise SwarmError(said or f"a worker ended (exit {worker.wait(timeout=5)})")

    def _settle(self) -> None:
        """Wait until the kernel shows exactly what was wanted: last ACKs are in, peers that should be gone are gone."""
        expected = {name: count for name, count in asdict(self.wanted).items() if count}
        deadline = time.monotonic() + PATIENCE
        while (found := self.counts()) != expected:
            if time.monotonic() > deadline:
                raise SwarmError(f"the swarm does not settle: {found} instead of {expected}")
            time.sleep(0.25)


@contextlib.contextmanager
def swarm(**wanted: int) -> Iterator[Swarm]:
    """A standing swarm, in the network namespace this is called in; arguments are the fields of `Wanted`."""
    held = Swarm(Wanted(**wanted))
    try:
        held.start()
        yield held
    finally:
        held.close()


class Worker:
    """The process that holds a share of the swarm: listeners first, everything else connects to them."""

    def __init__(self, network: str, part: int, wanted: Wanted) -> None:
        self._clients = f"{network}.{1 + part}"
        self._wanted = wanted
        self._listeners = [_listener(f"{network}.0.1") for _ in range(wanted.listen)]
        self._held: list[socket.socket] = []

    def hold(self) -> None:
        """Everything that stays until this process ends."""
        for number in range(self._wanted.established // 2):
            self._hold(*self._pair(number))
        for number in range(self._wanted.fin_wait2):
            active, passive = self._pair(number)
            active.shutdown(socket.SHUT_WR)
            self._hold(active, passive)
        for number in range(self._wanted.close_wait - self._wanted.fin_wait2):
            # On a port of its own: a later connection from the same would disturb the one that is left behind.
            active, passive = self._pair(number, self._source(100, number))
            active.shutdown(socket.SHUT_WR)
            self._hold(passive)
            # Orphaned only when its FIN is acknowledged: in FIN_WAIT1 it may yet reset the other end.
            while active.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != FIN_WAIT2:
                time.sleep(0.001)
            active.setsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2, 1)  # gone in 1 s instead of 60
            active.close()

    def refresh(self) -> None:
        """TIME_WAIT sockets on always the same ports, so that new ones take the places of the old."""
        for number in range(self._wanted.time_wait):
            active, passive = self._pair(number, self._source(10, number))
            active.close()
            passive.close()

    def _source(self, block: int, number: int) -> tuple[str, int]:
        """An address and port for each number, always the same."""
        block += number // len(CLIENT_PORTS)
        return f"{self._clients}.{block}", CLIENT_PORTS[number % len(CLIENT_PORTS)]

    def _hold(self, *sockets: socket.socket) -> None:
        """Keep these open; when this process ends they are reset."""
        for held in sockets:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._held.append(held)

    def _pair(self, number: int, source: tuple[str, int] | None = None) -> tuple[socket.socket, socket.socket]:
        """A new connection, both ends: (the one that asked, the one that was asked)."""
        listener = self._listeners[number % len(self._listeners)]
        active = socket.socket()
        if source:
            active.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            active.bind(source)
        else:
            active.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            active.bind((f"{self._clients}.{1 + number % 8}", 0))
        active.connect(listener.getsockname())
        passive, _ = listener.accept()
        return active, passive


IP_BIND_ADDRESS_NO_PORT = 24
"""linux/in.h: choose the port at connect(2), where it need only differ by destination (not in `socket` before 3.12)."""


def _listener(address: str) -> socket.socket:
    listener = socket.socket()
    listener.bind((address, 0))
    listener.listen(64)
    return listener


def _sysctl(name: str) -> int:
    return int(Path("/proc/sys", name).read_text(encoding="ascii"))


def _work(task: dict[str, Any]) -> None:
    """A worker's life: hold, refresh whenever told, end when the pipe does."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    network, part = task.pop("network"), task.pop("part")
    try:
        worker = Worker(network, part, Wanted(**task))
        worker.hold()
        print("held", flush=True)
        for _ in sys.stdin:
            worker.refresh()
            print("fresh", flush=True)
    except OSError as error:
        print(f"a worker failed: {error}", flush=True)
    os._exit(0)  # the kernel resets twenty thousand sockets faster than the interpreter frees them


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.swarm", description=__doc__.partition("\n")[0])
    parser.add_argument("--sockets", type=int, default=Wanted().total, help="about how many (%(default)s)")
    parser.add_argument("--seconds", type=float, default=120.0, help="how long to hold them (%(default)g)")
    parser.add_argument("--worker", type=json.loads, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        _work(arguments.worker)
        return
    try:
        with swarm(**asdict(Wanted.scaled(arguments.sockets))) as held:
            end = time.monotonic() + arguments.seconds
            print(f"{held.wanted.total} sockets on {held.network}.0.0/16: {asdict(held.wanted)}", flush=True)
            while (left := end - time.monotonic()) > 0:
                time.sleep(max(0.0, min(left, held.still_for() - 10)))
                if left > 0 and held.still_for() <= 10:
                    held.refresh()
    except SwarmError as error:
        sys.exit(f"swarm: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
