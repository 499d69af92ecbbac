"""The benchmarks' own tools: what a program costs is measured right, and told right. No bar is held here."""

import asyncio
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import check, diagnosis, headless, screen, startup, tcp, terminal
from benchmarks.figures import Figure, Unmeasured, paired, single, table
from benchmarks.program import Chunk, Program, clean_environment

ROOT = Path(__file__).parent.parent
FIGURES = [
    paired("ours / theirs", 0.5, "s", [(0.1, 1.0), (0.4, 1.0), (0.2, 0.25)]),
    single("memory", 60.0, "MB", [70.0, 61.0, 50.0]),
    single("for information", None, "B/s", [1234.0]),
]


def test_a_pair_is_compared_within_itself() -> None:
    figure = FIGURES[0]
    assert (figure.value, figure.ours, figure.theirs, figure.runs, figure.ok) == (0.4, 0.2, 1.0, 3, True)
    assert [figure.ok for figure in FIGURES[1:]] == [False, None]


def test_the_table_has_every_figure_with_its_bar_and_what_is_missing() -> None:
    lines = table(FIGURES, [("quiet", "btop is not installed")]).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["ok", "ours", "/", "theirs", "0.4", "0.5", "200", "ms", "1,000", "ms", "3"],
        ["MISS", "memory", "61", "MB", "60", "MB", "3"],
        ["for", "information", "1,234", "B/s", "1"],
        ["not", "measured:", "quiet:", "btop", "is", "not", "installed"],
    ]
    assert len({line.rindex(line.split()[-1]) + len(line.split()[-1]) for line in lines[:-1]}) == 1, "columns line up"


