"""The line in which a filter on sockets is typed, and under it what is wrong with it or how it can go on.

Every text that means something is in force at once; while one does not, the last that did stays so.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar, NamedTuple, cast

from rich.cells import cell_len
from rich.highlighter import Highlighter
from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from nettui.model.socket_filter import Filter
from nettui.reports.table import Cell
from nettui.sockets.completion import FIELD_HELP, SAVED, Completion, complete
from nettui.sockets.language import FilterError, parse
from nettui.tui.filter_history import FilterHistory
from nettui.tui.widgets.line_input import LineInput
from nettui.tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from nettui.tui.app import NettuiApp

KNOWN_FOR = 2.0
"""Seconds for which the names that there are count as known: to gather them is work."""

Names = Mapping[str, Sequence[str]]
"""What values there are now, by field."""


class _Round(NamedTuple):
    """The completions that Tab goes through, as long as the text is what it has made of it."""

    found: Completion
    before: str
    place: int
    text: str


class _Mark(Highlighter):
    """Underlines the wrong part of the text."""

    def __init__(self) -> None:
        self.span = (0, 0)
        self.style = Style(underline=True)

    def highlight(self, text: Text) -> None:
        text.stylize(self.style, *self.span)


class SocketFilterLine(Vertical):
    """Tab completes, Up and Down bring back what was typed before, Enter keeps the filter, Escape lifts it.

    Mount it, then `begin`. When it is done it says so with `Left`, and removes itself.
    """

    DEFAULT_CSS = "SocketFilterLine { height: 2; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete(1)", "complete", id="filter.complete"),
        Binding("shift+tab", "complete(-1)", "complete the other way", show=False, id="filter.complete_back"),
        Binding("up", "recall(-1)", "earlier filters", show=False, id="filter.earlier"),
        Binding("down", "recall(1)", "later filters", show=False, id="filter.later"),
        Binding("escape", "lift", "lift the filter", id="filter.lift"),
    ]

    class Accepted(Message):
        """Another filter is in force; None for none."""

        def __init__(self, wanted: Filter | None, text: str) -> None:
            super().__init__()
            self.wanted, self.text = wanted, text

    class Left(Message):
        """The line is done: the keys belong elsewhere."""

    def __init__(
        self, saved: Mapping[str, str], known: Callable[[], Names], services: Mapping[str, int] | None = None,
        history: FilterHistory | None = None,
    ) -> None:
        """`saved` are the texts that `@name` stands for, `services` the ports by name, in lower case.

        `known` gathers what there is now, by field, for the completion.
        """
        super().__init__()
        self._input = LineInput("state:close-wait port:8080 process:java rtt>200ms")
        self._hint = StatusLine("filter-hint", "dim")
        self._saved, self._services, self._gather = saved, services or {}, known
        self._names: dict[str, Sequence[str]] = {}
        self._gathered_at = -KNOWN_FOR
        self._history = history or FilterHistory()
        self._in_force: tuple[Filter | None, str] = (None, "")
        self._error: FilterError | None = None
        self._round: _Round | None = None
        self._input.highlighter = self._mark = _Mark()

    def compose(self) -> ComposeResult:
        yield self._input
        yield self._hint

    def on_mount(self) -> None:
        self._hint.dress(self._nettui.palette, self._nettui.glyphs)

    def on_resize(self) -> None:
        self._show()

    def begin(self, text: str) -> None:
        """Take the keys, with the filter that is in force now."""
        self._history.rewind()
        self._put(text)
        self._read()
        self._input.focus()

    # Typing

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        before = self._in_force
        self._read()
        if self._in_force != before:
            self.post_message(self.Accepted(*self._in_force))

    @on(Input.Submitted)
    def _kept(self, event: Input.Submitted) -> None:
        event.stop()
        if self._error is not None:
            self._show_error(self._error)
        else:
            self._history.add(event.value)
            self._leave()

    def action_lift(self) -> None:
        if self._in_force != (None, ""):
            self.post_message(self.Accepted(None, ""))
        self._leave()

    def action_recall(self, by: int) -> None:
        text = self._input.value
        self._put(self._history.previous(text) if by < 0 else self._history.next(text))

    def _leave(self) -> None:
        self.post_message(self.Left())
        self.remove()

    def _put(self, text: str, cursor: int | None = None) -> None:
        self._input.value = text
        self._input.cursor_position = len(text) if cursor is None else cursor

    def _read(self) -> None:
        text = self._input.value
        try:
            self._in_force, self._error = (parse(text, self._saved, self._services), text.strip()), None
        except FilterError as error:
            self._error = error
        self._show()

    # Completion

    def action_complete(self, by: int) -> None:
        """First what all completions begin with, then one after the other."""
        text, turn = self._input.value, self._round
        if turn is None or turn.text != text:
            found = self._completion()
            if found is None:
                self._hint.show([Cell("nothing to complete here", "dim")])
                return
            common = _common(found.options)
            typed = text[found.start : found.end]
            if len(common) > len(typed) and common.lower().startswith(typed.lower()):
                self._put(text[: found.start] + common + text[found.end :], found.start + len(common))
                return
            turn = _Round(found, text, -1 if by > 0 else 0, text)
        start, end, options = turn.found
        place = (turn.place + by) % len(options)
        done = turn.before[:start] + options[place] + turn.before[end:]
        self._round = turn._replace(place=place, text=done)
        self._put(done, start + len(options[place]))

    def _completion(self) -> Completion | None:
        now = time.monotonic()
        if now - self._gathered_at >= KNOWN_FOR:
            self._names, self._gathered_at = {**self._gather(), SAVED: sorted(self._saved)}, now
        return complete(self._input.value, self._input.cursor_position, self._names)

    # The hint

    def _show(self) -> None:
        turn, error = self._round, self._error
        if turn is not None and turn.text == self._input.value:
            self._hint.show(_listed(turn.found.options, turn.place))
        elif error is not None and not error.unfinished:
            self._show_error(error)
            return
        elif (found := self._completion()) is not None:
            self._hint.show(_listed(found.options))
        else:
            self._hint.show([Cell(error.message, "dim")] if error is not None else [])
        self._mark_from(0, 0)

    def _show_error(self, error: FilterError) -> None:
        self._mark_from(*error.position)
        at = cell_len(self._input.value[: error.position[0]]) - self._input.scroll_offset.x
        self._hint.show([Cell(pointed(error.message, at, self.size.width - 2), "warning")])

    def _mark_from(self, start: int, end: int) -> None:
        if self._mark.span != (start, end):
            self._mark.span = start, end
            self._mark.style = self._nettui.palette.style("warning") + Style(underline=True)
            self._input.refresh()

    @property
    def _nettui(self) -> "NettuiApp":
        return cast("NettuiApp", self.app)


def pointed(message: str, at: int, width: int) -> str:
    """`message` with a mark under cell `at` of the line above it, where there is room for both."""
    taken = cell_len(message) + 1
    if 0 <= at < width - taken:
        return f"{' ' * at}^ {message}"
    return f"{' ' * (at - taken)}{message} ^" if taken <= at < width else message


def _common(options: Sequence[str]) -> str:
    """What all of them begin with."""
    least, most = min(options), max(options)
    return "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(least, most, strict=False)))


def _listed(options: Sequence[str], chosen: int | None = None) -> list[Cell]:
    """As many as there will be room for; the one that is chosen comes first, and what it is for."""
    if chosen is None:
        return [Cell(option, "dim") for option in options]
    about = FIELD_HELP.get(options[chosen][:-1])
    helped = [Cell(f"({about.words})", "dim")] if about is not None else []
    rest = [*options[chosen + 1 :], *options[:chosen]]
    return [Cell(options[chosen], "accent"), *helped, *(Cell(option, "dim") for option in rest)]
