"""The line of socket filters: what is in force while one types, what is said of mistakes, completion, history."""

import os
import stat
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from nettui.model.socket_filter import Filter, Is, Not
from nettui.sockets.language import parse
from nettui.tui import filter_history
from nettui.tui.filter_history import FilterHistory
from nettui.tui.widgets.filter_line import SocketFilterLine, pointed
from tests.tui.app_support import press, screen_lines, staged, typed

KNOWN: Mapping[str, Sequence[str]] = {"process": ["java", "javac", "nginx"], "unit": ["nginx.service"]}


class Line(SocketFilterLine):
    """Remembers what it has told."""

    def __init__(self, history: FilterHistory, **more: Any) -> None:
        super().__init__(**{"saved": {}, "known": lambda: KNOWN, "history": history, **more})
        self.told: list[tuple[Filter | None, str]] = []
        self.left = False

    def post_message(self, message: Any) -> bool:
        if isinstance(message, self.Accepted):
            self.told.append((message.wanted, message.text))
        self.left = self.left or isinstance(message, self.Left)
        return super().post_message(message)


@asynccontextmanager
async def line(
    path: Path, text: str = "", size: tuple[int, int] = (71, 24), history: FilterHistory | None = None, **more: Any
) -> AsyncIterator[tuple[Any, Line]]:
    """The pilot, and the line in a pane of the real app."""
    async with staged(size=size) as (pilot, _stage):
        made = Line(history or FilterHistory(path / "filters.txt"), **more)
        await pilot.app.view.current.mount(made)
        made.begin(text)
        await press(pilot)
        yield pilot, made


def seen(pilot: Any, made: Line) -> tuple[str, str]:
    """The two lines as they are on the screen."""
    region = made.region
    above, below = screen_lines(pilot.app)[region.y : region.bottom]
    return above[region.x : region.right].rstrip(), below[region.x : region.right].rstrip()


def marked(pilot: Any, made: Line) -> str:
    """What is underlined in the line."""
    strip = pilot.app.screen._compositor.render_strips()[made.region.y].crop(made.region.x, made.region.right)
    return "".join(segment.text for segment in strip if segment.style and segment.style.underline)


async def test_every_text_that_means_something_is_in_force_at_once(tmp_path: Path) -> None:
    async with line(tmp_path) as (pilot, made):
        await press(pilot, *"pid")
        assert made.told[-1] == (parse("pid"), "pid")
        count = len(made.told)
        await press(pilot, "colon")
        assert len(made.told) == count, "unfinished: the last one stays"
        await press(pilot, "4", "2", "space")
        assert made.told[count:] == [(Is("pid", "=", 4), "pid:4"), (Is("pid", "=", 42), "pid:42")]
        await press(pilot, "x", "colon", "1")
        assert made.told[-1] == (parse("pid:42 x"), "pid:42 x"), "wrong: the last good one stays"
        await press(pilot, *["backspace"] * 3)
        assert made.told[-1] == (Is("pid", "=", 42), "pid:42")
        await press(pilot, *["backspace"] * 7)
        assert made.told[-1] == (None, "")


async def test_a_mistake_is_pointed_at_and_the_line_stays_until_it_is_mended(tmp_path: Path) -> None:
    async with line(tmp_path) as (pilot, made):
        await typed(pilot, "pid:1 prt:80")
        above, below = seen(pilot, made)
        assert below.index("^") == above.index("prt"), "under the place"
        assert marked(pilot, made) == "prt"
        assert "did you mean" in below
        await press(pilot, "enter")
        assert not made.left
        await press(pilot, *["backspace"] * 6)
        assert "^" not in seen(pilot, made)[1]
        assert marked(pilot, made) == ""
        await press(pilot, "enter")
        assert made.left
        assert made.told[-1] == (Is("pid", "=", 1), "pid:1")


async def test_an_unfinished_one_shows_what_can_follow_and_is_no_mistake_until_enter(tmp_path: Path) -> None:
    async with line(tmp_path) as (pilot, made):
        await typed(pilot, "state:clo")
        assert "close-wait" in seen(pilot, made)[1] and "^" not in seen(pilot, made)[1]
        await press(pilot, "enter")
        assert not made.left
        assert "expected a state" in seen(pilot, made)[1]
        assert marked(pilot, made) == "clo"
        await press(pilot, *["backspace"] * 9)
        await typed(pilot, "pid:")
        assert "expected a number" in seen(pilot, made)[1]


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 50)])
async def test_the_place_is_told_on_any_screen(tmp_path: Path, size: tuple[int, int]) -> None:
    async with line(tmp_path, size=size) as (pilot, made):
        for before in range(0, 60, 7):
            made.begin("x" * before + " prt:80")
            await press(pilot)
            above, below = seen(pilot, made)
            assert "unknown field “prt”" in below
            assert marked(pilot, made) == "prt"
            if "^" in below:
                assert below.index("^") == above.index("prt")


