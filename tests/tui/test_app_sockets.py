"""The Sockets screen: what its keys do, and that what it shows follows the sockets, on a recording and on a system
that says what the test wants."""

import asyncio
import csv
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from nettui.model.process import Owner
from nettui.model.socket import Socket, Transport
from nettui.model.tcp_info import TcpInfo
from nettui.model.text import clean
from nettui.reports.sockets_fields import FIELDS
from nettui.reports.tables.socket_groups import GroupKey, MoreKey
from nettui.tui.host_names import HostNames
from tests.engine.test_socket_watch import System, tcp
from tests.recordings.make import web_03
from tests.replayed import replay_app, settled
from tests.tui.app_support import (
    Stage,
    answered,
    flat,
    pane_text,
    press,
    running,
    said,
    screen_lines,
    screen_text,
    staged,
    styles,
    typed,
    until,
)

RECORDED = "web-03.jsonl.gz"


class Host(System):
    """Reads as often as it is asked to, and as fast."""

    def __init__(self, *sockets: Socket) -> None:
        super().__init__(*sockets)
        self.destroyed: list[Socket] = []
        self.ends.put_nowait(OSError(1, "not this user"))

    async def destroy(self, socket: Socket) -> None:
        self.destroyed.append(socket)
        await super().destroy(socket)


def keys(app: Any) -> list[object]:
    """Of the rows, from the first to the last."""
    return list(app.view.panes[0].table._view.keys)


def table(app: Any) -> Any:
    return app.view.panes[0].table


def rows(app: Any) -> list[str]:
    """What is in the table on the screen."""
    return [line[1:-1] for line in pane_text(app, "sockets").splitlines()[2:-1] if line[1:-1].strip()]


def note(app: Any) -> str:
    return pane_text(app, "sockets").splitlines()[-1].strip("╰─╯ ")


@asynccontextmanager
async def watching(
    *sockets: Socket, size: tuple[int, int] = (120, 30), owners: dict[int, tuple[Owner, ...]] | None = None,
    **settings: Any,
) -> AsyncIterator[Any]:
    """The pilot of an app on its Sockets screen, and the system whose they are; `owners` by inode."""
    stage, host = Stage(web_03(1)), Host(*sockets)
    host.holders = owners or {}
    stage.backend, stage.interval = host, 0.02
    async with staged(stage=stage, size=size, **settings) as (pilot, _):
        await pilot.press("4")
        await until(pilot, lambda: pilot.app.sockets.frame is not None or pilot.app.sockets.error != "")
        yield pilot, host


@asynccontextmanager
async def replayed(seconds: float = 170, size: tuple[int, int] = (120, 40), **more: Any) -> AsyncIterator[Any]:
    """The pilot of an app on the Sockets screen of the recording."""
    async with running(replay_app(RECORDED, seconds, **more), size) as pilot:
        await pilot.press("4")
        await until(pilot, lambda: pilot.app.sockets.frame is not None)
        yield pilot


async def filtered(pilot: Any, text: str) -> None:
    """Type a filter, keep it, and wait for what it shows."""
    await press(pilot, "slash")
    await typed(pilot, text)
    await press(pilot, "enter")
    await answered(pilot)


# Reading


async def test_it_reads_while_it_is_shown_and_only_then() -> None:
    async with watching(tcp(1)) as (pilot, host):
        app = pilot.app
        await until(pilot, lambda: len(host.asked) > 2)
        await press(pilot, "1")
        await until(pilot, lambda: app.sockets._task is None)
        asked = len(host.asked)
        await asyncio.sleep(0.1)
        assert len(host.asked) == asked
        host.sockets = [tcp(2)]
        await press(pilot, "4")
        await until(pilot, lambda: keys(app) == [2])
        assert len(host.asked) > asked
    asked = len(host.asked)
    await asyncio.sleep(0.05)
    assert len(host.asked) == asked, "with the app it ends too"


async def test_what_is_shown_is_looked_at_closely_and_nothing_else() -> None:
    async with watching(*[tcp(number) for number in range(1, 400)]) as (pilot, host):
        app = pilot.app
        page = table(app)._view.page
        await until(pilot, lambda: "1.0 ms" in rows(app)[0])
        assert {key for looked in host.looked_at for key in looked} == set(range(1, page + 1))
        await press(pilot, "G")
        await until(pilot, lambda: 399 in host.looked_at[-1] and 1 not in host.looked_at[-1])


