"""Every key does what the help says of it, in every pane of every screen; and no key is described that is not here."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from textual.binding import ActiveBinding
from textual.widgets import Input

from nettui.model.socket import Transport
from nettui.model.tcp import PortCounts, TcpCounts, TcpState
from nettui.tui.host_names import HostNames
from nettui.tui.keymap import actions
from nettui.tui.keys import key_cells, key_paragraphs
from nettui.tui.screens.views import VIEWS
from tests.replayed import replay_app, settled
from tests.tui.app_support import press, running, said, screen_lines, screen_text, staged, until


class Seen(NamedTuple):
    """What a user sees of the app, and what others got from it."""

    view: str
    pane: str
    place: int
    """Of the cursor; -1 in an empty table."""
    rows: int
    page: int
    sort: str | None
    turned: bool
    zoomed: bool
    typing: str
    """The kind of line that is typed into."""
    window: str
    group: str | None
    """By which the sockets are grouped."""
    kinds: frozenset[str]
    """Of the sockets shown."""
    closed: bool
    """Whether those are shown that closed lately."""
    paused: bool
    numeric: bool
    theme: str
    clipboard: str
    interval: float
    refreshed: int
    files: int
    types: tuple[str, ...]
    server: str
    replay: tuple[int, float]
    """Position and speed."""


def look(app: Any) -> Seen:
    table, source, focused = app.view.current.table, app.engine.source, app.screen.focused
    keys = list(table._view.keys)
    return Seen(
        view=app.view.NAME, pane=app.view.current.id, place=keys.index(table.cursor_key) if keys else -1,
        rows=len(keys), page=table._view.page, sort=table.sort_key, turned=table.sort_reverse, zoomed=app.view.zoomed,
        typing=type(focused).__name__ if isinstance(focused, Input) else "", window=type(app.screen).__name__,
        group=app.sockets.query.group, kinds=app.sockets.query.transports, closed=app.view.has_class("-closed"),
        paused=app.held is not None, numeric=app.numeric, theme=app.theme, clipboard=app.clipboard,
        interval=source.interval, refreshed=getattr(source, "refreshed", 0), files=len(list(Path.cwd().iterdir())),
        types=app.dns.types, server=app.dns.server,
        replay=(getattr(source, "position", 0), getattr(source, "speed", 1.0)),
    )  # fmt: skip


Effect = Callable[[Seen, Seen, str], bool]
"""Before, after, and what was said or called in between."""


def shows(name: str) -> Effect:
    return lambda before, after, heard: after.view == name


def opens(window: str) -> Effect:
    return lambda before, after, heard: after.window == window


def moves(rows: Callable[[Seen], int]) -> Effect:
    """The cursor goes so many rows, or as far as there are any."""
    return lambda before, after, heard: after.place == min(max(before.place + rows(before), 0), before.rows - 1)


def heard(word: str) -> Effect:
    return lambda before, after, heard: word in heard


EFFECTS: dict[str, Effect] = {
    **{f"app.screen_{number}": shows(view.name) for number, view in VIEWS.items()},
    "app.pause": lambda before, after, heard: after.paused,
    "app.refresh": lambda before, after, heard: after.refreshed == before.refreshed + 1,
    "app.slower": lambda before, after, heard: after.interval > before.interval,
    "app.faster": lambda before, after, heard: after.interval < before.interval,
    "app.numeric": lambda before, after, heard: after.numeric is not before.numeric,
    "app.export": lambda before, after, heard: after.files == before.files + 1,
    "app.theme": lambda before, after, heard: after.theme != before.theme,
    "app.back": shows("Dashboard"),
    "app.palette": opens("CommandPalette"),
    "app.suspend": heard("<suspended>"),
    "app.help": opens("DetailSheet"),
    "app.quit": heard("<quit>"),
    "app.quit_at_once": heard("<quit>"),
    "quit": heard("<quit>"),  # Textual's own ctrl+q
    "app.next_pane": lambda before, after, heard: after.pane != before.pane,
    "app.previous_pane": lambda before, after, heard: after.pane != before.pane,
    "pane.filter": lambda before, after, heard: after.typing in ("FilterInput", "LineInput"),
    "pane.copy": lambda before, after, heard: bool(after.clipboard) if before.rows else "no row to copy" in heard,
    "pane.zoom": lambda before, after, heard: after.zoomed,
    "table.up": moves(lambda before: -1),
    "table.down": moves(lambda before: 1),
    "table.page_up": moves(lambda before: -before.page),
    "table.page_down": moves(lambda before: before.page),
    "table.first": moves(lambda before: -before.rows),
    "table.last": moves(lambda before: before.rows),
    "table.open": lambda before, after, heard: (
        after.window == "DetailSheet" or after.typing == "NameInput" or "nothing to open" in heard
        or "Nothing has been asked" in heard
    ),
    "table.sort": lambda before, after, heard: after.sort != before.sort,
    "table.turn": lambda before, after, heard: (
        after.turned is not before.turned if before.sort else "The rows are as they come" in heard
    ),
    "routes.which_way": opens("Prompt"),
    "findings.go": lambda before, after, heard: after.view != before.view or "no screen that shows more" in heard,
    "findings.acknowledge": heard("Acknowledged"),
    "findings.silence": opens("SilenceSheet"),
    "tcp.ports": opens("PortsSheet"),
    "sockets.group": lambda before, after, heard: after.group != before.group,
    "sockets.ports": lambda before, after, heard: after.group == "port",
    "sockets.close_waits": lambda before, after, heard: after.group == "process",
    "sockets.kinds": lambda before, after, heard: after.kinds != before.kinds and "Showing" in heard,
    "sockets.names": heard("Host names"),
    "sockets.map": opens("DetailSheet"),
    "sockets.owner": lambda before, after, heard: 0 < after.rows < before.rows,
    "sockets.process": heard("Nothing more of sshd[640]"),
    "sockets.kill": opens("KillSheet"),
    "sockets.kill_all": heard("type a filter first"),
    "sockets.copy_command": lambda before, after, heard: after.clipboard.startswith("ss "),
    "sockets.closed": lambda before, after, heard: after.closed is not before.closed,
    "dns.name": lambda before, after, heard: after.typing == "NameInput",
    "dns.type": lambda before, after, heard: after.types != before.types,
    "dns.server": lambda before, after, heard: after.server != before.server,
    "replay.step": lambda before, after, heard: after.replay == (before.replay[0] + 1, 1.0),
    "replay.back": lambda before, after, heard: after.replay == (before.replay[0] - 1, 1.0),
    "replay.faster": lambda before, after, heard: after.replay == (before.replay[0], 2.0),
    "replay.slower": lambda before, after, heard: after.replay == (before.replay[0], 0.5),
    "replay.forward": lambda before, after, heard: after.replay == (before.replay[0] + 10, 1.0),
    "replay.rewind": lambda before, after, heard: after.replay == (before.replay[0] - 10, 1.0),
}  # fmt: skip

ELSEWHERE = {
    "app.no_screen": "says why, test_a_key_that_can_do_nothing_says_why",
    "dns.earlier": "in the line, test_app_dns",
    "dns.later": "in the line, test_app_dns",
    "dns.leave": "in the line, test_app_dns; in the table it goes back, test_escape_goes_back_and_never_quits",
    "filter.lift": "in the line, test_app_panes",
    "findings.lists": "test_app_findings",
    "filter.complete": "in the line, test_filter_line",
    "filter.complete_back": "in the line, test_filter_line",
    "filter.earlier": "in the line, test_filter_line",
    "filter.later": "in the line, test_filter_line",
    "kill.confirm": "test_kill_sheet",
    "kill.leave": "test_kill_sheet",
    "sheet.close": "test_escape_goes_back_and_never_quits",
    "sheet.copy": "test_app_windows",
    "prompt.leave": "test_app_windows",
    "silence.leave": "test_app_findings",
}
"""Actions that no help of a pane lists, or whose key means something else there, and who looks at them."""


def named(found: ActiveBinding) -> str:
    return found.binding.id or found.binding.action


def of_a_pane(action: str) -> bool:
    """Whether it is an action of a pane or its table, not one that is the same everywhere, nor of a recording."""
    return "." in action and not action.startswith(("app.", "replay."))


def described(app: Any) -> dict[str, str]:
    """The keys that the help of the pane at hand lists, with the action of each."""
    return {
        key: named(found)
        for key, found in app.screen.active_bindings.items()
        if found.enabled and found.binding.description and not found.binding.system
    }


async def at(pilot: Any, number: int, pane: Any) -> None:
    """Back to the plain view, with the cursor of that pane on its second row."""
    app = pilot.app
    while len(app.screen_stack) > 1:
        await app.pop_screen()
    if app.held:
        app.action_pause()
    await app.action_show(number)
    if app.view.zoomed:
        app.view.zoom()
    for line in app.query("FilterInput, SocketFilterLine"):
        await line.remove()
    app.view.remove_class("-closed")
    if number == 4:
        app.sockets.filter(None, "")
        app.sockets.ask(group=None, transports=frozenset({Transport.TCP, Transport.UDP}))
        await until(pilot, lambda: app.sockets.frame is not None and app.sockets.frame.query == app.sockets.query)
    app._clipboard, app.engine.source.interval = "", 1.0
    pane.table.sort_by(None)
    pane.table._view.go(1)
    app.view._choose(pane)
    app.view.enter()
    await pilot.pause()


async def comes(pilot: Any, true: Callable[[], bool]) -> None:
    """What a key does is mostly done with the key."""
    if not true():
        await until(pilot, true)


def _has_come(app: Any, action: str, before: Seen, noise: list[str]) -> bool:
    return EFFECTS[action](before, look(app), " ".join(noise))


async def press_each(pilot: Any, number: int, pane: Any, noise: list[str], only: Callable[[str], bool]) -> set[str]:
    """Press every key that the pane's help lists, and see what each does."""
    app = pilot.app
    await at(pilot, number, pane)
    tested = set()
    for key, action in described(app).items():
        if not only(action) or action in ELSEWHERE:
            continue
        await at(pilot, number, pane)
        del noise[:]
        before = look(app)
        await pilot.press(key)
        await pilot.pause()
        try:
            await comes(pilot, partial(_has_come, app, action, before, noise))
        except TimeoutError:
            pytest.fail(f"{key} ({action}) in {pane.id}: {before} became {look(app)}, heard {noise}")
        tested.add(action)
    return tested


