"""The live table: what it shows, how its cursor stays with a row, what its keys and the mouse do."""

from collections.abc import Hashable, Sequence

import pytest
from textual import events

from nettui.reports.table import Cell, Column, ListRows
from nettui.tui.widgets.live_table import LiveTable
from tests.tui.table_support import COLUMNS, Clock, FakePalette, numbered, rows, running, screen_of


def names(app_lines: Sequence[str]) -> list[str]:
    """First words of the lines below the header, without the marks; `>` kept before the cursor's."""
    return [(">" if line[0] == ">" else "") + line[1:].split("  ")[0].strip() for line in app_lines[1:] if line]


# The cursor


async def test_cursor_is_on_the_first_row_until_it_is_moved() -> None:
    table = LiveTable(COLUMNS)
    async with running(table) as (app, pilot):
        table.show(rows(numbered(3)))
        assert table.cursor_key == 0
        table.show(rows({7: ("first now", "", 0), **numbered(3)}))
        await pilot.pause()
        assert table.cursor_key == 7
        assert app.told == [("highlighted", 0), ("highlighted", 7)]


async def test_cursor_stays_with_its_row() -> None:
    clock = Clock()
    table = LiveTable(COLUMNS, clock=clock, mark_changes=False)
    async with running(table) as (app, pilot):
        table.show(rows(numbered(5)))
        await pilot.press("down", "j")
        assert table.cursor_key == 2
        clock.now += 3
        table.show(rows({9: ("above", "", 9), **numbered(5)}))
        await pilot.pause()
        assert names(screen_of(app)) == ["above", "row 0", "row 1", ">row 2", "row 3", "row 4"]
        table.sort_by("count", reverse=True)
        await pilot.pause()
        assert names(screen_of(app)) == ["above", "row 4", "row 3", ">row 2", "row 1", "row 0"]
        table.filter_text = "ROW"
        table.show(rows({key: row for key, row in numbered(5).items() if key != 3}))
        await pilot.pause()
        assert names(screen_of(app)) == ["row 4", ">row 2", "row 1", "row 0"]


async def test_cursor_of_a_row_that_vanished_goes_to_the_nearest() -> None:
    clock = Clock()
    table = LiveTable(COLUMNS, clock=clock, mark_changes=False)
    async with running(table) as (app, pilot):
        table.show(rows(numbered(4)))
        await pilot.press("down")
        table.show(rows({0: ("row 0",), 2: ("row 2",), 3: ("row 3",)}))
        assert table.cursor_key == 2
        await pilot.press("G")
        table.show(rows({0: ("row 0",)}))
        assert table.cursor_key == 0
        table.show(rows({}))
        assert table.cursor_key is None
        table.show(rows(numbered(2)))
        await pilot.pause()
        assert app.told[-2:] == [("highlighted", None), ("highlighted", 0)]


async def test_view_follows_the_cursor_when_rows_come_above_it() -> None:
    clock = Clock()
    table = LiveTable(COLUMNS, clock=clock, mark_changes=False)
    async with running(table, (40, 6)) as (app, pilot):
        table.show(rows(numbered(50)))
        table.cursor_key = 20
        await pilot.press("up")
        await pilot.pause()
        before = screen_of(app)
        clock.now += 3
        table.show(rows({f"new {n}": (f"new {n}", "", 0) for n in range(7)} | numbered(50)))
        await pilot.pause()
        assert [line.rstrip() for line in screen_of(app)][1:] == before[1:]
        assert table.scroll_offset.y == 23


async def test_keys_move_and_scroll() -> None:
    table = LiveTable(COLUMNS)
    async with running(table, (40, 6)) as (app, pilot):
        table.show(rows(numbered(100)))
        for key, expected in [
            ("down", 1), ("j", 2), ("k", 1), ("up", 0), ("up", 0), ("pagedown", 5), ("pagedown", 10), ("pageup", 5),
            ("G", 99), ("down", 99), ("home", 0), ("end", 99), ("g", 0),
        ]:  # fmt: skip
            await pilot.press(key)
            assert (key, table.cursor_key) == (key, expected)
            await pilot.pause()
            assert f">row {expected} " in "".join(line + " " for line in screen_of(app))
        await pilot.press("h", "l", "left", "right")
        assert table.cursor_key == 0


