"""Windows and what leaves the program: detail, ports, which way, palette, export, copy."""

from pathlib import Path

import pytest

from nettui.engine.source import Unavailable
from nettui.model.route import Route
from nettui.model.tcp import PortCounts, TcpCounts, TcpState
from nettui.tui import export
from tests.replayed import settled
from tests.tui.app_support import flat, pane_text, press, said, screen_lines, screen_text, staged, typed, until


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40), (200, 50)])
async def test_a_detail_is_shown_whole(size: tuple[int, int]) -> None:
    """Wrapped, never cut: every word of a finding can be scrolled to; a chart goes on in the next line."""
    async with staged(size=size) as (pilot, _stage):
        app = pilot.app
        await press(pilot, "7", "enter")
        sheet = app.screen
        words = sheet.text().split("\n", 1)[1].split()
        wanted, seen = [word for word in words if not set(word) <= set(app.glyphs.sparks)], []
        for _ in range(200):
            seen += flat(sheet.table.visible_text()).split()
            if set(wanted) <= set(seen):
                break
            await press(pilot, "pagedown")
        assert not set(wanted) - set(seen)
        assert "…" not in "".join(seen)
        await press(pilot, "y")
        assert app.clipboard == sheet.text()
        await press(pilot, "escape")
        assert app.screen is app.main


async def test_the_help_of_a_pane_tells_of_the_pane() -> None:
    async with staged() as (pilot, _stage):
        await press(pilot, "tab", "question_mark")
        text = flat(screen_text(pilot.app))
        assert "TCP states TCP sockets by state" in text
        assert "by port" in text
        assert "Copy selected text" not in text, "a key of Textual's, of no use here"


async def test_ports() -> None:
    ports = (
        PortCounts(port=8080, counts=TcpCounts.of({TcpState.CLOSE_WAIT: 4006, TcpState.LISTEN: 1}, "test").counts),
        PortCounts(port=22, service="ssh", counts=TcpCounts.of({TcpState.LISTEN: 2}, "test").counts),
    )
    async with staged() as (pilot, stage):
        app, stage.ports = pilot.app, ports
        await press(pilot, "tab", "p")
        assert "TCP states by local port" in screen_text(app)
        (line,) = (line for line in screen_lines(app) if " 8080 " in line)
        assert "4,007" in line and "4,006" in line
        assert "ssh" in screen_text(app)
        await press(pilot, "escape", "n", "p")
        assert " ssh " not in screen_text(app), "numbers only"
        await press(pilot, "escape")
        stage.ports = ()
        await press(pilot, "p")
        assert "no TCP sockets" in screen_text(app)
        await press(pilot, "escape")
        stage.ports = Unavailable("permission [/] denied")
        await press(pilot, "p")
        assert app.screen is app.main
        assert said(app)[-1] == "No counts by port: permission [/] denied."


async def test_which_way() -> None:
    way = Route(family="inet", table=254, destination="203.0.113.9", prefixlen=32, gateway="192.0.2.1", ifindex=2)
    async with staged() as (pilot, stage):
        app, stage.way = pilot.app, way
        await press(pilot, "3", "w")
        await typed(pilot, " 203.0.113.9 ")
        await press(pilot, "enter")
        assert stage.asked == ["203.0.113.9"]
        text = flat(screen_text(app))
        assert "The way to 203.0.113.9" in text and "192.0.2.1 dev eth0" in text
        await press(pilot, "escape", "w", "enter")
        await press(pilot, "w", "escape")
        assert app.screen is app.main
        assert len(stage.asked) == 1, "nothing typed, nothing asked"
        stage.way = Unavailable("it is not an address")
        await press(pilot, "w")
        await typed(pilot, "[/]\x1b[31m" + "x" * 900)
        await press(pilot, "enter")
        assert said(app)[-1].startswith("No way to [/]") and said(app)[-1].endswith("…: it is not an address.")


async def test_the_palette_lists_the_actions_and_runs_them() -> None:
    async with staged() as (pilot, _stage):
        app = pilot.app
        for opening in ("colon", "ctrl+p"):
            await press(pilot, "1", opening)
            await typed(pilot, "which")
            assert "which way" not in screen_text(app).lower(), "a key of another screen"
            await press(pilot, "escape")
            assert app.screen is app.main
        await press(pilot, "colon")
        await typed(pilot, "screen routes")
        await until(pilot, lambda: "Screen routes" in screen_text(app))
        await press(pilot, "enter")
        await until(pilot, lambda: app.view.NAME == "Routes")
        await press(pilot, "colon")
        await typed(pilot, "which way")
        await until(pilot, lambda: "Which way to" in screen_text(app))
        await press(pilot, "enter")
        await until(pilot, lambda: type(app.screen).__name__ == "Prompt")


async def test_export(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(export.time, "strftime", lambda form: "20260921-141610")
    async with staged() as (pilot, _stage):
        app = pilot.app
        await press(pilot, "3", "e")
        assert said(app)[-1] == "Exported to nettui-routes-20260921-141610.txt in the current folder."
        written = (tmp_path / "nettui-routes-20260921-141610.txt").read_text()
        assert "web-03" in written.splitlines()[0]
        for word in ("Routes", "Neighbours", "Rules", "198.51.100.0/24", "REACHABLE", "fwmark 0x51"):
            assert word in written
        await press(pilot, "e")
        assert (tmp_path / "nettui-routes-20260921-141610-1.txt").read_text() == written, "another file, not over it"
        assert len(list(tmp_path.iterdir())) == 2
        for number in range(2, 100):
            (tmp_path / f"nettui-routes-20260921-141610-{number}.txt").write_text("mine")
        await press(pilot, "e")
        assert said(app)[-1].startswith("Not exported: ") and "there already" in said(app)[-1]
        assert (tmp_path / "nettui-routes-20260921-141610-99.txt").read_text() == "mine"


async def test_an_export_that_cannot_be_written_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with staged() as (pilot, _stage):
        monkeypatch.chdir("/proc")  # nobody can write there, root neither
        await press(pilot, "e")
        assert said(pilot.app)[-1] == "Not exported: No such file or directory."
        gone = tmp_path / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        gone.rmdir()
        await press(pilot, "e")
        assert said(pilot.app)[-1] == "Not exported: No such file or directory."


async def test_copy_gives_the_terminal_the_row_as_text() -> None:
    async with staged() as (pilot, _stage):
        await press(pilot, "3", "j", "j", "y")
        assert pilot.app.clipboard.startswith("10.8.0.0/16  on link  wg0")
        assert "OSC 52" in said(pilot.app)[-1]
        await settled(pilot)
        assert "Copied the row" in screen_text(pilot.app), "the message is on the screen"


async def test_names_or_numbers() -> None:
    async with staged() as (pilot, _stage):
        await press(pilot, "3")
        assert " main " in pane_text(pilot.app, "all-routes")
        await press(pilot, "n")
        assert " main " not in pane_text(pilot.app, "all-routes")
        assert " 254 " in pane_text(pilot.app, "all-routes")
