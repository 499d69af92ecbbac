"""`nettui watch`, run as a program under something that plays the service manager."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nettui.commands.sd_notify import Notifier
from tests.crowd import crowd
from tests.lab_support import Lab, required_lab
from tests.test_cli import ROOT, closed_pipe

PATIENCE = 30.0
FAST = ("--interval", "0.2", "--backend", "linux")
QUICKLY = '[rules."tcp.close-wait"]\nlasting = 0.4\n'
"""Settings with which a finding opens, and closes, soon."""


@contextmanager
def watching(
    *words: str, lab: Lab | None = None, config: str | Path = os.devnull, ignoring: int | None = None, **environ: str
) -> Iterator["subprocess.Popen[str]"]:
    own = {"PYTHONPATH": str(ROOT), "NETTUI_CONFIG": str(config), **environ}
    argv = ["env", *(f"{key}={value}" for key, value in own.items()), sys.executable, "-m", "nettui", "watch", *FAST]
    with subprocess.Popen(
        [*(lab.command(*argv) if lab else argv), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=(lambda: signal.signal(ignoring, signal.SIG_IGN) and None) if ignoring else None,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def manager(path: str) -> Iterator[socket.socket]:
    """What systemd is to a service: a datagram socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(path)
        listening.settimeout(PATIENCE)
        yield listening


def told(listening: socket.socket, wanted: str) -> list[str]:
    """Everything up to the datagram with `wanted` in it."""
    found: list[str] = []
    while wanted not in found:
        found += listening.recv(4096).decode().splitlines()
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_says_when_it_is_ready_and_stops_when_told(number: int, tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with manager(path) as listening, watching("--quiet", NOTIFY_SOCKET=path) as process:
        told(listening, "READY=1")
        process.send_signal(number)
        assert "STOPPING=1" in told(listening, "STOPPING=1")
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_watchdog_hears_of_it_while_readings_come(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with manager(path) as listening, watching("--quiet", NOTIFY_SOCKET=path, WATCHDOG_USEC="900000") as process:
        for _ in range(3):
            told(listening, "WATCHDOG=1")
        process.send_signal(signal.SIGSTOP)  # it hangs
        listening.settimeout(1.5)
        with pytest.raises(TimeoutError):
            while True:
                listening.recv(4096)
        process.send_signal(signal.SIGCONT)
        listening.settimeout(PATIENCE)
        told(listening, "WATCHDOG=1")
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_a_name_in_the_abstract_namespace_and_no_watchdog_of_another(tmp_path: Path) -> None:
    name = f"nettui-test-{os.getpid()}"
    with manager("\0" + name) as listening:
        environ = {"NOTIFY_SOCKET": f"@{name}", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1", "OTHER": "x"}
        notifier = Notifier(environ)
        notifier.tell("READY=1", "STATUS=well")
        assert listening.recv(100) == b"READY=1\nSTATUS=well"
        notifier.close()
    assert notifier.watchdog is None and environ == {"OTHER": "x"}
    notifier.tell("WATCHDOG=1")  # nobody is there any more


@pytest.mark.parametrize("usec", ["", "0", "soon", "-5", "²"])
def test_a_watchdog_that_is_none(usec: str) -> None:
    assert Notifier({"NOTIFY_SOCKET": "vsock:2:1", "WATCHDOG_USEC": usec}).watchdog is None
    assert Notifier({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}).watchdog == 3.0


def test_under_nohup_it_goes_on(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with (
        manager(path) as listening,
        watching("--quiet", ignoring=signal.SIGHUP, NOTIFY_SOCKET=path, WATCHDOG_USEC="300000") as process,
    ):
        told(listening, "READY=1")
        process.send_signal(signal.SIGHUP)
        for _ in range(5):
            told(listening, "WATCHDOG=1")
        assert process.poll() is None
        process.terminate()
        assert process.wait(PATIENCE) == 0


@pytest.fixture
def lab() -> Iterator[Lab]:
    with required_lab() as made:
        yield made


@pytest.mark.lab
def test_a_line_when_it_opens_becomes_graver_and_closes(lab: Lab, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(QUICKLY)
    with watching("--json", lab=lab, config=config) as process:
        assert process.stdout is not None
        events: list[dict[str, Any]] = []

        def next_event() -> tuple[str, str, str, float | None]:
            assert process.stdout is not None
            events.append(json.loads(process.stdout.readline()))
            finding = events[-1]["finding"]
            return events[-1]["event"], finding["severity"], finding["id"], finding["value"]

        with crowd(lab, 60) as held:
            assert next_event() == ("opened", "warning", "tcp.close-wait", 60)
            held.grow(60)
            assert next_event() == ("graver", "critical", "tcp.close-wait", 120)
        assert next_event()[:3] == ("closed", "critical", "tcp.close-wait")
        process.terminate()
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, "", "")
    assert {event["schema"] for event in events} == {"nettui.event/1"} and all(event["host"] for event in events)


@pytest.mark.lab
def test_in_words_and_with_a_status_for_the_service_manager(lab: Lab, tmp_path: Path) -> None:
    config, path = tmp_path / "config.toml", str(tmp_path / "notify")
    config.write_text(QUICKLY)
    with manager(path) as listening, watching(lab=lab, config=config, NOTIFY_SOCKET=path) as process, crowd(lab, 120):
        assert process.stdout is not None
        line = process.stdout.readline()
        assert " opened critical tcp.close-wait host: " in line and " 120 of 120 " in line and line.endswith("\n")
        status: list[str] = []
        while not any(each.startswith("STATUS=critical: ") and "120 of 120" in each for each in status):
            status += listening.recv(4096).decode().splitlines()
        process.terminate()
        assert process.wait(PATIENCE) == 0


@pytest.mark.lab
def test_a_reader_that_has_gone_ends_it_and_a_full_disk_is_told(lab: Lab, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(QUICKLY)
    argv = lab.command("env", f"PYTHONPATH={ROOT}", f"NETTUI_CONFIG={config}", sys.executable, "-m", "nettui", "watch",
                       *FAST)  # fmt: skip
    with crowd(lab, 120):
        pipe = closed_pipe()
        ran = subprocess.run(argv, stdout=pipe, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
        os.close(pipe)
        assert (ran.returncode, ran.stderr) == (0, "")
        with Path("/dev/full").open("w") as full:
            ran = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
    assert ran.returncode == 1
    assert ran.stderr == "nettui: the output could not be written: No space left on device\n"


@pytest.mark.lab
def test_its_memory_does_not_grow(lab: Lab) -> None:
    with watching("--quiet", lab=lab) as process:
        pid = process.pid

        def memory() -> int:
            status = Path(f"/proc/{pid}/status").read_text()
            return int(status.partition("VmRSS:")[2].split()[0])

        time.sleep(4)
        before = memory()
        time.sleep(6)
        assert memory() - before < 2_000, "kB, after thirty more readings"
        process.terminate()
        assert process.wait(PATIENCE) == 0