@pytest.fixture
def noise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What the app says, and calls that would end or stop it; and an empty current folder to export to."""
    from nettui.tui.app import NettuiApp

    calls: list[str] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(NettuiApp, "say", lambda self, message: calls.append(message))
    monkeypatch.setattr(NettuiApp, "exit", lambda self, *args, **more: calls.append("<quit>"))
    monkeypatch.setattr(NettuiApp, "action_suspend_process", lambda self: calls.append("<suspended>"))
    monkeypatch.setattr(HostNames, "ask", lambda self, addresses, config: None)
    return calls


PORTS = (PortCounts(port=22, counts=TcpCounts.of({TcpState.LISTEN: 1}, "test").counts),)


@pytest.mark.parametrize("number", VIEWS)
async def test_the_keys_of_every_pane_do_what_the_help_says(number: int, noise: list[str]) -> None:
    async with staged(size=(80, 24)) as (pilot, stage):
        stage.ports = PORTS
        await press(pilot, str(number))
        for pane in pilot.app.view.panes:
            tested = await press_each(pilot, number, pane, noise, of_a_pane)
            assert {"table.down", "pane.filter"} <= tested, "the keys of the pane itself are among them"
            await at(pilot, number, pane)
            others = {action for action in EFFECTS if action.startswith("app.")}
            others -= {"app.back", "app.numeric"}  # where those keys mean more: in the DNS pane and among the sockets
            assert others <= set(described(pilot.app).values()), "and those of the app, tested below"


async def test_the_keys_of_the_app_do_what_the_help_says(noise: list[str]) -> None:
    async with staged(size=(80, 24)) as (pilot, _stage):
        app = pilot.app
        tested = await press_each(pilot, 1, app.main.query_one("#dns"), noise, lambda action: not of_a_pane(action))
        assert {"app.screen_1", "app.next_pane", "app.help", "app.quit", "app.theme"} <= tested


async def test_the_keys_of_a_recording_do_what_the_help_says(noise: list[str]) -> None:
    async with running(replay_app("web-03.jsonl.gz", 100)) as pilot:
        replay = pilot.app.replay
        pressed = {key: action for key, action in described(pilot.app).items() if action.startswith("replay.")}
        assert len(pressed) == 6
        for key, action in pressed.items():
            replay.speed = 1.0
            before = look(pilot.app)
            await press(pilot, key)
            assert EFFECTS[action](before, look(pilot.app), ""), key
        await press(pilot, "space")
        assert replay.playing
        await press(pilot, "space")
        assert not replay.playing


async def test_the_help_lists_all_keys_and_this_file_knows_them_all() -> None:
    async with running(replay_app("web-03.jsonl.gz", 100), (80, 24)) as pilot:
        app, known = pilot.app, set()
        for number in VIEWS:
            await press(pilot, str(number))
            for pane in app.view.panes:
                pane.table.focus()
                await pilot.pause()
                known |= set(described(app).values())
            listed = {key for keys, _ in key_paragraphs(app.screen.active_bindings) for key in keys.split()}
            await press(pilot, "question_mark")
            assert listed <= set(app.screen.table.export_text().split()), number
            await press(pilot, "escape")
    unknown = (set(actions()) | known) - set(EFFECTS) - set(ELSEWHERE)
    assert not unknown, "a new key needs a line in EFFECTS"
    assert set(EFFECTS) - {"quit"} <= set(actions()), "EFFECTS has keys that are no more"
    assert set(EFFECTS) - known == set(), "keys that no help lists"


async def test_the_line_at_the_bottom_shows_keys_that_work(noise: list[str]) -> None:
    """Also while something is typed: then letters and signs are part of the text, and not shown as keys."""
    async with staged() as (pilot, _stage):
        app = pilot.app
        for number in VIEWS:
            await press(pilot, str(number))
            for pane in app.view.panes:
                pane.table.focus()
                await settled(pilot)
                left, right = key_cells(app.screen.active_bindings)
                words = {cell.text.partition(" ")[2] for cell in (*left, *right)}
                bottom = screen_lines(app)[-1]
                assert bottom.startswith(" 1-7 screens"), bottom
                assert bottom.endswith("? help  q quit"), bottom
                assert words <= {found.binding.description for found in app.screen.active_bindings.values()}
        await at(pilot, 5, app.main.query_one("#lookup"))
        await press(pilot, "i")
        await until(pilot, lambda: screen_lines(app)[-1].startswith(" ^t type"))
        bottom = screen_lines(app)[-1]
        assert not {"1-7", "/", "?", "q"} & set(bottom.split()), bottom
        await press(pilot, "slash", "1", "q", "question_mark", "plus")
        assert app.screen.focused.value == "/1q?+"
        assert not noise


@pytest.mark.parametrize("key", ["6", "8", "9", "0"])
async def test_a_number_without_a_screen_says_why(key: str) -> None:
    async with staged() as (pilot, _stage):
        before = pilot.app.view
        await press(pilot, key)
        assert pilot.app.view is before
        assert "no such screen" in screen_text(pilot.app)


async def test_keys_that_can_do_nothing_now_say_why() -> None:
    async with staged() as (pilot, stage):
        app = pilot.app
        await press(pilot, "S")
        assert "rows are as they come" in said(app)[-1]
        stage.interval = 60.0
        await press(pilot, "plus")
        assert "as long as it can be, 60 s" in said(app)[-1]
        await press(pilot, "5", "tab", "enter")
        assert said(app)[-1] == "Nothing has been asked yet."
        await press(pilot, "y")
        assert "no row to copy" in said(app)[-1]
    async with running(replay_app("web-03.jsonl.gz", 100)) as pilot:
        await press(pilot, "plus")
        assert "A recording has the interval it was made with" in said(pilot.app)[-1]
        await press(pilot, "3", "w")
        await press(pilot, "1", "enter")
        assert "a recording cannot be asked for a way" in said(pilot.app)[-1]
        await press(pilot, "1", "tab", "p")
        assert "not the sockets of each port" in said(pilot.app)[-1]


async def test_keys_of_ones_own(noise: list[str]) -> None:
    """`[keys]` of the settings: another key for an action, in a pane and in the app; the help and the line tell it."""
    keys = {"app.screen_3": "f3", "table.down": "n,ctrl+n", "app.help": "f1", "app.quit": "x"}
    async with staged(keys=keys) as (pilot, _stage):
        app = pilot.app
        await press(pilot, "f3")
        assert app.view.NAME == "Routes"
        assert screen_lines(app)[-1].endswith("f1 help  x quit")
        await press(pilot, "n", "ctrl+n")
        assert look(app).place == 2
        await press(pilot, "down", "j", "q", "question_mark")
        assert look(app).place == 2, "the old keys are free"
        assert not noise and look(app).window == "MainScreen"
        await press(pilot, "f1")
        assert "n ^n" in screen_text(app)
        await press(pilot, "escape", "x")
        assert noise == ["<quit>"]


async def test_escape_goes_back_and_never_quits(noise: list[str]) -> None:
    async with staged() as (pilot, _stage):
        app = pilot.app
        for opened in (["enter"], ["question_mark"], ["colon"], ["z"], ["z", "enter"], ["slash"], ["w"]):
            await press(pilot, "3", *opened)
            for _ in range(3):
                await press(pilot, "escape")
            now = look(app)
            assert (now.view, now.window, now.typing, now.zoomed) == ("Dashboard", "MainScreen", "", False), opened
        await press(pilot, "5", "i", "escape")
        assert look(app).view == "DNS" and not look(app).typing, "first out of the line"
        await press(pilot, "escape", *["escape"] * 5)
        assert look(app).view == "Dashboard"
        await press(pilot, "enter", "q")
        assert look(app).window == "MainScreen"
        assert not noise