async def test_an_error_is_told_in_the_pane_and_goes_when_it_is_over() -> None:
    async with watching(tcp(1)) as (pilot, host):
        app = pilot.app
        host.failure = OSError(1, "Operation not permitted")
        await until(pilot, lambda: "▲ Operation not permitted" in note(app))
        assert rows(app), "what was read before stays"
        host.failure = None
        await until(pilot, lambda: note(app) == "1")


async def test_a_recording_without_sockets_says_so_and_no_key_breaks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(replay_app("build-7.jsonl", 60), (100, 30)) as pilot:
        app = pilot.app
        await press(pilot, "4")
        await until(pilot, lambda: "no sockets were recorded at this moment" in screen_text(app))
        for key in ("b", "p", "w", "u", "o", "P", "K", "X", "Y", "m", "c", "s", "S", "enter", "y", "e"):
            await pilot.press(key)
            await settled(pilot)
            assert app.view.NAME == "Sockets" and type(app.screen).__name__ == "MainScreen"
            assert "no sockets were recorded" in screen_text(app), key
        await until(pilot, lambda: said(app)[-1].startswith("Not exported: no sockets were recorded"))
        assert not list(tmp_path.iterdir())


async def test_a_recording_that_is_wound_shows_the_sockets_of_that_moment() -> None:
    async with replayed(165) as pilot:
        app = pilot.app
        await filtered(pilot, "state:close-wait")
        assert len(keys(app)) == 368
        await press(pilot, "full_stop")
        await until(pilot, lambda: len(keys(app)) == 370)
        await press(pilot, "left_square_bracket")
        await until(pilot, lambda: len(keys(app)) == 338)


# The cursor


async def test_the_cursor_stays_with_its_socket_and_rows_stay_while_it_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nettui.tui.panes.sockets.HOLD", 0.4)
    async with watching(tcp(1, port=10), tcp(2, port=20), tcp(3, port=30)) as (pilot, host):
        app = pilot.app
        await press(pilot, "s", "s", "s")
        assert table(app).sort_key == "local"
        await answered(pilot)
        assert keys(app) == [1, 2, 3]
        await pilot.press("down")
        assert table(app).cursor_key == 2
        host.sockets = [tcp(3, port=5), tcp(1, port=10), tcp(2, port=1), tcp(4, port=2)]
        reads = len(host.asked)
        await until(pilot, lambda: len(host.asked) > reads + 2)
        assert keys(app) == [1, 2, 3], "nothing moves, and nothing comes, under a moving cursor"
        await until(pilot, lambda: keys(app) == [2, 4, 3, 1])
        assert table(app).cursor_key == 2 and table(app)._view.at == 0
        await press(pilot, "S")
        await until(pilot, lambda: keys(app) == [1, 3, 4, 2])
        assert table(app).cursor_key == 2 and table(app)._view.at == 3


async def test_groups_stay_in_their_places_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nettui.tui.panes.sockets.HOLD", 0.4)
    ten, thirty = [tcp(number, port=10) for number in (1, 2, 3)], [tcp(number, port=30) for number in (4, 5)]
    async with watching(*ten, *thirty) as (pilot, host):
        app = pilot.app
        await press(pilot, "p")
        await until(pilot, lambda: keys(app) == [GroupKey(10), GroupKey(30)])
        await pilot.press("down")
        host.sockets = [ten[0], *thirty]
        await until(pilot, lambda: rows(app)[0].split()[2] == "1")
        assert keys(app) == [GroupKey(10), GroupKey(30)]
        await until(pilot, lambda: keys(app) == [GroupKey(30), GroupKey(10)])
        assert table(app).cursor_key == GroupKey(30)


async def test_what_comes_and_what_goes_is_marked() -> None:
    async with watching(tcp(1), tcp(2), tcp(3)) as (pilot, host):
        app = pilot.app
        host.sockets = [tcp(1), tcp(3), tcp(4)]
        await until(pilot, lambda: len(rows(app)) == 4)
        assert [row[0] for row in rows(app)] == ["▌", "-", " ", "+"]
        assert "40002" in rows(app)[1] and "40004" in rows(app)[3]
        await until(pilot, lambda: [row[0] for row in rows(app)] == ["▌", " ", " "])


async def test_what_closed_is_listed_with_what_is_known_of_it() -> None:
    async with watching(tcp(1), tcp(2)) as (pilot, host):
        app = pilot.app
        await press(pilot, "c")
        assert "none since this screen was opened" in pane_text(app, "closed")
        assert "not this user" in pane_text(app, "closed").splitlines()[-1]
        host.sockets = [tcp(2)]
        await until(pilot, lambda: "10.0.3.17:40001" in pane_text(app, "closed"))
        await press(pilot, "enter")
        assert "10.0.3.17:40001, closed" in screen_text(app)
        await press(pilot, "escape", "c")
        assert app.view.current.id == "socket" and not app.view.query_one("#closed").display


# Filter


async def test_a_filter_is_in_force_as_it_is_typed_and_a_wrong_one_keeps_the_last() -> None:
    sockets = [tcp(1, "CLOSE_WAIT"), tcp(2), tcp(3, "CLOSE_WAIT", port=9000)]
    async with watching(*sockets) as (pilot, host):
        app = pilot.app
        await press(pilot, "slash")
        await typed(pilot, "state:close-wait")
        await until(pilot, lambda: sorted(map(str, keys(app))) == ["1", "3"])
        assert host.asked[-1].wanted is not None, "the system is asked for no more than that"
        await typed(pilot, " and port:x")
        assert "^" in screen_text(app) and sorted(map(str, keys(app))) == ["1", "3"]
        assert "/ state:close-wait " in screen_lines(app)[1]
        await pilot.press("backspace")
        await typed(pilot, "9000")
        await until(pilot, lambda: keys(app) == [3])
        await press(pilot, "enter")
        assert not app.query("SocketFilterLine") and app.screen.focused is table(app)
        assert note(app).startswith("1 of ")
        await press(pilot, "slash", "escape")
        await until(pilot, lambda: len(keys(app)) == 3)
        assert screen_lines(app)[1].startswith("╭─ Sockets ──")


async def test_a_saved_filter_is_there_by_its_name() -> None:
    async with watching(tcp(1, "CLOSE_WAIT"), tcp(2), filters={"leak": "state:close-wait"}) as (pilot, _):
        await filtered(pilot, "@leak")
        assert keys(pilot.app) == [1]


async def test_the_kinds_go_round() -> None:
    async with replayed() as pilot:
        app = pilot.app
        await press(pilot, "u")
        await answered(pilot)
        assert app.sockets.query.transports == {Transport.TCP} and said(app)[-1] == "Showing tcp."
        assert len(keys(app)) == 490 and screen_lines(app)[1].startswith("╭─ Sockets  tcp ─")
        await press(pilot, "u")
        await answered(pilot)
        assert len(keys(app)) == 8


# Groups


async def test_who_holds_the_close_waits_is_two_keys() -> None:
    async with replayed(size=(100, 30)) as pilot:
        app = pilot.app
        await press(pilot, "w")
        await until(pilot, lambda: keys(app) == [GroupKey(4711)])
        assert rows(app)[0].split() == ["▌▸", "java[4711]", "378", "378", "0", "0", "0", "0", "0", "0"]
        assert screen_lines(app)[1].startswith("╭─ Sockets  by process  / state:close-wait ─")
        assert note(app) == "378 of 18,112, 1 group, the recording holds 498"
        assert "35 to 10.0.3.17" in pane_text(app, "socket")
        await press(pilot, "b", "slash", "escape")
        await until(pilot, lambda: any(row.split()[:2] == ["▸", "redis"] for row in rows(app)))
        assert app.sockets.query.group == "user"


async def test_the_states_of_a_port_are_two_keys_and_a_group_opens_in_place() -> None:
    async with replayed(size=(100, 30)) as pilot:
        app = pilot.app
        await press(pilot, "p")
        await until(pilot, lambda: keys(app)[:2] == [GroupKey(8080), GroupKey(443)])
        assert rows(app)[0].split()[:8] == ["▌▸", "8080", "http-alt", "379", "378", "0", "0", "1"]
        await press(pilot, "enter")
        assert keys(app)[201] == MoreKey(8080) and keys(app)[202] == GroupKey(443)
        assert rows(app)[1].split()[:2] == ["LISTEN", "*:http-alt"]
        await press(pilot, "down", "down", "enter")
        assert "tcp 192.0.2.10:http-alt ─ 10.0.3.17:38000" in screen_text(app), "a socket below it opens in full"
        await press(pilot, "escape")
        table(app).cursor_key = MoreKey(8080)
        await press(pilot, "enter")
        assert keys(app)[380] == GroupKey(443)
        table(app).cursor_key = GroupKey(8080)
        await press(pilot, "enter")
        assert keys(app)[:2] == [GroupKey(8080), GroupKey(443)]
        await press(pilot, "p")
        await until(pilot, lambda: len(keys(app)) == 498)