def test_json_holds_the_figures_and_what_could_not_be_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def impossible(quick: bool) -> list[Figure]:
        raise Unmeasured("no such program")

    monkeypatch.setattr(command, "ROOMS", {
        "one": command.Room(lambda quick: FIGURES[:1] if quick else [], "one figure"),
        "two": command.Room(impossible, "none"),
    })  # fmt: skip
    assert command.main(["--json", "--quick"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "nettui.benchmarks/1"
    assert told["figures"] == [{
        "name": "ours / theirs", "value": 0.4, "bar": 0.5, "ok": True, "unit": "s", "ours": 0.2, "theirs": 1.0,
        "runs": 3,
    }]  # fmt: skip
    assert told["unmeasured"] == [{"name": "two", "reason": "no such program"}]
    assert set(told["conditions"]) == {"python", "system", "cores", "load"}
    assert command.main(["--only", "one", "--quick"]) == 0, "what was asked for reaches its bar"


def test_without_btop_the_table_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(Unmeasured, match="apt install btop"):
        terminal.measure_quiet(terminal.QUICK)


def test_what_a_program_says_is_taken_down_to_the_last_byte() -> None:
    with Program(["sh", "-c", "stty size; tty; printf '\\033[44m%s' painted; sleep 0.2; printf later"]) as program:
        assert not program.listen(10), "it has ended"
    said = b"".join(chunk.data for chunk in program.chunks)
    assert said.startswith(b"40 120\r\n/dev/pts/") and said.endswith(b"\x1b[44mpaintedlater")
    moment = screen.first(program.chunks, lambda shown: "later" in shown.display[2])
    assert moment is not None and 0.2 <= moment - program.started < 5
    assert screen.first(program.chunks, screen.painted) is None


def test_cpu_is_that_of_the_program_and_its_children_and_none_outlives_the_context() -> None:
    # The busy one is a grandchild that still runs when it is measured.
    burn = "import os, time\nwhile time.process_time() < 0.3: pass\nprint(os.getpid(), flush=True)\ntime.sleep(60)"
    with Program(["sh", "-c", '"$0" -c "$1" & wait', sys.executable, burn]) as program:
        while b"\n" not in (said := b"".join(chunk.data for chunk in program.chunks)):
            assert program.take(10), "it ended before it had burnt anything"
        first = program.cpu()
        assert 0.3 <= first < 3
        program.listen(0.2)
        assert program.cpu() - first < 0.05, "asleep"
        assert 0.5 < program.memory() < 20
    deadline = time.monotonic() + 5
    while _runs(int(said)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _runs(program.pid) and not _runs(int(said))


def test_a_program_that_will_not_go_is_made_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.program.PATIENCE", 0.3)
    with Program(["sh", "-c", "trap '' TERM HUP; echo deaf; while :; do sleep 0.1; done"]) as program:
        assert program.take(10)
    with pytest.raises(ProcessLookupError):
        os.kill(program.pid, 0)


def test_a_pane_is_read_out_of_its_frame() -> None:
    lines = ["x", "╭─ Left ──────╮╭─ Right 1 s ─╮", "│ one         ││ two         │", "╰─────────────╯│ three       │",
             "               ╰─────────────╯"]  # fmt: skip
    (_, shown), = screen.replay([Chunk(0.0, "\r\n".join(lines).encode())], (40, 6))
    assert screen.pane(shown, "Left").split() == ["one"]
    assert screen.pane(shown, "Right").split() == ["two", "three"]
    assert screen.pane(shown, "Centre") == ""


def test_a_screen_is_painted_when_its_last_line_is() -> None:
    halves = [Chunk(1.0, b"\x1b[48;2;1;2;3m\x1b[1;1H \x1b[2;1H "), Chunk(2.0, b"\x1b[3;1H ")]
    assert screen.first(halves, screen.painted, (10, 3)) == 2.0


def test_an_answer_to_a_key_is_a_moved_mark_and_no_other_news() -> None:
    with Program(["cat"]) as program:
        program.chunks[:] = [
            Chunk(1.0, "\x1b[1;1H▌row\r\n row".encode()),
            Chunk(2.0, b"\x1b[1;9Hnews"),
            Chunk(3.0, "\x1b[1;1H \x1b[2;1H▌".encode()),
        ]
        assert terminal._changes(program) == [1.0, 3.0]


def test_the_bare_app_paints_and_the_least_command_runs() -> None:
    with clean_environment() as env:
        assert 0 < startup._seconds(startup.BARE, screen.painted, env) < startup.PATIENCE
    figure, = startup.measure_version(1)
    assert figure.theirs is not None and figure.theirs > 0 and math.isfinite(figure.value)


def test_a_small_swarm_is_counted_as_ss_counts_it_in_a_namespace_of_its_own() -> None:
    figures = {figure.name: figure for figure in tcp.measure(1, established=20, time_wait=8, close_wait=4, fin_wait2=2)}
    assert figures["rounds in which the counts differ from ss's"].ok
    assert all(figure.ours > 0 for figure in figures.values() if figure.unit)


def test_check_is_timed_against_ss_where_it_has_something_to_tell() -> None:
    figure, = check.measure(2, established=20, time_wait=8, close_wait=120, fin_wait2=60)
    assert figure.theirs and figure.ours > 0 and figure.runs == 2
    with pytest.raises(Unmeasured, match=r"ended with 0"):
        check.measure(1, established=20, time_wait=8, close_wait=4, fin_wait2=2)


def test_rules_are_timed_on_readings_that_move_and_make_them_speak() -> None:
    figures = diagnosis.measure(3, past=30)
    assert all(0 < figure.value < 60 for figure in figures) and figures[0].runs == 3
    first, second = list(diagnosis.snapshots(2))
    assert first.census and len(first.census.holders or ()) == diagnosis.GROUPS and first.census != second.census
    assert first.routes is second.routes, "tables stay"


def test_why_a_swarm_cannot_stand_is_told() -> None:
    with pytest.raises(Unmeasured, match=r"SwarmError: .*established must be even"):
        tcp.measure(1, established=1)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_leaves_nothing_behind(number: signal.Signals, code: int) -> None:
    measuring = subprocess.Popen(
        [sys.executable, "-m", "benchmarks", "--only", "startup"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # it may be ignored where the tests run
    )  # fmt: skip
    try:
        assert measuring.stderr and measuring.stderr.readline().startswith("startup")
        deadline = time.monotonic() + 10
        while not (started := _children(measuring.pid)) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert started
        measuring.send_signal(number)
        assert measuring.wait(10) == code
        assert not any(map(_runs, started))
    finally:
        measuring.kill()
        measuring.communicate()


def _runs(pid: int) -> bool:
    """Whether it is there and not a zombie that nobody has waited for yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


async def test_the_longest_step_of_the_event_loop_is_found() -> None:
    before = asyncio.events.Handle._run
    with headless.longest_hold() as held:
        await asyncio.sleep(0)
        time.sleep(0.05)  # what must not happen
        await asyncio.sleep(0)
    assert max(held) >= 0.05
    assert asyncio.events.Handle._run is before


async def test_the_table_of_sockets_is_timed_when_it_is_on_the_screen() -> None:
    assert 0 < await headless.sockets_on_screen(0, rounds=1) < headless.PATIENCE
    with pytest.raises(AssertionError, match="sockets are shown"):
        await headless.sockets_on_screen(10**9, rounds=1)