def test_the_mark_stands_where_there_is_room() -> None:
    assert pointed("no field", 3, 20) == "   ^ no field"
    assert pointed("no field", 10, 20) == "          ^ no field"
    assert pointed("no field", 11, 20) == "  no field ^"
    assert pointed("no field", 19, 20) == "          no field ^"
    assert pointed("no field", 8, 10) == pointed("no field", 20, 20) == pointed("no field", -4, 20) == "no field"


async def test_tab_completes_what_is_common_then_goes_round(tmp_path: Path) -> None:
    async with line(tmp_path) as (pilot, made):
        app = pilot.app
        value = lambda: made._input.value  # noqa: E731  read again and again
        await press(pilot, "p", "r", "tab")
        assert value() == "pro", "process: or proto:"
        made.begin("pid:1 process:ja")
        await press(pilot, "tab")
        assert value() == "pid:1 process:java", "what both begin with"
        await press(pilot, "tab")
        assert value() == "pid:1 process:javac"
        made.begin("process:n")
        await press(pilot, "tab")
        assert value() == "process:nginx"
        made.begin("state:syn-")
        await press(pilot, "tab")
        first = value()
        await press(pilot, "tab")
        second = value()
        assert {first, second} == {"state:syn-sent", "state:syn-recv"}
        assert made.told[-1][0] == parse(second)
        await press(pilot, "shift+tab")
        assert value() == first
        assert app.view.current.table.has_focus is False, "Tab is the line's while it is there"
        await press(pilot, "space", "x")
        assert value() == f"{first} x", "typing goes on after it"


async def test_nothing_to_complete_is_said(tmp_path: Path) -> None:
    async with line(tmp_path, "pid:47") as (pilot, made):
        await press(pilot, "tab")
        assert made._input.value == "pid:47"
        assert seen(pilot, made)[1].strip() == "nothing to complete here"


async def test_completion_in_the_middle_keeps_what_is_around(tmp_path: Path) -> None:
    async with line(tmp_path, "process:ngi and pid:1") as (pilot, made):
        made._input.cursor_position = len("process:ngi")
        await press(pilot, "tab")
        assert made._input.value == "process:nginx and pid:1"
        assert made._input.cursor_position == len("process:nginx")


async def test_the_names_there_are_are_not_gathered_for_every_key(tmp_path: Path) -> None:
    gathered = 0

    def known() -> Mapping[str, Sequence[str]]:
        nonlocal gathered
        gathered += 1
        return KNOWN

    async with line(tmp_path, known=known) as (pilot, made):
        made._gathered_at = float("inf")
        before = gathered
        await press(pilot, *"process:java")
        assert gathered == before
        made._gathered_at = float("-inf")
        await press(pilot, "x")
        assert gathered == before + 1


async def test_saved_filters_by_name(tmp_path: Path) -> None:
    saved = {"leaks": "state:close-wait", "broken": "prt:1", "db": "dport:5432"}
    async with line(tmp_path, saved=saved) as (pilot, made):
        await press(pilot, "at", "l", "tab")
        assert made._input.value == "@leaks"
        assert made.told[-1] == (Is("state", "=", "CLOSE_WAIT"), "@leaks")
        made.begin("")
        await typed(pilot, "not @db")
        assert made.told[-1][0] == Not(Is("dport", "=", 5432))
        await typed(pilot, " @broken")
        assert "@broken" in seen(pilot, made)[1] and "unknown field" in seen(pilot, made)[1]


async def test_services_have_their_names(tmp_path: Path) -> None:
    async with line(tmp_path, services={"https": 443}) as (pilot, made):
        await typed(pilot, "port:https")
        assert made.told[-1][0] == Is("port", "=", 443)


async def test_escape_lifts_the_filter(tmp_path: Path) -> None:
    async with line(tmp_path, "pid:1") as (pilot, made):
        assert made.told == [], "it is in force already"
        await typed(pilot, " prt:1")
        await press(pilot, "escape")
        assert made.told == [(None, "")]
        assert made.left
        assert not made.is_attached
        assert pilot.app.view.NAME == "Dashboard"
    assert not (tmp_path / "filters.txt").exists()