async def test_without_a_cursor_keys_scroll() -> None:
    table = LiveTable(COLUMNS, cursor=False)
    async with running(table, (40, 6)) as (app, pilot):
        table.show(rows(numbered(100)))
        await pilot.press("down", "pagedown")
        await pilot.pause()
        assert names(screen_of(app))[0] == "row 6"
        await pilot.press("end", "enter")
        await pilot.pause()
        assert names(screen_of(app))[-1] == "row 99"
        assert app.told == []


async def test_enter_opens_the_row() -> None:
    table = LiveTable(COLUMNS)
    async with running(table) as (app, pilot):
        await pilot.press("enter")
        table.show(rows(numbered(3)))
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.told == [("highlighted", 0), ("highlighted", 1), ("opened", 1)]


async def test_bindings_can_be_moved_to_other_keys() -> None:
    table = LiveTable(COLUMNS)
    async with running(table) as (app, pilot):
        table.show(rows(numbered(3)))
        app.set_keymap({"table.down": "x"})
        await pilot.press("j", "down")
        assert table.cursor_key == 0
        await pilot.press("x")
        assert table.cursor_key == 1
    assert all(binding.id and not binding.show for binding in table._bindings.key_to_bindings["up"])


# The mouse


async def test_mouse_selects_opens_sorts_and_scrolls() -> None:
    table = LiveTable(COLUMNS)
    async with running(table, (40, 6)) as (app, pilot):
        table.show(rows(numbered(100)))
        await pilot.pause()
        await pilot.click(table, offset=(5, 3))
        assert table.cursor_key == 2
        await pilot.double_click(table, offset=(5, 3))
        await pilot.pause()
        assert app.told[-1] == ("opened", 2)
        await pilot._post_mouse_events([events.MouseScrollDown], table, offset=(5, 3))
        await pilot.pause()
        assert names(screen_of(app))[0] != "row 0"
        assert table.cursor_key == 2
        header = screen_of(app)[0]
        await pilot.click(table, offset=(header.index("COUNT"), 0))
        assert (table.sort_key, table.sort_reverse) == ("count", True)
        await pilot.click(table, offset=(header.index("COUNT"), 0))
        assert (table.sort_key, table.sort_reverse) == ("count", False)
        await pilot.mouse_down(table, offset=(39, 5))
        await pilot.pause()
        assert names(screen_of(app))[-1] == "row 99"
        await pilot.hover(table, offset=(39, 1))
        await pilot.pause()
        assert names(screen_of(app))[0] == "row 0"
        await pilot.mouse_up(table, offset=(39, 1))
        await pilot.hover(table, offset=(39, 5))
        await pilot.pause()
        assert names(screen_of(app))[0] == "row 0"


# Sort and filter


async def test_sort_is_chosen_turned_and_shown() -> None:
    table = LiveTable(COLUMNS)
    async with running(table, (41, 8)) as (app, pilot):
        table.show(rows({1: ("b", "UP", 5), 2: ("a", "DOWN", "--"), 3: ("C", "UP", 10_000)}))
        seen = []
        for key in ("s", "S", "s", "s", "S", "s", "S"):
            await pilot.press(key)
            await pilot.pause()
            order = "".join(name.lstrip(">") for name in names(screen_of(app)))
            seen.append((key, table.sort_key, table.sort_reverse, order, screen_of(app)[0].split()))
        assert seen == [
            ("s", "name", False, "abC", ["NAME^", "STATE", "COUNT"]),
            ("S", "name", True, "Cba", ["NAMEv", "STATE", "COUNT"]),
            ("s", "state", False, "abC", ["NAME", "STATE^", "COUNT"]),
            ("s", "count", True, "Cba", ["NAME", "STATE", "COUNTv"]),  # numbers: the largest first, unknown last
            ("S", "count", False, "bCa", ["NAME", "STATE", "COUNT^"]),
            ("s", None, False, "baC", ["NAME", "STATE", "COUNT"]),
            ("S", None, False, "baC", ["NAME", "STATE", "COUNT"]),
        ]


