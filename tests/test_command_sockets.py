"""`nettui sockets`, run as a program: against `ss`, in every form, and how it exits."""

import csv
import io
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import jsonschema
import pytest

from nettui.reports.sockets import SCHEMA_FILE
from nettui.reports.sockets_fields import FIELDS
from tests.lab_support import Lab, required_lab
from tests.linux.tcp_zoo import EACH, RULES, SS_NAMES, SS_STATES
from tests.test_cli import ROOT, run

PATIENCE = 30.0
ZOO = """\
import sys
from tests.linux.tcp_zoo import Zoo
zoo = Zoo()
zoo.fill()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def zoo() -> Iterator[Lab]:
    """A namespace with sockets in every state, held by a program of its own."""
    with required_lab() as lab:
        lab.run("nft", "-f", "-", stdin=RULES)
        argv = lab.command("env", f"PYTHONPATH={ROOT}", sys.executable, "-c", ZOO)
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            try:
                assert holder.stdout is not None and holder.stdout.readline() == b"ready\n"
                yield lab
            finally:
                holder.kill()


def inside(lab: Lab, *words: str) -> "subprocess.CompletedProcess[str]":
    argv = lab.command(
        "env", f"PYTHONPATH={ROOT}", f"NETTUI_CONFIG={os.devnull}", sys.executable, "-m", "nettui", "sockets", *words
    )
    return subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE)


def rows(lab: Lab, *words: str) -> list[dict[str, str]]:
    ran = inside(lab, *words, "--csv")
    assert ran.returncode == 0, ran.stderr
    return list(csv.DictReader(io.StringIO(ran.stdout)))


Ends = tuple[str, ...]


def seen_by_ss(lab: Lab) -> "Counter[Ends]":
    """State, address and port of both ends of every TCP socket."""
    states = [word for state in SS_STATES.split() for word in ("state", state)]
    found: Counter[Ends] = Counter()
    for line in lab.run("ss", "-Htan", *states).splitlines():
        state, _, _, local, peer = line.split()[:5]
        found[(SS_NAMES[state], *_end(local), *_end(peer))] += 1
    return found


def _end(text: str) -> tuple[str, str]:
    address, _, port = text.rpartition(":")
    address = address.strip("[]").removeprefix("::ffff:").partition("%")[0]
    return ("" if address in ("0.0.0.0", "*", "::") else address), ("" if port in ("*", "0") else port)


def seen_by_us(lab: Lab) -> "Counter[Ends]":
    fields = ("state", "local", "local_port", "peer", "peer_port")
    return Counter((r["state"], *(r[f] for f in fields[1:])) for r in rows(lab, "--tcp", "--columns", ",".join(fields)))


@pytest.mark.lab
def test_every_socket_is_the_one_that_ss_sees(zoo: Lab) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:  # sockets end by themselves meanwhile: what is compared has to be still
        before, ours, after = seen_by_ss(zoo), seen_by_us(zoo), seen_by_ss(zoo)
        if before == after and (ours == after or time.monotonic() > deadline):
            break
        assert time.monotonic() < deadline, "the sockets never stood still"
    assert ours == after
    assert {state for state, *_ in ours} == set(EACH)


@pytest.mark.lab
@pytest.mark.parametrize(
    ("words", "ss"),
    [
        (["state:close-wait"], ["state", "close-wait"]),
        (["state:fin-wait-2", "port:7001"], ["state", "fin-wait-2", "( sport = :7001 or dport = :7001 )"]),
        (["--tcp", "-state:listen", "-(state:time-wait or dport:7000)", "src:127.0.0.0/8", "dst:127.0.0.1"],
         ["state", "all", "exclude", "time-wait", "dst 127.0.0.1 and not dport = :7000"]),
    ],
)  # fmt: skip
def test_a_filter_finds_as_many_as_ss(zoo: Lab, words: list[str], ss: list[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        before = zoo.run("ss", "-Htan", *ss).count("\n")
        ours = len(rows(zoo, *words))
        if before == zoo.run("ss", "-Htan", *ss).count("\n") and (ours == before or time.monotonic() > deadline):
            break
    assert ours == before > 0


@pytest.mark.lab
def test_groups_are_the_counts_of_the_rows(zoo: Lab) -> None:
    by_port = {row["group"]: row for row in rows(zoo, "state:close-wait", "--group-by", "port")}
    counted = Counter(row["local_port"] for row in rows(zoo, "state:close-wait"))
    assert {port: int(row["CLOSE_WAIT"]) for port, row in by_port.items()} == counted
    text = inside(zoo, "state:close-wait", "--group-by", "process").stdout
    title, first = text.splitlines()[:2]
    assert title.split() == ["GROUP", "TOTAL", "CLOSE_WAIT"]
    assert first.split()[0].startswith("python")


@pytest.mark.lab
def test_text_has_owners_and_json_has_them_on_demand(zoo: Lab) -> None:
    text = inside(zoo, "state:listen", "port:7000").stdout.splitlines()
    assert len(text) == 4 and all("python" in line for line in text[1:])
    plain = json.loads(inside(zoo, "state:listen", "--json").stdout)
    owned = json.loads(inside(zoo, "state:listen", "--json", "-p").stdout)
    for document in (plain, owned):
        jsonschema.validate(document, json.loads(SCHEMA_FILE.read_text()))
    assert all("pid" not in each for each in plain["sockets"])
    assert all(Path(f"/proc/{pid}").exists() for each in owned["sockets"] for pid in each["pid"])
    assert len(owned["sockets"]) == plain["count"] == 13


@pytest.mark.lab
def test_order_limit_and_columns(zoo: Lab) -> None:
    ports = [int(row["local_port"]) for row in rows(zoo, "state:listen", "--sort", "local", "--columns", "local_port")]
    turned = rows(zoo, "state:listen", "--sort", "local", "--reverse", "--limit", "3", "--columns", "local_port,rtt")
    assert len(ports) == 13 and [list(row) for row in turned] == [["local_port", "rtt"]] * 3
    assert [row["rtt"] for row in rows(zoo, "state:established", "--columns", "rtt", "--limit", "5")].count("") == 0


@pytest.mark.lab
def test_none_is_no_error(zoo: Lab) -> None:
    ran = inside(zoo, "port:1")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert json.loads(inside(zoo, "port:1", "--json").stdout)["sockets"] == []


@pytest.mark.lab
def test_the_map_names_the_listener_and_its_program(zoo: Lab) -> None:
    ran = inside(zoo, "--map")
    assert ran.returncode == 0 and "python" in ran.stdout and ":7000" in ran.stdout


def test_a_wrong_filter_is_shown_with_its_place() -> None:
    ran = run("sockets", "state:close-wait", "and", "port:http:80")
    assert (ran.returncode, ran.stdout) == (2, "")
    typed, mark = ran.stderr.splitlines()
    assert typed == "nettui sockets: state:close-wait and port:http:80"
    column = mark.index("^")
    assert typed[column:].startswith(("port", "http")) and mark.lstrip(" ^") != ""


def test_a_service_is_known_by_its_name() -> None:
    ran = run("sockets", "port:ssh", "-surely-nobody", "--csv", "--columns", "local_port,peer_port")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert all("22" in line.split(",") for line in ran.stdout.splitlines()[1:])
    assert "service name" in run("sockets", "port:no-such-service").stderr


def test_a_filter_that_begins_with_a_dash_is_no_option() -> None:
    ran = run("sockets", "-proto:udp", "--csv", "-(state:listen or state:time-wait)", "--columns", "proto,state")
    assert (ran.returncode, ran.stderr) == (0, "")
    for line in ran.stdout.splitlines()[1:]:
        proto, state = line.split(",")
        assert proto == "tcp" and state not in ("LISTEN", "TIME_WAIT")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--columns", "state,colour"], "there is no 'colour', only state, proto"),
        (["--group-by", "moon"], "invalid choice: 'moon'"),
        (["--sort", "moon"], "invalid choice: 'moon'"),
        (["--limit", "0"], "expected a number, 1 or more"),
        (["--watch", "--csv"], "--watch goes with text or --json"),
        (["--map", "port:80"], "--map is of all sockets"),
        (["--json", "--csv"], "not allowed with"),
        (["--nonsense"], "unrecognized arguments"),
        (["--backend", "bsd"], "backend"),
        (["@nobody"], "nobody"),
    ],
)
def test_wrong_usage_is_told(words: list[str], said: str) -> None:
    ran = run("sockets", *words)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert said in ran.stderr and "Traceback" not in ran.stderr


def test_a_saved_filter_by_its_name(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[filters]\nmine = "state:listen port:{}"\n')
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        config.write_text(f'[filters]\nmine = "state:listen port:{port}"\n')
        ran = run("sockets", "@mine", "--csv", "-p", "--columns", "local_port", env={"NETTUI_CONFIG": str(config)})
    assert (ran.returncode, ran.stdout) == (0, f"local_port,process,pid\n{port},{_own_name()},{os.getpid()}\n")


def _own_name() -> str:
    return Path("/proc/self/comm").read_text().strip()


def test_columns_are_listed_with_what_they_are() -> None:
    ran = run("sockets", "--columns", "help")
    assert ran.returncode == 0
    assert [line.split()[0] for line in ran.stdout.splitlines()] == list(FIELDS)


def test_the_schema_is_the_file() -> None:
    ran = run("sockets", "--schema")
    assert (ran.returncode, ran.stdout) == (0, SCHEMA_FILE.read_text())
    jsonschema.Draft202012Validator.check_schema(json.loads(ran.stdout))


def test_a_closed_pipe_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = run("sockets", "--csv", stdout=writing)
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_watching_in_a_pipe_writes_a_document_a_line_until_it_is_closed() -> None:
    argv = [sys.executable, "-m", "nettui", "sockets", "state:listen", "--watch", "--json", "--interval", "0.2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NETTUI_CONFIG": os.devnull}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as watching:
        assert watching.stdout is not None and watching.stderr is not None
        found = [json.loads(watching.stdout.readline()) for _ in range(2)]
        watching.stdout.close()
        assert (watching.wait(PATIENCE), watching.stderr.read()) == (0, b"")
    assert found[0]["taken_at"] < found[1]["taken_at"]
    assert all(each["schema"] == "nettui.sockets/1" for each in found)


@pytest.mark.terminal
def test_watching_on_a_terminal_repaints_its_page_and_ends_quietly_on_ctrl_c() -> None:
    master, slave = pty.openpty()
    ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", 10, 70, 0, 0))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        argv = [sys.executable, "-m", "nettui", "sockets", f"port:{port}", "--watch", "--interval", "0.2"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "NETTUI_CONFIG": os.devnull}
        with subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=subprocess.PIPE, env=environment) as watching:
            os.close(slave)
            try:
                shown = _until(master, lambda seen: seen.count(b"\x1b[H") >= 3 and _own_name().encode() in seen)
                watching.send_signal(signal.SIGINT)
                code = watching.wait(PATIENCE)
                said = watching.stderr.read() if watching.stderr else b""
            finally:
                watching.kill()
                os.close(master)
    assert (code, said) == (130, b"")
    page = shown.rpartition(b"\x1b[H")[0].rpartition(b"\x1b[H")[2].decode()
    lines = [line.removesuffix("\x1b[K") for line in page.removesuffix("\x1b[J").splitlines()]
    assert "1 shown" in lines[0] and lines[1].startswith("STATE") and str(port) in lines[2]
    assert max(map(len, lines)) < 70


def _until(descriptor: int, enough: object) -> bytes:
    seen, deadline = b"", time.monotonic() + PATIENCE
    while not enough(seen):  # type: ignore[operator]  # a function
        assert select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0], seen
        seen += os.read(descriptor, 1 << 16)
    return seen


def test_sockets_that_cannot_be_read_are_one_line_and_exit_1() -> None:
    code = (
        "import sys, nettui.collectors.socket_backend as backend\n"
        "class Refuses:\n"
        "    async def table(self, request): raise PermissionError(13, 'Permission denied')\n"
        "    def close(self): pass\n"
        "backend.open_sockets = lambda name: Refuses()\n"
        "from nettui.cli import main\n"
        "sys.exit(main(['sockets', *sys.argv[1:]]))\n"
    )
    for words in ([], ["--watch", "--json"], ["--map"]):
        ran = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=ROOT)
        assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
        assert ran.stderr.startswith("nettui sockets: ") and "ermission denied" in ran.stderr


def test_the_portable_backend_tells_the_same_listener() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = [
            run("sockets", "state:listen", f"port:{port}", "--csv", "-p", "--columns", "state,local,local_port,peer",
                "--backend", backend)
            for backend in ("linux", "portable")
        ]  # fmt: skip
    assert [(each.returncode, each.stderr) for each in found] == [(0, ""), (0, "")]
    assert found[0].stdout == found[1].stdout and f"LISTEN,127.0.0.1,{port},," in found[0].stdout


@pytest.mark.parametrize("form", ["--csv", "--json"])
def test_nothing_is_imported_that_is_not_needed(form: str) -> None:
    code = (
        "import sys\n"
        "from nettui.cli import main\n"
        f"main(['sockets', 'state:close-wait', {form!r}])\n"
        "sys.stderr.write(' '.join(sys.modules))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE, check=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("NETTUI_")},
    )
    loaded = set(ran.stderr.split())
    assert not loaded & {"textual", "rich", "psutil", "netifaces", "dns", "platformdirs", "tomllib", "shutil", "ssl"}
    assert not {name for name in loaded if name.startswith(("nettui.portable", "nettui.tui", "nettui.config"))}
    assert not loaded & {"nettui.linux.host", "nettui.linux.owners", "nettui.reports.sockets_text"}