async def test_up_and_down_bring_back_what_was_kept(tmp_path: Path) -> None:
    history = FilterHistory(tmp_path / "filters.txt")
    for text in ("pid:1", "pid:2", "pid:1 pid:3"):
        history.add(text)
    async with line(tmp_path, history=FilterHistory(tmp_path / "filters.txt")) as (pilot, made):
        value = lambda: made._input.value  # noqa: E731  read again and again
        await typed(pilot, "draft")
        shown = []
        for key in ("up", "up", "up", "up", "down", "down", "down", "down"):
            await press(pilot, key)
            shown.append(value())
        assert shown == ["pid:1 pid:3", "pid:2", "pid:1", "pid:1", "pid:2", "pid:1 pid:3", "draft", "draft"]
        await press(pilot, "up", "up")
        assert made.told[-1] == (Is("pid", "=", 2), "pid:2"), "what is brought back is in force"
        await press(pilot, "enter")
    assert FilterHistory(tmp_path / "filters.txt").texts == ("pid:2", "pid:1 pid:3", "pid:1")


@pytest.mark.parametrize(
    "text", ["\x1b[31m:x", "[/]:[bold]", "é" * 300 + ":1", "\u202e:1", "(" * 3000, "@" + "x" * 500, "rtt:" + "y" * 999]
)
async def test_hostile_text_is_shown_safely(tmp_path: Path, text: str) -> None:
    async with line(tmp_path) as (pilot, made):
        await typed(pilot, text)
        await press(pilot, "tab")
        assert all(row.isprintable() for row in screen_lines(pilot.app))
        assert made.region.height == 2
        await press(pilot, "enter")
        assert all(row.isprintable() for row in screen_lines(pilot.app))
        assert all(text.isprintable() for _, text in made.told)
        assert made.left is (made._error is None)


# The history


def test_the_history_is_kept_private_and_bounded(tmp_path: Path) -> None:
    path = tmp_path / "state" / "nettui" / "filters.txt"
    history = FilterHistory(path)
    for number in range(130):
        history.add(f"pid:{number}")
    history.add("pid:77")
    history.add("  ")
    history.add("x" * (filter_history.LONGEST + 1))
    history.add("a\x1b[31mb")
    again = FilterHistory(path)
    assert again.texts == history.texts == ("pid:77", *(f"pid:{n}" for n in range(129, 29, -1) if n != 77))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_two_sessions_do_not_lose_each_others(tmp_path: Path) -> None:
    one, other = FilterHistory(tmp_path / "f"), FilterHistory(tmp_path / "f")
    one.add("pid:1")
    other.add("pid:2")
    one.add("pid:3")
    assert FilterHistory(tmp_path / "f").texts == ("pid:3", "pid:1", "pid:2")


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b"", ()),
        (b"pid:1\r\npid:2\n\n  pid:1  \n", ("pid:1", "pid:2")),
        (b"pid:1\n\x1b]0;x\x07\n\xff\xfe\n" + "‮\n".encode() + b"pid:2", ("pid:2", "�" * 2, "pid:1")),
        (b"x" * 5000 + b"\npid:1\n", ("pid:1",)),
        (bytes(range(256)) * 4000, None),
    ],
)
def test_a_damaged_file_is_read_as_far_as_it_goes(
    tmp_path: Path, content: bytes, texts: tuple[str, ...] | None
) -> None:
    (tmp_path / "f").write_bytes(content)
    history = FilterHistory(tmp_path / "f")
    found = history.texts
    assert texts is None or found == texts
    assert all(text.isprintable() and len(text) <= filter_history.LONGEST for text in found)
    assert len(found) <= filter_history.KEPT
    history.add("pid:9")
    assert FilterHistory(tmp_path / "f").texts[0] == "pid:9"


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path), lambda path: None])
def test_what_can_be_neither_read_nor_written_is_no_error(tmp_path: Path, make: Any) -> None:
    blocked = tmp_path / "f"
    make(blocked)
    path = blocked if blocked.is_dir() or blocked.is_symlink() or blocked.exists() else Path("/proc/nettui/filters.txt")
    history = FilterHistory(path)
    assert history.texts == ()
    history.add("pid:1")
    assert history.texts == ("pid:1",), "the session remembers"
    assert history.previous("draft") == "pid:1"
    assert not list(tmp_path.glob("f.*"))


def test_the_file_is_in_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    FilterHistory().add("pid:1")
    assert (tmp_path / "nettui" / "filters.txt").read_text() == "pid:1\n"
