"""Any program on a terminal, watched from outside: what it says and when, the CPU it uses, the memory it takes.

    with Program(["btop"]) as program:
        program.listen(5.0)
        before, used = len(program.chunks), program.cpu()
        program.listen(60.0)
        print(sum(len(chunk.data) for chunk in program.chunks[before:]) / 60, (program.cpu() - used) / 60)

Nothing is made of what it says while it runs, so watching costs next to nothing; `benchmarks.screen` plays it back.
"""

import contextlib
import fcntl
import os
import select
import signal
import struct
import tempfile
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from benchmarks.namespace import HOME

SIZE = (120, 40)
"""Columns and lines."""
DEFAULT_SIGNALS = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE)
"""What this process ignores (Python does SIGPIPE) its child would ignore as well."""
PATIENCE = 3.0
"""Seconds that a program has to go when it is told to."""


class Chunk(NamedTuple):
    """What one read(2) from the terminal brought."""

    time: float
    """As of time.perf_counter()."""
    data: bytes


class Program:
    """One program on a pseudo terminal of its own; it is gone when the context ends."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None,
                 size: tuple[int, int] = SIZE) -> None:
        """`env` is the whole environment, by default this process's. Raises OSError where it cannot be run."""
        self.chunks: list[Chunk] = []
        self._terminal, slave = os.openpty()
        try:
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            # The leader of a new session that opens a terminal gets it as its own (tty_ioctl(4), TIOCSCTTY).
            stdin = (os.POSIX_SPAWN_OPEN, 0, os.ttyname(slave), os.O_RDWR, 0)
            copies = [(os.POSIX_SPAWN_DUP2, 0, number) for number in (1, 2)]
            self.started = time.perf_counter()
            self.pid = os.posix_spawnp(
                command[0], list(command), os.environ if env is None else env, setsid=True,
                setsigdef=DEFAULT_SIGNALS, file_actions=[stdin, *copies],
            )
        except BaseException:
            os.close(self._terminal)
            raise
        finally:
            os.close(slave)
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def listen(self, seconds: float) -> bool:
        """Take down what it says for so long; False as soon as it has ended."""
        deadline = time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            if not self.take(left):
                return False
        return True

    def take(self, patience: float) -> bool:
        """Take down the next chunk if one comes in time; False when there will be none because it has ended."""
        if select.select([self._terminal], [], [], patience)[0]:
            try:
                data = os.read(self._terminal, 1 << 16)
            except OSError:  # EIO: nobody has the terminal open any more
                return False
            self.chunks.append(Chunk(time.perf_counter(), data))
        return True

    def type(self, keys: bytes) -> float:
        """Press keys; returns when."""
        pressed = time.perf_counter()
        os.write(self._terminal, keys)
        return pressed

    def cpu(self) -> float:
        """Seconds of CPU it has used until now, threads and children and all. Raises OSError when it has ended."""
        return sum(_cpu(pid) for pid in _family(self.pid))

    def memory(self) -> float:
        """Resident memory now, in MB (10**6 bytes). Raises OSError when it has ended."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
        return kilobytes * 1024 / 1e6

    def close(self) -> None:
        """Ask it to go, then make it and all that it has started; what it still says is taken down."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)
            self._wait()
        if self._terminal >= 0:
            os.close(self._terminal)
            self._terminal = -1

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        listening = True
        while not self._ended and time.monotonic() < deadline:
            self._ended = os.waitpid(self.pid, os.WNOHANG)[0] == self.pid
            if listening:
                listening = self.take(0.02)
            else:
                time.sleep(0.005)


@contextlib.contextmanager
def clean_environment() -> Iterator[dict[str, str]]:
    """A good terminal, UTF-8, an empty home, and this checkout first on Python's path: for as long as the context."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as home:
        yield {
            "PATH": os.environ["PATH"], "HOME": home, "TERM": "xterm-256color", "COLORTERM": "truecolor",
            "LC_ALL": "C.UTF-8", "PYTHONPATH": str(HOME),
            **{f"XDG_{kind}_HOME": f"{home}/{kind.lower()}" for kind in ("CONFIG", "STATE", "DATA", "CACHE")},
        }


def _family(pid: int) -> Iterator[int]:
    """A process and all its descendants."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            for child in (task / "children").read_text(encoding="ascii").split():
                yield from _family(int(child))


def _cpu(pid: int) -> float:
    """Of all threads, also those that are gone, to the nanosecond; of children that are gone, to the clock tick."""
    own = time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid(3) makes of a process id
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    gone = stat.rpartition(")")[2].split()[13:15]  # cutime, cstime: proc_pid_stat(5)
    return own + sum(map(int, gone)) / os.sysconf("SC_CLK_TCK")
