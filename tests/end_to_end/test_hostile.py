"""Text that others chose, and a machine that gives too little: nothing of it reaches the terminal or ends nettui."""

import os
import re
import resource
import subprocess
from pathlib import Path

import pytest

from tests.dns.nameserver import answering, in_thread
from tests.end_to_end.conftest import Start
from tests.end_to_end.terminal import Terminal, nettui
from tests.end_to_end.test_lookups import ask
from tests.lab_support import Lab

pytestmark = pytest.mark.terminal

INJECTED = (b"\x1b]0;owned", b"\x1b[2J\x1b[31mowned", b"\x9b31m", b"\xc2\x9b31m", b"\xe2\x80\xae", b"\x07\x07")
"""A window title, a cleared screen, C1 in two encodings, a bidirectional override, bells."""

TEXT = b"[bold red]markup[/] [@click=app.quit]x[/] " + b" ".join(INJECTED) + b" end"


def quoted(text: bytes) -> str:
    """A TXT record's data as a zone file has it."""
    return '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03}" for b in text) + '"'


def assert_harmless(terminal: Terminal) -> None:
    """It still runs, and none of the injected sequences was sent to the terminal."""
    terminal.settle()
    assert terminal.process.poll() is None
    for sequence in INJECTED:
        assert sequence not in terminal.raw


def test_dns_answers(start: Start) -> None:
    record = f"txt.example.net. 60 TXT {quoted(TEXT)}"
    long = f"long.example.net. 60 TXT {' '.join([quoted(b'x' * 250)] * 40)}"
    with in_thread(answering(record)) as server, in_thread(answering(long)) as wordy:
        terminal = start(size=(200, 50))
        terminal.type("5")
        terminal.until("Resolvers")
        for line in (f"txt.example.net TXT @127.0.0.1#{server.port}", f"long.example.net TXT @127.0.0.1#{wordy.port}"):
            terminal.type("i")
            terminal.settle()
            terminal.type("ctrl+u")
            terminal.settle()
            terminal.type(line, "Enter")
            terminal.until("[bold red]markup[/]" if "txt." in line else "xxxxxxxx")
            assert_harmless(terminal)


@pytest.mark.lab
def test_interface_names_and_aliases(start: Start, lab: Lab) -> None:
    """The kernel takes any bytes but `/`, `:` and spaces for a name, and any at all for an alias."""
    for number, name in enumerate([b"[red]a[b]", b"\x1b[31mb", b"\x9bc\xff", b"\xe2\x80\xaed"]):
        made = lab.command("ip", "link", "add", name, "type", "veth", "peer", "name", f"peer{number}")  # type: ignore[arg-type]
        subprocess.run(made, check=True)
        subprocess.run(lab.command("ip", "link", "set", f"peer{number}", "alias", TEXT), check=True)  # type: ignore[arg-type]
    terminal = start(inside=lab, size=(200, 50))
    terminal.type("2")
    terminal.until("[red]a[b]")
    terminal.until(r"\x1b[31mb")
    for _ in range(9):
        terminal.type("Down")
        terminal.settle(0.1)
    assert_harmless(terminal)
    terminal.type("e", "y", "Enter")
    assert_harmless(terminal)


@pytest.mark.lab
def test_hosts_and_resolver_files_of_others(start: Start, tmp_path: Path) -> None:
    """resolv.conf and the hosts file are replaced in a mount namespace of our own."""
    lines = [b"search " + TEXT, b"nameserver " + TEXT, b"nameserver ::zz", b"options \xff", b""]
    (tmp_path / "resolv").write_bytes(b"\n".join(lines))
    (tmp_path / "hosts").write_bytes(b"127.0.0.9 own.example.net\n192.0.2.9 " + TEXT + b"\n\x00\x00\xff\n")
    mounts = f"mount --bind {tmp_path}/resolv /etc/resolv.conf && mount --bind {tmp_path}/hosts /etc/hosts"
    terminal = start(command=in_own_mounts(mounts))
    terminal.type("5")
    terminal.until("Resolvers")
    terminal.type("i")
    terminal.settle()
    terminal.type("own.example.net", "Enter")
    terminal.until("127.0.0.9")
    assert_harmless(terminal)


def in_own_mounts(setup: str) -> list[str]:
    """nettui in a mount namespace prepared by a shell command."""
    return ["unshare", "-m" if os.geteuid() == 0 else "-Urm", "sh", "-c", f'{setup} && exec "$@"', "sh", *nettui()]


@pytest.mark.lab
def test_proc_is_hidden(start: Start) -> None:
    """As in a strict container: every pane says what it lacks, and what netlink gives is there."""
    terminal = start(command=in_own_mounts("mount -t tmpfs none /proc"))
    terminal.until("TCP states")
    terminal.until(re.compile("● lo"))
    for key in "23571":
        terminal.type(key)
        terminal.settle()
    terminal.type("q")
    assert terminal.end() == 0


def test_descriptors_run_out_and_come_back(start: Start) -> None:
    """What is read all the time goes on; what needs a new descriptor says so in words, and works again later."""
    with in_thread(answering("www.example.net. 60 A 192.0.2.80")) as server:
        terminal = start()
        ask(terminal, f"first.example.net A @127.0.0.1#{server.port}")  # what is imported for it is there now
        terminal.until("192.0.2.80")
        pid = terminal.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        held = {int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir()}
        lowest_free = next(number for number in range(len(held) + 1) if number not in held)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest_free, before[1]))
        terminal.type("ctrl+u")
        terminal.type(f"second.example.net A @127.0.0.1#{server.port}", "Enter")
        terminal.until("too many files are open")
        terminal.type("Tab", "1", "r", "e")
        terminal.until("Not exported: Too many open files")
        terminal.until("live")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        terminal.type("e")
        terminal.until("Exported to")
        terminal.type("q")
        assert terminal.end() == 0


@pytest.mark.parametrize("descriptors", [9, 13, 17])
def test_too_few_descriptors_to_start(start: Start, descriptors: int) -> None:
    """It starts, or says in a sentence why it does not."""
    limit = (descriptors, descriptors)
    terminal = start(live=False, limits=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limit))
    terminal.until(lambda text: "live" in text or terminal.process.poll() is not None)
    assert b"Traceback" not in terminal.raw
    if terminal.process.poll() is None:
        terminal.type("q")
        assert terminal.end() == 0
    else:
        assert terminal.end() == 1
        assert terminal.text.startswith("nettui: ")
    assert terminal.emulator.changed_modes() == set()