async def test_groups_are_sorted_by_any_column() -> None:
    sockets = [*[tcp(n, port=10) for n in range(3)], tcp(10, "CLOSE_WAIT", port=20), tcp(11, "LISTEN", port=5)]
    async with watching(*sockets) as (pilot, _):
        app = pilot.app
        await press(pilot, "p")
        await until(pilot, lambda: keys(app) == [GroupKey(10), GroupKey(5), GroupKey(20)])
        await press(pilot, "s")
        assert keys(app) == [GroupKey(5), GroupKey(10), GroupKey(20)] and "by GROUP" in note(app)
        await press(pilot, "S")
        assert keys(app) == [GroupKey(20), GroupKey(10), GroupKey(5)]
        await press(pilot, "s", "s")
        assert keys(app)[0] == GroupKey(20) and "by CLOSE_W" in note(app)
        await press(pilot, "p")
        await until(pilot, lambda: len(keys(app)) == 5)
        assert table(app).sort_key is None, "another table, another order"


async def test_of_very_many_groups_the_last_row_counts_the_rest_and_opens_nothing() -> None:
    async with watching(*[tcp(n, port=n) for n in range(1, 1_301)]) as (pilot, _):
        app = pilot.app
        await press(pilot, "p")
        await until(pilot, lambda: len(keys(app)) == 1_001)
        await press(pilot, "G")
        assert "... 300 more groups: narrow them with a filter" in rows(app)[-1]
        await press(pilot, "enter", "K", "o")
        assert len(keys(app)) == 1_001 and type(app.screen).__name__ == "MainScreen"
        assert said(app)[-3:] == [
            "There is nothing to open here.", "There is no socket under the cursor.",
            "There is no socket under the cursor.",
        ]


# What can be done


async def test_its_owner_and_its_process() -> None:
    java = (Owner(pid=7, name="java"),)
    async with watching(tcp(1), tcp(2), tcp(3), owners={1001: java, 1003: java}) as (pilot, _):
        app = pilot.app
        await until(pilot, lambda: "java[7]" in rows(app)[0])
        await press(pilot, "P")
        await until(pilot, lambda: "of user root" in screen_text(app))
        assert "2 ESTABLISHED" in screen_text(app)
        await press(pilot, "escape", "down", "o")
        assert said(app)[-1] == "No program has it open."
        await press(pilot, "g", "o")
        await until(pilot, lambda: keys(app) == [1, 3])
        assert "/ pid:7 " in screen_lines(app)[1]


async def test_closing_one_and_all_that_are_shown() -> None:
    async with watching(tcp(1), tcp(2, "CLOSE_WAIT"), tcp(3, "CLOSE_WAIT"), tcp(4)) as (pilot, host):
        app = pilot.app
        await press(pilot, "X")
        assert "type a filter first" in said(app)[-1]
        await press(pilot, "K")
        assert "Close 1 socket?" in screen_text(app) and not host.destroyed
        await press(pilot, "y")
        await until(pilot, lambda: "Closed 1 of 1 socket" in screen_text(app))
        await press(pilot, "escape")
        await filtered(pilot, "state:close-wait")
        await until(pilot, lambda: keys(app) == [2, 3])
        await press(pilot, "X")
        await until(pilot, lambda: "Close 2 sockets?" in screen_text(app))
        await typed(pilot, "2")
        await press(pilot, "enter")
        await until(pilot, lambda: "Closed 2 of 2 sockets" in screen_text(app))
        assert [socket.key for socket in host.destroyed] == [1, 2, 3]