async def test_rows_keep_their_places_while_the_cursor_moves() -> None:
    clock = Clock()
    table = LiveTable(COLUMNS, clock=clock, mark_changes=False)
    table.sort_by("count")
    async with running(table) as (app, pilot):
        table.show(rows({key: (key, "", value) for key, value in {"a": 9, "b": 8, "c": 7}.items()}))
        await pilot.press("down")
        clock.now += 1.9
        table.show(rows({key: (key, "", value) for key, value in {"c": 9, "d": 100, "a": 1}.items()}))
        await pilot.pause()
        assert names(screen_of(app)) == ["a", ">c", "d"]
        clock.now += 0.2
        table._look_again()
        await pilot.pause()
        assert names(screen_of(app)) == ["d", ">c", "a"]


async def test_filter_finds_any_cell_in_any_case() -> None:
    table = LiveTable(COLUMNS)
    async with running(table) as (app, pilot):
        table.show(rows({1: ("eth0", "UP", 1), 2: ("wlan0", "down", 22), 3: ("STRASSE", "UP", 3)}))
        found = {"DOWN": ["wlan0"], "22": ["wlan0"], "straße": ["STRASSE"], "0": ["eth0", "wlan0"]}
        for needle, expected in found.items():
            table.filter_text = needle
            await pilot.pause()
            assert [name.lstrip(">") for name in names(screen_of(app))] == expected
            assert (table.shown, table.total) == (len(expected), 3)
        table.filter_text = "[/]nothing"
        await pilot.pause()
        assert screen_of(app)[1].strip() == "Nothing matches [/]nothing"
        table.filter_text = ""
        await pilot.pause()
        assert table.shown == 3


async def test_filter_applies_to_new_rows_while_the_order_is_held() -> None:
    table = LiveTable(COLUMNS, clock=Clock(), mark_changes=False)
    async with running(table) as (app, pilot):
        table.filter_text = "UP"
        table.show(rows({1: ("a", "UP", 1), 2: ("b", "DOWN", 1), 3: ("c", "UP", 1)}))
        await pilot.press("down")
        table.show(rows({4: ("d", "UP", 1), 5: ("e", "DOWN", 1), 1: ("a", "UP", 1), 3: ("c", "UP", 1)}))
        await pilot.pause()
        assert names(screen_of(app)) == ["a", ">c", "d"]


# What comes and goes


async def test_new_and_vanished_rows_are_marked_for_a_moment() -> None:
    clock = Clock()
    table = LiveTable(COLUMNS, clock=clock)
    async with running(table) as (app, pilot):
        table.show(rows(numbered(4)))
        await pilot.pause()
        assert [line[0] for line in screen_of(app)[1:5]] == [">", " ", " ", " "]
        table.show(rows({0: ("row 0",), 9: ("row 9",), 3: ("row 3",)}))
        await pilot.pause()
        assert [line[:6] for line in screen_of(app)[1:6]] == [">row 0", "-row 1", "-row 2", "+row 9", " row 3"]
        struck = [segment for segment in app.screen._compositor.render_strips()[2] if segment.style.strike]
        assert [segment.text for segment in struck] == ["row 1", "UP", "1"]
        assert (table.shown, table.total) == (3, 3)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.told[-1] == ("highlighted", 1)  # what is gone cannot be opened
        clock.now += 2.1
        table._look_again()
        await pilot.pause()
        assert names(screen_of(app)) == ["row 0", ">row 9", "row 3"]
        assert [line[0] for line in screen_of(app)[1:4]] == [" ", ">", " "]


async def test_another_table_altogether_is_not_marked() -> None:
    table = LiveTable(COLUMNS)
    async with running(table) as (app, pilot):
        table.show(rows({"a": ("a",), "b": ("b",)}))
        await pilot.pause()
        table.show(rows({"c": ("c",), "d": ("d",)}))
        await pilot.pause()
        assert [line[:2] for line in screen_of(app)[1:3]] == [">c", " d"]


