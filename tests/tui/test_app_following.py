"""What is on the screen while the data change under it: the cursor, the filter, the pause, the marks."""

from typing import Any

from msgspec.structs import replace

from nettui.engine.engine import Engine
from nettui.model.snapshot import Snapshot
from nettui.model.tcp import TcpCounts, TcpState
from tests.recordings.make import build_7, web_03
from tests.replayed import settled
from tests.tui.app_support import Stage, pane_text, press, said, screen_lines, screen_text, staged, typed, until


def under_the_cursor(app: Any) -> str:
    """The text of the line that the cursor is on, in the focused pane."""
    table = app.view.current.table
    return str(table.row_text(table.cursor_key))


def struck_through(app: Any) -> str:
    strips = app.screen._compositor.render_strips()
    return " ".join(segment.text for strip in strips for segment in strip if segment.style and segment.style.strike)


async def shown(pilot: Any, stage: Stage, snapshot: Snapshot) -> None:
    stage.show(snapshot)
    await settled(pilot)


async def test_the_cursor_stays_with_a_link_that_is_renamed_and_moved() -> None:
    before = web_03(170)
    links = before.links or ()
    async with staged(before) as (pilot, stage):
        await press(pilot, "2", "j")
        while "wg0" not in under_the_cursor(pilot.app):
            await press(pilot, "j")
        renamed = tuple(replace(link, name="office") if link.name == "wg0" else link for link in links)
        await shown(pilot, stage, replace(before, links=renamed))
        assert "office" in under_the_cursor(pilot.app)
        assert "─ office ─" in pane_text(pilot.app, "interface"), "and so does the detail beside it"
        down = tuple(replace(link, admin_up=False) if link.name == "eth0" else link for link in renamed)
        await shown(pilot, stage, replace(before, links=down, routes=()))
        assert "office" in under_the_cursor(pilot.app), "eth0 went down the list, and the cursor with its own row"


async def test_the_cursor_of_a_deleted_route_goes_to_the_nearest() -> None:
    before = web_03(170)
    async with staged(before) as (pilot, stage):
        await press(pilot, "3", "j", "j")
        assert under_the_cursor(pilot.app).startswith("10.8.0.0/16")
        routes = tuple(route for route in before.routes or () if route.destination != "10.8.0.0")
        await shown(pilot, stage, replace(before, routes=routes))
        assert "10.8.0.0/16" in struck_through(pilot.app), "for a moment it stays, as one that is gone"
        await press(pilot, "enter", "y")
        assert "nothing to open" in said(pilot.app)[0] and "no row to copy" in said(pilot.app)[1]
        await until(pilot, lambda: under_the_cursor(pilot.app) != "")
        assert under_the_cursor(pilot.app).startswith("10.9.0.0/16")
        assert "10.8.0.0/16" not in screen_text(pilot.app)


async def test_a_sorted_table_keeps_the_cursor_on_its_row() -> None:
    before = web_03(170)
    async with staged(web_03(169), before) as (pilot, stage):
        await press(pilot, "tab", "j", "j")
        assert under_the_cursor(pilot.app).startswith("ESTABLISHED")
        await press(pilot, "s", "s")
        counts = {TcpState.LISTEN: 90_000, TcpState.ESTABLISHED: 3, TcpState.TIME_WAIT: 12_000}
        tcp = TcpCounts.of(counts, "sock_diag+proc")
        await shown(pilot, stage, replace(before, taken_at=before.taken_at + 1, tcp_at=before.taken_at + 1, tcp=tcp))
        assert under_the_cursor(pilot.app).startswith("ESTABLISHED  3")


async def test_a_pause_holds_the_display_while_collection_goes_on() -> None:
    async with staged(web_03(100), web_03(101)) as (pilot, stage):
        app, engine = pilot.app, pilot.app.engine
        assert isinstance(engine, Engine)
        await press(pilot, "space")
        held = screen_text(app)
        assert "paused" in held
        await shown(pilot, stage, build_7(20))
        assert engine.frame is not None
        assert engine.frame.snapshot.host == "build-7", "it is read"
        assert screen_text(app) == held, "and not shown"
        await press(pilot, "2")
        assert "eth0" in pane_text(app, "all-interfaces"), "on the other screens neither"
        assert " web-03 " in screen_lines(app)[0]
        await press(pilot, "1", "space")
        assert " build-7 " in screen_lines(app)[0]
        assert "en0" in pane_text(app, "interfaces")
        assert "paused" not in screen_text(app)


async def test_a_filter_narrows_stays_and_is_lifted_by_escape() -> None:
    async with staged() as (pilot, _stage):
        app = pilot.app
        await press(pilot, "3")
        everything = pane_text(app, "all-routes")
        await press(pilot, "slash")
        await typed(pilot, "WG0")
        assert "10.8.0.0/16" in pane_text(app, "all-routes"), "while it is typed, in any case"
        assert "192.0.2.0/24" not in pane_text(app, "all-routes")
        await press(pilot, "enter")
        assert "filter: WG0" in pane_text(app, "all-routes").splitlines()[-1]
        await press(pilot, "slash")
        await typed(pilot, " nowhere")
        assert "Nothing matches WG0 nowhere" in pane_text(app, "all-routes")
        await press(pilot, "escape")
        assert pane_text(app, "all-routes") == everything


async def test_what_is_not_measured_is_two_dashes_and_never_zero() -> None:
    nothing = Snapshot(taken_at=1_790_000_000.0, host="bare")
    async with staged(nothing) as (pilot, stage):
        top = screen_lines(pilot.app)[0]
        assert "routes --" in top and "TCP --" in top
        assert "no findings" not in top, "nobody has looked yet"
        links = web_03(1).links
        await shown(pilot, stage, replace(nothing, links=links, addresses=()))
        line = next(line for line in pane_text(pilot.app, "interfaces").splitlines() if "eth0" in line)
        assert line.split()[-3:-1] == ["--", "--"]
        await press(pilot, "2")
        text = pane_text(pilot.app, "all-interfaces") + pane_text(pilot.app, "interface")
        assert not {"0", "0.0"} & set(text.split())
        assert text.count("--") >= 6


async def test_before_any_data_every_screen_says_so() -> None:
    async with staged(stage=Stage()) as (pilot, stage):
        app = pilot.app
        assert "reading ..." in screen_lines(app)[0]
        first = {"1": "tcp", "2": "all-interfaces", "3": "rules", "5": "resolvers", "7": "all-findings"}
        for key, pane in first.items():
            await press(pilot, key)
            assert "reading ..." in pane_text(app, pane)
        await press(pilot, "5")
        assert "nothing asked yet" in pane_text(app, "asked")
        await press(pilot, "1", "space")
        assert "nothing to hold" in screen_text(app)
        await press(pilot, "e")
        assert "nothing to export" in said(app)[-1]
        stage.show(web_03(5))
        await settled(pilot)
        assert "eth0" in pane_text(app, "interfaces") and "web-03" in screen_lines(app)[0]
