"""Panes side by side, one at a time, in every size; and what they do when something cannot be read."""

import pytest
from msgspec.structs import replace

from nettui.model.snapshot import CollectorError
from tests.recordings.make import web_03
from tests.replayed import settled
from tests.tui.app_support import Stage, flat, pane_text, press, said, screen_lines, screen_text, staged, trouble, until

DASHBOARD = ("interfaces", "tcp", "routes", "findings", "dns")


def visible(app: object) -> list[str]:
    return [pane.id for pane in app.view.panes if pane.region.area]  # type: ignore[attr-defined]


async def test_tab_goes_round_and_back() -> None:
    async with staged() as (pilot, _stage):
        app, seen = pilot.app, []
        for _ in DASHBOARD:
            seen.append(app.view.current.id)
            assert app.screen.focused is app.view.current.table
            await press(pilot, "tab")
        assert tuple(seen) == DASHBOARD
        assert app.view.current.id == "interfaces"
        await press(pilot, "shift+tab", "shift+tab")
        assert app.view.current.id == "findings"


async def test_zoom_and_back() -> None:
    async with staged() as (pilot, _stage):
        app = pilot.app
        before = screen_text(app)
        await press(pilot, "z")
        assert visible(app) == ["interfaces"]
        assert app.view.current.region.size == app.view.size
        await press(pilot, "tab")
        assert visible(app) == ["tcp"], "the zoom goes from pane to pane"
        await press(pilot, "shift+tab", "z")
        assert screen_text(app) == before


async def test_one_pane_at_a_time_on_a_tiny_terminal() -> None:
    async with staged(size=(40, 12)) as (pilot, _stage):
        app = pilot.app
        for pane, text in zip(DASHBOARD, ("192.0.2.10/24", "CLOSE_WAIT", "default", "378", "name or"), strict=True):
            assert visible(app) == [pane]
            assert text in pane_text(app, pane)
            await press(pilot, "tab")
        await press(pilot, "3", "tab")
        assert visible(app) == ["neighbours"]


SIZES = ((200, 50), (80, 24), (71, 17), (40, 12), (9, 4), (2, 1), (1, 1), (1, 30), (200, 2), (120, 40))


@pytest.mark.parametrize("keys", ["1", "2", "3", "5i", "7", "1?", "3w", "1:", "1p", "3/"])
async def test_any_size_and_back(keys: str) -> None:
    """Through all sizes without a fault, with a window or a line open too; and afterwards everything is there again."""
    async with staged(size=SIZES[-1]) as (pilot, _stage):
        await press(pilot, *keys)
        before = screen_text(pilot.app)
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await until(pilot, lambda: screen_text(pilot.app) == before)


BROKEN = {  # collector: panes that hang on it, as key of the screen and id; a pane that does not, and what it shows
    "links": ([("1", "interfaces"), ("2", "all-interfaces")], "tcp", "ESTABLISHED"),
    "counters": ([("1", "interfaces")], "tcp", "ESTABLISHED"),
    "addresses": ([("1", "interfaces")], "tcp", "ESTABLISHED"),
    "tcp": ([("1", "tcp")], "routes", "default"),
    "routes": ([("1", "routes"), ("3", "all-routes")], "interfaces", "eth0"),
    "neighbours": ([("3", "neighbours")], "rules", "table main"),
    "rules": ([("3", "rules")], "neighbours", "REACHABLE"),
    "resolvers": ([("1", "dns"), ("5", "resolvers")], "routes", "default"),
}


@pytest.mark.parametrize("collector", BROKEN)
async def test_what_cannot_be_read_is_said_in_its_own_pane(collector: str) -> None:
    panes, other, content = BROKEN[collector]
    error = CollectorError(collector=collector, message="it is forbidden", remedy="Ask root for it.")
    broken = replace(web_03(1), errors=(error,), **{collector: None})
    async with staged(broken) as (pilot, stage):
        app = pilot.app
        for key, id in panes:
            await press(pilot, key)
            text = flat(pane_text(app, id))
            assert "it is forbidden" in text, id
            if not app.main.query_one(f"#{id}").table.shown:
                assert "it is forbidden. Ask root for it." in text, id
        if other in DASHBOARD:
            await press(pilot, "1")
        assert content in pane_text(app, other)
        stage.show(replace(web_03(2), errors=()))
        await settled(pilot)
        assert "forbidden" not in screen_text(app), "and it goes when it is over"


async def test_an_error_too_long_for_the_frame_is_wrapped_in_the_pane() -> None:
    error = CollectorError(collector="tcp", message="no " * 40 + "way", remedy="Run it as root.")
    async with staged(replace(web_03(1), errors=(error,), tcp=None), size=(80, 24)) as (pilot, _stage):
        await press(pilot, "tab")
        assert "way. Run it as root." in flat(pane_text(pilot.app, "tcp"))


@pytest.mark.parametrize("early", [True, False])
async def test_a_source_that_fails_is_told_and_the_screen_stays(early: bool) -> None:
    stage = Stage() if early else Stage(*trouble())
    if early:
        stage.fail(RuntimeError("[/] broken \x1b[31m"))
    async with staged(stage=stage) as (pilot, stage):
        app = pilot.app
        if not early:
            stage.fail(RuntimeError("[/] broken \x1b[31m"))
            await settled(pilot)
        assert screen_lines(app)[0].endswith("✖ reading has stopped")
        assert said(app) == [
            "Reading has ended by a fault of its own (RuntimeError: [/] broken \\x1b[31m)."
            " What is shown grows old: start nettui again."
        ]
        if not early:
            assert "CLOSE_WAIT" in pane_text(app, "tcp")
        await press(pilot, "3", "2", "1")
        assert app.view.NAME == "Dashboard", "keys work as before"
        assert screen_lines(app)[0].endswith("✖ reading has stopped")


async def test_every_theme_in_turn() -> None:
    """All eight by their key, and the first again; each draws the same text, in colours of its own."""
    async with staged() as (pilot, _stage):
        app = pilot.app
        before, seen = (app.theme, app.export_screenshot()), set()
        plain = screen_lines(app)[:-8]
        for _ in range(8):
            await press(pilot, "t")
            app.clear_notifications()
            await settled(pilot)
            seen.add(app.theme)
            assert screen_lines(app)[:-8] == plain
        assert len(seen) == 8
        assert (app.theme, app.export_screenshot()) == before