async def test_what_passes_only_because_it_is_not_known_is_not_closed() -> None:
    sshd = (Owner(pid=5, name="sshd"),)
    owners = {1001: sshd, 1002: (Owner(pid=7, name="java"),)}  # of 3 it is not known
    async with watching(tcp(1), tcp(2), tcp(3), owners=owners) as (pilot, host):
        await filtered(pilot, "-process:sshd")
        await until(pilot, lambda: keys(pilot.app) == [2, 3])
        await press(pilot, "X")
        await until(pilot, lambda: "Close 1 socket?" in screen_text(pilot.app))
        assert "1 are left out" in said(pilot.app)[-1]
        await press(pilot, "escape")
        host.failure = OSError(1, "not now")
        await filtered(pilot, "port:8080")
        await until(pilot, lambda: pilot.app.sockets.error != "")
        await press(pilot, "X")
        assert said(pilot.app)[-1] == "What is shown is not yet the answer to this filter: nothing is closed."


async def test_a_group_is_closed_as_a_whole() -> None:
    async with watching(tcp(1, port=5), tcp(2, port=5), tcp(3, port=6)) as (pilot, _):
        await press(pilot, "p")
        await until(pilot, lambda: keys(pilot.app)[0] == GroupKey(5))
        await press(pilot, "K")
        await until(pilot, lambda: "Close 2 sockets?" in screen_text(pilot.app))


async def test_where_nothing_may_be_changed_there_are_no_keys_that_do() -> None:
    async with watching(tcp(1), read_only=True) as (pilot, host):
        app = pilot.app
        await press(pilot, "K", "X", "y")
        assert type(app.screen).__name__ == "MainScreen" and not host.destroyed
        assert not {"K", "X"} & set(app.screen.active_bindings) or not any(
            app.screen.active_bindings[key].enabled for key in {"K", "X"} & set(app.screen.active_bindings)
        )
        await press(pilot, "question_mark")
        await press(pilot, "G")
        assert "close it" not in screen_text(app)


async def test_the_same_question_for_ss_is_copied() -> None:
    async with replayed() as pilot:
        app = pilot.app
        await filtered(pilot, "state:close-wait and sport:8080")
        await press(pilot, "Y")
        assert app.clipboard.startswith("ss -") and "close-wait" in app.clipboard and "8080" in app.clipboard
        assert app.clipboard in said(app)[-1]
        await press(pilot, "y")
        assert app.clipboard.split()[:2] == ["CLOSE_WAIT", "tcp"]


async def test_the_map_of_services() -> None:
    async with replayed() as pilot:
        await press(pilot, "m")
        await until(pilot, lambda: "Services of this host" in screen_text(pilot.app))
        text = screen_text(pilot.app)
        assert text.index("nginx[812]") < text.index("→ gunicorn[1203]") < text.index("→ postgres[954]")


async def test_names_of_hosts_are_shown_once_they_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    monkeypatch.setattr(HostNames, "ask", lambda self, addresses, config: asked.update(addresses))
    monkeypatch.setattr(HostNames, "name", lambda self, address: "client.example" if address in asked else None)
    async with watching(tcp(1)) as (pilot, _):
        app = pilot.app
        assert "192.0.2.2:http-alt" in rows(app)[0] and not asked
        await press(pilot, "n")
        await until(pilot, lambda: "client.example:40001" in rows(app)[0])
        assert asked == {"10.0.3.17"}
        await press(pilot, "n")
        assert "192.0.2.2:8080" in rows(app)[0] and "10.0.3.17:40001" in rows(app)[0]


# Pause and export


async def test_paused_it_stands_and_then_shows_what_has_come() -> None:
    async with watching(tcp(1), tcp(2)) as (pilot, host):
        app = pilot.app
        await press(pilot, "space")
        before = rows(app)
        host.sockets = [tcp(1), tcp(2), tcp(3)]
        reads = len(host.asked)
        await until(pilot, lambda: len(host.asked) > reads + 2)
        assert rows(app) == before and keys(app) == [1, 2]
        await press(pilot, "space")
        await until(pilot, lambda: keys(app) == [1, 2, 3])