async def test_marks_end_without_new_rows() -> None:
    table = LiveTable(COLUMNS)
    async with running(table) as (_, pilot):
        table.show(rows(numbered(2)))
        table.show(rows(numbered(3)))
        assert table._timer is not None
        assert table._timer._interval <= 2.0
        table._timer._callback()
        await pilot.pause()


# What is shown


async def test_rows_off_the_screen_are_never_looked_at() -> None:
    asked: list[Hashable] = []

    class Lazy:
        def __init__(self, first: int) -> None:
            self.keys = range(first, first + 100_000)

        def cells(self, key: Hashable) -> Sequence[Cell]:
            asked.append(key)
            return (Cell(f"row {key}"), Cell("UP"), Cell("1"))

    table = LiveTable(COLUMNS)
    async with running(table, (40, 11)) as (_, pilot):
        table.show(Lazy(0))
        await pilot.pause()
        assert set(asked) == set(range(10))
        asked.clear()
        await pilot.press("end")
        await pilot.pause()
        assert set(asked) == set(range(99_990, 100_000))
        asked.clear()
        table.show(Lazy(500))
        await pilot.pause()
        assert len(set(asked)) <= 20
        assert len(asked) <= 60


async def test_what_is_said_in_place_of_rows() -> None:
    table = LiveTable(COLUMNS, empty="This needs root, or CAP_NET_ADMIN.")
    async with running(table, (24, 6)) as (app, pilot):
        assert [line.strip() for line in screen_of(app)] == [
            "NAME        STATE", "This needs root, or", "CAP_NET_ADMIN.", "", "", "",
        ]  # fmt: skip
        table.empty = "[bold]no[/]"
        await pilot.pause()
        assert screen_of(app)[1].strip() == "[bold]no[/]"


@pytest.mark.parametrize(
    "hostile", ["proc[/]", "[@click=app.bell]x[/]", "[red]x", "\x1b]0;title\x07", "a\tb", "🏴" * 40]
)
async def test_text_from_outside_is_shown_and_never_obeyed(hostile: str) -> None:
    table = LiveTable((Column("a", "A", 60),))
    async with running(table, (70, 5)) as (app, pilot):
        table.show(rows({1: (hostile,), 2: ("x" * 10_000,), 3: ("plain",)}))
        await pilot.pause()
        lines = screen_of(app)
        if hostile.isprintable() and hostile.isascii():
            assert lines[1].rstrip() == ">" + hostile
        assert lines[2] == " " + "x" * 67 + "~"
        assert lines[3] == " plain"
        assert "\x1b" not in "".join(lines)
        assert not any(s.style.meta or s.style.link for strip in app.screen._compositor.render_strips() for s in strip)


async def test_text_for_the_clipboard_and_for_files() -> None:
    table = LiveTable((*COLUMNS, Column("hidden", "HIDDEN", 50, priority=9)))
    async with running(table, (30, 6)) as (app, pilot):
        table.show(rows({1: ("eth0", "UP", 80216, "deep"), 2: ("日本", "", 7), 3: ("lo", "UP", 1, "x")}))
        table.filter_text = "e"
        table.sort_by("name")
        table.filter_text = ""
        assert table.export_text() == (
            "NAME  STATE   COUNT  HIDDEN\n"
            "eth0  UP     80,216  deep\n"
            "lo    UP          1  x\n"
            "日本              7\n"
        )  # fmt: skip
        assert table.row_text(1) == "eth0  UP  80,216  deep"
        assert table.row_text(2) == "日本  7"
        assert table.row_text("no such row") == ""
        await pilot.pause()
        assert table.visible_text().splitlines()[:2] == [line.rstrip() for line in screen_of(app)[:2]]


