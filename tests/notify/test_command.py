"""The command: real children that succeed, fail, hang with children of their own, and what hostile data does there."""

import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from nettui.model.finding import Severity
from nettui.notify.command import Command
from nettui.notify.notifier import Undelivered
from tests.notify.making import HOSTILE, event, eventually, message


def python(code: str, *words: object) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *map(str, words))


DUMP = "import json, os, sys; json.dump([sys.argv[2:], dict(os.environ), sys.stdin.read()], open(sys.argv[1], 'w'))"


def test_the_news_is_in_the_environment_and_on_the_input(tmp_path: Path) -> None:
    Command(python(DUMP, tmp_path / "out", "a b", "$HOME")).deliver(message(event(severity=Severity.CRITICAL)))
    words, environment, data = json.loads((tmp_path / "out").read_text())
    assert words == ["a b", "$HOME"]
    assert {name: environment[f"NETTUI_{name}"] for name in ("RULE", "SEVERITY", "EVENT", "SUBJECT", "HOST")} == {
        "RULE": "tcp.close-wait-leak", "SEVERITY": "critical", "EVENT": "opened", "SUBJECT": "java", "HOST": "web1",
    }  # fmt: skip
    assert json.loads(data)["events"][0]["finding"]["evidence"] == ["60 sockets", "limit 50"]
    assert data.count("\n") == 1


def test_hostile_data_is_data(tmp_path: Path) -> None:
    nasty = HOSTILE.replace("\udcff", "") + "x" * 500_000
    script = '[ "$NETTUI_SUBJECT" ] && env > "$0"; exit 0'
    Command(("/bin/sh", "-c", script, str(tmp_path / "out"))).deliver(message(event(subject=nasty, title=nasty)))
    assert [file.name for file in tmp_path.iterdir()] == ["out"], "nothing was touched"
    said = [line for line in (tmp_path / "out").read_text().splitlines() if line.startswith("NETTUI_SUBJECT=")]
    assert len(said) == 1 and "$(touch x)" in said[0] and len(said[0]) < 5_000
    assert "\nBcc" not in (tmp_path / "out").read_text()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (python("raise SystemExit(7)"), "the command ended with status 7"),
        (python("import os; os.kill(os.getpid(), 9)"), "the command was ended by SIGKILL"),
        (("/nonexistent/program",), "the command could not be started: no such file or directory"),
        (("/etc/passwd",), "the command could not be started: permission denied"),
    ],
)
def test_what_fails_is_said(words: tuple[str, ...], expected: str) -> None:
    with pytest.raises(Undelivered) as caught:
        Command(words).deliver(message())
    assert str(caught.value) == expected and not caught.value.again


HANG = """
import os, sys, time
child = os.fork()
if child:
    open(sys.argv[1], "w").write(f"{os.getpid()} {child}")
time.sleep(300)
"""


def alive(process: int) -> bool:
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX"
    return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")
def test_one_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    with pytest.raises(Undelivered, match=r"^the command was killed after 2 s$"):
        Command(python(HANG, tmp_path / "out"), timeout=2).deliver(message())
    parent, child = map(int, (tmp_path / "out").read_text().split())
    try:
        eventually(lambda: not alive(parent) and not alive(child))
    finally:
        for process in (parent, child):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def test_one_that_writes_much_and_reads_nothing_is_no_trouble() -> None:
    Command(python("import sys; sys.stdout.write('x' * 5_000_000); sys.stderr.write('x' * 5_000_000)")).deliver(
        message(*[event(subject="x" * 9_000)] * 50)
    )