async def exported(pilot: Any, folder: Path) -> list[dict[str, str]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        await press(pilot, "e")
        await until(pilot, lambda: any(message.startswith("Exported to") for message in said(pilot.app)))
    [path] = folder.iterdir()
    assert path.suffix == ".csv" and path.name.startswith("nettui-sockets-")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


async def test_all_sockets_that_are_shown_are_exported_with_all_that_is_known(tmp_path: Path) -> None:
    async with replayed() as pilot:
        await filtered(pilot, "state:close-wait or process:restic")
        lines = await exported(pilot, tmp_path)
    assert len(lines) == 379 and list(lines[0]) == list(FIELDS)
    [backup] = [line for line in lines if line["process"] == "restic"]
    assert (backup["pid"], backup["rtt"], backup["retrans"], backup["unit"], backup["peer"], backup["user"]) == (
        "6120", "0.081", "96", "backup.service", "198.51.100.9", "root",
    )  # fmt: skip


async def test_groups_are_exported_as_groups(tmp_path: Path) -> None:
    async with replayed() as pilot:
        await press(pilot, "p")
        await answered(pilot)
        lines = await exported(pilot, tmp_path)
    assert (lines[0]["group"], lines[0]["total"], lines[0]["CLOSE_WAIT"]) == ("8080", "379", "378")
    assert sum(int(line["total"]) for line in lines) == 498


async def test_what_is_held_is_exported_as_it_is_held(tmp_path: Path) -> None:
    async with watching(tcp(1), tcp(2)) as (pilot, host):
        await press(pilot, "space")
        host.sockets = []
        reads = len(host.asked)
        await until(pilot, lambda: len(host.asked) > reads + 1)
        assert [line["key"] for line in await exported(pilot, tmp_path)] == ["1", "2"]


async def test_a_disk_that_is_full_leaves_no_half_of_an_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Sequence[bytes]:
        raise OSError(28, "No space left on device")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nettui.tui.screens.sockets.sockets_csv", lambda *_: map(full, [b"x"]))
    async with watching(tcp(1)) as (pilot, _):
        await press(pilot, "e")
        await until(pilot, lambda: "Not exported: No space left on device." in said(pilot.app))
    assert not list(tmp_path.iterdir())


# Detail


async def test_the_detail_beside_follows_the_cursor_and_draws_what_it_has_seen() -> None:
    async with replayed(165, size=(100, 30)) as pilot:
        app = pilot.app
        await filtered(pilot, "process:gunicorn and rtt>0")
        await press(pilot, "down")
        for _ in range(3):
            await press(pilot, "full_stop")
            await answered(pilot)
        await until(pilot, lambda: "Course" in pane_text(app, "socket"))
        text = flat(pane_text(app, "socket"))
        assert "[ ESTABLISHED ]" in text and "user www-data, unit gunicorn.service" in text
        await press(pilot, "enter")
        assert "├[ESTABLISHED]┤" in screen_text(app), "in full there is room for the drawing"


@pytest.mark.parametrize(("size", "drawn"), [((100, 30), False), ((120, 40), False), ((200, 50), True)])
async def test_the_states_are_drawn_where_there_is_room(size: tuple[int, int], drawn: bool) -> None:
    async with replayed(size=size) as pilot:
        await filtered(pilot, "state:close-wait")
        text = pane_text(pilot.app, "socket")
        assert ("closed by the peer first" in text) is drawn
        assert ("ESTABLISHED ─[ CLOSE_WAIT ]─ LAST_ACK" in text) is not drawn


HOSTILE = '[/] [@click=app.bell]x[/] \x1b[31mred\x9b1m \u202eback \u4e16\u754c "\n'


async def test_a_hostile_name_is_drawn_as_text() -> None:
    owner = Owner(pid=7, name=clean(HOSTILE))
    socket = replace(tcp(1), owners=(owner,), info=TcpInfo(rtt=0.001))
    async with watching(socket, size=(200, 50), owners={1001: (owner,)}) as (pilot, _):
        app = pilot.app
        await until(pilot, lambda: "@click" in pane_text(app, "socket"))
        for opened in ([], ["enter"], ["escape", "w", "slash", "escape"]):
            await press(pilot, *opened)
            text = screen_text(app)
            assert "\\x1b[31mred\\x9b1m" in text and not {"\x1b", "\x9b", "\u202e"} & set(text)
            assert all(not (style.meta or {}).get("@click") for style in styles(app))


async def test_the_search_for_owners_of_many_is_asked_for_what_is_shown_only() -> None:
    async with watching(*[tcp(number) for number in range(1, 3_000)]) as (pilot, host):
        await until(pilot, lambda: bool(host.searched))
        assert len(set().union(*host.searched)) <= table(pilot.app)._view.page
