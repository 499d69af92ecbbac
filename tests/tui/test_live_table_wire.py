"""What a table sends to the terminal: nothing more than has changed, and nothing less."""

import random
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import pyte
import pytest
from rich.style import Style
from textual.app import App

from nettui.reports.table import Cell, Column, ListRows
from nettui.tui.widgets.lines import Piece, differences
from nettui.tui.widgets.live_table import LiveTable
from tests.tui.table_support import COLUMNS, Clock, FakePalette, Wire, numbered, rows, running, wired

__all__ = ["wired"]

SYNC = len("\x1b[?2026h\x1b[?2026l")
"""Bytes around each update on terminals that know synchronized output."""

Wiring = Callable[[App[Any]], Wire]


async def test_nothing_is_sent_where_nothing_changed(wired: Wiring) -> None:
    table = LiveTable(COLUMNS)
    async with running(table, (120, 40)) as (app, pilot):
        table.show(rows(numbered(100)))
        await pilot.pause()
        wired(app).take()
        for _ in range(3):
            table.show(rows(numbered(100)))
            await pilot.pause()
        table.show(rows(numbered(99)))  # off the screen, and the thumb stays where it is
        await pilot.pause()
        assert wired(app).take() == ""


@pytest.mark.parametrize("column", [0, 1, 2])
async def test_a_changed_cell_costs_few_bytes_wherever_it_is(wired: Wiring, column: int) -> None:
    table = LiveTable(COLUMNS)
    async with running(table, (120, 40)) as (app, pilot):
        texts = {key: list(row) for key, row in numbered(39).items()}
        table.show(rows(texts))
        await pilot.pause()
        texts[38][column] = "changed"
        table.show(rows(texts))
        wired(app).take()
        await pilot.pause()
        sent = wired(app).take()
        assert "changed" in sent
        width = {0: 97, 1: 10, 2: 8}[column]
        assert len(sent) + SYNC <= 134 + max(0, width - 40)


async def test_moving_the_cursor_repaints_two_rows(wired: Wiring) -> None:
    table = LiveTable(COLUMNS)
    async with running(table, (80, 40)) as (app, pilot):
        table.show(rows(numbered(39)))
        await pilot.pause()
        wired(app).take()
        table.action_move(1)
        await pilot.pause()
        assert wired(app).take().count("row ") == 2


async def test_a_new_size_is_painted_right_the_first_time(wired: Wiring) -> None:
    table = LiveTable(COLUMNS)
    async with running(table, (80, 10)) as (app, pilot):
        table.show(rows(numbered(100)))
        await pilot.pause()
        wired(app).take()
        await pilot.resize_terminal(80, 30)
        await pilot.pause()
        assert len(set(wired(app).written)) == 1  # Textual itself sends it twice


def test_a_line_divided_otherwise_is_painted_where_it_differs() -> None:
    def line(*texts: str) -> tuple[Piece, ...]:
        starts = accumulate(map(len, texts), initial=0)
        return tuple(Piece(x, len(text), ((text, Style()),)) for x, text in zip(starts, texts, strict=False))

    before = line("one", "two", "", "four", "five")
    assert list(differences(before, before)) == []
    assert list(differences(before, line("one", "twofour", "five"))) == [(3, 7)]
    assert list(differences(before, line("One", "two", "four", "FIVE"))) == [(0, 3), (10, 4)]
    assert list(differences((), before)) == [(0, 14)]


async def test_focus_repaints_the_cursor_only(wired: Wiring) -> None:
    table = LiveTable(COLUMNS)
    async with running(table, (80, 40)) as (app, pilot):
        table.show(rows(numbered(39)))
        await pilot.pause()
        wired(app).take()
        app.screen.set_focus(None)
        await pilot.pause()
        assert wired(app).take().count("row ") == 1


async def test_what_was_sent_piece_by_piece_is_what_would_be_sent_anew(wired: Wiring) -> None:
    """A terminal that got only the differences looks like one that got the whole screen at the end."""
    chance = random.Random(8)
    clock = Clock()
    table = LiveTable((*COLUMNS[:2], Column("note", "NOTE", 7), COLUMNS[2]), clock=clock)
    words = ["", "eth0", "일본어", "a longer name than fits in a column", "👍", "x" * 200, "--"]
    texts: dict[Any, Any] = {}

    def change() -> None:
        for _ in range(chance.randrange(4)):
            key = chance.randrange(30)
            if key in texts and chance.random() < 0.4:
                del texts[key]
            else:
                texts[key] = (*chance.choices(words, k=3), chance.randrange(10**9))
        clock.now += chance.random()
        roles = ["", "ok", "critical"]
        table.show(
            ListRows(
                {
                    key: (*(Cell(text, chance.choice(roles)) for text in words), Cell(f"{count:,}", "", count))
                    for key, (*words, count) in texts.items()
                }
            )
        )

    steps: list[Callable[[], object]] = [
        change,
        change,
        change,
        lambda: table.action_move(chance.choice([-1, 1])),
        lambda: table.action_page(chance.choice([-1, 1])),
        lambda: table.scroll_to(y=chance.randrange(20), animate=False),
        table.next_sort,
        table.turn_sort,
        lambda: setattr(table, "filter_text", chance.choice(["", "", "e", "no such row"])),
        lambda: setattr(table, "palette", FakePalette(chance.randrange(100))),
        lambda: table.screen.set_focus(chance.choice([None, table])),
    ]
    async with running(table, (60, 12)) as (app, pilot):
        terminal = Terminal(60, 12)
        for _ in range(60):
            chance.choice(steps)()
            await pilot.pause()
            terminal.feed(wired(app).take())
            anew = Terminal(60, 12)
            anew.feed(app.screen._compositor.render_full_update().render_segments(app.console))
            assert terminal.cells() == anew.cells()


class Terminal:
    """A terminal that remembers."""

    def __init__(self, width: int, height: int) -> None:
        self._screen = pyte.Screen(width, height)
        self._screen.reset_mode(pyte.modes.DECAWM)
        self._stream = pyte.Stream(self._screen)

    def feed(self, data: str) -> None:
        start = data.rfind("\x1b[?7l")  # the driver's own greetings, some of which pyte does not know
        self._stream.feed(data[start + 5 :] if start >= 0 else data)

    def cells(self) -> list[list[tuple[Any, ...]]]:
        lines = (self._screen.buffer[y] for y in range(self._screen.lines))
        return [[tuple(line[x]) for x in range(self._screen.columns)] for line in lines]


def test_the_terminal_of_these_tests_sees_a_difference() -> None:
    plain, coloured = Terminal(5, 1), Terminal(5, 1)
    plain.feed("x")
    coloured.feed("\x1b[31mx\x1b[0m")
    assert plain.cells() != coloured.cells()
