"""A host of our own: network, processes and mounts apart from the machine's, gone with the process that holds it."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.lab_support import PATIENCE, Unavailable

HOME = Path(__file__).parents[3]
UNSHARE = ("unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child=SIGKILL")
EMPTIED = ("/var/lib/dhcp", "/run/systemd/netif", "/var/lib/NetworkManager", "/run/NetworkManager")
"""Folders in which the machine's own leases would be found."""


class Host:
    """Seen from inside it is a machine: its processes are the only ones, `/etc` can have files of its own."""

    def __init__(self, holder: subprocess.Popen[bytes], pid: int, folder: Path, user: bool) -> None:
        self._holder = holder
        self._user = user
        self.pid = pid
        """Of its first process, as the machine outside counts."""
        self.folder = folder
        """A temporary folder, the same inside and outside."""

    def command(self, *argv: str, net_only: bool = False) -> list[str]:
        """`argv` as a command that runs inside; `net_only`: with the machine's own process numbers and files."""
        spaces = ["--net"] if net_only else ["--net", "--mount", "--pid"]
        user = ["--user", "--preserve-credentials"] if self._user else []
        return ["nsenter", "--target", str(self.pid), *user, *spaces, "--", *argv]

    def run(self, *argv: str, stdin: str | None = None, check: bool = True, net_only: bool = False) -> str:
        """Run a command inside and return what it printed."""
        done = subprocess.run(
            self.command(*argv, net_only=net_only), input=stdin, capture_output=True, timeout=PATIENCE, check=False,
            encoding="utf-8", errors="surrogateescape", cwd=HOME,
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(argv)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def ip(self, *lines: str) -> str:
        """Run `ip` inside once for each line. Process numbers in it are those of the machine outside."""
        return "".join(self.run("ip", *line.split(), net_only=True) for line in lines)

    def sysctl(self, name: str, value: int | str) -> None:
        """Set one of net.* inside; `name` with slashes, below net/."""
        self.run("tee", f"/proc/sys/net/{name}", stdin=f"{value}\n")

    def nft(self, *rules: str) -> None:
        """Rules for packets, in the language of nft(8), each in chain `out` or `in` of a table of ours."""
        chains = "".join(
            f"add chain inet lab {name} {{ type filter hook {hook} priority 0; }}\n"
            for name, hook in (("out", "output"), ("in", "input"), ("through", "forward"))
        )
        lines = "".join(f"add rule inet lab {rule}\n" for rule in rules)
        self.run("nft", "-f", "-", stdin=f"add table inet lab\n{chains}{lines}")

    def file(self, path: str, text: str) -> None:
        """Give it a file of its own, over the machine's."""
        if not Path(path).exists():
            self.empty(str(Path(path).parent))
            self.run("tee", path, stdin=text)
            return
        own = self.folder / path.strip("/").replace("/", "_")
        fresh = not own.exists()
        own.write_text(text)
        own.chmod(0o644)
        if fresh:
            self.run("mount", "--bind", str(own), path)

    def empty(self, folder: str) -> None:
        """Give it an empty folder of its own, over the machine's."""
        self.run("mount", "-t", "tmpfs", "tmpfs", folder)

    def start(self, *argv: str, **more: Any) -> subprocess.Popen[bytes]:
        """Start a program inside; it ends with the host."""
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        return subprocess.Popen(self.command(*argv), cwd=HOME, **pipes | more)

    def actor(self, part: str, **arguments: Any) -> "Actor":
        """Start a part of `tests.lab.faults.actors` inside; returns when it has played up to its first pause."""
        words = [sys.executable, "-m", "tests.lab.faults.actors", part, json.dumps(arguments)]
        env = os.environ | {"PYTHONPATH": str(HOME)}
        return Actor(self.start(*words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None, env=env), part)


class Actor:
    """A process that plays a part, as its director sees it."""

    def __init__(self, process: subprocess.Popen[bytes], part: str) -> None:
        self._process, self._part = process, part
        self.answer = self._heard()

    def go_on(self) -> Any:
        """Let it play to its next pause; returns what it says there."""
        self.begin()
        self.answer = self._heard()
        return self.answer

    def begin(self) -> None:
        """Let it go on, and do not wait for its next pause."""
        assert self._process.stdin
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()

    def end(self) -> None:
        """Let it end, with all that it holds."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)

    def _heard(self) -> Any:
        assert self._process.stdout
        if not select.select([self._process.stdout], [], [], PATIENCE)[0]:
            raise AssertionError(f"{self._part}: no answer in {PATIENCE:g} s")
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"{self._part}: it ended (exit {self._process.wait(5)})")
        return json.loads(line)


@contextlib.contextmanager
def open_host() -> Iterator[Host]:
    """A new host with nothing but lo, which is up, and a resolver of its own address. Raises Unavailable."""
    with tempfile.TemporaryDirectory(prefix="lab-") as folder, _held() as (holder, pid, user):
        host = Host(holder, pid, Path(folder), user)
        host.ip("link set lo up")
        for emptied in EMPTIED:
            if Path(emptied).is_dir():
                host.empty(emptied)
        host.file("/etc/resolv.conf", "nameserver 127.0.0.1\n")
        host.file("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")
        yield host


@contextlib.contextmanager
def _held() -> Iterator[tuple[subprocess.Popen[bytes], int, bool]]:
    """A `cat` that is the first process of new namespaces: all that is in them ends when it does."""
    reasons = []
    for user in (False, True) if os.geteuid() == 0 else (True,):
        words = [*UNSHARE, *(["--user", "--map-root-user"] if user else []), "cat"]
        holder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert holder.stdin and holder.stdout and holder.stderr
        try:
            with contextlib.suppress(BrokenPipeError):
                holder.stdin.write(b"\n")
                holder.stdin.flush()
            if select.select([holder.stdout], [], [], 10)[0] and holder.stdout.readline() == b"\n":
                yield holder, _child(holder.pid), user
                return
            holder.kill()
            reasons.append(holder.stderr.read().decode(errors="replace").strip() or "no answer in 10 s")
        finally:
            _let_go(holder)
    raise Unavailable("no host of our own can be made: " + "; ".join(reasons))


def _child(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0])


def _let_go(holder: subprocess.Popen[bytes]) -> None:
    for pipe in (holder.stdin, holder.stdout, holder.stderr):
        if pipe:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    deadline = time.monotonic() + 5
    while holder.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    if holder.poll() is None:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
