"""The app: takes Frames from the engine, shows one view of them at a time, and owns the keys that work everywhere."""

import asyncio
import shutil
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.filter import LineFilter
from textual.geometry import Size
from textual.screen import Screen

from nettui.config import ConfigError, Settings
from nettui.engine.engine import Engine
from nettui.model.history import Frame
from nettui.model.tcp import PortCounts
from nettui.model.text import clean
from nettui.reports.headline import headline
from nettui.reports.naming import MARKS
from nettui.reports.paragraphs import Paragraph
from nettui.reports.table import Cell
from nettui.tui.dns_session import DnsSession
from nettui.tui.endings import Endings
from nettui.tui.key_order import KeysInOrder
from nettui.tui.keys import key_cells, key_paragraphs
from nettui.tui.pane import Pane
from nettui.tui.replay_keys import ReplayActions, replay_status
from nettui.tui.screens.main import MainScreen
from nettui.tui.screens.sheets import DetailSheet, PortsSheet, Sheet
from nettui.tui.screens.views import VIEWS, DashboardView
from nettui.tui.socket_session import SocketSession
from nettui.tui.terminal import Depth
from nettui.tui.view import View
from nettui.tui.wardrobe import Clothes, Wardrobe
from nettui.tui.widgets.spans import SpanPainting
from nettui.tui.widgets.status_line import StatusLine

FIRST_FRAME = 0.4
"""Seconds to wait for the first data, so that the first picture is the real one."""

INTERVALS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class NettuiApp(Endings, KeysInOrder, SpanPainting, ReplayActions, App[int]):
    """nettui on a terminal."""

    TITLE = "nettui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(n), f"show({n})", f"screen {place.name}", show=False, id=f"app.screen_{n}")
          for n, place in VIEWS.items()),
        Binding("6,8,9,0", "no_screen", show=False, id="app.no_screen"),
        Binding("space", "pause", "pause", id="app.pause"),
        Binding("r", "refresh_now", "read everything now", show=False, id="app.refresh"),
        Binding("plus,equals_sign", "interval(1)", "longer interval", show=False, id="app.slower"),
        Binding("minus", "interval(-1)", "shorter interval", show=False, id="app.faster"),
        Binding("n", "numeric", "names or numbers", show=False, id="app.numeric"),
        Binding("e", "export", "export this screen to a file", show=False, id="app.export"),
        Binding("t", "next_theme", "next theme", show=False, id="app.theme"),
        Binding("escape", "back", "back", show=False, id="app.back"),
        Binding("colon", "command_palette", "command palette", show=False, id="app.palette"),
        Binding("ctrl+z", "suspend_process", "suspend (fg resumes)", show=False, priority=True, id="app.suspend"),
        *ReplayActions.BINDINGS,
        Binding("question_mark", "help", "help", id="app.help"),
        Binding("q", "quit", "quit", id="app.quit"),
        Binding("ctrl+c", "quit", "quit", show=False, priority=True, id="app.quit_at_once"),
    ]

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        wardrobe: Wardrobe,
        notice: str | None = None,
        report: Callable[[BaseException], str] | None = None,
    ) -> None:
        """`notice` is told once, when the screen is up; `report` keeps a fault of ours and gives a sentence for it."""
        # Without colour Textual would go on and blend greys; told that the colours are the terminal's own, it does not.
        super().__init__(ansi_color=True if wardrobe.depth is Depth.NONE else None)
        self._notice = notice
        self._report = report
        self.engine = engine
        self.settings = settings
        self.units = settings.units
        self.glyphs = wardrobe.glyphs
        self.dns = DnsSession(settings.dns.servers, settings.dns.timeout)
        self.sockets = SocketSession(engine)
        self.held: Frame | None = None
        """What is on show while the display is paused."""
        self.numeric = False
        self.fault = ""
        """What ended the reading of new data, if anything did."""
        self._wardrobe = wardrobe
        self._views: dict[type[View], View] = {}
        self._engine_task: asyncio.Task[None] | None = None
        self._put_on(wardrobe.wear())

    # Life

    async def on_load(self) -> None:
        self.listen_for_signals()
        self.set_keymap(self.settings.keys)
        first = asyncio.Event()
        self.engine.subscribe(lambda frame: first.set())
        self.engine.subscribe(self._new_frame)
        self._engine_task = asyncio.create_task(self.engine.run(), name="engine")
        self._engine_task.add_done_callback(self._engine_ended)
        await asyncio.wait([self._engine_task, asyncio.create_task(first.wait())], timeout=FIRST_FRAME,
                           return_when=asyncio.FIRST_COMPLETED)

    def get_default_screen(self) -> Screen[None]:
        first = DashboardView()
        first.shape(self.size.width, self.size.height - 2)
        self._views[DashboardView] = first
        return MainScreen(first, self._begin)

    async def _begin(self) -> None:
        """The screen stands: dress it, and show what is known by now."""
        for line in self.main.query(StatusLine):
            line.dress(self.palette, self.glyphs)
        self.main.bindings_updated_signal.subscribe(self, self._show_keys)
        await self.action_show(1)
        self.show_status()
        if self.fault:
            self._tell_fault()
        if self._notice:
            self.say(self._notice)
        self.stands()

    def _engine_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()) is not None:
            told = self._report or (lambda error: f"ended by a fault of its own ({type(error).__name__}: {error})")
            self.fault = clean(told(fault))
            if self.view is not None and self.view.is_mounted:
                self._tell_fault()

    def _tell_fault(self) -> None:
        """What is on the screen stays there, and it is said that nothing new will come."""
        self.show_status()
        message = f"Reading has {self.fault}. What is shown grows old: start nettui again."
        self.notify(message, severity="error", markup=False, timeout=60)

    async def on_unmount(self) -> None:
        self.dns.cancel()
        await self.sockets.end()
        if self._engine_task is not None:
            self._engine_task.cancel()
            await asyncio.wait([self._engine_task], timeout=1.0)

    def _put_on(self, clothes: Clothes) -> None:
        self.palette, self._filter = clothes.palette, clothes.filter
        self.register_theme(clothes.textual)
        self.theme = clothes.textual.name

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's filters, and ours after them where the terminal needs it."""
        return [*super().get_line_filters(), *([self._filter] if self._filter.enabled else [])]

    # Drawing

    @property
    def frame(self) -> Frame | None:
        """What is on show: the newest, or, while paused, what was the newest then."""
        return self.held or self.engine.frame

    @property
    def main(self) -> MainScreen:
        """The screen under all windows."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)  # noqa: S101  it is the only one that is made, below
        return screen

    @property
    def view(self) -> View | None:
        """The view on show."""
        return next((view for view in self._views.values() if view.display), None)

    def _new_frame(self, frame: Frame) -> None:
        if self.replay is not None:
            self.sockets.refresh()  # their time is the recording's, not their own
        if self.held is None and self.is_running and self.view is not None:
            self.draw(frame)
            self._measure()

    def _measure(self) -> None:
        """Where sizes change quickly Textual may have kept one that is past; the terminal knows."""
        if self._driver is None or self.is_headless:
            return
        size = Size(*shutil.get_terminal_size(self.size))  # as Textual asks
        if size != self.size:
            self.post_message(events.Resize(size, size))

    def draw(self, frame: Frame) -> None:
        """Show a Frame: the headline, and the view on show."""
        if self.view is not None:
            self.view.draw(frame)
        self.show_status()

    def show_status(self) -> None:
        """The headline, and at its right whether this is live, held or a recording."""
        known = headline(self.frame) if self.frame else [Cell("reading ...", "dim")]
        self.main.headline.show(known, self._status())

    def _status(self) -> list[Cell]:
        if self.fault:
            return [Cell(f"{MARKS['critical']} reading has stopped", "critical")]
        if self.replay is not None:
            return replay_status(self.replay)
        interval = self.engine.source.interval
        pace = [Cell(f"every {interval:g} s", "dim")] if interval != 1.0 else []
        return [*pace, Cell("paused", "warning") if self.held else Cell("live", "ok")]

    def _show_keys(self, screen: Screen[object]) -> None:
        if screen is self.main:
            active = screen.active_bindings
            left, right = key_cells(active)
            screens = [Cell(f"{min(VIEWS)}-{max(VIEWS)} screens")] if str(max(VIEWS)) in active else []
            self.main.keys.show([*screens, *left], right)

    def say(self, message: str) -> None:
        """A short message that goes away by itself."""
        self.notify(message, markup=False, timeout=4)

    # Windows

    def open_detail(self, title: str, paragraphs: Sequence[Paragraph]) -> None:
        self.push_screen(DetailSheet(title, paragraphs))

    def open_ports(self, ports: Sequence[PortCounts]) -> None:
        self.push_screen(PortsSheet(ports, self.numeric))

    # Actions

    async def action_show(self, number: int) -> None:
        """Show a screen by its number; it is made when it is first shown."""
        kind = VIEWS[number].load()
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        for view in self._views.values():
            if view.display and type(view) is not kind and view.is_mounted:
                await view.vanish()
            view.display = False
        if kind not in self._views:
            self._views[kind] = kind()
            self._views[kind].shape(self.size.width, self.size.height - 2)
            await self.main.query_one("#body", Container).mount(self._views[kind])
        self._views[kind].display = True
        self._views[kind].appear()
        if self.frame is not None:
            self.draw(self.frame)
        self._views[kind].enter()

    def action_no_screen(self) -> None:
        self.say(f"There is no such screen in this version; there are {', '.join(map(str, VIEWS))}.")

    def action_next_pane(self, by: int) -> None:
        if self.view is not None:
            self.view.step(by)

    def action_zoom(self) -> None:
        if self.view is not None:
            self.view.zoom()

    async def action_back(self) -> None:
        """One step back: a window, then a zoom, then the dashboard. Never out."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        elif self.view is not None and self.view.zoomed:
            self.view.zoom()
        else:
            await self.action_show(1)

    def action_pause(self) -> None:
        if self.replay is not None:
            self.replay.toggle()
        elif self.engine.frame is None:
            self.say("Nothing has been read yet, so there is nothing to hold.")
        else:
            self.held = None if self.held else self.engine.frame
            self.sockets.pause(self.held is not None)
            self.draw(self.held or self.engine.frame)
        self.show_status()

    async def action_refresh_now(self) -> None:
        self.sockets.refresh()
        await self.engine.source.refresh()

    def action_interval(self, by: int) -> None:
        if self.replay is not None:
            self.say("A recording has the interval it was made with; < and > change its speed.")
            return
        source = self.engine.source
        closest = min(range(len(INTERVALS)), key=lambda at: abs(INTERVALS[at] - source.interval))
        before, source.interval = source.interval, INTERVALS[max(0, min(len(INTERVALS) - 1, closest + by))]
        if source.interval == before:
            self.say(f"The interval is as {'long' if by > 0 else 'short'} as it can be, {before:g} s.")
        self.sockets.set_interval(source.interval)
        self.show_status()

    def action_numeric(self) -> None:
        self.numeric = not self.numeric
        self.say("Numbers." if self.numeric else "Names.")
        for pane in self.query(Pane):
            pane.redraw()

    def action_next_theme(self) -> None:
        try:
            self._put_on(self._wardrobe.next())
        except ConfigError as error:
            self.say(str(error))
            return
        for pane in self.query(Pane):
            pane.dress()
        for line in self.main.query(StatusLine):
            line.dress(self.palette, self.glyphs)
        self.say(f"Theme {self.theme}")

    def action_help(self) -> None:
        keys = key_paragraphs(self.screen.active_bindings)
        pane = self.view.current if self.view else None
        about = [(pane.TITLE, (pane.HELP,))] if pane is not None and not isinstance(self.screen, Sheet) else []
        self.open_detail("Help", [*about, *keys])

    def action_export(self) -> None:
        if self.frame is None or self.view is None:
            self.say("Nothing has been read yet, so there is nothing to export.")
            return
        head = "  ".join(cell.text for cell in headline(self.frame))
        self.run_worker(self._export(self.view, head), name="export")

    async def _export(self, view: View, head: str) -> None:
        try:
            path = await view.export(head)
        except (OSError, ValueError) as error:
            self.say(f"Not exported: {clean(getattr(error, 'strerror', None) or str(error))}.")
        else:
            self.say(f"Exported to {path.name} in the current folder.")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers: every action that has a key and a word."""
        seen: set[str] = set()
        for found in self.main.active_bindings.values():
            binding = found.binding
            ours = "." in (binding.id or "") and binding.id not in ("app.palette", "app.back")
            if ours and found.enabled and binding.description and binding.action not in seen:
                seen.add(binding.action)
                node, action = found.node, binding.action
                yield SystemCommand(
                    binding.description.capitalize(), f"{binding.id or action}",
                    lambda action=action, node=node: self.call_later(self.run_action, action, node),
                )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys of a recording work only on a recording."""
        return self.replay is not None if action.startswith("replay_") else True