async def test_colours_follow_palette_focus_and_role() -> None:
    table = LiveTable((Column("a", "A", 10),))

    def colours(line: int) -> set[str]:
        found = {segment.style for segment in app.screen._compositor.render_strips()[line] if segment.text.strip()}
        return {f"{style.color.name}/{style.bgcolor.name}" for style in found}

    async with running(table, (20, 5)) as (app, pilot):
        table.show(ListRows({1: (Cell("one", "critical"),), 2: (Cell("two", "critical"),), 3: (Cell("three"),)}))
        await pilot.pause()
        plain = colours(2)
        assert len(plain) == 1
        assert colours(3) == {"#e0e0e0/#102030"}
        assert all(colour.endswith("/#000080") for colour in colours(1))
        app.screen.set_focus(None)
        await pilot.pause()
        assert colours(1) == plain  # nobody has moved this cursor: it marks nothing while the keys are elsewhere
        table.focus()
        await pilot.press("down", "up")
        app.screen.set_focus(None)
        await pilot.pause()
        assert all(colour.endswith("/#000040") for colour in colours(1))
        assert screen_of(app)[1].startswith(">one")  # to be seen without colours too
        table.palette = FakePalette(tint=7)
        await pilot.pause()
        assert colours(2).isdisjoint(plain)
        app.screen.styles.background = "#ffffff"
        await pilot.pause()
        assert {colour.split("/")[1] for colour in colours(2)} == {"#ffffff"}


@pytest.mark.parametrize("show_header", [True, False])
async def test_any_size_and_storms_of_resizing(show_header: bool) -> None:
    table = LiveTable(COLUMNS, show_header=show_header)
    async with running(table) as (app, pilot):
        for size in [(1, 1), (2, 1), (1, 2), (3, 3), (200, 60), (7, 2), (8, 2), (1, 1), (40, 10), (40, 1), (30, 4)]:
            await pilot.resize_terminal(*size)
            for count in (0, 1, 60):
                table.show(rows(numbered(count)))
                table.action_last()
                table.action_page(-1)
                table.next_sort()
                await pilot.pause()
                assert all(len(line) <= size[0] for line in screen_of(app))
        await pilot.pause()
        assert any(line.startswith(">") for line in screen_of(app))


async def test_the_only_line_is_the_cursors() -> None:
    table = LiveTable(COLUMNS)
    async with running(table, (20, 8)) as (app, pilot):
        table.show(rows(numbered(50)))
        table.cursor_key = 30
        await pilot.resize_terminal(20, 1)
        await pilot.pause()
        assert screen_of(app)[0].startswith(">row 30")
        await pilot.resize_terminal(20, 8)
        await pilot.pause()
        assert ">row 30" in "\n".join(screen_of(app))


async def test_no_columns_at_all() -> None:
    table = LiveTable(())
    async with running(table) as (app, pilot):
        table.show(rows(numbered(3)))
        await pilot.press("s", "S", "down", "enter")
        assert table.cursor_key == 1
        assert table.export_text() == "\n" * 4
        table.columns = COLUMNS
        await pilot.pause()
        assert ">row 1" in "\n".join(screen_of(app))


async def test_rows_given_before_the_table_is_on_a_screen() -> None:
    table = LiveTable(COLUMNS)
    table.show(rows(numbered(3)))
    table.filter_text = "row 2"
    async with running(table) as (app, pilot):
        await pilot.pause()
        assert names(screen_of(app)) == [">row 2"]
        assert app.told == [("highlighted", 2)]


# Rows that come in order


async def test_of_rows_in_given_order_a_sort_is_a_wish_and_the_rows_on_the_screen_are_known() -> None:
    table = LiveTable(COLUMNS, given_order=True, mark_changes=False)
    async with running(table) as (app, pilot):
        table.show(rows(numbered(100)))
        await pilot.pause()
        page = app.size.height - 1
        assert list(table.view_keys()) == list(range(page))
        await pilot.press("s", "S", "G")
        assert (table.sort_key, table.sort_reverse) == ("name", True)
        assert list(table.view_keys()) == list(range(100 - page, 100)), "nothing was sorted here"
        assert names(screen_of(app))[-1] == ">row 99"
        table.show(rows(numbered(3)))
        await pilot.pause()
        assert list(table.view_keys()) == [0, 1, 2]
