"""A table alone in an app: what it puts on the screen, and what it sends to the terminal for it."""

from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from rich.style import Style
from textual.app import App, ComposeResult
from textual.drivers import headless_driver
from textual.pilot import Pilot

from nettui.reports.table import Cell, Column, ListRows
from nettui.tui.widgets.live_table import LiveTable
from nettui.tui.widgets.spans import QuietScreen, SpanPainting

COLUMNS = (
    Column("name", "NAME", 12, grow=1),
    Column("state", "STATE", 10),
    Column("count", "COUNT", 8, priority=1, align="right"),
)


class Clock:
    """A clock that stands until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class FakePalette:
    """Each role in a colour of its own; the selection as a background."""

    def __init__(self, tint: int = 0) -> None:
        self._tint = tint

    def style(self, role: str) -> Style:
        if role.startswith("cursor"):
            return Style(bgcolor="#000080" if role == "cursor" else "#000040")
        return Style(color=f"#{self._tint:02x}{sum(role.encode()) % 256:02x}ff", bold=role == "header")


class TableApp(SpanPainting, App[None]):
    """The table, and what it has told of itself."""

    CSS = "Screen { background: #102030; color: #e0e0e0; }"

    def __init__(self, table: LiveTable) -> None:
        super().__init__()
        self.table = table
        table.palette = FakePalette()
        self.told: list[tuple[str, Hashable]] = []

    def get_default_screen(self) -> QuietScreen[None]:
        return QuietScreen(id="_default")

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        self.told.append(("highlighted", event.key))

    def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        self.told.append(("opened", event.key))


def rows(texts: Mapping[Hashable, Sequence[Any]]) -> ListRows:
    """Rows of plain cells: strings as they are, numbers with a thousands separator and their value to sort by."""
    return ListRows(
        {
            key: tuple(Cell(value) if isinstance(value, str) else Cell(f"{value:,}", sort=value) for value in values)
            for key, values in texts.items()
        }
    )


def numbered(count: int) -> dict[Hashable, Sequence[Any]]:
    """Rows `row 0`, `row 1`, ... by their numbers."""
    return {number: (f"row {number}", "UP", number) for number in range(count)}


def screen_of(app: App[Any]) -> list[str]:
    """The screen's lines, as Textual would put them there anew."""
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


class Wire(headless_driver.HeadlessDriver):
    """A driver without a terminal, to which the app writes as if there were one."""

    written: list[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.written = []

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.written.append(data)

    def take(self) -> str:
        """What was written since the last time."""
        taken = "".join(self.written)
        self.written.clear()
        return taken


@pytest.fixture
def wired(monkeypatch: pytest.MonkeyPatch) -> Callable[[App[Any]], Wire]:
    """Has apps write; gives the driver of one that runs."""
    monkeypatch.setattr(headless_driver, "HeadlessDriver", Wire)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def wire(app: App[Any]) -> Wire:
        driver = app._driver
        assert isinstance(driver, Wire)
        return driver

    return wire


@asynccontextmanager
async def running(table: LiveTable, size: tuple[int, int] = (40, 10)) -> AsyncIterator[tuple[TableApp, Pilot[None]]]:
    app = TableApp(table)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot
