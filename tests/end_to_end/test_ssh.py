"""Over ssh, as it is used: an sshd of our own on loopback, and its client on the terminal."""

import getpass
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Start
from tests.end_to_end.terminal import PATIENCE, environment, nettui, required_program

pytestmark = pytest.mark.terminal

CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
AcceptEnv LC_*
"""


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[list[str]]:
    """The command of a client that logs in at our own sshd."""
    sshd, folder = required_program("sshd"), tmp_path / "ssh"
    folder.mkdir()
    for name in ("host", "user"):
        command = [required_program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "config").write_text(CONFIG.format(port=port, folder=folder))
    Path("/run/sshd").mkdir(exist_ok=True)  # where it confines itself before a login
    log = folder / "log"
    server = subprocess.Popen([sshd, "-D", "-E", str(log), "-f", str(folder / "config")])
    try:
        _wait_for(port, server, log)
        yield [
            required_program("ssh"), "-tt", "-F", "none", "-p", str(port), "-i", str(folder / "user"),
            "-o", f"UserKnownHostsFile={folder}/known", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR",
            "-o", "SendEnv=LC_ALL", f"{getpass.getuser()}@127.0.0.1",
        ]  # fmt: skip
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"sshd does not run: {log.read_text()}")


def test_a_session(ssh: list[str], start: Start, tmp_path: Path) -> None:
    home = environment(tmp_path)
    variables = [f"{name}={home[name]}" for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "PYTHONPATH")]
    terminal = start(command=[*ssh, "env", *variables, *nettui()], size=(80, 24))
    terminal.until("TCP states")
    terminal.until("● lo")
    terminal.resize(100, 30)
    terminal.until(lambda text: text.split("\n")[-1].endswith("q quit"))
    terminal.type("2")
    terminal.until("ADDRESS")
    terminal.type("q")
    assert terminal.end() == 0
    assert terminal.emulator.changed_modes() == set()
    assert terminal.emulator.keyboard_levels == 0
    assert terminal.attributes == terminal.before


def test_a_lost_connection_leaves_no_process_behind(ssh: list[str], start: Start, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    home = environment(tmp_path)
    inner = " ".join(nettui())
    terminal = start(
        command=[*ssh, f"echo $$ > {mark}; HOME={tmp_path} PYTHONPATH={home['PYTHONPATH']} exec {inner}"], size=(80, 24)
    )
    process = Path(f"/proc/{mark.read_text().strip()}")
    assert process.exists()
    terminal.process.kill()
    deadline = time.monotonic() + PATIENCE
    while process.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not process.exists()
